"""The kinds that are watched or written, and what identifies one stream of them."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """A resource, by its plural name in the API."""

    ROLLOUTS = "rollouts"
    REPLICA_SETS = "replicasets"
    PODS = "pods"
    ANALYSIS_RUNS = "analysisruns"
    EXPERIMENTS = "experiments"
    SERVICES = "services"
    INGRESSES = "ingresses"
    ENDPOINT_SLICES = "endpointslices"
    ANALYSIS_TEMPLATES = "analysistemplates"
    CLUSTER_ANALYSIS_TEMPLATES = "clusteranalysistemplates"
    EVENTS = "events"
    DEPLOYMENTS = "deployments"
    POD_TEMPLATES = "podtemplates"


class StreamId(NamedTuple):
    """One list-and-watch: a kind in one namespace, or in all with an empty one.

    With a `name` it is one object alone.
    """

    kind: Kind
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.kind}/{self.name}" if self.name else str(self.kind)
        return f"{what} in {self.namespace}" if self.namespace else what
