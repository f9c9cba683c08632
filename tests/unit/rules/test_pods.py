from typing import Any

import pytest

from amas_tui.rules.pods import is_ready, pod_state
from tests.builders import Json, ago, condition, container, container_state, pod


def _init(**state: Any) -> Json:
    return container("init", ready=False, state=container_state(**state))


_OVER = container("init", ready=False, state=container_state(exit_code=0, terminated="Completed"))


@pytest.mark.parametrize(
    ("fields", "status", "ready"),
    [
        pytest.param({}, "Running", 1, id="running"),
        pytest.param({"ready": False}, "Running", 0, id="running, not ready"),
        pytest.param({"phase": "Pending", "containers": []}, "Pending", 0, id="pending"),
        pytest.param(
            {"reason": "Evicted", "phase": "Failed", "containers": []}, "Evicted", 0, id="evicted"
        ),
        pytest.param(
            {"containers": [container(state=container_state(waiting="ImagePullBackOff"))]},
            "ImagePullBackOff",
            0,
            id="image",
        ),
        pytest.param(
            {"containers": [container(state=container_state(waiting=""))]},
            "Running",
            0,
            id="waiting without a reason",
        ),
        pytest.param(
            {
                "containers": [
                    container(state=container_state(terminated="OOMKilled", exit_code=137))
                ]
            },
            "OOMKilled",
            0,
            id="killed",
        ),
        pytest.param(
            {"containers": [container(state=container_state(exit_code=3))]},
            "ExitCode:3",
            0,
            id="exit code",
        ),
        pytest.param(
            {"containers": [container(state=container_state(signal=9))]}, "Signal:9", 0, id="signal"
        ),
        pytest.param(
            {
                "containers": [
                    container("a", state=container_state(waiting="First")),
                    container("b", state=container_state(waiting="Second")),
                ]
            },
            "First",
            0,
            id="the first container speaks",
        ),
        pytest.param(
            {
                "containers": [
                    container("a", state=container_state(terminated="Completed")),
                    container("b"),
                ]
            },
            "Running",
            1,
            id="one has completed",
        ),
        pytest.param(
            {"containers": [container(state=container_state(terminated="Completed"))]},
            "Completed",
            0,
            id="all have completed",
        ),
        pytest.param({"deleted": ago(seconds=5)}, "Terminating", 1, id="terminating"),
        pytest.param(
            {"deleted": ago(seconds=5), "reason": "NodeLost"}, "Unknown", 1, id="node lost"
        ),
        pytest.param({"phase": "Pending", "init": [_init()]}, "Init:0/1", 0, id="first init"),
        pytest.param(
            {"phase": "Pending", "init": [_OVER, _init()]}, "Init:1/2", 0, id="second init"
        ),
        pytest.param(
            {"phase": "Pending", "init": [_init(waiting="PodInitializing")]},
            "Init:0/1",
            0,
            id="init waits its turn",
        ),
        pytest.param(
            {"phase": "Pending", "init": [_init(waiting="CrashLoopBackOff")]},
            "Init:CrashLoopBackOff",
            0,
            id="init crashes",
        ),
        pytest.param(
            {"phase": "Pending", "init": [_init(terminated="Error", exit_code=1)]},
            "Init:Error",
            0,
            id="init failed",
        ),
        pytest.param(
            {"phase": "Pending", "init": [_init(exit_code=2)]},
            "Init:ExitCode:2",
            0,
            id="init exit code",
        ),
        pytest.param(
            {"phase": "Pending", "init": [_init(signal=9, exit_code=137)]},
            "Init:Signal:9",
            0,
            id="init signal",
        ),
        pytest.param({"init": [_OVER]}, "Running", 1, id="init over"),
        pytest.param(
            {"init": [container("mesh", started=True)], "sidecars": ["mesh"]},
            "Running",
            1,
            id="sidecar ready",
        ),
        pytest.param(
            {
                "init": [
                    container("mesh", started=True, ready=False),
                    _init(waiting="CrashLoopBackOff"),
                ],
                "sidecars": ["mesh"],
            },
            "Running",
            1,
            id="a sidecar that is not ready ends the scan",
        ),
        pytest.param(
            {
                "init": [container("mesh", started=False, ready=False)],
                "sidecars": ["mesh"],
                "phase": "Pending",
            },
            "Init:0/1",
            0,
            id="sidecar not started",
        ),
        pytest.param(
            {"init": [container("mesh", started=True)], "phase": "Pending"},
            "Init:0/1",
            0,
            id="an init container that is started is no sidecar",
        ),
    ],
)
def test_a_pod_has_the_plugins_word(fields: Json, status: str, ready: int) -> None:
    state = pod_state(pod(**fields))
    assert (state.status, state.ready) == (status, ready)


def test_ready_is_counted_of_the_main_containers() -> None:
    state = pod_state(pod(containers=[container("a"), container("b", ready=False)], init=[_OVER]))
    assert (state.ready, state.total) == (1, 2)


def test_restarts_are_of_init_containers_while_they_run_and_of_the_others_later() -> None:
    restarted = container("init", restarts=4, state=container_state(waiting="CrashLoopBackOff"))
    main = [container(restarts=2), container("b", restarts=1)]
    assert pod_state(pod(init=[restarted], containers=main)).restarts == 4
    over = container("init", restarts=4, state=container_state(exit_code=0))
    assert pod_state(pod(init=[over], containers=main)).restarts == 3


@pytest.mark.parametrize(
    ("fields", "ready"),
    [
        pytest.param({}, True, id="ready"),
        pytest.param({"conditions": [condition("Ready", "False")]}, False, id="not ready"),
        pytest.param({"conditions": [condition("ContainersReady")]}, False, id="another condition"),
        pytest.param({"conditions": []}, False, id="no condition"),
        pytest.param({"deleted": ago(seconds=1)}, False, id="being deleted"),
    ],
)
def test_a_pod_may_receive_traffic_while_it_is_ready_and_stays(
    *, fields: Json, ready: bool
) -> None:
    assert is_ready(pod(**fields)) is ready
