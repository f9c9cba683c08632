"""Queries to one Prometheus, with every failure named.

Source: Prometheus' HTTP API, /api/v1/query and /api/v1/query_range.
"""

import json
import os
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from amas_tui import __version__
from amas_tui.errors import MetricsError
from amas_tui.safe import host_of, safe

TIMEOUT_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 5.0
MAX_RANGE_POINTS: Final = 10_000
"""Prometheus refuses a range of more than 11,000 points per series."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One series of an answer.

    Attributes:
        points: Unix seconds and value; values may be NaN or infinite.
    """

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave.

    Attributes:
        kind: `scalar`, `vector`, `matrix` or `string`.
        warnings: What Prometheus remarked.
    """

    kind: str
    series: tuple[Sampled, ...]
    warnings: tuple[str, ...] = ()


class Prometheus(ABC):
    """Asks one Prometheus, on whatever way."""

    where: str
    """Names it in a sentence."""

    @abstractmethod
    async def get(self, path: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Return status and body of a GET.

        Raises:
            MetricsError: There is no answer.
        """

    async def query(self, query: str, at: float | None = None) -> Answer:
        """Return the value of a query at one moment, now by default (Unix seconds).

        Raises:
            MetricsError: There is no usable answer.
        """
        parameters = {"query": query, **({} if at is None else {"time": f"{at:.3f}"})}
        return await self._ask("/api/v1/query", parameters)

    async def query_range(self, query: str, start: float, end: float, step: float) -> Answer:
        """Return the values of a query from `start` to `end` (Unix seconds), every `step` seconds.

        The step is widened where Prometheus would refuse so many points.

        Raises:
            MetricsError: There is no usable answer.
        """
        step = max(step, (end - start) / MAX_RANGE_POINTS, 0.001)
        parameters = {
            "query": query,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{step:.3f}",
        }
        return await self._ask("/api/v1/query_range", parameters)

    async def _ask(self, path: str, parameters: Mapping[str, str]) -> Answer:
        status, content = await self.get(path, parameters)
        return decode(content, status, self.where)


class PrometheusClient(Prometheus):
    """Asks a Prometheus that can be reached by its URL. Use as `async with`."""

    def __init__(
        self, address: str, *, tls: ssl.SSLContext | None = None, seconds: float = TIMEOUT_SECONDS
    ) -> None:
        if not _is_http(address):
            raise MetricsError(
                f"{host_of(address) or 'an empty address'} is not the URL of a Prometheus",
                kind="unreachable",
                hint="Give one with --prometheus-url, e.g. http://localhost:9090",
            )
        self.address = address.rstrip("/")
        self.where = host_of(self.address)
        self._http = httpx.AsyncClient(
            base_url=self.address,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            verify=tls if tls is not None else not address.startswith("http:"),
            headers={"User-Agent": f"amas-tui/{__version__}"},
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Return status and body of a GET. See `Prometheus.get`."""
        try:
            response = await self._http.get(path, params=dict(parameters))
        except httpx.ConnectTimeout as error:
            raise self._unreachable(f"no connection within {CONNECT_SECONDS:.0f} s") from error
        except httpx.TimeoutException as error:
            raise MetricsError(
                f"Prometheus at {self.where} did not answer in time", kind="timeout"
            ) from error
        except httpx.HTTPError as error:
            raise self._unreachable(safe(_reason(error))) from error
        return response.status_code, response.content

    def _unreachable(self, reason: str) -> MetricsError:
        return MetricsError(
            f"cannot reach Prometheus at {self.where}: {reason}",
            kind="unreachable",
            hint="Give its address with --prometheus-url",
        )


def _is_http(address: str) -> bool:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host) and (url.port or 0) < 65_536


def _reason(error: BaseException) -> str:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    has_own_words = isinstance(error, ssl.SSLError | socket.gaierror)
    if isinstance(error, OSError) and error.errno and not has_own_words:
        # asyncio's own text holds the address, which the sentence names already.
        return os.strerror(error.errno)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rpartition("] ")[2] or str(text)


_UNAUTHORIZED: Final = frozenset({401, 403})


def decode(content: bytes, status: int, where: str) -> Answer:
    """Return what an answer of Prometheus holds.

    Raises:
        MetricsError: It is an error, or not an answer of Prometheus.
    """
    if status in _UNAUTHORIZED:
        raise MetricsError(
            f"Prometheus at {where} refuses us: {status}",
            kind="unauthorized",
            hint="It has a login of its own; give an address without one",
        )
    try:
        body = json.loads(content)
        outcome = body["status"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MetricsError(
            f"{where} answered {status}, but not as Prometheus does", kind="failed"
        ) from error
    if outcome != "success":
        kind = "bad_query" if body.get("errorType") == "bad_data" else "failed"
        raise MetricsError(f"Prometheus: {safe(str(body.get('error', outcome)))}", kind=kind)
    try:
        data = body["data"]
        series = _series(data["resultType"], data["result"])
        warnings = tuple(safe(str(text)) for text in body.get("warnings") or ())
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise MetricsError(f"{where} gave an answer that cannot be read", kind="failed") from error
    return Answer(str(data["resultType"]), series, warnings)


def _series(kind: str, result: Any) -> tuple[Sampled, ...]:
    match kind:
        case "scalar":
            return (Sampled({}, (_point(result),)),)
        case "vector":
            return tuple(Sampled(_labels(one), (_point(one["value"]),)) for one in result)
        case "matrix":
            return tuple(
                Sampled(_labels(one), tuple(_point(pair) for pair in one["values"]))
                for one in result
            )
        case _:
            raise ValueError(kind)


def _point(pair: Any) -> tuple[float, float]:
    at, text = pair
    return float(at), float(text)


def _labels(one: Mapping[str, Any]) -> dict[str, str]:
    return {safe(str(key)): safe(str(value)) for key, value in (one.get("metric") or {}).items()}
