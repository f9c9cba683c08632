"""Arguments of an analysis: resolved as the controller does when it makes a run.

A value from a Secret is never read; it stays unresolved and is named.
Source: utils/analysis/factory.go:BuildArgumentsForRolloutAnalysisRun, utils/template/template.go.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from amas_tui.domain.analysis import TemplateArgument
from amas_tui.domain.rollout import Argument

_TOKEN = re.compile(r"\{\{\s*args\.([A-Za-z0-9_.-]+)\s*\}\}")
_FIELD = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")
LATEST: Final = "Latest"
STABLE: Final = "Stable"


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with every `{{args.NAME}}` of a known name replaced; others stay."""
    if "{{" not in text:
        return text
    return _TOKEN.sub(lambda match: values.get(match[1], match[0]), text)


def unresolved(text: str) -> tuple[str, ...]:
    """Return the names of the arguments that are still open in `text`, each once."""
    return tuple(dict.fromkeys(_TOKEN.findall(text)))


@dataclass(frozen=True, slots=True)
class Arguments:
    """What is known of a template's arguments.

    Attributes:
        values: Name to text.
        secret: Names whose value comes from a Secret and is never read.
        missing: Names that nothing gives a value to: the controller calls that InvalidSpec.
    """

    values: Mapping[str, str]
    secret: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def resolve(
    declared: Iterable[TemplateArgument],
    given: Iterable[Argument],
    *,
    latest: str,
    stable: str,
    fields: Mapping[str, str] | None = None,
) -> Arguments:
    """Return the arguments of a template that a Rollout's analysis names.

    Args:
        declared: The template's own `args`; only these survive.
        given: The `args` of the Rollout's analysis, which win over defaults.
        latest: Hash that `podTemplateHashValue: Latest` stands for.
        stable: Hash that `podTemplateHashValue: Stable` stands for.
        fields: What each `fieldRef` path of the Rollout holds; without it they are missing.
    """
    outside = {argument.name: argument for argument in given}
    values: dict[str, str] = {}
    secret, missing = [], []
    for argument in declared:
        name = argument.name
        value = _given(outside.get(name), latest, stable, fields or {})
        if value is None:
            value = argument.value
        if value is not None:
            values[name] = value
        elif argument.value_from and argument.value_from.secret_key_ref:
            secret.append(name)
        else:
            missing.append(name)
    return Arguments(values, tuple(secret), tuple(missing))


def _given(
    argument: Argument | None, latest: str, stable: str, fields: Mapping[str, str]
) -> str | None:
    if argument is None:
        return None
    source = argument.value_from
    if source is None:
        return argument.value
    if source.pod_template_hash_value:
        return {LATEST: latest, STABLE: stable}.get(source.pod_template_hash_value)
    if source.field_ref is not None:
        return fields.get(source.field_ref.field_path)
    return argument.value


def field_paths(given: Iterable[Argument]) -> tuple[str, ...]:
    """Return the paths that arguments refer to, each once."""
    sources = (argument.value_from for argument in given)
    paths = (source.field_ref.field_path for source in sources if source and source.field_ref)
    return tuple(dict.fromkeys(paths))


def field_value(rollout: Mapping[str, Any], path: str) -> str | None:
    """Return the scalar at a field path such as `metadata.labels['env']`, `None` without one.

    Source: utils/analysis/factory.go, k8s.io/kubernetes/pkg/fieldpath.
    """
    value: Any = rollout
    for word, bracket in _FIELD.findall(path):
        step = word or bracket.strip("'\"")
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return None
    if isinstance(value, bool):
        return json.dumps(value)
    return str(value) if isinstance(value, str | int | float) else None
