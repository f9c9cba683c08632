"""The program as users have it: a wheel in an environment of its own, bytecode compiled."""

import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
_WITH_PIP: Final = (
    sys.executable if find_spec("pip") else str(Path(sys.base_prefix) / "bin" / "python3")
)
"""An environment need not have pip; the Python that it came from has."""


def install(folder: Path, source: Path = REPOSITORY) -> Path:
    """Build a wheel from `source`, install it below `folder` and return the program.

    The libraries are those of the environment that runs the bench, with their bytecode compiled.
    """
    wheels = folder / "wheels"
    _run(_WITH_PIP, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, source)
    environment = folder / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    site = next((environment / "lib").glob("python3*/site-packages"))
    libraries = Path(sysconfig.get_path("purelib"))
    (site / "libraries.pth").write_text(f"{libraries}\n")
    (wheel,) = wheels.glob("*.whl")
    pip = (_WITH_PIP, "-m", "pip", "--python", python)
    _run(*pip, "install", "--quiet", "--no-deps", "--no-index", "--compile", wheel)
    for name in ("textual", "rich", "httpx", "httpcore", "pydantic", "kubernetes_asyncio"):
        _run(sys.executable, "-m", "compileall", "-q", libraries / name)
    return environment / "bin" / "amas-tui"


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
