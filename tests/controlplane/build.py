"""The programs of the control plane, built once from Go modules into a cache folder."""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

SOURCES: Final = Path(__file__).parent
"""Where the two go.mod files are: this folder, and `kwok` below it."""

_VERSIONS: Final = {
    "k8s.io/component-base/version.gitVersion": "v1.34.4",
    "k8s.io/component-base/version.gitMajor": "1",
    "k8s.io/component-base/version.gitMinor": "34",
    "k8s.io/client-go/pkg/version.gitVersion": "v1.34.4",
    "sigs.k8s.io/kwok/pkg/consts.Version": "v0.7.0",
    # The controller calls itself by its tag only when it believes in a clean checkout of it.
    "github.com/argoproj/argo-rollouts/utils/version.gitTag": "v1.10.1",
    "github.com/argoproj/argo-rollouts/utils/version.gitCommit": "v1.10.1",
    "github.com/argoproj/argo-rollouts/utils/version.gitTreeState": "clean",
}
_LDFLAGS: Final = " ".join(["-s", "-w", *(f"-X {key}={value}" for key, value in _VERSIONS.items())])
_CRD_MODULE: Final = "github.com/argoproj/argo-rollouts"
_RENAMED: Final = {"server": "etcd"}
_FORMAT: Final = 2
"""Of what a finished build's folder holds."""
_LOG_TAIL_LINES: Final = 20


class BuildError(Exception):
    """The programs could not be built; the text ends with what the Go command said."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """One finished build."""

    folder: Path

    def path(self, name: str) -> Path:
        """Return the program called `name`, e.g. `kubectl`."""
        return self.folder / "bin" / name

    @property
    def crds(self) -> tuple[Path, ...]:
        """The files of Argo Rollouts' custom resource definitions, one JSON object each."""
        return tuple(sorted((self.folder / "crds").glob("*.json")))


def cache_root() -> Path:
    """Return the folder for what outlives a checkout: `$AMAS_TUI_CACHE`, else the user's cache."""
    if own := os.environ.get("AMAS_TUI_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amas-tui"


def ensure() -> Binaries:
    """Return the programs, building them if this machine has no build of these versions yet.

    Raises:
        BuildError: Go refused.
    """
    target = _target()
    if target.is_dir():
        return Binaries(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent / ".lock"):
        if not target.is_dir():
            _build(target)
    return Binaries(target)


def why_not() -> str | None:
    """Return in one line what is missing and how to get it, or `None` if the bed can run."""
    if platform.system() != "Linux":
        return "the control plane runs on Linux only"
    if shutil.which("prometheus") is None:
        return "prometheus is not on PATH: install Debian's package `prometheus`"
    if shutil.which("openssl") is None:
        return "openssl is not on PATH: install Debian's package `openssl`"
    if _target().is_dir():
        return None
    wanted, found = _wanted_go(), _installed_go()
    if found is None:
        return f"no cached build and no `go` on PATH: install Go {wanted} or newer"
    if _numbers(found) < _numbers(wanted):
        return f"no cached build and {found} is too old: install Go {wanted} or newer"
    return None


def _target() -> Path:
    digest = hashlib.sha256(f"{_FORMAT} {platform.machine()} {_LDFLAGS}".encode())
    for name in ("go.mod", "go.sum", "kwok/go.mod", "kwok/go.sum"):
        digest.update((SOURCES / name).read_bytes())
    return cache_root() / "controlplane" / digest.hexdigest()[:16]


def _build(target: Path) -> None:
    """Build beside `target` and rename at the end, so that a half build is never taken for one."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    binaries = partial / "bin"
    binaries.mkdir(parents=True)
    log = target.with_name("build.log")
    log.write_bytes(b"")
    started = time.monotonic()
    _say(f"building the control plane once into {target} (some minutes; {log} has the details)")
    for number, source in enumerate((SOURCES, SOURCES / "kwok"), start=1):
        _go(source, log, "mod", "download")
        _say(f"part {number} of 2: modules are there, compiling [{_since(started)}]")
        _go(source, log, "build", "-trimpath", f"-ldflags={_LDFLAGS}", "-o", f"{binaries}/", "tool")
    for old, new in _RENAMED.items():
        (binaries / old).rename(binaries / new)
    module = _go(SOURCES, log, "list", "-m", "-f", "{{.Dir}}", _CRD_MODULE).strip()
    (partial / "crds").mkdir()
    for crd in (Path(module) / "manifests" / "crds").glob("*-crd.yaml"):
        # As JSON: reading 3 MB of YAML would take as long as starting the API server.
        definition = yaml.safe_load(crd.read_text())
        (partial / "crds" / f"{crd.stem}.json").write_text(json.dumps(definition))
    partial.rename(target)
    _say(f"control plane built [{_since(started)}]")


def _go(folder: Path, log: Path, *arguments: str) -> str:
    """Run `go` and return what it printed to stdout."""
    # No cgo: the result must not depend on whether this machine has a C compiler.
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    with log.open("ab") as talk:
        done = subprocess.run(
            ["go", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=talk,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        raise BuildError(f"go {' '.join(arguments[:2])} failed in {folder.name}:\n{tail}")
    return done.stdout.decode()


def _wanted_go() -> str:
    found = re.search(r"^go (\S+)$", (SOURCES / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise BuildError("go.mod has no go line")
    return found.group(1)


def _installed_go() -> str | None:
    if shutil.which("go") is None:
        return None
    # Run here, where go.mod may make `go` fetch a newer toolchain of itself.
    done = subprocess.run(
        ["go", "env", "GOVERSION"], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "this Go"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold `path` alone among all processes; the kernel lets go when the holder dies."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another process that builds the control plane")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def _say(text: str) -> None:
    sys.stderr.write(f"controlplane: {text}\n")
    sys.stderr.flush()
