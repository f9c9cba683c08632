"""Objects of a cluster from the few fields that matter.

Each is written as the API server sends it and read by the product's own decoder, so that no
builder can hold what the API could not.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from amas_tui.domain.analysis import AnalysisRun, AnalysisTemplate
from amas_tui.domain.base import Key
from amas_tui.domain.event import Event
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import EndpointSlice, Ingress, Service
from amas_tui.domain.watch import Listed
from amas_tui.domain.workload import Experiment, Pod, ReplicaSet, Workload
from amas_tui.kube.decode import decoder
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact, Snapshot

Json = dict[str, Any]
Thing = (
    Rollout
    | ReplicaSet
    | Pod
    | AnalysisRun
    | Experiment
    | Service
    | Ingress
    | EndpointSlice
    | AnalysisTemplate
    | Event
    | Workload
)
T = TypeVar("T")

NOW: Final = datetime(2026, 3, 4, 14, 7, 21, tzinfo=UTC)
NAMESPACE: Final = "shop"
NAME: Final = "checkout"
NEW: Final = "7d4b9c6f8"
"""Pod template hash of the version being rolled out."""
OLD: Final = "5c8f7b9d6"
"""Pod template hash of the stable version."""

HASH: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"
WORDS_OF_ABORT: Final = "Rollout aborted update to revision 2"


def read(type_: type[T], raw: Json) -> T:
    """Return raw JSON as the record that the product makes of it."""
    known: Any = type_
    found: T = decoder(known).one(json.dumps(raw).encode())
    return found


def stamp(moment: datetime | None) -> str | None:
    """Return a time as the API writes it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(**length: float) -> datetime:
    """Return a moment before `NOW`, e.g. `ago(minutes=3)`."""
    return NOW - timedelta(**length)


def given(**fields: Any) -> Json:
    """Return the fields that are set, as the API leaves the others out."""
    return {name: value for name, value in fields.items() if value is not None}


def meta(
    name: str,
    *,
    namespace: str = NAMESPACE,
    uid: str | None = None,
    born: datetime | None = None,
    version: int | str = 100,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owner: str | None = None,
    generation: int = 1,
    deleted: datetime | None = None,
) -> Json:
    """Return metadata; `owner` is the uid of the controlling owner."""
    owners = [{"kind": "Rollout", "name": "it", "uid": owner, "controller": True}]
    return given(
        name=name,
        namespace=namespace or None,
        uid=uid or f"{name}-uid",
        resourceVersion=str(version),
        generation=generation,
        creationTimestamp=stamp(born or ago(hours=1)),
        deletionTimestamp=stamp(deleted),
        labels=dict(labels) if labels else None,
        annotations=dict(annotations) if annotations else None,
        ownerReferences=owners if owner else None,
    )


def weight(percent: int) -> Json:
    """Return the step that sends this share to the new version."""
    return {"setWeight": percent}


def pause(duration: int | str | None = None) -> Json:
    """Return a pause; without a duration it waits for a human."""
    return {"pause": given(duration=duration)}


def gate(*templates: str, **more: Any) -> Json:
    """Return the step that waits for an analysis of these templates."""
    return {"analysis": {"templates": [{"templateName": name} for name in templates], **more}}


def condition(
    type_: str,
    status: str = "True",
    *,
    reason: str = "",
    message: str = "",
    since: datetime | None = None,
) -> Json:
    """Return one entry of `status.conditions`."""
    moment = stamp(since)
    return given(
        type=type_,
        status=status,
        reason=reason or None,
        message=message or None,
        lastTransitionTime=moment,
        lastUpdateTime=moment,
    )


def invalid(cause: str, name: str = NAME) -> Json:
    """Return the condition of a spec that the controller refuses to act on."""
    message = f'The Rollout "{name}" is invalid: {cause}'
    return condition("InvalidSpec", reason="InvalidSpec", message=message, since=ago(minutes=4))


def aborted(cause: str = "", *, at: datetime | None = None) -> Json:
    """Return the condition of an aborted update; without a cause a person did it."""
    message = f"{WORDS_OF_ABORT}: {cause}" if cause else WORDS_OF_ABORT
    return condition(
        "Progressing", "False", reason="RolloutAborted", message=message, since=at or ago(minutes=3)
    )


def pod_template(*images: str, **spec: Any) -> Json:
    """Return a pod template with one container per image."""
    containers = [
        {"name": "app" if number == 0 else f"side-{number}", "image": image}
        for number, image in enumerate(images)
    ]
    return {"metadata": {"labels": {"app": NAME}}, "spec": {"containers": containers, **spec}}


