"""Services, Ingresses and EndpointSlices: where the traffic really goes."""

from dataclasses import field
from typing import Final

from amas_tui.domain.base import HASH_LABEL, Int, IntOrStr, Labels, Many, ObjectMeta, Str, record

MANAGED_BY: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"
"""Annotation on a Service: the Rollout that owns its injected selector."""

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"


@record
class ServicePort:
    """A port of a Service, and that of its pods by number or name."""

    port: Int = 0
    target_port: IntOrStr | None = None


@record
class ServiceSpec:
    """Whom a Service selects."""

    selector: Labels = field(default_factory=dict)
    ports: Many[ServicePort] = ()


@record
class Service:
    """A Service."""

    metadata: ObjectMeta
    spec: ServiceSpec = ServiceSpec()

    @property
    def hash(self) -> str:
        """Return the pod template hash it selects, empty where it selects none."""
        return self.spec.selector.get(HASH_LABEL, "")


@record
class BackendPort:
    """The port of a Service, by name or number."""

    name: Str = ""
    number: Int = 0


@record
class IngressServiceBackend:
    """The Service behind a path."""

    name: Str = ""
    port: BackendPort = BackendPort()


@record
class IngressBackend:
    """What is behind a path."""

    service: IngressServiceBackend | None = None


@record
class IngressPath:
    """One path of a rule."""

    path: Str = ""
    path_type: Str = ""
    backend: IngressBackend = IngressBackend()


@record
class IngressHttp:
    """The paths of a rule."""

    paths: Many[IngressPath] = ()


@record
class IngressRule:
    """One rule."""

    host: Str = ""
    http: IngressHttp | None = None


@record
class IngressSpec:
    """Which controller serves it, and its rules."""

    ingress_class_name: Str = ""
    rules: Many[IngressRule] = ()


@record
class Ingress:
    """An Ingress."""

    metadata: ObjectMeta
    spec: IngressSpec = IngressSpec()

    def canary_weight(self, prefix: str) -> int | None:
        """Return the weight that ingress-nginx reads from it, `None` where there is none."""
        return _whole(self.metadata.annotations.get(f"{prefix}/canary-weight", ""))

    def canary_weight_total(self, prefix: str) -> int:
        """Return in how many parts the weight counts, 100 where it does not say."""
        total = _whole(self.metadata.annotations.get(f"{prefix}/canary-weight-total", ""))
        return _PARTS if total is None else total


@record
class EndpointConditions:
    """Absent `ready` counts as ready, as the API says."""

    ready: bool | None = None


@record
class ObjectReference:
    """What an endpoint or event is about."""

    kind: Str = ""
    namespace: Str = ""
    name: Str = ""
    uid: Str = ""


@record
class Endpoint:
    """One address behind a Service."""

    conditions: EndpointConditions = EndpointConditions()
    target_ref: ObjectReference | None = None


@record
class EndpointSlice:
    """Some of the endpoints of a Service."""

    metadata: ObjectMeta
    endpoints: Many[Endpoint] = ()

    @property
    def service(self) -> str:
        """Return the name of the Service it belongs to."""
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")

    @property
    def ready(self) -> int:
        """Return how many endpoints may receive traffic."""
        return sum(endpoint.conditions.ready is not False for endpoint in self.endpoints)


_PARTS: Final = 100


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


DEFAULT_PREFIX: Final = "nginx.ingress.kubernetes.io"
"""Annotation prefix of ingress-nginx, unless the Rollout says otherwise."""

_MAX_NAME: Final = 246


def canary_ingress_name(rollout: str, stable_ingress: str) -> str:
    """Return the name of the Ingress that the controller writes.

    Source: utils/ingress/ingress.go:GetCanaryIngressName.
    """
    return f"{rollout}-{stable_ingress}"[:_MAX_NAME] + "-canary"
