"""The soak itself: what it counts as a double write, and that it leaves nothing out."""

import json

import pytest

from tests.controlplane.proxy import Sent
from tests.soak.places import STATES
from tests.soak.rollback import cases
from tests.soak.truth import doubles
from tests.soak.weather import SHARES

PATH = "/apis/argoproj.io/v1alpha1/namespaces/x/rollouts/web"


def sent(status: int = 200, *, arrived: bool = True, path: str = "/spec/template") -> Sent:
    body = [{"op": "test", "path": "/metadata/uid"}, {"op": "replace", "path": path, "value": {}}]
    return Sent(PATH, json.dumps(body).encode(), status, has_arrived=arrived)


MADE = sent()
REFUSED = sent(409)
DROPPED = sent(0, arrived=False)
REPLY_LOST = sent(200)


@pytest.mark.parametrize(
    ("patches", "count"),
    [
        pytest.param([MADE], 0, id="once"),
        pytest.param([MADE, sent(path="/status/abort")], 0, id="two different ones"),
        pytest.param([REFUSED, MADE], 0, id="again after a refusal"),
        pytest.param([DROPPED, MADE], 0, id="again after it never arrived"),
        pytest.param([REFUSED, DROPPED, MADE], 0, id="two reasons"),
        pytest.param([MADE, MADE], 2, id="made twice"),
        pytest.param([REPLY_LOST, MADE], 2, id="made, although the reply was lost"),
        pytest.param([REFUSED, MADE, MADE], 2, id="one reason, two more"),
    ],
)
def test_a_write_that_is_repeated_needs_a_reason(patches: list[Sent], count: int) -> None:
    assert len(doubles(patches)) == count


def test_fifty_rollbacks_meet_every_state_and_all_weather_by_its_share() -> None:
    wanted = cases(50, seed=1)
    assert len(wanted) == sum(SHARES.values()) == 50
    assert {case.state for case in wanted} == set(STATES)
    assert {case.weather for case in wanted} == set(SHARES)
    assert all(case.weather.suits(case.state) for case in wanted)
    assert sum(case.is_gated for case in wanted) >= 10
    assert len(cases(7, seed=1)) == 7
