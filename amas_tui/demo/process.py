"""The demo's own process: it starts, says where it is, and never outlives who started it."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from amas_tui.demo.clock import LoopClock
from amas_tui.demo.prometheus_app import prometheus_app
from amas_tui.demo.scenarios.pace import Pace
from amas_tui.demo.scenarios.stage import past
from amas_tui.demo.server.app import ApiServer
from amas_tui.demo.world import CONTEXT, NAMESPACE, Options, World, compose

_PR_SET_PDEATHSIG: Final = 1
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BACKLOG: Final = 128


async def run(options: Options, port: int = 0) -> None:
    """Serve a demo until the parent ends or a signal comes; say on stdout where it is.

    Args:
        options: What happens in it.
        port: Where to listen; a free port where it is taken, or 0.
    """
    parent = os.getppid()
    _die_with_parent()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, over.set)
    async with contextlib.AsyncExitStack() as stack:
        api, prometheus = stack.enter_context(_bound(port)), stack.enter_context(_bound(0))
        clock = LoopClock(past(Pace(options.speed)) if options.scenario else 0.0)
        world = compose(clock, options, _url(prometheus))
        loop.add_signal_handler(signal.SIGUSR1, world.store.compact)
        server = ApiServer(world.store, world.users, world.logs, world.prometheus)
        app = server.app()
        app.middlewares.append(_beginning(world))
        await _serve(stack, app, api)
        await _serve(stack, prometheus_app(world.prometheus), prometheus)
        await _watch_stdin(over)
        _announce(world, _url(api))
        if os.getppid() != parent:
            return
        await _until(over, clock)


def _beginning(world: World) -> Middleware:
    """Return what lets the story begin when somebody watches: nobody misses its first event."""

    @web.middleware
    async def begin(request: web.Request, handler: Handler) -> web.StreamResponse:
        if "watch" in request.query:
            world.begin()
        return await handler(request)

    return begin


async def _until(over: asyncio.Event, clock: LoopClock) -> None:
    """Let time pass until `over`; a fault of the demo ends it, with its traceback."""
    ticking = asyncio.create_task(clock.run())
    ending = asyncio.create_task(over.wait())
    done, _ = await asyncio.wait({ticking, ending}, return_when=asyncio.FIRST_COMPLETED)
    for task in (ticking, ending):
        task.cancel()
    if ticking in done:
        ticking.result()


async def _serve(
    stack: contextlib.AsyncExitStack, app: web.Application, bound: socket.socket
) -> None:
    runner = web.AppRunner(
        app,
        access_log=None,
        # Who hangs up ends their watch at once, and nobody waits for the others at the end.
        handler_cancellation=True,
        shutdown_timeout=0.1,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, bound, backlog=_BACKLOG).start()


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Yield a socket on loopback, at `port` if that is free."""
    with ExitStack() as stack:
        bound = stack.enter_context(socket.socket())
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            bound.bind(("127.0.0.1", 0))
        yield bound


def _url(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


def _announce(world: World, url: str) -> None:
    """Print where it is, for the parent alone: who has a token may do what its user may."""
    where: dict[str, Any] = {
        "server": url,
        "prometheus": world.prometheus_url,
        "token": world.users.tokens["oncall"],
        "tokens": world.users.tokens,
        "namespace": NAMESPACE,
        "context": CONTEXT,
    }
    sys.stdout.write(json.dumps(where) + "\n")
    sys.stdout.flush()


async def _watch_stdin(over: asyncio.Event) -> None:
    """End when a pipe on stdin does: its other end is the parent's, and goes with it."""
    with contextlib.suppress(OSError, ValueError):
        mode = os.fstat(sys.stdin.fileno()).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return
        await asyncio.get_running_loop().connect_read_pipe(lambda: _End(over), sys.stdin)


class _End(asyncio.Protocol):
    """Notices the end of a pipe; what comes through it is nobody's."""

    def __init__(self, over: asyncio.Event) -> None:
        self._over = over

    def connection_lost(self, _error: Exception | None) -> None:
        """Take note."""
        self._over.set()


def _die_with_parent() -> None:
    """Ask the kernel, where it is Linux's, for a SIGTERM when the parent ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
