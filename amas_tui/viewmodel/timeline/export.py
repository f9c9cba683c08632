"""The story as a document for the postmortem, in Markdown or JSON.

It holds no query and no argument: a query's resolved text may hold a secret.
"""

from datetime import UTC, datetime
from typing import Any, Final

from amas_tui.rules.images import version
from amas_tui.rules.phase import rollout_verdict
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.timeline.lines import rollback_words
from amas_tui.viewmodel.timeline.moments import Moment, moments
from amas_tui.viewmodel.timeline.rollbacks import RollbackEvent, rollbacks

API_VERSION: Final = "amas-tui/v1"


def to_json(scene: Scene, context: str, now: datetime) -> dict[str, Any]:
    """Return the story as JSON, `kind: RolloutTimeline`; times are RFC 3339 in UTC."""
    story = moments(scene)
    rollout = scene.rollout
    verdict = rollout_verdict(rollout)
    return {
        "apiVersion": API_VERSION,
        "kind": "RolloutTimeline",
        "name": rollout.key.name,
        "namespace": rollout.key.namespace,
        "context": context,
        "at": _stamp(now),
        "phase": verdict.phase.value,
        "message": verdict.message,
        "revisions": [
            {"revision": rs.revision, "images": version(rs.spec.template.spec.containers)}
            for rs in scene.replica_sets
        ],
        "moments": [_moment(one) for one in story],
        "rollbackEvents": [_rollback(one) for one in rollbacks(story)],
    }


def _moment(one: Moment) -> dict[str, Any]:
    return {
        "at": _stamp(one.at),
        "sort": one.sort.value,
        "text": one.text,
        "source": one.source,
        "isBad": one.is_bad,
    }


def _rollback(one: RollbackEvent) -> dict[str, Any]:
    return {
        "at": _stamp(one.at),
        "revision": one.revision,
        "cause": one.cause,
        "by": one.by,
        "exposedSeconds": one.exposed.total_seconds() if one.exposed is not None else None,
        "tookSeconds": one.took.total_seconds() if one.took is not None else None,
    }


def to_markdown(scene: Scene, context: str, now: datetime) -> str:
    """Return the story as Markdown; times are UTC."""
    story = moments(scene)
    rollout = scene.rollout
    verdict = rollout_verdict(rollout)
    said = f"{verdict.phase}: {verdict.message}" if verdict.message else str(verdict.phase)
    lines = [
        f"# {_escape(rollout.key.name)}: timeline",
        "",
        f"- Where: {_escape(context)} › {_escape(rollout.key.namespace)}",
        f"- As of: {_stamp(now)}",
        f"- State: {_escape(said)}",
        "",
        "## Rollback events",
        "",
    ]
    events = rollbacks(story)
    lines += [f"- {_stamp(one.at)} {_escape(rollback_words(one))}" for one in events]
    lines += [] if events else ["None."]
    lines += ["", "## What happened", "", "| Time (UTC) | What | Told by |", "| --- | --- | --- |"]
    for one in story:
        text = f"**{_escape(one.text)}**" if one.is_bad else _escape(one.text)
        lines.append(f"| {_stamp(one.at)} | {text} | {one.source} |")
    return "\n".join(lines) + "\n"


_SPECIAL: Final = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#"})


def _escape(text: str) -> str:
    """Return foreign text that stays text in Markdown."""
    return text.translate(_SPECIAL)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
