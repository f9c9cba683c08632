import pytest

from amas_tui.rules import presets
from amas_tui.rules.presets import FAMILIES, Preset, Selector, Subject, Tie, selectors

OF = Subject("shop", "checkout.v2", "new", "old", ("checkout-stable",), ("checkout-stable",))
HTTP, NGINX, ISTIO, LINKERD = FAMILIES
PRESET = Preset(HTTP, Selector(Tie.HASH, "every", 'h="new"', 'h="old"'), 'status=~"5.."')


def test_the_way_that_separates_best_is_looked_for_first() -> None:
    ties = [one.tie for one in selectors(NGINX, OF, "namespace")]
    assert list(dict.fromkeys(ties)) == [Tie.HASH, Tie.POD, Tie.CANARY, Tie.NONE]


def test_versions_are_separated_by_their_hash_or_by_their_pods_names() -> None:
    by_hash, *_ = selectors(HTTP, OF, "exported_namespace")
    assert by_hash.every == 'exported_namespace="shop",rollouts_pod_template_hash=~"new|old"'
    assert by_hash.canary == 'exported_namespace="shop",rollouts_pod_template_hash="new"'
    by_pod = next(one for one in selectors(HTTP, OF, "namespace") if one.tie is Tie.POD)
    assert by_pod.stable == 'namespace="shop",pod=~"checkout\\\\.v2-old-.*"'


def test_the_canary_ingress_separates_what_ingress_nginx_counts() -> None:
    own = next(one for one in selectors(NGINX, OF, "namespace") if one.tie is Tie.CANARY)
    assert own.canary == 'namespace="shop",ingress=~"checkout-stable",canary!=""'
    assert own.stable == 'namespace="shop",ingress=~"checkout-stable",canary=""'
    assert not [one for one in selectors(ISTIO, OF, "namespace") if one.tie is Tie.CANARY]


def test_a_mesh_counts_a_request_once() -> None:
    assert all('reporter="destination"' in one.every for one in selectors(ISTIO, OF, "namespace"))
    assert all('direction="inbound"' in one.every for one in selectors(LINKERD, OF, "namespace"))


def test_without_an_update_only_the_running_version_is_looked_for() -> None:
    quiet = Subject("shop", "checkout", "", "old")
    first, *_ = selectors(HTTP, quiet, "namespace")
    assert first.every == 'namespace="shop",rollouts_pod_template_hash=~"old"'


def test_without_a_failed_request_the_error_rate_is_zero_and_without_any_it_is_none() -> None:
    assert presets.error_rate(PRESET, 'h="new"') == (
        '(sum(rate(http_requests_total{h="new",status=~"5.."}[2m])) or vector(0))'
        ' / sum(rate(http_requests_total{h="new"}[2m]))'
    )


def test_the_budget_is_a_burn_check_over_the_querys_own_window() -> None:
    assert presets.error_budget(PRESET, "x").startswith("1 - (sum(rate(")
    assert presets.error_budget(PRESET, "x").endswith(" / (1 - 0.95)")


@pytest.mark.parametrize(
    ("family", "end"), [(HTTP, "[2m])))"), (ISTIO, "[2m]))) * 0.001"), (LINKERD, "* 0.001")]
)
def test_latencies_are_seconds(family: presets.Family, end: str) -> None:
    preset = Preset(family, PRESET.selector, "")
    assert presets.latency(preset, "x", 0.95).endswith(end)
    assert "histogram_quantile(0.95, sum by (le) (rate(" in presets.latency(preset, "x", 0.95)


def test_a_preset_says_what_it_is_made_of() -> None:
    assert PRESET.words == "http_requests_total, by its hash"
