"""Pods that do not become ready, or do not go.

Sources: k8s.io/kubernetes pkg/kubelet/container, pkg/kubelet/images, pkg/scheduler (the reasons and
messages of conditions and waiting containers); rollout/sync.go (what a rollout waits for).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from amas_tui.actions.verb import Verb
from amas_tui.domain.event import Event
from amas_tui.domain.workload import (
    ContainerStateTerminated,
    ContainerStatus,
    Pod,
)
from amas_tui.rules.pods import is_ready, pod_state
from amas_tui.why.case import Case
from amas_tui.why.finding import Cause, Chapter, Evidence, Finding, Severity
from amas_tui.why.terms import plural, sentence_end, stable_words, version_words
from amas_tui.words import age

TERMINATING: Final = timedelta(seconds=60)
"""Beyond a usual grace period of 30 s a pod that is still there hangs."""
CREATING: Final = timedelta(seconds=30)
"""A container is usually created within seconds; an image that is pulled says so otherwise."""
UNREADY: Final = timedelta(seconds=30)
"""How long a running pod may take to its first good answer: probes fail while an app starts."""
_FLICKER: Final = timedelta(seconds=10)
"""How long a pod may be not ready although its containers are, as on a node that is slow."""
_TREE: Final = "panel-3"
_LOG: Final = "previous-logs"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps one pod from being ready.

    Attributes:
        words: What it is, with the value that tells.
        short: The same in a few cells.
    """

    pod: Pod
    words: str
    short: str
    evidence: tuple[Evidence, ...]
    since: datetime | None = None
    look: str = _TREE


Look = Callable[[Pod, Case], Trouble | None]


def _all_with(look: Look, case: Case) -> tuple[Trouble, ...]:
    return tuple(found for pod in case.pods if not is_ready(pod) and (found := look(pod, case)))


def _finding_of(look: Look, case: Case) -> Finding | None:
    """Return the finding of one kind of trouble: what its first pod has, and how many have it."""
    if case.is_quiet and case.rollout.status.ready_replicas >= case.rollout.desired:
        return None
    found = _all_with(look, case)
    if not found:
        return None
    first = found[0]
    total, ready = len(case.pods), sum(map(is_ready, case.pods))
    want = case.wanted.spec.replicas if case.wanted else total
    several = f", {len(found)} pods so" if len(found) > 1 else ""
    return Finding(
        sentence=sentence_end(
            f"{ready} of {plural(want, 'pod')} of {_version(case)} ready: {first.words}{several}"
        ),
        short=f"{_counted(case, ready, total)}{first.short}",
        following=_following(case),
        since=first.since,
        evidence=first.evidence,
        verbs=_verbs(case),
        look=first.look,
        run=f"kubectl describe pod {first.pod.metadata.name} -n {first.pod.metadata.namespace}",
    )


def _counted(case: Case, ready: int, total: int) -> str:
    is_late = case.rollout.status.message.startswith("ProgressDeadlineExceeded")
    return "" if is_late else f"{ready}/{total} ready: "


def _version(case: Case) -> str:
    return stable_words(case) if case.rollout.status.abort else version_words(case.scene.current)


def _following(case: Case) -> str:
    if case.rollout.is_updating and case.share:
        return f"{case.share:.0f} % of the traffic is on it."
    return "It goes on by itself once they are ready."


def _verbs(case: Case) -> tuple[Verb, ...]:
    if case.rollout.is_updating and not case.rollout.status.abort:
        return (Verb.ABORT, Verb.UNDO)
    return (Verb.UNDO,)


def _pod(pod: Pod) -> str:
    return f"pod/{pod.metadata.name}"


def _waiting(pod: Pod) -> ContainerStatus | None:
    statuses = pod.status.container_statuses
    return next((c for c in statuses if c.state.waiting and c.state.waiting.reason), None)


def _events(pod: Pod, case: Case, *reasons: str) -> tuple[Event, ...]:
    """Return what was said of a pod for these reasons, the newest first."""
    found = [
        event
        for event in case.scene.events
        if event.involved_object.uid == pod.metadata.uid and event.reason in reasons
    ]
    return tuple(sorted(found, key=lambda event: event.at, reverse=True))


