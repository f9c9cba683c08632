"""Writes the generated parts of the README: `python -m tests.write_readme`."""

from pathlib import Path

from amas_tui.config.fields import table_markdown as settings_markdown
from amas_tui.keymap import Keymap, table_markdown
from amas_tui.why.markdown import catalogue_markdown, chapters_markdown
from tests.guide_commands import table_markdown as guide_markdown

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    """Replace the generated tables by those in code."""
    text = README.read_text(encoding="utf-8")
    for name, content in generated().items():
        table = f"<!-- {name} -->\n{content}<!-- /{name} -->"
        before, _, rest = text.partition(f"<!-- {name} -->")
        text = before + table + rest.partition(f"<!-- /{name} -->")[2]
    README.write_text(text, encoding="utf-8")


def generated() -> dict[str, str]:
    """Return what stands between each pair of comments."""
    return {
        "keys": table_markdown(Keymap()),
        "causes": catalogue_markdown(),
        "chapters": chapters_markdown(),
        "settings": settings_markdown(),
        "guide": guide_markdown(),
    }


if __name__ == "__main__":
    main()
