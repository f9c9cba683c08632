"""One write of a longer command: previewed, confirmed, sent through the one gate, and proved."""

from contextlib import aclosing

import click

from amas_tui.acting import announce, carry_out, conclude, prepare, resolve
from amas_tui.actions.progress import Ending
from amas_tui.actions.proof import judge
from amas_tui.actions.verb import Choice, Verb
from amas_tui.cli.acts import CODES, How, confirm
from amas_tui.cli.following import Followed
from amas_tui.errors import AmasError, Exit
from amas_tui.store.scene import Scene


class NotDoneError(AmasError):
    """It was not done: by the state, the limits, or a missing right."""

    exit_code = Exit.REFUSED


class UnprovedError(AmasError):
    """It was sent, but what should follow was not seen."""

    exit_code = Exit.NOT_OBSERVED


async def do(
    rollout: Followed, verb: Verb, here: Scene, how: How, choice: Choice | None = None
) -> Scene:
    """Preview, confirm, send and prove one verb; return the scene that proves it.

    Raises:
        NotDoneError: It cannot be done.
        UnprovedError: It ended otherwise than asked; its code says how.
        AmasError: It was not confirmed, or the cluster refused.
    """
    gate = rollout.gate
    preview = await prepare(gate, verb, here, rollout.now(), choice)
    if not preview.is_possible:
        error = NotDoneError(f"cannot {verb}: {preview.refusal}", hint=preview.hint)
        error.exit_code = Exit.FORBIDDEN if preview.is_denied else Exit.REFUSED
        raise error
    for sentence in (*preview.consequence.sentences, *preview.consequence.warnings):
        click.echo(f"{verb}: {sentence}", err=True)
    confirm(rollout.key.name, str(verb), must_type=preview.must_type, how=how)
    pending = await carry_out(gate, preview, here, rollout.now(), how.reason)
    await announce(gate, pending, how.reason)
    async with aclosing(rollout.present()) as scenes:
        async for newer in scenes:
            pending = await resolve(gate, pending, rollout.now(), newer)
            progress = judge(pending, newer, rollout.now())
            if progress.ending in (Ending.WAITING, Ending.UNKNOWN):
                continue
            await conclude(gate, pending, progress, rollout.now())
            if progress.ending is Ending.DONE:
                return newer
            remark = f": {progress.remark}" if progress.remark else ""
            failed = UnprovedError(f"{verb}: {progress.ending}{remark}")
            failed.exit_code = CODES[progress.ending]
            raise failed
    raise UnprovedError(f"{verb}: the watch ended")