def _said(pod: Pod, case: Case, *reasons: str) -> tuple[Evidence, ...]:
    newest = next(iter(_events(pod, case, *reasons)), None)
    if newest is None:
        return ()
    return (Evidence(_pod(pod), f"event {newest.reason}", newest.message, newest.at),)


_VOLUME: Final = re.compile(r"PersistentVolumeClaim|persistentvolumeclaim|volume node affinity")


def _unscheduled(pod: Pod) -> tuple[str, datetime | None] | None:
    condition = next(
        (c for c in pod.status.conditions if c.type == "PodScheduled" and c.status == "False"),
        None,
    )
    if condition is None or condition.reason != "Unschedulable":
        return None
    return condition.message, condition.last_transition_time


def _unschedulable(pod: Pod, case: Case) -> Trouble | None:
    del case
    found = _unscheduled(pod)
    if found is None or _VOLUME.search(found[0]):
        return None
    message, since = found
    why = scheduler_reason(message)
    return Trouble(
        pod,
        f"no node takes it: {why}",
        f"no node: {why}",
        (Evidence(_pod(pod), "PodScheduled", message, since),),
        since,
    )


_NODES: Final = re.compile(r"\d+ (?:node\(s\) )?((?:Insufficient|had|didn't|were)[^,.]*)")


def scheduler_reason(message: str) -> str:
    """Return what the nodes lack, each reason once, from the scheduler's message.

    `0/3 nodes are available: 3 Insufficient memory. preemption: …` gives `Insufficient memory`.
    """
    head = message.partition("preemption:")[0]
    reasons = [reason.strip() for reason in _NODES.findall(head)]
    return ", ".join(dict.fromkeys(reasons)) or head.strip().rstrip(".") or "Unschedulable"


def _volume(pod: Pod, case: Case) -> Trouble | None:
    found = _unscheduled(pod)
    if found is not None and _VOLUME.search(found[0]):
        message, since = found
        why = message.partition("preemption:")[0].strip().rstrip(".")
        why = re.sub(r"^\d+/\d+ nodes are available: ", "", why).partition(". ")[0]
        evidence = (Evidence(_pod(pod), "PodScheduled", message, since),)
        return Trouble(pod, f"its volume is missing: {why}", f"volume: {why}", evidence, since)
    return _mount(pod, case)


def _mount(pod: Pod, case: Case) -> Trouble | None:
    container = _waiting(pod)
    waiting = container.state.waiting if container else None
    if waiting is None or waiting.reason != "ContainerCreating":
        return None
    failed = _events(pod, case, "FailedMount", "FailedAttachVolume")
    if failed:
        why = mount_reason(failed[0].message)
        words, short = f"a volume cannot be mounted: {why}", f"volume: {why}"
    elif _started(pod, case) < CREATING:
        return None
    else:
        lasts = age(pod.metadata.creation_timestamp, case.now)
        words = f"its containers are not created for {lasts}: a volume, the network or the node"
        short = f"ContainerCreating {lasts}"
    said = _said(pod, case, "FailedMount", "FailedAttachVolume")
    reason = Evidence(_pod(pod), "waiting.reason", waiting.reason, pod.status.start_time)
    return Trouble(pod, words, short, (reason, *said), pod.status.start_time)


def mount_reason(message: str) -> str:
    """Return why a volume cannot be mounted, without the kubelet's own function names."""
    return re.sub(r'^MountVolume\.\w+ failed for volume "([^"]*)" ?: ', r"\1: ", message)


def _started(pod: Pod, case: Case) -> timedelta:
    since = pod.status.start_time or pod.metadata.creation_timestamp
    return case.now - since if since else timedelta(0)


_PULL: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
)


def _image(pod: Pod, case: Case) -> Trouble | None:
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    for container in statuses:
        waiting = container.state.waiting
        if waiting is None or waiting.reason not in _PULL:
            continue
        wanted = _wanted_image(pod, container)
        why = pull_reason(waiting.message)
        return Trouble(
            pod,
            f"image {wanted} cannot be pulled ({waiting.reason}){f': {why}' if why else ''}",
            waiting.reason,
            (
                Evidence(_pod(pod), f"{container.name} image", wanted),
                Evidence(
                    _pod(pod),
                    f"{container.name} {waiting.reason}",
                    waiting.message,
                    pod.metadata.creation_timestamp,
                ),
                *_said(pod, case, "Failed"),
            ),
            pod.metadata.creation_timestamp,
        )
    return None


