"""Go templates of a pod's status, as the kubelet would write it; kwok fills them in.

In a template `$pod` is the pod, `$c` a container of its spec, `$old` that container's last status,
`$restarts` its restart count and `$now` the time.
"""

from dataclasses import dataclass
from typing import Final

EVERY_IMAGE: Final = ".*"
NO_IMAGE: Final = "^$"


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container's status; texts are template expressions, e.g. `add1 $restarts`."""

    state: str
    ready: bool = False
    started: bool = False
    restarts: str = "$restarts"
    last: str = "$old.lastState"


def running(
    *, ready: bool = False, restarts: str = "$restarts", crashed: str = ""
) -> ContainerState:
    """A container that has just started; `crashed` is how its last run ended."""
    return ContainerState(
        'dict "running" (dict "startedAt" $now)',
        ready=ready,
        started=True,
        restarts=restarts,
        last=crashed or "$old.lastState",
    )


def waiting(reason: str, message: str = '""', *, crashed: str = "") -> ContainerState:
    """A container that does not run; `message` is an expression."""
    return ContainerState(
        f'dict "waiting" (dict "reason" "{reason}" "message" ({message}))',
        last=crashed or "$old.lastState",
    )


def terminated(reason: str, exit_code: int) -> str:
    """Return the expression of how a container's run ended just now."""
    began = '(or (dig "state" "running" "startedAt" "" $old) $now)'
    return (
        f'dict "terminated" (dict "reason" "{reason}" "exitCode" {exit_code}'
        f' "startedAt" {began} "finishedAt" $now "containerID" $id)'
    )


def completed() -> ContainerState:
    """A container that did its work, now or before."""
    fresh = terminated("Completed", 0)
    ended = '(hasKey (dig "state" dict $old) "terminated")'
    return ContainerState(f"ternary $old.state ({fresh}) {ended}", ready=True)


def pod_status(
    phase: str,
    *,
    failing: str = NO_IMAGE,
    state: ContainerState | None = None,
    init: ContainerState | None = None,
    address: bool = True,
) -> str:
    """Return the template of a whole status.

    Args:
        phase: The pod's phase.
        failing: Containers whose image matches this are in `state`; the others run and are ready.
        state: See `failing`.
        init: What the init containers do; by default they have done their work.
        address: Whether the pod has its network yet.
    """
    ready = failing == NO_IMAGE
    unstarted = "ContainersNotInitialized" if init else ""
    unready = "" if ready else "ContainersNotReady"
    return "".join(
        [
            _PRELUDE,
            f"phase: {phase}\n",
            "startTime: {{ or .status.startTime $now | Quote }}\n",
            "hostIP: {{ NodeIPWith .spec.nodeName | Quote }}\n",
            _ADDRESS if address else "",
            _names("incomplete", "initContainers", EVERY_IMAGE if init else NO_IMAGE),
            _names("unready", "containers", failing),
            "conditions:\n",
            _condition("PodReadyToStartContainers", true=address),
            _condition("Initialized", true=not init, reason=unstarted, names="incomplete"),
            _condition("Ready", true=ready, reason=unready, names="unready"),
            _condition("ContainersReady", true=ready, reason=unready, names="unready"),
            _statuses("containers", "containerStatuses", failing, state or _HEALTHY),
            "{{ if .spec.initContainers }}\n",
            _statuses("initContainers", "initContainerStatuses", EVERY_IMAGE, init or completed()),
            "{{ end }}\n",
        ]
    )


# A condition's time is that of its last change, so the times of unchanged ones are carried over.
_PRELUDE: Final = """\
{{ $now := Now }}{{ $pod := . }}{{ $since := dict }}
{{ range .status.conditions }}
{{ $_ := set $since (printf "%s=%s" .type .status) .lastTransitionTime }}
{{ end }}
"""
_ADDRESS: Final = """\
{{ $ip := .status.podIP }}
{{ if not $ip }}
{{ $m := .metadata }}
{{ $ip = PodIPWith .spec.nodeName (or .spec.hostNetwork false) $m.uid $m.name $m.namespace }}
{{ end }}
podIP: {{ $ip | Quote }}
"""
_HEALTHY: Final = ContainerState(
    'dict "running" (dict "startedAt" (or (dig "state" "running" "startedAt" "" $old) $now))',
    ready=True,
    started=True,
)


def _names(variable: str, field: str, images: str) -> str:
    """Set a list of container names, in the way the kubelet prints it."""
    return (
        f"{{{{ ${variable} := list }}}}{{{{ range .spec.{field} }}}}"
        f'{{{{ if regexMatch "{images}" .image }}}}'
        f"{{{{ ${variable} = append ${variable} .name }}}}{{{{ end }}}}{{{{ end }}}}\n"
    )


def _condition(type_: str, *, true: bool, reason: str = "", names: str = "") -> str:
    status = str(true)
    what = "incomplete" if names == "incomplete" else "unready"
    message = (
        f'printf "containers with {what} status: [%s]" (join " " ${names})' if reason else '""'
    )
    return (
        f"- type: {type_}\n"
        f'  status: "{status}"\n'
        f'  lastTransitionTime: {{{{ or (get $since "{type_}={status}") $now | Quote }}}}\n'
        # Written even when empty: a merge by type would keep the old ones.
        f'  reason: "{reason}"\n'
        f"  message: {{{{ {message} | Quote }}}}\n"
    )


def _statuses(field: str, statuses: str, failing: str, state: ContainerState) -> str:
    return (
        f"{statuses}:\n"
        f"{{{{ $statuses := or .status.{statuses} list }}}}\n"
        f"{{{{ range $index, $c := .spec.{field} }}}}\n"
        "{{ $old := dict }}\n"
        "{{ if lt $index (len $statuses) }}{{ $old = index $statuses $index }}{{ end }}\n"
        "{{ $restarts := int (or $old.restartCount 0) }}\n"
        '{{ $id := printf "containerd://%s" (sha256sum (printf "%s/%s/%d" $pod.metadata.uid $c.name'
        " $restarts)) }}\n"
        f'{{{{ if regexMatch "{failing}" $c.image }}}}\n'
        f"{_status(state)}"
        "{{ else }}\n"
        f"{_status(_HEALTHY)}"
        "{{ end }}\n"
        "{{ end }}\n"
    )


def _status(state: ContainerState) -> str:
    return (
        "- name: {{ $c.name | Quote }}\n"
        "  image: {{ $c.image | Quote }}\n"
        '  imageID: ""\n'
        f"  ready: {str(state.ready).lower()}\n"
        f"  started: {str(state.started).lower()}\n"
        f"  restartCount: {{{{ {state.restarts} }}}}\n"
        f"  lastState: {{{{ or ({state.last}) dict | toJson }}}}\n"
        f"  state: {{{{ {state.state} | toJson }}}}\n"
        "  containerID: {{ $id | Quote }}\n"
    )
