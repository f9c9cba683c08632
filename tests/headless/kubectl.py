"""kubectl on the bed, and the kinds of the prometheus-operator."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json

_GROUP = "monitoring.coreos.com"


def kubectl(bed: ControlPlane, kubeconfig: Path, *arguments: str, stdin: str = "") -> str:
    """Run kubectl and return what it prints.

    Raises:
        AssertionError: It failed.
    """
    done = subprocess.run(
        [str(bed.binary("kubectl")), "--kubeconfig", str(kubeconfig), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def prometheus_operator_kinds(api: Api) -> None:
    """Let there be ServiceMonitors and PrometheusRules, whatever they hold."""
    crds = [_crd("ServiceMonitor"), _crd("PrometheusRule")]
    api.apply(*crds)
    for crd in crds:
        api.wait("customresourcedefinitions", None, crd["metadata"]["name"], _is_established)


def _crd(kind: str) -> Json:
    plural = f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{_GROUP}"},
        "spec": {
            "group": _GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }


def _is_established(crd: Json) -> bool:
    found: Sequence[Json] = crd.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in found)
