"""Causes that a control plane does not show on demand, from objects as the API would send them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from amas_tui.rules.authors import Author
from amas_tui.store.detail import Clues
from amas_tui.store.scene import Scene
from amas_tui.why.case import Case
from amas_tui.why.diagnosis import CAUSES, UNKNOWN, diagnose
from amas_tui.why.finding import Finding, Severity
from tests.builders import (
    NEW,
    NOW,
    OLD,
    Json,
    Thing,
    aborted,
    ago,
    analysis_run,
    condition,
    container,
    container_state,
    endpoint_slice,
    gate,
    healthy,
    ingress,
    measurement,
    metric,
    pause,
    pod,
    read,
    replica_set,
    result,
    rollout,
    scene,
    service,
    stable_set,
    stamp,
    template,
    weight,
)
from tests.why.troubles import TROUBLES

STEPS: Final = (weight(20), gate("success-rate"), pause(), weight(50))
UPDATE: Json = {
    "steps": STEPS,
    "routed": True,
    "weights": (20, NEW),
    "conditions": [condition("Completed", "False", since=ago(minutes=9))],
}
HALTED: Json = {
    **UPDATE,
    "step": 0,
    "abort": True,
    "aborted_at": ago(minutes=3),
    "weights": (0, NEW),
    "conditions": [aborted("something")],
}


def case(fields: Json, *things: Thing, **how: Any) -> Case:
    """Return a rollout that has been quiet for a minute, among what belongs to it."""
    usual: dict[str, Any] = {"at": ago(minutes=1)}
    return Case(scene(rollout(**fields), *things, **{**usual, **how}), NOW)


def found(id_: str, one: Case) -> Finding | None:
    """Return what one cause finds."""
    cause = next(each for each in (*CAUSES, UNKNOWN) if each.id == id_)
    return cause.find(one)


def errored(message: str) -> Thing:
    """Return a run that halted an update because it could not measure."""
    bad = result(
        phase="Error",
        error=5,
        consecutiveError=5,
        message=message,
        measured=[measurement("Error", message=message)],
    )
    return analysis_run(phase="Error", step=1, results=[bad])


def unready(*, conditions: list[Json] | None = None, **fields: Any) -> Thing:
    """Return a pod of the new version that is not ready."""
    usual = [condition("Ready", "False", since=ago(minutes=5))]
    return pod(ready=False, conditions=conditions or usual, **fields)


def waiting(reason: str, message: str = "") -> Json:
    """Return a container that waits."""
    return container(ready=False, state=container_state(waiting=reason, message=message))


def unscheduled(message: str) -> Thing:
    """Return a pod that no node takes."""
    conditions = [condition("PodScheduled", "False", reason="Unschedulable", message=message)]
    return pod(phase="Pending", containers=[], ready=False, conditions=conditions)


def with_raw(one: Thing, **metadata: Any) -> Thing:
    """Return an object with other metadata."""
    own = {name: value for name, value in metadata.items() if value is not None}
    changed: Thing = replace(one, metadata=replace(one.metadata, **own))
    return changed


def dynamic() -> Case:
    canary = {
        "steps": list(STEPS),
        "dynamicStableScale": True,
        "stableService": "s",
        "canaryService": "c",
        "trafficRouting": {"nginx": {"stableIngress": "i"}},
    }
    fields = {**HALTED, "steps": (), "canary": canary, "routed": False, "weights": (40, NEW)}
    return case(fields, replica_set(), stable_set(replicas=5, available=2))


def written_back() -> Case:
    here = case({**UPDATE, "step": 2, "paused": "CanaryPauseStep"}, replica_set(), stable_set())
    authors = (
        Author(2, "argocd-controller", ago(minutes=9), NEW),
        Author(3, "kubectl-edit", ago(minutes=5), OLD),
        Author(4, "argocd-controller", ago(minutes=1), NEW),
    )
    snapshot = replace(here.scene.snapshot, authors={here.rollout.uid: authors})
    return Case(Scene(here.rollout, snapshot), NOW)


def written_by(manager: str, fields: Json, *things: Thing) -> Case:
    from tests.builders import raw_rollout  # noqa: PLC0415

    raw = raw_rollout(**fields)
    raw["metadata"]["managedFields"] = [
        {"manager": manager, "operation": "Apply", "time": stamp(ago(minutes=8))}
    ]
    return Case(scene(read(type(rollout()), raw), *things, at=ago(minutes=1)), NOW)


def ahead() -> Case:
    fields = {**UPDATE, "step": 2, "paused": "CanaryPauseStep", "paused_at": ago(seconds=-40)}
    return case(fields, replica_set(), stable_set())


def own_clock() -> Case:
    here = case({**UPDATE, "step": 0}, replica_set(), stable_set())
    snapshot = replace(here.scene.snapshot, clock_offset=timedelta(seconds=95))
    return Case(Scene(here.rollout, snapshot), NOW)


def quietly() -> Case:
    fields = {"steps": [weight(50)], "step": 0, "message": "waiting for all steps to complete"}
    return case(fields, replica_set(), stable_set(), at=ago(minutes=5))


def misrouted(*things: Thing) -> Case:
    names = {"checkout-stable": OLD, "checkout-canary": NEW}
    services = {name: service(name, pod_hash) for name, pod_hash in names.items()}
    for one in things:
        services.pop(one.metadata.name, None)
    return case(
        {**UPDATE, "step": 2, "paused": "CanaryPauseStep"},
        replica_set(),
        stable_set(),
        ingress(weight_=20),
        ingress("checkout-stable"),
        *(pod(f"new-{n}") for n in range(5)),
        *(pod(f"old-{n}", of=OLD, owner=f"checkout-{OLD}-uid") for n in range(5)),
        *services.values(),
        *things,
    )


def of_others() -> Case:
    taken = service("checkout-stable", OLD)
    mark = {"argo-rollouts.argoproj.io/managed-by-rollouts": "search"}
    return misrouted(with_raw(taken, annotations=mark))


def no_ready_pod() -> Case:
    fields = {**UPDATE, "step": 2, "paused": "CanaryPauseStep"}
    return case(fields, replica_set(available=0), stable_set(), ingress(weight_=20))


SHOWN: Final[Mapping[str, tuple[Callable[[], Case], str]]] = {
    "argument-unresolved": (
        lambda: case(HALTED, errored("failed to resolve {{args.limit}}")),
        r"could not be measured 5 times: failed to resolve",
    ),
    "prometheus-refuses": (
        lambda: case(HALTED, errored("client_error: client error: 401")),
        r"Prometheus at prometheus.example:9090 refuses the controller",
    ),
    "metric-error": (lambda: case(HALTED, errored("odd")), r"5 times: odd$"),
    "analysis-unstarted": (
        lambda: case(
            HALTED,
            analysis_run(phase="Error", message="Analysis spec invalid: count < failureLimit"),
        ),
        r"the analysis could not start: Analysis spec invalid",
    ),
    "container-config": (
        lambda: case(
            {**UPDATE, "step": 0},
            replica_set(),
            unready(containers=[waiting("CreateContainerConfigError", 'secret "x" not found')]),
        ),
        r'container app cannot be created \(CreateContainerConfigError\): secret "x" not found',
    ),
    "evicted": (
        lambda: case(
            {**UPDATE, "step": 0},
            replica_set(),
            unready(phase="Failed", reason="Evicted", containers=[]),
        ),
        r"Evicted",
    ),
    "pod-unready": (
        lambda: case(
            {**UPDATE, "step": 0},
            replica_set(),
            unready(
                containers=[container()],
                conditions=[condition("Ready", "False", reason="NodeLost", since=ago(minutes=2))],
            ),
        ),
        r"all containers are ready but the pod is not: NodeLost",
    ),
    "terminating": (
        lambda: case(
            {**UPDATE, "step": 0, "phase": "Progressing"},
            replica_set(),
            stable_set(),
            pod("old", of=OLD, owner=f"checkout-{OLD}-uid", deleted=ago(minutes=5)),
        ),
        r"1 pod does not end since 5m: old is its node or its shutdown hangs",
    ),
    "canary-selector": (
        lambda: misrouted(service("checkout-canary", "0badc0de")),
        r"service/checkout-canary selects 0badc0de, not .* no version of this rollout",
    ),
    "service-taken": (of_others, r"service/checkout-stable is managed by rollout search"),
    "endpoints": (
        lambda: misrouted(endpoint_slice("checkout-stable", [True, False])),
        r"service/checkout-stable has 1 ready endpoint, 5 pods are ready",
    ),
    "no-ready-pod": (no_ready_pod, r"% of the traffic goes to replicaset/.*no ready pod"),
    "aborted-by-controller": (
        lambda: case({**HALTED, "conditions": [aborted("Step Plugin 1 (x) failed: why")]}),
        r"Step Plugin 1 \(x\) failed: why",
    ),
    "degraded": (
        lambda: case({"phase": "Degraded", "message": "odd"}),
        r"odd",
    ),
    "dynamic-stable-scale": (
        dynamic,
        r"40 % of the traffic is still on v2.0.0: with dynamicStableScale .* 2 of 5 now",
    ),
    "experiment-inconclusive": (
        lambda: case({**UPDATE, "step": 2, "paused": "InconclusiveExperiment"}),
        r"the experiment could not decide",
    ),
    "written-back": (
        written_back,
        r"argocd-controller wrote v2.0.0 back .* after kubectl-edit had changed it",
    ),
    "kept-by-gitops": (
        lambda: written_by(
            "argocd-controller",
            HALTED,
            replica_set(annotations={"rollout.argoproj.io/revision-history": "2"}),
            stable_set(),
        ),
        r"argocd-controller wrote v2.0.0 for the second time \(it was revision 2 before\)",
    ),
    "clock": (ahead, r"the controller's clock is 40s ahead"),
    "unknown": (quietly, r"unknown: waiting for all steps to complete"),
}


@pytest.mark.parametrize("id_", SHOWN)
def test_a_cause_is_found_with_its_evidence(id_: str) -> None:
    make, says = SHOWN[id_]
    one = make()
    finding = found(id_, one)
    assert finding is not None
    assert re.search(says, finding.sentence), finding.sentence
    assert finding.evidence
    assert finding.short
    listed = [each.cause.id for each in diagnose(one.scene, one.now).found]
    assert id_ in listed


def test_every_cause_has_a_recording_or_a_case_here() -> None:
    recorded = {one.cause for one in TROUBLES} | {id_ for one in TROUBLES for id_ in one.also}
    assert {one.id for one in (*CAUSES, UNKNOWN)} == recorded | set(SHOWN)


def test_ones_own_clock_is_told_apart_from_the_controllers() -> None:
    finding = found("clock", own_clock())
    assert finding is not None
    assert finding.sentence.startswith("this machine's clock is 1m35s behind")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        pytest.param(
            "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: "
            "3 No preemption victims found for incoming pod.",
            "Insufficient memory",
            id="one resource",
        ),
        pytest.param(
            "0/4 nodes are available: 1 node(s) had untolerated taint {maintenance: yes}, "
            "3 Insufficient cpu.",
            "had untolerated taint {maintenance: yes}, Insufficient cpu",
            id="taint and resource",
        ),
        pytest.param("something new", "something new", id="unknown words"),
    ],
)
def test_the_scheduler_is_quoted_with_what_the_nodes_lack(message: str, why: str) -> None:
    one = case({**UPDATE, "step": 0}, replica_set(), unscheduled(message))
    finding = found("unschedulable", one)
    assert finding is not None
    assert finding.sentence.endswith(f"no node takes it: {why}")


def test_a_log_line_is_said_where_it_was_fetched() -> None:
    ended = {
        "name": "app",
        "image": "registry/app:v1",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 2, "reason": "Error"}},
    }
    crashed = unready(containers=[ended])
    one = case({**UPDATE, "step": 0}, replica_set(), crashed)
    silent = found("crash-loop", one)
    clues = Clues(last_lines={(crashed.metadata.uid, "app"): "panic: no route"})
    told = Case(
        Scene(one.rollout, replace(one.scene.snapshot, clues={one.rollout.uid: clues})), NOW
    )
    said = found("crash-loop", told)
    assert silent is not None
    assert said is not None
    assert silent.sentence.endswith("container app crashes (exit 2, 3 restarts)")
    assert said.sentence.endswith('(exit 2, 3 restarts): "panic: no route"')


@pytest.mark.parametrize("age", [1, 29])
def test_a_pod_that_has_just_started_is_not_called_unready(age: int) -> None:
    running = {"running": {"startedAt": stamp(ago(seconds=age))}}
    one = unready(containers=[container(ready=False, state=running)])
    assert found("readiness", case({**UPDATE, "step": 0}, replica_set(), one)) is None


def test_a_difference_of_a_moment_is_no_fault() -> None:
    fields = {**UPDATE, "step": 2, "paused": "CanaryPauseStep"}
    things = (replica_set(), stable_set(), ingress(weight_=90))
    assert found("ingress-weight", case(fields, *things, at=ago(seconds=2))) is None
    assert found("ingress-weight", case(fields, *things, at=ago(seconds=9))) is not None


def test_a_gate_that_names_the_canarys_hash_or_service_is_not_blind() -> None:
    for query in (f"rate(x{{hash='{NEW}'}}[1m])", "rate(x{service='checkout-canary'}[1m])"):
        run = analysis_run(metrics=[metric(query=query)])
        assert found("gate-blind", case({**UPDATE, "step": 1}, run)) is None


def test_a_blind_gate_says_what_passes_it() -> None:
    one = case({**UPDATE, "step": 1, "weights": (25, NEW)}, template())
    finding = found("gate-blind", one)
    assert finding is not None
    assert finding.sentence.endswith("at 25 % of the traffic one with 19 % errors passes 0.95")


@pytest.mark.parametrize(
    ("type_", "says"),
    [
        ("Step", "Promote skips it and lands on step 3 of 4, pause for a human."),
        ("Background", "Promote starts this analysis anew."),
    ],
)
def test_an_inconclusive_analysis_says_where_a_promote_leads(type_: str, says: str) -> None:
    bad = result(
        phase="Inconclusive", count=1, inconclusive=1, measured=[measurement("Inconclusive", "[1]")]
    )
    run = analysis_run(phase="Inconclusive", type_=type_, step=1, results=[bad])
    one = case({**UPDATE, "step": 1, "paused": "InconclusiveAnalysisRun"}, run)
    finding = found("analysis-inconclusive", one)
    assert finding is not None
    assert finding.following == says


def test_nothing_is_claimed_of_what_may_not_be_read() -> None:
    from amas_tui.store.kinds import Kind  # noqa: PLC0415

    fields = {**UPDATE, "step": 2, "paused": "CanaryPauseStep"}
    one = case(fields, unknown=[kind for kind in Kind if kind is not Kind.ROLLOUTS])
    ids = {each.cause.id for each in diagnose(one.scene, NOW).found}
    assert ids == {"waiting-for-human"}


def test_a_healthy_rollout_has_no_cause() -> None:
    here = scene(healthy(), replica_set(), *(pod(f"p-{n}") for n in range(5)))
    assert diagnose(here, NOW).found == ()


def test_trouble_is_said_before_a_decision_and_a_decision_before_what_takes_its_time() -> None:
    crashed = unready(containers=[waiting("CrashLoopBackOff")])
    one = case({**UPDATE, "step": 2, "paused": "CanaryPauseStep"}, replica_set(), crashed)
    ids = [each.cause.id for each in diagnose(one.scene, NOW).found]
    assert ids[0] == "crash-loop"
    assert "waiting-for-human" in ids
    severities = [each.cause.severity for each in diagnose(one.scene, NOW).found]
    assert severities == sorted(severities)
    assert Severity.TROUBLE < Severity.HUMAN < Severity.NOTICE < Severity.COURSE
