"""A deployment's course: where it stands, whether it is over, and what is to be said of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from amas_tui.errors import Exit
from amas_tui.pipeline.until import status_code
from amas_tui.rules.analysis import is_cut_short, passed_without_data
from amas_tui.rules.images import version
from amas_tui.rules.pause import Waiting, pauses
from amas_tui.rules.phase import is_observed
from amas_tui.rules.steps import step_index
from amas_tui.rules.weight import new_share
from amas_tui.store.scene import Scene
from amas_tui.viewmodel.headline import headline


class Reaction(StrEnum):
    """What is done when a deployment does not go well."""

    ABORT = "abort"
    ROLLBACK = "rollback"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a deployment stands.

    Attributes:
        code: What it ends with, `None` while it goes on.
        sentence: Why it ends.
        needs_reaction: Whether it would stay as it is, with traffic on the new version.
        waits_for_human: Whether a pause without an end holds it.
    """

    code: Exit | None
    sentence: str = ""
    needs_reaction: bool = False
    waits_for_human: bool = False


GOES_ON: Final = Verdict(None)


def verdict(scene: Scene, pod_hash: str, now: datetime) -> Verdict:
    """Return where the deployment of a version stands.

    Args:
        scene: The rollout.
        pod_hash: Of the version that was deployed.
        now: The server's time.
    """
    rollout = scene.rollout
    if not is_observed(rollout):
        return GOES_ON
    if rollout.status.current_pod_hash != pod_hash:
        tag = version(scene.current.spec.template.spec.containers) if scene.current else "another"
        return Verdict(Exit.ABORTED, f"another deployment took over: {tag}")
    code = status_code(rollout, watched=True)
    if code is Exit.PROGRESSING:
        return GOES_ON
    if code is Exit.OK:
        return Verdict(Exit.OK, _passed(scene)) if rollout.is_promoted else GOES_ON
    sentence = headline(scene, now).sentence
    if code is Exit.PAUSED:
        waiting = {pause.waiting for pause in pauses(rollout)}
        return Verdict(code, sentence, waits_for_human=Waiting.SPEC not in waiting)
    return Verdict(code, sentence, needs_reaction=not rollout.status.abort)


def _passed(scene: Scene) -> str:
    """Return how a healthy version got there: what its gates said, as far as they measured."""
    # One in the background is ended with the update: that cuts nothing short.
    gates = [run for run in scene.update_runs if run.rollout_type != "Background"]
    runs = [run for run in gates if run.phase.is_final]
    unproved = [run for run in runs if is_cut_short(run) or passed_without_data(run)]
    if not runs:
        return "healthy; no gate measured it"
    if unproved:
        return f"healthy; {len(unproved)} of {len(runs)} gates passed without enough data"
    return "healthy, and all gates passed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a deployment ended in one cluster."""

    context: str
    namespace: str
    name: str
    image: str
    code: Exit
    sentence: str
    seconds: float
    revision: int = 0

    @property
    def word(self) -> str:
        """Return it in a word."""
        return _WORDS.get(self.code, "failed")

    def to_json(self) -> dict[str, Any]:
        """Return it for `-o json`."""
        return {
            "context": self.context,
            "namespace": self.namespace,
            "name": self.name,
            "image": self.image,
            "revision": self.revision,
            "result": self.word,
            "exitCode": int(self.code),
            "sentence": self.sentence,
            "seconds": round(self.seconds, 1),
        }


_WORDS: Final = {
    Exit.OK: "deployed",
    Exit.REFUSED: "refused",
    Exit.DEGRADED: "degraded",
    Exit.ABORTED: "aborted",
    Exit.PAUSED: "waiting",
    Exit.ANALYSIS: "halted",
    Exit.UNREACHABLE: "unreachable",
    Exit.UNAUTHENTICATED: "no login",
    Exit.FORBIDDEN: "forbidden",
    Exit.NOT_FOUND: "not found",
    Exit.CONTROLLER_SILENT: "no reaction",
    Exit.NOT_OBSERVED: "not observed",
    Exit.TIMEOUT: "timed out",
    Exit.PROGRESSING: "not begun",
}


_CELLS: Final = 24


def progress_bar(scene: Scene) -> str:
    """Return how far an update is, in a line: steps as a bar, traffic as a number."""
    rollout = scene.rollout
    total = len(rollout.steps) or 1
    done = total if rollout.is_promoted else step_index(rollout)
    filled = _CELLS * done // total
    share = new_share(rollout, scene.replica_sets)
    traffic = f"{share:.0f} %" if share is not None else "?"
    step = f"step {min(done + 1, total)}/{total}" if rollout.steps else "pods"
    count = scene.ready(scene.current)
    ready = f"{count} new pod{'s' * (count != 1)} ready"
    return f"{'█' * filled}{'░' * (_CELLS - filled)} {step}  {traffic} of the traffic  {ready}"
