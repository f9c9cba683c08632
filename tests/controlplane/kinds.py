"""Where each kind of object lives in the API."""

from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind, addressed by its plural."""

    group_version: str
    name: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str | None = None, *more: str) -> str:
        """Return the URL path of one object, or of the list when `name` is `None`.

        A namespaced kind without a namespace means all namespaces.
        """
        root = "/api/v1" if self.group_version == "v1" else f"/apis/{self.group_version}"
        within = ("namespaces", namespace) if self.namespaced and namespace else ()
        return "/".join([root, *within, self.plural, *([name] if name else []), *more])


_ARGO: Final = "argoproj.io/v1alpha1"
_NET: Final = "networking.k8s.io/v1"
_RBAC: Final = "rbac.authorization.k8s.io/v1"
KINDS: Final = {
    kind.plural: kind
    for kind in (
        Kind(_ARGO, "Rollout", "rollouts"),
        Kind(_ARGO, "AnalysisRun", "analysisruns"),
        Kind(_ARGO, "AnalysisTemplate", "analysistemplates"),
        Kind(_ARGO, "ClusterAnalysisTemplate", "clusteranalysistemplates", namespaced=False),
        Kind(_ARGO, "Experiment", "experiments"),
        Kind("apps/v1", "Deployment", "deployments"),
        Kind("apps/v1", "ReplicaSet", "replicasets"),
        Kind("batch/v1", "Job", "jobs"),
        Kind("v1", "Namespace", "namespaces", namespaced=False),
        Kind("v1", "Node", "nodes", namespaced=False),
        Kind("v1", "Pod", "pods"),
        Kind("v1", "Service", "services"),
        Kind("v1", "Endpoints", "endpoints"),
        Kind("v1", "Event", "events"),
        Kind("v1", "ConfigMap", "configmaps"),
        Kind("v1", "Secret", "secrets"),
        Kind("v1", "ResourceQuota", "resourcequotas"),
        Kind("v1", "LimitRange", "limitranges"),
        Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
        Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
        Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        Kind("coordination.k8s.io/v1", "Lease", "leases"),
        Kind(_NET, "Ingress", "ingresses"),
        Kind(_NET, "IngressClass", "ingressclasses", namespaced=False),
        Kind(_NET, "NetworkPolicy", "networkpolicies"),
        Kind(_RBAC, "Role", "roles"),
        Kind(_RBAC, "RoleBinding", "rolebindings"),
        Kind(_RBAC, "ClusterRole", "clusterroles", namespaced=False),
        Kind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
        Kind(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            namespaced=False,
        ),
    )
}
"""The kinds by plural."""

_BY_NAME: Final = {(kind.group_version, kind.name): kind for kind in KINDS.values()}


def kind_of(manifest: Json) -> Kind:
    """Return the kind of a manifest."""
    return _BY_NAME[manifest["apiVersion"], manifest["kind"]]
