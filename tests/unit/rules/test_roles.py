import pytest

from amas_tui.rules.roles import (
    ReplicaSetStatusText,
    replica_set_status,
    roles,
    scale_down_deadline,
)
from tests.builders import NEW, NOW, OLD, Json, condition, replica_set, rollout, stamp

_PING = {"canary": {"pingPong": {"pingService": "a", "pongService": "b"}}}


def _blue(active: str, preview: str, stable: str = OLD) -> Json:
    selectors = {"activeSelector": active, "previewSelector": preview}
    return {"stable": stable, "blue_green": {"status": selectors}}


@pytest.mark.parametrize(
    ("fields", "pod_hash", "expected"),
    [
        pytest.param({}, OLD, ["stable"], id="stable"),
        pytest.param({}, NEW, ["canary"], id="canary"),
        pytest.param({}, "else", [], id="an old one"),
        pytest.param({}, "", [], id="no hash"),
        pytest.param({"new": "", "stable": ""}, "", [], id="no hash matches no hash"),
        pytest.param({"stable": NEW}, NEW, ["stable"], id="promoted is no canary any more"),
        pytest.param(
            {**_PING, "status": {"canary": {"stablePingPong": "ping"}}},
            OLD,
            ["stable", "ping"],
            id="stable is ping",
        ),
        pytest.param(
            {**_PING, "status": {"canary": {"stablePingPong": "ping"}}},
            NEW,
            ["canary", "pong"],
            id="so the canary is pong",
        ),
        pytest.param(
            {**_PING, "status": {"canary": {"stablePingPong": "pong"}}},
            NEW,
            ["canary", "ping"],
            id="the other way round",
        ),
        pytest.param(_PING, OLD, ["stable", "pong"], id="not said: the plugin says pong"),
        pytest.param(_blue(OLD, NEW), OLD, ["stable", "active"], id="blue-green before the switch"),
        pytest.param(_blue(OLD, NEW), NEW, ["preview"], id="its preview"),
        pytest.param(_blue(NEW, NEW), NEW, ["active"], id="active wins over preview"),
        pytest.param(_blue(NEW, NEW, NEW), NEW, ["stable", "active"], id="blue-green promoted"),
        pytest.param(_blue(NEW, NEW), OLD, ["stable"], id="stable until verified"),
    ],
)
def test_a_replica_set_plays_the_roles_the_plugin_prints(
    fields: Json, pod_hash: str, expected: list[str]
) -> None:
    assert list(roles(rollout(**fields), pod_hash)) == expected


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param(
            {"generation": 2, "observed": 1, "replicas": 0}, "Progressing", id="unobserved"
        ),
        pytest.param(
            {"conditions": [condition("ReplicaFailure")], "available": 1},
            "ReplicaFailure",
            id="failure",
        ),
        pytest.param(
            {"conditions": [condition("ReplicaFailure", "False")]}, "Healthy", id="failure over"
        ),
        pytest.param({"available": 4}, "Progressing", id="too few"),
        pytest.param({"replicas": 0}, "ScaledDown", id="scaled down"),
        pytest.param({}, "Healthy", id="healthy"),
    ],
)
def test_a_replica_set_is_as_the_plugin_words_it(fields: Json, status: str) -> None:
    assert replica_set_status(replica_set(**fields)) is ReplicaSetStatusText(status)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        pytest.param(stamp(NOW), True, id="as the controller writes it"),
        pytest.param("2026-03-04T14:07:21", False, id="without a zone"),
        pytest.param("20260304", False, id="a date"),
        pytest.param("soon", False, id="a word"),
        pytest.param("", False, id="empty"),
        pytest.param(None, False, id="absent"),
    ],
)
def test_the_scale_down_deadline_is_a_moment_or_unknown(*, text: str | None, known: bool) -> None:
    annotations = {} if text is None else {"scale-down-deadline": text}
    found = scale_down_deadline(replica_set(annotations=annotations))
    assert found == (NOW if known else None)