def _wanted_image(pod: Pod, container: ContainerStatus) -> str:
    specs = (*pod.spec.containers, *pod.spec.init_containers)
    return next((c.image for c in specs if c.name == container.name and c.image), container.image)


def pull_reason(message: str) -> str:
    """Return the last part of a pull error, which tells: `not found`, `unauthorized`, …."""
    if not message:
        return ""
    tail = re.split(r":\s+", message)[-1].strip().rstrip(".")
    return tail if tail and len(tail) < 80 else ""


def _ended(container: ContainerStatus) -> ContainerStateTerminated | None:
    """Return how a container's last run ended, where it ended badly."""
    for state in (container.state, container.last_state):
        ended = state.terminated
        if ended is not None and (ended.exit_code or ended.signal or ended.reason == "OOMKilled"):
            return ended
    return None


def _crashed(pod: Pod, case: Case, *, out_of_memory: bool) -> Trouble | None:
    for container in pod.status.container_statuses:
        ended = _ended(container)
        if ended is None and not out_of_memory and _backs_off(container):
            return _crashed_before(pod, container, case)
        if ended is None or container.ready:
            continue
        if (ended.reason == "OOMKilled") is not out_of_memory:
            continue
        how = exit_words(ended)
        restarts = plural(container.restart_count, "restart")
        back_off = _waiting(pod)
        word = back_off.state.waiting.reason if back_off and back_off.state.waiting else ""
        verb = "is killed for memory" if out_of_memory else "crashes"
        last = last_line(pod, container, case)
        told = f': "{last}"' if last else ""
        return Trouble(
            pod,
            f"container {container.name} {verb} ({how}, {restarts}){told}",
            word or ("OOMKilled" if out_of_memory else f"crashes, {how}"),
            (
                Evidence(
                    _pod(pod),
                    f"{container.name} terminated",
                    f"{ended.reason or 'ended'}, exit code {ended.exit_code}",
                    ended.finished_at,
                ),
                Evidence(_pod(pod), f"{container.name} restartCount", str(container.restart_count)),
                *((Evidence(_pod(pod), f"{container.name} last log line", last),) if last else ()),
                *_said(pod, case, "BackOff"),
            ),
            ended.finished_at,
            _LOG,
        )
    return None


def _backs_off(container: ContainerStatus) -> bool:
    waiting = container.state.waiting
    return waiting is not None and waiting.reason == "CrashLoopBackOff"


def _crashed_before(pod: Pod, container: ContainerStatus, case: Case) -> Trouble:
    """Return the trouble of a container whose last end nobody remembers."""
    restarts = plural(container.restart_count, "restart")
    waiting = container.state.waiting
    message = waiting.message if waiting else ""
    return Trouble(
        pod,
        f"container {container.name} crashes (CrashLoopBackOff, {restarts})",
        "CrashLoopBackOff",
        (
            Evidence(_pod(pod), f"{container.name} CrashLoopBackOff", message),
            *_said(pod, case, "BackOff"),
        ),
    )


def exit_words(ended: ContainerStateTerminated) -> str:
    """Return how a container ended: `exit 1`, `signal 9`, `OOMKilled, exit 137`."""
    how = f"signal {ended.signal}" if ended.signal else f"exit {ended.exit_code}"
    return f"{ended.reason}, {how}" if ended.reason not in ("", "Error") else how


def last_line(pod: Pod, container: ContainerStatus, case: Case) -> str:
    """Return the last line of a crashed container's log, empty where it was not fetched."""
    return case.scene.clues.last_lines.get((pod.metadata.uid, container.name), "")


def _init(pod: Pod, case: Case) -> Trouble | None:
    for container in pod.status.init_container_statuses:
        ended = _ended(container)
        if ended is None or container.ready:
            continue
        how = exit_words(ended)
        last = last_line(pod, container, case)
        told = f': "{last}"' if last else ""
        return Trouble(
            pod,
            f"init container {container.name} fails ({how}, "
            f"{plural(container.restart_count, 'restart')}){told}",
            f"init {container.name} fails, {how}",
            (
                Evidence(
                    _pod(pod),
                    f"{container.name} terminated",
                    f"{ended.reason or 'ended'}, exit code {ended.exit_code}",
                    ended.finished_at,
                ),
                *((Evidence(_pod(pod), f"{container.name} last log line", last),) if last else ()),
                *_said(pod, case, "BackOff"),
            ),
            ended.finished_at,
            _LOG,
        )
    return None


