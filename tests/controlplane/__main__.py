"""A control plane started by hand: `python -m tests.controlplane up|down|status|logs|build`."""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from tests.controlplane import showcase
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.build import BuildError, cache_root, ensure, why_not
from tests.controlplane.process import StartError


def main() -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.controlplane", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="start it and leave it running")
    up_parser.add_argument("--workload", action="store_true", help="and rollouts in every state")
    commands.add_parser("down", help="end it")
    commands.add_parser("status", help="say what runs and how to reach it")
    commands.add_parser("build", help="only build the programs")
    logs_parser = commands.add_parser("logs", help="print a program's log")
    logs_parser.add_argument("name")
    given = parser.parse_args()
    match given.command:
        case "up":
            return up(with_workload=given.workload)
        case "down":
            return down()
        case "status":
            return status()
        case "build":
            return build()
        case _:
            return logs(given.name)


def build() -> int:
    """Build the programs."""
    if reason := why_not():
        return _refuse(reason)
    try:
        _print(str(ensure().folder))
    except BuildError as error:
        return _refuse(str(error))
    return 0


def up(*, with_workload: bool) -> int:
    """Start the bed unless it runs, and say how to use it."""
    if reason := why_not():
        return _refuse(reason)
    bed = _attached()
    if bed is None or not _runs(bed):
        if bed is not None:
            bed.stop()
        shutil.rmtree(_folder(), ignore_errors=True)
        started = time.monotonic()
        bed = ControlPlane(_folder(), detached=True)
        try:
            bed.start()
        except (BuildError, StartError) as error:
            return _refuse(str(error))
        _print(f"started in {time.monotonic() - started:.1f} s")
    if with_workload:
        with Api(bed) as api:
            showcase.install(api, bed.prometheus_url)
    _describe(bed)
    return 0


def down() -> int:
    """End the bed."""
    if bed := _attached():
        bed.stop()
        shutil.rmtree(_folder(), ignore_errors=True)
    return 0


def status() -> int:
    """Say what runs; the exit code is 1 unless everything does."""
    bed = _attached()
    if bed is None:
        return _refuse("no control plane was started; start one with `up`")
    for process in bed.processes.values():
        state = "ended"
        if process.running():
            state = f"pid {process.pid}, {'ready' if process.is_ready() else 'not ready'}"
        _print(f"{process.name:24} {state}")
    _describe(bed)
    return 0 if _runs(bed) else 1


def logs(name: str) -> int:
    """Print one program's log."""
    bed = _attached()
    if bed is None or name not in bed.processes:
        known = ", ".join(bed.processes) if bed else "none was started"
        return _refuse(f"no program called {name}: {known}")
    sys.stdout.write(bed.processes[name].log.read_text(errors="replace"))
    return 0


def _describe(bed: ControlPlane) -> None:
    namespace = showcase.NAMESPACE
    _print(f"export KUBECONFIG={bed.kubeconfig(namespace=namespace)}")
    _print(f"as oncall: KUBECONFIG={bed.kubeconfig('oncall', namespace=namespace)}")
    _print(f"Prometheus: {bed.prometheus_url}")
    _print(f"programs: {bed.binary('kubectl').parent}")


def _attached() -> ControlPlane | None:
    try:
        return ControlPlane.attach(_folder())
    except FileNotFoundError:
        return None


def _runs(bed: ControlPlane) -> bool:
    return all(process.running() for process in bed.processes.values())


def _folder() -> Path:
    return cache_root() / "controlplane" / "bed"


def _refuse(reason: str) -> int:
    sys.stderr.write(f"controlplane: {reason}\n")
    return os.EX_UNAVAILABLE


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
