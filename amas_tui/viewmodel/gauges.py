"""Which metrics to follow for a rollout: those that its own gates ask, for canary and for stable.

The arguments are resolved as the controller does, once for the new version's hash and once for the
stable one's, so that a chart *is* the gate.
"""

from amas_tui.domain.analysis import AnalysisTemplate, AnalysisTemplateSpec, Metric
from amas_tui.domain.rollout import Argument, Rollout
from amas_tui.rules.analysis import resolved
from amas_tui.rules.arguments import Arguments, resolve, unresolved
from amas_tui.rules.condition import limits
from amas_tui.store.gates import analyses, templates
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Side


def gauges(scene: Scene) -> tuple[Gauge, ...]:
    """Return the Prometheus metrics of the rollout's analyses, each once, in their order."""
    found: dict[str, Gauge] = {}
    for analysis in analyses(scene.rollout):
        for template in templates(scene, analysis):
            for metric in template.spec.metrics:
                if metric.name not in found and metric.provider.prometheus is not None:
                    found[metric.name] = _gauge(scene.rollout, template, metric, analysis.args)
    return tuple(found.values()) or _from_runs(scene)


def _gauge(
    rollout: Rollout, template: AnalysisTemplate, metric: Metric, given: tuple[Argument, ...]
) -> Gauge:
    status = rollout.status
    latest = _arguments(template.spec, given, status.current_pod_hash, status.stable_rs)
    stable = _arguments(template.spec, given, status.stable_rs, status.stable_rs)
    own = resolved(metric, dict(latest.values))
    other = resolved(metric, dict(stable.values))
    query, stable_query = _query(own), _query(other)
    open_names = unresolved(query)
    problem = ""
    if open_names:
        secret = [name for name in open_names if name in latest.secret]
        problem = (
            f"argument {', '.join(secret)} comes from a Secret, which is not read"
            if secret
            else f"argument {', '.join(open_names)} has no value"
        )
    if query == stable_query:
        queries: tuple[tuple[Side, str], ...] = ((Side.ALL, query),)
        if rollout.is_promoted and _names_hash(query, status.stable_rs):
            queries = ((Side.STABLE, query),)
    else:
        queries = ((Side.CANARY, query), (Side.STABLE, stable_query))
    prometheus = own.provider.prometheus
    return Gauge(
        name=metric.name,
        queries=queries,
        limits=limits(own),
        address=prometheus.address if prometheus else "",
        problem=problem,
        template=template.metadata.name,
    )


def _arguments(
    spec: AnalysisTemplateSpec, given: tuple[Argument, ...], latest: str, stable: str
) -> Arguments:
    return resolve(spec.args, given, latest=latest, stable=stable)


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
            )
    return tuple(found.values())
