"""The tree of a rollout, as the plugin draws it.

Source: pkg/kubectl-argo-rollouts/cmd/get/get_rollout.go; restarts and the reason why a pod is not
ready are ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amas_tui.rules.analysis import Counts
from amas_tui.rules.duration import human_duration
from amas_tui.viewmodel.rollout_view import (
    AnalysisRunView,
    ExperimentView,
    PodView,
    ReplicaSetView,
    RevisionView,
    RolloutView,
)
from amas_tui.viewmodel.text import Line, Span, Tone, fit, merge, pad, pad_middle, width

_ROLLOUT_ICON: Final = {"Progressing": "◌", "Paused": "॥", "Healthy": "✔", "Degraded": "✖"}
_REPLICA_SET_ICON: Final = {
    "Progressing": "◌",
    "Healthy": "✔",
    "ReplicaFailure": "✖",
    "ScaledDown": "•",
}
_ANALYSIS_ICON: Final = {
    "Successful": "✔",
    "Inconclusive": "?",
    "Failed": "✖",
    "Error": "⚠",
    "Running": "◌",
    "Pending": "◷",
}
_POD_ICON: Final = {
    "Pending": "◌",
    "Terminating": "◌",
    "ContainerCreating": "◌",
    "Running": "✔",
    "Completed": "✔",
    "Failed": "✖",
    "InvalidImageName": "✖",
    "CrashLoopBackOff": "✖",
    "ImagePullBackOff": "⚠",
    "RegistryUnavailable": "⚠",
    "Unknown": "?",
}
_TONE: Final = {
    "✔": Tone.GOOD,
    "✖": Tone.BAD,
    "⚠": Tone.BAD,
    "◌": Tone.BUSY,
    "◷": Tone.WARN,
    "?": Tone.WARN,
    "॥": Tone.WARN,
}
_TAG_TONE: Final = {
    "stable": Tone.STABLE,
    "active": Tone.STABLE,
    "canary": Tone.CANARY,
    "preview": Tone.CANARY,
}


_Child = ReplicaSetView | ExperimentView | AnalysisRunView


def pod_icon(status: str) -> str:
    """Return the plugin's sign for a pod's status word; prefixes are tested first, as upstream.

    Source: pkg/kubectl-argo-rollouts/info/pod_info.go:podIcon.
    """
    if status.startswith("Init:"):
        return "◌"
    if status.startswith(("Signal:", "ExitCode:")):
        return "✖"
    if status.endswith("Error") or status.startswith("Err"):
        return "⚠"
    return _POD_ICON.get(status, " ")


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree, before it is laid out.

    Attributes:
        prefix: The branches in front.
        key: What identifies the object, for the cursor.
    """

    prefix: str
    icon: str
    name: str
    kind: str
    status_icon: str
    status: str
    age: str
    detail: tuple[Span, ...]
    key: str
    name_tone: Tone = Tone.NORMAL

    @property
    def status_text(self) -> str:
        """Return sign and word, as the plugin's STATUS column."""
        return f"{self.status_icon} {self.status}"


def nodes(view: RolloutView, now: datetime) -> tuple[Node, ...]:
    """Return every line of the tree, top down."""
    found = [
        Node(
            "",
            "⟳",
            view.name,
            "Rollout",
            _ROLLOUT_ICON.get(view.phase, " "),
            view.phase,
            _age(view.created, now),
            (),
            f"rollout/{view.name}",
            Tone.STRONG,
        )
    ]
    last = len(view.revisions) - 1
    for index, revision in enumerate(view.revisions):
        own, below = _branches("", is_last=index == last)
        found += _revision(revision, own, below, now)
    return tuple(found)


def experiment_nodes(view: ExperimentView, now: datetime) -> tuple[Node, ...]:
    """Return every line of an Experiment's own tree, top down."""
    return tuple(_experiment(view, "", "", now))


def _branches(parent: str, *, is_last: bool) -> tuple[str, str]:
    return (parent + "└──", parent + "   ") if is_last else (parent + "├──", parent + "│  ")


def _age(created: datetime | None, now: datetime) -> str:
    if created is None:
        return ""
    return human_duration(max(timedelta(0), now - created))


def _revision(revision: RevisionView, own: str, below: str, now: datetime) -> Iterator[Node]:
    name = f"revision:{revision.revision}"
    yield Node(own, "#", name, "", "", "", "", (), name)
    children: list[_Child] = [
        *revision.replica_sets,
        *revision.experiments,
        *revision.analysis_runs,
    ]
    for index, child in enumerate(children):
        prefix, deeper = _branches(below, is_last=index == len(children) - 1)
        yield from _child(child, prefix, deeper, now)


def _child(child: _Child, prefix: str, below: str, now: datetime) -> Iterator[Node]:
    match child:
        case ReplicaSetView():
            yield from _replica_set(child, prefix, below, now)
        case ExperimentView():
            yield from _experiment(child, prefix, below, now)
        case AnalysisRunView():
            yield from _run(child, prefix, below, now)


