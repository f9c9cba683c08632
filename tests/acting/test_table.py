"""Every verb in every state on the real control plane, beside what the plugin does there.

Nothing is changed: our write and the plugin's are let run dry on the same object, and what each
would change is compared.
"""

import json
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from amas_tui.acting import Preview, prepare
from amas_tui.actions.children import child_of, running_experiments, running_runs
from amas_tui.actions.template import undo_sets
from amas_tui.actions.verb import Choice, Images, Target, Verb
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.options import Flags
from amas_tui.store.scene import Scene
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.proxy import FaultProxy
from tests.controlplane.verb_states import STATES, make_all

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("table")]

Changes = dict[str, Any]

COMPARED: Final[Mapping[Verb, tuple[str, ...]]] = {
    Verb.PROMOTE: ("promote", "{name}"),
    Verb.PROMOTE_FULL: ("promote", "{name}", "--full"),
    Verb.ABORT: ("abort", "{name}"),
    Verb.RETRY: ("retry", "rollout", "{name}"),
    Verb.PAUSE: ("pause", "{name}"),
    Verb.RESTART: ("restart", "{name}"),
    Verb.UNDO: ("undo", "{name}"),
    Verb.SET_IMAGE: ("set", "image", "{name}", "*=registry.test/new:v9"),
}
"""The plugin's words for each verb that it has."""

EVERYWHERE: Final = frozenset({Verb.PROMOTE, Verb.PROMOTE_FULL, Verb.ABORT, Verb.RETRY, Verb.UNDO})
"""Verbs that are compared in every state; the others in those of `SAMPLES`."""

SAMPLES: Final = frozenset({"paused-by-step", "restarting", "workload-ref"})

ALL: Final = frozenset(STATES)

REFUSED: Final[Mapping[Verb, Mapping[str, Collection[str]]]] = {
    Verb.PROMOTE: {
        "nothing to promote: no update is in flight": {
            "healthy",
            "first-deploy",
            "restarting",
            "blue-green-switched",
        },
        "aborted: promote has no lasting effect; retry, undo or promote fully": {"aborted"},
        "a full promotion is under way already": {"promoting-fully"},
        "InvalidSpec: the controller acts on nothing until the spec is repaired": {"invalid-spec"},
    },
    Verb.PROMOTE_FULL: {
        "nothing to promote: no update is in flight": {
            "healthy",
            "first-deploy",
            "restarting",
            "blue-green-switched",
        },
        "a full promotion is under way already": {"promoting-fully"},
        "InvalidSpec: the controller acts on nothing until the spec is repaired": {"invalid-spec"},
    },
    Verb.ABORT: {
        "no update is in flight: abort would be cleared again": {
            "healthy",
            "first-deploy",
            "restarting",
            "blue-green-switched",
        },
        "aborted already": {"aborted"},
    },
    Verb.RETRY: {
        "nothing was aborted: there is nothing to try again": ALL - {"aborted"},
    },
    Verb.RESUME: {
        "it is not held (spec.paused is off)": ALL - {"paused-by-spec", "invalid-spec"},
        "InvalidSpec: the controller acts on nothing until the spec is repaired": {"invalid-spec"},
    },
    Verb.TERMINATE_RUN: {
        "no analysis is running": ALL - {"analysing"},
    },
    Verb.TERMINATE_EXPERIMENT: {
        "no step of this rollout is an experiment": ALL - {"experimenting"},
    },
    Verb.RETRY_EXPERIMENT: {
        "no step of this rollout is an experiment": ALL - {"experimenting"},
        "no experiment has ended by itself": {"experimenting"},
    },
    Verb.UNDO: {
        "there is no other revision to go back to": {"first-deploy"},
    },
    Verb.PAUSE: {
        "it is held already: resume lifts it": {"paused-by-spec"},
        "InvalidSpec: the controller acts on nothing until the spec is repaired": {"invalid-spec"},
    },
    Verb.RESTART: {
        "a restart is under way or planned already": {"restarting"},
        "InvalidSpec: the controller acts on nothing until the spec is repaired": {"invalid-spec"},
    },
}
"""Where each verb is refused, by its reason; in every other state it is possible."""

DELIBERATE: Final[Mapping[tuple[str, Verb], str]] = {
    **dict.fromkeys(
        [(state, Verb.ABORT) for state in ("healthy", "first-deploy", "restarting")],
        "the plugin asks for an abort that the controller clears again",
    ),
    ("blue-green-switched", Verb.ABORT): "the plugin asks for an abort that is cleared again",
    ("paused-by-spec", Verb.PROMOTE): "the plugin lifts the hold and skips the running step too",
    ("aborted", Verb.PROMOTE): "the plugin moves an index that the controller puts back to 0",
    ("restarting", Verb.RESTART): "the plugin starts another restart before the first is through",
    ("invalid-spec", Verb.PROMOTE): "the plugin writes what nobody acts on",
    ("invalid-spec", Verb.PROMOTE_FULL): "the plugin writes what nobody acts on",
    ("workload-ref", Verb.UNDO): "the plugin compares with the empty template of the Rollout: it "
    "finds nothing to undo, and says so as a success",
}
"""Where we do something else than the plugin, and why; everywhere else both change the same."""


