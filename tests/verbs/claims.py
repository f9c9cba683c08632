"""What a "done" claims, held against what another client reads at that moment."""

from collections.abc import Iterator

from amas_tui.actions.verb import Choice, Verb
from tests.verbs.facts import Facts


def untrue(verb: Verb, before: Facts, now: Facts, target: Choice | None) -> Iterator[str]:
    """Yield what a verb's "done" claims and is not so."""
    for claim, holds in _claims(verb, before, now, target):
        if not holds:
            yield f"{claim}: {now}"


def _claims(
    verb: Verb, before: Facts, now: Facts, _target: Choice | None
) -> Iterator[tuple[str, bool]]:
    match verb:
        case Verb.PROMOTE:
            yield from _promoted(before, now)
        case Verb.PROMOTE_FULL:
            yield "the version is stable", now.is_one and now.current == before.current
            yield "the promotion is over", not now.is_full
            yield from _traffic_on(now, now.current)
        case Verb.ABORT:
            yield "the controller took it in", now.is_aborted
            yield "the stable version is ready", _ready(now, now.stable) >= 1
            yield from _traffic_on(now, now.stable)
            if not now.weights and "active" not in now.services:
                yield "no pod of the new version is ready", not _ready(now, now.current)
        case Verb.RETRY:
            yield "the abort is gone", not now.is_aborted and not now.is_abort_asked
        case Verb.PAUSE:
            yield "it is held", now.is_held and now.is_settled
        case Verb.RESUME:
            yield "it is not held", not now.is_held and now.is_settled
        case Verb.RESTART:
            yield "it is restarted", now.restart == "restarted"
            yield "no pod of before is left", not before.uids & now.uids
        case Verb.UNDO:
            yield "the controller took it in", now.is_settled
            yield "another version is wanted", now.current != before.current
            yield "it is the one of the template", now.current in now.wanted
        case Verb.SET_IMAGE:
            yield "the controller took it in", now.is_settled
            yield "the new version is wanted", now.current == "v9"
        case Verb.TERMINATE_RUN:
            yield (
                "no analysis runs",
                not any("Running" in run for run in now.runs if "ended" in run),
            )
        case Verb.TERMINATE_EXPERIMENT:
            yield (
                "it has ended",
                any("ended" in one and "Running" not in one for one in now.experiments),
            )
        case Verb.RETRY_EXPERIMENT:
            yield "it has begun", bool(now.experiments)


def _promoted(before: Facts, now: Facts) -> Iterator[tuple[str, bool]]:
    if before.is_held:
        yield "the hold is lifted", not now.is_held
    if before.is_held and not before.pauses:
        return
    if "InconclusiveExperiment" in before.pauses:
        yield "another experiment runs", len(now.experiments) > len(before.experiments)
        return
    if "active" in before.services:
        yield "the active Service selects it", now.services["active"] == before.current
    else:
        index, later = (before.step or (0, 0))[0], (now.step or (0, 0))[0]
        yield "a later step is reached", later > index or now.is_one


def _traffic_on(now: Facts, version: str) -> Iterator[tuple[str, bool]]:
    for role in ("stable", "active"):
        if role in now.services:
            yield f"the {role} Service selects {version}", now.services[role] == version
    if now.ingress:
        yield "the Ingress sends nothing to the canary", now.ingress in ("0", "missing")
    if now.weights:
        yield "the status sends nothing to the canary", now.weights.startswith("0 ")


def _ready(facts: Facts, version: str) -> int:
    return facts.pods.get(version, (0, 0))[0]
