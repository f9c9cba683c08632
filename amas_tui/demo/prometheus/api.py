"""Prometheus' HTTP API, whatever brings the requests: path and parameters in, answer out.

Source: prometheus v2.42 web/api/v1/api.go.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from amas_tui.demo.clock import Clock
from amas_tui.demo.ports import Reply
from amas_tui.demo.prometheus.ast import Expression, Selector, type_of
from amas_tui.demo.prometheus.ast import Type as ExpressionType
from amas_tui.demo.prometheus.engine import MAX_POINTS, Engine, EvaluationError
from amas_tui.demo.prometheus.lexer import ParseError, quoted
from amas_tui.demo.prometheus.parser import duration_ms, parse, selector
from amas_tui.demo.prometheus.tsdb import Database, Series
from amas_tui.demo.prometheus.values import Json, Value, result

VERSION: Final = "2.42.0"
_TEXT: Final = "text/plain; charset=utf-8"
_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_DIGITS: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MOST_SECONDS: Final = 9_223_372_036.0
"""What fits in 64 bits of nanoseconds."""

T = TypeVar("T")


class ApiError(Exception):
    """A refusal: the HTTP status, Prometheus' word for it, and its sentence."""

    def __init__(self, status: int, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.kind = kind


def bad_data(sentence: str) -> ApiError:
    """Return that a request makes no sense."""
    return ApiError(400, "bad_data", sentence)


class Parameters:
    """What a request asks for; of a name given twice the first counts."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def get(self, name: str) -> str:
        """Return a parameter, empty where it is not given."""
        return self._values.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return self._values.get(name, [])

    def time(self, name: str) -> int:
        """Return a moment in Unix milliseconds.

        Raises:
            ApiError: It is none.
        """
        try:
            return _moment(self.get(name))
        except ValueError as error:
            raise bad_data(f'invalid parameter "{name}": {error}') from error

    def time_or(self, name: str, default: int) -> int:
        """Return a moment in Unix milliseconds, `default` where none is given.

        Raises:
            ApiError: It is none.
        """
        text = self.get(name)
        try:
            return _moment(text) if text else default
        except ValueError as error:
            problem = f"Invalid time value for '{name}': {error}"
            raise bad_data(f'invalid parameter "{name}": {problem}') from error

    def duration(self, name: str) -> float:
        """Return a duration in seconds.

        Raises:
            ApiError: It is none.
        """
        try:
            return _seconds(self.get(name))
        except ValueError as error:
            raise bad_data(f'invalid parameter "{name}": {error}') from error


def _moment(text: str) -> int:
    problem = f"cannot parse {quoted(text)} to a valid timestamp"
    if _DIGITS.fullmatch(text):
        if abs(float(text)) > _MOST_SECONDS:
            raise ValueError(problem)
        return round(float(text) * 1000)
    if not _RFC3339.fullmatch(text):
        raise ValueError(problem)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(problem) from None


def _seconds(text: str) -> float:
    problem = f"cannot parse {quoted(text)} to a valid duration"
    if _DIGITS.fullmatch(text):
        if abs(float(text)) > _MOST_SECONDS:
            raise ValueError(f"{problem}. It overflows int64")
        return float(text)
    try:
        return duration_ms(text) / 1000
    except ValueError:
        raise ValueError(problem) from None


class Api:
    """Answers from a database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._handlers: Mapping[str, Callable[[Parameters], Any]] = {
            "query": self._query,
            "query_range": self._query_range,
            "labels": self._labels,
            "series": self._series,
            "status/buildinfo": _build,
        }

    def answer(self, path: str, params: Sequence[tuple[str, str]]) -> Reply:
        """Return the answer to a GET, or to a form that was posted."""
        match path.strip("/").split("/"):
            case ["-", "ready"]:
                return Reply(200, b"Prometheus Server is Ready.\n", _TEXT)
            case ["-", "healthy"]:
                return Reply(200, b"Prometheus Server is Healthy.\n", _TEXT)
            case ["api", "v1", "label", name, "values"]:
                return _reply(lambda: self._label_values(name, Parameters(params)))
            case ["api", "v1", *rest] if handler := self._handlers.get("/".join(rest)):
                return _reply(lambda: handler(Parameters(params)))
        return Reply(404, b"404 page not found\n", _TEXT)

    def value(self, query: str) -> Value:
        """Return what a query gives now.

        Raises:
            ApiError: It gives nothing.
        """
        return self._evaluated(query, self._now)

    @property
    def _now(self) -> int:
        return round(self._clock.time * 1000)

    def _evaluated(self, query: str, ms: int) -> Value:
        expression = _parsed(query)
        engine = Engine(self._database)
        return _checked(lambda: engine.instant(expression, ms))

    def _query(self, asked: Parameters) -> Json:
        ms = asked.time_or("time", self._now)
        if asked.get("timeout"):
            asked.duration("timeout")
        return result(self._evaluated(asked.get("query"), ms), ms)

    def _query_range(self, asked: Parameters) -> Json:
        start, end = asked.time("start"), asked.time("end")
        if end < start:
            raise bad_data('invalid parameter "end": end timestamp must not be before start time')
        step = asked.duration("step")
        if step <= 0:
            problem = "zero or negative query resolution step widths are not accepted"
            raise bad_data(f'invalid parameter "step": {problem}. Try a positive integer')
        if (end - start) / 1000 / step > MAX_POINTS:
            raise bad_data(
                "exceeded maximum resolution of 11,000 points per timeseries."
                " Try decreasing the query resolution (?step=XX)"
            )
        expression = _range_expression(asked.get("query"))
        engine = Engine(self._database)
        # By way of whole nanoseconds, as in Prometheus: 33.3 s are 33,299 ms.
        width = int(step * 1e9) // 1_000_000
        if not width:
            raise ApiError(
                422, "execution", "unexpected error: runtime error: integer divide by zero"
            )
        return result(_checked(lambda: engine.range(expression, start, end, width)), end)

    def _labels(self, asked: Parameters) -> list[str]:
        found = self._found(asked, [_selector(each, "") for each in asked.all("match[]")])
        return sorted({name for series in found for name, _ in series.labels})

    def _label_values(self, name: str, asked: Parameters) -> list[str]:
        if not _LABEL_NAME.fullmatch(name):
            raise bad_data(f"invalid label name: {quoted(name)}")
        found = self._found(asked, [_selector(each, "") for each in asked.all("match[]")])
        return sorted({value for series in found for key, value in series.labels if key == name})

    def _series(self, asked: Parameters) -> list[dict[str, str]]:
        matches = asked.all("match[]")
        if not matches:
            raise bad_data("no match[] parameter provided")
        where = 'invalid parameter "match[]": '
        found = self._found(asked, [_selector(each, where) for each in matches])
        return [dict(series.labels) for series in sorted(found, key=lambda one: one.labels)]

    def _found(self, asked: Parameters, selectors: Sequence[Selector]) -> Iterator[Series]:
        """Return the series that have samples in the time that is asked about."""
        start = asked.time_or("start", self._database.epoch_ms)
        end = asked.time_or("end", max(self._now, self._database.newest_ms))
        chosen = [self._database.select(each.matchers) for each in selectors]
        among = {id(one): one for each in chosen for one in each} if selectors else None
        for series in self._database if among is None else among.values():
            if series.has_samples(start, end):
                yield series


def _parsed(query: str, where: str = 'invalid parameter "query": ') -> Expression:
    try:
        return parse(query)
    except ParseError as error:
        raise bad_data(f"{where}{error}") from error


def _range_expression(query: str) -> Expression:
    expression = _parsed(query, "")
    if (type_ := type_of(expression)) not in (ExpressionType.SCALAR, ExpressionType.VECTOR):
        raise bad_data(
            f"invalid expression type {quoted(type_)} for range query,"
            " must be Scalar or instant Vector"
        )
    return expression


def _selector(text: str, where: str) -> Selector:
    try:
        found = selector(text)
    except ParseError as error:
        raise bad_data(f"{where}{error}") from error
    if all(each.matches("") for each in found.matchers):
        raise bad_data(f"{where}match[] must contain at least one non-empty matcher")
    return found


def _checked(evaluate: Callable[[], T]) -> T:
    try:
        return evaluate()
    except EvaluationError as error:
        raise ApiError(422, "execution", str(error)) from error
    except RecursionError as error:
        raise ApiError(422, "execution", "expression is nested too deeply") from error


def _reply(handle: Callable[[], object]) -> Reply:
    try:
        return Reply(200, _body({"status": "success", "data": handle()}))
    except ApiError as error:
        refusal = {"status": "error", "errorType": error.kind, "error": str(error)}
        return Reply(error.status, _body(refusal))


def _body(answer: Json) -> bytes:
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def _build(_asked: Parameters) -> Json:
    return {
        "version": VERSION,
        "revision": "demo",
        "branch": "demo",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }
