"""Writes the generated parts of the README: `python -m tests.write_readme`."""

import re
from pathlib import Path

from amas_tui.keymap import Keymap, table_markdown

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    """Replace the table of keys by the one in code."""
    text = README.read_text(encoding="utf-8")
    table = f"<!-- keys -->\n{table_markdown(Keymap())}<!-- /keys -->"
    README.write_text(
        re.sub(r"<!-- keys -->\n.*?<!-- /keys -->", lambda _: table, text, flags=re.DOTALL),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