def raw_rollout(
    name: str = NAME,
    *,
    namespace: str = NAMESPACE,
    uid: str | None = None,
    version: int | str = 100,
    generation: int = 3,
    observed: int | str | None = None,
    revision: int | None = 2,
    born: datetime | None = None,
    deleted: datetime | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    replicas: int | None = 5,
    images: Sequence[str] = ("registry/checkout:v2.0.0",),
    steps: Sequence[Json] = (),
    canary: Json | None = None,
    routed: bool = False,
    blue_green: Json | None = None,
    held: bool = False,
    new: str = NEW,
    stable: str = OLD,
    step: int | None = None,
    weights: tuple[int, str] | None = None,
    paused: str | Sequence[str] = (),
    paused_at: datetime | None = None,
    controller_pause: bool | None = None,
    abort: bool = False,
    aborted_at: datetime | None = None,
    promote_full: bool = False,
    phase: str | None = "Progressing",
    message: str = "",
    conditions: Sequence[Json] = (),
    total: int | None = None,
    updated: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    spec: Json | None = None,
    status: Json | None = None,
) -> Json:
    """Return a Rollout as JSON: a canary, unless `blue_green` is given.

    Args:
        routed: Whether nginx splits the traffic through the Ingress `{name}-stable`.
        blue_green: Fields of that strategy and, under `status`, of `status.blueGreen`.
        weights: Share of the new version as the router was asked, and its hash; stable has the
            rest.
        paused: Reasons of the pause conditions, e.g. `CanaryPauseStep`.
        spec: Further fields of the spec, replacing those of the same name.
        status: Further fields of the status, likewise.
        The other arguments are the API's own fields by their usual names.
    """
    reasons = [paused] if isinstance(paused, str) else list(paused)
    strategy: Json = {"canary": _canary(name, steps, canary, routed=routed)}
    blue_status = None
    if blue_green is not None:
        fields = dict(blue_green)
        blue_status = fields.pop("status", {"activeSelector": stable, "previewSelector": new})
        strategy = {"blueGreen": {"activeService": f"{name}-active", **fields}}
    most = ((canary or {}).get("trafficRouting") or {}).get("maxTrafficWeight") or 100
    canary_status = {} if weights is None else {"weights": _weights(weights, stable, most)}
    desired = 1 if replicas is None else replicas
    whole_status = given(
        phase=phase or None,
        message=message or None,
        observedGeneration=str(generation if observed is None else observed),
        currentPodHash=new or None,
        stableRS=stable or None,
        currentStepIndex=step,
        replicas=desired if total is None else total,
        updatedReplicas=desired if updated is None else updated,
        readyReplicas=desired if ready is None else ready,
        availableReplicas=desired if available is None else available,
        pauseConditions=(
            [{"reason": one, "startTime": stamp(paused_at or ago(minutes=2))} for one in reasons]
            or None
        ),
        controllerPause=(bool(reasons) if controller_pause is None else controller_pause) or None,
        abort=abort or None,
        abortedAt=stamp(aborted_at),
        promoteFull=promote_full or None,
        conditions=list(conditions) or None,
        canary=canary_status or None,
        blueGreen=blue_status,
    )
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": meta(
            name,
            namespace=namespace,
            uid=uid,
            born=born,
            version=version,
            labels=labels,
            annotations={
                **({} if revision is None else {REVISION: str(revision)}),
                **(annotations or {}),
            },
            generation=generation,
            deleted=deleted,
        ),
        "spec": {
            **given(replicas=replicas, paused=held or None),
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(*images),
            "strategy": strategy,
            **(spec or {}),
        },
        "status": {**whole_status, **(status or {})},
    }


def _canary(name: str, steps: Sequence[Json], more: Json | None, *, routed: bool) -> Json:
    routing = {
        "stableService": f"{name}-stable",
        "canaryService": f"{name}-canary",
        "trafficRouting": {"nginx": {"stableIngress": f"{name}-stable"}},
    }
    fields = {"steps": list(steps)} if steps else {}
    return {**fields, **(routing if routed else {}), **(more or {})}


def _weights(weights: tuple[int, str], stable: str, most: int) -> Json:
    share, pod_hash = weights
    return {
        "canary": {"weight": share, "podTemplateHash": pod_hash, "serviceName": "canary"},
        "stable": {"weight": most - share, "podTemplateHash": stable, "serviceName": "stable"},
    }