@pytest.fixture(scope="module")
def table(bed: ControlPlane) -> Iterator[str]:
    """A namespace with a rollout in each state."""
    with Api(bed) as api, api.namespace("table") as namespace:
        make_all(bed, namespace)
        yield namespace


def choice(verb: Verb, scene: Scene) -> Choice | None:
    """Return what a verb is asked of, as the plugin picks it."""
    match verb:
        case Verb.UNDO:
            found = next(iter(undo_sets(scene)), None)
            return Target(found.revision, found.hash, found.metadata.name) if found else None
        case Verb.SET_IMAGE:
            return Images((("*", "registry.test/new:v9"),))
        case Verb.TERMINATE_RUN:
            return next(map(child_of, running_runs(scene)), None)
        case Verb.TERMINATE_EXPERIMENT:
            return next(map(child_of, running_experiments(scene)), None)
        case _:
            return None


async def ours(rollout: Followed, scene: Scene, verb: Verb) -> tuple[Preview, Changes]:
    """Return our preview, and what all its writes would change."""
    preview = await prepare(rollout.gate, verb, scene, rollout.now(), choice(verb, scene))
    found: Changes = {}
    if preview.is_possible:
        for write in preview.writes:
            before = await rollout.session.read(write.kind, write.key)
            found |= changes(dict(before), dict(await rollout.session.send(write, dry_run=True)))
    return preview, found


def theirs(
    bed: ControlPlane, api: Api, proxy: FaultProxy, kubeconfig: Path, name: str, verb: Verb
) -> Changes:
    """Return what the plugin would change."""
    proxy.replies.clear()
    words = [word.format(name=name) for word in COMPARED[verb]]
    command = [str(bed.binary("kubectl-argo-rollouts")), "--kubeconfig", str(kubeconfig), *words]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    found: Changes = {}
    for path, reply in proxy.replies:
        before = json.loads(api.text(path.removesuffix("/status")))
        found |= changes(before, reply)
    return found


def changes(before: Json, after: Json) -> Changes:
    """Return every place of spec and status that differs, with its value afterwards."""
    kind = before["kind"]
    parts = {part: after.get(part) for part in ("spec", "status")}
    return dict(_changes(kind, {p: before.get(p) for p in parts}, parts))


def _changes(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(before, dict) and isinstance(after, dict) and not path.endswith("template"):
        for key in before.keys() | after.keys():
            yield from _changes(f"{path}.{key}", before.get(key), after.get(key))
    elif before != after and (before or after):
        # The moment of a restart is the moment of the command.
        yield path, images(after) if path.endswith("template") else _timeless(path, after)


def _timeless(path: str, value: Any) -> Any:
    return "now" if path.endswith("restartAt") else value


def images(template: Any) -> list[str]:
    """Return a pod template's images: the plugin writes what was injected back with it."""
    spec = (template or {}).get("spec", {})
    lists = (spec.get("containers") or [], spec.get("initContainers") or [])
    return [str(one["image"]) for list_ in lists for one in list_]


@pytest.fixture(scope="module")
def proxy(bed: ControlPlane) -> Iterator[FaultProxy]:
    """A way to the API server on which every write only runs dry."""
    with FaultProxy(bed) as proxy:
        proxy.is_dry = True
        yield proxy


@pytest.mark.parametrize("state", STATES)
async def test_each_verb_does_what_the_table_says(
    bed: ControlPlane, api: Api, table: str, proxy: FaultProxy, tmp_path: Path, state: str
) -> None:
    flags = Flags(kubeconfig=str(bed.kubeconfig(namespace=table)), namespaces=(table,))
    kubeconfig = proxy.kubeconfig(tmp_path, table)
    async with followed(flags, state) as rollout:
        scene = await rollout.first()
        for verb in Verb:
            preview, own = await ours(rollout, scene, verb)
            assert preview.refusal == refusal(state, verb), verb
            assert bool(own) is not bool(preview.refusal), verb
            if verb in EVERYWHERE or (verb in COMPARED and state in SAMPLES):
                other = theirs(bed, api, proxy, kubeconfig, state, verb)
                assert (other != own) is ((state, verb) in DELIBERATE), (verb, own, other)


def refusal(state: str, verb: Verb) -> str:
    """Return the reason in the table, empty where the verb is possible."""
    reasons = REFUSED.get(verb, {})
    return next((reason for reason, where in reasons.items() if state in where), "")
