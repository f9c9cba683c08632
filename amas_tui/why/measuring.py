"""What is wrong with a metric, told apart by value and message.

Sources: metricproviders/prometheus/prometheus.go, utils/evaluate/evaluate.go, analysis/analysis.go.
"""

import math
import re
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from amas_tui.domain.analysis import AnalysisPhase, Measurement
from amas_tui.rules.analysis import (
    DEFAULT_CONSECUTIVE_ERRORS,
    MetricState,
    failing_measurement,
    newest_measurement,
    whole,
)
from amas_tui.safe import safe
from amas_tui.words import metric_words


class Fault(StrEnum):
    """Why a metric does not pass."""

    NONE = "none"
    LIMIT = "limit"
    """It was measured and broke its limit."""
    NAN = "nan"
    EMPTY = "empty"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """The provider wants other credentials."""
    QUERY = "query"
    ARGUMENT = "argument"
    OTHER = "other"


_ERRORS: Final = (
    (Fault.ARGUMENT, re.compile(r"(?i)was not resolved|failed to resolve|resolve metric arg")),
    (Fault.EMPTY, re.compile(r"(?i)no data returned|nil or empty|index out of range")),
    (Fault.QUERY, re.compile(r"(?i)bad_data|parse error|invalid parameter|expected type")),
    (Fault.REFUSED, re.compile(r"(?i)\b(401|403)\b|unauthorized|forbidden")),
    (
        Fault.UNREACHABLE,
        re.compile(
            r"(?i)dial tcp|connection refused|connection reset|no such host|timeout"
            r"|deadline exceeded|no route to host|\bEOF\b|x509|tls:|\b50[234]\b"
        ),
    ),
)


def error_fault(message: str) -> Fault:
    """Return what an error message of a measurement or a run means."""
    return next((fault for fault, said in _ERRORS if said.search(message)), Fault.OTHER)


def telling_measurement(state: MetricState) -> Measurement | None:
    """Return the measurement that tells why a metric does not pass.

    While it is measured on, that is the newest one; afterwards the newest that was not good.
    """
    if state.phase is AnalysisPhase.RUNNING:
        return newest_measurement(state.result)
    return failing_measurement(state) or newest_measurement(state.result)


def fault_of(state: MetricState) -> Fault:
    """Return why a metric does not pass, `NONE` where it does or was not measured yet."""
    measurement = telling_measurement(state)
    if measurement is None:
        failed = state.result is not None and state.phase.is_bad
        return error_fault(state.result.message) if failed and state.result else Fault.NONE
    match AnalysisPhase(measurement.phase):
        case AnalysisPhase.ERROR if measurement.value in _NOTHING:
            return Fault.EMPTY
        case AnalysisPhase.ERROR:
            return error_fault(measurement.message)
        case AnalysisPhase.FAILED | AnalysisPhase.INCONCLUSIVE:
            return _measured(measurement.value, state.value)
        case _:
            return Fault.NONE


_NOTHING: Final = ("[]", "null")


def _measured(text: str, value: float | None) -> Fault:
    if text in _NOTHING:
        return Fault.EMPTY
    return Fault.NAN if value is not None and math.isnan(value) else Fault.LIMIT


def host(state: MetricState) -> str:
    """Return where a metric is asked, without scheme and path."""
    prometheus = state.metric.provider.prometheus
    address = prometheus.address if prometheus else ""
    return safe(urlsplit(address).netloc.rpartition("@")[2] or address)


def query(state: MetricState) -> str:
    """Return the query as it was asked, in one harmless line."""
    asked = state.result.metadata.get("ResolvedPrometheusQuery", "") if state.result else ""
    prometheus = state.metric.provider.prometheus
    return safe(" ".join((asked or (prometheus.query if prometheus else "")).split()))


def errors_allowed(state: MetricState) -> int:
    """Return how many errors in a row a metric tolerates."""
    limit = whole(state.metric.consecutive_error_limit)
    return DEFAULT_CONSECUTIVE_ERRORS if limit is None else limit


def verdict_words(state: MetricState) -> str:
    """Return a metric's value against its limit, and how often it failed."""
    result = state.result
    if result is None:
        return state.name
    if result.error and result.consecutive_error:
        times = result.consecutive_error
        return f"{state.name} could not be measured {times} time{'s' * (times != 1)}"
    bad = result.failed or result.inconclusive
    word = "failed" if result.failed else "inconclusive"
    return f"{metric_words(state)}, {bad} of {result.count} {word}"


def error_words(state: MetricState) -> str:
    """Return what went wrong with a measurement, as short as it tells."""
    measurement = telling_measurement(state)
    message = measurement.message if measurement else ""
    message = message or (state.result.message if state.result else "")
    return short_error(message)


_WRAPPED: Final = re.compile(r'^(?:Get|Post) "[^"]*":\s*')
_DIAL: Final = re.compile(r"^dial tcp \S+: (?:connect: )?")


def short_error(message: str) -> str:
    """Return Go's error without the request that it repeats."""
    return _DIAL.sub("", _WRAPPED.sub("", message))
