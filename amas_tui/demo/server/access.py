"""Who may do what: users by token, rights by the Roles and bindings in the store.

Source: plugin/pkg/auth/authorizer/rbac/rbac.go and pkg/registry/rbac/validation/rule.go.
"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from amas_tui.demo.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
)
from amas_tui.demo.server.requests import Asked
from amas_tui.demo.server.status import forbidden
from amas_tui.demo.store import StatusError, Store

Json = dict[str, Any]

MASTERS: Final = "system:masters"
"""The group that may do everything."""
_AUTHENTICATED: Final = "system:authenticated"
_RBAC: Final = "rbac.authorization.k8s.io"


class User(NamedTuple):
    """Who sends a request."""

    name: str
    groups: tuple[str, ...]

    @property
    def is_master(self) -> bool:
        """Return whether nothing is forbidden to them."""
        return MASTERS in self.groups


ANONYMOUS: Final = User("system:anonymous", ("system:unauthenticated",))


class Users:
    """The users, each with a token of their own that is new in every run."""

    def __init__(self, groups: Mapping[str, str]) -> None:
        self.tokens = {name: secrets.token_hex(16) for name in groups}
        self._by_token = {
            self.tokens[name]: User(name, (group, _AUTHENTICATED)) for name, group in groups.items()
        }

    def identify(self, authorization: str) -> User:
        """Return who a request's `Authorization` header says it is from.

        Raises:
            StatusError: The token is nobody's (401).
        """
        if not authorization:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        user = self._by_token.get(token.strip())
        if scheme.lower() != "bearer" or user is None:
            raise StatusError(401, "Unauthorized", "Unauthorized")
        return user


class Grant(NamedTuple):
    """A rule that somebody has, and where it comes from, in the server's words."""

    rule: Json
    source: str


class Authorizer:
    """Judges requests by what Roles and bindings the store has now."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, user: User, asked: Asked) -> None:
        """Let a request pass.

        Raises:
            StatusError: No rule allows it (403).
        """
        if not user.is_master and self.reason(user, asked) is None:
            raise forbidden(asked, user.name)

    def reason(self, user: User, asked: Asked) -> str | None:
        """Return the words why a user may, `None` when they may not."""
        covers = _covers if asked.plural else _covers_path
        for grant in self.grants(user, asked.namespace):
            if covers(grant.rule, asked):
                return f"RBAC: allowed by {grant.source}"
        return None

    def grants(self, user: User, namespace: str) -> Iterator[Grant]:
        """Yield the rules that hold for a user in a namespace, those of the cluster first."""
        for binding in self._store.select(CLUSTER_ROLE_BINDINGS):
            yield from self._granted(user, binding, "ClusterRoleBinding", "")
        if namespace:
            for binding in self._store.select(ROLE_BINDINGS, namespace):
                yield from self._granted(user, binding, "RoleBinding", namespace)

    def _granted(self, user: User, binding: Json, kind: str, namespace: str) -> Iterator[Grant]:
        subject = next((one for one in binding.get("subjects") or () if _means(one, user)), None)
        if subject is None:
            return
        name, role = binding["metadata"]["name"], binding["roleRef"]
        place = f"{name}/{namespace}" if namespace else name
        source = (
            f'{kind} "{place}" of {role["kind"]} "{role["name"]}"'
            f' to {subject["kind"]} "{subject["name"]}"'
        )
        of = ROLES if role["kind"] == "Role" else CLUSTER_ROLES
        found = self._store.find(of, namespace, role["name"])
        for rule in (found or {}).get("rules") or ():
            yield Grant(rule, source)


def _means(subject: Json, user: User) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case _:
            return False


def _covers(rule: Json, asked: Asked) -> bool:
    what = f"{asked.plural}/{asked.subresource}" if asked.subresource else asked.plural
    any_of = {what, "*"} | ({f"*/{asked.subresource}"} if asked.subresource else set())
    names = rule.get("resourceNames") or ()
    return (
        _has(rule, "verbs", {asked.verb, "*"})
        and _has(rule, "apiGroups", {asked.group, "*"})
        and _has(rule, "resources", any_of)
        and (not names or asked.name in names)
    )


def _covers_path(rule: Json, asked: Asked) -> bool:
    urls = rule.get("nonResourceURLs") or ()
    return _has(rule, "verbs", {asked.verb, "*"}) and any(
        url == asked.path or (url.endswith("*") and asked.path.startswith(url[:-1])) for url in urls
    )


def _has(rule: Json, field: str, wanted: set[str]) -> bool:
    return not wanted.isdisjoint(rule.get(field) or ())


def builtin_roles() -> Iterator[Json]:
    """Yield the cluster roles and bindings that every cluster has, as far as they matter here."""
    public = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
    discovery = ["/api", "/api/*", "/apis", "/apis/*", *public[:2], "/openapi", "/openapi/*"]
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    yield from _granting(
        "cluster-admin",
        MASTERS,
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    )
    yield from _granting(
        "system:basic-user",
        _AUTHENTICATED,
        {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": reviews},
        {
            "verbs": ["create"],
            "apiGroups": ["authentication.k8s.io"],
            "resources": ["selfsubjectreviews"],
        },
    )
    yield from _granting(
        "system:discovery",
        _AUTHENTICATED,
        {"verbs": ["get"], "nonResourceURLs": [*discovery, *public[2:]]},
    )
    yield from _granting(
        "system:public-info-viewer",
        _AUTHENTICATED,
        {"verbs": ["get"], "nonResourceURLs": public},
        more=("system:unauthenticated",),
    )


def _granting(name: str, group: str, *rules: Json, more: tuple[str, ...] = ()) -> Iterator[Json]:
    yield cluster_role(name, *rules)
    yield cluster_role_binding(name, group, *more)


def cluster_role(name: str, *rules: Json) -> Json:
    """Return a ClusterRole."""
    return {"kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}


def cluster_role_binding(role: str, *groups: str) -> Json:
    """Return a ClusterRoleBinding of the same name as its role."""
    return {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": role},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": group} for group in groups],
    }
