"""What an invalid spec lacks, and what makes it whole again.

An analysis whose template is gone is taken out of the spec by a rollback itself. A Service or an
Ingress is the user's own: its loss is named, with the command that makes it again.
Source: rollout/controller.go:getRolloutReferencedResources.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from amas_tui.domain.base import HASH_LABEL, Key
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import Ingress, IngressPath, IngressRule, canary_ingress_name
from amas_tui.rules.names import ingress_names, service_names
from amas_tui.store.gates import analyses, find_template
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

TemplateName = tuple[str, bool]
"""Name of an AnalysisTemplate, and whether it is a ClusterAnalysisTemplate."""

_PORT: Final = "PORT"
"""Stands where nothing tells the port."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What a person's own hand must do; the command is printed, never sent.

    Attributes:
        lack: What is wrong, e.g. `Service checkout-stable is missing`.
        note: What the command cannot know, empty where it is whole.
    """

    lack: str
    command: str
    note: str = ""


NAMED: Final = (Kind.SERVICES, Kind.INGRESSES, Kind.ANALYSIS_TEMPLATES)
"""What a spec names and cannot do without."""


def is_awaited(scene: Scene, kind: Kind) -> bool:
    """Return whether what a spec names of a kind was asked for, and no answer has come yet."""
    rollout = scene.rollout
    names = {
        Kind.SERVICES: service_names(rollout),
        Kind.INGRESSES: ingress_names(rollout),
        Kind.ANALYSIS_TEMPLATES: tuple(analyses(rollout)),
    }
    if not names.get(kind) or scene.is_known(kind):
        return False
    stream = scene.stream(kind)
    return stream is None or stream.error is None


def broken_templates(scene: Scene) -> tuple[TemplateName, ...]:
    """Return the templates that the strategy names and that are not whole: gone, or in part."""
    named = dict.fromkeys(
        (reference.template_name, reference.cluster_scope)
        for analysis in analyses(scene.rollout)
        for reference in analysis.templates
    )
    return tuple(one for one in named if not _is_whole(scene, one, ()))


def _is_whole(scene: Scene, name: TemplateName, above: tuple[TemplateName, ...]) -> bool:
    kind = Kind.CLUSTER_ANALYSIS_TEMPLATES if name[1] else Kind.ANALYSIS_TEMPLATES
    if name in above or not scene.is_known(kind):
        return True
    template = find_template(scene, *name)
    return template is not None and all(
        _is_whole(scene, (one.template_name, one.cluster_scope), (*above, name))
        for one in template.spec.templates
    )


def missing_services(scene: Scene) -> tuple[str, ...]:
    """Return the Services that the rollout names and that do not exist."""
    if not scene.is_known(Kind.SERVICES):
        return ()
    namespace = scene.rollout.key.namespace
    names = service_names(scene.rollout)
    return tuple(n for n in names if scene.snapshot.service(Key(namespace, n)) is None)


def missing_ingresses(scene: Scene) -> tuple[str, ...]:
    """Return the Ingresses that the rollout names and that do not exist."""
    if not scene.is_known(Kind.INGRESSES):
        return ()
    rollout = scene.rollout
    names = [name for name in ingress_names(rollout) if not _is_written(rollout, name)]
    namespace = rollout.key.namespace
    return tuple(n for n in names if scene.snapshot.ingress(Key(namespace, n)) is None)


def _is_written(rollout: Rollout, name: str) -> bool:
    """Return whether the controller writes an Ingress itself."""
    return any(name == canary_ingress_name(rollout.key.name, one) for one in ingress_names(rollout))


def repairs(scene: Scene, to: str) -> tuple[Repair, ...]:
    """Return what must be made by hand for the version with hash `to` to get its traffic."""
    services = (_service(scene, name, to) for name in missing_services(scene))
    ingresses = (_ingress(scene, name) for name in missing_ingresses(scene))
    return (*services, *ingresses)


# ------------------------------------------------------------------------- Service


def _service(scene: Scene, name: str, to: str) -> Repair:
    """Return how a Service is made that selects the good version's pods from the first moment."""
    good = scene.by_hash(to)
    selector = scene.rollout.spec.selector
    labels = {**(selector.match_labels if selector else {}), HASH_LABEL: to}
    port, target = _ports(scene)
    words = [
        *("expose", "replicaset", good.metadata.name if good else "REPLICASET"),
        *(f"--name={name}", f"--port={port}", *([f"--target-port={target}"] if target else [])),
        f"--selector={','.join(f'{key}={value}' for key, value in labels.items())}",
    ]
    note = "" if port != _PORT else "its port is not known here: put it in"
    return Repair(f"Service {name} is missing", _kubectl(scene, *words), note)


def _ports(scene: Scene) -> tuple[str, str]:
    """Return port and target port, as the rollout's other Services have them."""
    namespace = scene.rollout.key.namespace
    for name in service_names(scene.rollout):
        service = scene.snapshot.service(Key(namespace, name))
        if service is not None and service.spec.ports:
            first = service.spec.ports[0]
            return str(first.port), "" if first.target_port is None else str(first.target_port)
    return _PORT, ""


# ------------------------------------------------------------------------- Ingress


def _ingress(scene: Scene, name: str) -> Repair:
    """Return how the Ingress is made that the controller once copied its own from."""
    rollout = scene.rollout
    stable = rollout.canary.stable_service if rollout.canary else ""
    copy = scene.snapshot.ingress(
        Key(rollout.key.namespace, canary_ingress_name(rollout.key.name, name))
    )
    rules = [f"--rule={rule}" for rule in _rules(copy, stable)] if copy else []
    class_ = [f"--class={copy.spec.ingress_class_name}"] if copy else []
    words = ("create", "ingress", name, *class_, *(rules or [f"--rule=HOST/*={stable}:{_PORT}"]))
    note = "its TLS and annotations are not known here: add them"
    return Repair(f"Ingress {name} is missing", _kubectl(scene, *words), note)


def _rules(ingress: Ingress, service: str) -> Iterator[str]:
    for rule in ingress.spec.rules:
        for path in rule.http.paths if rule.http else ():
            yield _rule(rule, path, service)


def _rule(rule: IngressRule, path: IngressPath, service: str) -> str:
    """Return a rule as `kubectl create ingress` reads it; a star at the end is a prefix."""
    star = "" if path.path_type == "Exact" else "*"
    port = path.backend.service.port if path.backend.service else None
    number = (port.name or str(port.number or _PORT)) if port else _PORT
    return f"{rule.host}{path.path or '/'}{star}={service}:{number}"


# ------------------------------------------------------------------------ commands


def ingress_command(scene: Scene) -> str:
    """Return the command that sends all traffic to stable by hand; printed, never sent."""
    names = [ingress.metadata.name for ingress in scene.canary_ingresses]
    if not names:
        return ""
    note = f"{scene.prefix}/canary-weight=0"
    return _kubectl(scene, "annotate", "--overwrite", "ingress", *names, note)


def _kubectl(scene: Scene, *words: str) -> str:
    return shlex.join(("kubectl", "-n", scene.rollout.key.namespace, *words))
