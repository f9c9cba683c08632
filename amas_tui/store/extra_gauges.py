"""What is followed beside the gates: presets that complete the usual views, and own queries."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from amas_tui.domain.rollout import Rollout
from amas_tui.rules import presets
from amas_tui.rules.arguments import substitute, unresolved
from amas_tui.rules.condition import Limit, limits_of
from amas_tui.rules.presets import Preset, Subject, Tie
from amas_tui.settings import OwnQuery
from amas_tui.store.scene import Scene
from amas_tui.store.slo import Gauge, Origin, Side

LATENCY: Final = "latency"


def subject(rollout: Rollout) -> Subject:
    """Return whose metrics to look for."""
    canary, blue_green = rollout.canary, rollout.blue_green
    services: tuple[str, ...] = ()
    ingresses: tuple[str, ...] = ()
    if canary is not None:
        services = (canary.stable_service, canary.canary_service)
        routing = canary.traffic_routing
        ingresses = routing.nginx.ingresses if routing and routing.nginx else ()
    if blue_green is not None:
        services = (blue_green.active_service, blue_green.preview_service)
    return Subject(
        namespace=rollout.key.namespace,
        name=rollout.key.name,
        canary=rollout.status.current_pod_hash if rollout.is_updating else "",
        stable=rollout.status.stable_rs or rollout.status.current_pod_hash,
        services=tuple(dict.fromkeys(one for one in services if one)),
        ingresses=ingresses,
    )


def any_address(scene: Scene) -> str:
    """Return the Prometheus of any template beside the rollout, for one without an analysis."""
    namespace = scene.rollout.key.namespace
    found = sorted(
        metric.provider.prometheus.address
        for template in scene.snapshot.analysis_templates.values()
        if template.metadata.namespace == namespace
        for metric in template.spec.metrics
        if metric.provider.prometheus and not unresolved(metric.provider.prometheus.address)
    )
    return next((one for one in found if one), "")


def preset_gauges(preset: Preset, of: Subject, known: Iterable[Gauge]) -> Iterator[Gauge]:
    """Yield the views that the gates leave open: errors, latency, requests, success and budget.

    Args:
        preset: What the server has.
        of: Whose it is.
        known: The gates' own gauges; what these show already is left out.
    """
    names = " ".join(one.name for one in known)
    if "success" not in names:
        yield _gauge(preset, of, "success rate", presets.success_rate, Limit(">=", presets.SLO))
    yield _gauge(preset, of, "error rate", presets.error_rate, Limit("<=", 1 - presets.SLO))
    if "budget" not in names:
        budget = Limit(">=", presets.MIN_BUDGET)
        yield _gauge(preset, of, "error budget", presets.error_budget, budget)
    for name, quantile in presets.QUANTILES:
        yield _gauge(
            preset,
            of,
            f"{LATENCY} {name}",
            partial(presets.latency, quantile=quantile),
            Limit("<=", presets.MAX_P95_SECONDS) if name == "p95" else None,
            family=LATENCY,
        )
    yield _gauge(preset, of, "requests/s", presets.requests, None)


def _gauge(
    preset: Preset,
    of: Subject,
    name: str,
    make: Callable[[Preset, str], str],
    limit: Limit | None,
    family: str = "",
) -> Gauge:
    selector = preset.selector
    queries: tuple[tuple[Side, str], ...]
    if selector.tie is Tie.NONE or not of.stable:
        queries = ((Side.ALL, make(preset, selector.every)),)
    else:
        queries = ((Side.STABLE, make(preset, selector.stable)),)
        if of.canary:
            queries = ((Side.CANARY, make(preset, selector.canary)), *queries)
    return Gauge(
        name=name,
        queries=queries,
        limits=() if limit is None else (limit,),
        origin=Origin.PRESET,
        family=family,
        note=preset.words,
    )


def own_gauges(queries: Iterable[OwnQuery], rollout: Rollout) -> Iterator[Gauge]:
    """Yield the user's own queries, once for each version where they name the hash."""
    status = rollout.status
    for one in queries:
        latest, stable = (
            substitute(one.query, _values(rollout, pod_hash))
            for pod_hash in (status.current_pod_hash, status.stable_rs)
        )
        sides: tuple[tuple[Side, str], ...] = ((Side.ALL, latest),)
        if latest != stable:
            sides = ((Side.CANARY, latest), (Side.STABLE, stable))
        elif rollout.is_promoted and latest != one.query and "{{args.hash}}" in one.query:
            sides = ((Side.STABLE, stable),)
        yield Gauge(
            name=one.name,
            queries=sides,
            limits=limits_of(one.condition, ""),
            success=one.condition,
            origin=Origin.OWN,
            unit=one.unit,
        )


def _values(rollout: Rollout, pod_hash: str) -> dict[str, str]:
    return {"hash": pod_hash, "namespace": rollout.key.namespace, "rollout": rollout.key.name}
