"""One Kubernetes object as it was written: its content, and the line of every part of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One object, or a part of one that stands alone.

    Attributes:
        file: Where it comes from; `rollout/NAME` for a live one.
        content: Plain values.
        lines: The 1-based line of each part, by its path; empty for a live object.
    """

    file: str
    content: Mapping[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        """Return e.g. `Rollout`."""
        return text(self.at("kind"))

    @property
    def api_version(self) -> str:
        """Return e.g. `argoproj.io/v1alpha1`."""
        return text(self.at("apiVersion"))

    @property
    def name(self) -> str:
        """Return its name, empty where it has none."""
        return text(self.at("metadata", "name"))

    @property
    def namespace(self) -> str:
        """Return its namespace, empty where it is left to the context."""
        return text(self.at("metadata", "namespace"))

    def at(self, *path: Step) -> Any:
        """Return what stands at a path, `None` for nothing."""
        value: Any = self.content
        for step in path:
            if isinstance(value, Mapping) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, Sequence) and not isinstance(value, str) and step != "":
                value = value[step] if isinstance(step, int) and step < len(value) else None
            else:
                return None
        return value

    def items(self, *path: Step) -> Iterator[tuple[Path, Any]]:
        """Yield the path and value of each element of a list."""
        value = self.at(*path)
        if isinstance(value, Sequence) and not isinstance(value, str):
            for index, one in enumerate(value):
                yield (*path, index), one

    def line(self, *path: Step) -> int:
        """Return the line of a part, or of the nearest around it; 0 for a live object."""
        for length in range(len(path), -1, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return 0


def text(value: Any) -> str:
    """Return a text, empty for anything else."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping, empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Return a list, empty for anything else."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def whole(value: Any) -> int | None:
    """Return a whole number, also of a text as IntOrString has it; `None` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.lstrip("+-").isdecimal() and value.isascii():
        return int(value)
    return None


def words(listed: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(listed.split())


def dotted(path: Path) -> str:
    """Return a path as people write it, e.g. `spec.strategy.canary.steps[2].pause`."""
    found = ""
    for step in path:
        found += f"[{step}]" if isinstance(step, int) else f".{step}" if found else step
    return found


class Bundle:
    """All objects that are judged together, and what can be looked up in them."""

    def __init__(self, documents: Sequence[Document], *, is_complete: bool = False) -> None:
        """Take documents.

        Args:
            documents: Everything that is known.
            is_complete: Whether what is not there does not exist, as in a cluster.
        """
        self.documents = tuple(documents)
        self.is_complete = is_complete

    def of(self, kind: str) -> tuple[Document, ...]:
        """Return the objects of a kind."""
        return tuple(one for one in self.documents if one.kind == kind)

    def find(self, kind: str, name: str, near: Document) -> Document | None:
        """Return the object of that name in the namespace of another one."""
        for one in self.of(kind):
            same = not one.namespace or not near.namespace or one.namespace == near.namespace
            if one.name == name and (same or kind == "ClusterAnalysisTemplate"):
                return one
        return None
