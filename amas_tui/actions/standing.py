"""Warnings that do not hang on the verb: who else has a hand on this rollout."""

from datetime import datetime, timedelta
from typing import Final

from amas_tui.actions.state import is_first_deploy
from amas_tui.actions.verb import Verb
from amas_tui.actions.writers import OWN_MANAGERS
from amas_tui.domain.base import ManagedFields, ObjectMeta
from amas_tui.domain.rollout import Rollout
from amas_tui.rules.duration import clock_duration
from amas_tui.store.scene import Scene

A_MOMENT: Final = timedelta(seconds=60)
"""How long ago another person's write still tells that somebody is at it."""

_SPEC_VERBS: Final = frozenset(
    {Verb.UNDO, Verb.SET_IMAGE, Verb.PAUSE, Verb.RESUME, Verb.RESTART, Verb.PROMOTE_FULL}
)
_NEW_PODS: Final = frozenset({Verb.UNDO, Verb.SET_IMAGE, Verb.RETRY})
_SCALES: Final = frozenset({*_NEW_PODS, Verb.PROMOTE_FULL, Verb.ABORT})
_CONTROLLERS: Final = frozenset({*OWN_MANAGERS, "kube-controller-manager"})


def standing_warnings(verb: Verb, scene: Scene, now: datetime) -> tuple[str, ...]:
    """Return what may cross a verb, by other hands or by the spec.

    Args:
        verb: What is asked.
        scene: What is known.
        now: The server's time.
    """
    rollout = scene.rollout
    found = []
    owner = gitops_owner(rollout.metadata)
    if owner and verb in _SPEC_VERBS and _is_spec_verb(verb, rollout):
        found.append(f"{owner} owns this spec and will likely put it back")
    if verb in _SCALES and has_autoscaler(rollout):
        found.append("an autoscaler sets the number of pods: the figures may change meanwhile")
    if verb in _NEW_PODS and rollout.spec.progress_deadline_abort:
        seconds = rollout.spec.progress_deadline_seconds or 600
        found.append(
            f"progressDeadlineAbort: it is aborted if pods are not ready within {seconds} s"
        )
    if verb in _NEW_PODS and is_first_deploy(scene) and not rollout.status.stable_rs:
        found.append("first deployment: there is no stable version to fall back to")
    if recent := _recent(rollout, now):
        ago = clock_duration(now - recent.time) if recent.time else "a moment"
        part = f" ({recent.subresource})" if recent.subresource else ""
        found.append(f"{recent.manager} wrote to it{part} {ago} ago: is somebody else at it?")
    return tuple(found)


def _is_spec_verb(verb: Verb, rollout: Rollout) -> bool:
    return verb is not Verb.PROMOTE_FULL or rollout.spec.paused


def gitops_owner(metadata: ObjectMeta) -> str:
    """Return the GitOps tool that owns an object, empty when none is seen.

    Sources: Argo CD's tracking annotation and label, Flux' labels of Kustomization and HelmRelease.
    """
    labels, annotations = metadata.labels, metadata.annotations
    if tracking := annotations.get("argocd.argoproj.io/tracking-id"):
        return f"Argo CD (application {tracking.partition(':')[0]})"
    if instance := labels.get("argocd.argoproj.io/instance"):
        return f"Argo CD (application {instance})"
    for tool in ("kustomize", "helm"):
        if name := labels.get(f"{tool}.toolkit.fluxcd.io/name"):
            return f"Flux ({'Kustomization' if tool == 'kustomize' else 'HelmRelease'} {name})"
    managers = {entry.manager for entry in metadata.managed_fields if not entry.subresource}
    if any(manager.startswith(("argocd", "argo-cd")) for manager in managers):
        return "Argo CD"
    if managers & {"kustomize-controller", "helm-controller"}:
        return "Flux"
    return ""


def has_autoscaler(rollout: Rollout) -> bool:
    """Return whether an autoscaler has written the number of pods."""
    return any(
        entry.subresource == "scale" and entry.manager == "kube-controller-manager"
        for entry in rollout.metadata.managed_fields
    )


def _recent(rollout: Rollout, now: datetime) -> ManagedFields | None:
    """Return the newest write of another hand within the last moment, `None` without one."""
    entries = [
        entry
        for entry in rollout.metadata.managed_fields
        if entry.time is not None
        and timedelta(0) <= now - entry.time <= A_MOMENT
        and entry.manager not in _CONTROLLERS
    ]
    return max(entries, key=lambda entry: entry.time or now, default=None)
