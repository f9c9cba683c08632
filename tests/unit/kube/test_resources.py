import pytest

from amas_tui.domain.base import Key
from amas_tui.kube.resources import RESOURCES
from amas_tui.store.kinds import Kind


@pytest.mark.parametrize(
    ("kind", "where", "path"),
    [
        pytest.param(Kind.PODS, (), "/api/v1/pods", id="core, everywhere"),
        pytest.param(Kind.PODS, ("shop",), "/api/v1/namespaces/shop/pods", id="core, one place"),
        pytest.param(
            Kind.ROLLOUTS,
            ("shop", "checkout", "status"),
            "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout/status",
            id="subresource",
        ),
        pytest.param(
            Kind.REPLICA_SETS,
            ("shop", "x"),
            "/apis/apps/v1/namespaces/shop/replicasets/x",
            id="group",
        ),
        pytest.param(
            Kind.CLUSTER_ANALYSIS_TEMPLATES,
            ("shop", "x"),
            "/apis/argoproj.io/v1alpha1/clusteranalysistemplates/x",
            id="no namespace",
        ),
        pytest.param(
            Kind.PODS,
            ("../x", "a/b?c#d e"),
            "/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc%23d%20e",
            id="hostile names",
        ),
    ],
)
def test_a_path_is_the_apis(kind: Kind, where: tuple[str, ...], path: str) -> None:
    assert RESOURCES[kind].path(*where) == path


def test_every_kind_is_known_by_its_own_plural() -> None:
    assert {kind: resource.plural for kind, resource in RESOURCES.items()} == {
        kind: kind.value for kind in Kind
    }


def test_an_object_is_named_for_a_sentence() -> None:
    assert RESOURCES[Kind.ROLLOUTS].named(Key("shop", "checkout")) == "rollout/checkout in shop"
    wide = RESOURCES[Kind.CLUSTER_ANALYSIS_TEMPLATES]
    assert wide.named(Key("", "x")) == "clusteranalysistemplate/x"


def test_the_group_is_empty_for_the_core() -> None:
    assert RESOURCES[Kind.PODS].group == ""
    assert RESOURCES[Kind.INGRESSES].group == "networking.k8s.io"
