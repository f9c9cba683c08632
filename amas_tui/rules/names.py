"""The names of the objects that a rollout steers its traffic by."""

from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import canary_ingress_name


def service_names(rollout: Rollout) -> tuple[str, ...]:
    """Return the Services that the rollout steers."""
    names: tuple[str, ...] = ()
    if rollout.canary is not None:
        names = (rollout.canary.stable_service, rollout.canary.canary_service)
    if rollout.blue_green is not None:
        names = (rollout.blue_green.active_service, rollout.blue_green.preview_service)
    return tuple(dict.fromkeys(name for name in names if name))


def front_service(rollout: Rollout) -> str:
    """Return the Service that most of the traffic goes through, empty where none is named."""
    if rollout.blue_green is not None:
        return rollout.blue_green.active_service
    return rollout.canary.stable_service if rollout.canary else ""


def ingress_names(rollout: Rollout) -> tuple[str, ...]:
    """Return the nginx Ingresses: the stable ones and those that the controller writes."""
    routing = rollout.canary.traffic_routing if rollout.canary else None
    if routing is None or routing.nginx is None:
        return ()
    stable = routing.nginx.ingresses
    return (*stable, *(canary_ingress_name(rollout.key.name, name) for name in stable))
