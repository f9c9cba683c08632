import pytest

from amas_tui.domain.traffic import canary_ingress_name
from tests.builders import NEW, endpoint_slice, ingress, service

_PREFIX = "nginx.ingress.kubernetes.io"


def test_a_service_tells_which_version_it_selects() -> None:
    assert service("front", NEW).hash == NEW
    assert service("front").hash == ""


@pytest.mark.parametrize(
    ("text", "weight"),
    [("20", 20), ("0", 0), (None, None), ("x", None), ("-5", None), ("1.5", None), ("１", None)],
)
def test_the_canary_weight_is_read_from_the_annotation(
    text: str | None, weight: int | None
) -> None:
    assert ingress(weight_=text).canary_weight(_PREFIX) == weight


def test_the_annotation_may_have_another_prefix() -> None:
    found = ingress(weight_=7, prefix="custom.example")
    assert found.canary_weight("custom.example") == 7
    assert found.canary_weight(_PREFIX) is None


def test_the_canary_ingress_has_the_controllers_name() -> None:
    assert canary_ingress_name("checkout", "front") == "checkout-front-canary"
    long = canary_ingress_name("r" * 200, "i" * 200)
    assert len(long) == 253
    assert long.endswith("-canary")


def test_an_endpoint_is_ready_unless_it_says_otherwise() -> None:
    found = endpoint_slice("front", [True, None, False])
    assert (found.ready, found.service) == (2, "front")
