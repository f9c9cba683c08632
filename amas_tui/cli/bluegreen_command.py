"""`bluegreen`: the other version is brought up, switched to, and switched back from."""

import asyncio
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

import click

from amas_tui.actions.template import undo_targets
from amas_tui.actions.verb import Target, Verb
from amas_tui.cli.acts import How
from amas_tui.cli.deploy_command import consent_options, images_of
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.hand import NotDoneError, UnprovedError, do
from amas_tui.cli.options import Duration, Flags, connection_flags, rollout_name
from amas_tui.cli.output import output_option
from amas_tui.cli.watch_command import say, within
from amas_tui.domain.workload import ReplicaSet
from amas_tui.errors import Exit, UsageError
from amas_tui.pipeline.deployment import verdict
from amas_tui.pipeline.manifests.plan import check_image
from amas_tui.rules.images import version
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.story import Event, Story

_PROOF_SECONDS: Final = 15.0


@click.group()
def bluegreen() -> None:
    """Deploy beside the running version, switch, and switch back."""


def _options(command: Any) -> Any:
    options = (
        click.option("-t", "--timeout", type=Duration(), help="Give up after this."),
        consent_options,
        output_option("text", "json"),
        connection_flags,
        click.pass_context,
    )
    for option in reversed(options):
        command = option(command)
    return command


@bluegreen.command("deploy")
@click.argument("name")
@click.option("--image", "images", multiple=True, metavar="[C=]REF", help="Repeatable.")
@click.option("--tag", default="", help="A new version of the image that runs.")
@_options
def deploy(
    context: click.Context,
    /,
    name: str,
    *,
    flags: Flags,
    images: tuple[str, ...],
    tag: str,
    **given: Any,
) -> None:
    """Bring up the preview and verify it; traffic stays where it is."""
    if bool(images) == bool(tag):
        raise UsageError("bluegreen deploy wants --image or --tag", hint="Give e.g. --tag v1.2.3")
    for image in images:
        check_image(image.rpartition("=")[2])
    _run(context, _Switch(flags, name, given), "deploy", images, tag)


@bluegreen.command()
@click.argument("name")
@_options
def switch(context: click.Context, /, name: str, *, flags: Flags, **given: Any) -> None:
    """Send the traffic to the preview, and see it through the checks after it."""
    _run(context, _Switch(flags, name, given), "switch")


@bluegreen.command()
@click.argument("name")
@_options
def rollback(context: click.Context, /, name: str, *, flags: Flags, **given: Any) -> None:
    """Send the traffic back to the version before, at once while its pods still run."""
    _run(context, _Switch(flags, name, given), "rollback")


def _run(
    context: click.Context,
    one: "_Switch",
    what: str,
    images: tuple[str, ...] = (),
    tag: str = "",
) -> None:
    work = one.run(what, images, tag)
    words = f"bluegreen {what} was not finished within"
    context.exit(asyncio.run(within(work, one.patience, words)))


