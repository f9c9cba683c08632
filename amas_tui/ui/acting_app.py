"""What the app does when something is asked of a rollout: choose, preview, confirm, send, prove."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from textual import work
from textual.app import App
from textual.screen import Screen
from textual.worker import Worker

from amas_tui.actions.gate import LOST, why_not
from amas_tui.actions.limits import limits_of
from amas_tui.actions.progress import Ending, Pending, Progress
from amas_tui.actions.proof import is_unexplained, judge, noted
from amas_tui.actions.repair import NAMED, is_awaited
from amas_tui.actions.template import containers
from amas_tui.actions.verb import Choice, Images, Verb
from amas_tui.errors import AmasError, UsageError
from amas_tui.keymap import View
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene
from amas_tui.ui.messages import ActionAsked, VerbAsked
from amas_tui.ui.screens.base import MainScreen
from amas_tui.viewmodel.preview_lines import outcome_lines
from amas_tui.viewmodel.text import Line

if TYPE_CHECKING:
    from amas_tui.acting import Gate
    from amas_tui.ports import Cluster, Ledger

Result = TypeVar("Result")

_SLOW_SECONDS: Final = 1.0
"""After which it is said that a dialog takes its time."""

_ROLL_SECONDS: Final = 0.25
"""Between two looks at a rollback."""

_WHOLE_SECONDS: Final = 5.0
"""How long a rollback waits for what it judges the spec by."""

_LOOK_SECONDS: Final = 1.0
"""Between two looks for a write whose reply was lost."""


@dataclass(frozen=True, slots=True)
class Act:
    """One write of this program and where it stands.

    Attributes:
        told: The ending that was noted last.
        ended_at: When it became final.
    """

    pending: Pending
    progress: Progress
    told: Ending = Ending.WAITING
    ended_at: datetime | None = None


class ActingApp(App[int]):
    """The half of the app that writes; what is seen is up to the other half."""

    ledger: "Ledger | None" = None
    is_locked = False

    denied: Mapping[Verb, str] = MappingProxyType({})
    """Verbs of the open rollout whose right is missing, with the missing rule."""

    seen_stable: frozenset[str] = frozenset()
    """Hashes that were stable before our eyes."""

    _act_of: Act | None = None
    _outcome: tuple[Line, ...] = ()
    _is_looking = False
    _is_expected = False
    _question: Worker[None] | None = None
    """Prepares the dialog that was asked for."""

    @abstractmethod
    def cluster_of(self, uid: str) -> "Cluster | None":
        """Return the cluster that a rollout is of, `None` while it cannot be reached."""

    @abstractmethod
    def scene_of(self, uid: str) -> Scene | None:
        """Return a rollout with what belongs to it as it is known now."""

    @abstractmethod
    def server_now(self) -> datetime:
        """Return the cluster's time."""

    @abstractmethod
    def local_now(self) -> datetime:
        """Return our own time."""

    @abstractmethod
    def open_rollout(self, uid: str) -> None:
        """Open the view of a rollout."""

    @abstractmethod
    def show(self) -> None:
        """Paint the newest picture."""

    @property
    @abstractmethod
    def front(self) -> MainScreen | None:
        """Return the view that is seen, perhaps behind a dialog."""

    def forget_act(self) -> None:
        """Show no outcome any more; it goes on being judged."""
        self._outcome = ()

    # ------------------------------------------------------------------------ ask

    @property
    def is_preparing(self) -> bool:
        """Return whether a dialog was asked for that is not there yet."""
        return self._is_expected or (self._question is not None and not self._question.is_finished)

    def expect_question(self) -> None:
        """Take note that a dialog is asked for."""
        self._is_expected = True

    def give_question_up(self) -> None:
        """Open no dialog after all."""
        if self._question is not None:
            self._question.cancel()
        self._is_expected, self._question = False, None

    async def _put(self, screen: Screen[Result], *, goes_on: bool = False) -> Result | None:
        """Show a dialog, whose keys are its own, and return the answer.

        Args:
            screen: The dialog.
            goes_on: Whether an answer leads to another dialog.
        """
        question, self._question = self._question, None
        answer = await self.push_screen_wait(screen)
        self._question = question if goes_on and answer is not None else None
        return answer

    def on_verb_asked(self, message: VerbAsked) -> None:
        """Ask for a verb: the rollout is opened first, so that its proof can be seen."""
        self._is_expected = False
        here = self.scene_of(message.uid)
        if here is None:
            self.notify("The rollout is gone.", severity="warning", markup=False)
            return
        verb = _meant(message.verb, here)
        if self.front is not None and self.front.VIEW is View.BOARD:
            if verb not in _OPENED_FIRST and (reason := why_not(verb, here)):
                self.refuse(verb, reason)
                return
            self.open_rollout(message.uid)
        self._question = self._act(verb, message.uid, message.argument)
        self.set_timer(_SLOW_SECONDS, self._say_preparing)

    def on_action_asked(self, message: ActionAsked) -> None:
        """Open the menu of actions, or the rollback; the rollout is opened first."""
        self._is_expected = False
        here = self.scene_of(message.uid)
        if here is None:
            self.notify("The rollout is gone.", severity="warning", markup=False)
            return
        if message.command == "rollback" and not here.is_live(Kind.ROLLOUTS):
            self.notify(f"Cannot roll back: {LOST}.", severity="warning", markup=False)
            return
        if self.front is not None and self.front.VIEW is View.BOARD:
            self.open_rollout(message.uid)
        ask = self._roll_back if message.command == "rollback" else self._menu
        self._question = ask(message.uid)
        self.set_timer(_SLOW_SECONDS, self._say_preparing)

    def _say_preparing(self) -> None:
        """Say what is waited for, where it takes its time: no other key does anything by then."""
        if self.is_preparing:
            self.notify("Still asking the cluster; Esc gives it up.", timeout=3, markup=False)

    @work(group="action", exclusive=True)
    async def _menu(self, uid: str) -> None:
        """Show every action with its reason, and take the one that is chosen."""
        from amas_tui.acting import denied  # noqa: PLC0415 - after the first paint
        from amas_tui.ui.screens.menu import MenuScreen  # noqa: PLC0415
        from amas_tui.viewmodel.menu_lines import menu_rows  # noqa: PLC0415

        here, gate, front = await self._known(Verb.UNDO, uid), self.gate(uid), self.front
        if here is None or gate is None or front is None:
            return
        try:
            self.denied = await denied(gate.cluster, here.rollout)
        except AmasError as error:
            self.notify(error.sentence, severity="error", markup=False)
        rows = menu_rows(here, front.shown.keymap, self.denied, gate.limits.why_not())
        chosen = await self._put(MenuScreen(here.rollout.key.name, rows))
        if chosen == "rollback":
            self._question = self._roll_back(uid)
        elif chosen is Verb.SET_IMAGE:
            one = containers(here)[:1]
            front.open_prompt(":", f"image {one[0].name}={one[0].image}" if one else "image ")
        elif isinstance(chosen, Verb):
            self._question = self._act(chosen, uid, "")

    @work(group="rights", exclusive=True)
    async def ask_rights(self, uid: str) -> None:
        """Learn which verbs are not allowed, to grey their keys; the menu asks again."""
        from amas_tui.acting import denied  # noqa: PLC0415 - after the first paint

        self.denied = {}
        here, gate = self.scene_of(uid), self.gate(uid)
        if here is None or gate is None:
            return
        try:
            self.denied = await denied(gate.cluster, here.rollout)
        except AmasError:
            return
        self.show()

    def show_log(self) -> None:
        """Show what was done, newest first."""
        from amas_tui.ui.screens.dialog import LinesScreen  # noqa: PLC0415 - after first paint
        from amas_tui.viewmodel.menu_lines import log_lines  # noqa: PLC0415

        records = self.ledger.recent() if self.ledger is not None else ()
        self.push_screen(LinesScreen("What was done", log_lines(records, self.local_now())))

    # ------------------------------------------------------------------- roll back

    @work(group="rollback", exclusive=True)
    async def _roll_back(self, uid: str) -> None:
        """Preview a rollback, have it confirmed, and carry it out while the box shows it."""
        from amas_tui.acting import record  # noqa: PLC0415 - after the first paint
        from amas_tui.rollback_preview import preview_rollback  # noqa: PLC0415
        from amas_tui.rolling_back import advance, begin, progress  # noqa: PLC0415
        from amas_tui.ui.screens.rollback import (  # noqa: PLC0415
            RollbackPreviewScreen,
            RollingScreen,
        )

        here, gate = await self._whole(uid), self.gate(uid)
        if here is None or gate is None:
            self.notify("There is no connection to the cluster.", severity="error", markup=False)
            return
        name = here.rollout.key.name
        try:
            preview = await preview_rollback(gate, here, self.server_now(), seen=self.seen_stable)
        except AmasError as error:
            self.notify(error.sentence, severity="error", markup=False, timeout=10)
            return
        if not await self._put(RollbackPreviewScreen(preview, name)):
            return
        run = begin(preview, self.server_now())
        screen = RollingScreen(name)
        self.push_screen(screen)
        self._act_of, told = None, Ending.WAITING
        while not run.ending.is_final:
            gate = self.gate(uid) or gate
            run = await advance(gate, run, self.scene_of(uid), self.server_now())
            screen.show_run(run, self.server_now())
            stands = progress(run)
            took = took_words(self.server_now() - run.began)
            self._outcome = outcome_lines("rollback", stands, took, max(20, self.size.width))
            self.show()
            if run.ending not in (told, Ending.WAITING, Ending.UNKNOWN):
                told = run.ending
                await record(gate, "rollback", here, stands, self.server_now() - run.began)
            # The next picture, or the next second of the clock.
            await asyncio.sleep(_ROLL_SECONDS)
        if run.ending is not Ending.DONE:
            self.bell()

    def refuse(self, verb: Verb, reason: str) -> None:
        """Say why a verb is not possible."""
        self.notify(f"Cannot {verb}: {reason}.", severity="warning", markup=False)

    @work(group="action", exclusive=True)
    async def _act(self, verb: Verb, uid: str, argument: str) -> None:
        """Preview, confirm, send, remember; the effect itself shows up in the watch."""
        from amas_tui.acting import (  # noqa: PLC0415 - after the first paint
            MovedError,
            announce,
            carry_out,
            prepare,
            refusal,
        )
        from amas_tui.ui.screens.dialog import PreviewScreen  # noqa: PLC0415

        here = await self._known(verb, uid)
        gate = self.gate(uid)
        if here is None or gate is None:
            self.refuse(verb, "there is no connection to the cluster")
            return
        if reason := refusal(gate, verb, here):
            self.refuse(verb, reason)
            return
        name = here.rollout.key.name
        try:
            choice = await self._chosen(verb, here, argument)
            here = self.scene_of(uid)
            if here is None or (choice is None and verb in _CHOSEN):
                return
            preview = await prepare(gate, verb, here, self.server_now(), choice)
            if not await self._put(PreviewScreen(preview, name)):
                return
            gate = self.gate(uid) or gate
            pending = await carry_out(gate, preview, self.scene_of(uid), self.local_now())
        except MovedError as error:
            self.notify(f"Nothing was sent: {error.sentence}", severity="warning", markup=False)
        except AmasError as error:
            self.notify(error.sentence, severity="error", markup=False, timeout=10)
        else:
            self._act_of = Act(pending, Progress(Ending.WAITING))
            self.show()
            await announce(gate, pending)

    def gate(self, uid: str) -> "Gate | None":
        """Return where every write passes, `None` without a cluster."""
        from amas_tui.acting import Gate  # noqa: PLC0415 - after the first paint

        cluster = self.cluster_of(uid)
        if cluster is None:
            return None
        limits = limits_of(cluster.settings, is_locked=self.is_locked)
        return Gate(cluster, limits, self.ledger)

    async def _known(self, verb: Verb, uid: str) -> Scene | None:
        """Return the scene once what the verb hangs on has been listed, or after two seconds."""
        end = asyncio.get_running_loop().time() + 2.0
        while True:
            here = self.scene_of(uid)
            if here is None or asyncio.get_running_loop().time() > end:
                return here
            if why_not(verb, here) is None and _is_complete(here):
                return here
            if verb not in _OPENED_FIRST and why_not(verb, here):
                return here
            await asyncio.sleep(0.05)

    async def _whole(self, uid: str) -> Scene | None:
        """Return the scene once what the spec names has been listed too, or after a while."""
        end = asyncio.get_running_loop().time() + _WHOLE_SECONDS
        here = await self._known(Verb.UNDO, uid)
        while here is not None and any(is_awaited(here, kind) for kind in NAMED):
            if asyncio.get_running_loop().time() > end:
                break
            await asyncio.sleep(0.05)
            here = self.scene_of(uid)
        return here

    async def _chosen(self, verb: Verb, here: Scene, argument: str) -> Choice | None:
        """Return what the verb needs beside the rollout; `None` where nothing was chosen."""
        from amas_tui.ui.screens.dialog import ChoiceScreen  # noqa: PLC0415
        from amas_tui.viewmodel.choices import choice_rows, choice_title  # noqa: PLC0415

        if verb is Verb.SET_IMAGE:
            return images(argument)
        if verb not in _CHOSEN:
            return None
        rows = choice_rows(verb, here, self.server_now())
        if argument:
            return next((choice for choice, _ in rows if _is_named(choice, argument)), None)
        if len(rows) == 1 and verb is not Verb.UNDO:
            return rows[0][0]
        title = choice_title(verb, here.rollout.key.name)
        return await self._put(ChoiceScreen(title, rows), goes_on=True)

    # ---------------------------------------------------------------------- prove

    def judge_act(self) -> None:
        """Say where the last write stands."""
        self._remember_stable()
        act = self._act_of
        if act is None:
            return
        now = self.local_now()
        if act.ended_at is None:
            act = self._judged(act, now)
        took = (act.ended_at or now) - act.pending.sent_at
        self._outcome = outcome_lines(
            act.pending.verb, act.progress, took_words(took), max(20, self.size.width)
        )

    def _remember_stable(self) -> None:
        """Keep which versions of the open rollout were stable and healthy: a proof for later."""
        front = self.front
        here = self.scene_of(getattr(front, "uid", "")) if front is not None else None
        if here is not None and here.rollout.status.phase == "Healthy":
            self.seen_stable |= {here.rollout.status.stable_rs}

    def _judged(self, act: Act, now: datetime) -> Act:
        here = self.scene_of(act.pending.before.uid)
        pending = noted(act.pending, here, now)
        progress = judge(pending, here, now)
        is_lost = pending.has_arrived is None and not progress.ending.is_final
        if is_lost or is_unexplained(pending, here, now):
            self._look_for(pending)
        is_over = progress.ending.is_final
        if progress.ending is not Ending.DONE and is_over:
            self.bell()
        self._act_of = replace(
            act, pending=pending, progress=progress, ended_at=now if is_over else None
        )
        if progress.ending not in (act.told, Ending.WAITING, Ending.UNKNOWN):
            self._act_of = replace(self._act_of, told=progress.ending)
            self._conclude(pending, progress)
        return self._act_of

    @work(group="look")
    async def _look_for(self, pending: Pending) -> None:
        """Find out what no watch shows of a write, e.g. whether it arrived at all."""
        from amas_tui.acting import resolve  # noqa: PLC0415

        gate = self.gate(pending.before.uid)
        if self._is_looking or gate is None:
            return
        self._is_looking = True
        try:
            here = self.scene_of(pending.before.uid)
            found = await resolve(gate, pending, self.local_now(), here)
            act = self._act_of
            if act is not None and act.pending is pending and found is not pending:
                self._act_of = replace(act, pending=found)
                self.show()
            # The API server is away or the write may still be on its way: ask again in a while.
            await asyncio.sleep(_LOOK_SECONDS)
        finally:
            self._is_looking = False

    @work(group="conclude")
    async def _conclude(self, pending: Pending, progress: Progress) -> None:
        """Note how it ended."""
        from amas_tui.acting import conclude  # noqa: PLC0415

        gate = self.gate(pending.before.uid)
        if gate is not None:
            await conclude(gate, pending, progress, self.local_now())


