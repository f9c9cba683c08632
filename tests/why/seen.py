"""What a witness of its own sees of a namespace: every object by kind, as the API gives it."""

from collections.abc import Sequence
from typing import Final

from tests.controlplane.api import Api
from tests.controlplane.kinds import Json

KINDS: Final = (
    "rollouts",
    "replicasets",
    "pods",
    "analysisruns",
    "services",
    "ingresses",
    "endpointslices",
    "analysistemplates",
    "events",
)


class Seen:
    """One look at a namespace."""

    def __init__(self, objects: dict[str, list[Json]]) -> None:
        self.objects = objects

    @classmethod
    def of(cls, api: Api, namespace: str, kinds: Sequence[str] = KINDS) -> "Seen":
        """Look now."""
        return cls({kind: api.list(kind, namespace) for kind in kinds})

    def rollout(self, name: str) -> Json:
        """Return a Rollout, empty where there is none."""
        return next((one for one in self.objects["rollouts"] if _name(one) == name), {})

    def status(self, name: str) -> Json:
        """Return a Rollout's status."""
        status: Json = self.rollout(name).get("status", {})
        return status

    def condition(self, name: str, kind: str) -> Json:
        """Return a condition of a Rollout, empty where there is none."""
        conditions = self.status(name).get("conditions", [])
        return next((one for one in conditions if one["type"] == kind), {})

    def sets(self, name: str) -> list[Json]:
        """Return a Rollout's ReplicaSets."""
        return self._owned("replicasets", {self._uid(name)})

    def pods(self, name: str, pod_hash: str = "") -> list[Json]:
        """Return a Rollout's pods, those of one version where a hash is given."""
        sets = [one for one in self.sets(name) if not pod_hash or _hash(one) == pod_hash]
        return self._owned("pods", {one["metadata"]["uid"] for one in sets})

    def new_pods(self, name: str) -> list[Json]:
        """Return the pods of the newest version."""
        return self.pods(name, self.status(name).get("currentPodHash", "-"))

    def runs(self, name: str) -> list[Json]:
        """Return a Rollout's analysis runs."""
        return self._owned("analysisruns", {self._uid(name)})

    def results(self, name: str) -> list[Json]:
        """Return the metric results of all its runs."""
        return [
            result
            for run in self.runs(name)
            for result in run.get("status", {}).get("metricResults", [])
        ]

    def is_healthy(self, name: str) -> bool:
        """Whether the controller saw the newest spec and is content."""
        rollout, status = self.rollout(name), self.status(name)
        observed = status.get("observedGeneration", "0")
        fresh = bool(rollout) and observed == str(rollout["metadata"]["generation"])
        return fresh and status.get("phase") == "Healthy"

    def is_paused(self, name: str) -> bool:
        """Whether the controller waits at a pause."""
        return bool(self.status(name).get("pauseConditions"))

    def _uid(self, name: str) -> str:
        return str(self.rollout(name).get("metadata", {}).get("uid", "-"))

    def _owned(self, kind: str, uids: set[str]) -> list[Json]:
        return [
            one
            for one in self.objects[kind]
            if any(owner["uid"] in uids for owner in one["metadata"].get("ownerReferences", []))
        ]


def _name(one: Json) -> str:
    return str(one["metadata"]["name"])


def _hash(one: Json) -> str:
    return str(one["metadata"]["labels"].get("rollouts-pod-template-hash", ""))


def waiting_reasons(pods: list[Json], statuses: str = "containerStatuses") -> set[str]:
    """Return why containers of some pods wait."""
    return {
        status["state"].get("waiting", {}).get("reason", "")
        for pod in pods
        for status in pod.get("status", {}).get(statuses, [])
    } - {""}


def restarts(pods: list[Json], statuses: str = "containerStatuses") -> int:
    """Return how often containers of some pods started again."""
    return sum(
        status["restartCount"] for pod in pods for status in pod.get("status", {}).get(statuses, [])
    )


def pod_condition(pods: list[Json], kind: str) -> Json:
    """Return the first condition of that type that is not true."""
    return next(
        (
            one
            for pod in pods
            for one in pod.get("status", {}).get("conditions", [])
            if one["type"] == kind and one["status"] != "True"
        ),
        {},
    )