_CONFIG: Final = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)


def _config(pod: Pod, case: Case) -> Trouble | None:
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    for container in statuses:
        waiting = container.state.waiting
        if waiting is None or waiting.reason not in _CONFIG:
            continue
        return Trouble(
            pod,
            f"container {container.name} cannot be created ({waiting.reason}): {waiting.message}",
            f"{waiting.reason}: {waiting.message}",
            (
                Evidence(_pod(pod), f"{container.name} {waiting.reason}", waiting.message),
                *_said(pod, case, "Failed"),
            ),
            pod.status.start_time,
        )
    return None


def _unready(pod: Pod, case: Case) -> Trouble | None:
    """A pod whose containers run, but whose readiness probe says no for longer than a start."""
    if pod.status.phase != "Running" or pod.metadata.deletion_timestamp is not None:
        return None
    if any(_ended(c) for c in pod.status.container_statuses):
        return None
    container = next((c for c in pod.status.container_statuses if not c.ready), None)
    if container is None or container.state.running is None:
        return None
    started = container.state.running.started_at
    failed = _events(pod, case, "Unhealthy")
    why = next((probe_reason(e.message) for e in failed if "eadiness" in e.message), "")
    if started is None or case.now - started < UNREADY:
        return None
    lasts = age(started, case.now)
    return Trouble(
        pod,
        f"container {container.name} runs for {lasts} and its readiness probe fails"
        f"{f': {why}' if why else ''}",
        f"readiness fails{f': {why}' if why else ''}",
        (
            Evidence(_pod(pod), f"{container.name} ready", "false", started),
            *_said(pod, case, "Unhealthy"),
        ),
        started,
    )


def probe_reason(message: str) -> str:
    """Return what a readiness probe met: `HTTP probe failed with statuscode: 503`."""
    return message.removeprefix("Readiness probe failed: ").strip()


def _unready_unseen(pod: Pod, case: Case) -> Trouble | None:
    """A pod that was ready and is not any more, without a container that says why."""
    if pod.status.phase != "Running" or pod.metadata.deletion_timestamp is not None:
        return None
    if not pod.status.container_statuses or not all(c.ready for c in pod.status.container_statuses):
        return None
    condition = next((c for c in pod.status.conditions if c.type == "Ready"), None)
    if condition is None or condition.status == "True":
        return None
    since = condition.last_transition_time
    if since is not None and case.now - since < _FLICKER:
        return None
    why = condition.message or condition.reason or "its node or a readiness gate"
    return Trouble(
        pod,
        f"all containers are ready but the pod is not: {why}",
        f"not ready: {why}",
        (Evidence(_pod(pod), "Ready", f"{condition.status} {why}", since),),
        since,
    )


def _evicted(pod: Pod, case: Case) -> Trouble | None:
    del case
    if pod.status.phase != "Failed" or not pod.status.reason:
        return None
    return Trouble(
        pod,
        f"{pod.status.reason}: {pod.status.message}",
        pod.status.reason,
        (Evidence(_pod(pod), "status.reason", f"{pod.status.reason}: {pod.status.message}"),),
        pod.status.start_time,
    )


def _terminating(case: Case) -> Finding | None:
    """Pods of an older version that were deleted and do not go."""
    rollout = case.rollout
    if case.is_quiet:
        return None
    hanging = [pod for pod in _own_pods(case) if _hangs(pod, case)]
    if not hanging:
        return None
    first = hanging[0]
    since = first.metadata.deletion_timestamp
    holders = ", ".join(first.metadata.finalizers)
    why = f"held by finalizer {holders}" if holders else "its node or its shutdown hangs"
    return Finding(
        sentence=f"{plural(len(hanging), 'pod')} does not end since {age(since, case.now)}: "
        f"{first.metadata.name} is {why}",
        short=f"{plural(len(hanging), 'pod')} hangs in Terminating",
        following="The controller waits until it is gone.",
        since=since,
        evidence=(
            Evidence(_pod(first), "deletionTimestamp", "set", since),
            *((Evidence(_pod(first), "finalizers", holders),) if holders else ()),
            Evidence(case.name, "status.message", rollout.status.message),
        ),
        look=_TREE,
        run=f"kubectl describe pod {first.metadata.name} -n {first.metadata.namespace}",
    )


