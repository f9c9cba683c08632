"""The verbs as commands, with the names and flags of `kubectl argo rollouts`."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import click

from amas_tui.actions.children import (
    child_of,
    ended_experiments,
    running_experiments,
    running_runs,
)
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Choice, Images, Target, Verb
from amas_tui.cli.acts import How, act, nothing
from amas_tui.cli.headless import Connection, one_namespace
from amas_tui.cli.options import Duration, Flags, connection_flags, rollout_name
from amas_tui.domain.analysis import AnalysisRun
from amas_tui.domain.base import Key
from amas_tui.domain.workload import Experiment, ReplicaSet
from amas_tui.errors import NotFoundError
from amas_tui.kube import api
from amas_tui.store.kinds import Kind
from amas_tui.store.scene import Scene

_HOW: tuple[Callable[[Any], Any], ...] = (
    click.option("-y", "--yes", is_flag=True, help="Do it without asking; needed without a TTY."),
    click.option("--confirm", default="", help="The rollout's name, where that is asked for."),
    click.option(
        "--dry-run",
        type=click.Choice(["none", "server", "client"]),
        default="none",
        show_default=True,
        help="Show what would be done: as the server answers, or without asking it.",
    ),
    click.option(
        "--wait",
        type=bool,
        is_flag=False,
        flag_value=True,
        default=True,
        show_default=True,
        help="Wait for the proof.",
    ),
    click.option("-t", "--timeout", type=Duration(), help="Give up waiting after this."),
    click.option("--reason", default="", help="Why, for the Event and the audit file."),
    click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        help="Format of the result on stdout.",
    ),
)
_NAMES = frozenset(How.__dataclass_fields__)


def how_flags(command: Any) -> Any:
    """Give a command the flags of a write, as one argument `how`."""

    def with_how(*args: Any, **given: Any) -> Any:
        own = {name: value for name, value in given.items() if name not in _NAMES}
        how = How(**{name: value for name, value in given.items() if name in _NAMES})
        return command(*args, how=how, **own)

    with_how.__name__ = command.__name__
    with_how.__doc__ = command.__doc__
    decorated: Any = with_how
    decorated.__click_params__ = list(getattr(command, "__click_params__", []))
    for option in reversed(_HOW):
        decorated = option(decorated)
    return decorated


def _verb(name: str, verb: Verb, doc: str) -> click.Command:
    """Return the command of a verb that needs no more than the rollout."""

    @click.command(name, help=doc)
    @click.argument("rollout")
    @how_flags
    @connection_flags
    @click.pass_context
    def command(context: click.Context, rollout: str, *, flags: Flags, how: How) -> None:
        context.exit(asyncio.run(act(flags, rollout_name(rollout), verb, nothing, how)))

    return command


abort = _verb("abort", Verb.ABORT, "Abort an update: all traffic back to the stable version.")
restart = _verb("restart", Verb.RESTART, "Restart the pods of a rollout, a few at a time.")
pause = _verb("pause", Verb.PAUSE, "Hold a rollout where it is.")
resume = _verb("resume", Verb.RESUME, "Let a held rollout go on.")


@click.command()
@click.argument("rollout")
@click.option("--full", is_flag=True, help="Skip all steps and analyses.")
@how_flags
@connection_flags
@click.pass_context
def promote(context: click.Context, rollout: str, *, full: bool, flags: Flags, how: How) -> None:
    """Promote a rollout by one step, or fully."""
    verb = Verb.PROMOTE_FULL if full else Verb.PROMOTE
    context.exit(asyncio.run(act(flags, rollout_name(rollout), verb, nothing, how)))


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[rollout|experiment] NAME")
@how_flags
@connection_flags
@click.pass_context
def retry(context: click.Context, words: tuple[str, ...], *, flags: Flags, how: How) -> None:
    """Try an aborted version again, or run an Experiment again."""
    kind, name = words if len(words) == 2 else ("rollout", words[0])
    if len(words) > 2 or kind not in ("rollout", "rollouts", "ro", "experiment", "exp"):
        raise click.UsageError(f"retry takes one rollout or experiment, not {' '.join(words)}")
    if kind in ("experiment", "exp"):
        again = _child(flags, Kind.EXPERIMENTS, name, Verb.RETRY_EXPERIMENT, ended_experiments, how)
        context.exit(asyncio.run(again))
    context.exit(asyncio.run(act(flags, rollout_name(name), Verb.RETRY, nothing, how)))


@click.command()
@click.argument("rollout")
@click.option("--to-revision", type=int, default=0, help="The revision; without it, the last.")
@how_flags
@connection_flags
@click.pass_context
def undo(context: click.Context, rollout: str, *, to_revision: int, flags: Flags, how: How) -> None:
    """Go back to the revision before, or to a given one."""

    def chosen(scene: Scene) -> Choice | None:
        found = _revision(scene, to_revision)
        target = Target(found.revision, found.hash, found.metadata.name) if found else None
        words = f"revision {to_revision}" if to_revision else "an earlier revision"
        # Without any other revision the state gate says so in its own words.
        return _known(target, words, scene) if undo_sets(scene) else None

    context.exit(asyncio.run(act(flags, rollout_name(rollout), Verb.UNDO, chosen, how)))


def _revision(scene: Scene, wanted: int) -> ReplicaSet | None:
    sets = undo_sets(scene)
    if wanted:
        return next((rs for rs in sets if rs.revision == wanted), None)
    return next(iter(sets), None)


def _known(choice: Choice | None, what: str, scene: Scene) -> Choice:
    if choice is None:
        key = scene.rollout.key
        raise NotFoundError(f"there is no {what} of rollout {key.name} to go by", status=404)
    return choice


@click.group("set")
def set_() -> None:
    """Change a rollout."""


@set_.command()
@click.argument("rollout")
@click.argument("images", nargs=-1, required=True, metavar="CONTAINER=IMAGE …")
@how_flags
@connection_flags
@click.pass_context
def image(
    context: click.Context, rollout: str, images: tuple[str, ...], *, flags: Flags, how: How
) -> None:
    """Set images of containers and init containers; `*` stands for every container."""
    pairs = tuple(tuple(part.split("=", 1)) for part in images)
    chosen = tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2 and all(pair))
    if len(chosen) != len(images):
        raise click.UsageError("write each image as CONTAINER=IMAGE")
    picked = Images(chosen)
    name = rollout_name(rollout)
    context.exit(asyncio.run(act(flags, name, Verb.SET_IMAGE, lambda _scene: picked, how)))


@click.command()
@click.argument("kind", type=click.Choice(["analysisrun", "experiment"]))
@click.argument("name")
@how_flags
@connection_flags
@click.pass_context
def terminate(context: click.Context, kind: str, name: str, *, flags: Flags, how: How) -> None:
    """End a running AnalysisRun or Experiment. An ended analysis passes its gate."""
    if kind == "analysisrun":
        work = _child(flags, Kind.ANALYSIS_RUNS, name, Verb.TERMINATE_RUN, running_runs, how)
    else:
        work = _child(
            flags, Kind.EXPERIMENTS, name, Verb.TERMINATE_EXPERIMENT, running_experiments, how
        )
    context.exit(asyncio.run(work))


async def _child(
    flags: Flags,
    kind: Kind,
    name: str,
    verb: Verb,
    found: Callable[[Scene], Sequence[AnalysisRun | Experiment]],
    how: How,
) -> int:
    """Act on an AnalysisRun or Experiment through the rollout that it belongs to."""

    def chosen(scene: Scene) -> Choice | None:
        items = found(scene)
        one = next((item for item in items if item.metadata.name == name), None)
        # Without any such the state gate says so in its own words.
        return _known(child_of(one) if one else None, f"{name} to {verb}", scene) if items else None

    return await act(flags, await owner(flags, kind, name), verb, chosen, how)


async def owner(flags: Flags, kind: Kind, name: str) -> str:
    """Return the name of the Rollout that an AnalysisRun or Experiment belongs to.

    Raises:
        NotFoundError: There is no such object, or no Rollout owns it.
    """
    async with Connection(flags) as (access, transport):
        raw = await api.read(transport, kind, Key(one_namespace(flags, access), name))
    for reference in raw.get("metadata", {}).get("ownerReferences") or ():
        if reference.get("kind") == "Rollout":
            return str(reference.get("name"))
    raise NotFoundError(f"{name} belongs to no rollout", status=404)
