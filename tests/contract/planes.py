"""The two control planes that one suite is run against."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_START_SECONDS: Final = 30
_END_SECONDS: Final = 60


@dataclass(frozen=True)
class Plane:
    """How to reach a control plane: what `Api` needs, and Prometheus.

    Attributes:
        name: `demo` or `real`.
        forget: Makes it forget its history, so that old versions are gone.
    """

    name: str
    url: str
    ca_file: Path | None
    tokens: Mapping[str, str] = field(repr=False)
    prometheus_url: str
    forget: Callable[[], None]

    def token(self, user: str) -> str:
        """Return the token of `admin`, `oncall`, `viewer` or `nobody`."""
        return self.tokens[user]


@dataclass(frozen=True)
class Demo:
    """A running demo: its process, and what it said of itself."""

    process: subprocess.Popen[str]
    said: Mapping[str, Any] = field(repr=False)

    def plane(self) -> Plane:
        """Return how to reach it."""
        return Plane(
            name="demo",
            url=self.said["server"],
            ca_file=None,
            tokens=self.said["tokens"],
            prometheus_url=self.said["prometheus"],
            forget=lambda: self.process.send_signal(signal.SIGUSR1),
        )


@contextmanager
def demo(
    arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Demo]:
    """Run a demo of its own for as long as the context lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "amas_tui.demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ if environment is None else environment),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the demo ended with {process.wait(_START_SECONDS)} before it said anything"
        yield Demo(process, json.loads(line))
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_SECONDS)
            raise
