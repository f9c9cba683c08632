"""What the API server asks of the rest of the demo: what pods wrote, and Prometheus."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

Json = dict[str, Any]


class LogLine(NamedTuple):
    """One line of a container's log and when it was written, UTC."""

    at: datetime
    text: str


class Logs(Protocol):
    """What containers wrote."""

    def lines(self, pod: Json, container: str, *, previous: bool) -> Sequence[LogLine]:
        """Return the lines there are, the oldest first; `previous` means before the restart."""

    def listen(
        self, pod: Json, container: str, hear: Callable[[LogLine], None]
    ) -> Callable[[], None]:
        """Call `hear` with each line from now on; return what ends it."""


class Reply(NamedTuple):
    """An answer over HTTP."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Prometheus(Protocol):
    """The HTTP API of Prometheus."""

    @property
    def is_away(self) -> bool:
        """Return whether connections to it are refused."""

    def answer(self, path: str, params: Sequence[tuple[str, str]]) -> Reply:
        """Return the answer to a GET or a POSTed form of e.g. `/api/v1/query`."""
