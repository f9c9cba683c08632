"""A proxy before the API server that counts, delays, drops and lies; it runs in its own thread.

Clients reach it by plain HTTP on loopback; who they are is passed on.
"""

import asyncio
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self
from weakref import WeakSet

import aiohttp
from aiohttp import web

from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.kubeconfig import kubeconfig

_HOP: Final = frozenset({"host", "connection", "transfer-encoding", "content-length", "keep-alive"})
_START_SECONDS: Final = 20
_CLOSING_SECONDS: Final = 0.2
_GOODBYE_SECONDS: Final = 10.0


class Fault(StrEnum):
    """What happens to one request."""

    NONE = "none"
    DROP_REQUEST = "the request never arrives"
    DROP_REPLY = "it is carried out, the reply is lost"
    WEBHOOK = "it is accepted, and an admission webhook takes it back"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: str

    @property
    def is_write(self) -> bool:
        """Whether it changes anything: not a read, not a review, not a dry-run."""
        is_review = "selfsubject" in self.path
        return self.method != "GET" and not is_review and "dryRun=All" not in self.query

    @property
    def is_patch(self) -> bool:
        """Whether it is a patch that was meant."""
        return self.method == "PATCH" and self.is_write


@dataclass(frozen=True, slots=True)
class Sent:
    """A patch that was meant, and what became of it.

    Attributes:
        status: What the API server answered, or the proxy in its place; 0 without an answer.
        has_arrived: Whether the API server got it.
    """

    path: str
    body: bytes
    status: int
    has_arrived: bool

    @property
    def is_made(self) -> bool:
        """Whether the API server took it in."""
        return self.has_arrived and self.status < HTTPStatus.BAD_REQUEST


