"""Which metrics to follow for a rollout: first those that its own gates ask.

The arguments are resolved as the controller does, once for the new version's hash and once for the
stable one's, so that a chart *is* the gate.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from amas_tui.domain.analysis import AnalysisTemplate, Metric, TemplateArgument
from amas_tui.domain.rollout import DryRun, Rollout, RolloutAnalysis
from amas_tui.rules.analysis import is_dry, resolved
from amas_tui.rules.arguments import Arguments, resolve, unresolved
from amas_tui.rules.condition import limits
from amas_tui.rules.gates import Gate, GateKind, gates
from amas_tui.store.gates import templates
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Origin, Side, Slo


@dataclass(frozen=True, slots=True)
class GateMetric:
    """One metric of a gate.

    Attributes:
        metric: With its arguments filled in for the new version.
        gauge: How it is followed here; `None` for a metric that Prometheus is not asked for.
        problem: Why it cannot be evaluated here, empty when it can.
    """

    metric: Metric
    gauge: Gauge | None
    is_dry_run: bool
    problem: str = ""


def gauges(scene: Scene) -> tuple[Gauge, ...]:
    """Return the Prometheus metrics of the rollout's analyses, each once, in their order.

    A name that stands for two queries gets the place of the later one added.
    """
    found: dict[str, Gauge] = {}
    for gate in gates(scene.rollout):
        for one in gate_metrics(scene, gate):
            if one.gauge is not None and one.gauge not in found.values():
                named = _renamed(one.gauge, gate) if one.gauge.name in found else one.gauge
                if named.name not in found and not _is_asked(found.values(), one.gauge):
                    found[named.name] = named
    return tuple(found.values()) or _from_runs(scene)


def _is_asked(found: Iterable[Gauge], gauge: Gauge) -> bool:
    return any(replace(one, name=gauge.name) == gauge for one in found)


def _renamed(gauge: Gauge, gate: Gate) -> Gauge:
    place = f"step {(gate.step or 0) + 1}" if gate.kind is GateKind.STEP else gate.kind.value
    return replace(gauge, name=f"{gauge.name} ({place})")


def gate_metrics(scene: Scene, gate: Gate) -> tuple[GateMetric, ...]:
    """Return every metric of a gate, in the order in which a run would hold them."""
    known = tuple(templates(scene, gate.analysis))
    latest, stable = _arguments(scene, gate.analysis, known)
    rules = (*gate.analysis.dry_run, *(rule for one in known for rule in one.spec.dry_run))
    return tuple(
        _gate_metric(scene.rollout, template, metric, (latest, stable), rules)
        for template in known
        for metric in template.spec.metrics
    )


def _arguments(
    scene: Scene, analysis: RolloutAnalysis, known: tuple[AnalysisTemplate, ...]
) -> tuple[Arguments, Arguments]:
    """Return the arguments of a run for the new version's hash and for the stable one's."""
    status = scene.rollout.status
    fields = scene.snapshot.slos.get(scene.rollout.uid, Slo()).fields
    declared = tuple(_declared(known))
    latest, stable = (
        resolve(declared, analysis.args, latest=pod_hash, stable=status.stable_rs, fields=fields)
        for pod_hash in (status.current_pod_hash, status.stable_rs)
    )
    return latest, stable


def _declared(known: tuple[AnalysisTemplate, ...]) -> Iterator[TemplateArgument]:
    """Yield the arguments of all templates of a run, each once, with whatever value one gives.

    Source: utils/analysis/helpers.go:FlattenTemplates.
    """
    found: dict[str, TemplateArgument] = {}
    for argument in (argument for one in known for argument in one.spec.args):
        before = found.get(argument.name)
        if before is None or (before.value is None and before.value_from is None):
            found[argument.name] = argument
    yield from found.values()


def _gate_metric(
    rollout: Rollout,
    template: AnalysisTemplate,
    metric: Metric,
    arguments: tuple[Arguments, Arguments],
    rules: tuple[DryRun, ...],
) -> GateMetric:
    latest, stable = arguments
    own = resolved(metric, dict(latest.values))
    other = resolved(metric, dict(stable.values))
    dry = is_dry(rules, metric.name)
    prometheus = own.provider.prometheus
    if prometheus is None:
        kind = own.provider.kind or "an unknown provider"
        return GateMetric(own, None, dry, f"{kind} is asked by the controller alone")
    problem = _problem(own, latest)
    if prometheus.range_query:
        problem = problem or "it asks for a range, which is not evaluated here"
    gauge = Gauge(
        name=metric.name,
        queries=_sides(rollout, own, other),
        limits=limits(own),
        address=prometheus.address,
        problem=problem,
        template=template.metadata.name,
        success=own.success_condition,
        failure=own.failure_condition,
    )
    return GateMetric(own, gauge, dry, problem)


def _problem(metric: Metric, arguments: Arguments) -> str:
    """Return why a metric cannot be asked: an argument of it is not known here."""
    prometheus = metric.provider.prometheus
    texts = (metric.success_condition, metric.failure_condition)
    asked = (prometheus.query, prometheus.address) if prometheus else ()
    open_names = dict.fromkeys(name for text in (*asked, *texts) for name in unresolved(text))
    secret = [name for name in open_names if name in arguments.secret]
    if secret:
        return f"argument {', '.join(secret)} comes from a Secret, which is not read"
    return f"argument {', '.join(open_names)} has no value" if open_names else ""


def _sides(rollout: Rollout, own: Metric, other: Metric) -> tuple[tuple[Side, str], ...]:
    query, stable_query = _query(own), _query(other)
    if query != stable_query:
        return ((Side.CANARY, query), (Side.STABLE, stable_query))
    if rollout.is_promoted and _names_hash(query, rollout.status.stable_rs):
        return ((Side.STABLE, query),)
    if selects_canary(rollout, query):
        return ((Side.CANARY, query),)
    return ((Side.ALL, query),)


def selects_canary(rollout: Rollout, query: str) -> bool:
    """Return whether a query asks for the new version alone: by its hash, or by its Service."""
    if _names_hash(query, rollout.status.current_pod_hash):
        return True
    canary = rollout.canary.canary_service if rollout.canary else ""
    return bool(canary) and any(f"{q}{canary}{q}" in query for q in "\"'`")


def _query(metric: Metric) -> str:
    return metric.provider.prometheus.query if metric.provider.prometheus else ""


def _names_hash(query: str, pod_hash: str) -> bool:
    return bool(pod_hash) and pod_hash in query


def _from_runs(scene: Scene) -> tuple[Gauge, ...]:
    """Return the metrics of the newest version's runs, for someone who may not read templates."""
    status = scene.rollout.status
    found: dict[str, Gauge] = {}
    for run in scene.update_runs:
        values = {argument.name: argument.value for argument in run.spec.args}
        for metric in run.spec.metrics:
            if metric.provider.prometheus is None or metric.name in found:
                continue
            own = resolved(metric, values)
            query = _query(own)
            queries: tuple[tuple[Side, str], ...] = ((Side.ALL, query),)
            if _names_hash(query, status.current_pod_hash):
                stable = query.replace(status.current_pod_hash, status.stable_rs)
                queries = ((Side.CANARY, query), (Side.STABLE, stable))
            prometheus = own.provider.prometheus
            found[metric.name] = Gauge(
                name=metric.name,
                queries=queries if status.stable_rs else queries[:1],
                limits=limits(own),
                address=prometheus.address if prometheus else "",
                problem="an argument has no value" if unresolved(query) else "",
                success=own.success_condition,
                failure=own.failure_condition,
                origin=Origin.RUN,
            )
    return tuple(found.values())