def rollout(name: str = NAME, **fields: Any) -> Rollout:
    """Return a Rollout; see `raw_rollout` for the fields."""
    return read(Rollout, raw_rollout(name, **fields))


def healthy(name: str = NAME, **fields: Any) -> Rollout:
    """Return a Rollout whose newest version is the stable one and has all its pods."""
    steps = fields.get("steps", ())
    usual = {
        "stable": fields.get("new", NEW),
        "phase": "Healthy",
        "step": len(steps) if steps else None,
        "conditions": (
            condition("Completed", reason="RolloutCompleted", since=ago(days=3)),
            condition("Healthy", reason="RolloutHealthy", since=ago(days=3)),
        ),
    }
    return rollout(name, **{**usual, **fields})


def replica_set(
    pod_hash: str = NEW,
    *,
    name: str | None = None,
    revision: int | None = 2,
    owner: str = f"{NAME}-uid",
    replicas: int = 5,
    available: int | None = None,
    ready: int | None = None,
    total: int | None = None,
    images: Sequence[str] = ("registry/checkout:v2.0.0",),
    born: datetime | None = None,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    conditions: Sequence[Json] = (),
    generation: int = 1,
    observed: int = 1,
    namespace: str = NAMESPACE,
) -> ReplicaSet:
    """Return a ReplicaSet, by default of the Rollout `NAME`; its uid is its name with `-uid`."""
    have = replicas if available is None else available
    raw = {
        "metadata": meta(
            name or f"{NAME}-{pod_hash}",
            namespace=namespace,
            born=born,
            labels={HASH: pod_hash, **(labels or {})},
            annotations={
                **({} if revision is None else {REVISION: str(revision)}),
                **(annotations or {}),
            },
            owner=owner,
            generation=generation,
        ),
        "spec": {"replicas": replicas, "template": pod_template(*images)},
        "status": given(
            replicas=replicas if total is None else total,
            readyReplicas=have if ready is None else ready,
            availableReplicas=have,
            observedGeneration=observed,
            conditions=list(conditions) or None,
        ),
    }
    return read(ReplicaSet, raw)


def stable_set(**fields: Any) -> ReplicaSet:
    """Return the ReplicaSet of the stable version, revision 1."""
    usual = {"revision": 1, "images": ("registry/checkout:v1.4.0",), "born": ago(days=3)}
    return replica_set(OLD, **{**usual, **fields})


def container_state(
    *,
    waiting: str | None = None,
    terminated: str | None = None,
    exit_code: int | None = None,
    signal: int | None = None,
    message: str | None = None,
) -> Json:
    """Return the state of a container: running, unless told otherwise."""
    if waiting is not None:
        return {"waiting": given(reason=waiting or None, message=message)}
    if terminated is not None or exit_code is not None or signal is not None:
        ended = given(
            reason=terminated or None, exitCode=exit_code or 0, signal=signal, message=message
        )
        return {"terminated": ended}
    return {"running": {"startedAt": stamp(ago(minutes=5))}}


def container(
    name: str = "app",
    *,
    ready: bool = True,
    restarts: int = 0,
    state: Json | None = None,
    started: bool | None = None,
) -> Json:
    """Return what the kubelet says of one container."""
    return given(
        name=name,
        image=f"registry/{name}:v1",
        ready=ready,
        started=started,
        restartCount=restarts,
        state=container_state() if state is None else state,
    )


def pod(
    name: str = "pod-1",
    *,
    of: str = NEW,
    owner: str | None = None,
    phase: str = "Running",
    reason: str = "",
    ready: bool = True,
    containers: Sequence[Json] | None = None,
    init: Sequence[Json] = (),
    sidecars: Sequence[str] = (),
    conditions: Sequence[Json] | None = None,
    born: datetime | None = None,
    deleted: datetime | None = None,
    namespace: str = NAMESPACE,
    version: int | str = 100,
) -> Pod:
    """Return a pod of the ReplicaSet with hash `of`; `sidecars` names init containers that stay."""
    statuses = [container(ready=ready)] if containers is None else list(containers)
    usual = [condition("Ready", "True" if ready else "False")]
    raw = {
        "metadata": meta(
            name,
            namespace=namespace,
            born=born,
            version=version,
            labels={HASH: of},
            owner=owner or f"{NAME}-{of}-uid",
            deleted=deleted,
        ),
        "spec": {
            "containers": [
                {"name": status["name"], "image": status["image"]}
                for status in statuses or [container()]
            ],
            "initContainers": [
                {
                    "name": status["name"],
                    "image": status["image"],
                    **({"restartPolicy": "Always"} if status["name"] in sidecars else {}),
                }
                for status in init
            ],
        },
        "status": given(
            phase=phase or None,
            reason=reason or None,
            conditions=usual if conditions is None else list(conditions),
            containerStatuses=statuses or None,
            initContainerStatuses=list(init) or None,
        ),
    }
    return read(Pod, raw)


