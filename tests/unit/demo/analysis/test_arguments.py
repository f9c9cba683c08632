import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.demo.analysis.arguments import ArgumentError, check_secrets, resolved


@given(st.text())
def test_a_value_arrives_as_it_is(value: str) -> None:
    metric = {"name": "m", "provider": {"prometheus": {"query": "{{args.x}} {{ args.x }}"}}}

    made = resolved(metric, [{"name": "x", "value": value}])

    assert made["provider"]["prometheus"]["query"] == f"{value} {value}"


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("{{args.y}} {{args.z}}", "failed to resolve {{args.z}}"),
        ("{{ inputs.x }}", "failed to resolve {{ inputs.x }}"),
        ("{{args.x", 'Cannot find end tag="}}" in the template='),
    ],
)
def test_what_has_no_value_is_named(condition: str, problem: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        resolved({"name": "m", "successCondition": condition}, [{"name": "x", "value": "1"}])

    assert problem in str(caught.value)


def test_there_are_no_secrets() -> None:
    secret = {"secretKeyRef": {"name": "token", "key": "value"}}

    with pytest.raises(ArgumentError, match=r'^secrets "token" not found$'):
        check_secrets([{"name": "x", "valueFrom": secret}])
