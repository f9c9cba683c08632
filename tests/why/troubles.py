"""Every cause that can be provoked on a real control plane, one rollout each.

All of them live in one namespace at once. Each begins healthy and is then led on by its stages: a
stage is carried out once the witness sees what it waits for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from tests.controlplane import faults, rollouts
from tests.controlplane.api import Api
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest
from tests.why.seen import Seen, pod_condition, restarts, waiting_reasons

HOLD: Final = [rollouts.set_weight(50), rollouts.pause()]
"""Half of the pods or traffic, then a pause without an end."""
NOWHERE: Final = "http://127.0.0.1:1"
"""An address where nobody answers."""
PREFIX: Final = "nginx.ingress.kubernetes.io"


class Place(NamedTuple):
    """Where a trouble is provoked."""

    api: Api
    namespace: str
    name: str
    prometheus: str


When = Callable[[Seen, str], bool]
Do = Callable[[Place], object]


class Stage(NamedTuple):
    """One thing to do, and what must be seen before."""

    when: When
    do: Do


@dataclass(frozen=True, slots=True)
class Trouble:
    """A rollout that stands in a known way.

    Attributes:
        cause: The id of the cause to be said first.
        says: What its sentence must hold, as a regular expression.
        board: What the board's last column must hold; the sentence's where it is empty.
        made: The manifests of the beginning.
        stages: What is done to it, one after the other.
        visible: Whether the API shows the cause.
        also: Ids of causes that must be listed under the first.
        needs_eyes: Whether only who saw it happen can tell.
    """

    name: str
    cause: str
    says: str
    board: str
    made: Callable[[Place], list[Json]]
    stages: Sequence[Stage]
    visible: When
    also: Sequence[str] = field(default=())
    needs_eyes: bool = False


def healthy(seen: Seen, name: str) -> bool:
    """Whether the rollout is where it should be at the beginning."""
    return seen.is_healthy(name)


def paused(seen: Seen, name: str) -> bool:
    """Whether it stands at a pause."""
    return seen.is_paused(name)


def always(seen: Seen, name: str) -> bool:
    """Whether it exists."""
    return bool(seen.rollout(name))


def image(tag: str) -> Do:
    """Deploy another version."""
    return lambda p: p.api.set_image(p.namespace, p.name, tag)


def spec(body: Json) -> Do:
    """Merge into the Rollout's spec."""
    return lambda p: p.api.patch("rollouts", p.namespace, p.name, {"spec": body})


def status(body: Json) -> Do:
    """Merge into the Rollout's status, as the plugin's verbs do."""
    return lambda p: p.api.patch(
        "rollouts", p.namespace, p.name, {"status": body}, subresource="status"
    )


def blind(place: Place) -> None:
    """Make the controller overlook it."""
    faults.blind(place.api, place.namespace, place.name)


def gone(plural: str, suffix: str = "") -> Do:
    """Delete an object that belongs to it."""
    return lambda p: p.api.delete(plural, p.namespace, f"{p.name}{suffix}")


def changed(plural: str, suffix: str, body: Json) -> Do:
    """Merge into an object that belongs to it."""
    return lambda p: p.api.patch(plural, p.namespace, f"{p.name}{suffix}", body)


def at_once(do: Do, when: When = healthy) -> tuple[Stage, ...]:
    """Return the one stage that most troubles have."""
    return (Stage(when, do),)


NEXT: Final = Stage(always, image("v2"))
"""A deployment: what is missing is noticed when the controller looks at the rollout again."""


def plain(steps: Sequence[Json] = HOLD, **how: Any) -> Callable[[Place], list[Json]]:
    """Return a canary that splits by pods."""
    usual = {"replicas": 2, "requests_per_second": 0}
    return lambda p: rollouts.canary(p.namespace, p.name, steps, **{**usual, **how})


def routed(steps: Sequence[Json] = HOLD, **how: Any) -> Callable[[Place], list[Json]]:
    """Return a canary that splits by Ingress."""
    return plain(steps, nginx=True, **how)


