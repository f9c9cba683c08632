"""How a record is declared, and what every Kubernetes object has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple, TypeVar, dataclass_transform
from urllib.parse import urlsplit

from amas_tui.safe import safe

_Record = TypeVar("_Record")
_Item = TypeVar("_Item")

_IRREGULAR: Final = {
    "stable_rs": "stableRS",
    "hpa_replicas": "HPAReplicas",
    "pod_ip": "podIP",
}


def json_name(name: str) -> str:
    """Return the API's spelling of a record's field, e.g. `stableRS` for `stable_rs`."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(word.title() for word in tail)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[_Record]) -> type[_Record]:
    """Make `cls` a frozen, slotted, keyword-only dataclass that pydantic reads as the API spells.

    Unknown fields are ignored: a newer cluster may send more than we know.
    """
    config = {"extra": "ignore", "alias_generator": json_name}
    # Named by pydantic; setting it needs no import of pydantic.
    cls.__pydantic_config__ = config  # type: ignore[attr-defined]
    return dataclass(frozen=True, slots=True, kw_only=True, repr=False)(cls)


class _Anything:
    """Accepts any value and keeps only what `function` makes of it."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": self._function},
            "schema": {"type": "any"},
        }


class _After:
    """A validation step in pydantic's own schema language, declared without importing it."""

    def __init__(self, function: Callable[[Any], Any], *, nullable: bool = False) -> None:
        self._function = function
        self._nullable = nullable

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        schema = handler(source)
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": self._function},
            "schema": {"type": "nullable", "schema": schema} if self._nullable else schema,
        }


def _text(value: str | None) -> str:
    return "" if value is None else safe(value)


def _host(value: Any) -> str:
    try:
        netloc = urlsplit(value).netloc if isinstance(value, str) else ""
    except ValueError:
        return ""
    return safe(netloc.rpartition("@")[2])


def _own_labels(value: dict[str, str] | None) -> dict[str, str]:
    """Keep short values: the last-applied configuration alone is a third of an object."""
    if not value:
        return {}
    return {
        safe(key): safe(text)
        for key, text in value.items()
        if text is not None and len(text) <= _MAX_LABEL and key != _LAST_APPLIED
    }


_MAX_LABEL: Final = 1_024

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""Holds environment variables in plain text; nobody here looks at it."""


def _int32(value: int) -> int:
    """Refuse what no field of the API can hold and no length of time could be made of."""
    if not -(2**31) <= value < 2**31:
        raise ValueError("beyond 32 bits")
    return value


_YEARS: Final = range(2, 9_000)


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None or value.year not in _YEARS:
        raise ValueError("not a moment in time")
    return value


Str = Annotated[str, _After(_text, nullable=True)]
"""One harmless line; `null` reads as empty."""

Raw = Annotated[str, _After(lambda value: value or "", nullable=True)]
"""Text kept to the letter because it is sent back (a query, a URL); pass it through `safe_lines`
before it is shown."""

Int = Annotated[int, _After(lambda value: 0 if value is None else _int32(value), nullable=True)]
"""A count; `null` reads as 0."""

Number = Annotated[int, _After(_int32)]
"""A number that may be absent: used as `Number | None`."""

Time = Annotated[datetime, _After(_moment)]
"""A moment with its time zone, near enough that a length can be added to it."""

Flag = Annotated[bool, _After(bool, nullable=True)]
"""A switch; `null` reads as off."""

Many = Annotated[tuple[_Item, ...], _After(lambda value: value or (), nullable=True)]
"""A list; Go's nil list arrives as `null` and reads as empty."""

Host = Annotated[str, _Anything(_host)]
"""Host and port of a URL; its path, query and user, which may hold credentials, are not kept."""

Labels = Annotated[dict[str, str], _After(_own_labels, nullable=True)]
"""Labels or annotations with values of up to 1,024 characters."""

Present = Annotated[bool, _Anything(lambda value: value is not None)]
"""Whether a field is set at all; its content, which may hold credentials, is not kept."""

Names = Annotated[
    tuple[str, ...],
    _Anything(
        lambda value: (
            tuple(map(safe, map(str, value))) if isinstance(value, dict | list | tuple) else ()
        )
    ),
]
"""The keys of an object whose values are not kept."""

IntOrStr = Number | Str
"""Kubernetes' IntOrString, e.g. `25` or `"25%"`."""


class Key(NamedTuple):
    """Where an object lives in one cluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@record
class OwnerReference:
    """Who owns an object; join by `uid`, never by a name's prefix."""

    kind: Str = ""
    name: Str = ""
    uid: Str = ""
    controller: Flag = False


@record
class ManagedFields:
    """Who wrote an object last, as far as the API server knows."""

    manager: Str = ""
    operation: Str = ""
    subresource: Str = ""
    time: Time | None = None


@record
class ObjectMeta:
    """What every object says of itself."""

    name: Str
    uid: Str
    namespace: Str = ""
    generation: Int = 0
    resource_version: Str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: Labels = field(default_factory=dict)
    annotations: Labels = field(default_factory=dict)
    owner_references: Many[OwnerReference] = ()
    finalizers: Many[Str] = ()
    managed_fields: Many[ManagedFields] = ()

    @property
    def key(self) -> Key:
        """Return namespace and name."""
        return Key(self.namespace, self.name)

    @property
    def controller_uid(self) -> str:
        """Return the uid of the controlling owner, or an empty string."""
        return next((owner.uid for owner in self.owner_references if owner.controller), "")


@record
class Condition:
    """One entry of `status.conditions`, of whatever object."""

    type: Str = ""
    status: Str = ""
    reason: Str = ""
    message: Str = ""
    last_update_time: Time | None = None
    last_transition_time: Time | None = None


HASH_LABEL: Final = "rollouts-pod-template-hash"
"""Label of ReplicaSets, Pods, AnalysisRuns and key of Service selectors: joins everything."""

REVISION_ANNOTATION: Final = "rollout.argoproj.io/revision"


def revision_of(meta: ObjectMeta) -> int:
    """Return the revision in the annotation, 0 where it is missing or not a number.

    Source: utils/replicaset/replicaset.go, utils/annotations/annotations.go.
    """
    text = meta.annotations.get(REVISION_ANNOTATION, "")
    return int(text) if text.isascii() and text.isdecimal() else 0
