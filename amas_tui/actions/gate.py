"""Why not: the state gate of every verb.

Source: pkg/kubectl-argo-rollouts/cmd/*; what the controller makes of each verb in which state was
tried on v1.10.1.
"""

from typing import Final

from amas_tui.actions.table import RULES
from amas_tui.actions.verb import Verb
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Health

LOST: Final = "the connection to the cluster is lost: what is shown may be old"
"""Why nothing can be asked of a picture that may be old."""


def why_not(verb: Verb, scene: Scene) -> str | None:
    """Return why the verb makes no sense now, `None` when it may be asked.

    The same answer greys the key, refuses the command and stops a stale write.
    """
    stream = scene.stream(Kind.ROLLOUTS)
    if stream is None or stream.health is not Health.LIVE:
        return LOST
    if scene.rollout.metadata.deletion_timestamp is not None:
        return "the rollout is being deleted"
    return RULES[verb].why_not(scene)
