from typing import Any

import pytest

from amas_tui.actions.verb import Verb
from amas_tui.domain.watch import Applied
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from amas_tui.viewmodel.headline import headline, scene_state, steps_line, update_began
from amas_tui.viewmodel.state import Standing
from amas_tui.viewmodel.text import Tone, line_width, plain
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
    failed_run,
    gate,
    healthy,
    invalid,
    measurement,
    metric,
    pause,
    pod,
    replica_set,
    result,
    rollout,
    scene,
    stable_set,
    weight,
)

STEPS = (weight(20), pause(), gate("success-rate"), weight(50), pause("1m"), weight(75))
UPDATING = condition("Completed", "False", since=ago(minutes=9))
UPDATE: Json = {"steps": STEPS, "routed": True, "conditions": [UPDATING]}
HALT = "metric success-rate assessed Failed"


def halted(cause: str = HALT, **fields: object) -> Json:
    return {
        **UPDATE,
        "abort": True,
        "aborted_at": ago(minutes=3),
        "step": 0,
        "weights": (0, NEW),
        "conditions": [UPDATING, aborted(cause)],
        **fields,
    }


def said(fields: Json, *things: Thing) -> tuple[str, str, tuple[Verb, ...]]:
    here = scene(rollout(**fields), replica_set(), stable_set(), *things)
    found = headline(here, NOW)
    return found.sentence, found.following, found.verbs


def pods(count: int, **fields: Any) -> list[Thing]:
    return [pod(f"pod-{number}", **fields) for number in range(count)]


LIMITED = metric(count=4, interval="10s", failureLimit=0)


