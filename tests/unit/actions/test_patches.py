import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.actions.patches import EPHEMERAL, undo_template, writes
from amas_tui.actions.promote import (
    is_inconclusive_step,
    promote_lifts_pause,
    promoted_index,
    runs_again,
)
from amas_tui.actions.rule import Material, RefusedError
from amas_tui.actions.verb import Child, Choice, Images, Target, Verb
from amas_tui.actions.write import Write
from amas_tui.domain.rollout import Rollout
from amas_tui.store.kinds import Kind
from tests.builders import (
    NEW,
    OLD,
    Json,
    ago,
    gate,
    pause,
    pod_template,
    raw_rollout,
    read,
    rollout,
    stamp,
    weight,
)
from tests.fakes import FakeCluster
from tests.unit.strategies import raw_records

STEPS = (weight(20), pause(), gate("success-rate"), weight(50))
SINCE = ago(minutes=2)
UID = {"op": "test", "path": "/metadata/uid", "value": "checkout-uid"}
HASH = {"op": "test", "path": "/status/currentPodHash", "value": NEW}
GENERATION = {"op": "test", "path": "/metadata/generation", "value": 3}


def body(write: Write) -> Any:
    return json.loads(write.body)


def guard(path: str, value: Any) -> Json:
    return {"op": "test", "path": f"/status/{path}", "value": value}


def paused(*reasons: str) -> list[Json]:
    return [{"reason": reason, "startTime": stamp(SINCE)} for reason in reasons]


def _inconclusive(status: str = "Inconclusive") -> Json:
    return {"canary": {"currentStepAnalysisRunStatus": {"name": "run", "status": status}}}


def seen(index: int | None, pauses: list[Json] | None) -> list[Json]:
    return [
        UID,
        HASH,
        guard("currentStepIndex", index),
        guard("pauseConditions", pauses),
        guard("abort", None),
    ]


CLEAR: Json = {"op": "remove", "path": "/status/pauseConditions"}
RESUME: Json = {"op": "replace", "path": "/spec/paused", "value": False}


def step_to(index: int) -> Json:
    return {"op": "add", "path": "/status/currentStepIndex", "value": index}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"step": 1, "paused": "CanaryPauseStep"},
            [*seen(1, paused("CanaryPauseStep")), CLEAR],
            id="a pause is lifted",
        ),
        pytest.param(
            {"step": 2, "paused": "InconclusiveAnalysisRun", "status": _inconclusive()},
            [
                *seen(2, paused("InconclusiveAnalysisRun")),
                CLEAR,
                {"op": "add", "path": "/status/controllerPause", "value": False},
                step_to(3),
            ],
            id="an inconclusive step is passed",
        ),
        pytest.param(
            {"step": 0, "paused": "InconclusiveAnalysisRun"},
            [*seen(0, paused("InconclusiveAnalysisRun")), CLEAR],
            id="an inconclusive background analysis only runs again",
        ),
        pytest.param({"step": 2}, [*seen(2, None), step_to(3)], id="a running step is skipped"),
        pytest.param({"step": None}, [*seen(None, None), step_to(1)], id="no index is the first"),
        pytest.param({"step": 4}, [*seen(4, None), step_to(4)], id="nothing beyond the end"),
        pytest.param(
            {"blue_green": {}, "paused": "BlueGreenPause"},
            [*seen(None, paused("BlueGreenPause")), CLEAR],
            id="blue-green is switched",
        ),
    ],
)
def test_promote_writes_the_status_as_the_plugin_does(fields: Json, expected: list[Json]) -> None:
    (write,) = writes(Verb.PROMOTE, rollout(**{"steps": STEPS, "paused_at": SINCE, **fields}))
    assert body(write) == expected
    assert write.subresource == "status"


def test_promote_of_a_hold_lifts_the_hold_and_skips_nothing() -> None:
    (write,) = writes(Verb.PROMOTE, rollout(steps=STEPS, step=0, held=True))
    assert body(write) == [UID, GENERATION, RESUME]
    assert write.subresource == ""


def test_promote_of_a_hold_and_a_pause_lifts_the_hold_first() -> None:
    both = rollout(steps=STEPS, step=1, held=True, paused="CanaryPauseStep", paused_at=SINCE)
    first, second = writes(Verb.PROMOTE, both)
    assert body(first) == [UID, GENERATION, RESUME]
    assert body(second) == [*seen(1, paused("CanaryPauseStep")), CLEAR]


