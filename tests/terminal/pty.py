"""A program in a pseudo-terminal: its bytes with their times, and the screen they paint.

    with Terminal(["amas-tui"], environment, size=(80, 24)) as terminal:
        text = terminal.until("Healthy")        # waits, or fails with what is on the screen
        terminal.press("enter", "p")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait(4) == 143
        assert terminal.left_over() == []       # modes and termios are as they were

A thread reads all the time, as a terminal does, and answers what programs ask of one. `stalled`
is a line that stops taking bytes; `hang_up` is one that breaks.
"""

import codecs
import fcntl
import os
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from tests.terminal import usage
from tests.terminal.sequences import SYNCHRONIZED, Modes, Splitter
from tests.terminal.vt import Cell, Picture

PATIENCE_SECONDS: Final = 20.0
_END_SECONDS: Final = 5.0
_READ_BYTES: Final = 64 * 1024

_DEFAULT_SIGNALS: Final = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}

KEYS: Final[Mapping[str, str]] = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
"""What a terminal sends for a key that is not a character."""


class Chunk(NamedTuple):
    """What one read brought."""

    at: float
    """By `time.monotonic`."""
    data: bytes


class Seen(NamedTuple):
    """A screen that was waited for."""

    text: str
    at: float
    """When the last of its bytes came, by `time.monotonic`."""


class ScreenError(AssertionError):
    """The screen never showed what was waited for; the text is the screen's."""


Predicate = Callable[[str], bool]


