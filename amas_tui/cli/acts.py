"""A verb on the command line: preview on stderr, confirmation, the write, its proof, exit code."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from amas_tui.acting import (
    MovedError,
    Preview,
    WriteRefusedError,
    announce,
    carry_out,
    conclude,
    prepare,
    resolve,
)
from amas_tui.actions.progress import Ending, Pending, Progress
from amas_tui.actions.proof import judge, patience
from amas_tui.actions.verb import Choice, Verb
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.options import Flags
from amas_tui.errors import AmasError, Exit, UsageError
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.preview_lines import diff_lines, outcome_lines, preview_lines
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.text import Line, plain, to_ascii

_WIDTH: Final = 100
_NO_WIDTH: Final = 2_000
_GRACE: Final = timedelta(seconds=30)
"""How much longer than its patience a verb is waited for while nobody knows."""

_OPEN: Final = (Ending.WAITING, Ending.UNKNOWN)
"""Endings that are waited on for as long as a verb is."""

_SIGN: Final = {True: " ✔", False: " ◌", None: ""}
"""Whether a stage was reached; `None` where it cannot be looked at."""

_SO_FAR: Final = {
    Ending.NO_EFFECT: "no reaction from the controller yet",
    Ending.INCOMPLETE: "begun, but not finished yet",
}

CODES: Final[dict[Ending, Exit]] = {
    Ending.DONE: Exit.OK,
    Ending.DIFFERENT: Exit.NOT_OBSERVED,
    Ending.REFUSED: Exit.REFUSED,
    Ending.REVERTED: Exit.NOT_OBSERVED,
    Ending.NO_EFFECT: Exit.CONTROLLER_SILENT,
    Ending.INCOMPLETE: Exit.NOT_OBSERVED,
    Ending.VANISHED: Exit.NOT_FOUND,
    Ending.UNKNOWN: Exit.UNREACHABLE,
    Ending.NOT_ARRIVED: Exit.UNREACHABLE,
    Ending.WAITING: Exit.NOT_OBSERVED,
}
"""What a command ends with, by the ending of its write."""


@dataclass(frozen=True, slots=True)
class How:
    """How a verb is carried out.

    Attributes:
        yes: It is confirmed beforehand.
        confirm: The rollout's name, where that is asked for.
        dry_run: `none`, `server` or `client`.
        wait: Whether the command waits for the proof.
        timeout: Seconds to wait for it, `None` for the verb's own patience.
        reason: Why, for the Event and the audit file.
        output: `text` or `json`.
    """

    yes: bool = False
    confirm: str = ""
    dry_run: str = "none"
    wait: bool = True
    timeout: float | None = None
    reason: str = ""
    output: str = "text"


Choose = Callable[[Scene], Choice | None]
"""Picks what the verb needs from what is known. Raises `UsageError`, `NotFoundError`."""


def nothing(_scene: Scene) -> Choice | None:
    """Choose nothing: the verb needs no more than the rollout."""
    return None


def say(text: str) -> None:
    """Talk, on stderr."""
    encoding = (sys.stderr.encoding or "ascii").lower()
    click.echo(text if "utf" in encoding else to_ascii(text), err=True)


def say_lines(lines: tuple[Line, ...]) -> None:
    """Talk in lines made for a screen."""
    for line in lines:
        say(plain(line).rstrip())


async def act(flags: Flags, name: str, verb: Verb, choose: Choose, how: How) -> int:
    """Preview a verb, confirm it, send it, wait for its proof; return the exit code.

    Raises:
        AmasError: It could not be asked, or was not confirmed.
    """
    async with followed(flags, name) as rollout:
        here = await rollout.first()
        choice = choose(here)
        is_asked = how.dry_run != "client"
        preview = await prepare(
            rollout.gate, verb, here, rollout.now(), choice, is_dry_run=is_asked
        )
        show_preview(preview, name)
        if preview.refusal:
            return Exit.FORBIDDEN if preview.is_denied else Exit.REFUSED
        if how.dry_run != "none":
            return Exit.OK
        confirm(name, str(verb), must_type=preview.must_type, how=how)
        return await _carry_out(rollout, preview, here, how)


def show_preview(preview: Preview, name: str) -> None:
    """Print a preview on stderr."""
    say(f"{preview.verb} {name}")
    say_lines(
        preview_lines(
            preview.verb,
            preview.consequence,
            preview.writes,
            preview.refusal,
            preview.hint,
            _WIDTH,
        )
    )
    if preview.templates is not None and not preview.refusal:
        say_lines(diff_lines(*preview.templates))


class NotConfirmedError(AmasError):
    """Nobody said yes."""

    exit_code = Exit.REFUSED


def confirm(name: str, what: str, *, must_type: bool, how: How) -> None:
    """Ask for the confirmation that is not there yet.

    Raises:
        UsageError: There is nobody to ask.
        NotConfirmedError: It was not given.
    """
    if must_type:
        if how.confirm == name:
            return
        if not sys.stdin.isatty() or how.confirm:
            raise NotConfirmedError(
                f"{what} was not sent: it is confirmed by the rollout's name",
                hint=f"Add --confirm {name}",
            )
        if click.prompt(f"Type {name} to {what}", err=True, default="") != name:
            raise NotConfirmedError(f"{what} was not sent: that is not {name}")
        return
    if how.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what} was not sent: there is nobody to confirm it", hint="Add --yes")
    if not click.confirm(f"{what} {name}?", err=True):
        raise NotConfirmedError(f"{what} was not sent")


async def _carry_out(rollout: Followed, preview: Preview, here: Scene, how: How) -> int:
    begun = datetime.now(UTC)
    try:
        pending = await carry_out(rollout.gate, preview, here, begun, how.reason)
    except (MovedError, WriteRefusedError) as error:
        say(f"Nothing was sent: {error.sentence}.")
        return Exit.REFUSED
    announcing = asyncio.create_task(announce(rollout.gate, pending, how.reason))
    try:
        if not how.wait:
            say("sent; not waited for")
            return Exit.OK
        progress = await prove(rollout, pending, how.timeout)
        print_result(rollout, str(preview.verb), progress, datetime.now(UTC) - begun, how.output)
        return CODES[progress.ending]
    finally:
        await announcing


async def prove(rollout: Followed, pending: Pending, seconds: float | None) -> Progress:
    """Follow a write until it has ended, telling each new stage; note how it ended.

    A controller that does not react ends it too, unless a time was given: it may still do so.
    """
    limit = timedelta(seconds=seconds) if seconds else patience(pending) + _GRACE
    waits_on = (*_OPEN, Ending.NO_EFFECT, Ending.INCOMPLETE) if seconds else _OPEN
    told = ""
    progress = Progress(Ending.WAITING)
    async with aclosing(rollout.scenes()) as scenes:
        async for here in scenes:
            now = datetime.now(UTC)
            pending = await resolve(rollout.gate, pending, now, here)
            progress = judge(pending, here, now)
            if progress.ending not in waits_on or now - pending.sent_at > limit:
                break
            told = _tell(progress, told)
    await conclude(rollout.gate, pending, progress, datetime.now(UTC))
    return progress


def _tell(progress: Progress, told: str) -> str:
    """Tell where a write stands when that has changed."""
    stages = " · ".join(f"{s.text}{_SIGN[s.is_reached]}" for s in progress.stages)
    words = _SO_FAR.get(progress.ending, stages)
    if progress.ending is Ending.UNKNOWN:
        words = progress.remark
    if words != told:
        say(f"  {words}")
    return words


def print_result(
    rollout: Followed, what: str, progress: Progress, took: timedelta, output: str
) -> None:
    """Print how it ended: a line, or JSON, on stdout."""
    if output == "json":
        click.echo(json.dumps(_result(rollout, what, progress, took), ensure_ascii=False))
        return
    seconds = f"{took.total_seconds():.1f}s"
    lines = outcome_lines(what, progress, seconds, _NO_WIDTH)
    text = " ".join(plain(line).strip() for line in lines)
    encoding = (sys.stdout.encoding or "ascii").lower()
    click.echo(text if "utf" in encoding else to_ascii(text))


def _result(rollout: Followed, what: str, progress: Progress, took: timedelta) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "ActionResult",
        "action": what,
        "namespace": rollout.key.namespace,
        "name": rollout.key.name,
        "ending": progress.ending.name.lower(),
        "remark": progress.remark,
        "stages": [{"text": s.text, "isReached": s.is_reached} for s in progress.stages],
        "seconds": round(took.total_seconds(), 3),
    }