def template(place: Place, query: str, **more: Any) -> Json:
    """Return an AnalysisTemplate with the rollout's name."""
    address = more.pop("address", place.prometheus)
    metric = {
        "name": "success-rate",
        "interval": "2s",
        "count": 1,
        "successCondition": "result[0] >= 0.95",
        "provider": {"prometheus": {"address": address, "query": query}},
        **more.pop("metric", {}),
    }
    known = {key: value for key, value in metric.items() if value is not None}
    spec_ = {"metrics": [known], **more}
    return manifest(
        "argoproj.io/v1alpha1", "AnalysisTemplate", place.namespace, place.name, spec=spec_
    )


def gated(
    query: str, *, step: Json | None = None, after: Sequence[Json] = (), **how: Any
) -> Callable[[Place], list[Json]]:
    """Return a canary with a gate of its own, and the gate's template."""

    def made(place: Place) -> list[Json]:
        gate = {"analysis": {"templates": [{"templateName": place.name}], **(step or {})}}
        steps = [rollouts.set_weight(50), gate, *after]
        return [template(place, query, **how), *plain(steps)(place)]

    return made


def with_template(body: Json) -> Do:
    """Deploy a version whose pod template has more in it."""

    def do(place: Place) -> None:
        container = dict(_container(place), image=f"ghcr.io/example/{place.name}:v2.0.0")
        pod = dict(body)
        container |= pod.pop("container", {})
        pod["containers"] = [container]
        place.api.patch(
            "rollouts", place.namespace, place.name, {"spec": {"template": {"spec": pod}}}
        )

    return do


def _container(place: Place) -> Json:
    found = place.api.get("rollouts", place.namespace, place.name)
    container: Json = found["spec"]["template"]["spec"]["containers"][0]
    return container


def written_by(manager: str, tag: str) -> Do:
    """Deploy a version as another program."""

    def do(place: Place) -> None:
        change = {
            "op": "replace",
            "path": "/spec/template/spec/containers/0/image",
            "value": f"ghcr.io/example/{place.name}:{tag}",
        }
        place.api.patch("rollouts", place.namespace, place.name, [change], fieldManager=manager)

    return do


def unready_stable(place: Place) -> None:
    """Let the pods there are say that they are not ready, for a reason that kwok leaves alone."""
    for pod in place.api.list("pods", place.namespace, labelSelector=f"app={place.name}"):
        conditions = [
            {**one, "status": "False", "reason": "Test"}
            if one["type"] in ("Ready", "ContainersReady")
            else one
            for one in pod["status"]["conditions"]
        ]
        body = {"status": {"conditions": conditions}}
        place.api.patch(
            "pods", place.namespace, pod["metadata"]["name"], body, subresource="status"
        )


def _restart_in_an_hour(place: Place) -> None:
    moment = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    spec({"restartAt": moment})(place)


def _observed(seen: Seen, name: str) -> bool:
    found = seen.rollout(name)
    return bool(found) and str(found["metadata"]["generation"]) == seen.status(name).get(
        "observedGeneration"
    )


def _invalid(seen: Seen, name: str) -> bool:
    return bool(seen.condition(name, "InvalidSpec"))


def _aborted(seen: Seen, name: str) -> bool:
    return "abortedAt" in seen.status(name)


def _halted(seen: Seen, name: str) -> bool:
    runs = seen.runs(name)
    return _aborted(seen, name) and any(one["status"].get("phase") == "Failed" for one in runs)


def _erring(seen: Seen, name: str) -> bool:
    return any(one.get("error") for one in seen.results(name))


def _measured(seen: Seen, name: str) -> bool:
    return any(one.get("measurements") for one in seen.results(name))


def _ago(seconds: float) -> When:
    """Whether the rollout was last written that long ago: silence needs time to be one."""

    def when(seen: Seen, name: str) -> bool:
        entries = seen.rollout(name)["metadata"].get("managedFields", [])
        last = max(datetime.fromisoformat(entry["time"]) for entry in entries)
        return datetime.now(UTC) - last > timedelta(seconds=seconds)

    return when


def _both(*whens: When) -> When:
    return lambda seen, name: all(when(seen, name) for when in whens)


def _labelled(seen: Seen, name: str) -> bool:
    return faults.INSTANCE_LABEL in seen.rollout(name)["metadata"].get("labels", {})


def _waits(*reasons: str) -> When:
    return lambda seen, name: bool(waiting_reasons(seen.new_pods(name)) & set(reasons))


def _refused(seen: Seen, name: str) -> bool:
    return bool(seen.condition(name, "ReplicaFailure"))


