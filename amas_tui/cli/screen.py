"""Starts the full screen: what must be fast, and what must be so before Textual is imported."""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amas_tui.cli.options import Flags
from amas_tui.errors import UsageError

if TYPE_CHECKING:
    from amas_tui.ports import Cluster
    from amas_tui.settings import Settings
    from amas_tui.ui.app import AmasApp
    from amas_tui.ui.link import Connect
    from amas_tui.viewmodel.alerts import Alert
    from amas_tui.viewmodel.frame import Place


def check_terminal(twin: str) -> None:
    """Refuse a place where a full screen cannot be.

    Raises:
        UsageError: There is no terminal, or a dumb one; names the command that works there.
    """
    hint = f"Use {twin}, which needs none"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the full screen needs a terminal on stdin and stderr", hint=hint)
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError("the full screen needs a terminal with cursor control (TERM)", hint=hint)


def assume_size() -> None:
    """Agree on a size where the terminal tells none, as a serial line does.

    Textual assumes 24 lines there and Rich 25: what is laid out for one never fits the other, and
    the screen would be laid out for ever.
    """
    columns, lines = os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else 2)
    if not columns or not lines:
        os.environ["COLUMNS"], os.environ["LINES"] = "80", "24"


def wants_ascii(flag: bool | None) -> bool:  # noqa: FBT001 - a flag of the command line
    """Return whether only ASCII may be painted: asked for, or the locale has nothing else."""
    if flag is not None:
        return flag
    encoding = (getattr(sys.__stderr__, "encoding", None) or "ascii").lower()
    return "utf" not in encoding


def log_to_file(verbosity: int) -> None:
    """Send the log to a private file; stdout and stderr belong to the screen."""
    import logging  # noqa: PLC0415 - a screen shows its first sign without it

    if not verbosity:
        logging.disable(logging.CRITICAL)
        return
    from platformdirs import user_state_path  # noqa: PLC0415 - only where a log is asked for

    folder = user_state_path("amas-tui")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = Path(folder) / "amas-tui.log"
    path.touch(mode=0o600)
    level = logging.INFO if verbosity == 1 else logging.DEBUG
    logging.basicConfig(
        filename=path, level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )


def prepare(twin: str) -> None:
    """Make ready for a full screen, before Textual is imported.

    Raises:
        UsageError: There can be none here; names the command that works without.
    """
    # Until the first picture nearly everything that is made stays: looking for garbage among it
    # takes a tenth of the time. The app turns it on again.
    gc.disable()
    check_terminal(twin)
    assume_size()
    # Read before Textual takes it away: the standard says set *and not empty*.
    if not os.environ.get("NO_COLOR", "x"):
        del os.environ["NO_COLOR"]


def run_screen(
    flags: Flags,
    *,
    open_name: str | None,
    ascii_flag: bool | None,
    verbosity: int,
    locate: Callable[[], Flags] | None = None,
) -> int:
    """Run the full screen and return the exit code.

    `locate` finds the cluster where the flags do not name it yet; it may wait.
    """
    prepare("amas-tui list, get or status")
    from amas_tui.ui.splash import splash  # noqa: PLC0415 - after the checks above

    with splash():
        log_to_file(verbosity)
        app = _app(flags, open_name, ascii_flag, locate)
        app.run(mouse=False)
    return app.return_code or 0


def _app(
    flags: Flags,
    open_name: str | None,
    ascii_flag: bool | None,  # noqa: FBT001 - a flag of the command line
    locate: Callable[[], Flags] | None,
) -> "AmasApp":
    from amas_tui.audit import AuditFile  # noqa: PLC0415 - what takes its time
    from amas_tui.config.document import read_document  # noqa: PLC0415
    from amas_tui.config.resolve import resolve  # noqa: PLC0415
    from amas_tui.keymap import Keymap  # noqa: PLC0415
    from amas_tui.ui.app import AmasApp, Options  # noqa: PLC0415
    from amas_tui.ui.driver import FrameDriver  # noqa: PLC0415

    # Which section applies is known with the context; that keys do not clash must be known now.
    settings = resolve(
        read_document(), flags.context or "", os.environ, {"ascii": ascii_flag}
    ).settings

    def way(one: Flags) -> "Connect":
        async def connect() -> "AbstractAsyncContextManager[Cluster]":
            import asyncio  # noqa: PLC0415 - runs already

            return await asyncio.to_thread(_open, locate or (lambda: one))

        return connect

    first, *others = (replace(flags, context=name) for name in flags.contexts or (flags.context,))
    return AmasApp(
        Options(
            _place(first),
            Keymap(settings.keys),
            open_name,
            wants_ascii(settings.ascii),
            AuditFile(),
            tuple((_place(one), way(one)) for one in others),
            on_alert=_tell,
        ),
        way(first),
        driver_class=FrameDriver,
    )


async def _tell(alert: "Alert", settings: "Settings") -> str:
    """Run the user's command for rollbacks; return what went wrong with it."""
    from amas_tui.cli.alarm import run_command  # noqa: PLC0415 - where something happened

    if not settings.on_rollback:
        return ""
    return await run_command(settings.on_rollback, alert, settings.on_rollback_timeout)


def _place(flags: Flags) -> "Place":
    from amas_tui.viewmodel.frame import Place  # noqa: PLC0415 - after the checks

    return Place(context=flags.context or "", namespaces=flags.namespaces)


def _open(locate: Callable[[], Flags]) -> "AbstractAsyncContextManager[Cluster]":
    """Import everything that talks to the network, in a thread and after the first frame."""
    from amas_tui.cli.connect import open_session  # noqa: PLC0415

    return open_session(locate())
