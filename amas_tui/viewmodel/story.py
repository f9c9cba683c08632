"""A cluster's story, an event a line: what happened to which rollout, with value and limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.rules.analysis import metric_states
from amas_tui.rules.images import version
from amas_tui.rules.pods import is_ready, pod_state
from amas_tui.rules.weight import max_weight, new_share, weight_at
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene, scene
from amas_tui.store.snapshot import Snapshot
from amas_tui.viewmodel.headline import headline
from amas_tui.viewmodel.state import Standing
from amas_tui.viewmodel.text import clip
from amas_tui.words import age, metric_words


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    at: datetime
    key: Key
    text: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What has been told of a rollout.

    Attributes:
        ended: Names of the analysis runs that are over.
        unmeasured: Why its metrics cannot be measured, empty while they can.
        trouble: What keeps its pods from being ready, empty when nothing does.
    """

    pod_hash: str
    tag: str
    revision: int
    share: float | None
    standing: Standing
    ended: frozenset[str]
    unmeasured: str
    trouble: str


_TOLD: Final = frozenset(
    {
        Standing.INVALID,
        Standing.HALTED,
        Standing.ABORTED,
        Standing.TIMED_OUT,
        Standing.DEGRADED,
        Standing.INCONCLUSIVE,
        Standing.WAITING,
        Standing.HELD,
        Standing.SILENT,
        Standing.HEALTHY,
    }
)
"""The states that are worth a line; what lies between is told by its weights and gates."""

_NEEDED: Final = (Kind.REPLICA_SETS, Kind.PODS, Kind.ANALYSIS_RUNS)

_LONGEST: Final = 240
"""Cells of a sentence; a registry's complaint is longer."""

_CAUSES: Final = frozenset({Standing.HALTED, Standing.ABORTED})
"""The states that move the traffic: they are told before it."""

_EARLY: Final = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Running"})
"""What every pod goes through on its way to being ready."""


class Story:
    """Compares each picture with what it has told before."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def after(self, snapshot: Snapshot, now: datetime) -> tuple[Event, ...]:
        """Return what is new in a picture, per rollout in the order of cause and effect."""
        found: list[Event] = []
        for uid in snapshot.rollouts:
            here = scene(snapshot, uid)
            if here is None or not _is_whole(here):
                continue
            known, before = _seen(here, now), self._known.get(uid)
            self._known[uid] = known
            if before is not None:
                texts = _news(here, before, known, now)
                found += [Event(now, here.rollout.key, text) for text in texts]
        return tuple(found)


def _is_whole(here: Scene) -> bool:
    """Return whether all is there that belongs together; what is not, is a moment later."""
    own = here.current
    is_numbered = own is not None and own.revision >= here.rollout.revision
    return is_numbered and all(here.is_known(kind) for kind in _NEEDED)


def _seen(here: Scene, now: datetime) -> _Known:
    rollout = here.rollout
    own = here.current
    return _Known(
        # A version counts from when its ReplicaSet is there, which tells what it is.
        pod_hash=own.hash if own else "",
        tag=version(own.spec.template.spec.containers) if own else "",
        revision=own.revision if own else 0,
        share=new_share(rollout, here.replica_sets),
        standing=headline(here, now).state.standing,
        ended=frozenset(run.metadata.name for run in here.runs if run.phase.is_final),
        unmeasured=_unmeasured(here),
        trouble=_trouble(here),
    )


def _news(here: Scene, before: _Known, known: _Known, now: datetime) -> Iterator[str]:
    if known.pod_hash and known.pod_hash != before.pod_hash:
        from_ = f"{before.tag} → " if before.tag else ""
        yield f"{from_}{known.tag} (revision {known.revision})"
    is_new = known.standing is not before.standing or known.pod_hash != before.pod_hash
    if is_new and known.standing in _CAUSES:
        yield _state(here, now)
    if known.trouble and known.trouble != before.trouble:
        yield f"pods of {known.tag}: {known.trouble}"
    if known.share != before.share:
        yield from _traffic(here, known)
    if known.unmeasured != before.unmeasured:
        yield known.unmeasured or "the analysis measures again"
    for run in here.runs:
        if run.metadata.name in known.ended - before.ended and _has_passed(run):
            yield f"gate{_at(here.rollout, run)} passed: {_measured(run)}"
    if is_new and known.standing in _TOLD - _CAUSES:
        yield _state(here, now)


def _traffic(here: Scene, known: _Known) -> Iterator[str]:
    is_halted = here.rollout.status.abort
    if known.share and not is_halted:
        yield f"{known.share:.0f} % of the traffic to {known.tag}"
    elif known.share == 0 and is_halted and here.stable is not None:
        yield f"all traffic is back on {version(here.stable.spec.template.spec.containers)}"


def _has_passed(run: AnalysisRun) -> bool:
    return run.phase is AnalysisPhase.SUCCESSFUL and not run.spec.terminate


def _at(rollout: Rollout, run: AnalysisRun) -> str:
    index = run.step_index
    if index is None or index >= len(rollout.steps):
        return ""
    return f" at {100 * weight_at(rollout, index) // max_weight(rollout)} %"


def _measured(run: AnalysisRun) -> str:
    return ", ".join(
        f"{metric_words(metric)} ({metric.measured} of {metric.wanted or '∞'})"
        for metric in metric_states(run)
    )


def _unmeasured(here: Scene) -> str:
    run = here.active_run
    for metric in metric_states(run) if run and not run.phase.is_final else ():
        if metric.result and metric.result.consecutive_error:
            said = metric.result.message or _said(metric.result.measurements)
            return f"{metric.name} cannot be measured{f': {said}' if said else ''}"
    return ""


def _said(measurements: tuple[object, ...]) -> str:
    return str(getattr(measurements[-1], "message", "")) if measurements else ""


def _trouble(here: Scene) -> str:
    for pod in here.pods_of(here.current):
        word = pod_state(pod).status
        if not is_ready(pod) and word not in _EARLY and word != "Terminating":
            return word
    return ""


def _state(here: Scene, now: datetime) -> str:
    """Return the state in a sentence, without the age that it does not have yet."""
    head = headline(here, now)
    since = age(head.state.since, now)
    sentence = head.sentence.replace(f" since {since}", "").replace(f" {since} ago", "")
    return clip(sentence, _LONGEST)
