"""The app wires: pictures go down to the screens, what the user did comes up."""

import asyncio
import gc
import logging
import os
import signal
import sys
import termios
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.text import Text
from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from amas_tui.domain.base import Key
from amas_tui.errors import AmasError, Exit
from amas_tui.keymap import FAVOURITES, Keymap, View, key_name
from amas_tui.safe import safe_lines
from amas_tui.settings import Settings
from amas_tui.store.logs import LogChoice
from amas_tui.store.scene import Scene, scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.ui.driver import FrameDriver
from amas_tui.ui.link import Connect, Link
from amas_tui.ui.messages import (
    Attended,
    CommandIssued,
    ExportWanted,
    Left,
    LogsWanted,
    Opened,
    WhyAsked,
)
from amas_tui.ui.reading import ReadingApp
from amas_tui.ui.screens.base import MainScreen
from amas_tui.ui.screens.board import BoardScreen
from amas_tui.ui.shown import ClusterView, Shown, together
from amas_tui.ui.stylesheets import stylesheets
from amas_tui.ui.theme import THEME
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.viewmodel.alerts import Alert, terminal_notice
from amas_tui.viewmodel.doctor_lines import doctor_lines
from amas_tui.viewmodel.frame import Place, freshness, help_lines
from amas_tui.viewmodel.text import Tone

if TYPE_CHECKING:
    from amas_tui.ports import Cluster, Ledger, Replayer

log = logging.getLogger(__name__)

Now = Callable[[], datetime]

BACKLOG: Final = 32 * 1024
"""Bytes that the terminal has not taken yet, above which no new picture is painted."""

_RETRY_SECONDS: Final = 5.0
_TWICE: Final = timedelta(seconds=2)
_WATCHDOG_SECONDS: Final = 3.0
_WARM_SECONDS: Final = 1.0
"""Until what opening a rollout needs is loaded: the board has been painted by then."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the app starts.

    Attributes:
        others: Further clusters on the same board.
        replayer: Steers the recording that is shown, `None` for live clusters.
        on_alert: Tells a rollback elsewhere; returns what went wrong with that.
        open: Name of the rollout to open at once, in the home namespace; `None` for the board.
    """

    place: Place
    keymap: Keymap
    open: str | None = None
    ascii_only: bool = False
    ledger: "Ledger | None" = None
    others: tuple[tuple[Place, Connect], ...] = ()
    replayer: "Replayer | None" = None
    on_alert: "Callable[[Alert, Settings], Awaitable[str]] | None" = None


