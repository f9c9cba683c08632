"""A few objects in a demo's store: what requests and analyses need of a cluster."""

from datetime import UTC, datetime
from typing import Final

from amas_tui.demo.clock import ManualClock
from amas_tui.demo.resources import INGRESSES, PODS, SERVICES
from amas_tui.demo.store import Json, Store
from amas_tui.demo.traffic.world import BEHAVIOUR_ANNOTATION, HASH_LABEL, TRAFFIC_LABEL

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMESPACE: Final = "shop"


def store() -> Store:
    """Return an empty store whose time is the test's."""
    return Store(ManualClock(START))


def advance(store_: Store, seconds: float) -> None:
    """Let time pass."""
    assert isinstance(store_.clock, ManualClock)
    store_.clock.advance(seconds)


def pod(store_: Store, name: str, hash_: str, *, tag: str = "v1", is_ready: bool = True) -> Json:
    """Create a pod of an application `web`."""
    number = len(store_.select(PODS)) + 1
    return store_.create(
        PODS,
        {
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": {"app": "web", HASH_LABEL: hash_},
            },
            "spec": {"containers": [{"name": "web", "image": f"example/web:{tag}"}]},
            "status": {
                "podIP": f"10.0.0.{number}",
                "conditions": [{"type": "Ready", "status": str(is_ready)}],
            },
        },
    )


def set_ready(store_: Store, name: str, *, is_ready: bool) -> None:
    """Let a pod become ready, or not any more."""

    def change(obj: Json) -> None:
        obj["status"]["conditions"] = [{"type": "Ready", "status": str(is_ready)}]

    store_.update(PODS, NAMESPACE, name, change, subresource="status")


def behave(store_: Store, name: str, word: str) -> None:
    """Let a pod behave otherwise from now on."""

    def change(obj: Json) -> None:
        obj["metadata"]["annotations"] = {BEHAVIOUR_ANNOTATION: word}

    store_.update(PODS, NAMESPACE, name, change)


def service(store_: Store, name: str, hash_: str = "", *, rate: float = 0) -> Json:
    """Create a Service of the application, or of one of its versions."""
    selector = {"app": "web"} | ({HASH_LABEL: hash_} if hash_ else {})
    metadata = {"name": name, "namespace": NAMESPACE, "labels": _labels(rate)}
    return store_.create(SERVICES, {"metadata": metadata, "spec": {"selector": selector}})


def ingress(
    store_: Store, name: str, service_name: str, *, rate: float = 0, weight: int | None = None
) -> Json:
    """Create an Ingress; with a weight it is the canary one."""
    prefix = "nginx.ingress.kubernetes.io/canary"
    canary = {} if weight is None else {prefix: "true", f"{prefix}-weight": str(weight)}
    path = {"path": "/", "backend": {"service": {"name": service_name}}}
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "labels": _labels(rate),
        "annotations": canary,
    }
    spec = {"rules": [{"host": "web.test", "http": {"paths": [path]}}]}
    return store_.create(INGRESSES, {"metadata": metadata, "spec": spec})


def _labels(rate: float) -> dict[str, str]:
    return {TRAFFIC_LABEL: f"{rate:g}"} if rate else {}


def canary(store_: Store, *, weight: int, rate: float = 40, tag: str = "v2") -> None:
    """Create a stable and a new version with their Services and Ingresses."""
    for number in range(2):
        pod(store_, f"web-old-{number}", "old")
    pod(store_, "web-new-0", "new", tag=tag)
    service(store_, "web", "old")
    service(store_, "web-canary", "new")
    ingress(store_, "web", "web", rate=rate)
    ingress(store_, "web-canary", "web-canary", weight=weight)
