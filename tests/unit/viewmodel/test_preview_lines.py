from typing import Any

import pytest

from amas_tui.actions.consequence import Consequence
from amas_tui.actions.patches import writes
from amas_tui.actions.progress import Ending, Progress, Stage
from amas_tui.actions.rule import Material
from amas_tui.actions.verb import Target, Verb
from amas_tui.viewmodel.choices import target_rows
from amas_tui.viewmodel.preview_lines import (
    diff_lines,
    masked,
    outcome_lines,
    preview_lines,
)
from amas_tui.viewmodel.text import Tone, line_width, plain
from tests.builders import (
    NOW,
    OLD,
    Json,
    ago,
    pause,
    pod_template,
    replica_set,
    rollout,
    scene,
    stable_set,
    weight,
)

WHAT = Consequence(
    ("ends the pause: step 2 → 3 of 4", "also lifts the hold"),
    (("traffic to revision 7", "20 %", "50 %"),),
    ("stable has only 2 of 5 pods ready",),
)
PAUSED = rollout(steps=[weight(20), pause()], step=1, paused="CanaryPauseStep")


def shown(
    what: Consequence = WHAT, refusal: str = "", hint: str = "", width: int = 80
) -> list[str]:
    lines = preview_lines(Verb.PROMOTE, what, writes(Verb.PROMOTE, PAUSED), refusal, hint, width)
    assert all(line_width(line) <= max(width, 60) for line in lines)
    return [plain(line) for line in lines]


def test_a_preview_says_consequence_numbers_warnings_and_the_write_itself() -> None:
    assert shown(width=100) == [
        "ends the pause: step 2 → 3 of 4",
        "also lifts the hold",
        "traffic to revision 7: 20 % → 50 %",
        "⚠ stable has only 2 of 5 pods ready",
        "",
        "PATCH rollouts/checkout/status in shop",
        "  remove /status/pauseConditions",
        "  only while unchanged: uid, currentPodHash, currentStepIndex, pauseConditions, abort",
    ]


def test_a_refusal_says_why_and_what_to_do_and_nothing_else() -> None:
    assert shown(refusal="aborted already", hint="Undo next") == [
        "✖ cannot promote: aborted already",
        "  Undo next",
    ]


def test_a_long_sentence_is_broken_at_blanks() -> None:
    long = Consequence(("word " * 30,))
    assert len(shown(long, width=60)) > 4


def test_a_written_value_is_shown_short_and_a_template_not_at_all() -> None:
    (undo,) = writes(Verb.UNDO, PAUSED, material=Material(pod_template("registry/checkout:v1")))
    lines = [plain(line) for line in preview_lines(Verb.UNDO, WHAT, [undo], "", "", 100)]
    assert "  replace /spec/template = the pod template below" in lines
    (full,) = writes(Verb.PROMOTE_FULL, PAUSED)
    lines = [plain(line) for line in preview_lines(Verb.PROMOTE_FULL, WHAT, [full], "", "", 100)]
    assert "  add /status/promoteFull = true" in lines


def test_the_revisions_to_go_back_to_are_listed_newest_first() -> None:
    here = scene(
        rollout(),
        replica_set(revision=9),
        stable_set(revision=4),
        replica_set("older", revision=2, images=("registry/checkout:v0.9.0",), born=ago(days=40)),
        replica_set("nameless", revision=None),
    )
    rows = target_rows(here, NOW)
    assert [target for target, _ in rows] == [
        Target(4, OLD, f"checkout-{OLD}"),
        Target(2, "older", "checkout-older"),
    ]
    assert [plain(line).split() for _, line in rows] == [
        ["revision", "4", "v1.4.0", "3d", "old", "stable"],
        ["revision", "2", "v0.9.0", "40d", "old"],
    ]


def template(**spec: Any) -> Json:
    return {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "app", "image": "x:v2", **spec}]},
    }


def diff(before: Json, after: Json) -> list[str]:
    return [plain(line) for line in diff_lines(before, after)]


def test_configuration_that_is_named_alone_is_listed() -> None:
    env = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    named = template()
    named["spec"]["containers"][0]["env"] = [env]
    named["spec"]["volumes"] = [{"name": "v", "configMap": {"name": "settings"}}]
    assert "by name alone, with what they hold today: configMap settings, secret s" in diff(
        template(), named
    )


def test_a_changed_image_comes_first_then_the_whole() -> None:
    found = diff(template(), template(image="x:v1"))
    assert found[0] == "image of app: v2 → v1"
    assert diff(template(), template(image="y:v2"))[0] == "image of app: x:v2 → y:v2"
    assert "-  - image: x:v2" in found
    assert "+  - image: x:v1" in found
    assert found.index("") == 1


def test_added_and_removed_lines_have_their_tones() -> None:
    lines = [line for line in diff_lines(template(), template(image="x:v1")) if line]
    tones = {plain(line)[0]: line[0].tone for line in lines if plain(line)[0] in "+-"}
    assert tones == {"+": Tone.GOOD, "-": Tone.BAD}