def metric(
    name: str = "success-rate",
    *,
    query: str | None = "rate(requests[1m])",
    success: str = "result[0] >= 0.95",
    failure: str = "",
    count: int | str | None = None,
    interval: str | None = None,
    provider: Json | None = None,
    address: str = "http://prometheus.example:9090",
    **more: Any,
) -> Json:
    """Return a metric; one of Prometheus, unless `provider` says otherwise."""
    own = provider or {"prometheus": given(address=address or None, query=query)}
    return given(
        name=name,
        successCondition=success or None,
        failureCondition=failure or None,
        count=count,
        interval=interval,
        provider=own,
        **more,
    )


def measurement(phase: str, value: str | None = None, message: str = "", **more: Any) -> Json:
    """Return one measurement."""
    return given(phase=phase, value=value, message=message or None, **more)


def result(
    name: str = "success-rate",
    phase: str = "Running",
    *,
    measured: Sequence[Json] = (),
    message: str = "",
    **counters: Any,
) -> Json:
    """Return what came of a metric; counters by the API's names, e.g. `failed=1`."""
    return given(
        name=name,
        phase=phase,
        message=message or None,
        measurements=list(measured) or None,
        **counters,
    )


def analysis_run(
    name: str = f"{NAME}-{NEW}-2-1",
    *,
    phase: str = "Running",
    message: str = "",
    metrics: Sequence[Json] | None = None,
    results: Sequence[Json] = (),
    args: Sequence[Json] = (),
    dry_run: Sequence[str] = (),
    terminate: bool = False,
    of: str = NEW,
    type_: str = "Step",
    step: int | None = None,
    revision: int | None = 2,
    owner: str = f"{NAME}-uid",
    born: datetime | None = None,
    started: datetime | None = None,
    namespace: str = NAMESPACE,
) -> AnalysisRun:
    """Return a run of the Rollout `NAME` that judges the version with hash `of`."""
    labels = {HASH: of, "rollout-type": type_}
    if step is not None:
        labels["step-index"] = str(step)
    raw = {
        "metadata": meta(
            name,
            namespace=namespace,
            born=born or ago(minutes=2),
            labels={key: value for key, value in labels.items() if value},
            annotations=None if revision is None else {REVISION: str(revision)},
            owner=owner,
        ),
        "spec": given(
            metrics=[metric()] if metrics is None else list(metrics),
            args=list(args) or None,
            dryRun=[{"metricName": rule} for rule in dry_run] or None,
            terminate=terminate or None,
        ),
        "status": given(
            phase=phase or None,
            message=message or None,
            startedAt=stamp(started or born or ago(minutes=2)),
            metricResults=list(results) or None,
        ),
    }
    return read(AnalysisRun, raw)


def failed_run(value: str = "[0.812]", **fields: Any) -> AnalysisRun:
    """Return a run that halted an update: success-rate below its limit at the first try."""
    bad = result(
        phase="Failed",
        measured=[measurement("Failed", value)],
        count=1,
        failed=1,
        message="assessed Failed due to failed (1) > failureLimit (0)",
    )
    usual = {"phase": "Failed", "results": [bad], "step": 1}
    return analysis_run(**{**usual, **fields})


def template(
    name: str = "success-rate",
    *,
    metrics: Sequence[Json] | None = None,
    args: Sequence[Json] = (),
    includes: Sequence[Json] = (),
    namespace: str = NAMESPACE,
) -> AnalysisTemplate:
    """Return an AnalysisTemplate; a cluster-wide one without a namespace."""
    raw = {
        "metadata": meta(name, namespace=namespace, uid=f"template-{name}-{namespace}"),
        "spec": given(
            metrics=[metric()] if metrics is None else list(metrics),
            args=list(args) or None,
            templates=list(includes) or None,
        ),
    }
    return read(AnalysisTemplate, raw)


def experiment(
    name: str = f"{NAME}-exp",
    *,
    phase: str = "Running",
    revision: int | None = 2,
    owner: str = f"{NAME}-uid",
    born: datetime | None = None,
    version: int | str = 100,
) -> Experiment:
    """Return an Experiment of the Rollout `NAME`."""
    annotations = None if revision is None else {REVISION: str(revision)}
    raw = {
        "metadata": meta(name, born=born, version=version, annotations=annotations, owner=owner),
        "spec": {"duration": "10s"},
        "status": given(phase=phase or None),
    }
    return read(Experiment, raw)


