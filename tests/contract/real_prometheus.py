"""Prometheus itself on samples of the test's own."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.controlplane.ports import reserved_ports
from tests.controlplane.process import Process

_START_SECONDS: Final = 60


def why_not() -> str | None:
    """Return in one line what is missing, or `None`."""
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"no {' and '.join(missing)} here: install Debian's `prometheus`" if missing else None


@contextmanager
def running(folder: Path, *, config: str = "", exposition: str = "") -> Iterator[str]:
    """Yield the address of a Prometheus that scrapes as configured, with these old samples."""
    data = folder / "data"
    (folder / "prometheus.yaml").write_text(config)
    if exposition:
        (folder / "samples.txt").write_text(exposition)
        subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", "samples.txt", "data"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
    with reserved_ports(1) as (port,):
        url = f"http://127.0.0.1:{port}"
        flags = {
            "config.file": "prometheus.yaml",
            "storage.tsdb.path": data,
            # The samples are of a year gone by.
            "storage.tsdb.retention.time": "100y",
            "web.listen-address": f"127.0.0.1:{port}",
            "log.level": "warn",
        }
        argv = ("prometheus", *(f"--{flag}={value}" for flag, value in flags.items()))
        process = Process("prometheus", argv, folder, lambda: _is_ready(url))
        process.start()
        try:
            process.wait_ready(time.monotonic() + _START_SECONDS)
            yield url
        finally:
            process.stop()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=1, trust_env=False).is_success
    except httpx.TransportError:
        return False
