"""What a list-and-watch tells: the vocabulary between the reflector and the store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from amas_tui.errors import AmasError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """Everything there is; whatever was known before and is not in it is gone."""

    objects: tuple[T, ...]
    resource_version: str
    undecodable: int = 0
    """Objects that were left out because nothing sensible could be read from them."""


@dataclass(frozen=True, slots=True)
class Applied(Generic[T]):
    """An object was added or changed."""

    object: T


@dataclass(frozen=True, slots=True)
class Deleted(Generic[T]):
    """An object is gone; this is its last state."""

    object: T


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Nothing changed up to this version; proof that the stream lives."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class Undecodable:
    """An event whose object could not be read was skipped."""

    name: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The stream broke; what was known stays, but grows old from here on."""

    error: AmasError
    retry_at: datetime | None = None
    """When the next attempt starts."""


Update = Listed[T] | Applied[T] | Deleted[T] | Bookmark | Undecodable | Lost
