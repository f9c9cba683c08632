"""`deploy`: every way it can end, each with its exit code and what the cluster then holds."""

import json
import threading
from pathlib import Path

import pytest
import yaml

from tests.controlplane import faults, rollouts, states
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.headless.command import Ran, amas

pytestmark = pytest.mark.controlplane

NAME = "checkout"
QUICK = [rollouts.set_weight(50), rollouts.pause("1s")]
WAITS = [rollouts.set_weight(50), rollouts.pause()]


def prepare(
    api: Api, namespace: str, steps: list[Json], *, replicas: int = 2, spec: Json | None = None
) -> None:
    made = rollouts.canary(
        namespace, NAME, steps, replicas=replicas, requests_per_second=0, spec=spec
    )
    api.apply(*made)
    api.wait("rollouts", namespace, NAME, states.is_healthy)


def deploy(bed: ControlPlane, namespace: str, *arguments: str) -> Ran:
    return amas(
        *("deploy", NAME, *arguments),
        kubeconfig=bed.kubeconfig(namespace=namespace),
        env={"XDG_STATE_HOME": str(bed.folder / "state")},
    )


def image_of(api: Api, namespace: str) -> str:
    spec = api.get("rollouts", namespace, NAME)["spec"]["template"]["spec"]
    image: str = spec["containers"][0]["image"]
    return image


def test_a_good_version_is_followed_to_its_end_in_text_and_json(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace, QUICK)
    ran = deploy(bed, namespace, "--tag", "v2.0.0", "--yes")
    assert ran.code == 0, ran.err
    assert "v1.0.0 → v2.0.0 (revision 2)" in ran.out
    assert ran.out.splitlines()[-1].startswith("deployed: checkout=ghcr.io/example/checkout:v2.0.0")
    assert states.is_promoted(api.get("rollouts", namespace, NAME))
    again = deploy(bed, namespace, "--tag", "v2.0.0", "--yes")
    assert (again.code, "runs already" in again.out) == (0, True)

    image = "checkout=ghcr.io/example/checkout:v3.0.0"
    ran = deploy(bed, namespace, "--image", image, "--yes", "-o", "json")
    report = json.loads(ran.out)
    assert (report["apiVersion"], report["kind"]) == ("amas-tui/v1", "Deployment")
    (one,) = report["clusters"]
    assert (one["result"], one["exitCode"], one["image"]) == ("deployed", 0, image)
    assert (one["revision"], one["namespace"], one["name"]) == (3, namespace, NAME)
    assert "v2.0.0 → v3.0.0" in ran.err


def test_a_pause_for_a_human_ends_it_and_is_promoted_only_where_that_is_asked_for(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace, WAITS)
    faultless = deploy(bed, namespace, "--tag", "v2.0.0", "--yes")
    assert faultless.code == 12
    assert states.is_paused(api.get("rollouts", namespace, NAME))
    ran = deploy(bed, namespace, "--tag", "v3.0.0", "--yes", "--promote-pauses")
    assert ran.code == 0, ran.out + ran.err
    assert states.is_promoted(api.get("rollouts", namespace, NAME))


@pytest.mark.parametrize(
    ("reaction", "tag"), [("abort", "v2-unready"), ("rollback", "v1.0.0"), ("leave", "v2-unready")]
)
def test_a_version_that_does_not_get_ready_in_time_is_taken_back_as_settled(
    bed: ControlPlane, api: Api, namespace: str, reaction: str, tag: str
) -> None:
    prepare(api, namespace, QUICK)
    ran = deploy(
        bed,
        namespace,
        *("--tag", "v2-unready", "--yes", "--timeout", "3s", "--on-failure", reaction),
    )
    assert ran.code == 124, ran.out + ran.err
    assert "not finished within 3 s" in ran.out
    assert image_of(api, namespace).endswith(tag)
    found = api.get("rollouts", namespace, NAME)
    assert states.is_aborted(found) is (reaction == "abort")


def test_a_missed_progress_deadline_is_10(bed: ControlPlane, api: Api, namespace: str) -> None:
    prepare(api, namespace, QUICK, spec={"progressDeadlineSeconds": 2})
    ran = deploy(bed, namespace, "--tag", "v2-unready", "--yes", "--on-failure", "leave")
    assert ran.code == 10, ran.out + ran.err