class AmasApp(ReadingApp):
    """The dashboard."""

    CSS_PATH = stylesheets("app")
    TITLE = "amas-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "cancel", "Cancel", show=False, priority=True),
        # Flow control on some terminals, and too near to other keys.
        Binding("ctrl+q", "none", show=False, priority=True),
        # To the shell and back with fg, as every program of a terminal does.
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self,
        options: Options,
        connect: Connect,
        *,
        now: Now = lambda: datetime.now().astimezone(),
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class, ansi_color=True)
        # Before the first style is made: a theme that changes later styles and paints all anew.
        self.register_theme(THEME)
        self.theme = THEME.name
        self._options = options
        self._now = now
        others = [Link(way, place) for place, way in options.others]
        self._links = (Link(connect, options.place), *others)
        self._open_link: Link | None = None
        self.ledger = options.ledger
        self._asked_to_stop: datetime | None = None
        self._wanted_open = options.open
        self._seen_namespaces: tuple[str, ...] = ()
        self._is_behind = False
        self._has_size = False

    # ------------------------------------------------------------------ life

    def get_default_screen(self) -> Screen[Any]:
        """Return the empty board: it is the first and the last screen."""
        return BoardScreen(self._shown())

    def on_mount(self) -> None:
        """Connect once the first frame is painted."""
        LineView.ascii_only = self._options.ascii_only
        self.set_class(self._options.ascii_only, "-ascii")
        if isinstance(self._driver, FrameDriver):
            self._driver.ascii_only = self._options.ascii_only
        self.set_keymap(self._options.keymap.remapped)
        self._watch_signals()
        self.set_interval(1.0, self._tick)
        self.app_resume_signal.subscribe(self, self._come_back)
        self.call_after_refresh(self._follow_all)

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end, 128 + number)

    def _end(self, code: int) -> None:
        """End for a signal or a vanished terminal, at the latest when the watchdog barks."""
        _watchdog(code)
        self.exit(return_code=code)

    def _check_terminal(self) -> None:
        """End when the terminal is gone but nobody told us (a hang-up that is ignored)."""
        if self.is_headless:
            return
        try:
            termios.tcgetattr(sys.__stdin__.fileno() if sys.__stdin__ else 0)
        except (termios.error, OSError, ValueError):
            self._end(128 + signal.SIGHUP)

    def _follow_all(self) -> None:
        """Follow every cluster that is not followed; none waits for another."""
        for place, link in enumerate(self._links):
            if link.cluster is None:
                self.run_worker(self._follow(link), group=f"watch {place}", exclusive=True)

    async def _follow(self, link: Link) -> None:
        """Connect, and show pictures until the app ends; a cluster that is not there is retried."""
        while True:
            try:
                manager = await link.connect()
                async with manager as cluster:
                    link.cluster, link.error = cluster, None
                    link.place = replace(
                        link.place,
                        context=cluster.context,
                        namespaces=cluster.namespaces,
                        mark=cluster.settings.mark,
                        colour=cluster.settings.colour,
                        is_read_only=cluster.settings.read_only,
                    )
                    async for snapshot in cluster.pictures():
                        self._take(link, snapshot)
                        if not link.place.user and snapshot.is_listed:
                            self._ask_identity(link)
            except AmasError as error:
                log.warning("no connection: %s", error.text)
                link.cluster, link.error = None, error
                gc.enable()
                self.show()
            await asyncio.sleep(_RETRY_SECONDS)

    @work(group="identity")
    async def _ask_identity(self, link: Link) -> None:
        """Ask who we are, once the server answers at all; the list was more urgent."""
        if link.cluster is None or link.is_asking:
            return
        link.is_asking = True
        try:
            identity = await link.cluster.identity()
        except AmasError:
            return
        finally:
            link.is_asking = False
        link.place = replace(
            link.place, user=identity.name, is_user_confirmed=identity.is_confirmed
        )
        self.show()

    def _fatal_error(self) -> None:
        """Say what broke without the values of variables: credentials may be among them.

        Textual's own report prints the locals of every frame.
        """
        report = safe_lines(traceback.format_exc())
        log.critical("crashed: %s", report)
        self.panic(Text(f"amas-tui has a bug and had to stop; nothing was lost.\n\n{report}"))

    # ------------------------------------------------------- pictures, downwards

    @property
    def _link(self) -> Link:
        """Return the cluster of the open rollout, of the board the first."""
        return self._open_link or self._links[0]

    @property
    def _cluster(self) -> "Cluster | None":
        return self._link.cluster

    @property
    def _place(self) -> Place:
        return self._link.place

    @property
    def _snapshot(self) -> Snapshot | None:
        return self._link.snapshot

    def _link_of(self, uid: str) -> Link | None:
        """Return the cluster that a rollout is of."""
        return next((link for link in self._links if link.has(uid)), None)

    def _take(self, link: Link, snapshot: Snapshot) -> None:
        if all(one.snapshot is None for one in self._links):
            # What is there now stays: it need never be looked through again.
            gc.freeze()
            gc.enable()
            # While the board is read: opening a rollout must not wait for its modules.
            self.set_timer(_WARM_SECONDS, _warm)
        link.snapshot = snapshot
        if link.cluster is not None:
            link.place = replace(link.place, namespaces=link.cluster.namespaces)
            for alert in link.alarm.after(snapshot, link.place.context, self._now()):
                self._alert(alert, link.cluster.settings)
        if self._wanted_open is not None:
            self._open_wanted(link, snapshot)
        self.show()

    @work(group="alert")
    async def _alert(self, alert: Alert, settings: Settings) -> None:
        """Ring, notify, and run the user's command; what goes wrong with it is said."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(terminal_notice(alert))
            self._driver.flush()
        if self._options.on_alert is not None:
            problem = await self._options.on_alert(alert, settings)
            if problem:
                self.notify(problem, severity="error", markup=False)

    @work(group="doctor", exclusive=True)
    async def _examine(self) -> None:
        """Let a doctor look at the cluster, and show what was found."""
        from amas_tui.ui.screens.dialog import LinesScreen  # noqa: PLC0415 - after first paint

        link = self._open_link or next((one for one in self._links if one.cluster), None)
        if link is None or link.cluster is None:
            self.notify("There is no connection to examine.", markup=False)
            return
        try:
            checks = await link.cluster.examine()
        except AmasError as error:
            self.notify(error.sentence, severity="error", markup=False)
            return
        lines = doctor_lines(checks, max(40, min(106, self.size.width * 9 // 10 - 4)))
        place = f"{link.cluster.context} › {link.cluster.home}"
        self.push_screen(LinesScreen(f"Doctor: {place}", lines))

    @property
    def snapshot(self) -> Snapshot | None:
        """Return the newest picture."""
        return self._snapshot

    def _open_wanted(self, link: Link, snapshot: Snapshot) -> None:
        """Open the rollout that was named on the command line as soon as it is known."""
        name, cluster = self._wanted_open, link.cluster
        if name is None or cluster is None:
            return
        home = cluster.home
        found = snapshot.rollout(Key(home, name))
        if found is not None:
            self._wanted_open = None
            self.open_rollout(found.uid)
        elif freshness(snapshot, self._now(), None).tone is Tone.GOOD:
            self._wanted_open = None
            self.notify(f"There is no rollout {name} in {home}.", severity="error", markup=False)

    def _shown(self) -> Shown:
        local = self._now()
        clusters = tuple(_seen(link, local) for link in self._links)
        front = clusters[self._links.index(self._link)]
        if self._open_link is None and len(clusters) > 1:
            front = together(clusters)
        return Shown(
            place=front.place,
            fresh=front.fresh,
            keymap=self._options.keymap,
            now=front.now,
            local=local,
            snapshot=front.snapshot,
            outcome=self._outcome,
            ascii_only=self._options.ascii_only,
            denied=self.denied,
            clusters=clusters,
        )

    def show(self) -> None:
        """Paint the newest picture, unless the terminal is still busy with the last ones."""
        self._is_behind = getattr(self._driver, "backlog", 0) > BACKLOG
        if self._is_behind:
            return
        self.judge_act()
        shown = self._shown()
        front = self.front
        if front is not None:
            front.update(shown)
        follow = getattr(self.screen, "follow", None)
        if follow is not None:
            follow(shown)
        see = getattr(self.screen, "see", None)
        if see is not None:
            see(self.scene_of(self.screen.seen.rollout.uid))  # type: ignore[attr-defined]

    @property
    def front(self) -> MainScreen | None:
        """Return the view that is seen, perhaps behind a dialog."""
        views = [screen for screen in self.screen_stack if isinstance(screen, MainScreen)]
        return views[-1] if views else None

    def _tick(self) -> None:
        """Let ages and countdowns go on; equal lines cost nothing."""
        self._check_terminal()
        self.show()

    def server_now(self) -> datetime:
        """Return the time of the open rollout's cluster."""
        return self._shown().now

    def local_now(self) -> datetime:
        """Return our own time."""
        return self._now()

    def cluster_of(self, uid: str) -> "Cluster | None":
        """Return the cluster that a rollout is of, `None` while it cannot be reached."""
        link = self._link_of(uid)
        return link.cluster if link is not None else None

    def scene_of(self, uid: str) -> Scene | None:
        """Return a rollout with what belongs to it as it is known now."""
        link = self._link_of(uid)
        return scene(link.snapshot, uid) if link and link.snapshot else None

    # ---------------------------------------------------- what the user did, upwards

    def on_attended(self, message: Attended) -> None:
        """Fetch what explains the lines on the screen."""
        for link in self._links:
            if link.cluster is not None:
                link.cluster.attend([uid for uid in message.uids if link.has(uid)])

    def on_logs_wanted(self, message: LogsWanted) -> None:
        """Read the log that somebody looks at."""
        if self._cluster is not None:
            self._cluster.follow_logs(message.uid, message.choice)

    def on_export_wanted(self, message: ExportWanted) -> None:
        """Write a rollout's story to files for the postmortem, and say where."""
        from amas_tui.ui.exports import write_story  # noqa: PLC0415 - after first paint

        here = self.scene_of(message.uid)
        if here is None:
            self.notify("The rollout is gone.", severity="warning", markup=False)
            return
        try:
            paths = write_story(here, self._place.context, self._shown().now)
        except OSError as error:
            text = f"Cannot write the timeline: {error.strerror} ({error.filename})"
            self.notify(text, severity="error", markup=False, timeout=10)
        else:
            text = f"Timeline written to {paths[0]} and {paths[1].name}"
            self.notify(text, markup=False, timeout=10)

    def on_opened(self, message: Opened) -> None:
        """Open a rollout."""
        self.open_rollout(message.uid)

    def open_rollout(self, uid: str) -> None:
        """Open the view of a rollout and watch what belongs to it."""
        from amas_tui.ui.screens.rollout import RolloutScreen  # noqa: PLC0415 - after first paint

        self.forget_act()
        self._open_link = self._link_of(uid)
        for link in self._links:
            if link.cluster is not None:
                link.cluster.attend(())
        if self._cluster is not None:
            self._cluster.focus(uid)
        self.push_screen(RolloutScreen(self._shown(), uid))
        self.ask_rights(uid)

    def lock(self) -> None:
        """Write nothing more until the program ends."""
        self.is_locked = True
        for link in self._links:
            link.place = replace(link.place, is_read_only=True)
        self.notify("Locked: nothing is written until the program is started anew.", markup=False)
        self.show()

    def on_why_asked(self, message: WhyAsked) -> None:
        """Say why: over the open rollout, so that all that explains it is watched."""
        from amas_tui.ui.screens.why import WhyScreen  # noqa: PLC0415 - after first paint

        if self.front is not None and self.front.VIEW is View.BOARD:
            self.open_rollout(message.uid)
        self.push_screen(WhyScreen(self._shown(), message.uid), self._helped)

    def _helped(self, command: str | None) -> None:
        """Carry out the key that a dialog was left with."""
        front = self.front
        if command and front is not None:
            front.action_command(command)

    def on_left(self, message: Left) -> None:
        """Close the view in front; a key that came too fast finds the board already."""
        if self.front is None or self.front.VIEW is View.BOARD:
            if message.may_quit:
                self.exit(Exit.OK)
            return
        self.forget_act()
        if self._cluster is not None:
            self._cluster.focus(None)
            self._cluster.follow_logs(None, LogChoice())
        self._open_link = None
        self.pop_screen()

    def on_command_issued(self, message: CommandIssued) -> None:
        """Carry out what concerns the whole program."""
        match message.command:
            case "quit":
                self.exit(Exit.OK)
            case "leave":
                self.exit(Exit.OK)
            case "help":
                self._help()
            case "palette":
                self.action_command_palette()
            case "repaint":
                self._forget_terminal()
                self.refresh(layout=True, repaint=True)
                self.screen.refresh(layout=True)
            case "relist":
                self._relist()
            case "doctor":
                self._examine()
            case "all-namespaces":
                self._choose(())
            case "namespace":
                self._choose(tuple(message.argument.replace(",", " ").split()))
            case _ if message.command.startswith("favourite-"):
                self._choose_favourite(int(message.command.rpartition("-")[2]))
            case "record":
                self._keep_recording()
            case _ if message.command.startswith("replay-"):
                self._steer(message.command, message.argument)
            case "log":
                self.show_log()
            case "lock":
                self.lock()
            case "cancel":
                self.action_cancel()
            case _:
                log.error("a command without effect: %s", message.command)

    def _choose(self, namespaces: tuple[str, ...]) -> None:
        connected = [link for link in self._links if link.cluster is not None]
        if not connected:
            self.notify("There is no connection to choose a namespace on.", markup=False)
        for link in connected:
            if link.cluster is not None:
                link.cluster.choose(namespaces)
            link.place = replace(link.place, namespaces=namespaces)
        self.show()

    def _choose_favourite(self, number: int) -> None:
        known = self.favourites()
        if number <= len(known):
            self._choose((known[number - 1],))
            return
        said = "; ".join(f"{place} {name}" for place, name in enumerate(known, start=1))
        text = f"There is no favourite namespace {number}" + (f": {said}." if said else ".")
        self.notify(text, severity="warning", markup=False)

    def favourites(self) -> tuple[str, ...]:
        """Return the namespaces of the keys 1 to 9: those configured, else those with rollouts."""
        links = [link for link in self._links if link.cluster is not None]
        named = [
            name for link in links if link.cluster for name in link.cluster.settings.namespaces
        ]
        if not named and not any(link.place.namespaces for link in links):
            found = {
                one.key.namespace
                for link in links
                if link.snapshot is not None
                for one in link.snapshot.rollouts.values()
            }
            # Kept: while one namespace is shown, only its rollouts are known.
            self._seen_namespaces = tuple(sorted(found))
        return tuple(dict.fromkeys(named))[:FAVOURITES] or self._seen_namespaces[:FAVOURITES]

    def _keep_recording(self) -> None:
        """Write what came in lately to a file, and say where."""
        from platformdirs import user_data_path  # noqa: PLC0415 - rare, and not before then

        if self._cluster is None:
            self.notify("There is no connection to record.", severity="warning", markup=False)
            return
        try:
            path = self._cluster.keep_recording(user_data_path("amas-tui") / "recordings")
        except (OSError, AmasError) as error:
            text = f"Cannot keep a recording: {error}"
            self.notify(text, severity="error", markup=False, timeout=10)
        else:
            text = f"Recording kept: amas-tui replay {path}"
            self.notify(text, markup=False, timeout=10)

    def _steer(self, command: str, argument: str) -> None:
        """Steer the recording that is shown."""
        replayer = self._options.replayer
        if replayer is None:
            return
        try:
            match command:
                case "replay-pause":
                    replayer.toggle()
                case "replay-back":
                    replayer.step(-1)
                case "replay-forward":
                    replayer.step(1)
                case _:
                    replayer.seek(argument)
        except AmasError as error:
            self.notify(error.sentence, severity="warning", markup=False)
        self.show()

    def _relist(self) -> None:
        self._follow_all()
        for link in self._links:
            if link.cluster is not None:
                link.cluster.relist()

    def _help(self) -> None:
        from amas_tui.ui.screens.dialog import LinesScreen  # noqa: PLC0415 - after first paint

        view = self.front.VIEW if self.front else View.BOARD
        known = self.favourites() if view is View.BOARD else ()
        width = min(106, max(40, self.size.width * 9 // 10 - 4))
        lines = help_lines(self._options.keymap, view, width, known)
        self.push_screen(LinesScreen(f"Keys in the {view} view", lines))

    def on_resize(self) -> None:
        """Paint everything anew: what a terminal keeps when its size changes is its own affair."""
        if self._has_size:
            self._forget_terminal()
        self._has_size = True

    def _come_back(self, _app: object) -> None:
        """Paint everything: the shell has had the terminal meanwhile."""
        self._forget_terminal()
        self.screen.refresh(layout=True)
        self.show()

    def _forget_terminal(self) -> None:
        forget = getattr(self._driver, "forget", None)
        if forget is not None:
            forget()

    def action_none(self) -> None:
        """Do nothing, for a key that must not do what Textual would."""

    def action_cancel(self) -> None:
        """Cancel what runs; twice within two seconds quits."""
        now = self._now()
        if self._asked_to_stop is not None and now - self._asked_to_stop < _TWICE:
            self.exit(return_code=Exit.INTERRUPTED)
            return
        self._asked_to_stop = now
        self.workers.cancel_group(self, "action")
        if not isinstance(self.screen, MainScreen):
            self.screen.dismiss(None)
        self.notify("Ctrl-C again within two seconds quits.", timeout=2, markup=False)

    def action_command_palette(self) -> None:
        """Open the palette; its own words hold more than ASCII."""
        from textual.command import CommandPalette  # noqa: PLC0415 - loaded with Textual

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="Search for commands"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Return the commands of the view in front for the palette."""
        del screen
        front = self.front
        if front is None:
            return
        keymap = self._options.keymap
        for one in keymap.of(front.VIEW):
            if one.word and not one.argument:
                ways = ", ".join([*map(key_name, keymap.keys(one.id)), f":{one.word}"])
                yield SystemCommand(one.help, ways, lambda id_=one.id: front.action_command(id_))


def _seen(link: Link, local: datetime) -> ClusterView:
    """Return what is known of one cluster, dated by its own clock."""
    offset = link.snapshot.clock_offset if link.snapshot else timedelta(0)
    return ClusterView(
        place=replace(link.place, position=link.cluster.position) if link.cluster else link.place,
        fresh=freshness(link.snapshot, local, link.error),
        now=local + offset,
        snapshot=link.snapshot,
    )


def _warm() -> None:
    """Load what the first key would wait for."""
    from amas_tui.ui.screens import dialog, rollout, why  # noqa: F401, PLC0415 - after first paint


def _watchdog(code: int) -> None:
    """End the process hard if it has not ended by itself in time: nobody is there to see it."""
    timer = threading.Timer(_WATCHDOG_SECONDS, os._exit, (code,))
    timer.daemon = True
    timer.start()
