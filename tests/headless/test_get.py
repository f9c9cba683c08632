"""`get` and `list` beside the plugin's own, field by field, in every state that people look at."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.controlplane import analysis, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.headless.command import amas, run

pytestmark = pytest.mark.controlplane

NAME = "checkout"
STEPS = [rollouts.set_weight(20), rollouts.pause(), rollouts.set_weight(60)]


def deploy(api: Api, namespace: str, steps: list[Any] | None = None, **options: Any) -> None:
    """Have a healthy canary with nginx."""
    api.apply(*rollouts.canary(namespace, NAME, steps or STEPS, nginx=True, **options))
    api.wait("rollouts", namespace, NAME, states.is_healthy)


def healthy(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace)


def first_deploy(_bed: ControlPlane, api: Api, namespace: str) -> None:
    api.apply(*rollouts.canary(namespace, NAME, STEPS, nginx=True, tag="v1-unready"))
    api.wait("rollouts", namespace, NAME, lambda ro: ro.get("status", {}).get("replicas") == 3)


def mid_canary(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace)
    api.set_image(namespace, NAME, "v2-unready")
    api.wait("rollouts", namespace, NAME, lambda ro: ro["status"].get("updatedReplicas") == 1)


def paused(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)


def analysing(bed: ControlPlane, api: Api, namespace: str) -> None:
    timing = analysis.Timing(interval="30s", count=20, window="10s", delay="3s")
    api.apply(*analysis.analysis_templates(namespace, bed.prometheus_url, timing))
    gate = rollouts.gate(analysis.analysis(NAME, namespace, "success-rate", "latency-p95"))
    deploy(api, namespace, [rollouts.set_weight(50), gate])
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait_any(
        "analysisruns",
        namespace,
        lambda run: any(
            r.get("successful") for r in run.get("status", {}).get("metricResults", ())
        ),
        timeout=30,
    )


def aborted(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace, abort_delay=600)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)
    api.patch("rollouts", namespace, NAME, {"status": {"abort": True}}, subresource="status")
    api.wait("rollouts", namespace, NAME, states.is_aborted)


def after_undo(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace, scale_down_delay=600)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)
    api.set_image(namespace, NAME, rollouts.DEFAULT_TAG)
    api.wait("rollouts", namespace, NAME, states.is_healthy)


def scaled_to_zero(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace)
    api.patch("rollouts", namespace, NAME, {"spec": {"replicas": 0}})
    api.wait("rollouts", namespace, NAME, lambda ro: not ro["status"].get("replicas"))


def basic_canary(_bed: ControlPlane, api: Api, namespace: str) -> None:
    api.apply(*rollouts.canary(namespace, NAME, STEPS, replicas=5))
    api.wait("rollouts", namespace, NAME, states.is_healthy)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)


def blue_green(_bed: ControlPlane, api: Api, namespace: str) -> None:
    api.apply(*rollouts.blue_green(namespace, NAME))
    api.wait("rollouts", namespace, NAME, states.is_healthy)
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait("rollouts", namespace, NAME, states.is_paused)


def with_experiment(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace, [rollouts.experiment("10m"), rollouts.set_weight(50)])
    api.set_image(namespace, NAME, "v2.0.0")
    api.wait_any(
        "experiments",
        namespace,
        lambda e: e.get("status", {}).get("phase") == "Running",
        timeout=30,
    )


def restarts(_bed: ControlPlane, api: Api, namespace: str) -> None:
    deploy(api, namespace)
    api.set_image(namespace, NAME, "v2-crash")
    api.wait_any(
        "pods", namespace, lambda pod: states.waiting_reason(pod) == "CrashLoopBackOff", timeout=30
    )


Prepare = Callable[[ControlPlane, Api, str], None]
SITUATIONS: list[Prepare] = [
    healthy,
    first_deploy,
    mid_canary,
    paused,
    analysing,
    aborted,
    after_undo,
    scaled_to_zero,
    basic_canary,
    blue_green,
    with_experiment,
    restarts,
]

_AGE = re.compile(r"\s\d+(?:s|m|h|d|y)(?:\d+(?:s|m|h|d))?(?=\s|$)")
_DELAY = re.compile(r"delay:[0-9a-z]+")


def facts(text: str) -> list[list[str]]:
    """Return the report's lines in words; ages and countdowns go on between two commands."""
    lines = (_DELAY.sub("delay:", _AGE.sub(" AGE", line)) for line in text.splitlines())
    return [line.split() for line in lines]


