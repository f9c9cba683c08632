"""The rollout's analysis runs, and what their results do to it."""

from typing import Final

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Predicate, Stage
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest
from tests.controlplane.rollouts import blue_green, canary, gate, pause, set_weight

GOOD: Final = "good"
BAD: Final = "bad"
UNSURE: Final = "unsure"
ENDLESS: Final = "endless"
_FAILED: Final = 'Metric "bad" assessed Failed due to failed (1) > failureLimit (0)'
_ONE: Final = "result[0] == 1"
_METRICS: Final[dict[str, Json]] = {
    GOOD: {"query": "vector(1)", "successCondition": _ONE},
    BAD: {"query": "vector(0)", "successCondition": _ONE},
    UNSURE: {
        "query": "vector(0)",
        "successCondition": _ONE,
        "failureCondition": "result[0] == 2",
    },
    ENDLESS: {
        "query": "vector(1)",
        "successCondition": _ONE,
        "interval": "1s",
        "count": 1000,
    },
}


def _templates(stage: Stage, *names: str) -> None:
    for name in names:
        fields = dict(_METRICS[name])
        prometheus = {"address": stage.prometheus_url, "query": fields.pop("query")}
        metric = {"name": name, "provider": {"prometheus": prometheus}, **fields}
        spec = {"args": [{"name": "hash"}, {"name": "name"}], "metrics": [metric]}
        stage.apply(
            manifest("argoproj.io/v1alpha1", "AnalysisTemplate", stage.namespace, name, spec=spec)
        )


