"""A scenario as data: what there is at first, and what happens when."""

from collections.abc import Sequence
from dataclasses import dataclass

from amas_tui.demo.store import Json


@dataclass(frozen=True, slots=True)
class NewImage:
    """Somebody gives a rollout another version."""

    namespace: str
    name: str
    tag: str


@dataclass(frozen=True, slots=True)
class ControllerStops:
    """Once a rollout is paused the controller takes no notice of anything for a while.

    What is written meanwhile stays written.
    """

    namespace: str
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PrometheusStops:
    """Prometheus answers nothing and scrapes nothing for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens, in seconds after the curtain rises."""

    at: float
    what: NewImage | ControllerStops | PrometheusStops


@dataclass(frozen=True, slots=True)
class Life:
    """One rollout: its objects, and the versions that it had before anybody looked.

    Attributes:
        objects: Manifests, in the order in which they are created; the Rollout is the last one.
        before: Tag of its first version, which undo can go back to.
        tag: Tag of the version that is stable when the curtain rises.
    """

    namespace: str
    name: str
    objects: tuple[Json, ...]
    before: str
    tag: str
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A whole demo.

    Attributes:
        templates: What is there before the rollouts.
    """

    lives: tuple[Life, ...]
    templates: tuple[Json, ...] = ()
    happenings: tuple[Happening, ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the namespaces that it needs."""
        return tuple(dict.fromkeys(life.namespace for life in self.lives))

    @property
    def all_happenings(self) -> Sequence[Happening]:
        """Return everything that happens, in its order."""
        own = (happening for life in self.lives for happening in life.happenings)
        return sorted((*own, *self.happenings), key=lambda happening: happening.at)