@pytest.mark.parametrize(
    ("fields", "things", "sentence", "following"),
    [
        pytest.param(
            halted(),
            [failed_run(step=2)],
            "Halted at 20 %: success-rate 0.812 < 0.95, 1 of 1 failed.",
            "Traffic is back on v1.4.0. Nothing moves by itself:",
            id="a gate failed",
        ),
        pytest.param(
            halted(weights=(20, NEW)),
            [failed_run(step=2)],
            "Halted at 20 %: success-rate 0.812 < 0.95, 1 of 1 failed.",
            "20 % of the traffic is still on v2.0.0. Nothing moves by itself:",
            id="traffic is not back yet",
        ),
        pytest.param(
            halted(),
            [failed_run("[NaN]", step=2)],
            "Halted at 20 %: success-rate NaN < 0.95, 1 of 1 failed: "
            "NaN is 0/0, no requests in the query's window.",
            "Traffic is back on v1.4.0. Nothing moves by itself:",
            id="no traffic",
        ),
        pytest.param(
            halted(),
            [
                analysis_run(
                    phase="Error",
                    step=2,
                    results=[
                        result(
                            phase="Error",
                            error=5,
                            consecutiveError=5,
                            message="connection refused",
                            measured=[measurement("Error", message="connection refused")],
                        )
                    ],
                )
            ],
            "Halted at 20 %: success-rate could not be measured 5 times: "
            "Prometheus at prometheus.example:9090 does not answer the controller: "
            "connection refused.",
            "Traffic is back on v1.4.0. Nothing moves by itself:",
            id="a gate could not measure",
        ),
        pytest.param(
            halted("Step Plugin 1 (x) failed: why."),
            [],
            "Halted: Step Plugin 1 (x) failed: why.",
            "Traffic is back on v1.4.0. Nothing moves by itself:",
            id="no run is known",
        ),
        pytest.param(
            halted(""),
            [],
            "Aborted by hand 3m ago.",
            "Traffic is back on v1.4.0. Nothing moves by itself:",
            id="by a person",
        ),
        pytest.param(
            {"conditions": [invalid("spec.strategy: no such service.")]},
            [],
            "InvalidSpec: spec.strategy: no such service.",
            "The controller acts on nothing, abort included, until this is repaired.",
            id="invalid",
        ),
        pytest.param(
            {
                **UPDATE,
                "step": 1,
                "paused": "CanaryPauseStep",
                "weights": (20, NEW),
                "paused_at": ago(minutes=14),
            },
            [],
            "Waiting for you since 14m at 20 %.",
            "Next: analysis success-rate, then weight 50.",
            id="waiting",
        ),
        pytest.param(
            {**UPDATE, "steps": [pause()], "step": 0, "paused": "CanaryPauseStep"},
            [],
            "Waiting for you since 2m at 0 %.",
            "Next: all steps are done, the new version becomes stable.",
            id="waiting at the last step",
        ),
        pytest.param(
            {
                "blue_green": {"status": {"activeSelector": OLD, "previewSelector": NEW}},
                "paused": "BlueGreenPause",
            },
            pods(3),
            "Waiting for you since 2m: preview v2.0.0 is up, 3 of 5 ready.",
            "Promote switches checkout-active to it.",
            id="blue-green waits",
        ),
        pytest.param(
            {**UPDATE, "step": 2, "paused": "InconclusiveAnalysisRun", "weights": (20, NEW)},
            [
                analysis_run(
                    phase="Inconclusive",
                    step=2,
                    results=[
                        result(
                            phase="Inconclusive",
                            count=2,
                            inconclusive=1,
                            measured=[measurement("Inconclusive", "[0.93]")],
                        )
                    ],
                )
            ],
            "Inconclusive at 20 % since 2m: success-rate 0.93 < 0.95, 1 of 2 inconclusive.",
            "Promote skips it and lands on step 4 of 6, weight 50.",
            id="inconclusive",
        ),
        pytest.param(
            {**UPDATE, "step": 2, "paused": "InconclusiveAnalysisRun", "weights": (20, NEW)},
            [],
            "Inconclusive at 20 % since 2m: the analysis could not decide.",
            "Next: weight 50, then pause 1m.",
            id="inconclusive, no run",
        ),
        pytest.param(
            {**UPDATE, "step": 0, "held": True, "weights": (20, NEW)},
            [],
            "Held by spec.paused at 20 %.",
            "The pause's clock and the analyses keep running.",
            id="held",
        ),
        pytest.param(
            {
                **UPDATE,
                "step": 4,
                "paused": "CanaryPauseStep",
                "weights": (50, NEW),
                "paused_at": ago(seconds=22),
            },
            [],
            "Pausing at 50 %: 40s left.",
            "Next: weight 75.",
            id="timed pause",
        ),
        pytest.param(
            {
                **UPDATE,
                "step": 2,
                "weights": (20, NEW),
                "status": {
                    "canary": {
                        "currentStepAnalysisRunStatus": {"name": "run", "status": "Running"},
                        "weights": {"canary": {"weight": 20, "podTemplateHash": NEW}},
                    }
                },
            },
            [
                analysis_run(
                    "run",
                    metrics=[LIMITED],
                    results=[result(count=2, measured=[measurement("Successful", "[0.99]")])],
                )
            ],
            "Analysing at 20 %: success-rate 0.99 >= 0.95 (2/4).",
            "Next: weight 50, then pause 1m.",
            id="analysing",
        ),
        pytest.param(
            {**UPDATE, "step": 2, "weights": (20, NEW)},
            [],
            "Analysing at 20 %: analysis success-rate.",
            "Next: weight 50, then pause 1m.",
            id="analysing, no run yet",
        ),
        pytest.param(
            {**UPDATE, "step": 0},
            pods(1),
            "Scaling to 20 %: 1 of 5 pods of v2.0.0 ready.",
            "Next: pause for a human, then analysis success-rate.",
            id="scaling",
        ),
        pytest.param(
            {**UPDATE, "step": 0},
            pods(
                1,
                ready=False,
                containers=[
                    container(
                        ready=False,
                        state=container_state(waiting="ImagePullBackOff", message="no such tag"),
                    )
                ],
            ),
            "Scaling to 20 %: 0 of 5 pods of v2.0.0 ready: "
            "image registry/app:v1 cannot be pulled (ImagePullBackOff): no such tag.",
            "It goes on by itself once they are ready.",
            id="scaling in trouble",
        ),
        pytest.param(
            {**UPDATE, "step": 0},
            pods(
                1,
                ready=False,
                phase="Pending",
                containers=[],
                conditions=[
                    condition(
                        "PodScheduled", "False", reason="Unschedulable", message="0/3 nodes: memory"
                    )
                ],
            ),
            "Scaling to 20 %: 0 of 5 pods of v2.0.0 ready: no node takes it: 0/3 nodes: memory.",
            "It goes on by itself once they are ready.",
            id="unschedulable",
        ),
        pytest.param(
            {**UPDATE, "step": 6},
            [],
            "Finishing: 0 of 5 pods of v2.0.0 ready.",
            "Next: all steps are done, the new version becomes stable.",
            id="finishing",
        ),
        pytest.param(
            {"stable": ""}, [], "Deploying: 0 of 5 pods of v2.0.0 ready.", "", id="first deployment"
        ),
        pytest.param(
            {**UPDATE, "promote_full": True},
            pods(4),
            "Promoting v2.0.0 fully: 4 of 5 pods ready.",
            "Steps and analyses are skipped.",
            id="promoting",
        ),
        pytest.param(
            {
                "phase": "Degraded",
                "message": 'ProgressDeadlineExceeded: ReplicaSet "x" has timed out progressing.',
            },
            [],
            'ProgressDeadlineExceeded: ReplicaSet "x" has timed out progressing.',
            "The controller goes on by itself once the pods are ready.",
            id="timed out",
        ),
        pytest.param({"phase": "Degraded", "message": "odd"}, [], "odd.", "", id="degraded"),
        pytest.param(
            {"abort": True},
            [],
            "Waiting for the controller to take in the abort.",
            "",
            id="aborting",
        ),
        pytest.param(
            {"observed": 2},
            [],
            "Waiting for the controller to take in generation 3.",
            "",
            id="unobserved",
        ),
        pytest.param(
            {"controller_pause": True},
            [],
            "Waiting for the controller to take in the promote.",
            "",
            id="resuming",
        ),
        pytest.param(
            {"new": "", "stable": "", "phase": None},
            [],
            "The controller has never reported on this rollout, 1h old.",
            "Is it running, and does it watch this rollout?",
            id="never seen",
        ),
    ],
)
def test_the_sentence_says_what_is_so_and_what_comes(
    fields: Json, things: list[Thing], sentence: str, following: str
) -> None:
    assert said(fields, *things)[:2] == (sentence, following)


