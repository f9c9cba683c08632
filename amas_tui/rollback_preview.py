"""What an emergency rollback would do: nothing is sent but reads, reviews and a dry-run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from amas_tui.acting import NO_CHANGE, Gate, Preview, prepare, right_to
from amas_tui.actions.consequence import revision_words
from amas_tui.actions.repair import Repair, ingress_command
from amas_tui.actions.rollback import VERBS, Move, Path, Plan, Trail, next_move, plan
from amas_tui.actions.state import is_invalid
from amas_tui.actions.template import is_of, workload_kind
from amas_tui.actions.verb import Choice, Target
from amas_tui.domain.base import Key
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene


@dataclass(frozen=True, slots=True)
class RollbackPreview:
    """All that is known of a rollback before it begins.

    Attributes:
        first: Preview of the first write, `None` where nothing is to be written.
        sentences: What will happen, most important first.
        command: A command for a person's own hand, printed and never sent.
        is_there: Whether the old template stands in the spec already.
    """

    scene: Scene
    route: Plan
    sentences: tuple[str, ...] = ()
    first: Preview | None = None
    command: str = ""
    is_there: bool = False

    @property
    def by_hand(self) -> tuple[tuple[str, str], ...]:
        """Return what only a person's own hand does, in words, and the command for it."""
        repairs = ((_repair_words(repair), repair.command) for repair in self.route.needs)
        now = (("if traffic must go to stable now, by hand:", self.command),)
        return (*repairs, *(now if self.command else ()))

    @property
    def refusal(self) -> str:
        """Return why it cannot be done, empty when it can."""
        return self.route.refusal or (self.first.refusal if self.first else "")

    @property
    def hint(self) -> str:
        """Return what to do instead."""
        return self.route.hint or (self.first.hint if self.first else "")


async def preview_rollback(
    gate: Gate,
    scene: Scene,
    now: datetime,
    chosen: Target | None = None,
    seen: frozenset[str] = frozenset(),
) -> RollbackPreview:
    """Return what a rollback would do: nothing is sent but reads, reviews and a dry-run.

    Raises:
        AmasError: The cluster could not be asked.
    """
    kind = workload_kind(scene.rollout) or Kind.ROLLOUTS
    right = right_to(kind, "", scene.rollout.key.namespace)
    may = await gate.cluster.may(right) is None
    taken_up = await _is_taken_up(gate, scene)
    route = plan(scene, chosen, seen, may_write_spec=may, is_taken_up=taken_up)
    if forbidden := gate.limits.why_not():
        route = replace(route, refusal=forbidden)
    command = ingress_command(scene) if route.path is Path.INVALID else ""
    sentences = tuple(_sentences(scene, route))
    if route.refusal:
        return RollbackPreview(scene, route, sentences, command=command)
    move = next_move(scene, route, Trail(), now)
    first = None
    if (verb := VERBS.get(move)) is not None:
        first = await prepare(gate, verb, scene, now, choice_of(move, route))
        if is_there(move, first):
            there = ("the old template is in the spec already: it is carried on from there",)
            return RollbackPreview(scene, route, sentences + there, None, command, is_there=True)
    return RollbackPreview(scene, route, sentences, first, command)


async def _is_taken_up(gate: Gate, scene: Scene) -> bool:
    """Return whether the template in an invalid spec is that of the current version.

    The controller makes no version of a spec that it refuses, so what is current may be what was
    good before. Only the API server has the whole templates.
    """
    rollout, current = scene.rollout, scene.current
    if not is_invalid(scene) or rollout.spec.workload_ref is not None or current is None:
        return True
    raw = await gate.cluster.read(Kind.ROLLOUTS, rollout.key)
    key = Key(rollout.key.namespace, current.metadata.name)
    version = await gate.cluster.read(Kind.REPLICA_SETS, key)
    wanted = (raw.get("spec") or {}).get("template") or {}
    return is_of(wanted, (version.get("spec") or {}).get("template") or {})


def is_there(move: Move, preview: Preview) -> bool:
    """Return whether a program before this one has put the template back already."""
    return move is Move.PUT_BACK and preview.refusal == NO_CHANGE


def choice_of(move: Move, route: Plan) -> Choice | None:
    """Return what a move needs beside the rollout."""
    if move is not Move.PUT_BACK or route.goal is None:
        return None
    return replace(route.goal.target, lift_hold=True, mark=True, without=route.without)


def _sentences(scene: Scene, route: Plan) -> list[str]:
    if route.goal is None:
        return []
    words = revision_words(scene.by_hash(route.goal.target.pod_hash))
    found = [f"back to {words}: {route.goal.proof}", f"{route.path}"]
    found += _WORDS[route.path]
    if route.without:
        names = ", ".join(name for name, _ in route.without)
        found.append(f"analyses that need the missing {names} are taken out of the spec with it")
    found.append("then four checks: traffic, pods, service, metrics; the clock stops at 2 minutes")
    return found


_WORDS: Final[Mapping[Path, tuple[str, ...]]] = {
    Path.IN_FLIGHT: (
        "one write puts the stable template back: traffic and Services are on it at once",
        "if the controller has not seen it within 5 s, the update is aborted instead",
    ),
    Path.ABORT: (
        "the spec is not ours to write here: it keeps the bad version until it is changed there",
    ),
    Path.COMPLETE: (
        "the old template is put back; once it is seen, it is promoted fully: no steps, no gates",
    ),
    Path.UNDER_WAY: (),
    Path.INVALID: (
        "one write puts the old template back: the controller goes to it, 20 s later at most",
    ),
}


def _repair_words(repair: Repair) -> str:
    note = f" ({repair.note})" if repair.note else ""
    return f"{repair.lack}: nothing happens before its manifest is applied again, or{note}:"
