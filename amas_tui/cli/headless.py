"""`list`, `get` and `status`: data on stdout, talk on stderr, an exit code that means something."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final

import click

from amas_tui.cli.connect import access_options
from amas_tui.cli.options import Flags
from amas_tui.cli.output import emit
from amas_tui.domain.base import Key, ObjectMeta
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.watch import Applied, Deleted, Listed, Lost
from amas_tui.domain.workload import Experiment
from amas_tui.errors import AmasError, Exit, ForbiddenError, NotFoundError, TimedOutError
from amas_tui.kube import api
from amas_tui.kube.kubeconfig import Access, load_access
from amas_tui.kube.reflector import Source, reflect
from amas_tui.kube.resources import RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.pipeline.until import status_code
from amas_tui.rules.phase import rollout_verdict
from amas_tui.session.streams import Wanted, relevant, rollout_streams
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact, Snapshot
from amas_tui.viewmodel.get_text import experiment_text, get_text, list_text
from amas_tui.viewmodel.rollout_view import (
    API_VERSION,
    experiment_images,
    experiment_json,
    experiment_view,
    rollout_view,
    to_json,
)


async def list_rollouts(flags: Flags, output: str) -> int:
    """Print the rollouts of a namespace, of several, or of all."""
    async with Connection(flags) as (access, transport):
        namespaces = ("",) if flags.all_namespaces else flags.namespaces or (access.namespace,)
        found: list[Rollout] = []
        for namespace in namespaces:
            selectors = {"labelSelector": flags.selector} if flags.selector else {}
            source: Source[Rollout] = Source(
                transport, RESOURCES[Kind.ROLLOUTS], namespace, selectors
            )
            found += (await source.list()).objects
    found.sort(key=lambda rollout: rollout.key)
    several = flags.all_namespaces or len(namespaces) > 1
    match output:
        case "json" | "yaml":
            items = [_list_item(rollout) for rollout in found]
            emit({"apiVersion": API_VERSION, "kind": "RolloutList", "items": items}, output)
        case "name":
            for rollout in found:
                click.echo(f"rollout.argoproj.io/{rollout.key.name}")
        case _ if not found:
            where = (
                "any namespace" if flags.all_namespaces else f"{', '.join(namespaces)} namespace"
            )
            click.echo(f"No rollouts found in {where}.", err=True)
        case _:
            is_wide = output == "wide"
            text = list_text(found, with_namespace=several or is_wide, is_wide=is_wide)
            click.echo(text, nl=False)
    return Exit.OK


def _list_item(rollout: Rollout) -> dict[str, Any]:
    """Return one rollout of the list, in the words of `get -o json`."""
    view = to_json(rollout_view(Scene(rollout, Snapshot())))
    return {key: value for key, value in view.items() if key not in _NOT_LISTED}


_NOT_LISTED: Final = frozenset({"apiVersion", "kind", "images", "revisions", "actualWeight"})


async def get_rollout(flags: Flags, name: str, output: str) -> int:
    """Print one rollout as the plugin does, or as JSON."""
    async with Connection(flags) as (access, transport):
        key = Key(one_namespace(flags, access), name)
        scene, missing = await read_scene(transport, key, _SHOWN)
    for error in missing:
        click.echo(error.sentence, err=True)
    view = rollout_view(scene)
    if output in ("json", "yaml"):
        emit(to_json(view), output)
    elif output == "name":
        click.echo(f"rollout.argoproj.io/{name}")
    else:
        click.echo(get_text(view, datetime.now(UTC)), nl=False)
    return Exit.OK


async def get_experiment(flags: Flags, name: str, output: str) -> int:
    """Print one Experiment as the plugin does, or as JSON."""
    async with Connection(flags) as (access, transport):
        key = Key(one_namespace(flags, access), name)
        experiment: Experiment = await api.get(transport, Kind.EXPERIMENTS, key)
        kinds = (Kind.REPLICA_SETS, Kind.PODS, Kind.ANALYSIS_RUNS)
        wanted = [Wanted(StreamId(kind, key.namespace)) for kind in kinds]
        answers = await asyncio.gather(*(_list(transport, stream) for stream in wanted))
    for answer in answers:
        if isinstance(answer, AmasError):
            click.echo(answer.sentence, err=True)
    facts = [answer for answer in answers if isinstance(answer, Fact)]
    # It stands alone: no Rollout gives its ReplicaSets a role.
    nobody = Rollout(metadata=ObjectMeta(name="", uid="", namespace=key.namespace))
    scene = Scene(nobody, Snapshot().after(facts))
    view = experiment_view(scene, experiment)
    if output in ("json", "yaml"):
        emit(experiment_json(view, key.namespace), output)
    elif output == "name":
        click.echo(f"experiment.argoproj.io/{name}")
    else:
        images = experiment_images(scene, experiment)
        click.echo(experiment_text(view, key.namespace, images, datetime.now(UTC)), nl=False)
    return Exit.OK


async def read_scene(
    transport: Transport, key: Key, kinds: frozenset[Kind]
) -> tuple[Scene, list[AmasError]]:
    """Return a rollout with what belongs to it, and why parts of it may be missing."""
    rollout: Rollout = await api.get(transport, Kind.ROLLOUTS, key)
    wanted = [stream for stream in rollout_streams(rollout) if stream.id.kind in kinds]
    if not any(stream.id.kind is Kind.EXPERIMENTS for stream in wanted):
        wanted.append(Wanted(StreamId(Kind.EXPERIMENTS, key.namespace)))
    answers = await asyncio.gather(*(_list(transport, stream) for stream in wanted))
    missing = [answer for answer in answers if isinstance(answer, AmasError)]
    facts = [answer for answer in answers if isinstance(answer, Fact)]
    return Scene(rollout, Snapshot().after(facts)), missing


_SHOWN: Final = frozenset({Kind.REPLICA_SETS, Kind.PODS, Kind.ANALYSIS_RUNS, Kind.EXPERIMENTS})


async def _list(transport: Transport, wanted: Wanted) -> Fact | AmasError:
    resource = RESOURCES[wanted.id.kind]
    source: Source[Any] = Source(transport, resource, wanted.id.namespace, wanted.selectors)
    try:
        return Fact(wanted.id, relevant(await source.list(), wanted), datetime.now(UTC))
    except (ForbiddenError, NotFoundError) as error:
        return error


async def rollout_status(
    flags: Flags, name: str, output: str, *, watch: bool, patience: float | None
) -> int:
    """Print the status, once or at each change until it is settled; return its exit code."""
    async with Connection(flags) as (access, transport):
        key = Key(one_namespace(flags, access), name)
        if not watch:
            rollout: Rollout = await api.get(transport, Kind.ROLLOUTS, key)
            _print_status(rollout, output)
            return status_code(rollout, watched=False)
        try:
            async with asyncio.timeout(patience):
                return await _watch_status(transport, key, output)
        except TimeoutError:
            raise TimedOutError(f"rollout {name} was not settled within {patience:g} s") from None


async def _watch_status(transport: Transport, key: Key, output: str) -> int:
    printed = ""
    async with aclosing(_versions(transport, key)) as versions:
        async for rollout in versions:
            line = status_words(rollout)
            if line != printed:
                _print_status(rollout, output)
                printed = line
            code = status_code(rollout, watched=True)
            if code is not Exit.PROGRESSING:
                return code
    return Exit.UNEXPECTED


async def _versions(transport: Transport, key: Key) -> AsyncGenerator[Rollout, None]:
    """Yield every version of one rollout as the watch brings it."""
    # A missing rollout is an answer, not something to wait for.
    first: Rollout = await api.get(transport, Kind.ROLLOUTS, key)
    uid = first.uid
    source: Source[Rollout] = Source(
        transport,
        RESOURCES[Kind.ROLLOUTS],
        key.namespace,
        {"fieldSelector": f"metadata.name={key.name}"},
    )
    rng = random.Random()  # noqa: S311 - spreads load, guards nothing
    updates = reflect(source, sleep=asyncio.sleep, clock=time.monotonic, rng=rng)
    async with aclosing(updates):
        async for update in updates:
            match update:
                case Listed(objects):
                    for rollout in objects:
                        yield rollout
                    if not objects:
                        raise _gone(key)
                case Applied(rollout):
                    yield rollout
                case Deleted(rollout) if rollout.uid == uid:
                    raise _gone(key)
                case Lost(error):
                    click.echo(f"{error.sentence}", err=True)
                case _:
                    continue


def _gone(key: Key) -> NotFoundError:
    return NotFoundError(f"rollout {key.name} in {key.namespace} was deleted", status=404)


def status_words(rollout: Rollout) -> str:
    """Return phase and message, as the plugin prints them."""
    verdict = rollout_verdict(rollout)
    return f"{verdict.phase} - {verdict.message}" if verdict.message else str(verdict.phase)


def _print_status(rollout: Rollout, output: str) -> None:
    verdict = rollout_verdict(rollout)
    if output in ("json", "yaml"):
        emit(
            {
                "apiVersion": API_VERSION,
                "kind": "RolloutStatus",
                "name": rollout.key.name,
                "namespace": rollout.key.namespace,
                "phase": verdict.phase.value,
                "message": verdict.message,
            },
            output,
        )
    else:
        click.echo(status_words(rollout))


def one_namespace(flags: Flags, access: Access) -> str:
    """Return the namespace of a command on one rollout."""
    return flags.namespaces[0] if flags.namespaces else access.namespace


class Connection:
    """Opens the way to the cluster for one command."""

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    async def __aenter__(self) -> tuple[Access, Transport]:
        access = await asyncio.to_thread(load_access, access_options(self._flags))
        self._transport = Transport(access)
        return access, self._transport

    async def __aexit__(self, *exc: object) -> None:
        await self._transport.aclose()
