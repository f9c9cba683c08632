"""The Rollout's AnalysisRuns: begun, ended, and what follows from their results.

What they measure is decided elsewhere. Source: rollout/analysis.go, utils/analysis/filter.go.
"""

from collections.abc import Iterable
from typing import Final

from amas_tui.demo.controller import pause, promotion, replicas, spec, steps, templates
from amas_tui.demo.controller.objects import (
    HASH_LABEL,
    REVISION,
    annotations_of,
    created_at,
    hash_of,
    is_controlled_by,
    labels_of,
    name_of,
    owner_reference,
    status_of,
)
from amas_tui.demo.controller.revisions import is_fully_promoted
from amas_tui.demo.controller.sync import Sync
from amas_tui.demo.resources import ANALYSIS_RUNS
from amas_tui.demo.store import Json

STEP: Final = "Step"
BACKGROUND: Final = "Background"
PRE: Final = "PrePromotion"
POST: Final = "PostPromotion"
FIELDS: Final = {
    POST: ("blueGreen", "postPromotionAnalysisRunStatus"),
    PRE: ("blueGreen", "prePromotionAnalysisRunStatus"),
    STEP: ("canary", "currentStepAnalysisRunStatus"),
    BACKGROUND: ("canary", "currentBackgroundAnalysisRunStatus"),
}
"""Where the status names the current run of a type; in the order of their events."""
_COMPLETED: Final = ("Successful", "Failed", "Error", "Inconclusive")
_CAUSES: Final = {
    STEP: "Step-based analysis phase error/failed",
    BACKGROUND: "Background analysis phase error/failed",
    PRE: "Blue/green pre-promotion analysis phase error/failed",
    POST: "Blue/green post-promotion analysis phase error/failed",
}


def phase_of(run: Json | None) -> str:
    """Return a run's phase, empty before its controller saw it."""
    return "" if run is None else str(status_of(run).get("phase", ""))


def recorded(rollout: Json, type_: str) -> Json | None:
    """Return what the status says of the current run of a type."""
    group, field = FIELDS[type_]
    known: Json | None = status_of(rollout).get(group, {}).get(field)
    return known


def split(rollout: Json, runs: Iterable[Json]) -> tuple[dict[str, Json], list[Json]]:
    """Return the current runs by type, and the others."""
    names = {type_: (recorded(rollout, type_) or {}).get("name") for type_ in FIELDS}
    by_name = {name_of(run): run for run in runs}
    current = {type_: by_name[name] for type_, name in names.items() if name in by_name}
    taken = {name_of(run) for run in current.values()}
    return current, [run for name, run in by_name.items() if name not in taken]


def reconcile(sync: Sync) -> None:
    """Begin what is due, end what is not, and act on results."""
    sync.runs = _current_runs(sync)
    for type_, run in sync.runs.items():
        group, field = FIELDS[type_]
        sync.status.setdefault(group, {})[field] = _as_status(run)
    taken = {name_of(run) for run in sync.runs.values()}
    sync.other_runs = [run for run in sync.other_runs if name_of(run) not in taken]
    cancel(sync, sync.other_runs)
    _delete_surplus(sync)
    _tell_changes(sync)


def _current_runs(sync: Sync) -> dict[str, Json]:
    if is_cancelled(sync):
        cancel(sync, sync.runs.values())
        return {type_: run for type_, run in sync.runs.items() if type_ in (PRE, POST)}
    if spec.canary_of(sync.rollout) is not None:
        made = {STEP: _step(sync), BACKGROUND: _background(sync)}
    else:
        made = {PRE: _promotion(sync, PRE), POST: _promotion(sync, POST)}
    return {type_: run for type_, run in made.items() if run is not None}


def is_cancelled(sync: Sync) -> bool:
    """Whether no analysis matters now. Source: analysis.go:reconcileAnalysisRuns."""
    is_first = not sync.before.get("stableRS")
    is_through = is_fully_promoted(sync.rollout) or bool(sync.before.get("promoteFull"))
    return is_first or is_through or sync.is_aborted or promotion.is_fast_rollback(sync)


def _as_status(run: Json) -> Json:
    status = status_of(run)
    message = {"message": status["message"]} if status.get("message") else {}
    return {"name": name_of(run), "status": status.get("phase", ""), **message}


