"""`replay`: a recording through the same screens."""

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from amas_tui.cli.screen import prepare, wants_ascii
from amas_tui.ports import Cluster


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--ascii/--no-ascii", "ascii_flag", default=None, help="Paint ASCII alone.")
@click.pass_context
def replay(context: click.Context, file: Path, *, ascii_flag: bool | None) -> None:
    """Show a recording made with :rec. Space pauses, [ and ] step, S seeks."""
    from amas_tui.recording.file import load  # noqa: PLC0415 - what reads a recording

    recording = load(file)
    prepare("amas-tui export", 0)
    from amas_tui.config.document import read_document  # noqa: PLC0415 - after the checks above
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
    app = AmasApp(options, connect, now=lambda: shown.now().astimezone(), driver_class=FrameDriver)
    app.run(mouse=False)
    context.exit(app.return_code or 0)
