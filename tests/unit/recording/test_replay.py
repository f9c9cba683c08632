import gzip
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from amas_tui.domain.watch import Applied, Listed
from amas_tui.errors import UsageError
from amas_tui.recording.file import load, save
from amas_tui.recording.ring import Recording, Ring, fold
from amas_tui.session.replay import RecordingError, Replay
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import scene
from amas_tui.store.slo import Gauge, Series, Side, Slo
from amas_tui.store.snapshot import Fact, Snapshot
from amas_tui.viewmodel.board import board
from amas_tui.viewmodel.headline import headline
from amas_tui.viewmodel.timeline.moments import moments
from amas_tui.viewmodel.traffic import traffic_chart
from tests import builders as b
from tests.builders import NEW, NOW

UID = "checkout-uid"
STEPS = (b.weight(20), b.pause(), b.weight(50), b.weight(80))
ROLLOUTS, SETS = StreamId(Kind.ROLLOUTS), StreamId(Kind.REPLICA_SETS, "shop")
GAUGE = Gauge("success-rate", ((Side.CANARY, "q"),))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def story(count: int) -> Iterator[tuple[datetime, list[Fact], Snapshot]]:
    """Yield the pictures of an update in progress, a second apart, with what made each."""
    picture = Snapshot()
    for number in range(count):
        moment = at(number)
        facts = [
            Fact(
                ROLLOUTS,
                Applied(
                    b.rollout(
                        steps=STEPS,
                        routed=True,
                        weights=(number % 100, NEW),
                        step=number % 4,
                        version=100 + number,
                    )
                ),
                moment,
            )
        ]
        if number == 0:
            facts = [
                Fact(ROLLOUTS, Listed((b.healthy("accounts"),), "99"), moment),
                Fact(SETS, Listed((b.replica_set(NEW), b.stable_set()), "99"), moment),
                *facts,
            ]
        points = tuple((float(n), n / 100) for n in range(number + 1))
        slo = Slo((GAUGE,), {("", "q"): Series(points)}, "p", moment)
        picture = replace(picture.after(facts), slos={UID: slo})
        yield moment, facts, picture


def views(picture: Snapshot, moment: datetime) -> list[object]:
    """Return what the screens make of a picture."""
    here = scene(picture, UID)
    assert here is not None
    return [
        board(picture, "c", moment).rows,
        headline(here, moment),
        moments(here),
        traffic_chart(here, moment, 6),
        picture.slos,
    ]


def recorded(count: int, most: int = 10_000) -> tuple[Recording, list[tuple[datetime, Snapshot]]]:
    ring = Ring(NOW, most)
    live = []
    for moment, facts, picture in story(count):
        ring.add(moment, facts, picture, UID)
        live.append((moment, picture))
    return ring.recording("prod-eu", "shop"), live


@pytest.mark.parametrize("most", [10_000, 150], ids=["whole", "with a base"])
def test_a_recording_replays_to_identical_view_models(tmp_path: Path, most: int) -> None:
    recording, live = recorded(250, most)
    read = load(save(recording, tmp_path))
    assert len(read.batches) == len(recording.batches) <= most
    picture = read.base
    for batch, (moment, known) in zip(read.batches, live[-len(read.batches) :], strict=True):
        picture = fold(picture, batch)
        if batch is read.batches[-1] or moment.second % 20 == 0:
            assert views(picture, moment) == views(known, moment)
    assert (read.context, read.home, read.is_cut) == ("prod-eu", "shop", False)


def test_the_ring_forgets_the_oldest_and_keeps_their_sum() -> None:
    recording, live = recorded(600, most=550)
    assert len(recording.batches) < 550
    assert recording.began == live[-len(recording.batches) - 1][0]
    assert scene(recording.base, UID) is not None


def test_the_file_is_for_this_user_alone_and_small(tmp_path: Path) -> None:
    path = save(recorded(300)[0], tmp_path / "recordings")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.stat().st_size < 300 * 1_000


def cut(path: Path, share: float) -> Path:
    content = gzip.decompress(path.read_bytes())
    short = path.with_name("cut.jsonl")
    short.write_bytes(content[: int(len(content) * share)])
    return short


@pytest.mark.parametrize("share", [0.3, 0.5, 0.77, 0.999])
def test_a_truncated_one_opens_up_to_its_last_whole_entry(tmp_path: Path, share: float) -> None:
    path = save(recorded(200)[0], tmp_path)
    whole, part = load(path), load(cut(path, share))
    assert part.is_cut
    assert 0 < len(part.batches) < 200
    assert part.batches == whole.batches[: len(part.batches)]


def test_a_packed_file_that_was_cut_opens_too(tmp_path: Path) -> None:
    path = save(recorded(400)[0], tmp_path)
    packed = path.read_bytes()
    path.write_bytes(packed[: len(packed) * 3 // 4])
    part = load(path)
    assert part.is_cut
    assert part.batches


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"not json", b'{"format": "amas-tui/recording/v1"}', b"\x1f\x8bjunk", b"[1]\n"],
)
def test_what_is_no_recording_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not a recording"):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "none")


# ----------------------------------------------------------------------------- steering


@pytest.fixture
def replay() -> Replay:
    return Replay(recorded(250)[0])


async def shown(replay: Replay) -> Snapshot:
    pictures = replay.pictures()
    picture = await anext(pictures)
    await pictures.aclose()
    return picture


async def test_stepping_on_and_back_shows_the_very_same_pictures(replay: Replay) -> None:
    forward = []
    for _ in range(120):
        replay.step(1)
        forward.append((await shown(replay)).rollouts[UID].metadata.resource_version)
    assert all(int(new) == int(old) + 1 for old, new in pairwise(forward))
    for known in reversed(forward[:-1]):
        replay.step(-1)
        assert (await shown(replay)).rollouts[UID].metadata.resource_version == known


async def test_a_pause_holds_the_clock_and_the_picture(replay: Replay) -> None:
    replay.step(10)
    assert "paused" in replay.position
    assert replay.now() == replay.now() == at(9)


@pytest.mark.parametrize(
    ("text", "second"),
    [("50%", 124.5), ("0%", 0), ("100%", 249), ("14:08:21", 60), ("14:09", 99), ("+30s", 39)],
)
async def test_seeking_goes_to_the_moment(
    replay: Replay, text: str, second: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    replay.step(10)
    replay.seek(text)
    assert replay.now() == at(second)
    version = (await shown(replay)).rollouts[UID].metadata.resource_version
    assert version == str(100 + int(second))


def test_a_moment_that_is_none_is_named(replay: Replay) -> None:
    for text in ("", "soon", "25:00", "+x", "1000%"):
        with pytest.raises(UsageError, match="no moment"):
            replay.seek(text)


async def test_nothing_can_be_written_or_asked(replay: Replay) -> None:
    assert replay.settings.read_only
    with pytest.raises(RecordingError, match="this is a recording"):
        await replay.look(b.key())
    with pytest.raises(RecordingError):
        await replay.read(Kind.ROLLOUTS, b.key())