def _analysis(template: str, **more: object) -> Json:
    latest = {"podTemplateHashValue": "Latest"}
    return {
        "templates": [{"templateName": template}],
        "args": [
            {"name": "hash", "valueFrom": latest},
            {"name": "name", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        **more,
    }


def _update(stage: Stage, template: str, *steps: Json, background: Json | None = None) -> str:
    """Deploy, release a second version and return its hash."""
    _templates(stage, template)
    act.deploy(stage, *canary(stage.namespace, NAME, steps, replicas=1, background=background))
    act.release(stage, "v2")
    seen = act.wait(stage, act.both(act.is_revision("2"), act.status_is(currentStepIndex=0)))
    found: str = seen["status"]["currentPodHash"]
    return found


def _is_phase(phase: str) -> Predicate:
    return lambda run: run.get("status", {}).get("phase") == phase


def step_analysis_passes(stage: Stage) -> None:
    """A step's run is named, labelled and given its arguments; its success ends the step."""
    fresh = _update(stage, GOOD, gate(_analysis(GOOD)), pause())
    act.wait(stage, act.paused_at(1))
    run = stage.get("analysisruns", f"{NAME}-{fresh}-2-0")
    rollout = stage.get("rollouts", NAME)
    metadata = run["metadata"]
    assert metadata["labels"] == {
        "app": NAME,
        "rollout-type": "Step",
        "rollouts-pod-template-hash": fresh,
        "step-index": "0",
    }
    assert act.revision(run) == "2"
    owner = metadata["ownerReferences"][0]
    assert (owner["kind"], owner["uid"]) == ("Rollout", rollout["metadata"]["uid"])
    assert owner["controller"]
    assert owner["blockOwnerDeletion"]
    values = {each["name"]: each["value"] for each in run["spec"]["args"]}
    assert values == {"hash": fresh, "name": NAME}
    assert run["spec"]["metrics"][0]["name"] == GOOD
    assert "currentStepAnalysisRunStatus" not in rollout["status"]["canary"]
    _statuses_were(stage, "currentStepAnalysisRunStatus", "Running", "Successful")
    text = f"Step Analysis Run '{metadata['name']}' Status New: 'Successful' Previous: "
    stage.wait_any("events", lambda each: each["message"].startswith(text))


def _statuses_were(stage: Stage, field: str, *expected: str) -> None:
    """The status told these phases of a run, in this order; it may have missed the last."""
    seen = [
        each.object["status"]["canary"].get(field, {}).get("status")
        for each in stage.history("rollouts", NAME)
        if "canary" in each.object.get("status", {})
    ]
    told = list(dict.fromkeys(each for each in seen if each))
    assert told == list(expected)[: len(told)]


def step_analysis_fails(stage: Stage) -> None:
    """A failed run aborts, and says why; the retry has runs of its own."""
    fresh = _update(stage, BAD, set_weight(100), gate(_analysis(BAD)))
    aborted = act.wait(stage, states.is_aborted)
    cause = f"Step-based analysis phase error/failed: {_FAILED}"
    text = f"Rollout aborted update to revision 2: {cause}"
    assert aborted["status"]["message"] == f"RolloutAborted: {text}"
    assert act.condition(aborted, "Progressing")["message"] == text
    name = f"{NAME}-{fresh}-2-1"
    act.wait(stage, lambda each: not each["status"]["canary"].get("currentStepAnalysisRunStatus"))
    stage.wait_any("events", lambda each: each["message"] == text and each["type"] == "Warning")
    event = act.wait_for_event(stage, "AnalysisRunFailed")
    assert event["type"] == "Warning"
    act.set_status(stage, abort=False)
    stage.wait("analysisruns", f"{name}.1", _is_phase("Failed"))
    act.wait(stage, states.is_aborted)
    assert {each["metadata"]["name"] for each in stage.select("analysisruns")} == {
        name,
        f"{name}.1",
    }


def background_analysis_fails(stage: Stage) -> None:
    """A background run begins at its step and aborts from there."""
    background = _analysis(BAD, startingStep=1)
    fresh = _update(stage, BAD, pause(), pause(), background=background)
    seen = act.wait(stage, act.paused_at(0))
    assert stage.select("analysisruns") == []
    assert "currentBackgroundAnalysisRunStatus" not in seen["status"]["canary"]
    act.lift_pause(stage)
    aborted = act.wait(stage, states.is_aborted)
    cause = f"Background analysis phase error/failed: {_FAILED}"
    text = f"Rollout aborted update to revision 2: {cause}"
    assert aborted["status"]["message"] == f"RolloutAborted: {text}"
    run = stage.get("analysisruns", f"{NAME}-{fresh}-2")
    assert run["metadata"]["labels"]["rollout-type"] == "Background"
    assert "step-index" not in run["metadata"]["labels"]


def inconclusive_analysis(stage: Stage) -> None:
    """An unsure run pauses; lifting the pause alone measures again, promote skips the step."""
    fresh = _update(stage, UNSURE, gate(_analysis(UNSURE)), pause())
    is_unsure = act.status_is(phase="Paused", message="InconclusiveAnalysisRun")
    seen = act.wait(stage, is_unsure)
    assert seen["status"]["canary"]["currentStepAnalysisRunStatus"]["status"] == "Inconclusive"
    act.lift_pause(stage)
    again = f"{NAME}-{fresh}-2-0.1"
    stage.wait("analysisruns", again, _is_phase("Inconclusive"))
    act.wait(stage, is_unsure)
    act.set_status(stage, pauseConditions=None, controllerPause=False, currentStepIndex=1)
    act.wait(stage, act.both(act.paused_at(1), act.status_is(message="CanaryPauseStep")))


def skipped_analysis_is_terminated(stage: Stage) -> None:
    """Promoting past a running analysis ends its run."""
    fresh = _update(stage, ENDLESS, gate(_analysis(ENDLESS)), pause())
    name = f"{NAME}-{fresh}-2-0"
    stage.wait("analysisruns", name, _is_phase("Running"))
    act.wait(stage, lambda each: "currentStepAnalysisRunStatus" in each["status"]["canary"])
    act.set_status(stage, pauseConditions=None, currentStepIndex=1)
    act.wait(stage, act.paused_at(1))
    ended = stage.wait("analysisruns", name, _is_phase("Successful"))
    assert ended["spec"]["terminate"] is True
    assert ended["status"]["message"] == "Run Terminated"


def analyses_around_the_switch(stage: Stage) -> None:
    """The switch waits for the run before it; the run after it can take the switch back."""
    _templates(stage, GOOD, BAD)
    pre, post = _analysis(GOOD), _analysis(BAD)
    manifests = blue_green(
        stage.namespace, NAME, replicas=1, auto_promotion=True, pre=pre, post=post
    )
    first = act.deploy(stage, *manifests)
    stable = first["status"]["stableRS"]
    act.release(stage, "v2")
    aborted = act.wait(stage, states.is_aborted)
    fresh = aborted["status"]["currentPodHash"]
    cause = f"Blue/green post-promotion analysis phase error/failed: {_FAILED}"
    text = f"RolloutAborted: Rollout aborted update to revision 2: {cause}"
    assert aborted["status"]["message"] == text
    colours = aborted["status"]["blueGreen"]
    assert colours["prePromotionAnalysisRunStatus"] == {
        "name": f"{NAME}-{fresh}-2-pre",
        "status": "Successful",
    }
    assert colours["postPromotionAnalysisRunStatus"] == {
        "name": f"{NAME}-{fresh}-2-post",
        "status": "Failed",
        "message": _FAILED,
    }
    stage.wait("services", f"{NAME}-active", act.selects(stable))
    services = [
        each.object["spec"]["selector"]["rollouts-pod-template-hash"]
        for each in stage.history("services", f"{NAME}-active")
        if "rollouts-pod-template-hash" in each.object["spec"]["selector"]
    ]
    assert list(dict.fromkeys(services)) == [stable, fresh]