class _Switch:
    """One of the three commands."""

    def __init__(self, flags: Flags, name: str, given: dict[str, Any]) -> None:
        self._flags = flags
        self._name = rollout_name(name)
        self._how = How(yes=given["yes"], confirm=given["typed"])
        self._output = given["output"]
        self.patience: float | None = given["timeout"]

    async def run(self, what: str, images: tuple[str, ...], tag: str) -> int:
        """Do it."""
        async with followed(self._flags, self._name, is_long=True) as rollout:
            here = await rollout.first()
            if here.rollout.blue_green is None:
                raise NotDoneError(
                    f"{self._name} is not blue-green", hint="Use amas-tui deploy for a canary"
                )
            match what:
                case "deploy":
                    choice = images_of(here.rollout, images, tag)
                    here = await do(rollout, Verb.SET_IMAGE, here, self._how, choice)
                    return await self._until_preview(rollout, here)
                case "switch":
                    before = here.rollout.status.blue_green.active_selector
                    here = await do(rollout, Verb.PROMOTE, here, self._how)
                    return await self._until_active(rollout, here, before)
                case _:
                    return await self._back(rollout, here)

    async def _until_preview(self, rollout: Followed, here: Scene) -> int:
        """Wait for the preview to be up and verified: the controller then waits for a human."""
        pod_hash = here.rollout.status.current_pod_hash
        code, here = await self._settle(rollout, pod_hash)
        ready = here.ready(here.current)
        if code is Exit.PAUSED and ready:
            strategy = here.rollout.blue_green
            preview = strategy.preview_service if strategy else ""
            self._tell(
                rollout,
                f"the preview {_tag(here.current)} is up behind {preview or 'its Service'}: "
                f"{ready} of {here.rollout.desired} ready; amas-tui bluegreen switch {self._name}",
            )
            return Exit.OK
        return code

    async def _until_active(self, rollout: Followed, here: Scene, before: str) -> int:
        """Wait until the new version is stable, with the active Service on it."""
        pod_hash = here.rollout.status.current_pod_hash
        code, here = await self._settle(rollout, pod_hash)
        if code is not Exit.OK:
            return code
        name = await _active_service(rollout, pod_hash)
        words = f"{name} selects {_tag(here.current)} ({pod_hash}), before it was {before}"
        self._tell(rollout, words)
        return code

    async def _back(self, rollout: Followed, here: Scene) -> int:
        """Go back: of a preview nobody uses by aborting it, else to the version before."""
        if not here.rollout.is_promoted:
            here = await do(rollout, Verb.ABORT, here, self._how)
            active = here.rollout.status.blue_green.active_selector
            self._tell(rollout, f"aborted: traffic stays on {active}")
            return Exit.OK
        target = previous_target(here)
        if target is None:
            raise NotDoneError("there is no version to go back to")
        before = here.rollout.status.blue_green.active_selector
        here = await do(rollout, Verb.UNDO, here, self._how, target)
        return await self._until_active(rollout, here, before)

    async def _settle(self, rollout: Followed, pod_hash: str) -> tuple[Exit, Scene]:
        """Tell what happens until nothing happens any more."""
        story = Story()
        async with aclosing(rollout.present()) as scenes:
            async for here in scenes:
                now = rollout.now()
                for event in story.after(here.snapshot, now):
                    say(event, self._output)
                found = verdict(here, pod_hash, now)
                if found.code is not None:
                    if found.code is not Exit.OK and found.code is not Exit.PAUSED:
                        self._tell(rollout, found.sentence, now)
                    return found.code, here
        raise NotDoneError("the watch ended")

    def _tell(self, rollout: Followed, text: str, now: datetime | None = None) -> None:
        say(Event(now or rollout.now(), rollout.key, text), self._output)


async def _active_service(rollout: Followed, pod_hash: str) -> str:
    """Return the name of the active Service once it is seen to select a version.

    The Service itself is the proof, not what the Rollout's status says of it; it is watched at a
    slower pace.

    Raises:
        UnprovedError: It does not, or cannot be read.
    """
    try:
        async with asyncio.timeout(_PROOF_SECONDS), aclosing(rollout.present()) as scenes:
            async for here in scenes:
                service = here.stable_service
                if service is not None and service.hash == pod_hash:
                    return service.metadata.name
    except TimeoutError:
        pass
    raise UnprovedError(f"the active Service was not seen to select {pod_hash}")


def _tag(replica_set: ReplicaSet | None) -> str:
    return version(replica_set.spec.template.spec.containers) if replica_set else "?"


def previous_target(here: Scene) -> Target | None:
    """Return the version that ran before this one: one whose pods still run first of all."""
    allowed = undo_targets(here)
    others = [rs for rs in here.replica_sets if rs.revision in allowed]
    running = [rs for rs in others if rs.spec.replicas]
    found = next(iter(running), None) or next(iter(others), None)
    return Target(found.revision, found.hash, found.metadata.name) if found else None