_OPENED_FIRST: Final = frozenset(
    {Verb.UNDO, Verb.TERMINATE_RUN, Verb.TERMINATE_EXPERIMENT, Verb.RETRY_EXPERIMENT}
)
"""Verbs that hang on what is watched only while the rollout is open."""

_CHOSEN: Final = frozenset({*_OPENED_FIRST, Verb.SET_IMAGE})
"""Verbs that need a choice."""


def _meant(verb: Verb, here: Scene) -> Verb:
    """Return resume for a hold of what is held: one key does both."""
    return Verb.RESUME if verb is Verb.PAUSE and here.rollout.spec.paused else verb


def _is_complete(here: Scene) -> bool:
    return all(here.is_known(kind) for kind in (Kind.REPLICA_SETS, Kind.PODS))


def _is_named(choice: Choice, argument: str) -> bool:
    return argument in (str(getattr(choice, "revision", "")), getattr(choice, "name", ""))


def images(argument: str) -> Images:
    """Return the images in `CONTAINER=IMAGE …`.

    Raises:
        UsageError: It is not of that form.
    """
    pairs = tuple(tuple(part.split("=", 1)) for part in argument.split() if "=" in part)
    chosen = tuple((name, image) for name, image in pairs if name and image)
    if not chosen or len(chosen) != len(argument.split()):
        raise UsageError("set image needs CONTAINER=IMAGE", hint="Write e.g. app=registry/app:v2")
    return Images(chosen)


def took_words(length: timedelta) -> str:
    """Return how long a write took, e.g. `0.4s`."""
    seconds = max(0.0, length.total_seconds())
    return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"
