"""What a new cluster holds before any test: CRDs, nodes, the ingress class, the viewer's role."""

import json
import time
from collections.abc import Iterable
from typing import Final

from tests.controlplane.api import Api
from tests.controlplane.build import Binaries
from tests.controlplane.components import CONTROLLER_NAMESPACE
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import INGRESS_CLASS
from tests.controlplane.users import GROUPS

NODES: Final = ("node-1", "node-2", "node-3")
NODE_CPU: Final = 64
"""Cores of each node: a pod that asks for more cannot be scheduled."""
_READ: Final = ["get", "list", "watch"]


def prepare(api: Api, binaries: Binaries, deadline: float) -> None:
    """Create everything and wait until the CRDs are served."""
    crds = [json.loads(file.read_text()) for file in binaries.crds]
    for crd in crds:
        api.create(crd)
    for manifest in _manifests():
        api.create(manifest)
    for crd in crds:
        api.wait(
            "customresourcedefinitions",
            None,
            crd["metadata"]["name"],
            _is_established,
            timeout=max(deadline - time.monotonic(), 0),
        )


def _manifests() -> Iterable[Json]:
    yield _named("v1", "Namespace", CONTROLLER_NAMESPACE)
    for number, name in enumerate(NODES, start=1):
        yield _node(number, name)
    yield _named("networking.k8s.io/v1", "IngressClass", INGRESS_CLASS) | {
        "spec": {"controller": "k8s.io/ingress-nginx"}
    }
    yield from _viewer()


def _node(number: int, name: str) -> Json:
    room = {"cpu": str(NODE_CPU), "memory": "256Gi", "pods": "2000", "ephemeral-storage": "1Ti"}
    node = _named("v1", "Node", name)
    node["metadata"] |= {
        "annotations": {"kwok.x-k8s.io/node": "fake"},
        "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
    }
    return node | {
        "spec": {"podCIDR": f"10.{64 + number}.0.1/16"},
        "status": {
            "allocatable": room,
            "capacity": room,
            "nodeInfo": {
                "kubeletVersion": "v1.34.4",
                "containerRuntimeVersion": "containerd://2.1.4",
                "architecture": "amd64",
                "operatingSystem": "linux",
            },
        },
    }


def _viewer() -> Iterable[Json]:
    """The rights to see all that the dashboard shows, and to change nothing."""
    rules = [
        _rule("argoproj.io", "rollouts", "analysisruns", "analysistemplates", "experiments"),
        _rule("argoproj.io", "clusteranalysistemplates"),
        _rule("apps", "replicasets", "deployments"),
        _rule("batch", "jobs"),
        _rule("", "namespaces", "pods", "pods/log", "services", "endpoints", "events"),
        _rule("discovery.k8s.io", "endpointslices"),
        _rule("networking.k8s.io", "ingresses"),
    ]
    name = "dashboard-viewer"
    yield _named("rbac.authorization.k8s.io/v1", "ClusterRole", name) | {"rules": rules}
    group = "rbac.authorization.k8s.io"
    yield _named("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name) | {
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": GROUPS["viewer"]}],
    }


def _rule(group: str, *resources: str) -> Json:
    return {"apiGroups": [group], "resources": list(resources), "verbs": _READ}


def _named(api_version: str, kind: str, name: str) -> Json:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}


def _is_established(crd: Json) -> bool:
    conditions = crd.get("status", {}).get("conditions", [])
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
