"""A preview in lines: consequence, numbers, warnings, the write itself, or the refusal."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from difflib import unified_diff
from hashlib import blake2s
from typing import Any

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.progress import Ending, Progress, Stage
from amas_tui.actions.verb import Verb
from amas_tui.actions.write import Write
from amas_tui.safe import safe, safe_lines
from amas_tui.viewmodel.text import Line, Span, Tone, merge, wrap

_MAX_VALUE = 60
_MAX_DIFF = 400


def preview_lines(
    verb: Verb,
    consequence: Consequence,
    writes: Iterable[Write],
    refusal: str,
    hint: str,
    width: int,
) -> tuple[Line, ...]:
    """Return what a verb will do, or why it cannot be done."""
    lines: list[Line] = []
    if refusal:
        lines += wrap((Span("✖ ", Tone.BAD), Span(f"cannot {verb}: {refusal}")), width, limit=4)
        if hint:
            lines += wrap((Span(f"  {hint}", Tone.DIM),), width, limit=2, indent=2)
        return tuple(lines)
    for number, sentence in enumerate(consequence.sentences):
        tone = Tone.STRONG if number == 0 else Tone.NORMAL
        lines += wrap((Span(sentence, tone),), width, limit=3, indent=2)
    for what, before, after in consequence.numbers:
        lines.append((Span(f"{what}: "), Span(before), Span(" → "), Span(after, Tone.STRONG)))
    for warning in consequence.warnings:
        lines += wrap((Span("⚠ ", Tone.WARN), Span(warning, Tone.WARN)), width, limit=3, indent=2)
    lines.append(())
    for write in writes:
        lines += write_lines(write, width)
    return tuple(lines)


def write_lines(write: Write, width: int) -> Iterator[Line]:
    """Yield a write as it is sent: the object, what changes, and what it is held to."""
    yield (Span(f"PATCH {write.target}", Tone.DIM),)
    for operation in write.changes:
        value = "" if operation.op == "remove" else f" = {_short(operation.value)}"
        yield from wrap(
            (Span(f"  {operation.op} {operation.path}{value}", Tone.DIM),), width, limit=1
        )
    guards = [operation.path.rpartition("/")[2] for operation in write.operations]
    held = [name for name, op in zip(guards, write.operations, strict=True) if op.op == "test"]
    yield from wrap(
        (Span(f"  only while unchanged: {', '.join(held)}", Tone.DIM),), width, limit=2, indent=4
    )


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "the pod template below"
    text = safe(json.dumps(value))
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"


def diff_lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return how a pod template changes: images and configuration first, then the whole.

    Values of variables that are named like secrets are masked.
    """
    before, after = masked(before), masked(after)
    lines: list[Line] = []
    for path, old, new in map(_shortened, _notable(before, after)):
        lines.append(
            merge(
                (
                    Span(f"{path}: "),
                    Span(safe(old) or "none", Tone.BAD),
                    Span(" → "),
                    Span(safe(new) or "none", Tone.GOOD),
                )
            )
        )
    if names := ", ".join(dict.fromkeys(_configuration(after))):
        text = f"by name alone, with what they hold today: {names}"
        lines.append((Span(safe(text), Tone.DIM),))
    whole = list(unified_diff(_flat(before), _flat(after), "now", "then", lineterm="", n=2))
    if not whole:
        return ((Span("the pod template is the same", Tone.DIM),),)
    if lines:
        lines.append(())
    for text in whole[2:_MAX_DIFF]:
        tone = Tone.GOOD if text.startswith("+") else Tone.BAD if text.startswith("-") else Tone.DIM
        lines.append((Span(safe(text), tone),))
    if len(whole) > _MAX_DIFF:
        lines.append((Span(f"… and {len(whole) - _MAX_DIFF} lines more", Tone.DIM),))
    return tuple(lines)


_SECRET = re.compile(r"pass|secret|token|credential|api_?key|private", re.IGNORECASE)