@pytest.mark.parametrize("aborted", [False, True])
def test_full_promote_asks_the_controller_to_finish(*, aborted: bool) -> None:
    (write,) = writes(Verb.PROMOTE_FULL, rollout(steps=STEPS, step=0, abort=aborted))
    assert body(write) == [
        UID,
        HASH,
        guard("abort", True if aborted else None),
        {"op": "add", "path": "/status/promoteFull", "value": True},
    ]
    assert write.subresource == "status"


def test_full_promote_lifts_a_hold_too() -> None:
    first, second = writes(Verb.PROMOTE_FULL, rollout(held=True))
    assert body(first) == [UID, GENERATION, RESUME]
    assert body(second)[-1]["path"] == "/status/promoteFull"


def test_abort_is_guarded_by_identity_alone() -> None:
    (write,) = writes(Verb.ABORT, rollout(steps=STEPS, step=2, held=True))
    assert body(write) == [UID, HASH, {"op": "add", "path": "/status/abort", "value": True}]
    assert write.subresource == "status"


def test_undo_replaces_the_template_while_the_spec_is_unchanged() -> None:
    template: Json = {"spec": {"containers": []}}
    (write,) = writes(Verb.UNDO, rollout(), material=Material(template))
    assert body(write) == [
        UID,
        GENERATION,
        {"op": "replace", "path": "/spec/template", "value": template},
    ]
    assert write.subresource == ""


CHOICE: dict[Verb, Choice] = {
    Verb.UNDO: Target(1, OLD, f"checkout-{OLD}"),
    Verb.SET_IMAGE: Images((("*", "registry/checkout:v3"),)),
    Verb.TERMINATE_RUN: Child(Kind.ANALYSIS_RUNS, "run", "x-uid", "Running"),
    Verb.TERMINATE_EXPERIMENT: Child(Kind.EXPERIMENTS, "exp", "x-uid", "Running"),
    Verb.RETRY_EXPERIMENT: Child(Kind.EXPERIMENTS, "exp", "x-uid", "Failed"),
}


def made(verb: Verb, one: Rollout) -> tuple[Write, ...]:
    """Return a verb's writes; none where a rollout without containers is given an image."""
    with suppress(RefusedError):
        return writes(verb, one, CHOICE.get(verb), Material({"spec": {}}))
    return ()


@given(raw_records(Rollout), st.sampled_from(Verb))
def test_every_write_looks_before_it_leaps(raw: Any, verb: Verb) -> None:
    one = read(Rollout, {**raw, "metadata": {"name": "x", "uid": "x-uid", "namespace": "shop"}})
    for write in made(verb, one):
        operations = [operation["op"] for operation in body(write)]
        tests = operations.count("test")
        assert operations[:tests] == ["test"] * tests
        assert body(write)[0] == {"op": "test", "path": "/metadata/uid", "value": "x-uid"}
        assert 0 < tests < len(operations)
        assert len(write.changes) == len(operations) - tests


GUARDED = [
    pytest.param(Verb.PROMOTE, {"step": 1, "paused": "CanaryPauseStep"}, id="promote"),
    pytest.param(Verb.PROMOTE, {"step": 2}, id="promote a running step"),
    pytest.param(Verb.PROMOTE_FULL, {"step": 2}, id="full"),
    pytest.param(Verb.ABORT, {"step": 2}, id="abort"),
    pytest.param(Verb.UNDO, {"step": 2}, id="undo"),
]


@pytest.mark.parametrize(("verb", "fields"), GUARDED)
async def test_a_write_fits_the_object_it_was_made_from(verb: Verb, fields: Json) -> None:
    raw = raw_rollout(steps=STEPS, **fields)
    cluster = FakeCluster(raw)
    for write in writes(
        verb, read(Rollout, raw), material=Material(pod_template("registry/checkout:v1"))
    ):
        reply = await cluster.send(write, dry_run=True)
        assert reply["metadata"]["resourceVersion"] != raw["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("fields", "step", "passes", "lifts", "again"),
    [
        pytest.param(
            {"step": 2, "paused": "InconclusiveAnalysisRun", "status": _inconclusive()},
            3,
            True,
            False,
            False,
            id="inconclusive step",
        ),
        pytest.param(
            {"step": 2, "paused": "InconclusiveAnalysisRun", "status": _inconclusive("Running")},
            3,
            False,
            True,
            True,
            id="inconclusive background",
        ),
        pytest.param(
            {"step": 2, "status": _inconclusive()},
            3,
            False,
            False,
            False,
            id="inconclusive, not paused yet",
        ),
        pytest.param(
            {
                "step": 2,
                "paused": "InconclusiveAnalysisRun",
                "controller_pause": False,
                "status": _inconclusive(),
            },
            3,
            False,
            True,
            True,
            id="no controllerPause",
        ),
        pytest.param({"step": 1, "paused": "CanaryPauseStep"}, 2, False, True, False, id="pause"),
        pytest.param(
            {"step": 1, "paused": "InconclusiveExperiment"}, 2, False, True, True, id="experiment"
        ),
        pytest.param({"step": 99}, 4, False, False, False, id="beyond the end"),
    ],
)
def test_what_a_promote_means_here(
    *, fields: Json, step: int, passes: bool, lifts: bool, again: bool
) -> None:
    one = rollout(steps=STEPS, **fields)
    assert promoted_index(one) == step
    assert is_inconclusive_step(one) is passes
    assert promote_lifts_pause(one) is lifts
    assert bool(runs_again(one)) is again