def _late(seen: Seen, name: str) -> bool:
    return str(seen.status(name).get("message", "")).startswith("ProgressDeadlineExceeded")


def _service_hash(suffix: str, pod_hash: str) -> When:
    def when(seen: Seen, name: str) -> bool:
        found = next(
            (o for o in seen.objects["services"] if o["metadata"]["name"] == f"{name}{suffix}"), {}
        )
        selector = found.get("spec", {}).get("selector", {})
        return bool(selector.get("rollouts-pod-template-hash") == pod_hash)

    return when


def _ingress_weight(weight: str) -> When:
    def when(seen: Seen, name: str) -> bool:
        wanted = f"{name}-{name}-stable-canary"
        found = next((o for o in seen.objects["ingresses"] if o["metadata"]["name"] == wanted), {})
        annotations = found.get("metadata", {}).get("annotations", {})
        return bool(annotations.get(f"{PREFIX}/canary-weight") == weight)

    return when


def _never(place: Place) -> list[Json]:
    made = plain()(place)
    made[-1]["metadata"]["labels"][faults.INSTANCE_LABEL] = "nobody"
    return made


def _twin(place: Place) -> list[Json]:
    return routed()(place._replace(name=f"{place.name}-twin"))


def _second(place: Place) -> None:
    """Another rollout of the same pods that steers the same Services."""
    twin = _twin(place)[-1]
    twin["metadata"]["name"] = place.name
    place.api.apply(twin)


def _nobodys_class(place: Place) -> list[Json]:
    made = routed()(place)
    for one in made:
        if one["kind"] == "Ingress":
            one["spec"]["ingressClassName"] = "nobody"
    return made


def _unresolved(place: Place) -> list[Json]:
    return gated("vector({{args.limit}})", args=[{"name": "limit"}])(place)


def _limits(place: Place) -> None:
    hard = {"type": "Container", "max": {"ephemeral-storage": "1Gi"}}
    place.api.apply(
        manifest("v1", "LimitRange", place.namespace, "test-limits", spec={"limits": [hard]})
    )
    with_template(
        {
            "container": {
                "resources": {
                    "requests": {"ephemeral-storage": "2Gi", "cpu": "1m"},
                    "limits": {"ephemeral-storage": "2Gi"},
                }
            }
        }
    )(place)


def _quota(place: Place) -> None:
    quota = {"hard": {"pods": "0"}, "scopes": ["BestEffort"]}
    place.api.apply(manifest("v1", "ResourceQuota", place.namespace, "test-quota", spec=quota))
    with_template({"container": {"resources": None}})(place)


def _admission(place: Place) -> None:
    label = {"pod-security.kubernetes.io/enforce": "baseline"}
    place.api.patch("namespaces", None, place.namespace, {"metadata": {"labels": label}})
    with_template({"hostNetwork": True})(place)


def _workload(place: Place) -> list[Json]:
    return rollouts.workload_ref(
        place.namespace, place.name, HOLD, replicas=1, requests_per_second=0
    )


def _blue_green(place: Place) -> list[Json]:
    return rollouts.blue_green(place.namespace, place.name, replicas=1, requests_per_second=0)


_SKIP: Final = {"pauseConditions": None, "currentStepIndex": 2}
_CANARY: Final = {"spec": {"selector": {"rollouts-pod-template-hash": "0badc0de"}}}
_HASH: Final[Json] = {"args": [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}]}


def _gated_routed(place: Place) -> list[Json]:
    gate = {"analysis": {"templates": [{"templateName": place.name}]}}
    steps = [rollouts.set_weight(50), gate]
    return [template(place, "vector(0.8)"), *routed(steps, abort_delay=600)(place)]


WAITS: Final = (
    Trouble(
        "human",
        "waiting-for-human",
        r"Waiting for you .*at 50 %|Waiting for you at 50 %",
        r"for you",
        plain(),
        at_once(image("v2")),
        paused,
    ),
    Trouble(
        "switch",
        "waiting-for-human",
        r"Waiting for you.*preview v2 is up",
        r"for you",
        _blue_green,
        at_once(image("v2")),
        paused,
    ),
    Trouble(
        "timer",
        "timed-pause",
        r"Pausing at 50 %: (\d+m)?",
        r"m.*then done",
        plain([rollouts.set_weight(50), rollouts.pause("10m")]),
        at_once(image("v2")),
        paused,
    ),
    Trouble(
        "held",
        "held",
        r"Held by spec.paused at 50 %",
        r"held by spec.paused",
        plain([rollouts.set_weight(50), rollouts.pause("10m")]),
        (*at_once(image("v2")), Stage(paused, spec({"paused": True}))),
        lambda seen, name: bool(seen.rollout(name)["spec"].get("paused") and _observed(seen, name)),
        also=["timed-pause"],
    ),
)

