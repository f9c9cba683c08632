"""What there is: `/api`, `/apis`, the resources of each group, `/version` and the health checks."""

import platform
from typing import Any, Final

from amas_tui.demo.resources import RESOURCES, Resource

Json = dict[str, Any]

HEALTH: Final = frozenset({"/healthz", "/livez", "/readyz"})
_ALL: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_OF_STATUS: Final = ("get", "patch", "update")
_REVIEWS: Final = {
    "authentication.k8s.io": ("SelfSubjectReview",),
    "authorization.k8s.io": ("SelfSubjectAccessReview", "SelfSubjectRulesReview"),
}
_SHORT: Final = {
    "namespaces": ["ns"],
    "nodes": ["no"],
    "pods": ["po"],
    "services": ["svc"],
    "endpoints": ["ep"],
    "configmaps": ["cm"],
    "events": ["ev"],
    "replicasets": ["rs"],
    "deployments": ["deploy"],
    "ingresses": ["ing"],
    "networkpolicies": ["netpol"],
    "customresourcedefinitions": ["crd", "crds"],
}


def answer(path: str, address: str) -> Json | None:
    """Return the document at a path, `None` where there is none.

    Args:
        path: From the server's root.
        address: Host and port of this server.
    """
    match [part for part in path.split("/") if part]:
        case ["version"]:
            return version()
        case ["api"]:
            where = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
            return {
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs": [where],
            }
        case ["apis"]:
            groups = [_group(name) for name in _groups()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["api", "v1"]:
            return _resources("", "v1")
        case ["apis", group] if group in _groups():
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ["apis", group, api_version] if _groups().get(group) == api_version:
            return _resources(group, api_version)
        case _:
            return None


def version() -> Json:
    """Return which Kubernetes this behaves like."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "major": "1",
        "minor": "34",
        "gitVersion": "v1.34.4+amas-tui-demo",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": f"{platform.system().lower()}/{machine}",
    }


def _groups() -> dict[str, str]:
    """Return each named group's version."""
    found = {one.group: one.version for one in RESOURCES if one.group}
    return found | dict.fromkeys(_REVIEWS, "v1")


def _group(name: str) -> Json:
    only = {"groupVersion": f"{name}/{_groups()[name]}", "version": _groups()[name]}
    return {"name": name, "versions": [only], "preferredVersion": only}


def _resources(group: str, api_version: str) -> Json:
    found = [
        entry
        for one in RESOURCES
        if (one.group, one.version) == (group, api_version)
        for entry in _entries(one)
    ]
    reviews = [_review(kind) for kind in _REVIEWS.get(group, ())]
    name = f"{group}/{api_version}" if group else api_version
    more = {"apiVersion": "v1"} if group else {}
    return {"kind": "APIResourceList", **more, "groupVersion": name, "resources": found + reviews}


def _entries(resource: Resource) -> list[Json]:
    short = list(resource.short_names) or _SHORT.get(resource.plural, [])
    entry = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.is_namespaced,
        "kind": resource.kind,
        "verbs": list(_ALL),
        **({"shortNames": short} if short else {}),
    }
    status = {
        "name": f"{resource.plural}/status",
        "singularName": "",
        "namespaced": resource.is_namespaced,
        "kind": resource.kind,
        "verbs": list(_OF_STATUS),
    }
    return [entry, status] if resource.has_status else [entry]


def _review(kind: str) -> Json:
    return {
        "name": f"{kind.lower()}s",
        "singularName": kind.lower(),
        "namespaced": False,
        "kind": kind,
        "verbs": ["create"],
    }
