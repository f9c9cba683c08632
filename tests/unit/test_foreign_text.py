"""Nothing hands text to Textual as markup: a name or message of the cluster could be an action."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "amas_tui"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "demo" not in path.parts)

_LABELLED = frozenset(
    {
        "Static",
        "Label",
        "Button",
        "OptionList",
        "Option",
        "Checkbox",
        "Collapsible",
        "TabPane",
        "Tab",
        "Tree",
        "RichLog",
        "Markdown",
        "Select",
        "ListItem",
        "DataTable",
        "Digits",
        "Pretty",
    }
)
"""Widgets that read a bare string as markup, or hold text that nobody made harmless."""


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg == name), None)


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _offences(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if _name(target) in ("border_title", "border_subtitle", "tooltip"):
                    yield f"{node.lineno}: {_name(target)} is markup"
        if isinstance(node, ast.ImportFrom) and node.module == "rich.markup":
            yield f"{node.lineno}: rich.markup"


def _of_call(call: ast.Call) -> Iterator[str]:
    name = _name(call.func)
    is_toast = name == "notify" and bool(call.args)
    if is_toast and not _is_false(_keyword(call, "markup")):
        yield f"{call.lineno}: notify without markup=False"
    if name in _LABELLED and not _is_false(_keyword(call, "markup")):
        yield f"{call.lineno}: {name} without markup=False"
    if name == "from_markup":
        yield f"{call.lineno}: from_markup"
    is_text = bool(call.args) and (
        isinstance(call.args[0], ast.JoinedStr)
        or (isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    )
    if name == "update" and isinstance(call.func, ast.Attribute) and is_text:
        yield f"{call.lineno}: update with a bare string"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_is_handed_on_as_markup(path: Path) -> None:
    assert list(_offences(path.read_text())) == []


@pytest.mark.parametrize(
    "offence",
    [
        "self.notify(error.text)",
        "self.notify(text, markup=True)",
        "Static(name)",
        "Label(f'{name}')",
        "self.query_one('#x').update(f'[red]{name}')",
        "widget.border_title = name",
        "Text.from_markup(name)",
        "from rich.markup import escape",
    ],
)
def test_the_search_finds_what_it_looks_for(offence: str) -> None:
    assert list(_offences(offence))


@pytest.mark.parametrize(
    "harmless",
    [
        "self.notify(error.text, markup=False)",
        "known.update(other)",
        "digest.update(b'x')",
        "view.update(shown)",
        "Static('', markup=False)",
    ],
)
def test_the_search_lets_the_harmless_pass(harmless: str) -> None:
    assert not list(_offences(harmless))


_RAW = frozenset({"value", "query", "address", "success_condition", "failure_condition"})
"""Fields that are kept to the letter; whoever paints one must pass it through `safe` first."""


def test_no_view_paints_what_is_kept_to_the_letter() -> None:
    found = []
    for path in sorted((PACKAGE / "viewmodel").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) == "Span" and node.args:
                raw = [
                    one.attr
                    for one in ast.walk(node.args[0])
                    if isinstance(one, ast.Attribute) and one.attr in _RAW - {"value"}
                ]
                found += [f"{path.name}:{node.lineno}: {name}" for name in raw]
    assert found == []
