"""One measurement: Prometheus is asked, and its answer judged.

Source: metricproviders/prometheus/prometheus.go, utils/evaluate/evaluate.go.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from amas_tui.demo.analysis.conditions.evaluation import Measured, holds
from amas_tui.demo.analysis.conditions.lexer import ConditionError
from amas_tui.demo.analysis.metrics import Metric
from amas_tui.demo.prometheus.api import ApiError
from amas_tui.demo.prometheus.service import AwayError
from amas_tui.demo.prometheus.values import Matrix, Scalar, Value, Vector, plain
from amas_tui.demo.store import Json

SUCCESSFUL: Final = "Successful"
FAILED: Final = "Failed"
ERROR: Final = "Error"
INCONCLUSIVE: Final = "Inconclusive"

_NO_DATA: Final = "metric result is nil or empty: no data returned from the metric provider"
_NAMESERVER: Final = "10.96.0.10:53"
_PATH: Final = "/api/v1/query"


class Asked(Protocol):
    """A Prometheus."""

    def value(self, query: str) -> Value:
        """Return what a query gives now.

        Raises:
            AwayError: It does not answer.
            ApiError: It refuses.
        """


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured, and what it means.

    Attributes:
        value: As the status has it; empty for an error.
        is_provided: Whether there was a provider to ask at all.
    """

    phase: str
    value: str = ""
    message: str = ""
    is_provided: bool = True


class ProviderError(Exception):
    """Why nobody can be asked."""


class MeasurementError(Exception):
    """Why there is no value."""


class Provider:
    """Measures with one Prometheus, which is known under an address.

    Args:
        prometheus: Who is asked.
        address: Its address; under others nobody answers.
    """

    def __init__(self, prometheus: Asked, address: str) -> None:
        self._prometheus = prometheus
        self._address = _host(urlsplit(address))

    def measure(self, metric: Metric) -> Measurement:
        """Return a measurement of now."""
        try:
            address, query = _asked(metric)
        except ProviderError as error:
            return Measurement(ERROR, message=str(error), is_provided=False)
        try:
            value = self._value(address, query)
            return Measurement(_judged(metric, _numbers(value)), _text(value))
        except MeasurementError as error:
            return Measurement(ERROR, message=str(error))

    def _value(self, address: str, query: str) -> Value:
        url = urlsplit(address)
        if _host(url) != self._address:
            raise MeasurementError(_unreachable(address, url))
        try:
            return self._prometheus.value(query)
        except AwayError as error:
            raise MeasurementError(_refused(address, url)) from error
        except ApiError as error:
            raise MeasurementError(f"{error.kind}: {error}") from error


def query_of(metric: Metric) -> str:
    """Return the query with its arguments replaced, empty where there is none."""
    query: str = (metric.provider.get("prometheus") or {}).get("query", "")
    return query


def _asked(metric: Metric) -> tuple[str, str]:
    spec: Json | None = metric.provider.get("prometheus")
    if spec is None:
        names = " and ".join(metric.provider)
        raise ProviderError(f"the demo measures with Prometheus alone, not with {names}")
    if spec.get("rangeQuery"):
        raise ProviderError("the demo knows no rangeQuery")
    address: str = spec.get("address", "")
    if not address:
        raise ProviderError("prometheus address is not configured")
    try:
        url = urlsplit(address)
    except ValueError:
        url = SplitResult("", "", "", "", "")
    if not url.scheme or not url.netloc:
        raise ProviderError("prometheus address is not is url format")
    if (spec.get("timeout") or 0) < 0:
        raise ProviderError("prometheus timeout should not be negative")
    return address, query_of(metric)


def _host(url: SplitResult) -> tuple[str, int]:
    try:
        port = url.port
    except ValueError:
        port = -1
    return url.hostname or "", port or (443 if url.scheme == "https" else 80)


def _refused(address: str, url: SplitResult) -> str:
    host, port = _host(url)
    return f'Post "{_endpoint(address)}": dial tcp {host}:{port}: connect: connection refused'


def _unreachable(address: str, url: SplitResult) -> str:
    host, _ = _host(url)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        lookup = f"lookup {host} on {_NAMESERVER}: no such host"
        return f'Post "{_endpoint(address)}": dial tcp: {lookup}'
    return _refused(address, url)


def _endpoint(address: str) -> str:
    return address.rstrip("/") + _PATH


def _numbers(value: Value) -> Measured:
    match value:
        case Scalar():
            return value.value
        case Vector():
            return [sample.value for sample in value.samples]
        case Matrix():
            return [number for _, points in value.series for _, number in points]
    raise MeasurementError('unexpected value type "string"')


def _text(value: Value) -> str:
    numbers = _numbers(value)
    if isinstance(numbers, float):
        return plain(numbers)
    return f"[{','.join(map(plain, numbers))}]"


def _judged(metric: Metric, measured: Measured) -> str:
    """Return the phase. Source: evaluate.go:EvaluateResult."""
    success, failure = metric.success_condition, metric.failure_condition
    is_good = _holds(success, "successCondition", measured)
    is_bad = _holds(failure, "failureCondition", measured)
    if not success and not failure:
        return SUCCESSFUL
    if not failure:
        is_bad = not is_good
    elif not success:
        is_good = not is_bad
    if is_bad:
        return FAILED
    return SUCCESSFUL if is_good else INCONCLUSIVE


def _holds(condition: str, what: str, measured: Measured) -> bool:
    if not condition:
        return False
    try:
        return holds(condition, measured)
    except ConditionError as error:
        problem = _NO_DATA if measured == [] else str(error)
        raise MeasurementError(f'could not evaluate {what} "{condition}": {problem}') from error


Measure = Callable[[Metric], Measurement]
"""How a measurement is taken."""