def _step(sync: Sync) -> Json | None:
    """Source: analysis.go:reconcileStepBasedAnalysisRun."""
    known = sync.runs.get(STEP)
    if sync.before.get("pauseConditions") or sync.before.get("abort"):
        return known
    step, index = steps.current(sync.rollout)
    wanted = (step or {}).get("analysis")
    if not wanted or not wanted.get("templates") or _is_of_other_step(known, index):
        cancel(sync, [known])
        return None
    if known is None or needs_new(known, sync.rollout):
        labels = {"rollout-type": STEP, "step-index": str(index)}
        return _create(sync, wanted, str(index), labels)
    _act_on(sync, STEP, known)
    return known


def _is_of_other_step(run: Json | None, index: int | None) -> bool:
    return run is not None and labels_of(run).get("step-index") != str(index)


def _background(sync: Sync) -> Json | None:
    """Source: analysis.go:reconcileBackgroundAnalysisRun."""
    known = sync.runs.get(BACKGROUND)
    wanted = (spec.canary_of(sync.rollout) or {}).get("analysis")
    if not wanted or not wanted.get("templates"):
        cancel(sync, [known])
        return None
    if steps.is_before_start(sync.rollout) or not sync.before.get("currentPodHash"):
        return None
    if pause.condition(sync.rollout, pause.INCONCLUSIVE):
        return known
    if known is None or needs_new(known, sync.rollout):
        return _create(sync, wanted, "", {"rollout-type": BACKGROUND})
    _act_on(sync, BACKGROUND, known)
    return known


def _promotion(sync: Sync, type_: str) -> Json | None:
    """Source: analysis.go:reconcilePrePromotionAnalysisRun, reconcilePostPromotionAnalysisRun."""
    field, infix = (
        ("prePromotionAnalysis", "pre") if type_ == PRE else ("postPromotionAnalysis", "post")
    )
    wanted = (spec.blue_green_of(sync.rollout) or {}).get(field)
    known = sync.runs.get(type_)
    if not wanted or not wanted.get("templates"):
        cancel(sync, [known])
        return None
    if _is_skipped(sync, type_):
        cancel(sync, [known])
    elif not pause.condition(sync.rollout, pause.INCONCLUSIVE) and (
        known is None or needs_new(known, sync.rollout)
    ):
        known = _create(sync, wanted, infix, {"rollout-type": type_})
    if known is not None:
        _act_on(sync, type_, known)
    return known


def _is_skipped(sync: Sync, type_: str) -> bool:
    """Whether it is not the time for a run before or after the switch.

    Source: analysis.go:skipPrePromotionAnalysisRun, skipPostPromotionAnalysisRun.
    """
    now = hash_of(sync.new_set)
    active = sync.before.get("blueGreen", {}).get("activeSelector", "")
    is_switched = active == now
    if sync.before.get("stableRS", "") == now or not now:
        return True
    if (is_switched or not active) if type_ == PRE else not is_switched:
        return True
    return sync.runs.get(type_) is None and not _has_pods(sync, type_)


def _has_pods(sync: Sync, type_: str) -> bool:
    count = (spec.blue_green_of(sync.rollout) or {}).get("previewReplicaCount")
    if type_ == PRE and count is not None:
        return replicas.wanted(sync.new_set) == int(count) == replicas.available(sync.new_set)
    return replicas.is_saturated(sync.rollout, sync.new_set)


def is_post_pending(sync: Sync) -> bool:
    """Whether old pods wait for the run after the switch; not where the spec gives a delay."""
    strategy = spec.blue_green_of(sync.rollout) or {}
    if strategy.get("postPromotionAnalysis") is None or "scaleDownDelaySeconds" in strategy:
        return False
    return not _is_skipped(sync, POST) and phase_of(sync.runs.get(POST)) != "Successful"


def needs_new(run: Json, rollout: Json) -> bool:
    """Whether a run is to be repeated: it was inconclusive and resumed, or the update retried.

    Source: analysis.go:needsNewAnalysisRun.
    """
    status = status_of(rollout)
    pauses = (pause.CANARY_STEP, pause.BLUE_GREEN)
    if status.get("controllerPause") and not any(pause.condition(rollout, p) for p in pauses):
        return phase_of(run) == "Inconclusive"
    return is_retried(rollout)


def is_retried(rollout: Json) -> bool:
    """Whether an abort was taken back just now: its time is still there."""
    return bool(status_of(rollout).get("abortedAt"))