def test_a_quota_is_named_where_the_replica_set_says_so() -> None:
    failure = condition("ReplicaFailure", message="exceeded quota: cpu")
    here = scene(rollout(**UPDATE, step=0), replica_set(conditions=[failure]), stable_set())
    assert headline(here, NOW).sentence.endswith("ready: exceeded quota: cpu.")


def test_a_healthy_rollout_says_its_version_and_since_when() -> None:
    here = scene(healthy(ready=4), replica_set())
    found = headline(here, NOW)
    assert found.sentence == "Healthy: v2.0.0 (revision 2) since 3d, 4 of 5 ready."
    assert (found.following, found.verbs) == ("", ())


@pytest.mark.parametrize(
    ("fields", "verbs"),
    [
        pytest.param(halted(), (Verb.UNDO, Verb.RETRY), id="halted"),
        pytest.param(
            {**UPDATE, "step": 1, "paused": "CanaryPauseStep"},
            (Verb.PROMOTE, Verb.ABORT),
            id="waiting",
        ),
        pytest.param({**UPDATE, "step": 2}, (Verb.ABORT,), id="analysing"),
        pytest.param({**UPDATE, "step": 0}, (Verb.ABORT,), id="scaling"),
        pytest.param(
            {"phase": "Degraded", "stable": OLD},
            (Verb.ABORT, Verb.UNDO),
            id="degraded while updating",
        ),
        pytest.param({"phase": "Degraded", "stable": NEW}, (Verb.UNDO,), id="degraded"),
        pytest.param({"conditions": [invalid("x")]}, (), id="invalid"),
    ],
)
def test_the_verbs_that_help_are_offered(fields: Json, verbs: tuple[Verb, ...]) -> None:
    assert said(fields)[2] == verbs


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"abort": True}, "abort"),
        ({"controller_pause": True}, "promote"),
        ({"observed": 2}, "generation 3"),
    ],
)
def test_a_silent_controller_is_named_with_what_it_ignores(fields: Json, waits: str) -> None:
    one = rollout(**fields)
    here = scene(one, at=ago(minutes=1))
    assert scene_state(here, NOW).standing is Standing.SILENT
    found = headline(here, NOW)
    assert found.sentence == f"The controller has not reacted to {waits} for 1m."
    assert found.following == "Is it running, and does it watch this rollout?"


