"""One program of the bed: started, watched and ended by its process id."""

import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

POLL_SECONDS: Final = 0.02
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LOG_TAIL_LINES: Final = 15


class StartError(Exception):
    """A program ended early or never became ready; the text ends with its log's last lines."""


@dataclass(slots=True)
class Process:
    """A program with its log and pid file, usable from any process that knows the folder."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    is_ready: Callable[[], bool]
    """Asks the program itself; must return within a second or so."""
    detached: bool = False
    """Outlives the process that started it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to what this process has."""
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What the program wrote, over all its restarts."""
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The id of the newest start, running or not.

        Raises:
            ProcessLookupError: It was never started.
        """
        return self._identity()[0]

    def running(self) -> bool:
        """Whether the program runs; a paused one does."""
        if self._child is not None and self._child.poll() is None:
            return True
        try:
            pid, started = self._identity()
        except ProcessLookupError:
            return False
        return _start_time(pid) == started

    def start(self) -> None:
        """Start the program; `wait_ready` tells when it can be used."""
        self.log.parent.mkdir(exist_ok=True)
        parent, detached = os.getpid(), self.detached

        def die_with_parent() -> None:
            if detached:
                return
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C is for whoever started the bed, who then stops it.
            self._child = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | self.environment,
                start_new_session=True,
                # Safe: a bed starts its programs from one thread, which must live on, for the
                # kernel's "parent" is that thread.
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )
        pid = self._child.pid
        self._pid_file.write_text(f"{pid} {_start_time(pid)}")

    def wait_ready(self, deadline: float) -> None:
        """Return once the program says that it is ready.

        Raises:
            StartError: It ended, or `deadline` (of `time.monotonic`) passed.
        """
        while not self.is_ready():
            if not self.running():
                raise StartError(f"{self.name} ended while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} did not become ready in time:\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)

    def pause(self) -> None:
        """Stop the program from running without ending it: connections stay open, silent."""
        self._send(signal.SIGSTOP)
        # The signal is sent to the process; its threads stop one after the other.
        while (pid := self.pid) and not _is_stopped(pid):
            time.sleep(0.001)

    def resume(self) -> None:
        """Let a paused program run on."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """End the program at once, as a crash would, and wait until it is gone."""
        self._send(signal.SIGKILL)
        self.wait_gone(10)

    def terminate(self) -> None:
        """Ask the program to end; a paused one hears it too."""
        self._send(signal.SIGTERM)
        self._send(signal.SIGCONT)

    def stop(self, patience_seconds: float = 5) -> None:
        """End the program politely, then by force; an ended one is fine."""
        self.terminate()
        if not self.wait_gone(patience_seconds):
            self.kill()

    def restart(self, *, patience_seconds: float = 1, ready_seconds: float = 30) -> None:
        """End the program if it runs, start it again and wait until it is ready.

        The API server and etcd would wait a minute for their clients to go: hence the patience.
        """
        self.stop(patience_seconds)
        self.start()
        self.wait_ready(time.monotonic() + ready_seconds)

    def wait_gone(self, seconds: float) -> bool:
        """Whether the program ended within `seconds`."""
        if self._child is not None:
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
        # Somebody who attached may have started a later one, which is not our child.
        try:
            pid, started = self._identity()
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            if _start_time(pid) != started:
                return True
            ended, _, _ = select.select([handle], [], [], seconds)
            return bool(ended)
        finally:
            os.close(handle)

    def log_tail(self) -> str:
        """Return the log's last lines."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-_LOG_TAIL_LINES:]) or "(no output)"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def _identity(self) -> tuple[int, str]:
        """The pid and the start time that tells it from a later process with the same pid."""
        try:
            pid, started = self._pid_file.read_text().split(maxsplit=1)
        except (FileNotFoundError, ValueError):
            raise ProcessLookupError(f"{self.name} was never started") from None
        return int(pid), started

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            pid, started = self._identity()
            handle = os.pidfd_open(pid)
            try:
                # The handle pins the process; only then is it safe to ask who it is.
                if _start_time(pid) == started:
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)


def _is_stopped(pid: int) -> bool:
    """Return whether every thread is stopped or gone."""
    try:
        states = [
            stat.read_text().rpartition(") ")[2][0]
            for stat in Path("/proc", str(pid), "task").glob("*/stat")
        ]
    except OSError:
        return False
    return all(state in "TtZX" for state in states)


def _start_time(pid: int) -> str | None:
    """Return when `pid` started, in the kernel's ticks, or `None` if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold blanks; state is the first field after it.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]
