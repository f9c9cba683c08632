"""The program, whose import of Textual waits until a signal comes."""

import signal
import sys
from importlib.abc import MetaPathFinder

from amas_tui.cli.main import main


class _Waiting(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        if name == "textual":
            signal.pause()


sys.meta_path.insert(0, _Waiting())
main()
