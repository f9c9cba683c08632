from amas_tui.domain.watch import Listed, Lost
from amas_tui.errors import ForbiddenError
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact
from amas_tui.viewmodel.events_panel import events_lines, folded
from amas_tui.viewmodel.text import Tone, line_width, plain
from tests import builders as b
from tests.builders import NAME, NEW, NOW, ago

POD = ("Pod", f"{NAME}-{NEW}-abcde", "pod-uid")


def texts(scene: Scene, width: int = 100) -> list[str]:
    return [plain(line) for line in events_lines(scene, NOW, width)]


def test_the_newest_stands_first_with_its_age_reason_object_and_words() -> None:
    scene = b.scene(
        b.rollout(),
        b.event("RolloutStepCompleted", "Rollout step 1/4 completed (setWeight: 20)"),
        b.event("RolloutPaused", "Rollout is paused (CanaryPauseStep)", at=ago(seconds=9)),
    )
    assert texts(scene) == [
        "   9s   RolloutPaused rollout/checkout: Rollout is paused (CanaryPauseStep)",
        "  60s   RolloutStepCompleted rollout/checkout: Rollout step 1/4 completed (setWeight: 20)",
    ]


def test_a_warning_is_marked_by_sign_and_tone() -> None:
    scene = b.scene(b.rollout(), b.event("RolloutAborted", "because", kind="Warning"))
    (line,) = events_lines(scene, NOW, 80)
    assert " ! RolloutAborted" in plain(line)
    assert {span.tone for span in line if "because" in span.text} == {Tone.WARN}


def test_the_same_words_about_the_same_object_are_one_line_that_counts() -> None:
    told = folded(
        [
            b.event("BackOff", of=POD, count=3, at=ago(minutes=4), first=ago(minutes=9)),
            b.event("BackOff", of=POD, count=4, at=ago(minutes=1)),
            b.event("BackOff", of=("Pod", "other", "other-uid")),
        ]
    )
    assert sorted((one.times, one.name) for one in told) == [(1, "other"), (7, POD[1])]
    repeated = next(one for one in told if one.times == 7)
    assert (repeated.first_at, repeated.at) == (ago(minutes=9), ago(minutes=1))


def test_what_newer_reporters_count_in_a_series_counts() -> None:
    series = {"count": 12, "lastObservedTime": "2026-03-04T14:07:20.000000Z"}
    (told,) = folded([b.event(series=series, at=ago(minutes=5))])
    assert told.times == 12
    assert told.at == ago(seconds=1)


def test_only_the_tree_s_own_events_are_shown_also_of_pods_that_are_gone() -> None:
    scene = b.scene(
        b.rollout(),
        b.replica_set(NEW),
        b.event("Killing", "gone pod", of=("Pod", f"{NAME}-{NEW}-zzzzz", "unknown-uid")),
        b.event("Other", "a namesake of before", of=("Rollout", NAME, "an-older-uid")),
        b.event("Other", "another rollout's pod", of=("Pod", f"{NAME}-api-5d4-x", "foreign-uid")),
    )
    assert [text.split()[1] for text in texts(scene)] == ["Killing"]


def test_a_long_message_takes_three_lines_and_never_more_than_the_width() -> None:
    scene = b.scene(b.rollout(), b.event(message="word " * 200))
    lines = events_lines(scene, NOW, 40)
    assert len(lines) == 3
    assert all(line_width(line) <= 40 for line in lines)


def test_without_events_it_says_that_they_are_forgotten() -> None:
    assert texts(b.scene(b.rollout())) == [" no events: Kubernetes forgets them after an hour"]


def test_without_the_right_the_panel_says_which_one_is_missing() -> None:
    rollout = b.rollout()
    stream = StreamId(Kind.EVENTS, b.NAMESPACE)
    error = ForbiddenError("cannot list events in namespace shop: 403 no rule", status=403)
    known = b.snapshot(rollout, unknown=[Kind.EVENTS]).after([Fact(stream, Lost(error), NOW)])
    assert "cannot list events" in texts(Scene(rollout, known))[0]


def test_before_the_first_list_it_says_that_it_asks() -> None:
    rollout = b.rollout()
    known = b.snapshot(rollout, unknown=[Kind.EVENTS])
    assert texts(Scene(rollout, known)) == [" asking for events"]
    listed = known.after([Fact(StreamId(Kind.EVENTS, b.NAMESPACE), Listed((), "1"), NOW)])
    assert "forgets" in texts(Scene(rollout, listed))[0]
