"""Who decides a setting, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from amas_tui.config.document import parse_document
from amas_tui.config.fields import FIELDS
from amas_tui.config.resolve import Resolved, resolve
from amas_tui.errors import UsageError
from amas_tui.settings import OwnQuery, Settings

PATH = Path("/x/config.toml")
TEXT = """\
prometheus-url = "http://file:9090"
namespaces = ["shop", "pay"]

[contexts."*"]
mark = "any"

[contexts."prod-*"]
prometheus-url = "http://prod:9090"
mark = "PROD"
protected = true
"""


def resolved(
    text: str = "",
    context: str = "",
    environment: dict[str, str] | None = None,
    **flags: Any,
) -> Resolved:
    return resolve(parse_document(PATH, text), context, environment or {}, flags)


def origin(found: Resolved, name: str) -> str:
    return next(one.origin for one in found.origins if one.name == name)


def test_without_anything_every_value_is_the_default() -> None:
    found = resolved()
    assert found.settings == Settings()
    assert {one.origin for one in found.origins} == {"default"}
    assert [one.name for one in found.origins] == [field.name for field in FIELDS]


@pytest.mark.parametrize(
    ("context", "environment", "flag", "value", "who"),
    [
        pytest.param("dev", {}, None, "http://file:9090", "/x/config.toml:1", id="file"),
        pytest.param(
            "prod-eu",
            {},
            None,
            "http://prod:9090",
            '/x/config.toml:8 [contexts."prod-*"]',
            id="context-over-file",
        ),
        pytest.param(
            "prod-eu",
            {"AMAS_TUI_PROMETHEUS_URL": "http://env"},
            None,
            "http://env",
            "environment AMAS_TUI_PROMETHEUS_URL",
            id="environment-over-context",
        ),
        pytest.param(
            "prod-eu",
            {"AMAS_TUI_PROMETHEUS_URL": "http://env"},
            "http://flag",
            "http://flag",
            "flag --prometheus-url",
            id="flag-over-environment",
        ),
    ],
)
def test_the_stronger_one_decides(
    context: str, environment: dict[str, str], flag: str | None, value: str, who: str
) -> None:
    found = resolved(TEXT, context, environment, prometheus_url=flag)
    assert found.settings.prometheus_url == value
    assert origin(found, "prometheus-url") == who


def test_the_last_section_that_fits_wins_value_by_value() -> None:
    prod = resolved(TEXT, "prod-eu").settings
    assert (prod.mark, prod.protected, prod.namespaces) == ("PROD", True, ("shop", "pay"))
    other = resolved(TEXT, "dev").settings
    assert (other.mark, other.protected) == ("any", False)


def test_an_environment_without_a_value_says_nothing() -> None:
    assert resolved(environment={"AMAS_TUI_READ_ONLY": ""}).settings.read_only is False
    assert resolved(environment={"AMAS_TUI_READ_ONLY": "1"}).settings.read_only is True


def test_a_false_flag_is_a_word_too() -> None:
    found = resolved("read-only = true", read_only=False)
    assert found.settings.read_only is False
    assert origin(found, "read-only") == "flag --read-only"


def test_a_login_in_an_address_is_not_shown() -> None:
    found = resolved('prometheus-url = "https://me:s3cret@p.example:9090/x"')
    assert found.settings.prometheus_url == "https://me:s3cret@p.example:9090/x"
    assert "s3cret" not in repr(found.settings)
    shown = next(one.shown for one in found.origins if one.name == "prometheus-url")
    assert shown == "https://***@p.example:9090/x"


def test_queries_of_the_context_join_those_of_the_file() -> None:
    text = """
[[queries]]
name = "queue"
query = "sum(queue)"
condition = "result[0] < 10"

[[queries]]
name = "cpu"
query = "sum(cpu)"

[[contexts.prod.queries]]
name = "queue"
query = "sum(queue_prod)"
unit = "jobs"
"""
    assert [one.query for one in resolved(text, "dev").settings.queries] == [
        "sum(queue)",
        "sum(cpu)",
    ]
    assert resolved(text, "prod").settings.queries == (
        OwnQuery("queue", "sum(queue_prod)", unit="jobs"),
        OwnQuery("cpu", "sum(cpu)"),
    )


def test_keys_are_read_as_people_write_them() -> None:
    text = '[keys]\nfull = "Ctrl-T"\nhelp = ["F1", "?"]\nabort = []\n'
    assert resolved(text).settings.keys == {
        "promote-full": ("ctrl+t",),
        "help": ("f1", "question_mark"),
        "abort": (),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("colour = 'pink'", ":1: colour must be one of red", id="colour"),
        pytest.param("color = 'red'", ":1: there is no setting color", id="unknown"),
        pytest.param("\nread-only = 'maybe'", ":2: read-only must be true or false", id="switch"),
        pytest.param("read-only = 1", ":1: read-only must be true or false", id="number"),
        pytest.param("metrics-interval = '5'", "a length of time", id="no-unit"),
        pytest.param("metrics-interval = 0", "a length of time", id="zero"),
        pytest.param("namespaces = [1]", "a list of names", id="names"),
        pytest.param("prometheus-url = 'prom:9090'", "a URL such as", id="url"),
        pytest.param("mark = 'PRODUCTION-EUROPE'", "up to 12 characters", id="long-mark"),
        pytest.param('mark = "\\u001b[31m"', "one word", id="escape"),
        pytest.param("contexts = 3", ":1: contexts must be a table", id="contexts"),
        pytest.param("[contexts]\nprod = 3", ":2: contexts.prod must be a table", id="context"),
        pytest.param(
            '[contexts."a.*"]\nmarc = 1', ':2: there is no setting contexts."a.*".marc', id="deep"
        ),
        pytest.param("[contexts.x]\nkeys = {}", "there is no setting contexts.x.keys", id="keys"),
        pytest.param("queries = 3", ":1: queries must be a list of tables", id="queries"),
        pytest.param("[[queries]]\nname = 'x'", ":1: queries.0 needs a query", id="no-query"),
        pytest.param(
            "[[queries]]\nname='x'\nquery=2", ":3: queries.0.query must be a text", id="type"
        ),
        pytest.param(
            "[[queries]]\nname='x'\nquery='y'\nlimit=3",
            ":4: there is no setting queries.0.limit",
            id="query-key",
        ),
        pytest.param(
            "[keys]\npromot = 'p'", ":2: keys: there is no command promot", id="no-command"
        ),
        pytest.param(
            "[keys]\npromote = 'Hyper-X'", ":2: keys.promote: Hyper-X is not a key", id="no-key"
        ),
        pytest.param("[keys]\npromote = 3", ":2: keys.promote must be a key", id="key-type"),
        pytest.param("[keys]\npromote = 'A'", ":2: keys: A is both promote and abort", id="clash"),
        pytest.param("[manifests]\nsteps = []", ":2: manifests.steps must be a text", id="list"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_field(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolved(text, "elsewhere")
    assert words in caught.value.text
    assert caught.value.text.startswith("/x/config.toml")
    assert caught.value.exit_code == 2


def test_a_wrong_word_in_the_environment_is_named() -> None:
    with pytest.raises(UsageError, match="environment AMAS_TUI_COLOUR must be one of"):
        resolved(environment={"AMAS_TUI_COLOUR": "pink"})


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_each_example_of_the_readme_is_read(field: Any) -> None:
    found = resolved(f"{field.name} = {field.example}")
    assert getattr(found.settings, field.attribute) != field.default or field.name in (
        "prometheus-url",
        "metrics-interval",
        "colour",
        "on-rollback-timeout",
    )
