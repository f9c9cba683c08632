"""HTTP to one API server: requests and streams, with every failure named.

httpx carries both this and Prometheus, so that the program loads one HTTP client.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from amas_tui import __version__
from amas_tui.errors import AmasError, ApiError, DecodeError, UnreachableError
from amas_tui.kube.decode import json_object, status_error
from amas_tui.kube.kubeconfig import Access
from amas_tui.safe import host_of, safe

if TYPE_CHECKING:
    import httpcore

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
_UNAUTHORIZED: Final = 401
_MAX_ERROR_BODY: Final = 64 * 1024

# A watch can be silent for minutes; the kernel's probes notice a dead peer in about 12 s without
# mistaking silence for it. Not every platform has every option.
_KEEPALIVE: Final = tuple(
    (level, getattr(socket, name), value)
    for level, name, value in (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 6),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 2),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    )
    if hasattr(socket, name)
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            DecodeError: It is not one.
        """
        return json_object(self.body)


class Transport:
    """Sends requests to one API server with the right credentials.

    Attributes:
        clock_offset: The server's clock minus ours, from the newest `Date` header.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.clock_offset = timedelta(0)
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(self, path: str, params: Mapping[str, str] | None = None, *, doing: str) -> Reply:
        """Return the answer to a GET. See `request`."""
        return await self.request("GET", path, params, doing=doing)

    async def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        doing: str,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Reply:
        """Send one request and return its answer.

        Args:
            method: The HTTP method.
            path: From the server's root, already quoted.
            params: The query string.
            doing: The words for an error, e.g. `list rollouts in amas-prod`.
            body: What to send.
            content_type: Of the body.

        Raises:
            ApiError: The server answered with a failure.
            UnreachableError: It gave no usable answer.
            CredentialError: The credentials cannot be had.
        """
        headers = {"Content-Type": content_type} if body is not None else {}
        async with self._open(
            method, path, params or {}, doing, self._timeout(), headers, body
        ) as response:
            content = await _read(response, doing, self.access)
        log.debug("%s %s %s %d bytes", method, path, response.status_code, len(content))
        return Reply(response.status_code, content)

    async def passed_on(self, path: str, params: Mapping[str, str], *, doing: str) -> Reply:
        """Return the answer to a GET that the API server passes on to somebody else, as it is.

        Its status is the other one's, so none is a failure here. See `request` for the rest.
        """
        async with self._open(
            "GET", path, params, doing, self._timeout(), {}, None, check=_anything
        ) as response:
            return Reply(response.status_code, await _read(response, doing, self.access))

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, doing: str, silence: float
    ) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Open a stream and give its chunks as they come.

        Args:
            path: From the server's root.
            params: The query string.
            doing: The words for an error.
            silence: Seconds without a byte after which the stream counts as dead.

        Raises:
            ApiError: The server answered with a failure.
            UnreachableError: It gave no usable answer, or the stream broke.
        """
        patience = httpx.Timeout(CONNECT_SECONDS, read=silence)
        async with self._open("GET", path, params, doing, patience, {}, None) as response:
            yield _chunks(response, doing, self.access)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        doing: str,
        patience: httpx.Timeout,
        headers: Mapping[str, str],
        body: bytes | None,
        check: "Check | None" = None,
    ) -> AsyncGenerator[httpx.Response, None]:
        for attempt in (1, 2):
            request = self._http.build_request(
                method,
                self.access.server + path,
                params=dict(params),
                headers=[
                    (name.encode(), value.encode())
                    for name, value in (
                        *self.access.headers,
                        *headers.items(),
                        *await self._authorization(),
                    )
                ],
                content=body,
                timeout=patience,
                extensions=self._extensions | {"trace": (handshake := _Handshake()).trace},
            )
            try:
                response = await self._http.send(request, stream=True)
            except asyncio.CancelledError:
                await handshake.abandon()
                raise
            except httpx.HTTPError as error:
                raise unreachable(error, doing, self.access) from error
            try:
                self._set_clock(response)
                refused = response.status_code == _UNAUTHORIZED and attempt == 1
                if refused and self.access.credentials.renew():
                    continue
                await (check or _check)(response, doing, self.access)
                yield response
            finally:
                await response.aclose()
            return

    @property
    def _extensions(self) -> dict[str, Any]:
        return {"sni_hostname": self.access.server_name} if self.access.server_name else {}

    async def _authorization(self) -> tuple[tuple[str, str], ...]:
        header = await self.access.credentials.authorization()
        return (("Authorization", header),) if header else ()

    def _timeout(self) -> httpx.Timeout:
        return httpx.Timeout(CONNECT_SECONDS, read=self.access.request_timeout or READ_SECONDS)

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            access = self.access
            self._client = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(
                    verify=access.tls if access.tls is not None else False,
                    trust_env=False,
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
                    proxy=httpx.Proxy(access.proxy) if access.proxy else None,
                    socket_options=_KEEPALIVE,
                ),
                headers={"User-Agent": f"amas-tui/{__version__}", "Accept": "application/json"},
                follow_redirects=False,
                trust_env=False,
            )
        return self._client

    def _set_clock(self, response: httpx.Response) -> None:
        try:
            date = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError, TypeError):
            return
        # The header counts whole seconds, so half a second is its expected rest. A zone that is
        # written as -0000 is read as none.
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        offset = date + timedelta(milliseconds=500) - datetime.now(UTC)
        self.clock_offset = offset if abs(offset) > timedelta(seconds=2) else timedelta(0)


