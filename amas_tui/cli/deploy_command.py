"""`deploy`: a new image, followed to its end, in one cluster or in several one after the other."""

import asyncio
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import click

from amas_tui.actions.gate import why_not
from amas_tui.actions.template import undo_targets
from amas_tui.actions.verb import Images, Target, Verb
from amas_tui.cli.acts import How
from amas_tui.cli.alarm import tell
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.hand import NotDoneError, do
from amas_tui.cli.headless import Connection
from amas_tui.cli.options import Duration, Flags, compat_option, fleet_flags, rollout_name
from amas_tui.cli.output import emit, output_option
from amas_tui.cli.watch_command import say
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, Exit, UsageError
from amas_tui.pipeline.deployment import Outcome, Reaction, Verdict, progress_bar, verdict
from amas_tui.pipeline.lint.finding import Severity
from amas_tui.pipeline.manifests.plan import check_image
from amas_tui.session.live_objects import live_faults
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.alerts import Alarm
from amas_tui.viewmodel.get_text import table
from amas_tui.viewmodel.rollout_view import API_VERSION
from amas_tui.viewmodel.story import Event, Story
from amas_tui.viewmodel.text import to_ascii


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be deployed, and how.

    Attributes:
        images: `CONTAINER=REF` or `REF`; empty with `tag`.
        tag: The new version of the image that runs.
    """

    name: str
    images: tuple[str, ...]
    tag: str
    reaction: Reaction
    promote_pauses: bool
    patience: float | None
    is_checked: bool
    how: How
    on_rollback: str | None


def consent_options(command: Any) -> Any:
    """Give a command `--yes` and `--confirm`."""
    options = (
        click.option("-y", "--yes", is_flag=True, help="Do not ask; needed without a terminal."),
        click.option("--confirm", "typed", default="", help="The name, where it must be typed."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("name")
@click.option("--image", "images", multiple=True, metavar="[C=]REF", help="Repeatable.")
@click.option("--tag", default="", help="A new version of the image that runs.")
@click.option(
    "--on-failure",
    type=click.Choice([one.value for one in Reaction]),
    default=Reaction.ABORT.value,
    show_default=True,
    help="When it is stuck or out of time; a halt by the controller is back on stable already.",
)
@click.option("--promote-pauses", is_flag=True, help="Promote pauses that wait for a human.")
@click.option("-t", "--timeout", type=Duration(), help="In each cluster.")
@click.option("--check/--no-check", "is_checked", default=True, help="Look for faults first.")
@click.option("--on-rollback", help="Shell command for rollbacks and halts; JSON on its stdin.")
@consent_options
@output_option("text", "json", "yaml")
@compat_option
@fleet_flags
@click.pass_context
def deploy(
    context: click.Context,
    /,
    name: str,
    *,
    flags: Flags,
    images: tuple[str, ...],
    tag: str,
    on_failure: str,
    promote_pauses: bool,
    timeout: float | None,
    is_checked: bool,
    on_rollback: str | None,
    yes: bool,
    typed: str,
    output: str,
) -> None:
    """Deploy an image: check, set it, and follow it to the end, an event a line.

    Over several --context the next one begins only when the one before is healthy. Ends with 0 when
    the new version is healthy everywhere, else with the code of the first that is not.
    """
    if bool(images) == bool(tag):
        raise UsageError("deploy wants --image or --tag", hint="Give e.g. --tag v1.2.3")
    for image in images:
        check_image(image.rpartition("=")[2])
    wish = Wish(
        name=rollout_name(name),
        images=images,
        tag=tag,
        reaction=Reaction(on_failure),
        promote_pauses=promote_pauses,
        patience=timeout or None,
        is_checked=is_checked,
        how=How(yes=yes, confirm=typed),
        on_rollback=on_rollback,
    )
    outcomes = asyncio.run(_everywhere(flags, wish, output))
    _summary(outcomes, output)
    context.exit(next((one.code for one in outcomes if one.code), Exit.OK))


async def _everywhere(flags: Flags, wish: Wish, output: str) -> list[Outcome]:
    """Deploy in each context, until the first where it does not go well."""
    contexts = flags.contexts or ((flags.context,) if flags.context else ("",))
    outcomes: list[Outcome] = []
    for name in contexts:
        if outcomes and outcomes[-1].code:
            outcomes.append(_not_begun(name, wish))
            continue
        only = replace(flags, context=name or None, contexts=(name,) if name else ())
        if len(contexts) > 1:
            click.echo(f"── {name}", err=True)
        outcomes.append(await _in_one(only, wish, output))
    return outcomes


def _not_begun(context: str, wish: Wish) -> Outcome:
    return Outcome(
        context, "", wish.name, wish.tag, Exit.PROGRESSING, "an earlier cluster is not healthy", 0.0
    )


async def _in_one(flags: Flags, wish: Wish, output: str) -> Outcome:
    began = time.monotonic()
    context, namespace, image, revision = flags.context or "", "", " ".join(wish.images), 0
    try:
        async with followed(
            flags, wish.name, is_long=True, on_rollback=wish.on_rollback
        ) as rollout:
            context, namespace = rollout.session.context, rollout.key.namespace
            one = _Deployment(flags, rollout, wish, output)
            found = await one.run()
            image, revision = one.image, one.revision
    except AmasError as error:
        click.echo(error.sentence, err=True)
        found = Verdict(error.exit_code, error.text)
    return Outcome(
        context,
        namespace,
        wish.name,
        image or wish.tag,
        found.code or Exit.OK,
        found.sentence,
        time.monotonic() - began,
        revision,
    )


class _Deployment:
    """One deployment in one cluster."""

    def __init__(self, flags: Flags, rollout: Followed, wish: Wish, output: str) -> None:
        self._flags = flags
        self._rollout = rollout
        self._wish = wish
        self._output = output
        self._story, self._alarm = Story(), Alarm()
        self._deadline = time.monotonic() + wish.patience if wish.patience else None
        self._bar = _Bar()
        self.image, self.revision = "", 0

    async def run(self) -> Verdict:
        """Check, set the image, and follow it."""
        here = await self._rollout.first()
        images = images_of(here.rollout, self._wish.images, self._wish.tag)
        self.image = str(images)
        if self._wish.is_checked:
            await self._check()
        if _runs_already(here.rollout, images) and here.rollout.is_promoted:
            return Verdict(Exit.OK, "this image runs already")
        self._story.after(here.snapshot, self._rollout.now())
        self._alarm.after(here.snapshot, self._rollout.session.context, self._rollout.now())
        here = await do(self._rollout, Verb.SET_IMAGE, here, self._wish.how, images)
        pod_hash, self.revision = here.rollout.status.current_pod_hash, here.rollout.revision
        found = await self._follow(pod_hash)
        if found.needs_reaction:
            await self._react()
        return found

    async def _check(self) -> None:
        """Refuse to begin what the controller would not carry out.

        Raises:
            NotDoneError: It would end in InvalidSpec, or a run in Error.
        """
        async with Connection(self._flags) as (_, transport):
            key = self._rollout.key
            findings = await live_faults(transport, key.namespace, key.name)
        errors = [one for one in findings if one.severity is Severity.ERROR]
        for one in errors:
            click.echo(f"{one.place}: {one.what}; {one.happens}. {one.fix}", err=True)
        if errors:
            raise NotDoneError(
                f"{len(errors)} faults would keep it from working",
                hint="Repair them, or go on with --no-check",
            )

    async def _follow(self, pod_hash: str) -> Verdict:
        """Tell what happens until it is over."""
        async with aclosing(self._rollout.present()) as scenes:
            async for here in scenes:
                now = self._rollout.now()
                self._bar.clear()
                for event in self._story.after(here.snapshot, now):
                    self._say(event)
                self._bar.draw(progress_bar(here))
                context = self._rollout.session.context
                for alert in self._alarm.after(here.snapshot, context, now):
                    await tell(alert, self._rollout.settings)
                found = verdict(here, pod_hash, now)
                if found.waits_for_human and self._wish.promote_pauses:
                    if why_not(Verb.PROMOTE, here) is None:
                        self._bar.clear()
                        await do(self._rollout, Verb.PROMOTE, here, self._wish.how)
                    continue
                if found.code is not None:
                    self._bar.clear()
                    return found
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._bar.clear()
                    said = f"not finished within {self._wish.patience:g} s"
                    return Verdict(Exit.TIMEOUT, said, needs_reaction=True)
        return Verdict(Exit.UNEXPECTED, "the watch ended")

    def _say(self, event: Event) -> None:
        if self._output == "text":
            say(event, "text")
        else:
            click.echo(f"{event.at.astimezone():%H:%M:%S}  {event.text}", err=True)

    async def _react(self) -> None:
        """Take the traffic off a version that is stuck, as the user settled."""
        reaction = self._wish.reaction
        here = await self._rollout.first()
        if reaction is Reaction.LEAVE or here.rollout.is_promoted:
            return
        verb, target = Verb.ABORT, None
        if reaction is Reaction.ROLLBACK:
            target = stable_target(here)
            verb = Verb.UNDO if target else Verb.ABORT
        try:
            await do(self._rollout, verb, here, self._wish.how, target)
            click.echo(f"{verb}: done", err=True)
        except AmasError as error:
            click.echo(error.sentence, err=True)


def stable_target(here: Scene) -> Target | None:
    """Return the stable version as what to go back to."""
    stable = here.stable
    if stable is None or stable.revision not in undo_targets(here):
        return None
    return Target(
        stable.revision, stable.hash, stable.metadata.name, lift_hold=here.rollout.spec.paused
    )


def images_of(rollout: Rollout, given: tuple[str, ...], tag: str) -> Images:
    """Return the images to set: as given, or the one that runs with another tag.

    Raises:
        UsageError: Which container is meant is not clear.
    """
    containers = rollout.spec.template.spec.containers
    named = [container.name for container in containers]
    if tag:
        if len(containers) != 1:
            raise UsageError(
                f"--tag wants a rollout with one container, not {', '.join(named) or 'none'}",
                hint="Give --image CONTAINER=REF",
            )
        image = (
            f"{_repository(containers[0].image)}{'@' if tag.startswith('sha256:') else ':'}{tag}"
        )
        check_image(image)
        return Images(((named[0], image),))
    pairs = []
    for one in given:
        container, equals, reference = one.rpartition("=")
        if not equals and len(named) != 1:
            raise UsageError(
                f"{one} does not say which of {', '.join(named) or 'the containers'} it is for",
                hint="Give --image CONTAINER=REF",
            )
        pairs.append((container or named[0], reference))
    return Images(tuple(pairs))


def _repository(image: str) -> str:
    path, slash, last = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"


def _runs_already(rollout: Rollout, images: Images) -> bool:
    now = {one.name: one.image for one in rollout.spec.template.spec.containers}
    return all(now.get(name) == image for name, image in images.by_container)


class _Bar:
    """A line at the bottom of a terminal that says how far it is; nothing elsewhere."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty() and sys.stdout.isatty()
        self._drawn = ""

    def draw(self, line: str) -> None:
        """Draw the line anew, if it changed."""
        encoding = (getattr(sys.stderr, "encoding", None) or "ascii").lower()
        shown = line if "utf" in encoding else to_ascii(line)
        if self._is_shown and shown != self._drawn:
            self.clear()
            click.echo(shown, nl=False, err=True)
            self._drawn = shown

    def clear(self) -> None:
        """Take it away for what is printed next."""
        if self._drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._drawn = ""


def _summary(outcomes: list[Outcome], output: str) -> None:
    """Print how it ended, as a table where there are several."""
    if output != "text":
        value = {
            "apiVersion": API_VERSION,
            "kind": "Deployment",
            "clusters": [one.to_json() for one in outcomes],
        }
        emit(value, output)
        return
    if len(outcomes) > 1:
        head = ("CONTEXT", "RESULT", "TOOK", "DETAIL")
        rows = [(one.context, one.word, f"{one.seconds:.0f}s", one.sentence) for one in outcomes]
        click.echo("\n".join(table([head, *rows])))
        return
    (one,) = outcomes
    click.echo(f"{one.word}: {one.image} in {one.seconds:.0f}s: {one.sentence}")
