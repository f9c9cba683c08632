import pytest

from amas_tui.domain.watch import Listed, Lost
from amas_tui.errors import ForbiddenError
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene, run_hash, scene
from amas_tui.store.snapshot import Fact, Health
from tests import builders
from tests.builders import (
    NEW,
    NOW,
    OLD,
    ago,
    analysis_run,
    experiment,
    failed_run,
    ingress,
    pod,
    replica_set,
    rollout,
    service,
    snapshot,
    stable_set,
)

FORBIDDEN = Lost(ForbiddenError("no", status=403))


def test_a_rollout_that_is_gone_has_no_scene() -> None:
    assert scene(snapshot(rollout()), "checkout-uid") is not None
    assert scene(snapshot(rollout()), "else") is None


def test_replica_sets_come_newest_revision_first_and_only_the_rollouts_own() -> None:
    found = builders.scene(
        rollout(),
        stable_set(),
        replica_set("b", revision=7),
        replica_set("a", revision=7),
        replica_set("x", revision=9, owner="an experiment"),
    )
    assert [rs.hash for rs in found.replica_sets] == ["a", "b", OLD]


def test_stable_and_current_are_found_by_their_hash() -> None:
    found = builders.scene(rollout(), stable_set(), replica_set())
    assert found.stable is not None
    assert found.current is not None
    assert (found.stable.hash, found.current.hash) == (OLD, NEW)
    bare = builders.scene(rollout(new="", stable=""), replica_set(""))
    assert (bare.stable, bare.current) == (None, None)


def test_pods_come_oldest_first_by_their_replica_set() -> None:
    found = builders.scene(
        rollout(),
        replica_set(),
        pod("young", born=ago(minutes=1)),
        pod("old", born=ago(minutes=9), ready=False),
        pod("other", of=OLD),
    )
    assert [one.metadata.name for one in found.pods_of(found.current)] == ["old", "young"]
    assert found.ready(found.current) == 1
    assert found.pods_of(None) == ()


def test_runs_are_sorted_as_the_plugin_sorts_them() -> None:
    found = builders.scene(
        rollout(),
        analysis_run("b", revision=1, born=ago(minutes=9)),
        analysis_run("y", born=ago(minutes=5)),
        analysis_run("z", born=ago(minutes=5)),
        analysis_run("a", born=ago(minutes=7)),
    )
    assert [run.metadata.name for run in found.runs] == ["a", "z", "y", "b"]


def test_the_runs_of_the_update_judge_its_hash() -> None:
    found = builders.scene(
        rollout(), analysis_run("new"), analysis_run("old", of=OLD), analysis_run("x", owner="else")
    )
    assert [run.metadata.name for run in found.update_runs] == ["new"]
    assert run_hash(found.update_runs[0]) == NEW


