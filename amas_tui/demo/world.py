"""What there is in the demo, put together: the place where its parts meet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from amas_tui.demo import namespaces
from amas_tui.demo.analysis.measurement import Provider
from amas_tui.demo.analysis.runs import AnalysisController
from amas_tui.demo.argo import ArgoRollouts
from amas_tui.demo.clock import ManualClock
from amas_tui.demo.controller import cluster
from amas_tui.demo.controller.cluster import Controllers
from amas_tui.demo.prometheus.service import Prometheus
from amas_tui.demo.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CUSTOM_RESOURCE_DEFINITIONS,
    INGRESS_CLASSES,
    RESOURCES,
    SERVICES,
    Resource,
)
from amas_tui.demo.scenarios import plot
from amas_tui.demo.scenarios.pace import Pace
from amas_tui.demo.scenarios.stage import Stage
from amas_tui.demo.server import access
from amas_tui.demo.server.proxy import PROMETHEUS_LABEL
from amas_tui.demo.store import Json, Store
from amas_tui.demo.traffic.controller_metrics import ControllerMetrics
from amas_tui.demo.traffic.flows import Traffic
from amas_tui.demo.traffic.logs import PodLogs

CONTEXT: Final = "demo"
"""What the kubeconfig's context is called."""
NAMESPACE: Final = "amas-prod"
"""Where the story happens."""
_GROUPS: Final = {
    "admin": access.MASTERS,
    "oncall": "oncall",
    "viewer": "viewers",
    "nobody": "nobodies",
}
"""The users and their groups."""
_ON_CALL: Final = "on-call"
_READ: Final = ["get", "list", "watch"]


@dataclass(frozen=True, slots=True)
class Options:
    """How the demo is started.

    Attributes:
        seed: Of everything random.
        scenario: What happens; empty for nothing, which contract tests want.
        speed: How many times faster than in life pauses and pods are.
        fleet: How many quiet rollouts there are beside.
    """

    seed: int = 0
    scenario: str = ""
    speed: float = 1.0
    fleet: int = 0


@dataclass(slots=True)
class World:
    """The parts of one demo."""

    store: Store
    users: access.Users
    options: Options
    prometheus_url: str
    controllers: Controllers
    argo: ArgoRollouts
    logs: PodLogs
    prometheus: Prometheus
    acts: list[Callable[[], None]] = field(default_factory=list)
    """What begins as soon as somebody looks."""

    def begin(self) -> None:
        """Let the scenario begin, if it has not."""
        while self.acts:
            self.acts.pop()()


def compose(clock: ManualClock, options: Options, prometheus_url: str) -> World:
    """Return a demo that is ready to be served; its parts work on the clock from then on.

    Args:
        clock: Whose time it has; a scenario's past is played on it.
        options: How it is started.
        prometheus_url: Where its Prometheus will answer.
    """
    store = Store(clock, options.seed)
    namespaces.create_first(store)
    _install(store)
    users = access.Users(_GROUPS)
    controllers = cluster.start(store)
    traffic = Traffic(store, options.seed)
    logs = PodLogs(traffic, clock)
    prometheus = Prometheus(clock, [traffic, ControllerMetrics(store)], interval=_interval(options))
    traffic.start()
    prometheus.start()
    analyses = AnalysisController(store, Provider(prometheus, prometheus_url).measure)
    argo = ArgoRollouts(controllers.rollouts, analyses)
    world = World(store, users, options, prometheus_url, controllers, argo, logs, prometheus)
    if options.scenario:
        _play(world, clock)
    return world


def _interval(options: Options) -> float:
    """Return the seconds between two scrapes: the story's own, else as on a test bed."""
    return Pace(options.speed).scrape if options.scenario else 1.0


def _play(world: World, clock: ManualClock) -> None:
    """Set the scene as somebody will find it."""
    options = world.options
    world.store.create(CLUSTER_ROLES, access.cluster_role(_ON_CALL, *_viewing(), *_acting()))
    world.store.create(
        CLUSTER_ROLE_BINDINGS, access.cluster_role_binding(_ON_CALL, _GROUPS["oncall"])
    )
    pace = Pace(options.speed)
    stage = Stage(world.store, clock, world.argo, world.prometheus)
    found = plot(options.scenario, pace, world.prometheus_url, options.fleet)
    stage.set(found, pace)
    world.acts.append(lambda: stage.raise_curtain(found))


def _install(store: Store) -> None:
    """Make what a cluster has before anybody uses it."""
    roles = [*access.builtin_roles(), access.cluster_role("dashboard-viewer", *_viewing())]
    bindings = access.cluster_role_binding("dashboard-viewer", _GROUPS["viewer"])
    for obj in (*roles, bindings):
        is_role = obj["kind"] == "ClusterRole"
        store.create(CLUSTER_ROLES if is_role else CLUSTER_ROLE_BINDINGS, obj)
    for resource in RESOURCES:
        if resource.is_custom:
            store.create(CUSTOM_RESOURCE_DEFINITIONS, _definition(resource))
    controller = {"controller": "k8s.io/ingress-nginx"}
    store.create(INGRESS_CLASSES, {"metadata": {"name": "nginx"}, "spec": controller})
    store.create(SERVICES, _prometheus_service())


def _viewing() -> list[Json]:
    """Return the rights to see all that the dashboard shows, and to change nothing."""

    def rule(group: str, *resources: str) -> Json:
        return {"apiGroups": [group], "resources": list(resources), "verbs": _READ}

    return [
        rule("argoproj.io", "rollouts", "analysisruns", "analysistemplates", "experiments"),
        rule("argoproj.io", "clusteranalysistemplates"),
        rule("apps", "replicasets", "deployments"),
        rule("batch", "jobs"),
        rule("", "namespaces", "pods", "pods/log", "services", "endpoints", "events"),
        rule("discovery.k8s.io", "endpointslices"),
        rule("networking.k8s.io", "ingresses"),
    ]


def _acting() -> list[Json]:
    """Return the rights to do all that the dashboard does."""

    def rule(group: str, verb: str, *resources: str) -> Json:
        return {"apiGroups": [group], "resources": list(resources), "verbs": [verb]}

    return [
        rule("argoproj.io", "patch", "rollouts", "rollouts/status", "analysisruns"),
        rule("", "create", "events"),
        rule("", "get", "services/proxy"),
    ]


def _definition(resource: Resource) -> Json:
    scope = "Namespaced" if resource.is_namespaced else "Cluster"
    names = {"kind": resource.kind, "plural": resource.plural, "singular": resource.kind.lower()}
    version = {"name": resource.version, "served": True, "storage": True}
    return {
        "metadata": {"name": resource.full_name},
        "spec": {"group": resource.group, "names": names, "scope": scope, "versions": [version]},
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    }


def _prometheus_service() -> Json:
    return {
        "metadata": {
            "name": "prometheus",
            "namespace": "monitoring",
            "labels": {PROMETHEUS_LABEL: "true"},
        },
        "spec": {"ports": [{"name": "web", "port": 9090}], "selector": {"app": "prometheus"}},
    }
