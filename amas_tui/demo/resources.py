"""The kinds that the demo stores."""

from typing import Final, NamedTuple

_ARGO: Final = "argoproj.io"


class Resource(NamedTuple):
    """One resource of the API; `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    is_namespaced: bool = True
    has_status: bool = False
    """Whether it has a `status` subresource, which alone then writes `status`."""
    counts_generation: bool = False
    """Whether `metadata.generation` counts; a custom resource without status subresource counts
    every change, also of its status."""
    short_names: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """Return `v1` or `group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def is_custom(self) -> bool:
        """Return whether it is defined by a CustomResourceDefinition."""
        return self.group == _ARGO

    @property
    def full_name(self) -> str:
        """Return the name in the server's sentences, e.g. `rollouts.argoproj.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACES: Final = Resource(
    "", "v1", "namespaces", "Namespace", is_namespaced=False, has_status=True
)
NODES: Final = Resource("", "v1", "nodes", "Node", is_namespaced=False, has_status=True)
PODS: Final = Resource("", "v1", "pods", "Pod", has_status=True)
SERVICES: Final = Resource("", "v1", "services", "Service", has_status=True)
ENDPOINTS: Final = Resource("", "v1", "endpoints", "Endpoints")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("", "v1", "events", "Event")
REPLICA_SETS: Final = Resource(
    "apps", "v1", "replicasets", "ReplicaSet", has_status=True, counts_generation=True
)
DEPLOYMENTS: Final = Resource(
    "apps", "v1", "deployments", "Deployment", has_status=True, counts_generation=True
)
JOBS: Final = Resource("batch", "v1", "jobs", "Job", has_status=True, counts_generation=True)
INGRESSES: Final = Resource(
    "networking.k8s.io",
    "v1",
    "ingresses",
    "Ingress",
    has_status=True,
    counts_generation=True,
)
INGRESS_CLASSES: Final = Resource(
    "networking.k8s.io",
    "v1",
    "ingressclasses",
    "IngressClass",
    is_namespaced=False,
    counts_generation=True,
)
NETWORK_POLICIES: Final = Resource(
    "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", counts_generation=True
)
ENDPOINT_SLICES: Final = Resource(
    "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", counts_generation=True
)
CUSTOM_RESOURCE_DEFINITIONS: Final = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    is_namespaced=False,
    has_status=True,
    counts_generation=True,
)
RBAC: Final = "rbac.authorization.k8s.io"
ROLES: Final = Resource(RBAC, "v1", "roles", "Role")
ROLE_BINDINGS: Final = Resource(RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES: Final = Resource(RBAC, "v1", "clusterroles", "ClusterRole", is_namespaced=False)
CLUSTER_ROLE_BINDINGS: Final = Resource(
    RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", is_namespaced=False
)
ROLLOUTS: Final = Resource(
    _ARGO,
    "v1alpha1",
    "rollouts",
    "Rollout",
    has_status=True,
    counts_generation=True,
    short_names=("ro",),
)
ANALYSIS_RUNS: Final = Resource(
    _ARGO, "v1alpha1", "analysisruns", "AnalysisRun", counts_generation=True, short_names=("ar",)
)
ANALYSIS_TEMPLATES: Final = Resource(
    _ARGO,
    "v1alpha1",
    "analysistemplates",
    "AnalysisTemplate",
    counts_generation=True,
    short_names=("at",),
)
CLUSTER_ANALYSIS_TEMPLATES: Final = Resource(
    _ARGO,
    "v1alpha1",
    "clusteranalysistemplates",
    "ClusterAnalysisTemplate",
    is_namespaced=False,
    counts_generation=True,
    short_names=("cat",),
)
EXPERIMENTS: Final = Resource(
    _ARGO, "v1alpha1", "experiments", "Experiment", counts_generation=True, short_names=("exp",)
)

RESOURCES: Final = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    ENDPOINTS,
    CONFIG_MAPS,
    EVENTS,
    REPLICA_SETS,
    DEPLOYMENTS,
    JOBS,
    INGRESSES,
    INGRESS_CLASSES,
    NETWORK_POLICIES,
    ENDPOINT_SLICES,
    CUSTOM_RESOURCE_DEFINITIONS,
    ROLES,
    ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
    ROLLOUTS,
    ANALYSIS_RUNS,
    ANALYSIS_TEMPLATES,
    CLUSTER_ANALYSIS_TEMPLATES,
    EXPERIMENTS,
)
"""All of them. Secrets are not among them: nothing here has one, and nobody may read one."""
