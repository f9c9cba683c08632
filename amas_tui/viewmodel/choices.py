"""What a verb can be asked of, a line each: revisions, analyses, experiments."""

from datetime import datetime

from amas_tui.actions.children import (
    child_of,
    ended_experiments,
    running_experiments,
    running_runs,
)
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Choice, Target, Verb
from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.workload import Experiment, ReplicaSet
from amas_tui.rules.images import version
from amas_tui.rules.roles import roles
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.text import Line, Span, Tone, merge, pad
from amas_tui.words import age

Rows = tuple[tuple[Choice, Line], ...]


def choice_title(verb: Verb, name: str) -> str:
    """Return the question that a choice answers."""
    match verb:
        case Verb.UNDO:
            return f"undo {name}: go back to which revision?"
        case _:
            return f"{verb} of {name}: which one?"


def choice_rows(verb: Verb, scene: Scene, now: datetime) -> Rows:
    """Return what a verb can be asked of, each with its line."""
    match verb:
        case Verb.UNDO:
            return target_rows(scene, now)
        case Verb.TERMINATE_RUN:
            return tuple((child_of(run), _child_line(run, now)) for run in running_runs(scene))
        case Verb.TERMINATE_EXPERIMENT:
            found = running_experiments(scene)
            return tuple((child_of(one), _child_line(one, now)) for one in found)
        case Verb.RETRY_EXPERIMENT:
            found = ended_experiments(scene)
            return tuple((child_of(one), _child_line(one, now)) for one in found)
        case _:
            return ()


def target_rows(scene: Scene, now: datetime) -> tuple[tuple[Target, Line], ...]:
    """Return the revisions that can be gone back to, newest first, each with its line."""
    return tuple(
        (Target(rs.revision, rs.hash, rs.metadata.name), _target_line(scene, rs, now))
        for rs in undo_sets(scene)
    )


def _target_line(scene: Scene, rs: ReplicaSet, now: datetime) -> Line:
    tags = ", ".join(role.value for role in roles(scene.rollout, rs.hash))
    born = age(rs.metadata.creation_timestamp, now)
    return merge(
        (
            Span(f"revision {rs.revision:<4}", Tone.STRONG),
            Span(pad(version(rs.spec.template.spec.containers), 28)),
            Span(pad(f"{born} old", 12), Tone.DIM),
            Span(tags, Tone.STABLE),
        )
    )


def _child_line(one: AnalysisRun | Experiment, now: datetime) -> Line:
    born = age(one.metadata.creation_timestamp, now)
    return merge(
        (
            Span(pad(one.metadata.name, 44), Tone.STRONG),
            Span(pad(one.status.phase or "not begun", 14)),
            Span(f"{born} old", Tone.DIM),
        )
    )
