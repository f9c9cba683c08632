"""Splitting traffic with nginx: a canary Ingress beside the stable one.

Source: rollout/trafficrouting.go, rollout/trafficrouting/nginx/nginx.go.
"""

from typing import Final

from amas_tui.demo.controller import services, spec, weights
from amas_tui.demo.controller.objects import annotations_of, hash_of, owner_reference
from amas_tui.demo.controller.revisions import is_fully_promoted
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.copies import copied
from amas_tui.demo.resources import INGRESSES
from amas_tui.demo.store import Json

_PREFIX: Final = "nginx.ingress.kubernetes.io"
_CLASS: Final = "kubernetes.io/ingress.class"
_LONGEST_NAME: Final = 253


def route(sync: Sync) -> None:
    """Ask the router for the weight of now, and note it in the status.

    Nothing is asked while the stable version lacks pods for its share. Source:
    trafficrouting.go:reconcileTrafficRouting.
    """
    if not spec.is_routed(sync.rollout):
        sync.status["canary"].pop("weights", None)
        return
    weight = weights.desired(sync)
    is_going_back = sync.is_aborted and not is_fully_promoted(sync.rollout)
    if is_going_back and (weight == 0 or not spec.scales_stable(sync.rollout)):
        _point_back(sync)
    if not weights.can_stable_take(sync, weight):
        return
    for stable_ingress in stable_ingresses(sync.rollout):
        _set_weight(sync, stable_ingress, weight)
    _note(sync, weight)


def _point_back(sync: Sync) -> None:
    service = (spec.canary_of(sync.rollout) or {}).get("canaryService", "")
    services.point(sync, service, sync.stable_set, needs_pods=False)


def _note(sync: Sync, weight: int) -> None:
    canary_hash = weights.rolling_back_hash(sync) or hash_of(sync.new_set)
    made = weights.as_status(sync.rollout, canary_hash, hash_of(sync.stable_set), weight)
    before = sync.before.get("canary", {}).get("weights")
    if made != before:
        text = weights.change_text(before, made)
        sync.events.tell(sync.rollout, "TrafficWeightUpdated", text)
    sync.status["canary"]["weights"] = made


def stable_ingresses(rollout: Json) -> list[str]:
    """Return the Ingresses whose traffic is split."""
    nginx = (spec.routing_of(rollout) or {}).get("nginx") or {}
    return list(nginx.get("stableIngresses") or filter(None, [nginx.get("stableIngress")]))


def canary_name(rollout_name: str, stable_ingress: str) -> str:
    """Return the canary Ingress' name. Source: utils/ingress/ingress.go:GetCanaryIngressName."""
    suffix = "-canary"
    return f"{rollout_name}-{stable_ingress}"[: _LONGEST_NAME - len(suffix)] + suffix


def _set_weight(sync: Sync, stable_ingress: str, weight: int) -> None:
    """Source: nginx.go:SetWeightPerIngress."""
    stable = sync.store.get(INGRESSES, sync.namespace, stable_ingress)
    name = canary_name(sync.name, stable_ingress)
    wanted = canary_ingress(sync.rollout, stable, name, weight)
    known = sync.store.find(INGRESSES, sync.namespace, name)
    if known is None:
        text = f"Creating canary ingress `{name}` with weight `{weight}`"
        sync.events.tell(sync.rollout, "CreatingCanaryIngress", text)
        sync.store.create(INGRESSES, wanted)
    elif _differs(known, wanted):
        text = f"Updating Ingress `{name}` to desiredWeight '{weight}'"
        sync.events.tell(sync.rollout, "PatchingCanaryIngress", text)
        sync.store.update(INGRESSES, sync.namespace, name, lambda obj: _patch(obj, wanted))


def _differs(known: Json, wanted: Json) -> bool:
    annotations = annotations_of(known)
    is_noted = annotations_of(wanted).items() <= annotations.items()
    return not is_noted or known["spec"] != wanted["spec"]


def _patch(obj: Json, wanted: Json) -> None:
    obj["metadata"]["annotations"] = annotations_of(obj) | annotations_of(wanted)
    obj["spec"] = wanted["spec"]


def canary_ingress(rollout: Json, stable: Json, name: str, weight: int) -> Json:
    """Return the canary Ingress: the stable one's rules, with the canary Service behind them.

    Source: nginx.go:buildCanaryIngress.
    """
    strategy = spec.canary_of(rollout) or {}
    kept = {
        key: copied(stable["spec"][key])
        for key in ("tls", "ingressClassName")
        if stable["spec"].get(key)
    }
    found = (_rule(rule, strategy) for rule in stable["spec"].get("rules") or ())
    rules = [rule for rule in found if rule is not None]
    return {
        "metadata": {
            "name": name,
            "namespace": stable["metadata"]["namespace"],
            "annotations": _annotations(rollout, stable, weight),
            "ownerReferences": [owner_reference(rollout)],
        },
        "spec": {**kept, "rules": rules},
    }


def _rule(rule: Json, strategy: Json) -> Json | None:
    own, has_stable = copied(rule), False
    for path in own.get("http", {}).get("paths", ()):
        service = path["backend"].get("service", {})
        if service.get("name") == strategy.get("stableService"):
            service["name"] = strategy.get("canaryService")
            has_stable = True
    return own if has_stable else None


def _annotations(rollout: Json, stable: Json, weight: int) -> dict[str, str]:
    routing = spec.routing_of(rollout) or {}
    nginx = routing.get("nginx") or {}
    prefix = nginx.get("annotationPrefix") or _PREFIX
    made = {}
    if _CLASS in annotations_of(stable):
        made[_CLASS] = annotations_of(stable)[_CLASS]
    for key, value in (nginx.get("additionalIngressAnnotations") or {}).items():
        made[key if key.startswith(prefix) else f"{prefix}/{key}"] = value
    made |= nginx.get("canaryIngressAnnotations") or {}
    made |= {f"{prefix}/canary": "true", f"{prefix}/canary-weight": str(weight)}
    if "maxTrafficWeight" in routing:
        made[f"{prefix}/canary-weight-total"] = str(routing["maxTrafficWeight"])
    return made


def has_rule(ingress: Json, service: str) -> bool:
    """Whether an Ingress has a path to the Service. Source: ingress.go:HasRuleWithService."""
    rules = ingress["spec"].get("rules") or ()
    paths = (path for rule in rules for path in (rule.get("http") or {}).get("paths") or ())
    return any(path["backend"].get("service", {}).get("name") == service for path in paths)