class Terminal:
    """A program in a pseudo-terminal. A context manager: at its end the program is ended."""

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        size: tuple[int, int] = (80, 24),
        answers: bool = True,
    ) -> None:
        """Start a program.

        Args:
            command: The program, found by our own PATH, and its arguments.
            environment: All of its environment.
            size: Columns and lines.
            answers: Whether the terminal answers questions, as all but the oldest do.
        """
        self._answers = answers
        self._chunks: list[Chunk] = []
        self._modes = Modes()
        self._splitter = Splitter()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._picture = Picture(*size)
        self._changed = threading.Condition()
        self._predicate: Predicate | None = None
        self._satisfied: Seen | None = None
        self._has_ended = False
        self._is_stalled = False
        self._has_heeded_stall = False
        self._status: int | None = None
        master, slave = os.openpty()
        _set_size(master, size)
        self._master: int | None = master
        self._slave: int | None = slave
        self._termios_before: list[Any] = termios.tcgetattr(slave)
        self._termios_at_end: list[Any] | None = None
        self._seconds_at_end = 0.0
        self._wake, self._waker = os.pipe()
        self.started = time.monotonic()
        self.pid = _spawn([str(part) for part in command], environment, os.ttyname(slave))
        self._handle = os.pidfd_open(self.pid)
        self._thread = threading.Thread(target=self._read, name="pty", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program if it runs and give everything back."""
        if self._status is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            self._reap()
        self._thread.join(_END_SECONDS)
        for descriptor in (self._master, self._slave, self._wake, self._waker, self._handle):
            if descriptor is not None:
                os.close(descriptor)

    # --------------------------------------------------------------- what it did

    @property
    def output(self) -> bytes:
        """Every byte so far."""
        with self._changed:
            return b"".join(chunk.data for chunk in self._chunks)

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Every read so far with its time."""
        with self._changed:
            return tuple(self._chunks)

    @property
    def modes(self) -> Modes:
        """How the terminal stands now."""
        with self._changed:
            return self._modes

    @property
    def text(self) -> str:
        """What is on the screen, line by line, without blanks at the ends."""
        with self._changed:
            return self._picture.text

    @property
    def cells(self) -> list[list[Cell]]:
        """The cells of the screen."""
        with self._changed:
            return self._picture.cells

    def left_over(self) -> list[str]:
        """Return what the program has not put back, in words: modes and terminal settings."""
        with self._changed:
            found = self._modes.left_over()
            now = self._termios_at_end if self._slave is None else termios.tcgetattr(self._slave)
        if now != self._termios_before:
            found.append(f"termios {now} instead of {self._termios_before}")
        return found

    @property
    def cpu_seconds(self) -> float:
        """The processor time that the program has taken."""
        return self._seconds_at_end if self._status is not None else usage.cpu_seconds(self.pid)

    # ------------------------------------------------------------------- waiting

    def until(self, what: str | Predicate, seconds: float = PATIENCE_SECONDS) -> str:
        """Return the screen's text as soon as it holds a text or satisfies a predicate.

        A frame that the program marks as one (synchronized output) is looked at when it is whole.

        Raises:
            ScreenError: Not in time, or the program ended first.
        """
        return self.see(what, seconds).text

    def see(self, what: str | Predicate, seconds: float = PATIENCE_SECONDS) -> Seen:
        """Return the screen with the time of its last byte. See `until`."""
        predicate = (lambda text: what in text) if isinstance(what, str) else what
        deadline = time.monotonic() + seconds
        with self._changed:
            self._predicate, self._satisfied = predicate, None
            try:
                self._look(self._chunks[-1].at if self._chunks else self.started)
                while self._satisfied is None:
                    left = deadline - time.monotonic()
                    if left <= 0 or self._has_ended:
                        raise ScreenError(self._complaint(what, seconds))
                    self._changed.wait(left)
                return self._satisfied
            finally:
                self._predicate = None

    def first_byte(self, seconds: float = PATIENCE_SECONDS) -> float:
        """Return when the program first wrote something."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._chunks or self._has_ended, seconds):
                raise ScreenError(f"not a byte in {seconds:g} s")
            return self._chunks[0].at

    def collect(self, seconds: float) -> tuple[Chunk, ...]:
        """Return what comes within the next `seconds`; the program may end meanwhile."""
        with self._changed:
            before = len(self._chunks)
            self._changed.wait_for(lambda: self._has_ended, seconds)
            return tuple(self._chunks[before:])

    def wait(self, seconds: float = _END_SECONDS) -> int:
        """Return the exit code once the program has ended; 128 + n for signal n.

        Raises:
            ScreenError: It still runs.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_ended, seconds):
                raise ScreenError(f"still runs after {seconds:g} s with\n{self._picture.text}")
        return self._reap()

    def wait_stopped(self, seconds: float = _END_SECONDS) -> None:
        """Return once the program has stopped itself, as on Ctrl-Z.

        Raises:
            ScreenError: It runs on, or ended; in both cases it is ended.
        """
        end = threading.Timer(seconds, signal.pidfd_send_signal, (self._handle, signal.SIGKILL))
        end.daemon = True
        end.start()
        found = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        end.cancel()
        if found is None or found.si_code != os.CLD_STOPPED:
            raise ScreenError(f"did not stop within {seconds:g} s")

    def settled(self, quiet: float = 0.15, seconds: float = PATIENCE_SECONDS) -> str:
        """Return the screen's text once nothing has been written for `quiet` seconds.

        Raises:
            ScreenError: It never falls silent.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while time.monotonic() < deadline:
                before = len(self._chunks)
                if not self._changed.wait_for(lambda: len(self._chunks) > before, quiet):  # noqa: B023
                    return self._picture.text
        raise ScreenError(f"never silent for {quiet:g} s within {seconds:g} s")

    # -------------------------------------------------------------------- acting

    def press(self, *keys: str) -> None:
        """Press keys: a character, or a name in `KEYS`."""
        for key in keys:
            self.type(KEYS.get(key, key))

    def type(self, text: str) -> None:
        """Type text as it is."""
        os.write(self._line, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the program is told."""
        with self._changed:
            self._picture.resize(columns, lines)
        _set_size(self._line, (columns, lines))

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        signal.pidfd_send_signal(self._handle, number)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Take no bytes, as a line does that is stuck, for the length of a `with`."""
        self._stall(on=True)
        try:
            yield
        finally:
            self._stall(on=False)

    def hang_up(self) -> None:
        """Break the line: the terminal is gone, as when an SSH connection drops."""
        self._stall(on=True)
        with self._changed:
            for descriptor in (self._slave, self._master):
                if descriptor is not None:
                    os.close(descriptor)
            self._slave = self._master = None

    # ------------------------------------------------------------------- inside

    @property
    def _line(self) -> int:
        if self._master is None:
            raise ScreenError("the terminal was hung up")
        return self._master

    def _stall(self, *, on: bool) -> None:
        with self._changed:
            self._is_stalled = on
            os.write(self._waker, b"x")
            self._changed.wait_for(
                lambda: self._has_heeded_stall == on or self._has_ended, _END_SECONDS
            )

    def _read(self) -> None:
        """Read until the program has ended and all it wrote is here."""
        while True:
            with self._changed:
                self._has_heeded_stall = self._is_stalled
                self._changed.notify_all()
            lines = [] if self._is_stalled or self._master is None else [self._master]
            ready, _, _ = select.select([self._handle, self._wake, *lines], [], [])
            if lines and lines[0] in ready:
                self._take(lines[0])
            elif self._handle in ready:
                self._finish()
                return
            if self._wake in ready:
                os.read(self._wake, 64)

    def _take(self, line: int) -> bool:
        """Take in what can be read now; whether there may be more."""
        try:
            data = os.read(line, _READ_BYTES)
        except OSError:
            return False
        at = time.monotonic()
        with self._changed:
            self._chunks.append(Chunk(at, data))
            for piece in self._splitter.feed(self._decode(data)):
                self._modes.take(piece)
                self._picture.take(piece)
                if self._answers and (answer := self._picture.answer(piece)):
                    os.write(line, answer.encode())
            self._look(at)
            self._changed.notify_all()
        return bool(data)

    def _look(self, at: float) -> None:
        """Ask whether what is waited for is there."""
        if self._predicate is None or self._satisfied is not None:
            return
        if SYNCHRONIZED not in self._modes.private:
            text = self._picture.text
            self._satisfied = Seen(text, at) if self._predicate(text) else None

    def _finish(self) -> None:
        """Take in what the program wrote last."""
        if self._slave is not None:
            with suppress(termios.error):
                self._termios_at_end = termios.tcgetattr(self._slave)
            # Only when nobody holds the other side does reading say where the end is.
            os.close(self._slave)
            self._slave = None
            while self._take(self._line):
                pass
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _reap(self) -> int:
        if self._status is None:
            _, status, used = os.wait4(self.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            self._seconds_at_end = used.ru_utime + used.ru_stime
            self._status = code if code >= 0 else 128 - code
        return self._status

    def _complaint(self, what: str | Predicate, seconds: float) -> str:
        wanted = repr(what) if isinstance(what, str) else getattr(what, "__name__", "it")
        how = "before the program ended" if self._has_ended else f"in {seconds:g} s"
        return f"never saw {wanted} {how}; the screen shows\n{self._picture.text}"


def _spawn(command: Sequence[str], environment: Mapping[str, str], tty: str) -> int:
    """Start a program as the leader of a session whose terminal is `tty`."""
    return os.posix_spawnp(
        command[0],
        list(command),
        environment,
        # A session leader without a terminal gets the first one it opens.
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, tty, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=_DEFAULT_SIGNALS,
    )


def _set_size(descriptor: int, size: tuple[int, int]) -> None:
    columns, lines = size
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
