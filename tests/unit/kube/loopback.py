"""A server on the loopback address that answers as a test tells it, well or badly."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from amas_tui.kube.credentials import Credentials, Fixed
from amas_tui.kube.kubeconfig import Access

End = Literal["whole", "cut", "reset", "silence"]


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out.

    Attributes:
        chunks: Instead of a body: chunks of a stream, sent one by one.
        end: `cut` closes the connection where more was promised, `reset` resets it, and `silence`
            keeps it open without a word.
    """

    status: int = 200
    body: bytes = b""
    type: str | None = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] | None = None
    end: End = "whole"


def ok(content: Any = None, **more: Any) -> Answer:
    """Return a JSON answer."""
    return Answer(body=json.dumps({} if content is None else content).encode(), **more)


def refusal(status: int, message: str = "", **more: Any) -> Answer:
    """Return a Status as the API server sends it."""
    content = {"kind": "Status", "status": "Failure", "message": message, "code": status}
    content |= {key: value for key, value in more.items() if key in ("reason", "details")}
    rest = {key: value for key, value in more.items() if key not in ("reason", "details")}
    return Answer(status, json.dumps(content).encode(), **rest)


def html(status: int, **headers: str) -> Answer:
    """Return what a proxy or login page answers."""
    return Answer(status, b"<html>who are you?</html>", "text/html; charset=utf-8", headers)


def stream(*lines: bytes | str, end: End = "whole") -> Answer:
    """Return a watch of these lines, each in a chunk of its own."""
    encoded = [line.encode() if isinstance(line, str) else line for line in lines]
    return Answer(chunks=[line + b"\n" for line in encoded], end=end)


Answers = Callable[[Request], Answer]


def in_turn(*answers: Answer) -> Answers:
    """Return a function that gives one answer after the other, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@dataclass(slots=True)
class Loopback:
    """A running server and what it was asked."""

    answers: Answers
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    _open: dict[asyncio.Task[Any], asyncio.StreamWriter] = field(default_factory=dict)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers of the newest request."""
        return self.requests[-1].headers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            while (request := await read_request(reader)) is not None:
                self.requests.append(request)
                if not await self._send(self.answers(request), writer):
                    break
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            del self._open[task]

    async def _send(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        """Send an answer; return whether the connection can be used again."""
        headers = {"Connection": "keep-alive", **answer.headers}
        if answer.type is not None:
            headers["Content-Type"] = answer.type
        if answer.chunks is None:
            missing = 100 if answer.end != "whole" else 0
            headers["Content-Length"] = str(len(answer.body) + missing)
        else:
            headers["Transfer-Encoding"] = "chunked"
        lines = [f"HTTP/1.1 {answer.status} X", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + answer.body)
        await writer.drain()
        for chunk in answer.chunks or ():
            writer.write(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
            await writer.drain()
        if answer.chunks is not None and answer.end == "whole":
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        if answer.end == "silence":
            await self._over.wait()
        if answer.end == "reset":
            reset(writer)
        return answer.end == "whole"

    async def stop(self) -> None:
        """End what is kept open and wait until nobody is served any more."""
        self._over.set()
        for writer in self._open.values():
            writer.close()
        await asyncio.gather(*self._open)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection so that the peer sees a reset, not an end."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request of a connection, `None` at its end."""
    begin = await reader.read(1)
    if begin in (b"", b"\x16"):
        # The end, or the greeting of somebody who expects TLS.
        return None
    head = begin + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("utf-8").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@asynccontextmanager
async def loopback(
    *answers: Answer | Answers, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Loopback]:
    """Run a server that gives these answers in turn, or asks a function for them."""
    (first, *_) = answers
    chosen = in_turn(*(one for one in answers if isinstance(one, Answer)))
    server = Loopback(chosen if isinstance(first, Answer) else first)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    server.scheme = "https" if tls else "http"
    try:
        yield server
    finally:
        listener.close()
        await server.stop()
        await listener.wait_closed()


def access(
    server: str,
    credentials: Credentials | None = None,
    **more: Any,
) -> Access:
    """Return access to a server of a test."""
    usual = {"context": "test", "cluster": "test", "user": "tester", "namespace": "shop"}
    return Access(
        **{**usual, **more}, server=server, credentials=credentials or Fixed("Bearer s3cret")
    )


async def unused_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
