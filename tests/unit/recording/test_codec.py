import json
from datetime import timedelta
from typing import Any

import pytest

from amas_tui.domain.watch import Applied, Bookmark, Deleted, Listed, Lost, Undecodable
from amas_tui.errors import ForbiddenError, UnreachableError
from amas_tui.recording.codec import (
    decode_batch,
    decode_object,
    encode_batch,
    encode_object,
)
from amas_tui.recording.ring import Batch
from amas_tui.rules.condition import Limit
from amas_tui.store.detail import Clues, Detail
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.slo import Gauge, Series, Side, Slo
from amas_tui.store.snapshot import Fact
from tests import builders as b
from tests.builders import NAME, NEW, NOW, ago, kind_of, stamp

STEPS = (
    b.weight(20),
    b.pause("1m"),
    b.pause(),
    b.gate("success-rate", args=[{"name": "x", "valueFrom": {"podTemplateHashValue": "Latest"}}]),
    {"setCanaryScale": {"replicas": 2}},
    {"experiment": {"duration": "1m", "templates": [{"name": "a", "specRef": "stable"}]}},
    {"plugin": {"name": "org/x"}},
)

THINGS: list[b.Thing] = [
    b.rollout(steps=STEPS, routed=True, weights=(20, NEW), step=1, paused="CanaryPauseStep"),
    b.rollout(blue_green={"previewService": "p", "autoPromotionEnabled": False}),
    b.rollout(canary={"trafficRouting": {"plugins": {"org/router": {"a": 1}}}}, abort=True),
    b.healthy(labels={"app": "x"}, conditions=[b.condition("Available", message="m\nn")]),
    b.replica_set(NEW, annotations={"scale-down-deadline": stamp(NOW) or ""}),
    b.pod(
        containers=[
            b.container(ready=False, state=b.container_state(terminated="Error", exit_code=3))
        ],
        init=[b.container("init")],
        sidecars=["init"],
        deleted=ago(seconds=3),
    ),
    b.failed_run(),
    b.analysis_run(args=[{"name": "a", "value": "v"}], dry_run=["x.*"], terminate=True),
    b.template(),
    b.experiment(),
    b.service("stable", NEW),
    b.ingress(),
    b.endpoint_slice("stable", [True, False, None]),
    b.event(of=("Pod", "p", "p-uid"), count=3, kind="Warning"),
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_a_record_reads_back_as_the_record_it_was(thing: b.Thing) -> None:
    kind = kind_of(thing)
    raw = json.loads(json.dumps(encode_object(kind, thing)))
    assert decode_object(kind, raw) == thing


def there_and_back(batch: Batch, before: dict[str, Slo] | None = None) -> Batch:
    known = before or {}
    return decode_batch(json.loads(json.dumps(encode_batch(batch, known))), known)


ROLLOUTS = StreamId(Kind.ROLLOUTS, "shop")
FORBIDDEN = ForbiddenError("cannot list", status=403, hint="Ask for it")


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(Listed((b.rollout(), b.healthy("other")), "7", 2), id="listed"),
        pytest.param(Applied(b.rollout()), id="applied"),
        pytest.param(Deleted(b.rollout()), id="deleted"),
        pytest.param(Bookmark("9"), id="bookmark"),
        pytest.param(Undecodable("odd"), id="undecodable"),
        pytest.param(None, id="closed"),
    ],
)
def test_every_update_reads_back(update: Any) -> None:
    batch = Batch(NOW, (Fact(ROLLOUTS, update, ago(seconds=1)),), focus="x")
    assert there_and_back(batch) == batch


def test_why_a_stream_was_lost_reads_back_with_its_kind_of_error() -> None:
    facts = (
        Fact(ROLLOUTS, Lost(FORBIDDEN, NOW), NOW),
        Fact(StreamId(Kind.SERVICES, "shop", "one"), Lost(UnreachableError("gone")), NOW),
    )
    first, second = there_and_back(Batch(NOW, facts)).facts
    assert isinstance(first.update, Lost)
    assert isinstance(first.update.error, ForbiddenError)
    assert (first.update.error.sentence, first.update.error.status) == (FORBIDDEN.sentence, 403)
    assert isinstance(second.update, Lost)
    assert isinstance(second.update.error, UnreachableError)
    assert second.stream == StreamId(Kind.SERVICES, "shop", "one")


def test_what_explains_reads_back_without_log_lines() -> None:
    detail = Detail(
        version="7",
        at=NOW,
        runs=(b.failed_run(),),
        pods=(b.pod(),),
        missing=("pods",),
        kinds=(Kind.PODS,),
        clues=Clues({("uid", "app"): "password=hunter2"}, frozenset({"nginx"}), 4),
    )
    batch = Batch(NOW, details={"u": detail}, clues={"u": detail.clues}, offset=timedelta(hours=1))
    assert "hunter2" not in json.dumps(encode_batch(batch, {}))
    found = there_and_back(batch)
    bare = Clues(ingress_classes=frozenset({"nginx"}), workload_generation=4)
    assert found.clues == {"u": bare}
    assert found.details["u"].runs == detail.runs
    assert found.details["u"].clues == bare
    assert found.offset == timedelta(hours=1)


GAUGE = Gauge("success-rate", ((Side.CANARY, "q"),), (Limit(">=", 0.95),), "http://p:9090")
ASKED = ("http://p:9090", "q")


def slo(*points: tuple[float, float], **more: Any) -> Slo:
    return Slo((GAUGE,), {ASKED: Series(points, **more)}, "p", NOW)


def test_series_read_back_also_with_numbers_that_json_has_not() -> None:
    whole = slo((1.0, 0.5), (2.0, float("inf")), result=(float("-inf"), 0.5))
    assert there_and_back(Batch(NOW, slos={"u": whole})).slos == {"u": whole}
    nan = there_and_back(Batch(NOW, slos={"u": slo((1.0, float("nan")))})).slos["u"]
    assert str(nan.series[ASKED].points) == "((1.0, nan),)"


def test_only_new_points_are_written() -> None:
    first, second = slo((1.0, 0.5)), slo((1.0, 0.5), (2.0, 0.6), problem="late")
    raw = encode_batch(Batch(NOW, slos={"u": second}), {"u": first})
    assert raw["slos"]["u"]["series"] == [[*ASKED, [[2.0, 0.6]], "late", None]]
    assert raw["slos"]["u"]["gauges"] is None
    assert decode_batch(raw, {"u": first}).slos == {"u": second}


SECRET = "hunter2"  # noqa: S105 - the one that must not be seen


def test_a_query_that_may_hold_a_secret_is_not_recorded() -> None:
    measured = b.measurement("Failed", "[0]", metadata={"ResolvedPrometheusQuery": SECRET})
    run = b.analysis_run(
        args=[{"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        results=[b.result(measured=[measured], metadata={"ResolvedPrometheusQuery": SECRET})],
    )
    text = json.dumps(encode_object(Kind.ANALYSIS_RUNS, run))
    assert SECRET not in text
    assert '"value": "[0]"' in text


def test_what_was_applied_last_is_never_kept() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": SECRET, "a": "b"}
    rollout = b.rollout(annotations=annotations)
    assert SECRET not in str(rollout.metadata.annotations)
    assert rollout.metadata.annotations["a"] == "b"
    assert NAME