def test_the_same_template_is_said_to_be_the_same() -> None:
    assert diff(template(), template()) == ["the pod template is the same"]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        pytest.param(
            {"env": [{"name": "LEVEL", "value": "debug"}]},
            {"env": [{"name": "LEVEL", "value": "info"}]},
            "app env LEVEL: debug → info",
            id="value",
        ),
        pytest.param(
            {}, {"env": [{"name": "NEW", "value": "x"}]}, "app env NEW: none → x", id="added"
        ),
        pytest.param(
            {"env": [{"name": "OLD", "value": "x"}]}, {}, "app env OLD: x → none", id="removed"
        ),
        pytest.param(
            {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}]},
            {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "b"}}}]},
            "app env KEY: secretKeyRef s/a → secretKeyRef s/b",
            id="reference",
        ),
    ],
)
def test_changed_configuration_is_named(before: Json, after: Json, line: str) -> None:
    assert diff(template(**before), template(**after))[0] == line


def test_a_changed_volume_is_named() -> None:
    before, after = template(), template()
    before["spec"]["volumes"] = [{"name": "v", "configMap": {"name": "one"}}]
    after["spec"]["volumes"] = [{"name": "v", "secret": {"secretName": "two"}}]
    assert diff(before, after)[0] == "volume v: configMap one → secret two"


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "db_password",
        "API_KEY",
        "APIKEY",
        "AUTH_TOKEN",
        "ClientSecret",
        "PRIVATE_PEM",
        "AWS_CREDENTIALS",
        "PASSPHRASE",
    ],
)
@pytest.mark.parametrize("section", ["containers", "initContainers"])
def test_the_value_of_a_secret_variable_never_shows_but_its_change_does(
    name: str, section: str
) -> None:
    def with_value(value: str) -> Json:
        return {"spec": {section: [{"name": "app", "env": [{"name": name, "value": value}]}]}}

    found = "\n".join(diff(with_value("hunter2"), with_value("correct horse")))
    assert "hunter2" not in found
    assert "horse" not in found
    assert "••••" in found
    assert diff(with_value("hunter2"), with_value("hunter2")) == ["the pod template is the same"]


def test_masking_leaves_the_original_and_the_harmless_alone() -> None:
    own = template(
        env=[
            {"name": "TOKEN", "value": "x"},
            {"name": "LEVEL", "value": "debug"},
            {"name": "SECRET_NAME"},
        ]
    )
    found = masked(own)
    environment = found["spec"]["containers"][0]["env"]
    assert environment[0]["value"].startswith("•••• (")
    assert environment[1:] == [{"name": "LEVEL", "value": "debug"}, {"name": "SECRET_NAME"}]
    assert own["spec"]["containers"][0]["env"][0]["value"] == "x"
    assert masked({}) == {}


def test_hostile_text_in_a_template_is_disarmed() -> None:
    found = "\n".join(diff(template(), template(command=["\x1b]52;c;eA==\x07", "a\nb", "\u202e"])))
    assert "\x1b" not in found
    assert "\u202e" not in found


def test_a_huge_difference_is_cut() -> None:
    many = template(args=[f"argument {n}" for n in range(900)])
    found = diff(template(), many)
    assert len(found) < 420
    assert "lines more" in found[-1]


@pytest.mark.parametrize(
    ("progress", "text", "tone"),
    [
        pytest.param(
            Progress(Ending.DONE, (Stage("controller saw it", is_reached=True),)),
            " ✔ abort: done (3.0s) · controller saw it ✔",
            Tone.GOOD,
            id="done",
        ),
        pytest.param(
            Progress(
                Ending.WAITING,
                (Stage("weight 20", is_reached=False), Stage("ingress not read", None)),
            ),
            " ◌ abort: waiting (3.0s) · weight 20 ◌ · ingress not read (not looked at)",
            Tone.BUSY,
            id="waiting",
        ),
        pytest.param(
            Progress(Ending.REFUSED, remark="it was cleared"),
            " ✖ abort: refused by the controller (3.0s): it was cleared",
            Tone.BAD,
            id="refused",
        ),
        pytest.param(
            Progress(Ending.NO_EFFECT, (Stage("controller saw it", is_reached=False),), "it stays"),
            " ✖ abort: sent, but the controller did not react (3.0s): it stays",
            Tone.BAD,
            id="no effect",
        ),
        pytest.param(
            Progress(
                Ending.INCOMPLETE,
                (Stage("controller saw it", is_reached=True), Stage("weight 20", is_reached=False)),
            ),
            " ⚠ abort: begun, but not finished in time (3.0s) · controller saw it ✔ · weight 20 ✖",
            Tone.WARN,
            id="incomplete",
        ),
        pytest.param(
            Progress(Ending.UNKNOWN),
            " ? abort: not known yet (3.0s)",
            Tone.WARN,
            id="unknown",
        ),
    ],
)
def test_an_outcome_says_how_it_ended_and_what_was_seen(
    progress: Progress, text: str, tone: Tone
) -> None:
    (line,) = outcome_lines(Verb.ABORT, progress, "3.0s", 120)
    assert (plain(line), line[0].tone) == (text, tone)


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_has_a_sign_and_only_done_a_tick(ending: Ending) -> None:
    (line,) = outcome_lines(Verb.ABORT, Progress(ending), "1s", 120)
    assert plain(line).startswith(" ✔") == (ending is Ending.DONE)


def test_an_outcome_takes_two_lines_at_most() -> None:
    stages = tuple(Stage(f"stage {number}", is_reached=True) for number in range(20))
    lines = outcome_lines(Verb.PROMOTE_FULL, Progress(Ending.DONE, stages), "9s", 80)
    assert len(lines) == 2
    assert all(line_width(line) <= 80 for line in lines)
