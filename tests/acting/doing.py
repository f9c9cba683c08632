"""A verb as the program does it: chosen, previewed, sent, and followed until it ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from amas_tui.acting import carry_out, prepare, resolve
from amas_tui.actions.children import (
    child_of,
    ended_experiments,
    running_experiments,
    running_runs,
)
from amas_tui.actions.progress import Ending, Pending, Progress
from amas_tui.actions.proof import judge
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Choice, Images, Target, Verb
from amas_tui.cli.following import Followed, is_known
from amas_tui.store.scene import Scene

_SECONDS = 90.0

IMAGE = "registry.test/new:v9"

ENDS = frozenset(Ending) - {Ending.WAITING, Ending.UNKNOWN}
"""How a write can end, if only for now."""


def choice(verb: Verb, scene: Scene) -> Choice | None:
    """Return what a verb is asked of: the oldest revision, the first analysis or experiment."""
    match verb:
        case Verb.UNDO:
            first = min(undo_sets(scene), key=lambda rs: rs.revision, default=None)
            return Target(first.revision, first.hash, first.metadata.name) if first else None
        case Verb.SET_IMAGE:
            return Images((("*", IMAGE),))
        case Verb.TERMINATE_RUN:
            return next(map(child_of, running_runs(scene)), None)
        case Verb.TERMINATE_EXPERIMENT:
            return next(map(child_of, running_experiments(scene)), None)
        case Verb.RETRY_EXPERIMENT:
            return next(map(child_of, ended_experiments(scene)), None)
        case _:
            return None


_CHOSEN = frozenset(
    {Verb.UNDO, Verb.TERMINATE_RUN, Verb.TERMINATE_EXPERIMENT, Verb.RETRY_EXPERIMENT}
)


async def sent(rollout: Followed, verb: Verb = Verb.PROMOTE) -> Pending:
    """Preview a verb on what is seen, and send it."""

    def is_enough(scene: Scene) -> bool:
        return is_known(scene) and (verb not in _CHOSEN or choice(verb, scene) is not None)

    async with asyncio.timeout(_SECONDS):
        while not is_enough(here := await rollout.first(is_enough)):
            pass  # It has waited for as long as a command would.
    preview = await prepare(rollout.gate, verb, here, rollout.now(), choice(verb, here))
    assert preview.is_possible, f"{rollout.key.name}: {verb}: {preview.refusal}"
    return await carry_out(rollout.gate, preview, here, datetime.now(UTC))


async def judged(rollout: Followed, pending: Pending) -> AsyncGenerator[Progress, None]:
    """Yield where a write stands, again and again."""
    async with aclosing(rollout.scenes()) as scenes:
        async for here in scenes:
            now = datetime.now(UTC)
            pending = await resolve(rollout.gate, pending, now, here)
            yield judge(pending, here, now)


async def until(rollout: Followed, pending: Pending, *wanted: Ending) -> Progress:
    """Follow a write until it ends in one of these ways."""
    progress = Progress(Ending.WAITING)
    try:
        async with asyncio.timeout(_SECONDS), aclosing(judged(rollout, pending)) as stands:
            async for progress in stands:
                if progress.ending in wanted:
                    return progress
    except TimeoutError:
        pass
    raise AssertionError(f"{pending.verb} of {rollout.key.name} is {progress}, not {wanted}")
