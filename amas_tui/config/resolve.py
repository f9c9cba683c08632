"""Who decides: flag, environment, the context's section, the file, or the default."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import urlsplit

from amas_tui.config.document import Document, Step
from amas_tui.config.fields import FIELDS, Field, text
from amas_tui.errors import UsageError
from amas_tui.keymap import COMMANDS, Keymap, key_named
from amas_tui.safe import safe
from amas_tui.settings import OwnQuery, Settings

CONTEXTS: Final = "contexts"
QUERIES: Final = "queries"
KEYS: Final = "keys"
MANIFESTS: Final = "manifests"
_TABLES: Final = frozenset({QUERIES, MANIFESTS})
_BY_NAME: Final = {field.name: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Origin:
    """A value and who decided it.

    Attributes:
        name: Of the setting, e.g. `prometheus-url` or `keys.promote`.
        shown: The value for a person, without credentials.
        origin: E.g. `flag --ascii`, `config.toml:12 [contexts."prod-*"]`, `default`.
    """

    name: str
    value: Any
    shown: str
    origin: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Everything in force in one context, with where each value comes from."""

    settings: Settings
    origins: tuple[Origin, ...]


def resolve(
    document: Document,
    context: str,
    environment: Mapping[str, str],
    flags: Mapping[str, Any] | None = None,
) -> Resolved:
    """Return the settings in force in a context.

    Args:
        document: The configuration file.
        context: Name of the kubeconfig's context; sections are chosen by it.
        environment: The process' environment.
        flags: What the command line gave, by setting; `None` is not given.

    Raises:
        UsageError: Something is wrong; file, line and field are named.
    """
    check(document)
    sections = tuple(_sections(document, context))
    origins = [_one(field, document, sections, environment, flags or {}) for field in FIELDS]
    values = {field.attribute: one.value for field, one in zip(FIELDS, origins, strict=True)}
    queries = _queries(document, sections)
    manifests = _manifests(document, sections)
    keys = remapped(document)
    origins += queries.values()
    origins += manifests.values()
    origins += [
        Origin(f"{KEYS}.{name}", found, ", ".join(found), document.place(KEYS, name))
        for name, found in keys.items()
    ]
    settings = Settings(
        **values,
        queries=tuple(one.value for one in queries.values()),
        keys=keys,
        manifests={name: one.value for name, one in manifests.items()},
    )
    return Resolved(settings, tuple(origins))


def _sections(document: Document, context: str) -> Iterator[str]:
    """Yield the patterns that fit a context, the last of the file first: it wins."""
    patterns = document.content.get(CONTEXTS, {})
    yield from (pattern for pattern in reversed(patterns) if fnmatchcase(context, pattern))


def _one(
    field: Field,
    document: Document,
    sections: tuple[str, ...],
    environment: Mapping[str, str],
    flags: Mapping[str, Any],
) -> Origin:
    given = flags.get(field.attribute)
    if given is not None and given != ():
        return _origin(field, given, f"flag {field.flag}")
    variable = environment.get(field.variable, "") if field.variable else ""
    if variable:
        where = f"environment {field.variable}"
        return _origin(field, _parsed(field, variable, where), where)
    for pattern in sections:
        if field.name in document.content[CONTEXTS][pattern]:
            path = (CONTEXTS, pattern, field.name)
            section = f'{document.place(*path)} [contexts."{pattern}"]'
            return _origin(field, _at(document, field, *path), section)
    if field.name in document.content:
        value = _at(document, field, field.name)
        return _origin(field, value, document.place(field.name))
    return _origin(field, field.default, "default")


def _origin(field: Field, value: Any, origin: str) -> Origin:
    return Origin(field.name, value, _shown(field, value), safe(origin))