def plugin(bed: ControlPlane, kubeconfig: Path, *arguments: str) -> str:
    command = [str(bed.binary("kubectl-argo-rollouts")), "--kubeconfig", str(kubeconfig)]
    done = run([*command, *arguments])
    assert done.code == 0, done.err
    return done.out


@pytest.mark.parametrize("prepare", SITUATIONS, ids=lambda prepare: prepare.__name__)
def test_get_agrees_with_the_plugin_field_by_field(
    bed: ControlPlane, api: Api, namespace: str, prepare: Prepare
) -> None:
    prepare(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    end = monotonic() + 20
    while True:
        # A rollout may move between the two commands; they must agree once it has not.
        theirs = facts(plugin(bed, kubeconfig, "get", "rollout", NAME, "--no-color"))
        ours = facts(amas("get", NAME, kubeconfig=kubeconfig).out)
        if ours == theirs or monotonic() > end:
            break
    assert ours == theirs


def test_get_experiment_agrees_with_the_plugin(bed: ControlPlane, api: Api, namespace: str) -> None:
    with_experiment(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    (one,) = api.list("experiments", namespace)
    name = one["metadata"]["name"]
    end = monotonic() + 20
    while True:
        theirs = facts(plugin(bed, kubeconfig, "get", "experiment", name, "--no-color"))
        ours = facts(amas("get", "experiment", name, kubeconfig=kubeconfig).out)
        if ours == theirs or monotonic() > end:
            break
    assert ours == theirs
    view = json.loads(amas("get", f"exp/{name}", "-o", "json", kubeconfig=kubeconfig).out)
    assert (view["kind"], view["name"], view["status"]) == ("ExperimentView", name, "Running")
    assert len(view["replicaSets"]) == 2


@pytest.mark.parametrize(
    "prepare", [paused, blue_green, aborted], ids=lambda prepare: prepare.__name__
)
def test_list_agrees_with_the_plugin(
    bed: ControlPlane, api: Api, namespace: str, prepare: Prepare
) -> None:
    prepare(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    theirs = facts(plugin(bed, kubeconfig, "list", "rollouts"))
    assert facts(amas("list", kubeconfig=kubeconfig).out) == theirs


def test_get_json_has_the_documented_shape(bed: ControlPlane, api: Api, namespace: str) -> None:
    analysing(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace=namespace)
    ran = amas("get", "rollout", NAME, "-o", "json", kubeconfig=kubeconfig)
    assert (ran.code, ran.err) == (0, "")
    view = json.loads(ran.out)
    assert (view["apiVersion"], view["kind"]) == ("amas-tui/v1", "RolloutView")
    assert (view["name"], view["namespace"]) == (NAME, namespace)
    assert view["step"] == {"index": 1, "count": 2}
    assert (view["setWeight"], view["actualWeight"]) == (50, 50)
    assert view["strategy"] == "Canary"
    assert {"image": "ghcr.io/example/checkout:v2.0.0", "tags": ["canary"]} in view["images"]
    assert view["replicas"] == {
        "desired": 3,
        "current": 5,
        "updated": 2,
        "ready": 5,
        "available": 5,
    }
    newest = view["revisions"][0]
    assert newest["revision"] == 2
    (replica_set,) = newest["replicaSets"]
    assert replica_set["tags"] == ["canary"]
    assert {pod["ready"] for pod in replica_set["pods"]} == {"1/1"}
    (analysis_run,) = newest["analysisRuns"]
    assert analysis_run["status"] == "Running"
    assert set(analysis_run["counts"]) == {"successful", "failed", "inconclusive", "error"}
    assert analysis_run["counts"]["successful"] >= 1
    assert newest["experiments"] == []


def test_list_and_get_speak_of_several_namespaces(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    healthy(bed, api, namespace)
    kubeconfig = bed.kubeconfig(namespace="default")
    everywhere = amas("list", "-A", kubeconfig=kubeconfig)
    assert everywhere.out.split()[:2] == ["NAMESPACE", "NAME"]
    assert any(line.split()[:2] == [namespace, NAME] for line in everywhere.out.splitlines())
    names = amas("list", "-n", namespace, "-o", "name", kubeconfig=kubeconfig)
    assert names.out == f"rollout.argoproj.io/{NAME}\n"
    labelled = amas("list", "-n", namespace, "-l", "app=other", kubeconfig=kubeconfig)
    assert labelled.out == ""
    assert "No rollouts found" in labelled.err
