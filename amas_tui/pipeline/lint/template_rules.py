"""AnalysisTemplates: what a run refuses, and what it judges differently from what people mean.

Source: utils/analysis/factory.go, analysis/analysis.go, utils/evaluate/evaluate.go.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from amas_tui.domain.analysis import AnalysisPhase
from amas_tui.pipeline.lint.document import Bundle, Document, Path, mapping, text, whole, words
from amas_tui.pipeline.lint.finding import INVALID, PRUNED, Fault, Severity, rule
from amas_tui.rules.arguments import unresolved
from amas_tui.rules.condition import judge
from amas_tui.rules.duration import go_duration
from amas_tui.rules.expr import ExprError, parse

TEMPLATES: Final = ("AnalysisTemplate", "ClusterAnalysisTemplate")
_FACTORY: Final = "utils/analysis/factory.go"
_REFUSED: Final = "the Rollout is valid, but the run ends in Error, which aborts the update"
METRICS: Final[Path] = ("spec", "metrics")


def metrics(document: Document) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield each metric with its path."""
    for path, metric in document.items(*METRICS):
        yield path, mapping(metric)


def name_of(metric: Mapping[str, Any]) -> str:
    """Return a metric's name for a sentence."""
    return text(metric.get("name")) or "a metric without a name"


def _is_open(value: Any) -> bool:
    """Return whether a value is filled in only when the run is made."""
    return isinstance(value, str) and "{{" in value


@rule("metrics", *TEMPLATES, source=f"{_FACTORY}:ValidateMetrics")
def metrics_given(document: Document, _: Bundle) -> Iterator[Fault]:
    """There must be metrics, each with a name of its own and one provider."""
    if not document.at(*METRICS) and not document.at("spec", "templates"):
        yield Fault(METRICS, "there are no metrics", _REFUSED, "Give at least one")
    seen: set[str] = set()
    for path, metric in metrics(document):
        name = name_of(metric)
        if name in seen:
            yield Fault(path, f"two metrics are called {name}", INVALID, "Rename one")
        seen.add(name)
        provider = mapping(metric.get("provider"))
        given = [one for one in provider if provider[one] is not None]
        many = len(mapping(provider.get("plugin"))) if given == ["plugin"] else len(given)
        if many != 1:
            said = f"has {many} providers" if many else "has no provider"
            yield Fault(path, f"{name} {said}", _REFUSED, "Give exactly one")


@rule("limits", *TEMPLATES, source=f"{_FACTORY}:ValidateMetric")
def limits(document: Document, _: Bundle) -> Iterator[Fault]:
    """Counts and limits must fit together."""
    for path, metric in metrics(document):
        for at, said, fix in _limit_problems(metric):
            yield Fault((*path, at), f"{name_of(metric)}: {said}", _REFUSED, fix)