def masked(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod template with the plain values of secret-like variables masked.

    Equal values stay equal and different ones different, so that a change still shows.
    """
    copy: dict[str, Any] = deepcopy(dict(template))
    spec = copy.get("spec") or {}
    for section in ("containers", "initContainers"):
        for container in spec.get(section) or ():
            for variable in container.get("env") or ():
                if variable.get("value") and _SECRET.search(str(variable.get("name", ""))):
                    digest = blake2s(str(variable["value"]).encode(), digest_size=3).hexdigest()
                    variable["value"] = f"•••• ({digest})"
    return copy


def _flat(template: Mapping[str, Any]) -> list[str]:
    """Return a template as lines of YAML in a fixed order, which diff well."""
    import yaml  # noqa: PLC0415 - for a difference alone, not for the first frame

    text = yaml.safe_dump(dict(template), sort_keys=True, allow_unicode=True, width=10_000)
    return safe_lines(text).splitlines()


def _notable(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield images, environment and mounted configuration that differ."""
    old, new = dict(_facts(before)), dict(_facts(after))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            yield path, old.get(path, ""), new.get(path, "")


def _shortened(change: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return an image that only changes its tag by its tag alone."""
    path, old, new = change
    before, after = old.rpartition(":"), new.rpartition(":")
    if path.startswith("image of ") and before[0] and before[0] == after[0]:
        return path, before[2], after[2]
    return change


def _configuration(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ConfigMaps and Secrets that a pod template names: a revision keeps no content."""
    spec = template.get("spec") or {}
    for volume in spec.get("volumes") or ():
        for kind, key in (("configMap", "name"), ("secret", "secretName")):
            if isinstance(volume.get(kind), Mapping):
                yield f"{kind} {volume[kind].get(key, '')}"
    for section in ("containers", "initContainers"):
        for container in spec.get(section) or ():
            sources = [variable.get("valueFrom") for variable in container.get("env") or ()]
            for source in (*sources, *(container.get("envFrom") or ())):
                if isinstance(source, Mapping):
                    yield from _named(source)


def _named(source: Mapping[str, Any]) -> Iterator[str]:
    kinds = {
        "configMapKeyRef": "configMap",
        "configMapRef": "configMap",
        "secretKeyRef": "secret",
        "secretRef": "secret",
    }
    for key, kind in kinds.items():
        if isinstance(source.get(key), Mapping):
            yield f"{kind} {source[key].get('name', '')}"


def _facts(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    spec = template.get("spec") or {}
    for section in ("containers", "initContainers"):
        for container in spec.get(section) or ():
            name = container.get("name", "?")
            yield f"image of {name}", str(container.get("image", ""))
            for variable in container.get("env") or ():
                yield f"{name} env {variable.get('name')}", _env(variable)
    for volume in spec.get("volumes") or ():
        for kind, key in (("configMap", "name"), ("secret", "secretName")):
            if isinstance(volume.get(kind), Mapping):
                yield f"volume {volume.get('name')}", f"{kind} {volume[kind].get(key, '')}"


def _env(variable: Mapping[str, Any]) -> str:
    source = variable.get("valueFrom")
    if isinstance(source, Mapping):
        return ", ".join(f"{kind} {_reference(value)}" for kind, value in source.items())
    return str(variable.get("value", ""))


def _reference(value: Any) -> str:
    if isinstance(value, Mapping):
        return "/".join(str(value[key]) for key in ("name", "key", "fieldPath") if key in value)
    return ""


ENDING_TONE = {
    Ending.WAITING: Tone.BUSY,
    Ending.DONE: Tone.GOOD,
    Ending.DIFFERENT: Tone.WARN,
    Ending.REFUSED: Tone.BAD,
    Ending.REVERTED: Tone.BAD,
    Ending.NO_EFFECT: Tone.BAD,
    Ending.INCOMPLETE: Tone.WARN,
    Ending.VANISHED: Tone.WARN,
    Ending.UNKNOWN: Tone.WARN,
    Ending.NOT_ARRIVED: Tone.BAD,
}
ENDING_SIGN = {
    Ending.WAITING: "◌",
    Ending.DONE: "✔",
    Ending.DIFFERENT: "⚠",
    Ending.REFUSED: "✖",
    Ending.REVERTED: "✖",
    Ending.NO_EFFECT: "✖",
    Ending.INCOMPLETE: "⚠",
    Ending.VANISHED: "?",
    Ending.UNKNOWN: "?",
    Ending.NOT_ARRIVED: "✖",
}


def outcome_lines(verb: str, progress: Progress, took: str, width: int) -> tuple[Line, ...]:
    """Return where a write stands, with each stage and whether it was seen.

    Of a controller that did not react there is no stage to tell.
    """
    tone = ENDING_TONE[progress.ending]
    spans = [
        Span(f" {ENDING_SIGN[progress.ending]} {verb}: {progress.ending.value}", tone),
        Span(f" ({took})", Tone.DIM),
    ]
    if progress.remark:
        spans.append(Span(f": {progress.remark}"))
    is_open = progress.ending in (Ending.WAITING, Ending.UNKNOWN)
    for stage in () if progress.ending is Ending.NO_EFFECT else progress.stages:
        spans.append(Span(" · ", Tone.DIM))
        spans.append(_stage(stage, is_open=is_open))
    return wrap(spans, width, limit=2, indent=3)


def _stage(stage: Stage, *, is_open: bool) -> Span:
    if stage.is_reached is None:
        return Span(f"{stage.text} (not looked at)", Tone.DIM)
    if stage.is_reached:
        return Span(f"{stage.text} ✔", Tone.GOOD)
    # Without a sign "controller saw it" reads as if it had.
    return Span(f"{stage.text} ◌", Tone.BUSY) if is_open else Span(f"{stage.text} ✖", Tone.BAD)
