"""Where each kind lives in the API and what it decodes to."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from amas_tui.domain.analysis import AnalysisRun, AnalysisTemplate
from amas_tui.domain.base import Key
from amas_tui.domain.event import Event
from amas_tui.domain.rollout import Rollout
from amas_tui.domain.traffic import EndpointSlice, Ingress, Service
from amas_tui.domain.workload import Experiment, Pod, ReplicaSet, Workload
from amas_tui.store.kinds import Kind

ARGO: Final = "argoproj.io/v1alpha1"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API.

    Attributes:
        group_version: `v1` for the core group, else `group/version`.
        singular: The word for one of it in a sentence.
        type: The record it decodes to.
    """

    group_version: str
    plural: str
    singular: str
    type: Any
    is_namespaced: bool = True

    @property
    def group(self) -> str:
        """Return the API group; empty for the core group."""
        return self.group_version.rpartition("/")[0]

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, an object or its subresource."""
        root = "/apis/" if self.group else "/api/"
        parts = [root + self.group_version]
        if namespace and self.is_namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        parts += [quote(part, safe=":") for part in (name, subresource) if part]
        return "/".join(parts)

    def named(self, key: Key) -> str:
        """Return `rollout/NAME in NAMESPACE`, for a sentence."""
        place = f" in {key.namespace}" if key.namespace and self.is_namespaced else ""
        return f"{self.singular}/{key.name}{place}"


RESOURCES: Final[dict[Kind, Resource]] = {
    Kind.ROLLOUTS: Resource(ARGO, "rollouts", "rollout", Rollout),
    Kind.ANALYSIS_RUNS: Resource(ARGO, "analysisruns", "analysisrun", AnalysisRun),
    Kind.EXPERIMENTS: Resource(ARGO, "experiments", "experiment", Experiment),
    Kind.ANALYSIS_TEMPLATES: Resource(
        ARGO, "analysistemplates", "analysistemplate", AnalysisTemplate
    ),
    Kind.CLUSTER_ANALYSIS_TEMPLATES: Resource(
        ARGO,
        "clusteranalysistemplates",
        "clusteranalysistemplate",
        AnalysisTemplate,
        is_namespaced=False,
    ),
    Kind.REPLICA_SETS: Resource("apps/v1", "replicasets", "replicaset", ReplicaSet),
    Kind.DEPLOYMENTS: Resource("apps/v1", "deployments", "deployment", Workload),
    Kind.POD_TEMPLATES: Resource("v1", "podtemplates", "podtemplate", Workload),
    Kind.PODS: Resource("v1", "pods", "pod", Pod),
    Kind.SERVICES: Resource("v1", "services", "service", Service),
    Kind.INGRESSES: Resource("networking.k8s.io/v1", "ingresses", "ingress", Ingress),
    Kind.ENDPOINT_SLICES: Resource(
        "discovery.k8s.io/v1", "endpointslices", "endpointslice", EndpointSlice
    ),
    Kind.EVENTS: Resource("v1", "events", "event", Event),
}
