"""Traffic that does not go where the status says.

Sources: rollout/trafficrouting.go, rollout/trafficrouting/nginx/nginx.go, rollout/service.go.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.base import Key, ManagedFields
from amas_tui.domain.traffic import Ingress, Service
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.roles import scale_down_deadline
from amas_tui.rules.traffic import PATIENCE, Difference, Fault
from amas_tui.rules.weight import max_weight, set_weight
from amas_tui.store.detail import Detail
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.terms import current_words, plural, stable_words, version_words

_STOOD: Final = timedelta(seconds=2)
"""How long after the last change a read of the traffic counts: all is written by then."""
_LAG: Final = timedelta(seconds=1)
"""How long a watch may be late with a change that a read has seen."""
_TRAFFIC: Final = "panel-1"


def _faults(case: Case) -> tuple[Difference, ...]:
    """Return the differences that no reconcile explains.

    Of an open rollout it is known since when each stands; else a rollout that has not changed for
    a while, before its Services and Ingresses were read and since, proves that it is none.
    """
    found, snapshot = case.scene.differences, case.scene.snapshot
    if case.rollout.uid in snapshot.differing:
        return case.scene.traffic_faults(case.now)
    if not found or case.quiet_for <= PATIENCE:
        return ()
    local = case.now - snapshot.clock_offset
    detail = snapshot.details.get(case.rollout.uid)
    return found if detail is None or _is_fresh(detail, case, local) else ()


def _is_fresh(detail: Detail, case: Case, local: datetime) -> bool:
    """Return whether what was read of the traffic belongs to the rollout as it is now."""
    changed = local - case.quiet_for
    is_same = detail.version == case.rollout.metadata.resource_version
    return is_same and detail.at - changed >= _STOOD and local - detail.at >= _LAG


def _stable_ingresses(case: Case) -> tuple[Ingress, ...]:
    routing = case.rollout.canary.traffic_routing if case.rollout.canary else None
    if routing is None or routing.nginx is None:
        return ()
    namespace = case.rollout.key.namespace
    found = (case.scene.snapshot.ingress(Key(namespace, name)) for name in routing.nginx.ingresses)
    return tuple(one for one in found if one is not None)


def _difference(kinds: frozenset[Fault], case: Case) -> Finding | None:
    one = next((d for d in _faults(case) if d.fault in kinds and not _is_canarys(d, case)), None)
    return _differing(one, case) if one is not None else None


def _canary_selector(case: Case) -> Finding | None:
    faults_ = _faults(case)
    one = next((d for d in faults_ if d.fault is Fault.SELECTOR and _is_canarys(d, case)), None)
    return _differing(one, case) if one is not None else None


def _is_canarys(one: Difference, case: Case) -> bool:
    canary, blue_green = case.rollout.canary, case.rollout.blue_green
    name = canary.canary_service if canary else blue_green.preview_service if blue_green else ""
    return one.fault is Fault.SELECTOR and bool(name) and one.subject == f"service/{name}"


def _differing(one: Difference, case: Case) -> Finding:
    kind, _, name = one.subject.partition("/")
    writer = _last_writer(one, case)
    said = {
        Fault.INGRESS_WEIGHT: f": {one.found} of the traffic really goes to {current_words(case)}",
        Fault.INGRESS_MISSING: f": nothing goes to {current_words(case)}",
        Fault.SELECTOR: f": its traffic goes to {_version_of(one.found, case)}",
        Fault.ENDPOINTS: "",
    }
    return Finding(
        sentence=f"{one.sentence}{said.get(one.fault, '')}",
        short=f"{kind} {one.found}, status {one.wanted}"
        if one.fault in _WEIGHTS
        else f"{name} {_SHORT[one.fault].format(found=one.found)}",
        following=_FOLLOWING[one.fault],
        since=writer.time if writer else None,
        evidence=(
            Evidence(one.subject, _FIELD[one.fault], one.found),
            *(
                (Evidence(one.subject, "last written by", writer.manager, writer.time),)
                if writer
                else ()
            ),
            Evidence(case.name, "status says", one.wanted),
        ),
        verbs=(Verb.ABORT,) if one.fault in _WEIGHTS and case.rollout.is_updating else (),
        look=_TRAFFIC,
        run=f"kubectl get {kind} {name} -n {case.rollout.key.namespace} -o yaml",
    )


def _last_writer(one: Difference, case: Case) -> ManagedFields | None:
    """Return who wrote an Ingress or Service last, `None` where that is not known."""
    kind, _, name = one.subject.partition("/")
    key = Key(case.rollout.key.namespace, name)
    found: Ingress | Service | None = None
    if kind == "ingress":
        found = case.scene.snapshot.ingress(key)
    elif kind == "service" and one.fault is not Fault.ENDPOINTS:
        found = case.scene.snapshot.service(key)
    dated = [e for e in found.metadata.managed_fields if e.time is not None] if found else []
    return max(dated, key=_written_at, default=None)


def _written_at(entry: ManagedFields) -> float:
    return entry.time.timestamp() if entry.time else 0.0


def _version_of(pod_hash: str, case: Case) -> str:
    other = case.scene.by_hash(pod_hash)
    return version_words(other) if other is not None else "no version of this rollout"


_WEIGHTS: Final = frozenset({Fault.INGRESS_WEIGHT, Fault.INGRESS_MISSING, Fault.WEIGHT_TOTAL})
_SHORT: Final = {
    Fault.SELECTOR: "selects {found}",
    Fault.OTHER_OWNER: "is managed by {found}",
    Fault.ENDPOINTS: "has {found}",
    Fault.NO_READY_POD: "gets traffic, no ready pod",
}
_FIELD: Final = {
    Fault.INGRESS_MISSING: "metadata",
    Fault.INGRESS_WEIGHT: "canary-weight",
    Fault.WEIGHT_TOTAL: "canary-weight-total",
    Fault.SELECTOR: "selector rollouts-pod-template-hash",
    Fault.OTHER_OWNER: "managed-by-rollouts",
    Fault.ENDPOINTS: "endpoints",
    Fault.NO_READY_POD: "ready pods",
}
_FOLLOWING: Final = {
    Fault.INGRESS_MISSING: "The controller makes it anew when it next changes the weight.",
    Fault.INGRESS_WEIGHT: "Somebody else wrote it; the controller corrects it at its next step.",
    Fault.WEIGHT_TOTAL: "Somebody else wrote it; the controller corrects it at its next step.",
    Fault.SELECTOR: "Somebody else wrote it; the controller corrects it at its next reconcile.",
    Fault.OTHER_OWNER: "Two rollouts steer one Service: give each its own.",
    Fault.ENDPOINTS: "Who asks it gets fewer pods than there are: see its selector and ports.",
    Fault.NO_READY_POD: "Who is sent there gets an error.",
}


def _ingress_class(case: Case) -> Finding | None:
    classes = case.scene.clues.ingress_classes
    if classes is None:
        return None
    for ingress in _stable_ingresses(case):
        wanted = ingress.spec.ingress_class_name
        if not wanted or wanted in classes:
            continue
        there = ", ".join(sorted(classes)) or "none"
        return Finding(
            sentence=f"Ingress {ingress.metadata.name} is of class {wanted}, which nobody serves: "
            f"there is {there}",
            short=f"nobody serves class {wanted}",
            following="No traffic comes in through it: correct its ingressClassName.",
            evidence=(
                Evidence(f"ingress/{ingress.metadata.name}", "spec.ingressClassName", wanted),
                Evidence("ingressclasses", "there is", there),
            ),
            look=_TRAFFIC,
            run="kubectl get ingressclasses",
        )
    return None


def _needed(case: Case, weight: int) -> int:
    """Return the stable pods that a weight of the canary needs.

    Source: rollout/trafficrouting.go: a weight is not changed while stable lacks its share.
    """
    most = max_weight(case.rollout)
    return (most - weight) * case.rollout.desired // most


def _short_of_stable(case: Case) -> Finding | None:
    rollout, stable = case.rollout, case.scene.stable
    weights = rollout.status.canary.weights
    routed = rollout.canary is not None and rollout.canary.traffic_routing is not None
    if not routed or stable is None or not rollout.is_updating or case.is_invalid:
        return None
    wanted = set_weight(rollout)
    actual = weights.canary.weight if weights else 0
    available = stable.status.available_replicas
    needed = _needed(case, wanted)
    if actual == wanted or available >= needed or case.quiet_for <= PATIENCE:
        return None
    most = max_weight(rollout)
    is_dynamic = rollout.canary is not None and rollout.canary.dynamic_stable_scale
    if is_dynamic and rollout.status.abort:
        return None
    return Finding(
        sentence=f"the weight is held at {100 * actual // most} % instead of "
        f"{100 * wanted // most} %: stable {stable_words(case)} has {available} of "
        f"{plural(needed, 'pod')} that its share needs",
        short=f"weight held: stable {available}/{needed}",
        following="The weight moves when stable has its pods.",
        evidence=(
            Evidence(
                f"replicaset/{stable.metadata.name}",
                "status.availableReplicas",
                f"{available} of {stable.spec.replicas}",
            ),
            Evidence(case.name, "status.canary.weights.canary.weight", str(actual)),
            Evidence(case.name, "weight of the step", str(wanted)),
        ),
        verbs=() if rollout.status.abort else (Verb.ABORT,),
        look="panel-3",
    )


def _dynamic(case: Case) -> Finding | None:
    """An abort with dynamicStableScale: traffic follows stable's pods back, it does not jump."""
    rollout, stable = case.rollout, case.scene.stable
    if rollout.canary is None or not rollout.canary.dynamic_stable_scale or not case.is_aborted:
        return None
    weights = rollout.status.canary.weights
    actual = weights.canary.weight if weights else 0
    if not actual or stable is None:
        return None
    available = stable.status.available_replicas
    return Finding(
        sentence=f"{100 * actual // max_weight(rollout)} % of the traffic is still on "
        f"{current_words(case)}: with dynamicStableScale it goes back as stable's pods come, "
        f"{available} of {rollout.desired} now",
        short=f"weight {actual}: stable {available}/{rollout.desired}",
        following="Each step back waits for stable's pods.",
        evidence=(
            Evidence(case.name, "spec.strategy.canary.dynamicStableScale", "true"),
            Evidence(case.name, "status.canary.weights.canary.weight", str(actual)),
            Evidence(
                f"replicaset/{stable.metadata.name}", "status.availableReplicas", str(available)
            ),
        ),
        look="panel-3",
    )


