from collections.abc import Callable

import pytest

from amas_tui.prometheus.client import PrometheusClient
from amas_tui.rules.presets import Subject, Tie
from amas_tui.session.survey import survey
from tests.unit.kube import loopback as http
from tests.unit.kube.loopback import Request, loopback, ok

OF = Subject("shop", "checkout", "new", "old", ("checkout-stable",), ("checkout-stable",))


def server_with(
    metric: str, namespace_label: str, *there: str, status: str = "status"
) -> Callable[[Request], http.Answer]:
    """Return a Prometheus that has one metric, with series wherever one of `there` is asked for."""

    def answer(request: Request) -> http.Answer:
        query = request.query["query"]
        labels: dict[str, str] | None = None
        if query.startswith("count by (__name__)"):
            labels = {"__name__": metric} if f',{namespace_label}="shop"' in query else None
        elif query.startswith("count by"):
            labels = {status: "200"}
        elif metric in query and any(word in query for word in there):
            labels = {}
        series = [] if labels is None else [{"metric": labels, "value": [1, "3"]}]
        return ok({"status": "success", "data": {"resultType": "vector", "result": series}})

    return answer


@pytest.mark.parametrize(
    ("server", "family", "tie", "error"),
    [
        pytest.param(
            server_with("http_requests_total", "namespace", "rollouts_pod_template_hash"),
            "http",
            Tie.HASH,
            'status=~"5.."',
            id="the application's own, by hash",
        ),
        pytest.param(
            server_with("http_requests_total", "exported_namespace", "exported_pod", status="code"),
            "http",
            Tie.POD,
            'code=~"5.."',
            id="by pod, with labels that the scrape renamed",
        ),
        pytest.param(
            server_with("nginx_ingress_controller_requests", "namespace", 'canary!=""'),
            "ingress-nginx",
            Tie.CANARY,
            'status=~"5.."',
            id="ingress-nginx, by the canary",
        ),
        pytest.param(
            server_with("nginx_ingress_controller_requests", "namespace", "exported_ingress=~"),
            "ingress-nginx",
            Tie.CANARY,
            'status=~"5.."',
            id="ingress-nginx, renamed",
        ),
        pytest.param(
            server_with("istio_requests_total", "namespace", "destination_service_name"),
            "Istio",
            Tie.NONE,
            'response_code=~"5.."',
            id="Istio, not separated",
        ),
        pytest.param(
            server_with("response_total", "namespace", "pod=~"),
            "Linkerd",
            Tie.POD,
            'classification="failure"',
            id="Linkerd, by pod",
        ),
    ],
)
async def test_what_a_server_has_is_found_out(
    server: Callable[[Request], http.Answer], family: str, tie: Tie, error: str
) -> None:
    async with loopback(server) as running, PrometheusClient(running.url) as client:
        found = await survey(client, OF)
    assert found is not None
    assert (found.family.name, found.selector.tie, found.error) == (family, tie, error)


async def test_a_server_that_has_nothing_of_it_is_asked_little() -> None:
    nothing = ok({"status": "success", "data": {"resultType": "vector", "result": []}})
    async with loopback(nothing) as running, PrometheusClient(running.url) as client:
        assert await survey(client, OF) is None
        assert len(running.requests) == 2
