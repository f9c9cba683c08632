"""Pods: the plugin's word for each, and whether it is really ready.

Source: pkg/kubectl-argo-rollouts/info/pod_info.go.
"""

from dataclasses import dataclass

from amas_tui.domain.workload import ContainerStatus, Pod


@dataclass(frozen=True, slots=True)
class PodState:
    """What the plugin prints of a pod."""

    status: str
    ready: int
    total: int
    restarts: int


def pod_state(pod: Pod) -> PodState:
    """Return status word, ready containers of all, and restarts, as the plugin prints them.

    Restarts of init containers count only while the pod initialises, as upstream.
    """
    status = pod.status.reason or pod.status.phase
    restarts, initialising = 0, False
    for position, container in enumerate(pod.status.init_container_statuses):
        restarts += container.restart_count
        word, stop = _init_word(pod, container, position)
        initialising = initialising or bool(word)
        status = word or status
        if stop:
            break
    ready = 0
    if not initialising:
        restarts = sum(c.restart_count for c in pod.status.container_statuses)
        status, ready = _container_word(pod, status)
    if pod.metadata.deletion_timestamp is not None:
        status = "Unknown" if pod.status.reason == "NodeLost" else "Terminating"
    return PodState(status, ready, len(pod.spec.containers), restarts)


def _init_word(pod: Pod, container: ContainerStatus, position: int) -> tuple[str, bool]:
    """Return the word an init container gives the pod, and whether the scan ends with it."""
    state = container.state
    if state.terminated is not None and state.terminated.exit_code == 0:
        return "", False
    if state.terminated is not None:
        ended = state.terminated
        fallback = f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"
        return f"Init:{ended.reason or fallback}", True
    if _is_sidecar(pod, container.name) and container.started:
        return "", not container.ready
    if state.waiting is not None and state.waiting.reason not in ("", "PodInitializing"):
        return f"Init:{state.waiting.reason}", True
    return f"Init:{position}/{len(pod.spec.init_containers)}", True


def _is_sidecar(pod: Pod, name: str) -> bool:
    return any(c.name == name and c.restart_policy == "Always" for c in pod.spec.init_containers)


def _container_word(pod: Pod, status: str) -> tuple[str, int]:
    ready, running = 0, False
    for container in reversed(pod.status.container_statuses):
        state = container.state
        if state.waiting is not None and state.waiting.reason:
            status = state.waiting.reason
        elif state.terminated is not None and state.terminated.reason:
            status = state.terminated.reason
        elif state.terminated is not None:
            ended = state.terminated
            status = f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"
        elif container.ready and state.running is not None:
            running = True
            ready += 1
    return ("Running" if status == "Completed" and running else status), ready


def is_ready(pod: Pod) -> bool:
    """Return whether the pod may receive traffic: its Ready condition, and not being deleted."""
    if pod.metadata.deletion_timestamp is not None:
        return False
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