def replica_set(template: Json, ephemeral: Any = None) -> Json:
    annotations = {} if ephemeral is None else {EPHEMERAL: ephemeral}
    return {"metadata": {"name": "x", "annotations": annotations}, "spec": {"template": template}}


def _template(labels: Json | None = None, annotations: Json | None = None, **spec: Any) -> Json:
    metadata = {
        key: value for key, value in (("labels", labels), ("annotations", annotations)) if value
    }
    return {"metadata": metadata, "spec": {"containers": [{"name": "app"}], **spec}}


def _term(key: str, **more: Any) -> Json:
    expression = {"key": key, "operator": "NotIn", "values": [OLD]}
    return {
        "labelSelector": {"matchExpressions": [expression], **more},
        "topologyKey": "kubernetes.io/hostname",
    }


INJECTED = _term("rollouts-pod-template-hash")
OWN = _term("app")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize(
    ("before", "ephemeral", "after"),
    [
        pytest.param(
            _template({"app": "x", "rollouts-pod-template-hash": NEW}),
            None,
            _template({"app": "x"}),
            id="the hash label goes",
        ),
        pytest.param(
            _template({"rollouts-pod-template-hash": NEW}),
            None,
            _template(),
            id="no empty labels stay",
        ),
        pytest.param(
            _template({"app": "x", "role": "canary"}, {"note": "y", "own": "z"}),
            json.dumps({"labels": {"role": "canary"}, "annotations": {"note": "y"}}),
            _template({"app": "x"}, {"own": "z"}),
            id="the role's metadata goes",
        ),
        pytest.param(_template({"app": "x"}), "no json", _template({"app": "x"}), id="odd mark"),
        pytest.param(_template({"app": "x"}), "[]", _template({"app": "x"}), id="a list as a mark"),
        pytest.param(
            _template({"app": "x"}),
            '{"labels": null}',
            _template({"app": "x"}),
            id="a mark without labels",
        ),
        pytest.param(
            _template(affinity={"podAntiAffinity": {REQUIRED: [INJECTED]}}),
            None,
            _template(),
            id="injected anti-affinity goes with its frame",
        ),
        pytest.param(
            _template(affinity={"podAntiAffinity": {REQUIRED: [OWN, INJECTED]}}),
            None,
            _template(affinity={"podAntiAffinity": {REQUIRED: [OWN]}}),
            id="one's own anti-affinity stays",
        ),
        pytest.param(
            _template(
                affinity={
                    "podAntiAffinity": {
                        PREFERRED: [{"weight": 1, "podAffinityTerm": INJECTED}],
                        REQUIRED: [OWN],
                    }
                }
            ),
            None,
            _template(affinity={"podAntiAffinity": {REQUIRED: [OWN]}}),
            id="preferred anti-affinity too",
        ),
        pytest.param(
            _template(
                affinity={"podAntiAffinity": {REQUIRED: [INJECTED]}, "nodeAffinity": {"x": 1}}
            ),
            None,
            _template(affinity={"nodeAffinity": {"x": 1}}),
            id="node affinity stays",
        ),
        pytest.param(
            _template(affinity={"podAntiAffinity": {}}),
            None,
            _template(affinity={"podAntiAffinity": {}}),
            id="an empty one was one's own",
        ),
        pytest.param(_template(affinity=None), None, _template(affinity=None), id="null"),
    ],
)
def test_an_undo_puts_back_what_the_rollout_once_had(
    before: Json, ephemeral: Any, after: Json
) -> None:
    given_ = replica_set(before, ephemeral)
    untouched = json.dumps(given_)
    assert undo_template(given_) == after
    assert json.dumps(given_) == untouched


def test_a_template_without_metadata_gets_none_that_matters() -> None:
    assert undo_template(replica_set({"spec": {}}))["spec"] == {}
