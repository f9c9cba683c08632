"""A running app as a user has it: keys in, text out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from amas_tui.cli.connect import open_session
from amas_tui.cli.options import Flags
from amas_tui.keymap import Keymap
from amas_tui.ui.app import AmasApp, Options
from amas_tui.ui.link import Connect
from amas_tui.ui.widgets.line_view import LineView
from amas_tui.viewmodel.frame import Place


@dataclass(slots=True)
class Screen:
    """An app under the pilot."""

    app: AmasApp
    pilot: Pilot[int]

    def text(self) -> str:
        """Return what is on the screen, line by line."""
        screen = self.app.screen
        grid = [[" "] * screen.size.width for _ in range(screen.size.height)]
        for view in screen.query(LineView):
            region = view.region
            if not view.display or not region.area:
                continue
            for y in range(region.height):
                if 0 <= region.y + y < len(grid):
                    line = view.render_line(y).text[: region.width]
                    grid[region.y + y][region.x : region.x + len(line)] = line
        for prompt in screen.query(Input):
            if prompt.region.area:
                grid[prompt.region.y][0 : len(prompt.value)] = prompt.value
        return "\n".join("".join(row).rstrip() for row in grid)

    @property
    def toasts(self) -> str:
        """Return what the app has said in passing."""
        return "\n".join(toast.message for toast in self.app._notifications)  # noqa: SLF001

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def until(self, what: str | Callable[[str], bool], seconds: float = 20.0) -> str:
        """Wait until the screen shows a text or satisfies a predicate; return the screen."""
        shows = (lambda text: what in text) if isinstance(what, str) else what
        end = monotonic() + seconds
        while True:
            text = self.text()
            if shows(text):
                return text
            if monotonic() > end:
                wanted = what if isinstance(what, str) else getattr(what, "__name__", "it")
                raise AssertionError(f"never saw {wanted!r} on\n{text}\ntoasts: {self.toasts}")
            await self.pilot.pause(0.02)


@asynccontextmanager
async def running(
    connect: Connect,
    *,
    size: tuple[int, int] = (80, 24),
    open_name: str | None = None,
    **options: Any,
) -> AsyncIterator[Screen]:
    """Run the app with whatever way to a cluster."""
    app = AmasApp(Options(Place(""), Keymap(), open_name), connect, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Screen(app, pilot)


@asynccontextmanager
async def on_cluster(
    kubeconfig: Path,
    namespace: str,
    *,
    size: tuple[int, int] = (80, 24),
    open_name: str | None = None,
    metrics_interval: float = 1.0,
) -> AsyncIterator[Screen]:
    """Run the app on a real cluster, in one namespace."""
    flags = Flags(
        kubeconfig=str(kubeconfig), namespaces=(namespace,), metrics_interval=metrics_interval
    )

    async def connect() -> Any:
        return open_session(flags)

    async with running(connect, size=size, open_name=open_name) as screen:
        yield screen
