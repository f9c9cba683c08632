"""`replay`: a recording through the same screens."""

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amas_tui.cli.screen import log_to_file, prepare, wants_ascii
from amas_tui.ports import Cluster

if TYPE_CHECKING:
    from amas_tui.recording.ring import Recording
    from amas_tui.ui.app import AmasApp


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--ascii/--no-ascii", "ascii_flag", default=None, help="Paint ASCII alone.")
@click.pass_context
def replay(context: click.Context, file: Path, *, ascii_flag: bool | None) -> None:
    """Show a recording made with :rec. Space pauses, [ and ] step, S seeks."""
    from amas_tui.recording.file import load  # noqa: PLC0415 - what reads a recording

    recording = load(file)
    prepare("amas-tui export")
    from amas_tui.ui.splash import splash  # noqa: PLC0415 - after the checks

    with splash():
        log_to_file(0)
        app = _app(recording, ascii_flag)
        app.run(mouse=False)
    context.exit(app.return_code or 0)


def _app(
    recording: "Recording",
    ascii_flag: bool | None,  # noqa: FBT001 - a flag of the command line
) -> "AmasApp":
    from amas_tui.config.document import read_document  # noqa: PLC0415 - what takes its time
    from amas_tui.config.resolve import resolve  # noqa: PLC0415
    from amas_tui.keymap import Keymap  # noqa: PLC0415
    from amas_tui.session.replay import Replay  # noqa: PLC0415
    from amas_tui.ui.app import AmasApp, Options  # noqa: PLC0415
    from amas_tui.ui.driver import FrameDriver  # noqa: PLC0415
    from amas_tui.viewmodel.frame import Place  # noqa: PLC0415

    settings = resolve(read_document(), "", os.environ, {"ascii": ascii_flag}).settings
    shown = Replay(recording)

    async def connect() -> AbstractAsyncContextManager[Cluster]:
        return shown

    options = Options(
        Place(recording.context),
        Keymap(settings.keys, is_replay=True),
        ascii_only=wants_ascii(settings.ascii),
        replayer=shown,
    )
    return AmasApp(options, connect, now=lambda: shown.now().astimezone(), driver_class=FrameDriver)
