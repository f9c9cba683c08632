"""AnalysisTemplates: finding them, joining them, and giving them their arguments.

Source: utils/analysis/helpers.go, utils/analysis/factory.go, rollout/analysis.go.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from amas_tui.demo.controller.objects import name_of, namespace_of
from amas_tui.demo.copies import copied
from amas_tui.demo.resources import ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES
from amas_tui.demo.store import Json, Store

_TAG: Final = re.compile(r"\{\{(.*?)\}\}")
_KEYED: Final = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")
_SECTIONS: Final = re.compile(r"[.\[\]]+")


class TemplateError(Exception):
    """Templates that cannot become a run, in the controller's words."""


class MissingTemplateError(Exception):
    """A template that is not there; `name` is which."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} '{name}' not found")
        self.name = name


def find(store: Store, namespace: str, references: Iterable[Json]) -> list[Json]:
    """Return the templates with those that they refer to, each once, the namespace's own first.

    Raises:
        MissingTemplateError: One is not there.
    """
    found = list(_walk(store, namespace, references))
    once = {(each["kind"], name_of(each)): each for each in found}
    return sorted(once.values(), key=lambda each: each["kind"] != ANALYSIS_TEMPLATES.kind)


def _walk(store: Store, namespace: str, references: Iterable[Json]) -> Iterable[Json]:
    for reference in references:
        name = reference.get("templateName", "")
        is_cluster = reference.get("clusterScope", False)
        kind = CLUSTER_ANALYSIS_TEMPLATES if is_cluster else ANALYSIS_TEMPLATES
        template = store.find(kind, namespace, name)
        if template is None:
            raise MissingTemplateError(kind.kind, name)
        yield template
        yield from _walk(store, namespace, template["spec"].get("templates") or ())


def run_spec(templates: Iterable[Json], args: list[Json], analysis: Json) -> Json:
    """Return the spec of a run of these templates.

    Raises:
        TemplateError: Names clash, or an argument has no value.
    """
    specs = [each["spec"] for each in templates]
    made = {
        "metrics": _unique(specs, "metrics", "name", "two metrics have the same name '{}'"),
        "args": merged_args(args, _joined_args(specs)),
        "dryRun": _rules(analysis, specs, "dryRun", "Dry-Run"),
        "measurementRetention": _rules(
            analysis, specs, "measurementRetention", "Measurement Retention"
        ),
    }
    return {key: copied(value) for key, value in made.items() if value or key == "metrics"}


def _rules(analysis: Json, specs: list[Json], field: str, title: str) -> list[Json]:
    text = f"two {title} metric rules have the same name '{{}}'"
    return _unique([analysis, *specs], field, "metricName", text)


def _unique(specs: list[Json], field: str, key: str, text: str) -> list[Json]:
    found = [each for spec in specs for each in spec.get(field) or ()]
    names = [each.get(key) for each in found]
    for name in names:
        if names.count(name) > 1:
            raise TemplateError(text.format(name))
    return found


def _joined_args(specs: list[Json]) -> list[Json]:
    """Source: helpers.go:flattenArgs."""
    joined: dict[str, Json] = {}
    for arg in (arg for spec in specs for arg in spec.get("args") or ()):
        name, known = arg["name"], joined.get(arg["name"], {})
        was, now = known.get("value"), arg.get("value")
        if was is not None and now is not None and was != now:
            values = f"'{was}', '{now}'"
            text = f"Argument `{name}` specified multiple times with different values: {values}"
            raise TemplateError(text)
        if was is None:
            joined[name] = arg
    return list(joined.values())


def merged_args(incoming: list[Json], wanted: list[Json]) -> list[Json]:
    """Return the templates' arguments with the values given for them.

    Raises:
        TemplateError: One has no value. Source: helpers.go:MergeArgs.
    """
    given = {each["name"]: each for each in incoming}
    made = []
    for arg in wanted:
        value = given.get(arg["name"], {})
        extra = {key: value[key] for key in ("value", "valueFrom") if value.get(key) is not None}
        made.append({**arg, **extra})
    for arg in made:
        if arg.get("value") is None and arg.get("valueFrom") is None:
            raise TemplateError(f"args.{arg['name']} was not resolved")
    return made


def built_args(args: Iterable[Json], stable_hash: str, new_hash: str, rollout: Json) -> list[Json]:
    """Return the values that a Rollout gives. Source: BuildArgumentsForRolloutAnalysisRun.

    Raises:
        TemplateError: A field of the Rollout is not there.
    """
    hashes = {"Latest": new_hash, "Stable": stable_hash}

    def value(arg: Json) -> str:
        origin = arg.get("valueFrom") or {}
        if "podTemplateHashValue" in origin:
            return hashes.get(origin["podTemplateHashValue"], "")
        if "fieldRef" in origin:
            return field_of(rollout, origin["fieldRef"]["fieldPath"])
        return str(arg.get("value", ""))

    return [{"name": arg["name"], "value": value(arg)} for arg in args]


def field_of(rollout: Json, path: str) -> str:
    """Return a field of the Rollout as text.

    Raises:
        TemplateError: There is none, or it is not a plain value.
    """
    if keyed := _KEYED.fullmatch(path):
        group, key = keyed.groups()
        return str((rollout["metadata"].get(group) or {}).get(key, ""))
    found: Any = rollout
    for section in filter(None, _SECTIONS.split(path)):
        found = _step_into(found, section, path)
    if found is None:
        raise TemplateError(f"invalid path {path} in rollout")
    if isinstance(found, dict | list):
        raise TemplateError(f"path {path} in rollout must terminate in a primitive value")
    return str(found).lower() if isinstance(found, bool) else str(found)


def _step_into(found: Any, section: str, path: str) -> Any:
    if isinstance(found, dict):
        return found.get(section)
    if not isinstance(found, list):
        raise TemplateError(f"invalid path {path} in rollout")
    if not section.isdecimal():
        raise TemplateError(f"invalid index '{section}'")
    if int(section) >= len(found):
        raise TemplateError(f"index {section} out of range")
    return found[int(section)]


def unresolved(text: str, args: Iterable[Json]) -> str:
    """Return the first `{{...}}` without a value, empty where there is none."""
    known = {f"args.{arg['name']}" for arg in args}
    tags = (tag for tag in _TAG.findall(text) if tag.strip() not in known)
    return next(tags, "")


def run_metadata(rollout: Json, selector: Json, analysis: Json, labels: dict[str, str]) -> Json:
    """Return labels and annotations of a run, those that the Rollout adds included."""
    extra = analysis.get("analysisRunMetadata") or {}
    return {
        "namespace": namespace_of(rollout),
        "labels": labels | (extra.get("labels") or {}) | (selector.get("matchLabels") or {}),
        "annotations": dict(extra.get("annotations") or {}),
    }
