"""Why not: the state gate of every verb.

Source: pkg/kubectl-argo-rollouts/cmd/*; what the controller makes of each verb in which state was
tried on v1.10.1.
"""

from amas_tui.actions.verb import Verb
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_observed, is_unpausing
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Health


def why_not(verb: Verb, scene: Scene) -> str | None:
    """Return why the verb makes no sense now, `None` when it may be asked.

    The same answer greys the key, refuses the command and stops a stale write.
    """
    stream = scene.stream(Kind.ROLLOUTS)
    if stream is None or stream.health is not Health.LIVE:
        return "the connection to the cluster is lost: what is shown may be old"
    if scene.rollout.metadata.deletion_timestamp is not None:
        return "the rollout is being deleted"
    match verb:
        case Verb.PROMOTE:
            return _promote(scene)
        case Verb.PROMOTE_FULL:
            return _promote_full(scene)
        case Verb.ABORT:
            return _abort(scene)
        case Verb.UNDO:
            return _undo(scene)


def is_first_deploy(scene: Scene) -> bool:
    """Return whether there is no stable version to go back to yet."""
    status = scene.rollout.status
    return not status.stable_rs or (scene.rollout.revision == 1 and scene.rollout.is_promoted)


def is_invalid(scene: Scene) -> bool:
    """Return whether the controller acts on nothing because of the spec."""
    return scene.rollout.condition("InvalidSpec") is not None


def _unsettled(scene: Scene) -> str | None:
    """Return what the controller has yet to take in before a verb that depends on the step."""
    if not is_observed(scene.rollout):
        return "the controller has not seen the newest spec yet"
    if is_unpausing(scene.rollout):
        return "the controller is still taking in the last promote"
    return None


def _promote(scene: Scene) -> str | None:
    rollout = scene.rollout
    if is_invalid(scene):
        return "InvalidSpec: the controller acts on nothing until the spec is repaired"
    if rollout.status.abort:
        return "aborted: promote has no lasting effect; retry, undo or promote fully"
    held = {pause.waiting for pause in pauses(rollout)}
    if held == {Waiting.SPEC}:
        return _unsettled(scene)
    if rollout.is_promoted or not rollout.status.stable_rs:
        return "nothing to promote: no update is in flight"
    if rollout.status.promote_full:
        return "a full promotion is under way already"
    if rollout.blue_green is not None and not held:
        return (
            "blue-green is not paused: it switches by itself when the new pods and checks are ready"
        )
    if rollout.canary is not None and not rollout.steps and not held:
        return "this canary has no steps: it goes on by itself"
    return _unsettled(scene)


def _promote_full(scene: Scene) -> str | None:
    rollout = scene.rollout
    if is_invalid(scene):
        return "InvalidSpec: the controller acts on nothing until the spec is repaired"
    if rollout.is_promoted or not rollout.status.stable_rs:
        return "nothing to promote: no update is in flight"
    if rollout.status.promote_full:
        return "a full promotion is under way already"
    if not is_observed(rollout):
        return "the controller has not seen the newest spec yet: a full promotion would be dropped"
    return None


def _abort(scene: Scene) -> str | None:
    rollout = scene.rollout
    if rollout.status.abort:
        return "aborted already" if rollout.status.aborted_at else "abort was asked for already"
    if not rollout.status.stable_rs:
        return "first deployment: there is no stable version to send traffic to"
    if rollout.is_promoted:
        return "no update is in flight: abort would be cleared again"
    return None


def _undo(scene: Scene) -> str | None:
    if (reference := scene.rollout.spec.workload_ref) is not None:
        return f"its pod template is that of {reference.kind} {reference.name}: undo there"
    if not scene.is_known(Kind.REPLICA_SETS):
        stream = scene.stream(Kind.REPLICA_SETS)
        if stream is not None and stream.error is not None:
            return f"the revisions are not known: {stream.error.text}"
        return "the revisions are not known yet"
    if not undo_targets(scene):
        return "there is no other revision to go back to"
    return None


def undo_targets(scene: Scene) -> tuple[int, ...]:
    """Return the revisions that can be gone back to, newest first."""
    current = scene.rollout.status.current_pod_hash
    return tuple(rs.revision for rs in scene.replica_sets if rs.hash != current and rs.revision)