def _own_pods(case: Case) -> tuple[Pod, ...]:
    own = [pod for rs in case.scene.replica_sets for pod in case.scene.pods_of(rs)]
    return tuple(own) or case.pods


def _hangs(pod: Pod, case: Case) -> bool:
    since = pod.metadata.deletion_timestamp
    # The timestamp lies the grace period ahead of the deletion.
    return since is not None and (
        case.now - since > TERMINATING or bool(pod.metadata.finalizers and case.now > since)
    )


def trouble_words(case: Case, pods: tuple[Pod, ...]) -> str:
    """Return what keeps the first of some pods from being ready, empty where nothing is known."""
    for pod in pods:
        if is_ready(pod):
            continue
        found = next((one for look in _LOOKS if (one := look(pod, case))), None)
        if found is not None:
            return found.words
    return ""


def pod_words(pod: Pod) -> str:
    """Return the plugin's word for a pod."""
    return pod_state(pod).status


_out_of_memory: Final = partial(_crashed, out_of_memory=True)
_crash: Final = partial(_crashed, out_of_memory=False)
_LOOKS: Final[tuple[Look, ...]] = (
    _volume,
    _image,
    _config,
    _init,
    _out_of_memory,
    _crash,
    _unschedulable,
    _evicted,
    _unready,
    _unready_unseen,
)

_KUBELET = "pkg/kubelet/container, pkg/kubelet/images (Kubernetes)"
_SCHEDULER = "pkg/scheduler/framework (Kubernetes)"
_STUCK = (Chapter.STUCK,)


def _cause(
    id_: str, title: str, remedy: str, specificity: int, look: Look, source: str = _KUBELET
) -> Cause:
    return Cause(
        id_,
        title,
        remedy,
        Severity.TROUBLE,
        specificity,
        partial(_finding_of, look),
        source,
        _STUCK,
    )


CAUSES: Final = (
    _cause(
        "volume",
        "Pods whose volume is missing or cannot be mounted",
        "Make the claim, ConfigMap or Secret that the event names",
        87,
        _volume,
        "pkg/kubelet/volumemanager, pkg/scheduler/framework/plugins/volumebinding (Kubernetes)",
    ),
    _cause(
        "image-pull",
        "Pods whose image cannot be pulled",
        "Push the image or correct its tag; undo meanwhile",
        86,
        _image,
    ),
    _cause(
        "container-config",
        "Containers that cannot be created: a ConfigMap, Secret or command is missing",
        "Make what the message names",
        86,
        _config,
    ),
    _cause(
        "init-container",
        "Pods whose init container fails",
        "Read its log; the app's containers wait for it",
        86,
        _init,
    ),
    _cause(
        "out-of-memory",
        "Containers that are killed for memory (OOMKilled, exit 137)",
        "Raise the memory limit or undo",
        86,
        _out_of_memory,
    ),
    _cause(
        "crash-loop",
        "Containers that crash, with exit code and last log line",
        "Read the log of the container before (l), undo",
        85,
        _crash,
    ),
    _cause(
        "unschedulable",
        "Pods that no node takes: which resource, taint or selector",
        "Free or add what the scheduler names",
        85,
        _unschedulable,
        _SCHEDULER,
    ),
    _cause(
        "evicted", "Pods that were evicted or refused by their node", "See the node", 84, _evicted
    ),
    _cause(
        "readiness",
        "Pods whose readiness probe fails",
        "See what the probe answers; undo if the version is bad",
        83,
        _unready,
    ),
    _cause(
        "pod-unready",
        "Pods that are not ready although their containers are",
        "See the node and the pod's readiness gates",
        82,
        _unready_unseen,
    ),
    Cause(
        "terminating",
        "Old pods that were deleted and do not end",
        "See the finalizer or the node that holds them",
        Severity.TROUBLE,
        66,
        _terminating,
        "rollout/canary.go: old replicas are pending termination",
        (Chapter.ROLLBACK, Chapter.STUCK),
    ),
)
