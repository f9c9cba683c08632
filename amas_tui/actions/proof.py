"""Whether it has happened: judged by what the controller wrote, never by what we wrote ourselves.

A verb is done when the watch shows the controller's own answer. Until its deadline it waits; after
it the ending is "sent, but the controller did not react", which still turns into done if the answer
comes late.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from amas_tui.actions.children import child_now
from amas_tui.actions.progress import (
    REACTION,
    Ending,
    Pending,
    Progress,
    is_later,
    is_shown,
)
from amas_tui.actions.state import is_invalid
from amas_tui.actions.table import RULES
from amas_tui.actions.verb import Child
from amas_tui.actions.writers import put_back, words_of
from amas_tui.domain.base import ObjectMeta
from amas_tui.domain.rollout import Rollout, RolloutStatus
from amas_tui.rules.phase import is_observed
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Health

_STANDS: Final = "it stays written, and takes effect when the controller looks again"

_LOOK_AFTER: Final = REACTION - timedelta(seconds=2)
_LOOK_AGAIN: Final = timedelta(seconds=5)
JUDGED_INVALID: Final = timedelta(seconds=3)
"""How long a spec that was seen stays InvalidSpec until that is the answer.

The condition can outlive the repair by one write of the controller.
Source: rollout/sync.go:checkPausedConditions.
"""


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
    if doubt := _doubt(pending, scene, now):
        return replace(progress, ending=Ending.UNKNOWN, remark=doubt)
    waited = now - (pending.shown_at or pending.sent_at)
    if waited > JUDGED_INVALID and is_invalid(scene) and is_observed(scene.rollout):
        return replace(progress, ending=Ending.NO_EFFECT, remark=_invalid(scene.rollout))
    if waited > REACTION and RULES[pending.verb].is_taken_back(pending, scene):
        what = words_of(pending.write) if pending.write else "it"
        return Progress(Ending.REVERTED, progress.stages, put_back(what, ""))
    if waited > REACTION and not has_reacted(pending, scene):
        return replace(progress, ending=Ending.NO_EFFECT, remark=_STANDS)
    if waited > patience(pending):
        return replace(progress, ending=Ending.INCOMPLETE)
    return progress


def _invalid(rollout: Rollout) -> str:
    """Return what the controller says of the spec that it does not act on."""
    condition = rollout.condition("InvalidSpec")
    return f"InvalidSpec: {condition.message}" if condition is not None else ""


def noted(pending: Pending, scene: Scene | None, now: datetime) -> Pending:
    """Return a write with when the watch first showed it, for whoever judges it again and again."""
    if scene is None or pending.shown_at is not None or pending.has_arrived is not True:
        return pending
    seen = _written(pending, scene)
    if seen is None or not is_shown(pending, seen):
        return pending
    return replace(pending, shown_at=now)


def _doubt(pending: Pending, scene: Scene, now: datetime) -> str:
    """Return why it cannot be told where a write stands, empty when it can."""
    if pending.has_arrived is None:
        return "the reply was lost, and the write is looked for"
    stream = scene.stream(Kind.ROLLOUTS)
    if stream is None or stream.health is not Health.LIVE:
        return "the connection is lost"
    seen = _written(pending, scene)
    is_late = now - pending.sent_at > REACTION
    if is_late and seen is not None and not is_shown(pending, seen):
        return "the watch lags behind: not even the write itself has come back yet"
    return ""


def _written(pending: Pending, scene: Scene) -> ObjectMeta | None:
    """Return the object that was written as it is seen, `None` where it is not watched."""
    if pending.write is None or pending.write.kind is Kind.ROLLOUTS:
        return scene.rollout.metadata
    if not isinstance(pending.target, Child):
        return None
    one = child_now(scene, pending.target)
    return one.metadata if one is not None else None


def is_unexplained(pending: Pending, scene: Scene | None, now: datetime) -> bool:
    """Return whether the written object itself should be looked at.

    It is when nothing was heard for almost as long as the controller may take, and when the
    controller saw something later than our write: somebody may have taken it back.
    """
    write = pending.write
    if scene is None or write is None or write.subresource or pending.live is None:
        return False
    if pending.has_arrived is not True or pending.is_undone:
        return False
    if pending.looked_at is not None and now - pending.looked_at < _LOOK_AGAIN:
        return False
    if judge(pending, scene, now).ending.is_final:
        return False
    waited = now - (pending.shown_at or pending.sent_at)
    is_silent = waited > _LOOK_AFTER and not has_reacted(pending, scene)
    return is_silent or RULES[pending.verb].is_taken_back(pending, scene)


def has_reacted(pending: Pending, scene: Scene) -> bool:
    """Return whether the picture holds anything that the controller wrote since the write."""
    own = RULES[pending.verb].reacted
    if own is not None:
        return own(pending, scene)
    # What was on its way before our write is no reaction to it.
    seen = _written(pending, scene)
    is_before = seen is not None and not is_later(pending, seen)
    return not is_before and scene.rollout.status not in (written(pending), pending.before.status)
