"""Why a rollout stands as it does: as a panel to read, as text and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from amas_tui.actions.verb import Verb
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.headline import Headline, headline_of
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.text import EMPTY, Line, Span, Tone, fit, pad, plain, width, wrap
from amas_tui.why.case import Case
from amas_tui.why.diagnosis import UNKNOWN, diagnose
from amas_tui.why.finding import Evidence, Found, Severity
from amas_tui.words import age

_TONE = {
    Severity.TROUBLE: Tone.BAD,
    Severity.HUMAN: Tone.WARN,
    Severity.NOTICE: Tone.WARN,
    Severity.COURSE: Tone.BUSY,
}
_WHERE_CELLS = 24


def why_lines(scene: Scene, now: datetime, cells: int) -> tuple[Line, ...]:
    """Return the panel: the sentence, what comes next, the evidence, other causes, the facts."""
    case = Case(scene, now)
    diagnosis = diagnose(scene, now)
    said = headline_of(case, diagnosis)
    head = diagnosis.head
    is_unknown = any(one.cause is UNKNOWN for one in diagnosis.found)
    lines: list[Line] = [*_sentence(said, head, cells, is_unknown=is_unknown)]
    if said.following:
        lines += wrap((Span(f"  {_whole(said.following)}"),), cells, limit=3, indent=2)
    lines += _since_lines(head, now, cells)
    if head is not None:
        lines += _evidence_lines(head, now, cells)
    others = [one for one in diagnosis.found if one is not head]
    if others:
        lines += [EMPTY, (Span("Also", Tone.STRONG),)]
        for one in others:
            lines += _other_lines(one, now, cells)
    lines += [EMPTY, (Span("Known", Tone.STRONG),), *_table(diagnosis.facts, now, cells)]
    return tuple(lines)


def _whole(following: str) -> str:
    """Return what comes next as a sentence of its own: no key follows its colon here."""
    return f"{following[:-1]}." if following.endswith(":") else following


def _sentence(
    said: Headline, head: Found | None, cells: int, *, is_unknown: bool
) -> tuple[Line, ...]:
    state = said.state
    tone = state.tone if head is None else _TONE[head.cause.severity]
    spans = (Span(f"{state.glyph} ", state.tone), Span(said.sentence, tone))
    lines = wrap(spans, cells, limit=6, indent=2)
    if head is not None or is_unknown:
        return lines
    return (*lines, (Span("  Nothing keeps it.", Tone.DIM),))


def _since_lines(head: Found | None, now: datetime, cells: int) -> Iterator[Line]:
    if head is None:
        return
    since = head.finding.since
    if since is not None:
        at = since.astimezone(now.tzinfo)
        spans = (
            Span("  since ", Tone.DIM),
            Span(f"{at:%H:%M:%S}"),
            Span(f", {age(since, now)} ago", Tone.DIM),
        )
        yield from wrap(spans, cells, limit=2, indent=8)
    if head.finding.run:
        spans_ = (Span("  shell ", Tone.DIM), Span(head.finding.run, Tone.KEY))
        yield from wrap(spans_, cells, limit=4, indent=8)


def _evidence_lines(found: Found, now: datetime, cells: int) -> Iterator[Line]:
    if found.finding.evidence:
        yield EMPTY
        yield (Span("Evidence", Tone.STRONG),)
        yield from _table(found.finding.evidence, now, cells)


def _other_lines(found: Found, now: datetime, cells: int) -> Iterator[Line]:
    finding = found.finding
    is_dated = finding.since is not None and not finding.is_whole
    since = f", {age(finding.since, now)}" if is_dated else ""
    tone = _TONE[found.cause.severity]
    spans = (Span("• ", tone), Span(finding.sentence), Span(since, Tone.DIM))
    yield from wrap(spans, cells, limit=3, indent=2)
    if finding.following:
        yield from wrap((Span(f"  {finding.following}", Tone.DIM),), cells, limit=2, indent=2)


def _table(evidence: Sequence[Evidence], now: datetime, cells: int) -> Iterator[Line]:
    """Yield one fact a line: object once, field, value, age; a long value goes on below."""
    last = ""
    for one in evidence:
        if one.thing != last:
            yield fit((Span(f"  {one.thing}", Tone.DIM),), cells)
            last = one.thing
        old = age(one.since, now)
        where = pad(one.where, _WHERE_CELLS) if width(one.where) < _WHERE_CELLS else one.where
        spans = (
            Span(f"    {where}  ", Tone.DIM),
            Span(one.value),
            Span(f"  {old}" if old else "", Tone.DIM),
        )
        yield from wrap(spans, cells, limit=4, indent=6)


def helping(scene: Scene, now: datetime) -> tuple[tuple[Verb, ...], str]:
    """Return the verbs that help, and the command that shows more, of what is said first."""
    first = diagnose(scene, now).first
    return (first.finding.verbs, first.finding.look) if first else ((), "")


def why_text(scene: Scene, now: datetime, cells: int) -> str:
    """Return the panel as plain text, for a pipe or a terminal without a screen."""
    return "\n".join(plain(line).rstrip() for line in why_lines(scene, now, cells)) + "\n"


def why_json(scene: Scene, now: datetime) -> dict[str, Any]:
    """Return the diagnosis as JSON: `cause` is null where the rollout is well or on its way."""
    case = Case(scene, now)
    diagnosis = diagnose(scene, now)
    said = headline_of(case, diagnosis)
    cause = diagnosis.cause
    return {
        "apiVersion": API_VERSION,
        "kind": "RolloutWhy",
        "name": scene.rollout.key.name,
        "namespace": scene.rollout.key.namespace,
        "state": said.state.word,
        "sentence": said.sentence,
        "following": _whole(said.following),
        "cause": _found_json(cause) if cause else None,
        "others": [_found_json(one) for one in diagnosis.found if one is not cause],
        "facts": [_evidence_json(one) for one in diagnosis.facts],
    }


def _found_json(found: Found) -> dict[str, Any]:
    finding = found.finding
    return {
        "id": found.cause.id,
        "severity": found.cause.severity.name.lower(),
        "sentence": finding.sentence,
        "following": _whole(finding.following),
        "since": _stamp(finding.since),
        "evidence": [_evidence_json(one) for one in finding.evidence],
        "verbs": [str(verb) for verb in finding.verbs],
        "command": finding.run or None,
        "remedy": found.cause.remedy,
    }


def _evidence_json(one: Evidence) -> dict[str, Any]:
    return {
        "object": one.thing,
        "field": one.where,
        "value": one.value,
        "since": _stamp(one.since),
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