GATES: Final = (
    Trouble(
        "running",
        "analysis-running",
        r"Analysing at 50 %: success-rate 1 >= 0.95",
        r"success-rate 1, \d+/99",
        gated("vector(1)", metric={"count": 99, "interval": "3s"}),
        at_once(image("v2")),
        _measured,
        also=["gate-blind"],
    ),
    Trouble(
        "failed",
        "analysis-failed",
        r"success-rate 0.8 < 0.95, 1 of 1 failed",
        r"success-rate 0.8 < 0.95",
        gated("vector(0.8)"),
        at_once(image("v2")),
        _halted,
    ),
    Trouble(
        "undecided",
        "analysis-inconclusive",
        r"success-rate 0.93 < 0.95, 1 of 1 inconclusive",
        r"0\.93 < 0\.95, \d+s",
        gated("vector(0.93)", metric={"failureCondition": "result[0] < 0.9"}),
        at_once(image("v2")),
        paused,
    ),
    Trouble(
        "unreachable",
        "prometheus-unreachable",
        r"could not be measured \d times?( in a row \(5 halt\))?: "
        r"Prometheus at 127.0.0.1:1 does not answer the controller",
        r"Prometheus does not answer",
        gated("vector(1)", address=NOWHERE),
        at_once(image("v2")),
        _erring,
    ),
    Trouble(
        "nan",
        "metric-nan",
        r"success-rate NaN < 0.95, 1 of 1 failed: NaN is 0/0",
        r"NaN",
        gated("vector(0) / vector(0)"),
        at_once(image("v2")),
        _halted,
    ),
    Trouble(
        "empty",
        "metric-empty",
        r"the query finds no series",
        r"gave no data",
        gated("no_such_metric_total"),
        at_once(image("v2")),
        _erring,
    ),
    Trouble(
        "unmeasured",
        "canary-unmeasured",
        r"no series for the canary's hash [0-9a-f]+",
        r"no series of the canary",
        gated('no_such_metric_total{hash="{{args.hash}}"}', step=_HASH, args=[{"name": "hash"}]),
        at_once(image("v2")),
        _erring,
    ),
    Trouble(
        "badquery",
        "query-bad",
        r"the query is wrong: .*parse error",
        r"the query is wrong",
        gated("sum("),
        at_once(image("v2")),
        _erring,
    ),
    Trouble(
        "nodata",
        "waiting-for-human",
        r"Waiting for you",
        r"for you",
        gated("vector(0.5)", step={"dryRun": [{"metricName": ".*"}]}, after=[rollouts.pause()]),
        at_once(image("v2")),
        paused,
        also=["passed-without-data"],
    ),
    Trouble(
        "cut",
        "waiting-for-human",
        r"Waiting for you",
        r"for you",
        gated("vector(1)", metric={"count": 99}, after=[rollouts.pause()]),
        (*at_once(image("v2")), Stage(_measured, status(_SKIP))),
        lambda seen, name: (
            paused(seen, name)
            and any(
                run["spec"].get("terminate") and run["status"].get("phase") == "Successful"
                for run in seen.runs(name)
            )
        ),
        also=["cut-short"],
    ),
)

