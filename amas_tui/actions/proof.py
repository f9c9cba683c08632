"""Whether it has happened: judged by what the controller wrote, never by what we wrote ourselves.

A verb is done when the watch shows the controller's own answer. Until its deadline it waits; after
it the ending is "sent, but the controller did not react", which still turns into done if the answer
comes late.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from amas_tui.actions.progress import REACTION, Ending, Pending, Progress
from amas_tui.actions.table import RULES
from amas_tui.domain.rollout import RolloutStatus
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Health


def patience(pending: Pending) -> timedelta:
    """Return how long the whole verb may take."""
    return RULES[pending.verb].patience(pending.before)


def written(pending: Pending) -> RolloutStatus:
    """Return the status as it is when nobody but us has touched it."""
    return RULES[pending.verb].written(pending.before)


def judge(pending: Pending, scene: Scene | None, now: datetime) -> Progress:
    """Return where a write stands by the newest picture alone."""
    if pending.has_arrived is False:
        return Progress(Ending.NOT_ARRIVED, remark=pending.trouble)
    if pending.is_undone:
        return Progress(Ending.REVERTED, remark=pending.trouble)
    if scene is None:
        return Progress(Ending.VANISHED)
    progress = RULES[pending.verb].verdict(pending, scene)
    if progress.ending is not Ending.WAITING:
        return progress
    stream = scene.stream(Kind.ROLLOUTS)
    if pending.has_arrived is None or stream is None or stream.health is not Health.LIVE:
        return replace(progress, ending=Ending.UNKNOWN)
    waited = now - pending.sent_at
    if waited > REACTION and not has_reacted(pending, scene):
        return replace(progress, ending=Ending.NO_EFFECT)
    if waited > patience(pending):
        return replace(progress, ending=Ending.INCOMPLETE)
    return progress


def has_reacted(pending: Pending, scene: Scene) -> bool:
    """Return whether the picture holds anything that the controller wrote since the write."""
    own = RULES[pending.verb].reacted
    if own is not None:
        return own(pending, scene)
    return scene.rollout.status not in (written(pending), pending.before.status)
