"""What the manifests say; that the controller takes them is proved on a real one."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from amas_tui.errors import UsageError
from amas_tui.pipeline.manifests.bundle import KINDS, bundle, whole_text
from amas_tui.pipeline.manifests.gates import templates
from amas_tui.pipeline.manifests.monitoring import prometheus_rule, service_monitor
from amas_tui.pipeline.manifests.plan import CustomGate, Gate, Metrics, Plan, Slo, Strategy, summary
from amas_tui.pipeline.manifests.rollout import rollout, steps
from amas_tui.rules.condition import judge
from tests.unit.pipeline.plans import plan, plans

NAN = float("nan")


def documents(one: Plan) -> list[dict[str, Any]]:
    return list(yaml.load_all(whole_text(bundle(one)), Loader=yaml.CSafeLoader))


def kinds_of_steps(one: Plan) -> list[str]:
    return [next(iter(step)) for step in steps(one)]


def test_the_default_is_the_guides_canary_in_fourteen_valid_steps() -> None:
    found = steps(plan())
    assert [next(iter(step.values())) for step in found if "setWeight" in step] == [
        *(10, 25, 50, 75, 100)
    ]
    pauses = [step["pause"]["duration"] for step in found if "pause" in step]
    assert pauses == ["1m", "1m", "2m", "2m", "1m"]
    gates = [
        [one["templateName"] for one in step["analysis"]["templates"]]
        for step in found
        if "analysis" in step
    ]
    assert gates == [
        ["success-rate", "latency-p95"],
        ["success-rate", "latency-p95", "error-budget"],
        ["success-rate", "latency-p95", "error-budget"],
        ["health-check"],
    ]
    assert len(found) == 14
    assert plan().duration == timedelta(minutes=8, seconds=20)


@given(plans())
@settings(max_examples=10, deadline=None)
def test_any_plan_gives_yaml_that_reads_back_as_it_was_made(one: Plan) -> None:
    read = documents(one)
    assert read == [document for part in bundle(one) for document in part.objects]
    assert {document["metadata"]["namespace"] for document in read} == {"amas-prod"}


@given(plans())
@settings(max_examples=10, deadline=None)
def test_every_step_has_one_kind_and_every_template_exists(one: Plan) -> None:
    made = {document["metadata"]["name"]: document for document in templates(one)}
    spec = rollout(one)["spec"]["strategy"]
    for step in spec.get("canary", {}).get("steps", []):
        assert len(step) == 1
    for name in named_templates(spec):
        assert name in made


def named_templates(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["templateName"]] if "templateName" in value else []
        return own + [name for part in value.values() for name in named_templates(part)]
    if isinstance(value, list):
        return [name for part in value for name in named_templates(part)]
    return []


def conditions(name: str, one: Plan | None = None, metric: int = 0) -> tuple[str, str]:
    made = {doc["metadata"]["name"]: doc for doc in templates(one or plan())}
    found = made[name]["spec"]["metrics"][metric]
    return found["successCondition"], found["failureCondition"]


@pytest.mark.parametrize(
    ("name", "result", "phase"),
    [
        pytest.param("success-rate", [0.95], "Successful", id="at-the-limit"),
        pytest.param("success-rate", [0.9499], "Failed", id="below"),
        pytest.param("success-rate", [NAN], "Inconclusive", id="no-traffic"),
        pytest.param("success-rate", [], "Inconclusive", id="no-series"),
        pytest.param("latency-p95", [3.0], "Successful", id="fast"),
        pytest.param("latency-p95", [3.01], "Failed", id="slow"),
        pytest.param("latency-p95", [float("inf")], "Failed", id="beyond-every-bucket"),
        pytest.param("error-budget", [0.05], "Successful", id="budget-left"),
        pytest.param("error-budget", [-2.8], "Failed", id="budget-gone"),
        pytest.param("health-check", [1.0], "Successful", id="all-ready"),
        pytest.param("health-check", [0.66], "Failed", id="one-missing"),
        pytest.param("health-check", [], "Failed", id="none-known"),
        pytest.param("background-slo", [0.2], "Failed", id="breach"),
        pytest.param("background-slo", [NAN], "Successful", id="quiet"),
        pytest.param("background-slo", [], "Successful", id="not-yet"),
    ],
)
def test_each_gate_judges_every_kind_of_answer(name: str, result: list[float], phase: str) -> None:
    verdict = judge(*conditions(name), result)
    assert verdict.phase == phase, verdict.reason


def test_every_query_selects_the_new_version() -> None:
    for made in templates(plan()):
        for metric in made["spec"]["metrics"]:
            query = metric["provider"]["prometheus"]["query"]
            assert query.count("{{args.hash}}") == query.count("{{args.namespace}}") > 0


def test_a_breach_is_halted_within_two_minutes() -> None:
    """The window must fill with errors, then one measurement more than is borne must fail."""
    background = next(m for m in templates(plan()) if m["metadata"]["name"] == "background-slo")
    for metric in background["spec"]["metrics"]:
        measured = (metric["failureLimit"] + 1) * 10
        assert 60 + measured <= 120
        assert "count" not in metric


def test_health_fails_after_its_timeout() -> None:
    made = {doc["metadata"]["name"]: doc for doc in templates(plan(slo=Slo(health_timeout="1m")))}
    metric = made["health-check"]["spec"]["metrics"][0]
    assert (metric["failureLimit"], metric["consecutiveSuccessLimit"], metric["count"]) == (6, 3, 9)


def test_names_and_limits_are_the_plans_own() -> None:
    own = plan(
        metrics=Metrics("http://p:9", "reqs", "secs_bucket", "code", "ns", "version"),
        slo=Slo(0.99, 1.5, 0.1),
        gate=Gate(5, "7s", "3m", "40s"),
    )
    text = whole_text(bundle(own))
    for words in (
        "reqs{ns=",
        ',code=~"5.."',
        'version="{{args.hash}}"',
        "[3m]",
        "[40s]",
        "http://p:9",
    ):
        assert words in text
    assert "result[0] >= 0.99" in text
    assert ") / 0.01\n" in text
    assert "result[0] <= 1.5" in text


def test_a_gate_of_ones_own_stands_at_every_gate() -> None:
    own = CustomGate("queue", 'sum(q{h="{{args.hash}}"})', "result[0] < 100 || result[0] > 900")
    one = plan(custom=(own,))
    assert named_templates(rollout(one)).count("queue") == 3
    success, failure = conditions("queue", one)
    assert judge(success, failure, [99.0]).phase == "Successful"
    assert judge(success, failure, [100.0]).phase == "Failed"
    assert judge(success, failure, []).phase == "Inconclusive"


def test_pods_are_scraped_once_and_with_their_hash() -> None:
    one = plan()
    (monitored,) = [
        doc
        for doc in documents(one)
        if doc["kind"] == "Service"
        and service_monitor(one)["spec"]["selector"]["matchLabels"].items()
        <= doc["metadata"]["labels"].items()
    ]
    assert monitored["spec"]["publishNotReadyAddresses"] is True
    assert service_monitor(one)["spec"]["podTargetLabels"] == ["rollouts-pod-template-hash"]


def test_alerts_cover_both_spellings_of_the_namespace() -> None:
    (group,) = prometheus_rule(plan())["spec"]["groups"]
    for rule in group["rules"]:
        assert '{namespace="amas-prod"' in rule["expr"]
        assert '{exported_namespace="amas-prod"' in rule["expr"]


def test_blue_green_switches_by_hand_and_keeps_the_old_version() -> None:
    one = plan(strategy=Strategy.BLUE_GREEN)
    strategy = rollout(one)["spec"]["strategy"]["blueGreen"]
    assert strategy["autoPromotionEnabled"] is False
    assert strategy["scaleDownDelaySeconds"] >= 300
    names = {doc["metadata"]["name"] for doc in documents(one) if doc["kind"] == "Service"}
    assert {strategy["activeService"], strategy["previewService"]} < names
    assert "blue-green" in summary(one)


def test_pods_are_hardened_and_probed() -> None:
    pod = rollout(plan())["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_kind_can_be_left_out() -> None:
    one = plan(skipped=frozenset({"servicemonitor", "prometheusrule"}))
    assert {doc["kind"] for doc in documents(one)} == {*KINDS} - {
        "ServiceMonitor",
        "PrometheusRule",
    }
    assert "monitoring.yaml" not in {part.file for part in bundle(one)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"image": "x/y:latest"}, "latest is another image tomorrow", id="latest"),
        pytest.param({"image": "x/y"}, "names no version", id="no-tag"),
        pytest.param({"image": "r:5000/y"}, "names no version", id="port-is-no-tag"),
        pytest.param({"image": "x/y:v1 z"}, "not the reference of an image", id="blank"),
        pytest.param({"name": "Amas"}, "not a Kubernetes name", id="upper"),
        pytest.param({"name": "a" * 60}, "not a Kubernetes name", id="long"),
        pytest.param({"weights": (10, 50)}, "the last step must be 100", id="never-100"),
        pytest.param({"weights": (50, 10, 100)}, "steps must rise", id="falls"),
        pytest.param({"weights": (0, 100)}, "steps must rise", id="zero"),
        pytest.param({"weights": ()}, "the last step must be 100", id="none"),
        pytest.param({"pauses": ("1m",)}, "5 steps need 5 pauses", id="pauses"),
        pytest.param({"pauses": ("1m", "1d", "1m", "1m", "1m")}, "'1d' is not a pause", id="days"),
        pytest.param({"slo": Slo(success_rate=95)}, "between 0 and 1", id="percent"),
        pytest.param({"slo": Slo(latency=0)}, "above 0 seconds", id="latency"),
        pytest.param({"slo": Slo(health_timeout="2")}, "'2' is not a length", id="timeout"),
        pytest.param({"gate": Gate(count=0)}, "at least once", id="count"),
        pytest.param({"replicas": 0}, "at least one replica", id="replicas"),
        pytest.param({"memory": "lots"}, "'lots' is not a quantity", id="memory"),
        pytest.param({"metrics": Metrics("prom:9090")}, "not the URL", id="address"),
        pytest.param({"metrics": Metrics(requests="a-b")}, "not the name of a metric", id="metric"),
        pytest.param(
            {"custom": (CustomGate("x", "up", "true"),)}, "does not look at the result", id="blind"
        ),
        pytest.param(
            {"custom": (CustomGate("x", "up", "result[0] <"),)}, "cannot be read", id="broken"
        ),
        pytest.param(
            {"custom": (CustomGate("health-check", "up", "result[0] > 0"),)},
            "there is a template health-check already",
            id="taken",
        ),
        pytest.param({"port": 0}, "0 is not a port", id="port"),
    ],
)
def test_a_plan_that_would_not_work_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        bundle(plan(**changes))
    assert words in caught.value.text


def test_a_digest_is_a_version() -> None:
    assert bundle(plan(image=f"x/y@sha256:{'0' * 64}"))
