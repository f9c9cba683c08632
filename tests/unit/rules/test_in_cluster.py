import pytest

from amas_tui.rules.in_cluster import service_address


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (
            "http://prometheus.monitoring.svc.cluster.local:9090",
            "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/x",
        ),
        (
            "http://prometheus.monitoring.svc:9090/prom/",
            "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/prom/x",
        ),
        (
            "http://prometheus.monitoring",
            "/api/v1/namespaces/monitoring/services/prometheus:80/proxy/x",
        ),
        (
            "https://prometheus.monitoring.svc.",
            "/api/v1/namespaces/monitoring/services/https:prometheus:443/proxy/x",
        ),
        (
            "https://user:secret@p.m.svc:9091",
            "/api/v1/namespaces/m/services/https:p:9091/proxy/x",
        ),
    ],
)
def test_a_services_name_becomes_the_api_servers_proxy(url: str, path: str) -> None:
    found = service_address(url)
    assert found is not None
    assert found.proxy_path("/x") == path


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9090",
        "http://[::1]:9090",
        "http://prometheus:9090",
        "http://prometheus.example.com",
        "http://-a.b.svc",
        "http://a.b.svc:99999",
        "http://a.b.svc:port",
        "ftp://a.b.svc",
        "a.b.svc:9090",
        "",
        "http://[bad",
    ],
)
def test_what_is_no_service_has_no_proxy(url: str) -> None:
    assert service_address(url) is None


def test_a_service_is_named_without_credentials() -> None:
    assert str(service_address("http://user:secret@p.m.svc:9091/x")) == "p.m:9091"
