"""Runs the program's own `main` in this process: what a shell would see, in a tenth of the time."""

import io
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from amas_tui.cli.main import main
from tests.headless.command import Ran


def amas(
    *arguments: str,
    kubeconfig: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> Ran:
    """Run amas-tui without a terminal."""
    own = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    own |= {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    out, err, code = _stream(), _stream(), 0
    with (
        patch.dict(os.environ, {**own, **(env or {})}, clear=True),
        patch("sys.argv", ["amas-tui", *arguments]),
        patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, _text(out), _text(err))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