@pytest.mark.parametrize(
    ("status", "name"),
    [
        pytest.param({"canary": {"currentStepAnalysisRunStatus": {"name": "a"}}}, "a", id="step"),
        pytest.param(
            {"canary": {"currentStepAnalysisRunStatus": {"name": "gone"}}}, None, id="deleted"
        ),
        pytest.param(
            {"blueGreen": {"prePromotionAnalysisRunStatus": {"name": "a"}}},
            "a",
            id="before promotion",
        ),
        pytest.param(
            {
                "blueGreen": {
                    "prePromotionAnalysisRunStatus": {"name": "a"},
                    "postPromotionAnalysisRunStatus": {"name": "b"},
                }
            },
            "b",
            id="after promotion",
        ),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_active_run_is_the_one_the_status_names(
    status: builders.Json, name: str | None
) -> None:
    found = builders.scene(rollout(status=status), analysis_run("a"), analysis_run("b"))
    active = found.active_run
    assert (active.metadata.name if active else None) == name


def test_the_background_run_is_apart() -> None:
    status = {"canary": {"currentBackgroundAnalysisRunStatus": {"name": "back"}}}
    found = builders.scene(rollout(status=status), analysis_run("back"))
    assert found.background_run is not None
    assert found.active_run is None


def test_the_deciding_run_is_the_bad_one_then_the_active_then_the_newest() -> None:
    status = {"canary": {"currentStepAnalysisRunStatus": {"name": "active"}}}
    runs = [
        analysis_run("active", born=ago(minutes=9)),
        analysis_run("newest", born=ago(minutes=1)),
    ]
    bad = failed_run(name="bad", born=ago(minutes=5))

    def deciding(*found: builders.Thing, status: builders.Json) -> str | None:
        run = builders.scene(rollout(status=status), *found).deciding_run
        return run.metadata.name if run else None

    assert deciding(*runs, bad, status=status) == "bad"
    assert deciding(*runs, status=status) == "active"
    assert deciding(*runs, status={}) == "newest"
    assert deciding(status={}) is None


def test_experiments_come_oldest_first() -> None:
    found = builders.scene(
        rollout(), experiment("b", born=ago(minutes=1)), experiment("a", born=ago(minutes=5))
    )
    assert [one.metadata.name for one in found.experiments] == ["a", "b"]


def test_the_canary_ingress_and_its_weight_are_found() -> None:
    found = builders.scene(rollout(routed=True), ingress(weight_=20), ingress("checkout-stable"))
    assert [one.metadata.name for one in found.canary_ingresses] == [
        "checkout-checkout-stable-canary"
    ]
    assert found.ingress_weight == 20
    assert builders.scene(rollout(), ingress(weight_=20)).ingress_weight is None
    assert builders.scene(rollout(routed=True)).ingress_weight is None


def test_of_several_ingresses_the_largest_weight_counts() -> None:
    routing = {"nginx": {"stableIngresses": ["a", "b"], "annotationPrefix": "p.example"}}
    one = rollout(canary={"trafficRouting": routing})
    found = builders.scene(
        one,
        ingress("checkout-a-canary", 5, prefix="p.example"),
        ingress("checkout-b-canary", 9, prefix="p.example"),
    )
    assert (found.prefix, found.ingress_weight) == ("p.example", 9)


def test_the_service_that_matters_is_stable_or_active() -> None:
    canary = builders.scene(rollout(routed=True), service("checkout-stable", OLD))
    blue = builders.scene(rollout(blue_green={}), service("checkout-active", NEW))
    assert canary.stable_service is not None
    assert canary.stable_service.hash == OLD
    assert blue.stable_service is not None
    assert blue.stable_service.hash == NEW
    assert builders.scene(rollout()).stable_service is None


def test_a_stream_of_another_namespace_says_nothing() -> None:
    one = rollout()
    bare = builders.scene(one, unknown=tuple(Kind))
    other = bare.snapshot.after([Fact(StreamId(Kind.PODS, "else"), FORBIDDEN, NOW)])
    assert Scene(one, other).stream(Kind.PODS) is None
    assert not Scene(one, other).is_known(Kind.PODS)


def test_the_worst_of_several_streams_counts() -> None:
    found = builders.scene(rollout())
    lost = found.snapshot.after([Fact(StreamId(Kind.SERVICES, "shop", "a"), FORBIDDEN, NOW)])
    stream = Scene(found.rollout, lost).stream(Kind.SERVICES)
    assert stream is not None
    assert stream.health is Health.LOST


def test_what_was_seen_once_stays_known_but_is_not_live_when_lost() -> None:
    found = builders.scene(rollout())
    lost = found.snapshot.after([Fact(StreamId(Kind.PODS), FORBIDDEN, NOW)])
    after = Scene(found.rollout, lost)
    assert (found.is_known(Kind.PODS), found.is_live(Kind.PODS)) == (True, True)
    assert (after.is_known(Kind.PODS), after.is_live(Kind.PODS)) == (True, False)


def test_a_stream_is_named_in_words() -> None:
    assert str(StreamId(Kind.PODS)) == "pods"
    assert str(StreamId(Kind.SERVICES, "shop", "front")) == "services/front in shop"


def test_ingresses_watched_one_by_one_are_known_once_all_were_listed() -> None:
    here = rollout(routed=True)
    only_stable = Fact(StreamId(Kind.INGRESSES, "shop", "checkout-stable"), Listed((), "1"), NOW)
    twin = StreamId(Kind.INGRESSES, "shop", "checkout-checkout-stable-canary")
    first = snapshot(here, unknown=[Kind.INGRESSES]).after([only_stable])
    assert not Scene(here, first).is_known(Kind.INGRESSES)
    both = first.after([Fact(twin, Listed((), "1"), NOW)])
    assert Scene(here, both).is_known(Kind.INGRESSES)


def test_a_version_whose_pods_were_not_fetched_is_as_ready_as_its_replica_set_says() -> None:
    here = rollout(routed=True)
    one = Scene(here, snapshot(here, replica_set(NEW), stable_set(ready=4), pod("new")))
    assert dict(one.routes.ready or {}) == {NEW: 1, OLD: 4}
