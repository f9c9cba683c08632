"""What a request asks for, read from its method, path and query.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from amas_tui.demo.resources import NAMESPACES, RESOURCES, Resource
from amas_tui.demo.store import StatusError

_VERBS: Final = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OF_NAMESPACES: Final = frozenset({"status", "finalize"})
_BY_NAME: Final = {(one.group, one.version, one.plural): one for one in RESOURCES}


class Asked(NamedTuple):
    """What a request is about, in the words that RBAC knows.

    Attributes:
        plural: The resource; empty for a path that is none, e.g. `/version`.
        rest: What follows the subresource in the path, e.g. behind `proxy`.
    """

    verb: str
    path: str
    group: str = ""
    version: str = ""
    plural: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    rest: str = ""

    @property
    def full_name(self) -> str:
        """Return e.g. `rollouts.argoproj.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def resource(self) -> Resource | None:
        """Return the resource that is meant, if it exists."""
        return _BY_NAME.get((self.group, self.version, self.plural))

    @property
    def scope(self) -> str:
        """Return the namespace that the object lives in, empty for all or none."""
        return "" if self.plural == NAMESPACES.plural and not self.group else self.namespace


def parse(method: str, path: str, query: Mapping[str, str]) -> Asked:
    """Return what a request asks for."""
    verb = _VERBS.get(method, method.lower())
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["api", version, *rest] if rest:
            return _resource(verb, path, "", version, rest, query)
        case ["apis", group, version, *rest] if rest:
            return _resource(verb, path, group, version, rest, query)
        case _:
            return Asked(verb, path)


def _resource(
    verb: str, path: str, group: str, version: str, parts: list[str], query: Mapping[str, str]
) -> Asked:
    namespace = ""
    match parts:
        case ["namespaces", namespace, within, *more] if within not in _OF_NAMESPACES:
            parts = [within, *more]
        case ["namespaces", namespace, *_]:
            pass
    plural, name, subresource = [*parts, "", ""][:3]
    if not name and verb in ("get", "delete"):
        verb = _of_many(verb, query)
        name = _only_name(query)
    rest = "/".join(parts[3:])
    return Asked(verb, path, group, version, plural, subresource, namespace, name, rest)


def _of_many(verb: str, query: Mapping[str, str]) -> str:
    if verb == "delete":
        return "deletecollection"
    return "watch" if flag(query, "watch") else "list"


def _only_name(query: Mapping[str, str]) -> str:
    """Return the name that a list is restricted to: RBAC may allow that one only."""
    name = query.get("fieldSelector", "").removeprefix("metadata.name=")
    is_one = "metadata.name=" + name == query.get("fieldSelector")
    return name if is_one and "," not in name and "=" not in name else ""


def flag(query: Mapping[str, str], name: str) -> bool:
    """Return a flag of the query: `true`, `True` and `1` are alike.

    Source: staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go:Convert_Slice_string_To_bool.
    """
    return query.get(name, "").lower() not in ("", "0", "false")


def number(query: Mapping[str, str], name: str) -> int | None:
    """Return a number of the query, `None` where it is not given.

    Raises:
        StatusError: It is none (400).
    """
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        message = f'strconv.ParseInt: parsing "{text}": invalid syntax'
        raise StatusError(400, "BadRequest", message) from None
