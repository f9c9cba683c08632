"""What a user may settle once, as plain values that every layer can read.

`amas_tui.config` finds them: a flag wins over the environment, that over the section of the
context, that over the rest of the file, that over the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class OwnQuery:
    """A query of the user's own, shown beside those of the gates.

    Attributes:
        name: What its line is called.
        query: PromQL; `{{args.hash}}`, `{{args.namespace}}` and `{{args.rollout}}` are filled in.
        condition: What makes a value good, as an AnalysisTemplate words it; may be empty.
        unit: Put behind a value, e.g. `s`.
    """

    name: str
    query: str
    condition: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force in one context.

    Attributes:
        prometheus_url: Where Prometheus is asked, before what a template says; may be empty.
        metrics_interval: Seconds between two values of a live series.
        namespaces: On the board where none are given; also the favourites. Empty means all.
        read_only: No write is sent.
        protected: The rollout's name is typed before a write.
        mark: A word such as `PROD` that the context is marked with.
        colour: Of the mark: one of `COLOURS`.
        ascii: Whether only ASCII is painted, `None` where the terminal decides.
        on_rollback: A shell command for rollbacks and halts; gets the event as JSON on stdin.
        on_rollback_timeout: Seconds it may take.
        queries: The user's own.
        keys: Other keys for some commands, as Textual names them.
        manifests: Values for what `manifests` makes, by the names of its flags.
    """

    prometheus_url: str = field(default="", repr=False)
    metrics_interval: float = 5.0
    namespaces: tuple[str, ...] = ()
    read_only: bool = False
    protected: bool = False
    mark: str = ""
    colour: str = "red"
    ascii: bool | None = None
    on_rollback: str = field(default="", repr=False)
    on_rollback_timeout: float = 10.0
    queries: tuple[OwnQuery, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    manifests: Mapping[str, str] = field(default_factory=dict)


COLOURS: Final = ("red", "yellow", "green", "cyan", "blue")
"""What a context's mark may be painted in, of the terminal's own palette."""
