"""Lines out of chunks: a watch is JSON, one event a line, in chunks that align with nothing."""

from collections.abc import Iterator
from typing import Final

from amas_tui.errors import DecodeError

MAX_LINE: Final = 32 * 1024 * 1024
"""Bytes of one event; etcd refuses objects beyond 1.5 MiB by default, so this is generous."""


class LineSplitter:
    r"""Collects chunks and gives whole lines, split on the byte `\n` alone.

    Other line separators, such as U+0085, are legal inside JSON strings, so splitting text would
    cut events in two. An unterminated last line is never given: the stream was cut inside it.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._tail = bytearray()
        self._searched = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield every line that `chunk` completes, without its newline; blank ones are skipped.

        Raises:
            DecodeError: A line is longer than the limit.
        """
        self._tail += chunk
        start = 0
        while (end := self._tail.find(b"\n", max(start, self._searched))) >= 0:
            line = bytes(self._tail[start:end])
            start = end + 1
            if line.strip():
                yield line
        del self._tail[:start]
        self._searched = len(self._tail)
        if len(self._tail) > self._limit:
            raise DecodeError(f"a watch event is longer than {self._limit} bytes")
