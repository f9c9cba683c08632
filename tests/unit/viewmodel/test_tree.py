import pytest

from amas_tui.viewmodel.rollout_view import rollout_view
from amas_tui.viewmodel.text import Tone, line_width, plain
from amas_tui.viewmodel.tree import nodes, pod_icon, tree_lines
from tests.builders import NEW, NOW, ago, pod, replica_set, rollout, scene, stable_set
from tests.unit.viewmodel.scenes import SCENES


@pytest.mark.parametrize(
    ("status", "icon"),
    [
        ("Running", "✔"),
        ("Completed", "✔"),
        ("Pending", "◌"),
        ("Terminating", "◌"),
        ("ContainerCreating", "◌"),
        ("Init:0/1", "◌"),
        ("Init:CrashLoopBackOff", "◌"),
        ("Failed", "✖"),
        ("CrashLoopBackOff", "✖"),
        ("InvalidImageName", "✖"),
        ("Signal:9", "✖"),
        ("ExitCode:1", "✖"),
        ("ImagePullBackOff", "⚠"),
        ("ErrImagePull", "⚠"),
        ("RunContainerError", "⚠"),
        ("RegistryUnavailable", "⚠"),
        ("Unknown", "?"),
        ("OOMKilled", " "),
        ("Evicted", " "),
        ("", " "),
    ],
)
def test_a_pod_has_the_plugins_sign(status: str, icon: str) -> None:
    assert pod_icon(status) == icon


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_tree_fits_the_screen_and_keeps_every_line(name: str, width: int) -> None:
    view = rollout_view(SCENES[name]())
    lines = tree_lines(view, NOW, width)
    assert [line.key for line in lines] == [node.key for node in nodes(view, NOW)]
    assert len({line.key for line in lines}) == len(lines), "the cursor needs keys of their own"
    if width >= 80:
        assert max(line_width(line.line) for line in lines) <= width


def test_a_long_name_is_cut_in_its_middle() -> None:
    long = replica_set(name="checkout-" + "x" * 80 + "-end")
    lines = [plain(line.line) for line in tree_lines(rollout_view(scene(rollout(), long)), NOW, 80)]
    assert any("…" in line and "-end" in line for line in lines)


@pytest.mark.parametrize("name", SCENES)
def test_what_is_cut_off_a_line_is_marked(name: str) -> None:
    view = rollout_view(SCENES[name]())
    wide = [plain(line.line).split() for line in tree_lines(view, NOW, 200)]
    for line, whole in zip(tree_lines(view, NOW, 60), wide, strict=True):
        words = plain(line.line).split()
        assert words[-1] == whole[-1] or "…" in words[-1]


def test_the_plugins_sign_for_a_pause_is_replaced_by_one_with_a_known_width() -> None:
    view = rollout_view(SCENES["waiting"]())
    assert nodes(view, NOW)[0].status_text == "॥ Paused"
    assert "‖ Paused" in plain(tree_lines(view, NOW, 80)[0].line)


def test_restarts_roles_and_states_have_their_tones() -> None:
    view = rollout_view(SCENES["waiting"]())
    tones = {
        span.text.strip(): span.tone for line in tree_lines(view, NOW, 120) for span in line.line
    }
    assert tones["restarts:7"] is Tone.WARN
    assert tones["✖ CrashLoopBackOff"] is Tone.BAD
    assert tones["canary"] is Tone.CANARY
    assert tones["stable"] is Tone.STABLE


def test_an_age_from_the_future_is_nought() -> None:
    here = scene(rollout(), replica_set(born=ago(minutes=-3)), stable_set())
    assert [node.age for node in nodes(rollout_view(here), NOW)][2] == "0s"


def test_a_pod_that_nobody_owns_here_is_not_shown() -> None:
    here = scene(rollout(), replica_set(), pod("stray", owner="somebody else"))
    assert not any("stray" in node.name for node in nodes(rollout_view(here), NOW))


@pytest.mark.parametrize(
    ("deadline", "text"),
    [
        ("2026-03-04T14:07:45Z", "delay:24s"),
        ("2026-03-04T14:00:00Z", "delay:passed"),
        ("junk", "delay:"),
        ("2026-03-04T14:07:45", "delay:"),
    ],
)
def test_a_delay_is_what_is_left_of_it(deadline: str, text: str) -> None:
    marked = replica_set(annotations={"scale-down-deadline": deadline})
    found = nodes(rollout_view(scene(rollout(stable=NEW), marked)), NOW)
    assert plain(found[2].detail) == f"stable,{text}"
