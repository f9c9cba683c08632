"""Words that several causes share: versions, places, what comes next."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from amas_tui.domain.base import ManagedFields
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.workload import ReplicaSet
from amas_tui.rules.images import version
from amas_tui.rules.steps import step_index
from amas_tui.why.case import Case
from amas_tui.words import age, step_words


def version_words(replica_set: ReplicaSet | None) -> str:
    """Return a version for a sentence: the images' tags, else its revision."""
    if replica_set is None:
        return "the new version"
    tag = version(replica_set.spec.template.spec.containers)
    return tag or f"revision {replica_set.revision}"


def current_words(case: Case) -> str:
    """Return the newest version for a sentence, also where its ReplicaSet is not known."""
    if case.scene.current is not None:
        return version_words(case.scene.current)
    return version(case.rollout.spec.template.spec.containers) or "the new version"


def stable_words(case: Case) -> str:
    """Return the stable version for a sentence."""
    return version_words(case.scene.stable) if case.scene.stable else "the stable version"


def since_words(since: datetime | None, case: Case) -> str:
    """Return ` since 14m`, empty where the API does not tell."""
    lasted = age(since, case.now)
    return f" since {lasted}" if lasted else ""


def at_words(share: float | None) -> str:
    """Return ` at 20 %`, empty where the share is not known."""
    return "" if share is None else f" at {share:.0f} %"


def next_words(rollout: Rollout) -> str:
    """Return what the steps hold after the one at hand."""
    index = step_index(rollout) + 1
    if index >= len(rollout.steps):
        return "Next: all steps are done, the new version becomes stable."
    rest = [step_words(step) for step in rollout.steps[index : index + 2]]
    return f"Next: {', then '.join(rest)}."


def where_traffic_is(case: Case) -> str:
    """Return where the traffic went after a halt, as the status says it is; ends with a blank."""
    share = case.share
    if share is None:
        return ""
    if share == 0:
        return f"Traffic is back on {stable_words(case)}. "
    return f"{share:.0f} % of the traffic is still on {current_words(case)}. "


_CONTROLLER: Final = "rollouts-controller"


def writers(entries: Iterable[ManagedFields]) -> tuple[ManagedFields, ...]:
    """Return who else than the controller wrote an object, the newest first."""
    others = [e for e in entries if e.time is not None and _CONTROLLER not in e.manager]
    return tuple(sorted(others, key=_written_at, reverse=True))


def _written_at(entry: ManagedFields) -> float:
    return entry.time.timestamp() if entry.time else 0.0


_FORBIDDEN: Final = re.compile(r'^.*?(?:pods? )?"[^"]*" is forbidden: ')


def refusal(message: str) -> str:
    """Return why the API server refused a pod, without the pod's name, which nobody has seen."""
    return _FORBIDDEN.sub("", message, count=1)


def plural(count: int, word: str) -> str:
    """Return `1 pod`, `3 pods`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def sentence_end(text: str) -> str:
    """Return a text without the full stop that is added where it is shown."""
    return text.rstrip(". ")
