"""`demo`: a cluster in a process of its own, and the product on it as on any other."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Final, Self

from amas_tui.cli.options import Flags
from amas_tui.errors import AmasError

CONTEXT: Final = "demo"
"""What stands where a kubeconfig's context would."""

_MODULE: Final = "amas_tui.demo"
_END_SECONDS: Final = 2.0


class DemoError(AmasError):
    """The demo's process did not start."""


class DemoProcess:
    """The demo's control plane. A context manager: at its end the process is gone.

    It ends by itself when its stdin closes, so that it outlives us under no circumstances.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start it, without waiting until it answers."""
        self._complaints = _file()
        # A process group of its own: Ctrl-C is for us, and we end it.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", _MODULE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints or subprocess.DEVNULL,
            process_group=0,
        )
        self._flags: Flags | None = None

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def locate(self) -> Flags:
        """Return the way to it, as soon as it listens.

        Raises:
            DemoError: It has ended instead.
        """
        if self._flags is None:
            self._flags = self._read()
        return self._flags

    def _read(self) -> Flags:
        line = self._process.stdout.readline() if self._process.stdout else b""
        try:
            said = json.loads(line)
            server, token = str(said["server"]), str(said["token"])
        except (ValueError, LookupError, TypeError) as error:
            raise DemoError(f"the demo did not start: {self._last_words()}") from error
        return Flags(context=CONTEXT, server=server, token=token, all_namespaces=True, is_bare=True)

    def _last_words(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        if self._complaints is None:
            return "it does not say why"
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it does not say why"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._complaints):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _file() -> IO[bytes] | None:
    """Return a place for what the process complains of, `None` where there is none to write."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None
