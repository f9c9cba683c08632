"""What is worth waking somebody: an update that was taken back, or that came to a halt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.rules.images import version
from amas_tui.store.scene import Scene, scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.headline import headline
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.state import Standing, state

_ROLLBACKS: Final = frozenset({Standing.HALTED, Standing.ABORTED})
_HALTS: Final = frozenset(
    {Standing.INCONCLUSIVE, Standing.TIMED_OUT, Standing.DEGRADED, Standing.INVALID}
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to be told at once.

    Attributes:
        event: `rollback` when traffic goes back to stable, `halt` when nothing moves by itself.
        image: The version that it is about.
        sentence: What happened, with value and limit.
    """

    event: str
    key: Key
    context: str
    revision: int
    image: str
    sentence: str
    at: datetime

    @property
    def title(self) -> str:
        """Return it in a few words."""
        return f"{self.key.name}: {self.event}"

    def to_json(self) -> dict[str, Any]:
        """Return the documented JSON."""
        return {
            "apiVersion": API_VERSION,
            "kind": "RolloutAlert",
            "event": self.event,
            "context": self.context,
            "namespace": self.key.namespace,
            "name": self.key.name,
            "revision": self.revision,
            "version": self.image,
            "sentence": self.sentence,
            "at": self.at.isoformat(timespec="seconds"),
        }


class Alarm:
    """Compares each picture with the one before; what was so at the start is no news."""

    def __init__(self) -> None:
        self._before: Mapping[str, Rollout] = {}

    def after(self, snapshot: Snapshot, context: str, now: datetime) -> tuple[Alert, ...]:
        """Return what has become worth telling. Costs nothing for what did not change."""
        before, self._before = self._before, snapshot.rollouts
        found: list[Alert] = []
        for uid, rollout in snapshot.rollouts.items():
            old = before.get(uid)
            if old is None or old is rollout:
                continue
            was, stands = state(old).standing, state(rollout).standing
            here = scene(snapshot, uid) if was is not stands else None
            if here is not None:
                found += _alerts(here, was, stands, context, now)
        return tuple(found)


def _alerts(
    here: Scene, before: Standing, standing: Standing, context: str, now: datetime
) -> list[Alert]:
    # An abort is seen first, its cause a moment later: that is one event.
    if standing in _ROLLBACKS and before not in _ROLLBACKS:
        return [_alert("rollback", here, context, now)]
    if standing in _HALTS and before not in _HALTS | _ROLLBACKS:
        return [_alert("halt", here, context, now)]
    return []


def _alert(event: str, here: Scene, context: str, now: datetime) -> Alert:
    rollout = here.rollout
    containers = here.current.spec.template.spec.containers if here.current else ()
    return Alert(
        event,
        rollout.key,
        context,
        rollout.revision,
        version(containers) or version(rollout.spec.template.spec.containers),
        headline(here, now).sentence,
        now,
    )


_LONGEST: Final = 200


def terminal_notice(alert: Alert) -> str:
    """Return what rings a terminal's bell and lets it show a notification.

    OSC 9 is read by iTerm2, Windows Terminal, kitty and others, OSC 777 by rxvt, VTE and foot;
    who reads neither shows nothing. Control characters cannot get into the text.
    """
    body = "".join(char for char in alert.sentence[:_LONGEST] if char.isprintable())
    title = "".join(char for char in alert.title if char.isprintable()).replace(";", ",")
    return f"\a\x1b]9;{title}: {body}\x1b\\\x1b]777;notify;{title};{body.replace(';', ',')}\x1b\\"
