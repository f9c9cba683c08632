"""A small HTTP/1.1 server: a thousand scrapes a second must not cost a core."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

_HEAD_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back: a body, then what `stream` yields for as long as somebody reads."""

    body: bytes = b""
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/plain; charset=utf-8"
    stream: AsyncGenerator[bytes] | None = None


Handler = Callable[[str, Mapping[str, str]], Response]
"""From a path and its query."""


async def serve(handler: Handler, port: int, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    """Return a server of GET requests on 127.0.0.1."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Who hangs up in between has lost interest.
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await _converse(handler, reader, writer)
        writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", port, ssl=tls, limit=_HEAD_BYTES)


async def _converse(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode("latin-1")
        url = urlsplit(target)
        response = handler(url.path, dict(parse_qsl(url.query)))
        if response.stream is not None:
            await _stream(response, response.stream, writer)
            return
        writer.write(_head(response, f"Content-Length: {len(response.body)}") + response.body)
        await writer.drain()


async def _stream(
    response: Response, stream: AsyncGenerator[bytes], writer: asyncio.StreamWriter
) -> None:
    writer.write(_head(response, "Transfer-Encoding: chunked"))
    async with aclosing(stream):
        if response.body:
            writer.write(_chunk(response.body))
        await writer.drain()
        async for data in stream:
            writer.write(_chunk(data))
            await writer.drain()
    writer.write(_chunk(b""))
    await writer.drain()


def _head(response: Response, length: str) -> bytes:
    status = response.status
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {response.content_type}\r\n"
        f"{length}\r\n\r\n"
    ).encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