def _limit_problems(metric: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    names = ("count", "failureLimit", "consecutiveSuccessLimit", "inconclusiveLimit")
    if any(_is_open(metric.get(name)) for name in names):
        return
    count, failures, successes, undecided = (whole(metric.get(name)) or 0 for name in names)
    if successes < 0:
        yield "consecutiveSuccessLimit", "consecutiveSuccessLimit is below 0", "Give 0 or more"
    if failures < -1:
        yield "failureLimit", "failureLimit is below -1", "Give 0 or more, or -1 for none"
    if failures == -1 and successes == 0:
        yield (
            "failureLimit",
            "failureLimit -1 without consecutiveSuccessLimit",
            "Give consecutiveSuccessLimit, or a failureLimit",
        )
    if undecided < 0:
        yield "inconclusiveLimit", "inconclusiveLimit is below 0", "Give 0 or more"
    if (whole(metric.get("consecutiveErrorLimit")) or 0) < 0:
        yield "consecutiveErrorLimit", "consecutiveErrorLimit is below 0", "Give 0 or more"
    if count > 0 and count < max(failures, 0) + max(successes, 0):
        said = f"count ({count}) is below failureLimit + consecutiveSuccessLimit"
        yield "count", said, "Measure more often, or lower the limits"
    if 0 < count < undecided:
        yield "count", f"count ({count}) is below inconclusiveLimit", "Measure more often"
    if count > 1 and not metric.get("interval"):
        yield "count", f"count is {count}, but there is no interval", "Give e.g. interval: 10s"


@rule("durations", *TEMPLATES, source=f"{_FACTORY}:ValidateMetric")
def durations(document: Document, _: Bundle) -> Iterator[Fault]:
    """Durations are Go's."""
    for path, metric in metrics(document):
        for name in ("interval", "initialDelay"):
            value = metric.get(name)
            if value is None or _is_open(value) or (value != "" and go_duration(str(value))):
                continue
            if go_duration(str(value)) == timedelta(0):
                continue
            yield Fault(
                (*path, name),
                f"{name_of(metric)}: {name} {value!r} is not a length of time",
                _REFUSED,
                "Write e.g. 30s or 5m; days have no unit",
            )


@rule(
    "runs-for-ever", *TEMPLATES, source="validation_references.go:ValidateAnalysisTemplateWithType"
)
def runs_for_ever(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """An interval without a count never ends: right in the background, wrong in a step."""
    uses = _uses(document, bundle)
    if uses and uses <= {"background"}:
        return
    for path, metric in metrics(document):
        if (
            whole(metric.get("count"))
            or _is_open(metric.get("count"))
            or not metric.get("interval")
        ):
            continue
        yield Fault(
            path,
            f"{name_of(metric)} has an interval but no count: it measures for ever",
            "InvalidSpec when it is a step or a blue-green analysis; only a background analysis "
            "may run until the update ends",
            "Give count, e.g. count: 3",
            Severity.ERROR if uses else Severity.WARNING,
        )


def _uses(template: Document, bundle: Bundle) -> set[str]:
    """Return where the Rollouts at hand use a template: `step`, `background`, `pre`, `post`."""
    found: set[str] = set()
    for rollout in bundle.of("Rollout"):
        for use, _, analysis in analyses(rollout):
            if template.name in _names(analysis):
                found.add(use)
    return found


def analyses(rollout: Document) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """Yield each analysis of a Rollout: its use, its path, and what it says."""
    canary: Path = ("spec", "strategy", "canary")
    blue: Path = ("spec", "strategy", "blueGreen")
    for path, step in rollout.items(*canary, "steps"):
        if (found := mapping(step).get("analysis")) is not None:
            yield "step", (*path, "analysis"), mapping(found)
        experiment = mapping(mapping(step).get("experiment"))
        for index, one in enumerate(experiment.get("analyses") or ()):
            at = (*path, "experiment", "analyses", index)
            named = {"templates": [{"templateName": mapping(one).get("templateName")}]}
            yield "experiment", at, {**mapping(one), **named}
    for use, where in (
        ("background", (*canary, "analysis")),
        ("pre", (*blue, "prePromotionAnalysis")),
        ("post", (*blue, "postPromotionAnalysis")),
    ):
        if (found := rollout.at(*where)) is not None:
            yield use, where, mapping(found)


def _names(analysis: Mapping[str, Any]) -> set[str]:
    return {text(mapping(one).get("templateName")) for one in analysis.get("templates") or ()}


_GOOD: Final = (
    "Write successCondition and failureCondition, each beginning with "
    "len(result) > 0 && !isNaN(result[0]) &&"
)


def _conditions(metric: Mapping[str, Any]) -> tuple[str, str]:
    return text(metric.get("successCondition")), text(metric.get("failureCondition"))


@rule("no-condition", *TEMPLATES, source="utils/evaluate/evaluate.go:EvaluateResult")
def no_condition(document: Document, _: Bundle) -> Iterator[Fault]:
    """Without a condition every measurement is a success."""
    for path, metric in metrics(document):
        provider = mapping(metric.get("provider"))
        if any(_conditions(metric)) or "job" in provider or "kayenta" in provider:
            continue
        yield Fault(
            path,
            f"{name_of(metric)} has no condition",
            "it always passes, whatever it measures",
            _GOOD,
        )


@rule("condition", *TEMPLATES, source="utils/evaluate/evaluate.go:EvaluateResult")
def condition(document: Document, _: Bundle) -> Iterator[Fault]:
    """A condition must be readable, and ask for the element of a vector."""
    for path, metric in metrics(document):
        for key in ("successCondition", "failureCondition"):
            written = text(metric.get(key))
            if not written or _is_open(written):
                continue
            try:
                parse(written)
            except ExprError as error:
                yield Fault(
                    (*path, key),
                    f"{name_of(metric)}: the {key} cannot be read: {error.text}",
                    "every measurement is an Error; the fifth in a row aborts the update",
                    "Correct it, e.g. result[0] >= 0.95",
                )
                continue
            if _is_vector(metric) and re.search(r"\bresult\s*(?:[<>]=?|[!=]=)", written):
                yield Fault(
                    (*path, key),
                    f"{name_of(metric)}: {written!r} compares a whole vector with a number",
                    "Prometheus answers with a list: every measurement is an Error",
                    "Compare result[0]",
                )


def _is_vector(metric: Mapping[str, Any]) -> bool:
    prometheus = mapping(mapping(metric.get("provider")).get("prometheus"))
    query = text(prometheus.get("query")).strip()
    return bool(query) and not query.startswith("scalar(")


_VALUES: Final = (-1e9, -1.0, 0.0, 0.02, 0.5, 0.94, 0.96, 1.0, 2.9, 3.1, 50.0, 1e9)


def _verdicts(metric: Mapping[str, Any], result: list[Any]) -> AnalysisPhase | None:
    return judge(*_conditions(metric), result).phase


@rule("no-data", *TEMPLATES, source="docs/features/analysis.md; metricproviders/prometheus")
def no_data(document: Document, _: Bundle) -> Iterator[Fault]:
    """No traffic is NaN and no series is an empty list: neither is good or bad by itself."""
    for path, metric in metrics(document):
        success, failure = _conditions(metric)
        if not _is_vector(metric) or not (success or failure) or _is_open(success + failure):
            continue
        key = "successCondition" if success else "failureCondition"
        one_sided = not (success and failure)
        quiet, empty = _verdicts(metric, [math.nan]), _verdicts(metric, [])
        happens = []
        if one_sided and "isNaN" not in success + failure:
            ends = {AnalysisPhase.FAILED: "fails, and the update is aborted"}
            ends[AnalysisPhase.SUCCESSFUL] = "passes"
            if quiet in ends:
                happens.append(f"without traffic (NaN) it {ends[quiet]}")
        if empty is AnalysisPhase.ERROR:
            happens.append("without a series it is an Error; the fifth in a row aborts the update")
        if happens:
            written = success or failure
            yield Fault(
                (*path, key),
                f"{name_of(metric)}: {key} {written!r} does not say what no data is",
                "; ".join(happens),
                _GOOD,
                Severity.WARNING,
            )


@rule("never", *TEMPLATES, source="guide: success rate − 0.99 against 5 %")
def never(document: Document, _: Bundle) -> Iterator[Fault]:
    """A ratio less a number cannot be more than the rest of one."""
    for path, metric in metrics(document):
        bound = upper_bound(_query(metric))
        if bound is None or not any(_conditions(metric)):
            continue
        reachable = [_verdicts(metric, [value]) for value in (bound, bound - 1e-6, 0.0, bound / 2)]
        if AnalysisPhase.SUCCESSFUL in reachable or None in reachable:
            continue
        yield Fault(
            (*path, "provider", "prometheus", "query"),
            f"{name_of(metric)} can be {bound:g} at most, which its condition never accepts",
            "the gate fails every version, the good ones too",
            "For an error budget write 1 - (1 - success) / (1 - 0.95), which is 1 without errors",
        )


_LESS: Final = re.compile(
    r"^\(?(?P<ratio>.*\bsum\b.*/.*\bsum\b.*)\)?\s*-\s*(?P<less>0?\.\d+)$", re.DOTALL
)


def upper_bound(query: str) -> float | None:
    """Return the most that `share of requests - number` can be, `None` for other queries."""
    match = _LESS.match(query.strip())
    if match is None:
        return None
    parts = match["ratio"].partition("/")
    numerator, denominator = (
        re.findall(r"([a-zA-Z_:][\w:]*)\s*(?:\{|\[)", part) for part in parts[::2]
    )
    if not numerator or numerator[:1] != denominator[:1]:
        return None
    return 1 - float(match["less"])


def _query(metric: Mapping[str, Any]) -> str:
    return text(mapping(mapping(metric.get("provider")).get("prometheus")).get("query"))


@rule("canary-only", *TEMPLATES, source="guide: at 25 % of the traffic 19 % errors pass")
def canary_only(document: Document, bundle: Bundle) -> Iterator[Fault]:
    """A query over all versions dilutes the new one's errors with the old one's successes."""
    by_hash = _hash_arguments(document, bundle)
    for path, metric in metrics(document):
        query = _query(metric)
        if not query or set(unresolved(query)) & by_hash:
            continue
        yield Fault(
            (*path, "provider", "prometheus", "query"),
            f"{name_of(metric)} does not select the new version",
            "it judges all versions together: at 25 % of the traffic a version with 19 % errors "
            "still shows 95 %",
            'Select by hash: {rollouts_pod_template_hash="{{args.hash}}"}, with hash from '
            "podTemplateHashValue: Latest",
            Severity.WARNING,
        )


def _hash_arguments(template: Document, bundle: Bundle) -> set[str]:
    """Return the arguments that hold the new version's hash, or tell it apart by their name."""
    declared = {text(mapping(one).get("name")) for _, one in template.items("spec", "args")}
    found = {
        name
        for name in declared
        if re.search("hash|canary|latest|version|revision", name, re.IGNORECASE)
    }
    for rollout in bundle.of("Rollout"):
        for _, _, analysis in analyses(rollout):
            if template.name in _names(analysis):
                found |= {
                    text(mapping(one).get("name"))
                    for one in analysis.get("args") or ()
                    if mapping(mapping(one).get("valueFrom")).get("podTemplateHashValue")
                    == "Latest"
                }
    return found


@rule("blind-ratio", *TEMPLATES, source="PromQL: an empty side makes the whole answer empty")
def blind_ratio(document: Document, _: Bundle) -> Iterator[Fault]:
    """A share of successes has no answer when there is not one success."""
    for path, metric in metrics(document):
        query = _query(metric)
        numerator = query.partition("/")[0]
        if "/" not in query or "or vector(" in query or "or on" in query:
            continue
        if re.search(r'!~\s*"5|=~\s*"\(?2|!~\s*"\(?5', numerator):
            yield Fault(
                (*path, "provider", "prometheus", "query"),
                f"{name_of(metric)} divides the successes by all",
                "a version that answers nothing but errors has no series of successes: no data, "
                "which is not a failure",
                '1 - ((sum(rate(x{status=~"5.."}[2m])) or vector(0)) / sum(rate(x[2m])))',
                Severity.WARNING,
            )


@rule("one-series", *TEMPLATES, source="metricproviders/prometheus/prometheus.go:processResponse")
def one_series(document: Document, _: Bundle) -> Iterator[Fault]:
    """Only the first of several series is judged, and which that is nobody promises."""
    for path, metric in metrics(document):
        query, written = _query(metric), " ".join(_conditions(metric))
        several = re.search(r"\b(?:by|without)\s*\(\s*(?!le\s*\))\w", query)
        if several and "result[0]" in written and not re.search(r"\b(?:all|any)\(", written):
            yield Fault(
                (*path, "provider", "prometheus", "query"),
                f"{name_of(metric)} may answer with several series, of which result[0] is one",
                "the others are not judged, and the order is not promised",
                "Aggregate to one series, or write all(result, # >= 0.95)",
                Severity.WARNING,
            )


@rule("address", *TEMPLATES, source="metricproviders/prometheus/prometheus.go:NewPrometheusAPI")
def address(document: Document, _: Bundle) -> Iterator[Fault]:
    """An address is a URL with scheme and host."""
    for path, metric in metrics(document):
        prometheus = mapping(mapping(metric.get("provider")).get("prometheus"))
        where = prometheus.get("address")
        if not where or _is_open(where):
            continue
        if not re.match(r"https?://[^/]+", str(where)):
            yield Fault(
                (*path, "provider", "prometheus", "address"),
                f"{where} is not a URL",
                "every measurement is an Error; the fifth in a row aborts the update",
                "Write http://HOST:PORT",
            )


@rule(
    "cannot-fail", *TEMPLATES, source="analysis/analysis.go:assessMetricFailureInconclusiveOrError"
)
def cannot_fail(document: Document, _: Bundle) -> Iterator[Fault]:
    """FailureLimit counts the failures that are borne, so as many as are measured never fail."""
    for path, metric in metrics(document):
        count, borne = whole(metric.get("count")), whole(metric.get("failureLimit"))
        if count and borne and borne >= count and not whole(metric.get("consecutiveSuccessLimit")):
            yield Fault(
                (*path, "failureLimit"),
                f"{name_of(metric)} bears {borne} failures of {count} measurements",
                "it cannot fail: failureLimit counts what is borne, one more fails",
                f"Give a failureLimit below {count}",
                Severity.WARNING,
            )


@rule("arguments", *TEMPLATES, source="utils/analysis/helpers.go:ResolveArgs")
def arguments(document: Document, _: Bundle) -> Iterator[Fault]:
    """What a metric uses must be declared."""
    declared = {text(mapping(one).get("name")) for _, one in document.items("spec", "args")}
    for path, metric in metrics(document):
        for name in unresolved(str(metric)):
            if name not in declared:
                yield Fault(
                    path,
                    f"{name_of(metric)} uses args.{name}, which is not declared",
                    "the run cannot be resolved and ends in Error, which aborts the update",
                    f"Add - name: {name} to spec.args",
                )


_METRIC_FIELDS: Final = words(
    "name interval initialDelay count successCondition failureCondition failureLimit "
    "inconclusiveLimit consecutiveErrorLimit consecutiveSuccessLimit provider"
)


@rule("unknown-metric-field", *TEMPLATES, source="pkg/apis/rollouts/v1alpha1/analysis_types.go")
def unknown_metric_field(document: Document, _: Bundle) -> Iterator[Fault]:
    """A misspelt field is pruned."""
    for path, metric in metrics(document):
        for name in metric:
            if name not in _METRIC_FIELDS:
                yield Fault(
                    (*path, name), f"there is no field {name} in a metric", PRUNED, "Remove it"
                )
