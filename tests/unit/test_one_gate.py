"""Nothing writes but through the gate: found by reading the program's own source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import amas_tui

ROOT = Path(amas_tui.__file__).parent
WRITING = frozenset({"PATCH", "POST", "PUT", "DELETE"})


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the product; the demo is a cluster of its own."""
    for path in sorted(ROOT.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if not name.startswith("demo/"):
            yield name, ast.parse(path.read_text())


def calls(attribute: str) -> set[str]:
    """Return the modules that call a method of that name."""
    return {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == attribute
    }


def test_a_write_is_sent_by_the_gate_alone() -> None:
    # The session hands it to the API, the transport hands bytes to its HTTP client.
    gate = {"acting/preparing.py", "acting/sending.py"}
    assert calls("send") == {*gate, "session/session.py", "kube/transport.py"}


def test_an_event_is_left_by_the_gate_alone() -> None:
    assert calls("announce") <= {"acting/notes.py", "session/session.py"}


def test_a_request_that_could_write_is_made_in_one_module() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in WRITING
    }
    assert found == {"kube/api.py"}
