"""Each check, in order and broken."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from amas_tui.errors import Exit
from amas_tui.pipeline.doctor import (
    Asked,
    Facts,
    PrometheusFact,
    examine,
    exit_code,
    metric_names,
    role_for,
    wanted_rights,
)
from amas_tui.pipeline.lint.finding import Finding, Severity
from amas_tui.store.checks import Check, Result

READY = {"conditions": [{"type": "Ready", "status": "True"}]}
CONTROLLER = {
    "spec": {"containers": [{"image": "quay.io/argoproj/argo-rollouts:v1.9.0"}]},
    "status": READY,
}
ROLLOUT = {
    "metadata": {"name": "checkout", "generation": 3},
    "spec": {"strategy": {"canary": {"trafficRouting": {"nginx": {}}}}},
    "status": {"observedGeneration": "3"},
}
KINDS = [
    {"name": name}
    for name in (
        *("rollouts", "analysisruns", "analysistemplates"),
        *("clusteranalysistemplates", "experiments"),
    )
]
MEASURED = {
    "status": {
        "metricResults": [
            {"name": "success-rate", "measurements": [{"phase": "Successful", "value": "[0.99]"}]}
        ]
    }
}


def facts(**changes: Any) -> Facts:
    """Return what is read where all is well, with changes."""
    whole = Facts(
        namespace="shop",
        who="oncall",
        is_confirmed=True,
        version=Asked({"gitVersion": "v1.34.4", "major": "1", "minor": "34"}),
        kinds=Asked({"resources": KINDS}),
        rights=tuple((right, None) for _, right in wanted_rights("shop")),
        controllers=Asked([CONTROLLER]),
        classes=Asked(
            [{"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}]
        ),
        ingress_controllers=Asked([{"status": READY}]),
        rollouts=Asked([ROLLOUT]),
        runs=Asked([MEASURED]),
        prometheus=(PrometheusFact("http://p:9090", "p:9090", present={"requests": True}),),
        terminal={"TERM": "xterm-256color", "size": "80x24", "encoding": "utf-8"},
    )
    return replace(whole, **changes)


def broken(name: str, **changes: Any) -> Check:
    """Return the check of that name, once something is wrong."""
    return next(one for one in examine(facts(**changes)) if one.name == name)


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    checks = examine(facts())
    assert {check.result for check in checks} == {Result.OK}
    assert exit_code(checks) is Exit.OK
    assert role_for(facts()) is None
    assert all(check.evidence for check in checks)


def finding(rule: str, severity: Severity) -> Finding:
    return Finding(
        "x", 0, rule, severity, "", "it is so", "that comes of it", "Do this", "upstream"
    )


UNSEEN = ROLLOUT | {"status": {"observedGeneration": "2"}}
UNABORTED = ROLLOUT | {"status": {"observedGeneration": "3", "abort": True}}
INVALID = ROLLOUT | {"status": {"observedGeneration": "3", "conditions": [{"type": "InvalidSpec"}]}}
OLD = {"spec": {"containers": [{"image": "x/argo-rollouts:v1.5.1"}]}, "status": READY}
ERRED = {
    "status": {
        "metricResults": [
            {"name": "x", "measurements": [{"phase": "Error", "message": "dial tcp: refused"}]}
        ]
    }
}


@pytest.mark.parametrize(
    ("name", "changes", "result", "words", "code"),
    [
        pytest.param(
            "cluster",
            {"version": Asked({"gitVersion": "v1.19.3", "major": "1", "minor": "19+"})},
            Result.FAILED,
            "v1.19.3",
            1,
            id="old-cluster",
        ),
        pytest.param(
            "identity", {"is_confirmed": False}, Result.WARNING, "before 1.28", 0, id="identity"
        ),
        pytest.param(
            "Argo Rollouts kinds",
            {"kinds": Asked(problem="404")},
            Result.FAILED,
            "there are none",
            23,
            id="no-kinds",
        ),
        pytest.param(
            "Argo Rollouts kinds",
            {"kinds": Asked({"resources": KINDS[:2]})},
            Result.FAILED,
            "there is no analysistemplates",
            23,
            id="some-kinds",
        ),
        pytest.param(
            "controller",
            {"controllers": Asked([CONTROLLER | {"status": {}}])},
            Result.FAILED,
            "none of 1 pods is ready",
            24,
            id="controller-down",
        ),
        pytest.param(
            "controller",
            {"controllers": Asked([OLD])},
            Result.WARNING,
            "v1.5.1",
            0,
            id="old-controller",
        ),
        pytest.param(
            "controller reacts",
            {"rollouts": Asked([UNSEEN])},
            Result.FAILED,
            "newest spec of checkout",
            24,
            id="unseen",
        ),
        pytest.param(
            "controller reacts",
            {"rollouts": Asked([UNABORTED])},
            Result.FAILED,
            "checkout",
            24,
            id="abort-unseen",
        ),
        pytest.param(
            "controller reacts",
            {"rollouts": Asked([INVALID])},
            Result.FAILED,
            "InvalidSpec: checkout",
            10,
            id="invalid",
        ),
        pytest.param(
            "ingress-nginx", {"classes": Asked([])}, Result.FAILED, "no IngressClass", 1, id="class"
        ),
        pytest.param(
            "ingress-nginx",
            {"ingress_controllers": Asked([{"status": {}}])},
            Result.FAILED,
            "none of 1 controllers",
            1,
            id="nginx-down",
        ),
        pytest.param(
            "Prometheus from here",
            {"prometheus": (PrometheusFact("http://p", problem="no such host"),)},
            Result.WARNING,
            "no such host",
            0,
            id="prometheus",
        ),
        pytest.param(
            "metrics of the gates",
            {"prometheus": (PrometheusFact("http://p", "p", present={"requests": False}),)},
            Result.FAILED,
            "has no requests",
            14,
            id="metrics",
        ),
        pytest.param(
            "Prometheus by the controller",
            {"runs": Asked([MEASURED, ERRED])},
            Result.FAILED,
            "dial tcp: refused",
            14,
            id="controller-to-prometheus",
        ),
        pytest.param(
            "network policy",
            {"findings": (finding("prometheus-cut-off", Severity.WARNING),)},
            Result.WARNING,
            "it is so",
            0,
            id="policy",
        ),
        pytest.param(
            "health endpoints",
            {"findings": (finding("probes", Severity.WARNING),)},
            Result.WARNING,
            "it is so",
            0,
            id="probes",
        ),
        pytest.param(
            "manifests",
            {"findings": (finding("one-kind", Severity.ERROR),)},
            Result.FAILED,
            "that comes of it",
            10,
            id="manifests",
        ),
        pytest.param(
            "clock",
            {"clock_offset": timedelta(minutes=5)},
            Result.WARNING,
            "5m ahead of",
            0,
            id="clock",
        ),
        pytest.param("terminal", {"terminal": {}}, Result.UNKNOWN, "there is none", 0, id="none"),
        pytest.param(
            "terminal",
            {"terminal": {"TERM": "xterm", "encoding": "ascii"}},
            Result.OK,
            "painted in ASCII",
            0,
            id="ascii",
        ),
    ],
)
def test_each_check_finds_what_is_broken(
    name: str, changes: dict[str, Any], result: Result, words: str, code: int
) -> None:
    check = broken(name, **changes)
    assert (check.result, words in check.evidence) == (result, True), check
    assert check.remedy or result in (Result.OK, Result.UNKNOWN) or name == "identity"
    assert exit_code(examine(facts(**changes))) == code


@pytest.mark.parametrize("field", ["version", "controllers", "classes", "rollouts", "runs"])
def test_what_cannot_be_asked_is_unknown_and_no_failure(field: str) -> None:
    checks = examine(facts(**{field: Asked(problem="403 forbidden")}))
    assert any("403 forbidden" in check.evidence for check in checks)
    assert exit_code(checks) is Exit.OK


def test_the_role_holds_exactly_what_is_missing() -> None:
    rights = tuple(
        (right, "no" if right.resource in ("rollouts", "pods") and right.verb != "get" else None)
        for _, right in wanted_rights("shop")
    )
    some = facts(rights=rights)
    role = role_for(some)
    assert role is not None
    rules = {(rule["apiGroups"][0], rule["resources"][0]): rule["verbs"] for rule in role["rules"]}
    assert rules == {
        ("argoproj.io", "rollouts"): ["list", "watch", "patch"],
        ("", "pods"): ["list", "watch"],
        ("argoproj.io", "rollouts/status"): ["patch"],
    }
    assert exit_code(examine(some)) is Exit.FORBIDDEN


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum(rate(http_requests_total{status!~"5.."}[2m]))', ("http_requests_total",)),
        ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[2m])))", ("x_bucket",)),
        ('up{job="a[b]{c}"} / count(up{job="x"})', ("up",)),
        ("vector(1)", ()),
    ],
)
def test_the_metrics_of_a_query_are_found(query: str, names: tuple[str, ...]) -> None:
    assert metric_names(query) == names
