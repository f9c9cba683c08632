"""A line to a server on this machine that can be cut and mended."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self
from urllib.parse import urlsplit

from tests.controlplane.ports import reserved_ports

_PIECE_BYTES = 64 * 1024


class Wire:
    """A port of its own that leads to a server while the wire is whole; it starts cut."""

    def __init__(self, url: str) -> None:
        """Lead to the server at `url`."""
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 443)
        self._stack = ExitStack()
        (self._port,) = self._stack.enter_context(reserved_ports(1))
        self.url = f"{parts.scheme}://127.0.0.1:{self._port}"
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._stack.close()

    def mend(self) -> None:
        """Let connections through."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._ends = self._ends, []
        if listener is not None:
            # Closing alone would not wake the thread that waits in it.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Be cut for the length of a `with`."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._ends += [near, far]
            threading.Thread(target=_carry, args=(near, far), daemon=True).start()


def _carry(near: socket.socket, far: socket.socket) -> None:
    """Carry bytes both ways until one end is closed, then close the other."""
    with near, far, suppress(OSError):
        while True:
            ready, _, _ = select.select([near, far], [], [])
            for source in ready:
                piece = source.recv(_PIECE_BYTES)
                if not piece:
                    return
                (far if source is near else near).sendall(piece)
