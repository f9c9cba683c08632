"""Each fault is found with its line, and nothing is found where nothing is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from amas_tui.pipeline.lint.document import Bundle, Document, words
from amas_tui.pipeline.lint.engine import (
    RULES,
    lint_documents,
    lint_files,
    lint_read,
    planned_times,
)
from amas_tui.pipeline.lint.finding import Severity
from amas_tui.pipeline.lint.reading import MAX_BYTES
from amas_tui.pipeline.manifests.bundle import bundle, whole_text
from tests import broken
from tests.unit.pipeline.plans import plan, plans

GUIDE = Path(__file__).parents[2] / "data" / "guide"


def found(text: str, file: str = "x.yaml") -> list[tuple[str, int]]:
    return [(one.rule, one.line) for one in lint_files({file: text.encode()})]


def rules(text: str) -> set[str]:
    return {rule for rule, _ in found(text)}


# ------------------------------------------------------------------ the guide


def guide(name: str) -> list[tuple[str, int]]:
    return [(one.rule, one.line) for one in lint_files({name: (GUIDE / name).read_bytes()})]


def test_every_step_of_the_guide_that_is_several_things_is_found_in_its_line() -> None:
    assert [line for rule, line in guide("rollout.yaml") if rule == "one-kind"] == [
        6,
        8,
        14,
        21,
        28,
    ]


def test_the_guides_own_template_runs_for_ever_and_judges_everybody() -> None:
    assert guide("custom-template.yaml") == [
        ("runs-for-ever", 7),
        ("no-data", 9),
        ("canary-only", 13),
    ]


def test_the_guides_workflow_calls_what_does_not_exist() -> None:
    assert guide("github-actions.yaml") == [("no-such-command", 3)]


def test_the_guides_own_weights_pass_unwatched() -> None:
    assert ("unwatched-steps", 2) in guide("steps.yaml")


def test_every_command_of_the_guide_that_does_not_exist_is_found() -> None:
    lines = (GUIDE / "commands.sh").read_text().splitlines()
    wrong = {
        number
        for number, line in enumerate(lines, start=1)
        if "rollout/" in line and ("kubectl set image" in line or "kubectl rollout " in line)
    } | {n for n, line in enumerate(lines, start=1) if "argo rollouts history" in line}
    assert len(wrong) == 7
    assert {line for _, line in guide("commands.sh")} == wrong


def test_the_guides_time_is_not_what_its_steps_take() -> None:
    _, documents = lint_read({"rollout.yaml": (GUIDE / "rollout.yaml").read_bytes()})
    (sentence,) = planned_times(documents)
    assert "its steps take 7m, and the analyses error-budget, health-check" in sentence


def gate(query: str, condition: str) -> str:
    metric = broken.metric(
        successCondition=condition,
        failureCondition=None,
        provider={"prometheus": {"address": "http://p:9", "query": query}},
    )
    case = broken.Broken("gate", "", template={"metrics": [metric]})
    return yaml.safe_dump(broken.template("ns", case))


def queries() -> list[str]:
    return [line for line in (GUIDE / "queries.promql").read_text().splitlines() if line]


def test_the_guides_error_budget_can_never_be_met() -> None:
    budget = queries()[2]
    assert "never" in rules(gate(budget, "result[0] >= 0.05"))
    assert "never" not in rules(gate(budget, "result[0] >= 0.005"))


@pytest.mark.parametrize("query", queries())
def test_no_query_of_the_guide_selects_the_canary(query: str) -> None:
    assert "canary-only" in rules(gate(query, "result[0] >= 0.95"))


def test_the_guides_success_rate_is_blind_to_a_version_that_only_fails() -> None:
    assert "blind-ratio" in rules(gate(queries()[0], "result[0] >= 0.95"))


# ------------------------------------------------------------- our own manifests


@given(plans())
@settings(max_examples=15, deadline=None)
def test_nothing_is_found_in_our_own_manifests(one: Any) -> None:
    assert lint_files({"made.yaml": whole_text(bundle(one)).encode()}) == ()


# -------------------------------------------------------------------- every fault


@pytest.mark.parametrize("case", broken.CASES, ids=lambda case: case.id)
def test_each_fault_is_found_by_its_rule(case: broken.Broken) -> None:
    objects = [*broken.surroundings("ns"), broken.rollout("ns", case)]
    objects += [broken.template("ns", case)] if case.template else []
    documents = Bundle([Document("x", one) for one in objects], is_complete=True)
    errors = {one.rule for one in lint_documents(documents) if one.severity is Severity.ERROR}
    assert errors == ({case.rule} if case.rule else set())


def test_the_controllers_and_the_practices_rules_are_many() -> None:
    assert len(RULES) >= 40
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.source and rule.kinds for rule in RULES)


def test_every_rule_fires_in_some_test() -> None:
    covered = {case.rule for case in broken.CASES} | {name for name, _ in PRACTICES}
    covered |= {
        "runs-for-ever",
        "no-data",
        "canary-only",
        "unwatched-steps",
        "never",
        "blind-ratio",
    }
    assert {rule.name for rule in RULES} - covered == set()


def rollout_text(change: Any, **spec: Any) -> str:
    case = broken.Broken("practice", "", change)
    made = broken.rollout("ns", case)
    made["spec"] |= spec
    return yaml.safe_dump(made)


def template_text(**changes: Any) -> str:
    spec = {"args": [{"name": "hash"}], "metrics": [broken.metric(**changes)]}
    return yaml.safe_dump(broken.template("ns", broken.Broken("gate", "", template=spec)))


def steps_of(*steps: Any) -> Any:
    return lambda spec: spec["strategy"]["canary"].update(steps=list(steps))


_ROUTED = {"nginx": {"stableIngress": "x"}}
PRACTICES: list[tuple[str, str]] = [
    (
        "image-version",
        rollout_text(
            lambda spec: spec["template"]["spec"]["containers"][0].update(image="r:5000/x:latest")
        ),
    ),
    (
        "probes",
        rollout_text(lambda spec: spec["template"]["spec"]["containers"][0].pop("readinessProbe")),
    ),
    (
        "security-context",
        rollout_text(lambda spec: spec["template"]["spec"].pop("securityContext")),
    ),
    ("rollback-window", rollout_text(lambda spec: spec.pop("rollbackWindow"))),
    (
        "dynamic-stable",
        rollout_text(
            lambda spec: spec["strategy"]["canary"].update(
                dynamicStableScale=True, trafficRouting=_ROUTED
            )
        ),
    ),
    ("no-gate", rollout_text(steps_of({"setWeight": 50}, {"pause": {"duration": "1m"}}))),
    ("few-pods", rollout_text(steps_of({"setWeight": 5}, {"pause": {}}), replicas=2)),
    ("weight", rollout_text(steps_of({"setWeight": 50}, {"pause": {}}, {"setWeight": 20}))),
    ("unknown-field", rollout_text(steps_of({"setWieght": 50, "pause": {}}))),
    (
        "workload-ref",
        rollout_text(
            lambda spec: spec.update(
                workloadRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}
            )
        ),
    ),
    (
        "stable-hash",
        rollout_text(
            steps_of(
                {
                    "analysis": {
                        "templates": [{"templateName": "t"}],
                        "args": [{"name": "h", "valueFrom": {"podTemplateHashValue": "Stable"}}],
                    }
                }
            )
        ),
    ),
    ("no-condition", template_text(successCondition=None, failureCondition=None)),
    ("condition", template_text(successCondition="result[0] >")),
    ("condition", template_text(successCondition="result > 1")),
    ("cannot-fail", template_text(count=2, failureLimit=2)),
    (
        "one-series",
        template_text(
            provider={
                "prometheus": {
                    "address": "http://p:9",
                    "query": 'sum by (pod) (q{h="{{args.hash}}"})',
                }
            }
        ),
    ),
    (
        "address",
        template_text(
            provider={"prometheus": {"address": "prom:9090", "query": 'q{h="{{args.hash}}"}'}}
        ),
    ),
    (
        "arguments",
        template_text(
            provider={"prometheus": {"address": "http://p:9", "query": 'q{h="{{args.hahs}}"}'}}
        ),
    ),
    ("unknown-metric-field", template_text(successcondition="result[0] > 1")),
    (
        "background-ends",
        whole_text(bundle(plan())).replace(
            "      failureLimit: 2\n", "      failureLimit: 2\n      count: 5\n"
        ),
    ),
    (
        "metric-names",
        whole_text(bundle(plan())).replace(
            "    - name: latency-p95\n      interval", "    - name: success-rate\n      interval"
        ),
    ),
    (
        "prometheus-cut-off",
        whole_text(bundle(plan())).replace("namespaceSelector", "podSelector"),
    ),
    (
        "monitor-hash",
        whole_text(bundle(plan())).replace("    - rollouts-pod-template-hash\n", "    - version\n"),
    ),
    (
        "service-exists",
        whole_text(bundle(plan(skipped=frozenset({"ingress"})))).replace(
            "stableService: amas-orchestrator-stable", "stableService: other"
        ),
    ),
]


@pytest.mark.parametrize(("rule", "text"), PRACTICES, ids=[name for name, _ in PRACTICES])
def test_what_works_until_it_is_needed_is_found(rule: str, text: str) -> None:
    assert rule in rules(text)
    assert all(line > 0 for _, line in found(text))


# ---------------------------------------------------------------- garbage in

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(f'*{before}' for _ in range(10))}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("raw", "rule", "line"),
    [
        pytest.param(b"\x7fELF\x02\n\n\x00", "binary", 3, id="binary"),
        pytest.param(b"a: 1\nb: \xff\n", "encoding", 2, id="latin-1"),
        pytest.param("a: 1\n".encode("utf-16"), "encoding", 1, id="utf-16"),
        pytest.param(b"a: 1\n\tb: 2\n", "tabs", 2, id="tab"),
        pytest.param(b"kind: Rollout\nspec:\n\treplicas: 1\n", "tabs", 3, id="tab-indent"),
        pytest.param(b"a: [1\nb: 2\n", "yaml", 2, id="syntax"),
        pytest.param(b"---\nkind: A\n---\na: {{ .Values.x }}\n", "helm", 4, id="helm"),
        pytest.param(b"{{- if .Values.on }}\nkind: A\n{{- end }}\n", "helm", 1, id="helm-if"),
        pytest.param(b"- 1\n- 2\n", "no-object", 1, id="list"),
        pytest.param(b"hello\n", "no-object", 1, id="word"),
        pytest.param(b"kind: Rollout\n", "no-object", 1, id="no-version"),
        pytest.param(
            b"\n---\napiVersion: argoproj.io/v1alpha1\nkind: Rolout\n", "unknown-kind", 3, id="typo"
        ),
        pytest.param(b"apiVersion: apps/v1\nkind: Rollout\n", "unknown-kind", 1, id="wrong-group"),
        pytest.param(b"apiVersion: x.io/v1\nkind: Y\n", "unknown-kind", 1, id="foreign"),
        pytest.param(b"a: 1\nb: 2\na: 3\n", "twice", 3, id="twice"),
        pytest.param(BOMB.encode(), "bomb", 1, id="billion-laughs"),
        pytest.param(b"a: &a [*a]\n", "bomb", 1, id="holds-itself"),
        pytest.param(b"a:\n" + b"[" * 100_000, "bomb", 2, id="deep"),
        pytest.param(b"\n".join([b"["] * 20_000), "yaml", 0, id="deep-by-lines"),
    ],
)
def test_garbage_is_named_with_its_line(raw: bytes, rule: str, line: int) -> None:
    said = lint_files({"x.yaml": raw})
    assert rule in {one.rule for one in said}
    assert any(one.rule == rule and (not line or one.line == line) for one in said), said
    assert all(one.file == "x.yaml" for one in said)


def test_a_file_of_fifty_megabytes_is_named_and_not_read_to_its_end() -> None:
    raw = b"a: 1\n" * (MAX_BYTES // 5 + 10)
    (one,) = lint_files({"x.yaml": raw[: MAX_BYTES + 1]})
    assert (one.rule, one.line) == ("too-large", MAX_BYTES // 5 + 1)


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_change_no_line(ending: str, mark: str) -> None:
    text = (GUIDE / "custom-template.yaml").read_text().replace("\n", ending)
    assert found(mark + text) == guide("custom-template.yaml")


def test_several_documents_and_lists_are_all_looked_at() -> None:
    template = (GUIDE / "custom-template.yaml").read_text()
    said = [line for rule, line in found(f"---\n{template}---\n{template}") if rule == "no-data"]
    assert said == [9 + 1, 9 + 1 + len(template.splitlines()) + 1]
    nested = yaml.safe_dump(
        {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(template) for _ in range(2)]}
    )
    assert [rule for rule, _ in found(nested)].count("no-data") == 2


def test_yaml_in_markdown_is_looked_at_in_its_own_lines() -> None:
    template = (GUIDE / "custom-template.yaml").read_text()
    text = f"# A page\n\n```yaml\n{template}```\n\nand `kubectl argo rollouts history x`\n"
    said = [(one.rule, one.line) for one in lint_files({"page.md": text.encode()})]
    assert ("no-data", 9 + 3) in said
    assert ("no-such-command", 3 + len(template.splitlines()) + 3) in said


def test_a_pipeline_of_gitlab_is_no_object_but_its_commands_are_read() -> None:
    text = "stages: [deploy]\ndeploy:\n  script:\n    - kubectl rollout undo rollout/x\n"
    assert found(text) == [("no-such-command", 4)]


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    for one in lint_files({"x.yaml": raw}):
        assert one.line > 0


FIELDS = sorted(
    words(
        "spec strategy canary blueGreen steps analysis templates metrics args provider prometheus "
        "query count pause duration template selector name setWeight experiment valueFrom"
    )
)
SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(SCRAPS, st.sampled_from(["Rollout", "AnalysisTemplate", "NetworkPolicy"]))
@settings(max_examples=200, deadline=None)
def test_no_shape_makes_a_rule_fail(spec: Any, kind: str) -> None:
    raw = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "spec": spec}
    lint_files({"x.yaml": json.dumps(raw).encode()})
