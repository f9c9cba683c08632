"""The program with something added, run as a script by tests: it has no hooks of its own.

F9 raises in an action and F10 in a worker, each with a secret among its locals. The longest time in
which the event loop did not run is written to the file `$LOOP_GAP` at the end.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from amas_tui.cli.main import main
from amas_tui.ui import app

CANARY = "Bearer eyJhbGciOiJSUzI1NiJ9.locals-must-not-be-shown"
_BEAT_SECONDS = 0.01


class InstrumentedApp(app.AmasApp):
    """The app with a heartbeat and two bugs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f9", "break_here", show=False, priority=True),
        Binding("f10", "break_there", show=False, priority=True),
    ]
    _longest = 0.0

    def on_mount(self) -> None:
        super().on_mount()
        if path := os.environ.get("LOOP_GAP"):
            self.run_worker(self._beat(Path(path)), group="beat")

    async def _beat(self, path: Path) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            now = time.monotonic()
            gap, last = now - last - _BEAT_SECONDS, now
            if gap > self._longest:
                self._longest = gap
                path.write_text(f"{gap:.3f}")  # noqa: ASYNC240 - a few bytes to memory

    def action_break_here(self) -> None:
        authorization = CANARY
        raise RuntimeError(f"a bug in an action, {len(authorization)}")

    def action_break_there(self) -> None:
        self.run_worker(self._broken(), group="broken")

    async def _broken(self) -> None:
        authorization = CANARY
        raise RuntimeError(f"a bug in a worker, {len(authorization)}")


if __name__ == "__main__":
    app.AmasApp = InstrumentedApp  # type: ignore[misc]
    main()