def leftover(case: Case) -> ReplicaSet | None:
    """Return the version that should have no pods any more and has some, `None` without one."""
    status = case.rollout.status
    is_back = case.is_aborted and not case.share
    for replica_set in case.scene.replica_sets:
        is_wanted = replica_set.hash in (status.current_pod_hash, status.stable_rs)
        if replica_set.hash == status.stable_rs or (is_wanted and not is_back):
            continue
        if replica_set.spec.replicas or case.scene.pods_of(replica_set):
            return replica_set
    return None


def _left(case: Case) -> Finding | None:
    """Rolled back, but pods of the other version are still there and no deadline runs."""
    rollout, other = case.rollout, leftover(case)
    if (
        other is None
        or case.is_quiet
        or case.is_invalid
        or not (case.is_aborted or rollout.is_promoted)
    ):
        return None
    deadline = scale_down_deadline(other)
    is_waiting = deadline is not None and deadline + PATIENCE > case.now
    since = rollout.status.aborted_at
    if is_waiting or not other.spec.replicas or case.quiet_for <= PATIENCE * 2:
        return None
    why = _why_left(case)
    pods = plural(other.spec.replicas, "pod")
    return Finding(
        sentence=f"{pods} of revision {other.revision} still there although no traffic "
        f"goes to it{f': {why}' if why else ''}",
        short=f"{pods} of revision {other.revision} left",
        following="They cost room, nothing else: Service and Ingress give them nothing.",
        since=since,
        evidence=(
            Evidence(
                f"replicaset/{other.metadata.name}", "spec.replicas", str(other.spec.replicas)
            ),
            Evidence(
                f"replicaset/{other.metadata.name}",
                "scale-down-deadline",
                f"{deadline:%H:%M:%S}" if deadline else "absent",
            ),
            *((Evidence(case.name, "spec.paused", "true"),) if rollout.spec.paused else ()),
        ),
        verbs=(Verb.UNDO,) if rollout.status.abort else (),
        look="panel-3",
    )


