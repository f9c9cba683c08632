"""What kwok does with pods: ready at once, unless the image tag says another fate.

A pod's fate is a word of its image's tag (`v2-crash`, `v2-slowstart-bad`); containers of the same
pod whose image has no such word run and are ready. Texts and shapes are the real kubelet's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import yaml

from tests.controlplane.pod_status import (
    EVERY_IMAGE,
    ContainerState,
    completed,
    pod_status,
    running,
    terminated,
    waiting,
)

Json = dict[str, Any]

FATES: Final = ("crash", "oom", "nopull", "unready", "slowstart", "creating", "initfail")
SLOW_START_MILLISECONDS: Final = 5_000
_RUN_MILLISECONDS: Final = 300
"""How long a container that crashes runs: long enough for a watcher to see it."""
_BACK_OFF_SECONDS: Final = (10, 10, 20, 40, 80, 160, 300)
"""By the number of restarts; the kubelet doubles from 10 s and stops at 5 min."""
_BACK_OFF_EVENT: Final = ("BackOff", "Back-off restarting failed container")

_ALIVE: Final = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_DELETED: Final = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
_FRESH: Final = {"key": ".status.containerStatuses", "operator": "DoesNotExist"}
_STARTED: Final = {"key": ".status.containerStatuses", "operator": "Exists"}


def kwok_config() -> str:
    """Return the stages as a kwok configuration file."""
    stages = (
        _stage("ready", [_no_fate(), _FRESH], pod_status("Running")),
        _recovered(),
        _job_done(),
        _deleted(),
        *_slow_start(),
        _unready(),
        _creating(),
        *_image_pull(),
        *_crash_loop("crash", terminated("Error", 1)),
        *_crash_loop("oom", terminated("OOMKilled", 137)),
        *_init_failure(),
    )
    return yaml.safe_dump_all(stages, sort_keys=False)


def _recovered() -> Json:
    """A node that is back reports its pods ready again; it was not they who said otherwise."""
    marked = _holds(
        '.status.phase == "Running" and any(.status.conditions[];'
        ' .type == "Ready" and .status == "False" and (.reason // "") == "")'
    )
    return _stage("recovered", [_no_fate(), _STARTED, marked], pod_status("Running"))


def _deleted() -> Json:
    next_ = {"delete": True, "finalizers": {"empty": True}}
    return _wrap("deleted", {"selector": {"matchExpressions": [_DELETED]}, "next": next_})


def _job_done() -> Json:
    of_job = {"key": ".metadata.ownerReferences[].kind", "operator": "In", "values": ["Job"]}
    runs = {"key": ".status.phase", "operator": "In", "values": ["Running"]}
    template = pod_status("Succeeded", failing=EVERY_IMAGE, state=completed())
    return _stage("job-done", [of_job, runs], template, delay=1_000)


def _slow_start() -> Sequence[Json]:
    unready = _holds('any(.status.conditions[]; .type == "Ready" and .status == "False")')
    fate = _fate("slowstart")
    return (
        _stage("slowstart", [fate, _FRESH], _failing("Running", "slowstart", running())),
        _stage(
            "slowstart-ready",
            [fate, _STARTED, unready],
            pod_status("Running"),
            delay=SLOW_START_MILLISECONDS,
        ),
    )


def _unready() -> Json:
    return _stage(
        "unready",
        [_fate("unready"), _FRESH],
        _failing("Running", "unready", running()),
        event=("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
    )


def _creating() -> Json:
    """Hangs as with a volume that cannot be mounted: no sandbox yet, hence no address."""
    state = waiting("ContainerCreating")
    return _stage(
        "creating",
        [_fate("creating"), _FRESH],
        pod_status("Pending", failing=EVERY_IMAGE, state=state, address=False),
        event=(
            "FailedMount",
            'MountVolume.SetUp failed for volume "config" : configmap "amas-config" not found',
        ),
    )


def _image_pull() -> Sequence[Json]:
    error = (
        "rpc error: code = NotFound desc = failed to pull and unpack image %q:"
        " failed to resolve reference %q: %s: not found"
    )
    images = "$c.image $c.image $c.image"
    pulled = waiting("ErrImagePull", f"printf `{error}` {images}")
    back_off = waiting(
        "ImagePullBackOff",
        f"printf `Back-off pulling image %q: ErrImagePull: {error}` $c.image {images}",
    )
    fate = _fate("nopull")
    return (
        _stage(
            "nopull",
            [fate, _FRESH],
            _failing("Pending", "nopull", pulled),
            event=("Failed", "Error: ErrImagePull"),
        ),
        _stage(
            "nopull-back-off",
            [
                fate,
                _holds('any(.status.containerStatuses[]; .state.waiting.reason == "ErrImagePull")'),
            ],
            _failing("Pending", "nopull", back_off),
            delay=1_000,
            event=("Failed", "Error: ImagePullBackOff"),
        ),
    )


def _crash_loop(word: str, crashed: str) -> Sequence[Json]:
    statuses = f'.status.containerStatuses[]? | select(.image | test("{_word(word)}"))'

    def template(state: ContainerState) -> str:
        return _failing("Running", word, state)

    return _loop(word, statuses, crashed, template)


def _init_failure() -> Sequence[Json]:
    """The init containers fail; a template without any waits in PodInitializing for ever."""

    def template(state: ContainerState) -> str:
        return pod_status(
            "Pending", failing=EVERY_IMAGE, state=waiting("PodInitializing"), init=state
        )

    return _loop("initfail", ".status.initContainerStatuses[]?", terminated("Error", 1), template)


def _loop(
    word: str, statuses: str, crashed: str, template: Callable[[ContainerState], str]
) -> Sequence[Json]:
    """Run, crash, run again at once, crash, back off, run, and so on."""
    fate = _fate(word)
    runs = _holds(f"any({statuses}; .state.running != null)")
    first = _holds(f"any({statuses}; .restartCount == 0)")
    later = _holds(f"any({statuses}; .restartCount > 0)")
    waits = _holds(f"any({statuses}; .state.waiting != null)")
    seconds = ",".join(map(str, _BACK_OFF_SECONDS))
    pause = f'([{seconds}][[{statuses} | .restartCount, 6] | min] | tostring) + "s"'
    back_off = waiting("CrashLoopBackOff", _BACK_OFF_MESSAGE, crashed=crashed)
    return (
        _stage(word, [fate, _FRESH], template(running())),
        _stage(
            f"{word}-again",
            [fate, runs, first],
            template(running(restarts="1", crashed=crashed)),
            delay=_RUN_MILLISECONDS,
        ),
        _stage(
            f"{word}-back-off",
            [fate, runs, later],
            template(back_off),
            delay=_RUN_MILLISECONDS,
            event=_BACK_OFF_EVENT,
        ),
        _stage(
            f"{word}-retry",
            [fate, waits],
            template(running(restarts="add1 $restarts")),
            delay_from=pause,
        ),
    )


_BACK_OFF_MESSAGE: Final = (
    'printf "back-off %s restarting failed container=%s pod=%s_%s(%s)"'
    f" (index (list {' '.join(map(str, _BACK_OFF_SECONDS))}) (min 6 $restarts | int)"
    # sprig's `duration` knows no other integer.
    " | int64 | duration)"
    " $c.name $pod.metadata.name $pod.metadata.namespace $pod.metadata.uid"
)


def _failing(phase: str, word: str, state: ContainerState) -> str:
    return pod_status(phase, failing=_word(word), state=state)


def _word(word: str) -> str:
    """Return the pattern of images whose tag holds `word`."""
    return f":[^/]*-{word}(-|$)"


def _fate(word: str) -> Json:
    return _holds(f'any(.spec.containers[].image; test("{_word(word)}"))')


def _no_fate() -> Json:
    any_word = f"({'|'.join(FATES)})"
    return _holds(f'any(.spec.containers[].image; test("{_word(any_word)}")) | not')


def _holds(jq: str) -> Json:
    """A selector of a boolean jq expression; kwok compares its result's text."""
    return {"key": jq, "operator": "In", "values": ["true"]}


def _stage(
    name: str,
    when: Sequence[Json],
    template: str,
    *,
    delay: int = 0,
    delay_from: str = "",
    event: tuple[str, str] | None = None,
) -> Json:
    """Return a stage of living pods; `delay` in milliseconds, `delay_from` a jq expression."""
    next_: Json = {"statusTemplate": template}
    if event:
        reason, message = event
        next_["event"] = {"type": "Warning", "reason": reason, "message": message}
    spec: Json = {"selector": {"matchExpressions": [_ALIVE, *when]}, "next": next_}
    if delay or delay_from:
        spec["delay"] = {"durationMilliseconds": delay}
    if delay_from:
        spec["delay"]["durationFrom"] = {"expressionFrom": delay_from}
    return _wrap(name, spec)


def _wrap(name: str, spec: Mapping[str, Any]) -> Json:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": f"pod-{name}"},
        "spec": {"resourceRef": {"apiGroup": "v1", "kind": "Pod"}, **spec},
    }
