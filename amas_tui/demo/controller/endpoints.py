"""The pods behind each Service, as Endpoints and EndpointSlices."""

from collections.abc import Iterable

from amas_tui.demo.controller import pods
from amas_tui.demo.controller.loop import Controller, Name
from amas_tui.demo.controller.objects import (
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    status_of,
    uid_of,
)
from amas_tui.demo.resources import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES
from amas_tui.demo.store import Change, Json


class EndpointsController(Controller):
    """Lists the pods that a Service selects."""

    latency = 0.05

    def everything(self) -> Iterable[Name]:
        """Return all Services."""
        return [Name(namespace_of(each), name_of(each)) for each in self.store.select(SERVICES)]

    def concerns(self, change: Change) -> Iterable[Name]:
        """Return Services that changed or whose pods did."""
        namespace = change.key.namespace
        if change.key.resource == SERVICES:
            return [Name(namespace, change.key.name)]
        if change.key.resource != PODS or not status_of(change.object).get("podIP"):
            return ()
        labels = labels_of(change.object)
        services = self.store.select(SERVICES, namespace)
        return [Name(namespace, name_of(each)) for each in services if _selects(each, labels)]

    def reconcile(self, name: Name) -> None:
        """Write what is behind a Service; without a selector nothing is ours."""
        service = self.store.find(SERVICES, *name)
        if service is None:
            if self.store.find(ENDPOINTS, *name) is not None:
                self.store.delete(ENDPOINTS, *name)
            return
        selector = service["spec"].get("selector")
        if not selector:
            return
        found = self.store.select(PODS, name.namespace, selector)
        found = [pod for pod in found if pods.is_active(pod) and status_of(pod).get("podIP")]
        self._write_endpoints(service, found)
        self._write_slice(service, found)

    def _write_endpoints(self, service: Json, found: list[Json]) -> None:
        name, namespace = name_of(service), namespace_of(service)
        subsets = _subsets(service, found)
        if self.store.find(ENDPOINTS, namespace, name) is None:
            metadata = {"name": name, "namespace": namespace, "labels": dict(labels_of(service))}
            self.store.create(ENDPOINTS, {"metadata": metadata, "subsets": subsets})
        else:
            self.store.update(ENDPOINTS, namespace, name, lambda obj: obj.update(subsets=subsets))

    def _write_slice(self, service: Json, found: list[Json]) -> None:
        name, namespace = name_of(service), namespace_of(service)
        owned = self.store.owned(ENDPOINT_SLICES, service)
        made = {"endpoints": [_endpoint(pod) for pod in found], "ports": _ports(service, found)}
        if owned:
            key = name_of(owned[0])
            self.store.update(ENDPOINT_SLICES, namespace, key, lambda obj: obj.update(made))
            return
        metadata = {
            "generateName": f"{name}-",
            "namespace": namespace,
            "labels": {
                **labels_of(service),
                "kubernetes.io/service-name": name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [owner_reference(service)],
        }
        self.store.create(ENDPOINT_SLICES, {"metadata": metadata, "addressType": "IPv4", **made})


def _selects(service: Json, labels: dict[str, str]) -> bool:
    selector = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _reference(pod: Json) -> Json:
    return {
        "kind": "Pod",
        "namespace": namespace_of(pod),
        "name": name_of(pod),
        "uid": uid_of(pod),
    }


def _endpoint(pod: Json) -> Json:
    is_ready = pods.is_ready(pod)
    return {
        "addresses": [status_of(pod)["podIP"]],
        "conditions": {"ready": is_ready, "serving": is_ready, "terminating": False},
        "targetRef": _reference(pod),
        "nodeName": pod["spec"].get("nodeName", ""),
    }


def _subsets(service: Json, found: list[Json]) -> list[Json]:
    """Return one subset, or none where there is no pod."""
    if not found:
        return []
    groups: dict[str, list[Json]] = {"addresses": [], "notReadyAddresses": []}
    for pod in found:
        address = {
            "ip": status_of(pod)["podIP"],
            "nodeName": pod["spec"].get("nodeName", ""),
            "targetRef": _reference(pod),
        }
        groups["addresses" if pods.is_ready(pod) else "notReadyAddresses"].append(address)
    filled = {key: value for key, value in groups.items() if value}
    return [{**filled, "ports": _ports(service, found)}]


def _ports(service: Json, found: list[Json]) -> list[Json]:
    named = {
        port["name"]: port["containerPort"]
        for pod in found[:1]
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or ()
        if "name" in port
    }
    return [
        {
            "name": port.get("name", ""),
            "port": named.get(target, target)
            if (target := port.get("targetPort"))
            else port["port"],
            "protocol": port.get("protocol", "TCP"),
        }
        for port in service["spec"].get("ports") or ()
    ]
