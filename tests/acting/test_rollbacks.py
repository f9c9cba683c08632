"""Emergency rollbacks from every kind of state, all at once; a client of its own reads the truth.

The one in flight goes by the command line, the others by what the command and the screen share.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from amas_tui.actions.progress import Ending
from tests.controlplane.bed import ControlPlane
from tests.headless.command import Ran, amas
from tests.soak.places import NAME
from tests.soak.rollback import Attempt, Case, Outcome, make_room
from tests.soak.truth import doubles, lies
from tests.soak.weather import Weather

pytestmark = [pytest.mark.controlplane, pytest.mark.xdist_group("rollbacks")]

DRIVEN: Final = (
    Case(1, "held", Weather.CALM),
    Case(2, "complete", Weather.CALM),
    Case(3, "invalid spec", Weather.CALM),
    Case(4, "no service", Weather.CALM),
    Case(5, "basic", Weather.CALM),
    Case(6, "blue-green", Weather.CALM),
)
_SECONDS: Final = 170.0
"""More than the two minutes that a rollback gives itself."""
COMMAND: Final = Case(7, "in flight", Weather.CALM, is_gated=True)
WRITES: Final = {"complete": 2}
"""How many patches each takes, where it is not one."""


@dataclass(frozen=True, slots=True)
class Commanded:
    """What the command line did.

    Attributes:
        tried: What a dry-run said.
        written: How many patches were meant after the dry-run, and at the end.
    """

    tried: Ran
    ran: Ran
    written: tuple[int, int]
    lies: list[str]
    doubles: list[str]


@dataclass(frozen=True, slots=True)
class Story:
    """What came of all of them."""

    outcomes: Mapping[str, Outcome]
    commanded: Commanded


async def driven(bed: ControlPlane, folder: Path, case: Case) -> Outcome:
    async with Attempt(bed, folder, case) as attempt:
        return await attempt.roll_back()


async def commanded(bed: ControlPlane, folder: Path) -> Commanded:
    async with Attempt(bed, folder, COMMAND) as attempt:

        def run(*arguments: str) -> Ran:
            state = {"XDG_STATE_HOME": str(folder / "state")}
            return amas(
                *("rollback", NAME, *arguments),
                kubeconfig=attempt.kubeconfig,
                env=state,
                seconds=_SECONDS,
            )

        tried = await asyncio.to_thread(run, "--dry-run=server")
        before = len(attempt.proxy.sent)
        begun = datetime.now(UTC)
        ran = await asyncio.to_thread(run, "--yes", "--reason", "errors at 20 %")
        false = await asyncio.to_thread(lies, attempt.at, attempt.good, begun)
        sent = attempt.proxy.sent
        return Commanded(tried, ran, (before, len(sent)), false, doubles(sent))


async def all_at_once(bed: ControlPlane, folder: Path) -> Story:
    make_room()
    first = asyncio.ensure_future(commanded(bed, folder))
    outcomes = await asyncio.gather(*(driven(bed, folder, case) for case in DRIVEN))
    return Story({one.case.state: one for one in outcomes}, await first)


@pytest.fixture(scope="module")
def story(bed: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("rollbacks")
    with pytest.MonkeyPatch.context() as home:
        for name in ("CONFIG", "STATE", "DATA"):
            home.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
        return asyncio.run(all_at_once(bed, folder))


@pytest.mark.parametrize("case", DRIVEN, ids=lambda case: case.state)
def test_a_rollback_is_done_when_its_four_checks_are_true(story: Story, case: Case) -> None:
    outcome = story.outcomes[case.state]
    assert outcome.ending is Ending.DONE, str(outcome)
    assert outcome.lies == []


@pytest.mark.parametrize("case", DRIVEN, ids=lambda case: case.state)
def test_a_rollback_writes_what_it_must_and_nothing_twice(story: Story, case: Case) -> None:
    outcome = story.outcomes[case.state]
    assert outcome.doubles == []
    assert outcome.writes == WRITES.get(case.state, 1)


def test_the_command_tells_its_four_checks_and_ends_with_0(story: Story) -> None:
    ran = story.commanded.ran
    assert ran.code == 0, ran.out + ran.err
    assert "rollback: done" in ran.out
    (last,) = [line for line in ran.err.splitlines() if line.count("✔") == 4]
    for check in ("traffic on stable", "canary pods gone", "service healthy", "metrics normal"):
        assert f"✔ {check}: " in last
    assert "is inside its limit" in last
    assert (story.commanded.lies, story.commanded.doubles) == ([], [])


def test_the_commands_preview_writes_nothing_and_the_rollback_once(story: Story) -> None:
    tried = story.commanded.tried
    assert tried.code == 0, tried.out + tried.err
    assert "the update in flight is replaced by the stable version" in tried.err
    assert story.commanded.written == (0, 1)