class _Handshake:
    """Closes the connection of a request that is cancelled while TLS is being agreed on.

    Neither httpcore nor anyio does (httpcore 1.0.9): the socket would stay open until it is found
    as garbage.
    """

    def __init__(self) -> None:
        self._stream: httpcore.AsyncNetworkStream | None = None

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note what httpcore is about. Source: its "trace" request extension."""
        if event.endswith("connect_tcp.complete"):
            self._stream = info["return_value"]
        elif event.endswith("start_tls.complete"):
            self._stream = None

    async def abandon(self) -> None:
        """Close what was not handed over to the pool."""
        if self._stream is not None:
            await self._stream.aclose()


Check = Callable[[httpx.Response, str, Access], Awaitable[None]]
"""Raises for an answer that is of no use."""


async def _anything(response: httpx.Response, doing: str, access: Access) -> None:
    del response, doing, access


async def _check(response: httpx.Response, doing: str, access: Access) -> None:
    """Raise unless this is an answer of a Kubernetes API server that says yes."""
    status = response.status_code
    type_ = response.headers.get("Content-Type", "")
    if response.is_success and ("json" in type_ or not type_):
        return
    if response.is_success and type_.startswith("text/plain"):
        return
    content = await _read(response, doing, access, limit=_MAX_ERROR_BODY)
    if response.is_success or response.is_redirect or type_.startswith("text/html"):
        raise UnreachableError(
            f"cannot {doing}: {host_of(access.server)} answered {status} with "
            f"{safe(type_.split(';')[0]) or 'no content type'}, not the Kubernetes API",
            hint="A proxy or login page may stand in between; log in, or check the server's URL",
        )
    raise failure(content, status, doing, response.headers.get("Retry-After"))


def failure(content: bytes, status: int, doing: str, retry_after: str | None = None) -> ApiError:
    """Return the error for an answer that is not a success."""
    try:
        body = json_object(content)
    except DecodeError:
        body = {"message": content[:200].decode(errors="replace")}
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
    return status_error(body, status, doing, seconds)


async def _read(
    response: httpx.Response, doing: str, access: Access, limit: int | None = None
) -> bytes:
    try:
        if limit is None:
            return await response.aread()
        content = b""
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) >= limit:
                break
    except httpx.HTTPError as error:
        raise unreachable(error, doing, access) from error
    return content[:limit]


async def _chunks(response: httpx.Response, doing: str, access: Access) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except httpx.HTTPError as error:
        raise unreachable(error, doing, access) from error


def unreachable(error: httpx.HTTPError, doing: str, access: Access) -> AmasError:
    """Return what a failure below HTTP means to a person."""
    where = host_of(access.server)
    cause = _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"cannot {doing}: the certificate of {where} is not trusted: {cause.verify_message}",
            hint="Check certificate-authority in the kubeconfig",
        )
    if isinstance(error, httpx.ProxyError):
        return UnreachableError(
            f"cannot {doing}: the proxy {host_of(access.proxy or '')} refused: {error}",
            hint="Check proxy-url in the kubeconfig or HTTPS_PROXY",
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        reason = f"{where} did not answer within {CONNECT_SECONDS:.0f} s"
    elif isinstance(error, httpx.TimeoutException):
        reason = f"{where} fell silent"
    elif isinstance(error, httpx.ConnectError):
        reason = f"cannot connect to {where}: {_words(cause)}"
    elif isinstance(error, httpx.RemoteProtocolError):
        reason = f"{where} closed the connection in the middle of an answer"
    else:
        reason = f"the connection to {where} broke: {_words(cause)}"
    return UnreachableError(
        f"cannot {doing}: {reason}", hint="Check the network, VPN and the kubeconfig's server"
    )


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _words(error: BaseException) -> str:
    has_own_words = isinstance(error, ssl.SSLError | socket.gaierror)
    if isinstance(error, OSError) and error.errno and not has_own_words:
        # asyncio's own text holds the address, which the sentence names already.
        return os.strerror(error.errno)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return safe(str(text).rpartition("] ")[2] or str(text))