def _shown(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    if isinstance(value, float):
        return f"{value:g}s"
    return safe(_without_login(value) if field.name.endswith("-url") else value or "") or "–"


def _without_login(address: str) -> str:
    """Return a URL whose user and password are masked."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    return parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}").geturl()


def _at(document: Document, field: Field, *path: Step) -> Any:
    value: Any = document.content
    for step in path:
        value = value[step]
    return _parsed(field, value, f"{document.place(*path)}: {_dotted(path)}")


def _parsed(field: Field, value: Any, where: str) -> Any:
    try:
        return field.parse(value)
    except ValueError as error:
        raise UsageError(f"{where} must be {error}", hint="Correct it, or take it out") from None


def _dotted(path: tuple[Step, ...]) -> str:
    parts = [f'"{part}"' if "." in str(part) or "*" in str(part) else str(part) for part in path]
    return ".".join(parts)


def check(document: Document) -> None:
    """Refuse what has no meaning: an unknown setting would silently do nothing.

    Raises:
        UsageError: A name is unknown or a value is wrong, anywhere in the file.
    """
    known = {*_BY_NAME, *_TABLES}
    for name in document.content:
        if name not in {*known, CONTEXTS, KEYS}:
            raise _unknown(document, (name,), {*known, CONTEXTS, KEYS})
        if name in _BY_NAME:
            _at(document, _BY_NAME[name], name)
    contexts = _table(document, document.content.get(CONTEXTS, {}), CONTEXTS)
    for pattern in contexts:
        section = _table(document, contexts[pattern], CONTEXTS, pattern)
        for name in section:
            if name not in known:
                raise _unknown(document, (CONTEXTS, pattern, name), known)
            if name in _BY_NAME:
                _at(document, _BY_NAME[name], CONTEXTS, pattern, name)
    _queries(document, tuple(contexts))
    _manifests(document, tuple(contexts))


def _unknown(document: Document, path: tuple[Step, ...], known: set[str]) -> UsageError:
    return UsageError(
        f"{document.place(*path)}: there is no setting {_dotted(path)}",
        hint=f"There are {', '.join(sorted(known))}",
    )


def _table(document: Document, value: Any, *path: Step) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{document.place(*path)}: {_dotted(path)} must be a table")
    return value


def _places(document: Document, sections: tuple[str, ...], name: str) -> Iterator[tuple[Step, ...]]:
    """Yield where a table may stand, the weakest first."""
    if name in document.content:
        yield (name,)
    for pattern in reversed(sections):
        if name in document.content[CONTEXTS][pattern]:
            yield (CONTEXTS, pattern, name)


def _look(document: Document, path: tuple[Step, ...]) -> Any:
    value: Any = document.content
    for step in path:
        value = value[step]
    return value


_QUERY_KEYS: Final = tuple(OwnQuery.__dataclass_fields__)


def _queries(document: Document, sections: tuple[str, ...]) -> dict[str, Origin]:
    """Return the user's queries by name; one of a section replaces one of the same name."""
    found: dict[str, Origin] = {}
    for path in _places(document, sections, QUERIES):
        tables = _look(document, path)
        if not isinstance(tables, list):
            raise UsageError(
                f"{document.place(*path)}: {_dotted(path)} must be a list of tables",
                hint="Write [[queries]] above each",
            )
        for index, table in enumerate(tables):
            query = _query(document, table, (*path, index))
            place = document.place(*path, index)
            found[query.name] = Origin(f"queries.{query.name}", query, safe(query.query), place)
    return found


def _query(document: Document, table: Any, path: tuple[Step, ...]) -> OwnQuery:
    fields = _table(document, table, *path)
    for name in fields:
        if name not in _QUERY_KEYS:
            raise _unknown(document, (*path, name), set(_QUERY_KEYS))
    for name in ("name", "query"):
        if not fields.get(name):
            raise UsageError(f"{document.place(*path)}: {_dotted(path)} needs a {name}")
    for name, value in fields.items():
        try:
            text(value)
        except ValueError as error:
            where = (*path, name)
            raise UsageError(
                f"{document.place(*where)}: {_dotted(where)} must be {error}"
            ) from None
    return OwnQuery(**fields)


def _manifests(document: Document, sections: tuple[str, ...]) -> dict[str, Origin]:
    """Return what `manifests` takes, by flag; which there are is checked where they are used."""
    found: dict[str, Origin] = {}
    for path in _places(document, sections, MANIFESTS):
        table = _table(document, _look(document, path), *path)
        for name, value in table.items():
            if not isinstance(value, str | int | float):
                where = (*path, name)
                raise UsageError(
                    f"{document.place(*where)}: {_dotted(where)} must be a text or a number"
                )
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            origin = Origin(f"manifests.{name}", shown, safe(shown), document.place(*path, name))
            found[name] = origin
    return found


_BY_WORD: Final = {one.word: one.id for one in COMMANDS if one.word}


def remapped(document: Document) -> dict[str, tuple[str, ...]]:
    """Return the keys that the file gives to commands, as Textual names them.

    Raises:
        UsageError: A command or key is unknown, or a key would mean two things.
    """
    table = _table(document, document.content.get(KEYS, {}), KEYS)
    found: dict[str, tuple[str, ...]] = {}
    named_so: dict[str, str] = {}
    for word, value in table.items():
        where = f"{document.place(KEYS, word)}: keys.{word}"
        id_ = _BY_WORD.get(word, word)
        named_so[id_] = word
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise UsageError(f"{where} must be a key or a list of keys")
        named = [key_named(key) for key in keys]
        for key, name in zip(keys, named, strict=True):
            if name is None:
                raise UsageError(
                    f"{where}: {safe(key)} is not a key",
                    hint="Write x, X, /, Esc, Tab, PgDn, Home, F5 or Ctrl-X",
                )
        found[id_] = tuple(name for name in named if name)
    try:
        Keymap(found)
    except UsageError as error:
        culprit = next((id_ for id_ in found if id_ in error.text.split()), None)
        place = document.place(KEYS, *([named_so[culprit]] if culprit else []))
        raise UsageError(f"{place}: {error.text}", hint=error.hint) from None
    return found