def _act_on(sync: Sync, type_: str, run: Json) -> None:
    """Pause or abort as a run's result says."""
    phase, message = phase_of(run), status_of(run).get("message", "")
    if phase == "Inconclusive":
        sync.pauses.added.append(pause.INCONCLUSIVE)
    elif phase in ("Error", "Failed"):
        sync.pauses.abort(f"{_CAUSES[type_]}: {message}" if message else _CAUSES[type_])


def is_step_passed(sync: Sync) -> bool:
    """Whether the step's run was successful."""
    return phase_of(sync.runs.get(STEP)) == "Successful"


def _create(sync: Sync, wanted: Json, infix: str, labels: dict[str, str]) -> Json:
    """Begin a run under the first name that is free. Source: createAnalysisRun."""
    found = templates.find(sync.store, sync.namespace, wanted["templates"])
    stable, now = hash_of(sync.stable_set), hash_of(sync.new_set)
    args = templates.built_args(wanted.get("args") or (), stable, now, sync.rollout)
    revision = annotations_of(sync.rollout).get(REVISION, "")
    metadata = templates.run_metadata(
        sync.rollout, sync.selector, wanted, {HASH_LABEL: now, **labels}
    )
    metadata["annotations"] = {REVISION: revision, **metadata["annotations"]}
    metadata["ownerReferences"] = [owner_reference(sync.rollout)]
    base = "-".join(filter(None, (sync.name, now, revision, infix)))
    run = {"metadata": metadata, "spec": templates.run_spec(found, args, wanted)}
    return create_named(sync, run, base)


def create_named(sync: Sync, run: Json, base: str) -> Json:
    """Take the name, or `name.1` and so on; a run of ours that goes on is taken as it is.

    Source: helpers.go:CreateWithCollisionCounter.
    """
    name, count = base, 0
    while (known := sync.store.find(ANALYSIS_RUNS, sync.namespace, name)) is not None:
        is_same = all(known["spec"].get(key) == value for key, value in run["spec"].items())
        if phase_of(known) not in _COMPLETED and is_same and is_controlled_by(known, sync.rollout):
            return known
        count += 1
        name = f"{base}.{count}"
    run["metadata"]["name"] = name
    return sync.store.create(ANALYSIS_RUNS, run)


def cancel(sync: Sync, runs: Iterable[Json | None]) -> None:
    """End runs that go on. Source: analysis.go:cancelAnalysisRuns."""
    for run in runs:
        if run is None or phase_of(run) in _COMPLETED or run["spec"].get("terminate"):
            continue
        sync.store.update(ANALYSIS_RUNS, sync.namespace, name_of(run), _terminate)


def _terminate(run: Json) -> None:
    run["spec"]["terminate"] = True


def _delete_surplus(sync: Sync) -> None:
    for run in surplus(sync.other_runs, sync.all_sets, *spec.run_limits(sync.rollout)):
        sync.store.delete(ANALYSIS_RUNS, sync.namespace, name_of(run))


def surplus(runs: list[Json], sets: Iterable[Json], good: int, bad: int) -> list[Json]:
    """Return the runs to delete: of versions that are gone, and beyond the limits.

    Source: filter.go:FilterAnalysisRunsToDelete.
    """
    hashes, left = set(map(hash_of, sets)), {True: good, False: bad}
    gone = []
    for run in sorted(runs, key=created_at, reverse=True):
        if hash_of(run) not in hashes:
            gone.append(run)
        elif phase_of(run) in _COMPLETED:
            is_good = phase_of(run) == "Successful"
            left[is_good] -= 1
            if left[is_good] < 0:
                gone.append(run)
    return gone


def _tell_changes(sync: Sync) -> None:
    """Source: analysis.go:emitAnalysisRunStatusChanges."""
    for type_ in FIELDS:
        run, known = sync.runs.get(type_), recorded(sync.rollout, type_)
        phase = phase_of(run)
        if run is None or not phase:
            continue
        if known is None or (known["name"] == name_of(run) and known.get("status") != phase):
            was = "NoPreviousStatus" if known is None else known.get("status", "")
            text = f"{type_} Analysis Run '{name_of(run)}' Status New: '{phase}' Previous: '{was}'"
            kind = "Warning" if phase in ("Failed", "Error") else "Normal"
            sync.events.tell(sync.rollout, f"AnalysisRun{phase}", text, type_=kind)
