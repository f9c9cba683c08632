"""The demo's process: it starts anywhere, disturbs nobody and is never left behind."""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import pytest

from tests.contract import planes
from tests.contract.raw import ARGO, client, send
from tests.contract.waiting import until
from tests.controlplane.api import Api, ApiError

_END_SECONDS: Final = 60
_PARENT: Final = textwrap.dedent(
    """
    import subprocess, sys
    child = subprocess.Popen(
        [sys.executable, "-m", "amas_tui.demo"], stdin=eval(sys.argv[1]), stdout=subprocess.PIPE
    )
    print(child.pid, child.stdout.readline().decode(), flush=True)
    child.wait()
    """
)


@contextmanager
def started_by_another(stdin: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Yield a process that started a demo, and the demo's pid."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, stdin], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    try:
        pid = int(parent.stdout.readline().partition(" ")[0])
        yield parent, pid
    finally:
        parent.kill()
        parent.wait(_END_SECONDS)
        parent.stdout.close()


@pytest.mark.parametrize(
    "stdin",
    [
        pytest.param("subprocess.PIPE", id="by the pipe"),
        pytest.param(
            "subprocess.DEVNULL",
            id="by the kernel",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells"),
        ),
    ],
)
def test_it_ends_with_a_parent_that_is_killed(stdin: str) -> None:
    with started_by_another(stdin) as (parent, pid):
        # A descriptor of the process tells its end, also when the pid is given to another.
        gone = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        parent.send_signal(signal.SIGKILL)
        parent.wait(_END_SECONDS)
        if gone is None:
            until(lambda: _is_alive(pid), lambda alive: not alive)
            return
        ended, _, _ = select.select([gone], [], [], _END_SECONDS)
        os.close(gone)
        assert ended


def test_it_ends_when_the_pipe_is_closed() -> None:
    with planes.demo() as running:
        assert running.process.stdin is not None
        running.process.stdin.close()
        assert running.process.wait(_END_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_by_a_signal_with_a_watch_open(number: signal.Signals) -> None:
    with planes.demo() as running, watching(running.plane(), "/api/v1/namespaces") as lines:
        assert next(lines)
        running.process.send_signal(number)
        assert running.process.wait(_END_SECONDS) == 0


def test_two_demos_do_not_disturb_each_other() -> None:
    with planes.demo() as one, planes.demo() as two:
        mine, theirs = one.plane(), two.plane()
        assert mine.url != theirs.url
        assert mine.prometheus_url != theirs.prometheus_url
        with Api(mine) as here, Api(theirs) as there:
            here.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine"}})
            assert there.find("namespaces", None, "mine") is None
        stranger = planes.Plane(
            "demo", theirs.url, None, mine.tokens, theirs.prometheus_url, theirs.forget
        )
        with Api(stranger) as api, pytest.raises(ApiError) as refused:
            api.list("namespaces")
        assert refused.value.status == 401
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(_END_SECONDS) == 0
        assert send(theirs, "GET", "/readyz").text == "ok"


def test_a_port_that_is_taken_is_not_insisted_on() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with planes.demo(["--port", str(port)]) as running:
            plane = running.plane()
            assert not plane.url.endswith(f":{port}")
            assert send(plane, "GET", "/readyz").text == "ok"


def test_a_port_that_is_free_is_used() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with planes.demo(["--port", str(port)]) as running:
        assert running.plane().url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "home", [pytest.param(None, id="none"), pytest.param("/proc", id="read-only")]
)
def test_it_needs_no_home(home: str | None) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}
    if home is not None:
        environment["HOME"] = home
    with planes.demo(environment=environment) as running:
        assert send(running.plane(), "GET", "/readyz").text == "ok"


def test_it_writes_no_files(tmp_path: Path) -> None:
    names = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    environment = dict(os.environ) | dict.fromkeys(names, str(tmp_path))
    with planes.demo(environment=environment) as running, Api(running.plane()) as api:
        assert api.list("namespaces")
    assert list(tmp_path.iterdir()) == []


def test_only_this_machine_reaches_it() -> None:
    with planes.demo() as running, socket.socket() as other:
        host, _, port = running.plane().url.removeprefix("http://").partition(":")
        assert host == "127.0.0.1"
        # Another address of this same machine: nobody listens there.
        assert other.connect_ex(("127.0.0.2", int(port))) == errno.ECONNREFUSED


@contextmanager
def watching(plane: planes.Plane, path: str) -> Iterator[Iterator[str]]:
    """Yield the lines of a watch."""
    with client(plane) as http, http.stream("GET", path, params={"watch": "1"}) as response:
        yield response.iter_lines()


_JUMPING: Final = textwrap.dedent(
    """
    import datetime, signal, time
    from amas_tui.demo import clock, __main__

    jump = [0.0]
    real = time.time

    class Jumping(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(real() + jump[0], tz)

    clock.datetime = Jumping
    time.time = lambda: real() + jump[0]
    signal.signal(signal.SIGUSR2, lambda *_: jump.__setitem__(0, 3600.0))
    __main__.main()
    """
)


def test_a_wall_clock_that_jumps_an_hour_moves_nothing() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _JUMPING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        plane = planes.Demo(process, json.loads(process.stdout.readline())).plane()
        before = _date(plane)
        with (
            Api(plane) as api,
            api.namespace("jump") as name,
            watching(plane, f"/api/v1/namespaces/{name}/configmaps") as lines,
        ):
            process.send_signal(signal.SIGUSR2)
            meta = {"name": "c", "namespace": name}
            made = api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
            assert json.loads(next(lines)) == {"type": "ADDED", "object": made}
        created = datetime.fromisoformat(made["metadata"]["creationTimestamp"])
        assert 0 <= (created - before).total_seconds() < 600
        assert 0 <= (_date(plane) - before).total_seconds() < 600
    finally:
        process.stdin.close()
        process.wait(_END_SECONDS)
        process.stdout.close()


def _date(plane: planes.Plane) -> datetime:
    return parsedate_to_datetime(send(plane, "GET", f"{ARGO}/rollouts").headers["Date"])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