def service(name: str, pod_hash: str | None = None, *, namespace: str = NAMESPACE) -> Service:
    """Return a Service that selects the pods of a hash, or all of them."""
    selector = {"app": NAME, **({HASH: pod_hash} if pod_hash else {})}
    raw = {
        "metadata": meta(name, namespace=namespace, uid=f"service-{name}"),
        "spec": {"selector": selector},
    }
    return read(Service, raw)


def ingress(
    name: str = f"{NAME}-{NAME}-stable-canary",
    weight_: int | str | None = None,
    *,
    prefix: str = "nginx.ingress.kubernetes.io",
    namespace: str = NAMESPACE,
) -> Ingress:
    """Return an Ingress; by default the one that the controller writes for `NAME`."""
    annotations = None if weight_ is None else {f"{prefix}/canary-weight": str(weight_)}
    raw = {
        "metadata": meta(name, namespace=namespace, uid=f"ingress-{name}", annotations=annotations),
        "spec": {"ingressClassName": "nginx"},
    }
    return read(Ingress, raw)


def endpoint_slice(service_name: str, ready: Sequence[bool | None]) -> EndpointSlice:
    """Return a slice with one endpoint per given readiness."""
    raw = {
        "metadata": meta(
            f"{service_name}-abc", labels={"kubernetes.io/service-name": service_name}
        ),
        "endpoints": [{"conditions": given(ready=one)} for one in ready],
    }
    return read(EndpointSlice, raw)


_KIND: Final[Mapping[type, Kind]] = {
    Rollout: Kind.ROLLOUTS,
    ReplicaSet: Kind.REPLICA_SETS,
    Pod: Kind.PODS,
    AnalysisRun: Kind.ANALYSIS_RUNS,
    Experiment: Kind.EXPERIMENTS,
    Service: Kind.SERVICES,
    Ingress: Kind.INGRESSES,
    EndpointSlice: Kind.ENDPOINT_SLICES,
    Event: Kind.EVENTS,
    Workload: Kind.DEPLOYMENTS,
}


def event(
    reason: str = "BackOff",
    message: str = "Back-off restarting failed container",
    *,
    of: tuple[str, str, str] = ("Rollout", NAME, f"{NAME}-uid"),
    kind: str = "Normal",
    at: datetime | None = None,
    first: datetime | None = None,
    count: int | None = None,
    reporter: str = "rollouts-controller",
    **more: Any,
) -> Event:
    """Return an Event; `of` is kind, name and uid of what it is about."""
    last = at or ago(minutes=1)
    raw = {
        "metadata": meta(f"{of[1]}.{abs(hash((reason, message, last, of))):x}", born=first or last),
        "involvedObject": {"kind": of[0], "namespace": NAMESPACE, "name": of[1], "uid": of[2]},
        "type": kind,
        "reason": reason,
        "message": message,
        "firstTimestamp": stamp(first or last),
        "lastTimestamp": stamp(last),
        "source": {"component": reporter},
        **given(count=count),
        **more,
    }
    return read(Event, raw)


def kind_of(thing: Thing) -> Kind:
    """Return the kind of an object."""
    if isinstance(thing, AnalysisTemplate):
        named = thing.metadata.namespace
        return Kind.ANALYSIS_TEMPLATES if named else Kind.CLUSTER_ANALYSIS_TEMPLATES
    return _KIND[type(thing)]


def snapshot(
    *things: Thing, at: datetime = NOW, unknown: Sequence[Kind] = (), before: Snapshot | None = None
) -> Snapshot:
    """Return the picture after every kind was listed at `at`, but for the `unknown` ones."""
    by_kind: dict[Kind, list[Thing]] = {kind: [] for kind in Kind}
    for thing in things:
        by_kind[kind_of(thing)].append(thing)
    facts = [
        Fact(StreamId(kind), Listed(tuple(items), "100"), at)
        for kind, items in by_kind.items()
        if kind not in unknown
    ]
    return (before or Snapshot()).after(facts)


def scene(rollout_: Rollout, *things: Thing, **how: Any) -> Scene:
    """Return a rollout among what belongs to it; see `snapshot`."""
    return Scene(rollout_, snapshot(rollout_, *things, **how))


def key(name: str = NAME, namespace: str = NAMESPACE) -> Key:
    """Return where an object lives."""
    return Key(namespace, name)