PODS: Final = (
    Trouble(
        "memory",
        "unschedulable",
        r"no node takes it: Insufficient memory",
        r"no node: Insufficient memory",
        plain(),
        at_once(with_template({"container": {"resources": {"requests": {"memory": "1Ti"}}}})),
        lambda seen, name: bool(pod_condition(seen.new_pods(name), "PodScheduled")),
    ),
    Trouble(
        "selector",
        "unschedulable",
        r"no node takes it: .*affinity/selector",
        r"no node: .*affinity/selector",
        plain(),
        at_once(with_template({"nodeSelector": {"disk": "fast"}})),
        lambda seen, name: bool(pod_condition(seen.new_pods(name), "PodScheduled")),
    ),
    Trouble(
        "claim",
        "volume",
        r'persistentvolumeclaim "data" not found',
        r"volume: .*claim",
        plain(),
        at_once(
            with_template(
                {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
            )
        ),
        lambda seen, name: bool(pod_condition(seen.new_pods(name), "PodScheduled")),
    ),
    Trouble(
        "mount",
        "volume",
        r'configmap "amas-config" not found|not created for',
        r"volume|Creat",
        plain(),
        at_once(image("v2-creating")),
        lambda seen, name: (
            _waits("ContainerCreating")(seen, name) and _ago_created(seen.new_pods(name), 30)
        ),
    ),
    Trouble(
        "pull",
        "image-pull",
        r"image ghcr.io/example/pull:v2-nopull cannot be pulled",
        r"ImagePull",
        plain(),
        at_once(image("v2-nopull")),
        _waits("ImagePullBackOff", "ErrImagePull"),
    ),
    Trouble(
        "crash",
        "crash-loop",
        r"container crash crashes \(exit 1, \d+ restarts?\)",
        r"CrashLoopBackOff|exit 1",
        plain(),
        at_once(image("v2-crash")),
        lambda seen, name: restarts(seen.new_pods(name)) > 0,
    ),
    Trouble(
        "oom",
        "out-of-memory",
        r"is killed for memory \(OOMKilled, exit 137",
        r"CrashLoopBackOff|OOMKilled",
        plain(),
        at_once(image("v2-oom")),
        lambda seen, name: restarts(seen.new_pods(name)) > 0,
    ),
    Trouble(
        "unready",
        "readiness",
        r"its readiness probe fails",
        r"readiness fails",
        plain(),
        at_once(image("v2-unready")),
        lambda seen, name: _running_for(seen.new_pods(name), 30),
    ),
    Trouble(
        "init",
        "init-container",
        r"init container migrate fails \(exit 1",
        r"init migrate",
        plain(),
        at_once(image("v2-initfail")),
        lambda seen, name: restarts(seen.new_pods(name), "initContainerStatuses") > 0,
    ),
    Trouble(
        "quota",
        "quota",
        r"exceeded quota: test-quota",
        r"quota: exceeded",
        plain(),
        at_once(_quota),
        _refused,
    ),
    Trouble(
        "limits",
        "limit-range",
        r"maximum ephemeral-storage usage per Container is 1Gi",
        r"limit range",
        plain(),
        at_once(_limits),
        _refused,
    ),
    Trouble(
        "admission",
        "admission",
        r'violates PodSecurity "baseline',
        r"refused: violates",
        plain(),
        at_once(_admission),
        _refused,
    ),
    Trouble(
        "late",
        "timed-out",
        r"ProgressDeadlineExceeded",
        r"ProgressDeadlineExceeded",
        plain(spec={"progressDeadlineSeconds": 5}),
        at_once(with_template({"schedulingGates": [{"name": "test/closed"}]})),
        _late,
    ),
    Trouble(
        "stopped",
        "aborted-by-deadline",
        r"was not ready within 5 s",
        r"not ready within 5 s",
        plain(spec={"progressDeadlineSeconds": 5, "progressDeadlineAbort": True}),
        at_once(with_template({"schedulingGates": [{"name": "test/closed"}]})),
        _aborted,
    ),
    Trouble(
        "minready",
        "min-ready",
        r"2 of 2 pods of v1.0.0 ready, 0 for the 300 s",
        r"0/2 ready for 300s",
        plain(spec={"minReadySeconds": 300}),
        (),
        lambda seen, name: any(one["status"].get("readyReplicas") == 2 for one in seen.sets(name)),
    ),
)

SPECS: Final = (
    Trouble(
        "service",
        "service-missing",
        r"Service service-canary does not exist",
        r"Service service-canary is missing",
        routed(),
        (*at_once(gone("services", "-canary")), NEXT),
        _invalid,
    ),
    Trouble(
        "ingress",
        "ingress-missing",
        r"Ingress ingress-stable does not exist",
        r"Ingress ingress-stable is missing",
        routed(),
        (*at_once(gone("ingresses", "-stable")), NEXT),
        _invalid,
    ),
    Trouble(
        "template",
        "template-missing",
        r"AnalysisTemplate template does not exist",
        r"AnalysisTemplate template is missing",
        gated("vector(1)"),
        (*at_once(gone("analysistemplates")), NEXT),
        _invalid,
    ),
    Trouble(
        "managed",
        "service-managed",
        r"Service managed-twin-\w+ is managed by another rollout",
        r"is another rollout's",
        _twin,
        (Stage(lambda seen, _: seen.is_healthy("managed-twin"), _second),),
        _invalid,
    ),
    Trouble(
        "foreign",
        "service-selector",
        r"Service foreign-canary selects by label app",
        r"does not match",
        routed(),
        at_once(changed("services", "-canary", {"spec": {"selector": {"app": "x"}}})),
        _invalid,
    ),
    Trouble(
        "backend",
        "ingress-backend",
        r"Ingress backend-stable has no rule whose backend",
        r"does not use backend-stable",
        routed(),
        at_once(changed("ingresses", "-stable", {"spec": {"rules": [{"host": "x.test"}]}})),
        _invalid,
    ),
    Trouble(
        "argument",
        "argument-missing",
        r"argument limit has no value",
        r"argument limit has no value",
        _unresolved,
        (),
        _invalid,
    ),
    Trouble(
        "workload",
        "workload-missing",
        r"deployments? workload does not exist",
        r"workload is missing",
        _workload,
        (*at_once(gone("deployments")), Stage(always, spec({"replicas": 2}))),
        _invalid,
    ),
    Trouble(
        "weight",
        "invalid-spec",
        r"spec.strategy.steps\[0\].setWeight",
        r"spec.strategy",
        plain(),
        at_once(spec({"strategy": {"canary": {"steps": [{"setWeight": 150}]}}})),
        _invalid,
    ),
)

TRAFFIC: Final = (
    Trouble(
        "split",
        "ingress-weight",
        r"sends 90%, the status says 50%: 90% of the traffic",
        r"ingress 90%, status 50%",
        routed(),
        (
            *at_once(image("v2")),
            Stage(paused, blind),
            Stage(
                _labelled,
                lambda p: p.api.patch(
                    "ingresses",
                    p.namespace,
                    f"{p.name}-{p.name}-stable-canary",
                    {"metadata": {"annotations": {f"{PREFIX}/canary-weight": "90"}}},
                ),
            ),
        ),
        _both(_ingress_weight("90"), _ago(3)),
        also=["waiting-for-human"],
    ),
    Trouble(
        "astray",
        "stable-selector",
        r"service/astray-stable selects 0badc0de, not",
        r"astray-stable selects 0badc0de",
        routed(),
        (
            *at_once(image("v2")),
            Stage(paused, blind),
            Stage(_labelled, changed("services", "-stable", _CANARY)),
        ),
        _both(_service_hash("-stable", "0badc0de"), _ago(3)),
        also=["waiting-for-human"],
    ),
    Trouble(
        "class",
        "ingress-class",
        r"is of class nobody, which nobody serves",
        r"nobody serves class nobody",
        _nobodys_class,
        at_once(image("v2")),
        paused,
    ),
    Trouble(
        "short",
        "stable-short",
        r"held at 0 % instead of 50 %.*has 0 of 1 pod",
        r"weight held: stable 0/1",
        routed(),
        (
            Stage(healthy, unready_stable),
            Stage(lambda seen, name: not seen.status(name).get("availableReplicas"), image("v2")),
        ),
        _both(
            lambda seen, name: (
                bool(seen.new_pods(name)) and not pod_condition(seen.new_pods(name), "Ready")
            ),
            _ago(3),
        ),
    ),
    Trouble(
        "left",
        "pods-left",
        r"1 pod of revision 2 still there.*spec.paused stops all scaling",
        r"revision 2 left",
        routed(),
        (
            *at_once(image("v2")),
            Stage(paused, spec({"paused": True})),
            Stage(
                lambda seen, name: (
                    bool(seen.rollout(name)["spec"].get("paused")) and _observed(seen, name)
                ),
                status({"abort": True}),
            ),
        ),
        _both(_aborted, _ago(6)),
        also=["aborted-by-hand"],
    ),
)

CONTROLLER: Final = (
    Trouble(
        "unseen",
        "controller-silent",
        r"has not reacted to generation \d+ for \d+[ms]",
        r"no reaction to generation",
        plain(),
        (Stage(healthy, blind), Stage(_labelled, image("v2"))),
        _both(lambda seen, name: not _observed(seen, name), _ago(10)),
    ),
    Trouble(
        "deaf",
        "controller-silent",
        r"has not reacted to abort for \d+[ms]",
        r"no reaction to abort",
        plain(),
        (*at_once(image("v2")), Stage(paused, blind), Stage(_labelled, status({"abort": True}))),
        _both(lambda seen, name: bool(seen.status(name).get("abort")), _ago(10)),
    ),
    Trouble(
        "resume",
        "controller-silent",
        r"has not reacted to promote for \d+[ms]",
        r"no reaction to promote",
        plain(),
        (
            *at_once(image("v2")),
            Stage(paused, blind),
            Stage(_labelled, status({"pauseConditions": None})),
        ),
        lambda seen, name: (
            bool(seen.status(name).get("controllerPause")) and not paused(seen, name)
        ),
    ),
    Trouble(
        "never",
        "controller-silent",
        r"has never reported on this rollout",
        r"no reaction to the rollout",
        _never,
        (),
        _ago(10),
    ),
    Trouble(
        "stale",
        "workload-stale",
        r"has not taken in generation \d+ of deployment/stale",
        r"",
        _workload,
        (
            Stage(healthy, blind),
            Stage(
                _labelled,
                lambda p: p.api.set_image(p.namespace, p.name, "v2", plural="deployments"),
            ),
        ),
        _both(_labelled, _ago(10)),
    ),
    Trouble(
        "gitops",
        "written-back",
        r"argocd-controller wrote v2 back .* ago, after kubectl-edit had",
        r"argocd-controller wrote v2 back",
        plain(),
        (
            *at_once(written_by("argocd-controller", "v2")),
            Stage(paused, written_by("kubectl-edit", "v1.0.0")),
            Stage(healthy, written_by("argocd-controller", "v2")),
        ),
        lambda seen, name: (
            paused(seen, name)
            and seen.rollout(name)["metadata"]["annotations"].get("rollout.argoproj.io/revision")
            == "4"
        ),
        needs_eyes=True,
    ),
    Trouble(
        "restart",
        "restarting",
        r"Restart due in \d+m",
        r"restart due",
        plain(),
        at_once(_restart_in_an_hour),
        lambda seen, name: seen.status(name).get("message") == "rollout is restarting",
    ),
    Trouble(
        "byhand",
        "aborted-by-hand",
        r"Aborted by hand.*",
        r"by hand",
        routed(abort_delay=600),
        (*at_once(image("v2")), Stage(paused, status({"abort": True}))),
        _aborted,
        also=["scale-down-delay"],
    ),
)

PAIRS: Final = (
    Trouble(
        "crashlate",
        "crash-loop",
        r"crashes \(exit 1",
        r"CrashLoopBackOff|exit 1",
        plain(spec={"progressDeadlineSeconds": 5}),
        at_once(image("v2-crash")),
        _late,
        also=["timed-out"],
    ),
    Trouble(
        "pulllate",
        "image-pull",
        r"cannot be pulled",
        r"ImagePull",
        plain(spec={"progressDeadlineSeconds": 5}),
        at_once(image("v2-nopull")),
        _late,
        also=["timed-out"],
    ),
    Trouble(
        "failedleft",
        "analysis-failed",
        r"success-rate 0.8 < 0.95",
        r"0.8 < 0.95",
        _gated_routed,
        at_once(image("v2")),
        _halted,
        also=["scale-down-delay"],
    ),
)


def _ago_created(pods: list[Json], seconds: float) -> bool:
    now = datetime.now(UTC)
    return any(
        now - datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
        > timedelta(seconds=seconds)
        for pod in pods
    )


def _running_for(pods: list[Json], seconds: float) -> bool:
    now = datetime.now(UTC)
    return any(
        now - datetime.fromisoformat(started) > timedelta(seconds=seconds)
        for pod in pods
        for one in pod.get("status", {}).get("containerStatuses", [])
        if not one["ready"] and (started := one["state"].get("running", {}).get("startedAt"))
    )


TROUBLES: Final = (*WAITS, *GATES, *PODS, *SPECS, *TRAFFIC, *CONTROLLER, *PAIRS)
