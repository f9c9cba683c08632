"""The way to a Prometheus: straight, or through the API server's proxy to its Service."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from amas_tui.errors import AmasError, ApiError, DecodeError, MetricsError
from amas_tui.kube.decode import json_object
from amas_tui.kube.transport import Transport, failure
from amas_tui.prometheus.client import Prometheus, PrometheusClient
from amas_tui.rules.in_cluster import ServiceAddress, service_address

AGAIN_SECONDS: Final = 30.0
"""After which an address that could not be reached on any way is tried anew."""

_PATIENCE_SECONDS: Final = 1.0
"""How long the straight way alone is waited for."""

_PROBE: Final = "vector(1)"
_FORBIDDEN: Final = 403


class ProxiedPrometheus(Prometheus):
    """Asks a Prometheus through the API server, with the credentials of the cluster."""

    def __init__(self, transport: Transport, service: ServiceAddress) -> None:
        self.where = f"{service} through the API server"
        self._transport = transport
        self._service = service

    async def get(self, path: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Return status and body of a GET. See `Prometheus.get`."""
        doing = f"ask Prometheus at {self.where}"
        proxied = self._service.proxy_path(path)
        try:
            reply = await self._transport.passed_on(proxied, parameters, doing=doing)
        except AmasError as error:
            raise MetricsError(error.text, kind="unreachable", hint=error.hint) from error
        if (refusal := _refusal(reply.status, reply.body, doing)) is not None:
            raise self._worded(refusal) from refusal
        return reply.status, reply.body

    def _worded(self, refusal: ApiError) -> MetricsError:
        hint = refusal.hint
        if refusal.status == _FORBIDDEN:
            service = self._service
            hint = (
                f"Ask for get on services/proxy in {service.namespace} "
                f"(resourceNames {service.name} and {service.name}:{service.port})"
            )
        return MetricsError(refusal.text, kind="unreachable", hint=hint)


def _refusal(status: int, body: bytes, doing: str) -> ApiError | None:
    """Return what the API server itself says, `None` where the answer is Prometheus' own."""
    try:
        kind = json_object(body).get("kind")
    except DecodeError:
        return None
    return failure(body, status, doing) if kind == "Status" else None


@dataclass(frozen=True, slots=True)
class Way:
    """How one address is reached, or why it is not.

    Attributes:
        words: For the screen, e.g. `prometheus.monitoring:9090, through the API server`.
    """

    prometheus: Prometheus | None
    words: str
    problem: MetricsError | None = None
    chosen_at: float = 0.0


class Ways:
    """Finds the way to each address once and keeps it while it works. Use as `async with`."""

    def __init__(self, transport: Transport | None, url: str = "") -> None:
        """Take the cluster that may pass questions on, and the URL that wins over a template's."""
        self._transport = transport
        self._url = url
        self._stack = AsyncExitStack()
        self._found: dict[str, Way] = {}

    async def aclose(self) -> None:
        """Close every connection."""
        self._found.clear()
        await self._stack.aclose()

    async def to(self, address: str) -> Way:
        """Return the way to the Prometheus of a template."""
        wanted = self._url or address
        known = self._found.get(wanted)
        if known is None or _is_worth_another_try(known):
            known = await self._find(wanted)
            self._found[wanted] = known
        return known

    def failed(self, address: str) -> None:
        """Say that an address was not reached on the way that it had: look for one anew."""
        self._found.pop(self._url or address, None)

    async def _find(self, address: str) -> Way:
        given = "as given" if self._url else "the templates' address"
        if not address:
            return _no_way(_no_address())
        try:
            straight = await self._stack.enter_async_context(PrometheusClient(address))
        except MetricsError as error:
            return _no_way(error)
        words = f"{straight.where} ({given})"
        service = service_address(address)
        if service is None or self._transport is None:
            problem = await _trouble(straight)
            return Way(straight, words) if problem is None else _no_way(problem)
        return await _better(Way(straight, words), ProxiedPrometheus(self._transport, service))


async def _better(way: Way, proxied: ProxiedPrometheus) -> Way:
    """Return the straight way where it is open, else the one through the API server.

    Both are tried at once: to find out that a name is not known outside can take long.
    """
    if way.prometheus is None:
        return way
    straight = asyncio.ensure_future(_trouble(way.prometheus))
    around = asyncio.ensure_future(_trouble(proxied))
    try:
        await asyncio.wait((straight,), timeout=_PATIENCE_SECONDS)
        if straight.done() and straight.result() is None:
            return way
        problem = await around
        if problem is None:
            return Way(proxied, proxied.where)
        return way if await straight is None else _no_way(problem)
    finally:
        for task in (straight, around):
            task.cancel()
        await asyncio.gather(straight, around, return_exceptions=True)


def _is_worth_another_try(way: Way) -> bool:
    return way.prometheus is None and time.monotonic() - way.chosen_at > AGAIN_SECONDS


def _no_way(problem: MetricsError) -> Way:
    return Way(None, "", problem, time.monotonic())


def _no_address() -> MetricsError:
    return MetricsError(
        "the template names no address of a Prometheus",
        kind="unreachable",
        hint="Give one with --prometheus-url",
    )


async def _trouble(prometheus: Prometheus) -> MetricsError | None:
    """Return why nothing answers there; an answer that refuses is one."""
    try:
        await prometheus.query(_PROBE)
    except MetricsError as error:
        return error if error.kind == "unreachable" else None
    return None
