"""Two programs that press promote at once on consecutive pauses: one step each time, never two."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import click

from amas_tui.acting import MovedError, carry_out, prepare
from amas_tui.actions.progress import Pending
from amas_tui.actions.verb import Verb
from amas_tui.cli.following import Followed, followed
from amas_tui.cli.options import Flags
from tests.controlplane import rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane

NAME = "both"


def deploy(api: Api, namespace: str, pauses: int) -> None:
    """Make a canary that waits at the first of many pauses."""
    steps = [rollouts.set_weight(20), *[rollouts.pause() for _ in range(pauses + 2)]]
    api.apply(*rollouts.canary(namespace, NAME, steps, replicas=1, requests_per_second=0))
    api.wait("rollouts", namespace, NAME, states.is_healthy, timeout=90)
    api.set_image(namespace, NAME, "v2")
    api.wait("rollouts", namespace, NAME, states.is_paused, timeout=60)


def step(api: Api, namespace: str) -> int:
    """Return the step that the controller is at."""
    return int(api.get("rollouts", namespace, NAME)["status"]["currentStepIndex"])


async def promoted(rollout: Followed) -> Pending:
    """Promote what is seen now, once it waits."""
    here = await rollout.first(
        lambda here: (
            bool(here.rollout.status.pause_conditions) and here.rollout.status.controller_pause
        )
    )
    preview = await prepare(rollout.gate, Verb.PROMOTE, here, rollout.now())
    if not preview.is_possible:
        raise MovedError(preview.refusal)
    return await carry_out(rollout.gate, preview, here, datetime.now(UTC))


async def press_together(
    bed: ControlPlane, api: Api, namespace: str, count: int
) -> list[tuple[int, str]]:
    """Return, for each time, by how many steps it went on and what the loser was told."""
    flags = Flags(kubeconfig=str(bed.kubeconfig(namespace=namespace)), namespaces=(namespace,))
    found = []
    async with followed(flags, NAME) as first, followed(flags, NAME) as second:
        for _ in range(count):
            before = await asyncio.to_thread(step, api, namespace)
            outcomes = await asyncio.gather(
                promoted(first), promoted(second), return_exceptions=True
            )
            await asyncio.to_thread(_paused_again, api, namespace, before)
            after = await asyncio.to_thread(step, api, namespace)
            told = [str(one) for one in outcomes if isinstance(one, MovedError)]
            others = [one for one in outcomes if not isinstance(one, MovedError | Pending)]
            assert not others, others
            found.append((after - before, "; ".join(told)))
    return found


def _paused_again(api: Api, namespace: str, before: int) -> None:
    api.wait(
        "rollouts",
        namespace,
        NAME,
        lambda ro: states.is_paused(ro) and not states.at_step(ro, before),
    )


async def soak(bed: ControlPlane, count: int) -> bool:
    """Press together `count` times; return whether it went on by one step each time."""
    with Api(bed) as api, api.namespace("together") as namespace:
        await asyncio.to_thread(deploy, api, namespace, count)
        found = await press_together(bed, api, namespace, count)
    click.echo(f"{count} times together: steps {dict(Counter(by for by, _ in found))}")
    click.echo(f"losers told: {sum(bool(told) for _, told in found)} of {count}")
    for words, times in Counter(told for _, told in found).most_common(5):
        click.echo(f"  {times:3} {words}")
    return all(by == 1 and told for by, told in found)