class FaultProxy:
    """Use as `with`. `answers` and `faults` are consumed by patches that are meant, in turn.

    Attributes:
        asked: Every request, in order.
        sent: Every patch that was meant, once its fate is known.
        answers: HTTP statuses to answer the coming patches with, without passing them on.
        faults: What happens to the coming patches.
        delay: Seconds by which everything that a watch brings is late.
        is_down: Whether every connection is refused.
    """

    def __init__(self, bed: ControlPlane) -> None:
        self._bed = bed
        self.asked: list[Asked] = []
        self.sent: list[Sent] = []
        self._watching: set[asyncio.Transport] = set()
        self.answers: deque[int] = deque()
        self.faults: deque[Fault] = deque()
        self.delay = 0.0
        self.is_down = False
        self.on_patch: Callable[[Asked], None] | None = None
        self._port = 0
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._over: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        over = self._over
        assert over is not None
        self._loop.call_soon_threadsafe(over.set)
        self._thread.join(_START_SECONDS)

    @property
    def writes(self) -> list[Asked]:
        """Return the requests that changed something, or would have."""
        return [one for one in self.asked if one.is_write]

    @property
    def patches(self) -> list[Asked]:
        """Return the patches that were meant."""
        return [one for one in self.asked if one.is_patch]

    def drop_watches(self) -> None:
        """Break every connection that a watch uses now; new ones are let through."""
        self._loop.call_soon_threadsafe(self._drop_watches)

    def _drop_watches(self) -> None:
        for transport in self._watching:
            transport.abort()
        self._watching.clear()

    def kubeconfig(self, folder: Path, namespace: str, user: str = "admin") -> Path:
        """Return a kubeconfig that goes through the proxy."""
        target = folder / f"proxied.{user}"
        text = kubeconfig(
            f"http://127.0.0.1:{self._port}",
            self._bed.ca_file,
            name="proxied",
            user=user,
            namespace=namespace,
            credentials={"token": self._bed.token(user)},
        )
        plain = [line for line in text.splitlines() if "certificate-authority" not in line]
        target.write_text("\n".join(plain) + "\n")
        return target

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
            self._loop.run_until_complete(self._closed())
        finally:
            self._loop.close()

    async def _closed(self) -> None:
        """Let every connection say goodbye before the loop ends: that is done by callbacks."""
        await asyncio.sleep(_CLOSING_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                while any(one.fileno() >= 0 for one in self._sockets):  # noqa: ASYNC110
                    await asyncio.sleep(_CLOSING_SECONDS / 10)

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        self._sockets.add(made)
        return made

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        context = ssl.create_default_context(cafile=str(self._bed.ca_file))
        connector = aiohttp.TCPConnector(ssl=context, limit=0, socket_factory=self._socket)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False
        ) as self._session:
            runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._port = runner.addresses[0][1]
            self._ready.set()
            await self._over.wait()
            # A watch would hold the end up for as long as it lasts.
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Asked(request.method, request.path, request.query_string)
        self.asked.append(asked)
        if self.is_down:
            return self._cut(request)
        if not asked.is_patch:
            return await self._pass(request)
        if self.on_patch is not None:
            self.on_patch(asked)
        body = await request.read()
        if self.answers and (status := self.answers.popleft()):
            self.sent.append(Sent(asked.path, body, status, has_arrived=False))
            return _refusal(status)
        fault = self.faults.popleft() if self.faults else Fault.NONE
        match fault:
            case Fault.DROP_REQUEST:
                self.sent.append(Sent(asked.path, body, 0, has_arrived=False))
                return self._cut(request)
            case Fault.DROP_REPLY:
                status, _ = await self._forward(request)
                self.sent.append(Sent(asked.path, body, status, has_arrived=True))
                return self._cut(request)
            case Fault.WEBHOOK:
                self.sent.append(Sent(asked.path, body, HTTPStatus.OK, has_arrived=False))
                return await self._unchanged(request)
            case _:
                reply = await self._pass(request)
                self.sent.append(Sent(asked.path, body, reply.status, has_arrived=True))
                return reply

    def _cut(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)

    async def _forward(self, request: web.BaseRequest) -> tuple[int, bytes]:
        async with self._ask(request, request.method, await request.read()) as reply:
            return reply.status, await reply.read()

    def _headers(self, request: web.BaseRequest) -> dict[str, str]:
        """Return who asks and for what; kubectl sends no token over plain HTTP: it is the admin."""
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        headers.setdefault("Authorization", f"Bearer {self._bed.token('admin')}")
        return headers

    async def _unchanged(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer with the object as it is, as after a webhook that takes a change back."""
        async with self._ask(request, "GET", None) as reply:
            return web.Response(body=await reply.read(), content_type="application/json")

    def _ask(
        self, request: web.BaseRequest, method: str, body: bytes | None
    ) -> aiohttp.client._RequestContextManager:
        headers = self._headers(request)
        url = self._bed.url + request.path_qs
        return self._session.request(method, url, data=body, headers=headers)

    async def _pass(self, request: web.BaseRequest) -> web.StreamResponse:
        async with self._ask(request, request.method, await request.read() or None) as reply:
            headers = {k: v for k, v in reply.headers.items() if k.lower() not in _HOP}
            out = web.StreamResponse(status=reply.status, headers=headers)
            is_watch = "watch=" in request.query_string.lower()
            with suppress(ConnectionError):  # Whoever asked has gone, or was dropped.
                await out.prepare(request)
                if is_watch and (transport := request.transport) is not None:
                    self._watching.add(transport)
                    with _cut_when_cancelled(reply):
                        await self._stream(reply, out)
                    self._watching.discard(transport)
                else:
                    await out.write(await reply.read())
                await out.write_eof()
            return out

    async def _stream(self, reply: aiohttp.ClientResponse, out: web.StreamResponse) -> None:
        """Pass on what a watch brings, each piece late by the delay."""
        pieces: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

        async def read() -> None:
            async for piece in reply.content.iter_any():
                pieces.put_nowait((self._loop.time() + self.delay, piece))
            pieces.put_nowait(None)

        reader = asyncio.create_task(read())
        try:
            while (found := await pieces.get()) is not None:
                due, piece = found
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                await out.write(piece)
        except ConnectionError:
            return  # Whoever watched has gone.
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


@contextmanager
def _cut_when_cancelled(reply: aiohttp.ClientResponse) -> Iterator[None]:
    """Break a connection off at the end: saying goodbye could outlast the loop that it is in."""
    try:
        yield
    except asyncio.CancelledError:
        connection = reply.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        raise


def _refusal(status: int) -> web.Response:
    reasons = {403: "Forbidden", 409: "Conflict", 422: "Invalid", 500: "InternalError"}
    body: Json = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reasons.get(status, ""),
        "message": f"the proxy answers {status}",
        "code": status,
    }
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/json"
    )
