"""What a separate client reads when a rollback calls itself done."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tests.controlplane import prometheus, states
from tests.controlplane.analysis import MIN_SUCCESS_RATE
from tests.controlplane.kinds import Json
from tests.controlplane.proxy import Sent
from tests.soak.places import HASH, NAME, Place

_PREFIX = "nginx.ingress.kubernetes.io"
_DEADLINE = "scale-down-deadline"


def lies(at: Place, good: str, said_at: datetime) -> list[str]:
    """Return what of a "done" is not true, read from the cluster at this moment.

    Pods may be kept on purpose until a moment that was to come when it was said.
    """
    api, namespace = at.api, at.namespace
    rollout = api.get("rollouts", namespace, NAME)
    # First who is kept, then what there is: who was kept may go in between.
    sets = api.list("replicasets", namespace)
    kept = {one["metadata"]["labels"].get(HASH) for one in sets if _is_kept(one, said_at)}
    found = [
        *_status(rollout, good),
        *_ingresses(api.list("ingresses", namespace)),
        *_services(rollout, api.list("services", namespace), good),
        *_pods(rollout, api.list("pods", namespace), kept, good),
    ]
    return [*found, *_metrics(at, good)] if at.is_gated else found


def _status(rollout: Json, good: str) -> Iterator[str]:
    status = rollout["status"]
    if status["stableRS"] != good:
        yield f"stableRS is {status['stableRS']}, not {good}"
    weights = status.get("canary", {}).get("weights")
    if weights and weights["canary"]["weight"]:
        yield f"the status sends {weights['canary']['weight']} % to the canary"
    for condition in status["conditions"]:
        if condition["type"] == "InvalidSpec":
            yield f"the spec is invalid: {condition['message']}"


def _ingresses(ingresses: Iterable[Json]) -> Iterator[str]:
    for ingress in ingresses:
        notes = ingress["metadata"].get("annotations") or {}
        weight = notes.get(f"{_PREFIX}/canary-weight")
        if notes.get(f"{_PREFIX}/canary") == "true" and weight != "0":
            yield f"the Ingress sends {weight} %"


def _services(rollout: Json, services: Iterable[Json], good: str) -> Iterator[str]:
    by_name = {one["metadata"]["name"]: one["spec"].get("selector", {}) for one in services}
    strategy = rollout["spec"]["strategy"]
    name = strategy.get("canary", {}).get("stableService") or strategy.get("blueGreen", {}).get(
        "activeService"
    )
    if name and by_name.get(name, {}).get(HASH) != good:
        yield f"{name} selects {by_name.get(name, 'nothing: it is not there')}"


def _pods(rollout: Json, pods: list[Json], kept: set[str | None], good: str) -> Iterator[str]:
    ready = [pod for pod in pods if states.is_ready(pod) and _is_alive(pod)]
    own = [pod for pod in ready if pod["metadata"]["labels"].get(HASH) == good]
    if len(own) < rollout["spec"]["replicas"]:
        yield f"{len(own)} of {rollout['spec']['replicas']} good pods are ready"
    others = Counter(
        pod["metadata"]["labels"].get(HASH) for pod in ready if pod not in own and _is_alive(pod)
    )
    for hash_, count in others.items():
        if hash_ not in kept:
            yield f"{count} pods of {hash_} are ready and nobody keeps them"


def _is_alive(pod: Json) -> bool:
    return "deletionTimestamp" not in pod["metadata"]


def _is_kept(replica_set: Json, said_at: datetime) -> bool:
    """Return whether a version's pods are kept on purpose, or are about to go."""
    if not replica_set["spec"]["replicas"]:
        return True
    text = replica_set["metadata"]["annotations"].get(_DEADLINE, "")
    # It is written in whole seconds.
    return bool(text) and datetime.fromisoformat(text) > said_at - timedelta(seconds=1)


def _metrics(at: Place, good: str) -> Iterator[str]:
    own = f'namespace="{at.namespace}",rollouts_pod_template_hash="{good}"'
    query = (
        f'sum(rate(http_requests_total{{{own},status!~"5.."}}[10s]))'
        f" / sum(rate(http_requests_total{{{own}}}[10s]))"
    )
    values = prometheus.values(at.bed.prometheus_url, query)
    if not values:
        yield "the good version has no traffic"
    for value in values.values():
        if not value >= MIN_SUCCESS_RATE:
            yield f"the success rate is {value}"


def doubles(sent: Iterable[Sent]) -> list[str]:
    """Return the patches that were made twice, or tried again without a named reason.

    A reason is that the same patch was refused, or never arrived.
    """
    made: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    excused: Counter[str] = Counter()
    for one in sent:
        effect = _effect(one)
        tried[effect] += 1
        made[effect] += one.is_made
        excused[effect] += not one.is_made
    twice = [f"{effect} made {count} times" for effect, count in made.items() if count > 1]
    again = [
        f"{effect} tried {count} times, refused {excused[effect]}"
        for effect, count in tried.items()
        if count > excused[effect] + 1
    ]
    return [*twice, *again]


def _effect(sent: Sent) -> str:
    """Return what a patch writes, without what it is held to."""
    changes = [one for one in json.loads(sent.body) if one["op"] != "test"]
    return f"{sent.path.rpartition('/rollouts/')[2]}: {','.join(one['path'] for one in changes)}"