def _why_left(case: Case) -> str:
    canary = case.rollout.canary
    if case.rollout.spec.paused:
        return "spec.paused stops all scaling"
    if canary is not None and canary.abort_scale_down_delay_seconds == 0:
        return "abortScaleDownDelaySeconds 0 keeps them for ever"
    return ""


_ROUTING = "rollout/trafficrouting.go"
_CHAPTERS = (Chapter.TRAFFIC,)

CAUSES: Final = (
    Cause(
        "ingress-weight",
        "The canary Ingress has another weight than the status",
        "See who wrote the Ingress; abort if the canary gets too much",
        Severity.TROUBLE,
        68,
        partial(_difference, _WEIGHTS),
        "rollout/trafficrouting/nginx/nginx.go",
        _CHAPTERS,
    ),
    Cause(
        "stable-selector",
        "The stable Service selects another version",
        "See who wrote the Service; the controller corrects it when it next reconciles",
        Severity.TROUBLE,
        69,
        partial(_difference, frozenset({Fault.SELECTOR})),
        "rollout/service.go",
        (Chapter.TRAFFIC, Chapter.ROLLBACK),
    ),
    Cause(
        "canary-selector",
        "The canary or preview Service selects another version",
        "See who wrote the Service; the controller corrects it when it next reconciles",
        Severity.TROUBLE,
        65,
        _canary_selector,
        "rollout/service.go",
        _CHAPTERS,
    ),
    Cause(
        "service-taken",
        "A Service that carries another rollout's mark",
        "Give each rollout Services of its own",
        Severity.TROUBLE,
        66,
        partial(_difference, frozenset({Fault.OTHER_OWNER})),
        "rollout/service.go: managed-by-rollouts",
        _CHAPTERS,
    ),
    Cause(
        "endpoints",
        "A Service with fewer endpoints than there are ready pods",
        "Compare its selector and ports with the pods",
        Severity.TROUBLE,
        62,
        partial(_difference, frozenset({Fault.ENDPOINTS})),
        "pkg/controller/endpointslice (Kubernetes)",
        (Chapter.TRAFFIC, Chapter.ROLLBACK),
    ),
    Cause(
        "no-ready-pod",
        "A version that gets traffic and has no ready pod",
        "Abort, or see why its pods are not ready",
        Severity.TROUBLE,
        61,
        partial(_difference, frozenset({Fault.NO_READY_POD})),
        "rollout/trafficrouting.go",
        (Chapter.TRAFFIC, Chapter.ROLLBACK),
    ),
    Cause(
        "ingress-class",
        "An Ingress of a class that nobody serves",
        "Correct ingressClassName, or install the ingress controller",
        Severity.TROUBLE,
        64,
        _ingress_class,
        "networking.k8s.io/v1 IngressClass",
        _CHAPTERS,
    ),
    Cause(
        "stable-short",
        "Stable lacks pods, so the weight is held back",
        "See why stable's pods are not available",
        Severity.TROUBLE,
        63,
        _short_of_stable,
        _ROUTING,
        (Chapter.TRAFFIC, Chapter.ROLLBACK),
    ),
    Cause(
        "dynamic-stable-scale",
        "An abort with dynamicStableScale: traffic goes back as stable's pods come",
        "Wait for stable's pods",
        Severity.TROUBLE,
        44,
        _dynamic,
        "rollout/trafficrouting.go, utils/replicaset/canary.go",
        (Chapter.ROLLBACK,),
    ),
    Cause(
        "pods-left",
        "Rolled back, but pods of the other version are still there",
        "Lift spec.paused, or undo so that they are scaled down",
        Severity.TROUBLE,
        46,
        _left,
        "rollout/replicaset.go",
        (Chapter.ROLLBACK,),
    ),
)