def test_our_own_clock_says_how_long_a_controller_is_silent() -> None:
    one = rollout(abort=True)
    first = scene(one, at=ago(seconds=3)).snapshot
    ahead = Scene(one, first.after([Fact(StreamId(Kind.PODS), Applied(pod()), NOW)]))
    assert scene_state(ahead, NOW).standing is Standing.ABORTING


def steps(fields: Json, *things: Thing, width: int = 80) -> str:
    here = scene(rollout(**fields), replica_set(), stable_set(), *things)
    line = steps_line(here, NOW, width)
    assert line_width(line) <= width
    return plain(line).strip()


@pytest.mark.parametrize(
    ("fields", "things", "line"),
    [
        pytest.param({**UPDATE, "step": 2}, [], "20✔ ‖✔ α◌ 50 1m 75", id="on its way"),
        pytest.param(
            {**UPDATE, "step": 1, "paused": "CanaryPauseStep"},
            [],
            "20✔ ‖‖ α 50 1m 75",
            id="waiting",
        ),
        pytest.param({**UPDATE, "step": 6}, [], "20✔ ‖✔ α✔ 50✔ 1m✔ 75✔", id="done"),
        pytest.param(
            {**UPDATE, "step": 6, "stable": NEW}, [], "20✔ ‖✔ α✔ 50✔ 1m✔ 75✔", id="promoted"
        ),
        pytest.param(halted(), [failed_run(step=2)], "20✔ ‖✔ α✖ 50 1m 75", id="halted"),
        pytest.param(halted(), [], "20 ‖ α 50 1m 75", id="halted nobody knows where"),
    ],
)
def test_the_steps_stand_in_one_line(fields: Json, things: list[Thing], line: str) -> None:
    assert steps(fields, *things).split("  ")[0] == line


@pytest.mark.parametrize(
    ("fields", "things", "position"),
    [
        pytest.param({**UPDATE, "step": 2}, [], "2/6  9m", id="running"),
        pytest.param(halted(), [failed_run(step=2)], "2/6  6m  halted 3m ago", id="halted"),
        pytest.param(halted(), [], "?/6  6m  halted 3m ago", id="halted nobody knows where"),
        pytest.param({"steps": STEPS, "step": 6, "stable": NEW}, [], "6/6", id="promoted"),
        pytest.param({"steps": ()}, [], "canary without steps", id="no steps"),
    ],
)
def test_position_and_time_stand_at_the_end(
    fields: Json, things: list[Thing], position: str
) -> None:
    assert steps(fields, *things).endswith(position)


@pytest.mark.parametrize("width", [20, 30, 40, 60])
@pytest.mark.parametrize("index", [0, 9, 19])
def test_where_steps_do_not_fit_the_one_at_hand_is_seen(width: int, index: int) -> None:
    many = [weight(number + 10) for number in range(20)]
    shown = steps({**UPDATE, "steps": many, "step": index}, width=width)
    assert f"{index + 10}◌" in shown
    assert "…" in shown


def test_blue_green_shows_what_is_active_and_what_is_previewed() -> None:
    both = {"blue_green": {"status": {"activeSelector": OLD, "previewSelector": NEW}}}
    assert steps(both) == "active v1.4.0 · preview v2.0.0"
    one = {"blue_green": {"status": {"activeSelector": NEW, "previewSelector": NEW}}}
    assert steps(one) == "active v2.0.0"


def test_the_step_at_hand_has_the_states_tone() -> None:
    here = scene(rollout(**halted()), replica_set(), stable_set(), failed_run(step=2))
    (bad,) = [span for span in steps_line(here, NOW, 80) if span.tone is Tone.BAD]
    assert bad.text.strip() == "α✖"


def test_an_update_began_when_completed_turned_false() -> None:
    assert update_began(rollout(conditions=[UPDATING])) == ago(minutes=9)
    assert update_began(healthy()) is None
    assert update_began(rollout()) is None


def test_no_time_is_told_that_goes_backwards() -> None:
    odd = halted(aborted_at=ago(hours=1))
    assert steps(odd, failed_run(step=2)).endswith("2/6  halted 60m ago")