def _replica_set(rs: ReplicaSetView, prefix: str, below: str, now: datetime) -> Iterator[Node]:
    tags = [Span(tag, _TAG_TONE.get(tag, Tone.BUSY)) for tag in rs.tags]
    if rs.has_delay:
        tags.append(Span(f"delay:{_delay(rs.deadline, now)}"))
    tone = next((span.tone for span in reversed(tags) if span.tone is not Tone.NORMAL), Tone.NORMAL)
    yield Node(
        prefix,
        "⧉",
        rs.name,
        "ReplicaSet",
        _REPLICA_SET_ICON.get(rs.status, " "),
        rs.status,
        _age(rs.created, now),
        _joined(tags),
        f"replicaset/{rs.name}",
        tone,
    )
    for index, pod in enumerate(rs.pods):
        own, _ = _branches(below, is_last=index == len(rs.pods) - 1)
        yield _pod(pod, own, now)


def _delay(deadline: datetime | None, now: datetime) -> str:
    if deadline is None:
        return ""
    return "passed" if deadline < now else human_duration(deadline - now)


def _joined(parts: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for part in parts:
        joined += [Span(","), part] if joined else [part]
    return tuple(joined)


def _pod(pod: PodView, prefix: str, now: datetime) -> Node:
    state = pod.state
    detail = [Span(f"ready:{state.ready}/{state.total}")]
    if state.restarts:
        detail.append(Span(f"restarts:{state.restarts}", Tone.WARN))
    return Node(
        prefix,
        "□",
        pod.name,
        "Pod",
        pod_icon(state.status),
        state.status,
        _age(pod.created, now),
        _joined(detail),
        f"pod/{pod.name}",
    )


def _experiment(one: ExperimentView, prefix: str, below: str, now: datetime) -> Iterator[Node]:
    yield Node(
        prefix,
        "Σ",
        one.name,
        "Experiment",
        _ANALYSIS_ICON.get(one.status, " "),
        one.status,
        _age(one.created, now),
        (),
        f"experiment/{one.name}",
        _run_tone(one.status),
    )
    children: list[_Child] = [*one.replica_sets, *one.analysis_runs]
    for index, child in enumerate(children):
        own, deeper = _branches(below, is_last=index == len(children) - 1)
        yield from _child(child, own, deeper, now)


def _run_tone(status: str) -> Tone:
    return Tone.BUSY if status in ("Pending", "Running") else Tone.NORMAL


def count_spans(counts: Counts) -> tuple[Span, ...]:
    """Return the counters that are not zero, signed as the plugin does."""
    signed = (
        ("✔", counts.successful),
        ("✖", counts.failed),
        ("?", counts.inconclusive),
        ("⚠", counts.error),
    )
    return _joined([Span(f"{sign} {count}", _TONE[sign]) for sign, count in signed if count])


def _run(run: AnalysisRunView, prefix: str, below: str, now: datetime) -> Iterator[Node]:
    yield Node(
        prefix,
        "α",
        run.name,
        "AnalysisRun",
        _ANALYSIS_ICON.get(run.status, " "),
        run.status,
        _age(run.created, now),
        count_spans(run.counts),
        f"analysisrun/{run.name}",
        _run_tone(run.status),
    )
    for index, job in enumerate(run.jobs):
        own, _ = _branches(below, is_last=index == len(run.jobs) - 1)
        yield Node(
            own,
            "⊞",
            job.name,
            "Job",
            _ANALYSIS_ICON.get(job.status, " "),
            job.status,
            _age(job.started, now),
            (),
            f"job/{job.name}",
            _run_tone(job.status),
        )


def status_tone(icon: str) -> Tone:
    """Return the tone of a status sign."""
    return _TONE.get(icon, Tone.NORMAL)


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of the tree on the screen."""

    key: str
    line: Line


_LEAST_NAME: Final = 28
"""Cells that a name with its branches keeps before the last column is cut."""


def tree_lines(view: RolloutView, now: datetime, cells: int) -> tuple[TreeLine, ...]:
    """Return the tree for a screen of a width: what does not fit is cut, the name last."""
    all_nodes = nodes(view, now)
    statuses = max((width(_status(node)) for node in all_nodes), default=0)
    ages = max((len(node.age) for node in all_nodes), default=0)
    details = max((sum(width(s.text) for s in node.detail) for node in all_nodes), default=0)
    names = max((width(f"{n.prefix}{n.icon} {n.name}") for n in all_nodes), default=0)
    details = min(details, max(0, cells - min(names, _LEAST_NAME) - statuses - ages - 3))
    room = max(12, cells - statuses - ages - details - 3)
    name_cells = min(names, room)
    return tuple(
        TreeLine(node.key, fit(_tree_line(node, name_cells, statuses, ages), cells))
        for node in all_nodes
    )


def _status(node: Node) -> str:
    # The plugin's double danda has no agreed width; the board's bars stand for a pause here too.
    return node.status_text.replace("॥", "‖") if node.status else ""


def _tree_line(node: Node, name_cells: int, status_cells: int, age_cells: int) -> Line:
    lead = f"{node.prefix}{node.icon} "
    return merge(
        (
            Span(lead, Tone.DIM),
            Span(
                pad_middle(node.name, max(4, name_cells - width(lead)), 1 / 3) + " ", node.name_tone
            ),
            Span(pad(_status(node), status_cells) + " ", status_tone(node.status_icon)),
            Span(pad(node.age, age_cells) + " ", Tone.DIM),
            *node.detail,
        )
    )
