"""Rollouts of every shape, as lists of manifests to apply."""

from collections.abc import Sequence
from typing import Any, Final

from tests.controlplane.kinds import Json
from tests.controlplane.manifests import ingress, manifest, pod_template, service

ARGO: Final = "argoproj.io/v1alpha1"
DEFAULT_TAG: Final = "v1.0.0"


def set_weight(percent: int) -> Json:
    """Return the step that sends this share to the new version."""
    return {"setWeight": percent}


def pause(duration: str | int | None = None) -> Json:
    """Return a pause; without a duration it waits for a human."""
    return {"pause": {} if duration is None else {"duration": duration}}


def set_canary_scale(**how: int | bool) -> Json:
    """Return e.g. `set_canary_scale(replicas=2)`; needs traffic routing."""
    return {"setCanaryScale": how}


def gate(run: Json) -> Json:
    """Return the step that runs an analysis (see `analysis.analysis`) and waits for it."""
    return {"analysis": run}


def experiment(duration: str = "10s", *, analyses: Sequence[Json] = (), replicas: int = 1) -> Json:
    """Return a step that runs the stable and the new version side by side."""
    templates = [
        {"name": "baseline", "specRef": "stable", "replicas": replicas},
        {"name": "canary", "specRef": "canary", "replicas": replicas},
    ]
    more = {"analyses": list(analyses)} if analyses else {}
    return {"experiment": {"duration": duration, "templates": templates, **more}}


def canary(
    namespace: str,
    name: str,
    steps: Sequence[Json],
    *,
    tag: str = DEFAULT_TAG,
    replicas: int = 3,
    nginx: bool = False,
    requests_per_second: float = 20,
    background: Json | None = None,
    abort_delay: int | None = None,
    scale_down_delay: int | None = None,
    spec: Json | None = None,
    **strategy: Any,
) -> list[Json]:
    """Return a canary and what it needs.

    Args:
        namespace: Where.
        name: Of the Rollout and its `app` label.
        steps: As the functions above make them.
        tag: The first version.
        replicas: How many pods.
        nginx: Split traffic by Ingress; otherwise one Service has all pods.
        requests_per_second: Generated; 0 for none.
        background: An analysis that runs beside the steps.
        abort_delay: Seconds the canary is kept after an abort (with nginx; 30 if not given).
        scale_down_delay: Seconds the old version is kept after the end (likewise).
        spec: Further fields of the Rollout's spec, replacing those of the same name.
        strategy: Further fields of the canary strategy.
    """
    delays = {
        "abortScaleDownDelaySeconds": abort_delay,
        "scaleDownDelaySeconds": scale_down_delay,
    }
    how: Json = {"steps": list(steps)} | _given(delays) | strategy
    if background:
        how["analysis"] = background
    parts = [service(namespace, name, name, requests_per_second=requests_per_second)]
    if nginx:
        routing, parts = _nginx(namespace, name, requests_per_second)
        how = routing | how
    return [*parts, rollout(namespace, name, {"canary": how}, tag, replicas, spec)]


def blue_green(
    namespace: str,
    name: str,
    *,
    tag: str = DEFAULT_TAG,
    replicas: int = 3,
    preview: bool = True,
    auto_promotion: bool = False,
    auto_promotion_seconds: int | None = None,
    pre: Json | None = None,
    post: Json | None = None,
    requests_per_second: float = 20,
    abort_delay: int | None = None,
    scale_down_delay: int | None = None,
    **strategy: Any,
) -> list[Json]:
    """Return a blue-green Rollout with its Services; traffic goes to the active one.

    `pre` and `post` are analyses before and after the switch; the delays are as in `canary`.
    """
    active, preview_name = f"{name}-active", f"{name}-preview"
    how = {
        "activeService": active,
        "previewService": preview_name if preview else None,
        "autoPromotionEnabled": auto_promotion,
        "autoPromotionSeconds": auto_promotion_seconds,
        "prePromotionAnalysis": pre,
        "postPromotionAnalysis": post,
        "abortScaleDownDelaySeconds": abort_delay,
        "scaleDownDelaySeconds": scale_down_delay,
    }
    parts = [service(namespace, active, name, requests_per_second=requests_per_second)]
    if preview:
        parts.append(service(namespace, preview_name, name))
    return [*parts, rollout(namespace, name, {"blueGreen": _given(how) | strategy}, tag, replicas)]


def workload_ref(
    namespace: str,
    name: str,
    steps: Sequence[Json],
    *,
    tag: str = DEFAULT_TAG,
    replicas: int = 3,
    scale_down: str = "never",
    requests_per_second: float = 20,
) -> list[Json]:
    """Return a Rollout that takes its pods' template from a Deployment of the same name.

    A new version is `api.set_image(namespace, name, tag, plural="deployments")`.
    """
    selector = {"matchLabels": {"app": name}}
    deployment = manifest(
        "apps/v1",
        "Deployment",
        namespace,
        name,
        spec={"replicas": 0, "selector": selector, "template": pod_template(name, tag)},
    )
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": name,
        "scaleDown": scale_down,
    }
    follower = rollout(namespace, name, {"canary": {"steps": list(steps)}}, tag, replicas)
    del follower["spec"]["template"]
    follower["spec"]["workloadRef"] = reference
    front = service(namespace, name, name, requests_per_second=requests_per_second)
    return [front, deployment, follower]


def rollout(
    namespace: str,
    name: str,
    strategy: Json,
    tag: str,
    replicas: int,
    spec: Json | None = None,
) -> Json:
    """Return the Rollout alone."""
    whole = {
        "replicas": replicas,
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": {"app": name}},
        "template": pod_template(name, tag),
        "strategy": strategy,
    }
    return manifest(
        ARGO, "Rollout", namespace, name, labels={"app": name}, spec=whole | (spec or {})
    )


def _nginx(namespace: str, name: str, requests_per_second: float) -> tuple[Json, list[Json]]:
    """Return the strategy's fields and the objects they name."""
    stable, fresh = f"{name}-stable", f"{name}-canary"
    fields = {
        "stableService": stable,
        "canaryService": fresh,
        "trafficRouting": {"nginx": {"stableIngress": stable}},
    }
    parts = [
        service(namespace, stable, name),
        service(namespace, fresh, name),
        ingress(namespace, stable, stable, requests_per_second=requests_per_second),
    ]
    return fields, parts


def _given(fields: Json) -> Json:
    return {key: value for key, value in fields.items() if value is not None}
