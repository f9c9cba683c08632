"""Label and field selectors as the API server reads them.

Source: staging/src/k8s.io/apimachinery/pkg/labels/selector.go and pkg/fields/selector.go.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from amas_tui.demo.resources import EVENTS, JOBS, NAMESPACES, PODS, REPLICA_SETS, Resource
from amas_tui.demo.store import StatusError

Json = dict[str, Any]
Predicate = Callable[[Json], bool]

_TOKEN: Final = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_OPERATORS: Final = frozenset({"=", "==", "!=", "in", "notin", ">", "<"})
_SPECIAL: Final = frozenset({"=", "==", "!=", "!", "(", ")", ",", "<", ">"})


def _bad(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


class _Tokens:
    """The words of a label selector, one after the other; empty at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        token = self.next
        self._at += 1
        return token


def labels(text: str) -> Predicate:
    """Return whether an object's labels match a selector; an empty one matches all.

    Raises:
        StatusError: It cannot be read (400).
    """
    wanted = list(_requirements(_Tokens(text)))
    return lambda obj: all(one(obj["metadata"].get("labels") or {}) for one in wanted)


_Requirement = Callable[[Mapping[str, str]], bool]


def _requirements(tokens: _Tokens) -> Iterator[_Requirement]:
    if not tokens.next:
        return
    while True:
        if tokens.next != "!" and (tokens.next in _SPECIAL):
            raise _bad(f"found '{tokens.next}', expected: !, identifier, or 'end of string'")
        yield _requirement(tokens)
        match tokens.take():
            case "":
                return
            case ",":
                if tokens.next != "!" and (not tokens.next or tokens.next in _SPECIAL):
                    raise _bad(f"found '{tokens.next}', expected: identifier after ','")
            case other:
                raise _bad(f"found '{other}', expected: ',' or 'end of string'")


def _requirement(tokens: _Tokens) -> _Requirement:
    is_absent = tokens.next == "!"
    if is_absent:
        tokens.take()
    key = tokens.take()
    if is_absent:
        return lambda labels: key not in labels
    if tokens.next in ("", ","):
        return lambda labels: key in labels
    operator = tokens.take()
    if operator not in _OPERATORS:
        raise _bad(
            f"unable to parse requirement: found '{operator}',"
            " expected: in, notin, =, ==, !=, gt, lt"
        )
    values = _set(tokens) if operator in ("in", "notin") else {_value(tokens)}
    return _comparison(key, operator, values)


def _comparison(key: str, operator: str, values: set[str]) -> _Requirement:
    match operator:
        case "=" | "==" | "in":
            return lambda labels: labels.get(key) in values
        case "!=" | "notin":
            return lambda labels: labels.get(key) not in values
        case _:
            return lambda labels: _is_beyond(labels.get(key, ""), operator, next(iter(values)))


def _is_beyond(label: str, operator: str, limit: str) -> bool:
    try:
        return int(label) > int(limit) if operator == ">" else int(label) < int(limit)
    except ValueError:
        return False


def _value(tokens: _Tokens) -> str:
    return "" if tokens.next in ("", ",") else tokens.take()


def _set(tokens: _Tokens) -> set[str]:
    if tokens.next != "(":
        raise _bad(f"unable to parse requirement: found '{tokens.next}' expected: '('")
    tokens.take()
    values = {""} if tokens.next in (",", ")") else set()
    while (token := tokens.take()) != ")":
        if not token:
            raise _bad("unable to parse requirement: found '', expected: ',', or ')'")
        values |= {token} - {","}
    return values


def fields(text: str, resource: Resource) -> Predicate:
    """Return whether an object's fields match a selector; an empty one matches all.

    Raises:
        StatusError: It cannot be read, or names a field that this kind is not selected by (400).
    """
    wanted = [_field(term, text, resource) for term in text.split(",") if term]
    return lambda obj: all(one(obj) for one in wanted)


def _field(term: str, text: str, resource: Resource) -> Predicate:
    found = re.match(r"([^=!]*)(==|!=|=)(.*)", term)
    if found is None:
        raise _bad(f"invalid selector: '{text}'; can't understand '{term}'")
    path, operator, value = found.groups()
    if path not in _fields_of(resource):
        raise _bad(f"field label not supported: {path}")
    steps = _PLACES.get((resource, path), path).split(".")
    is_equal = operator != "!="
    return lambda obj: (_at(obj, steps) == value) is is_equal


def _fields_of(resource: Resource) -> frozenset[str]:
    general = {"metadata.name", "metadata.namespace"} if resource.is_namespaced else _NAME
    return frozenset(general) | _FIELDS.get(resource, frozenset())


def _at(obj: Json, steps: list[str]) -> str:
    value: Any = obj
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value)


_NAME: Final = frozenset({"metadata.name"})
_FIELDS: Final = {
    PODS: frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        }
    ),
    EVENTS: frozenset(
        {
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        }
    ),
    NAMESPACES: frozenset({"status.phase"}),
    REPLICA_SETS: frozenset({"status.replicas"}),
    JOBS: frozenset({"status.successful"}),
}
_PLACES: Final = {
    (EVENTS, "source"): "source.component",
    (JOBS, "status.successful"): "status.succeeded",
}