def test_another_deployment_that_takes_over_is_11(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace, [rollouts.set_weight(50), rollouts.pause("60s")])

    def take_over() -> None:
        api.wait("rollouts", namespace, NAME, states.is_paused)
        api.set_image(namespace, NAME, "v3.0.0")

    other = threading.Thread(target=take_over)
    other.start()
    ran = deploy(bed, namespace, "--tag", "v2.0.0", "--yes", "--on-failure", "leave")
    other.join()
    assert ran.code == 11, ran.out + ran.err
    assert "another deployment took over" in ran.out


def test_a_controller_that_is_blind_for_it_is_24(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace, QUICK)
    faults.blind(api, namespace, NAME)
    ran = deploy(bed, namespace, "--tag", "v2.0.0", "--yes")
    assert ran.code == 24, ran.out + ran.err


def test_nothing_is_written_that_would_not_work(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    gate = rollouts.gate({"templates": [{"templateName": "absent"}]})
    prepare(api, namespace, QUICK)
    strategy = {"canary": {"steps": [gate, *QUICK]}}
    api.patch("rollouts", namespace, NAME, {"spec": {"strategy": strategy}})
    ran = deploy(bed, namespace, "--tag", "v2.0.0", "--yes")
    assert ran.code == 3
    assert "there is no AnalysisTemplate absent" in ran.err
    assert image_of(api, namespace).endswith("v1.0.0")


REFUSED = [
    (("--tag", "v2.0.0"), 2, "Add --yes"),
    (("--tag", "v2.0.0", "--yes", "--read-only"), 3, "read-only"),
    (("--tag", "latest", "--yes"), 2, "latest is another image tomorrow"),
    (("--image", "x/y", "--yes"), 2, "names no version"),
    (("--image", "other=x/y:v1", "--yes"), 3, "other"),
    (("--yes",), 2, "deploy wants --image or --tag"),
]


def test_what_is_refused_leaves_everything_as_it_was(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    prepare(api, namespace, QUICK, replicas=1)
    for arguments, code, words in REFUSED:
        ran = deploy(bed, namespace, *arguments)
        assert (ran.code, words in ran.err) == (code, True), (arguments, ran.err)
    assert image_of(api, namespace).endswith("v1.0.0")


def test_a_protected_context_wants_the_name(
    bed: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    prepare(api, namespace, QUICK)
    (tmp_path / "config.toml").write_text("protected = true\n")
    kubeconfig = bed.kubeconfig(namespace=namespace)
    env = {"AMAS_TUI_CONFIG_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    ran = amas("deploy", NAME, "--tag", "v2.0.0", "--yes", kubeconfig=kubeconfig, env=env)
    assert (ran.code, f"--confirm {NAME}" in ran.err) == (3, True)
    ran = amas(
        *("deploy", NAME, "--tag", "v2.0.0", "--confirm", NAME), kubeconfig=kubeconfig, env=env
    )
    assert ran.code == 0, ran.err


def test_a_rollout_that_is_not_there_is_23(bed: ControlPlane, namespace: str) -> None:
    assert deploy(bed, namespace, "--tag", "v2.0.0", "--yes").code == 23


def two_contexts(bed: ControlPlane, first: str, second: str, folder: Path) -> Path:
    """Return a kubeconfig with two contexts, each in its own namespace."""
    merged = yaml.safe_load(bed.kubeconfig(namespace=first).read_text())
    (context,) = merged["contexts"]
    merged["contexts"] = [
        {"name": name, "context": {**context["context"], "namespace": namespace}}
        for name, namespace in (("eu", first), ("us", second))
    ]
    merged["current-context"] = "eu"
    path = folder / "two"
    path.write_text(yaml.safe_dump(merged))
    return path


def test_clusters_come_one_after_the_other_and_only_when_the_one_before_is_healthy(
    bed: ControlPlane, api: Api, namespace: str, tmp_path: Path
) -> None:
    with api.namespace() as other:
        for one in (namespace, other):
            prepare(api, one, QUICK, replicas=1)
        kubeconfig = two_contexts(bed, namespace, other, tmp_path)
        both = ("--context", "eu", "--context", "us", "--yes")
        ran = amas("deploy", NAME, "--tag", "v2.0.0", *both, kubeconfig=kubeconfig)
        assert ran.code == 0, ran.err
        table = [line.split()[:2] for line in ran.out.splitlines()[-3:]]
        assert table == [["CONTEXT", "RESULT"], ["eu", "deployed"], ["us", "deployed"]]
        stuck = ("--timeout", "2s", "--on-failure", "leave")
        ran = amas("deploy", NAME, "--tag", "v3-unready", *both, *stuck, kubeconfig=kubeconfig)
        assert ran.code == 124
        assert "us       not begun" in ran.out
        assert image_of(api, other).endswith("v2.0.0")
