"""Finding and reading the file; where in it each thing stands."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.config.document import config_path, parse_document, read_document
from amas_tui.errors import AmasError, UsageError

PATH = Path("/x/config.toml")
TEXT = '''\
mark = "PROD"   # a remark
[keys]
promote = ["p"]

[contexts."prod-*"]
read-only = true

[[contexts."prod-*".queries]]
name = "queue"
query = """
mark = 3
[no.table]
"""
[[contexts."prod-*".queries]]
name = "other"
query = "up"
'''


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"HOME": "/h"}, "/h/.config/amas-tui/config.toml", id="home"),
        pytest.param({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}, "/c/amas-tui/config.toml", id="xdg"),
        pytest.param(
            {"HOME": "/h", "XDG_CONFIG_HOME": "rel"},
            "/h/.config/amas-tui/config.toml",
            id="relative-xdg-is-ignored",
        ),
        pytest.param(
            {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "AMAS_TUI_CONFIG_DIR": "/own"},
            "/own/config.toml",
            id="own",
        ),
    ],
)
def test_the_file_is_where_the_environment_says(environment: dict[str, str], expected: str) -> None:
    assert config_path(environment) == Path(expected)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("mark",), 1),
        (("keys",), 2),
        (("keys", "promote"), 3),
        (("contexts", "prod-*"), 5),
        (("contexts", "prod-*", "read-only"), 6),
        (("contexts", "prod-*", "queries", 0), 8),
        (("contexts", "prod-*", "queries", 0, "name"), 9),
        (("contexts", "prod-*", "queries", 1), 14),
        (("contexts", "prod-*", "queries", 1, "query"), 16),
        (("contexts", "prod-*", "absent"), 5),
    ],
)
def test_each_thing_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert parse_document(PATH, TEXT).place(*path) == f"{PATH}:{line}"


def test_what_stands_in_a_long_text_is_no_key() -> None:
    lines = parse_document(PATH, TEXT).lines
    assert ("no", "table") not in lines
    assert lines["mark",] == 1


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_document({"AMAS_TUI_CONFIG_DIR": str(tmp_path)}).content == {}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(b"mark = \n", "config.toml:1: it is not TOML", id="syntax"),
        pytest.param(b"a = 1\nb = 'x\n", "config.toml:2: it is not TOML", id="open-string"),
        pytest.param(b"a = 1\nb = '\xff'\n", "config.toml:2: it is not UTF-8 text", id="bytes"),
        pytest.param(b"#" * (1 << 20) + b"\n\n", "larger than a configuration", id="huge"),
    ],
)
def test_a_file_that_is_not_one_is_refused_with_its_line(
    tmp_path: Path, raw: bytes, words: str
) -> None:
    (tmp_path / "config.toml").write_bytes(raw)
    with pytest.raises(UsageError) as caught:
        read_document({"AMAS_TUI_CONFIG_DIR": str(tmp_path)})
    assert words in caught.value.text


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(UsageError, match="cannot read"):
        read_document({"AMAS_TUI_CONFIG_DIR": str(tmp_path)})


@given(st.text(alphabet="[]\"=.ab\n'#* {}1", max_size=80))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    with suppress(AmasError):
        document = parse_document(PATH, text)
        assert all(document.place(*path) for path in document.lines)
