from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.domain.analysis import TemplateArgument
from amas_tui.domain.rollout import Argument
from amas_tui.rules.arguments import field_paths, field_value, resolve, substitute, unresolved
from tests.builders import NEW, OLD, Json, read


def _declared(*args: Json) -> list[TemplateArgument]:
    return [read(TemplateArgument, arg) for arg in args]


def _given(*args: Json) -> list[Argument]:
    return [read(Argument, arg) for arg in args]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("up", "up", id="nothing to fill"),
        pytest.param("{{args.hash}}", "abc", id="whole"),
        pytest.param("x{{ args.hash }}y", "xabcy", id="blanks inside"),
        pytest.param("{{args.hash}}{{args.hash}}", "abcabc", id="twice"),
        pytest.param("{{args.other}}", "{{args.other}}", id="unknown stays"),
        pytest.param("{{ inputs.hash }}", "{{ inputs.hash }}", id="another thing"),
        pytest.param("{{args.a-b_c.d}}", "z", id="odd name"),
        pytest.param("{{args.loop}}", "{{args.hash}}", id="a value is not filled again"),
    ],
)
def test_known_arguments_are_filled_in(text: str, filled: str) -> None:
    values = {"hash": "abc", "a-b_c.d": "z", "loop": "{{args.hash}}"}
    assert substitute(text, values) == filled


def test_open_arguments_are_named_once() -> None:
    assert unresolved("{{args.a}} {{args.b}} {{args.a}}") == ("a", "b")
    assert unresolved("up") == ()


@given(st.text(max_size=30), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_filling_never_raises(text: str, values: dict[str, str]) -> None:
    assert isinstance(substitute(text, values), str)


@pytest.mark.parametrize(
    ("declared", "given_", "value"),
    [
        pytest.param({"value": "default"}, None, "default", id="default"),
        pytest.param({"value": "default"}, {"value": "given"}, "given", id="given wins"),
        pytest.param({}, {"value": "given"}, "given", id="required and given"),
        pytest.param({}, {"value": ""}, "", id="an empty value is a value"),
        pytest.param({}, {"valueFrom": {"podTemplateHashValue": "Latest"}}, NEW, id="latest"),
        pytest.param({}, {"valueFrom": {"podTemplateHashValue": "Stable"}}, OLD, id="stable"),
        pytest.param(
            {}, {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, "checkout", id="field"
        ),
        pytest.param(
            {"value": "default"},
            {"valueFrom": {"podTemplateHashValue": "Oldest"}},
            "default",
            id="unknown source falls back",
        ),
    ],
)
def test_an_argument_takes_the_value_the_controller_would_give(
    declared: Json, given_: Json | None, value: str
) -> None:
    found = resolve(
        _declared({"name": "a", **declared}),
        _given({"name": "a", **given_}) if given_ is not None else [],
        latest=NEW,
        stable=OLD,
        fields={"metadata.name": "checkout"},
    )
    assert dict(found.values) == {"a": value}
    assert (found.secret, found.missing) == ((), ())


def test_an_argument_that_the_template_does_not_declare_is_dropped() -> None:
    found = resolve([], _given({"name": "a", "value": "1"}), latest=NEW, stable=OLD)
    assert not found.values


def test_a_secret_is_named_and_never_read() -> None:
    secret = {"name": "token", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    found = resolve(_declared(secret), [], latest=NEW, stable=OLD)
    assert (dict(found.values), found.secret, found.missing) == ({}, ("token",), ())


def test_an_argument_without_a_value_is_missing() -> None:
    field = {"name": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    found = resolve(_declared({"name": "a"}, {"name": "b"}), _given(field), latest=NEW, stable=OLD)
    assert found.missing == ("a", "b")


_ROLLOUT: dict[str, Any] = {
    "metadata": {"name": "checkout", "labels": {"env": "prod", "a.b/c": "slash"}},
    "spec": {"replicas": 3, "paused": True, "template": {"containers": [{"image": "x:v1"}]}},
    "status": {"alb": {"weight": 0.5}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "checkout"),
        ("metadata.labels['env']", "prod"),
        ("metadata.labels['a.b/c']", "slash"),
        ('metadata.labels["env"]', "prod"),
        ("spec.replicas", "3"),
        ("spec.paused", "true"),
        ("spec.template.containers[0].image", "x:v1"),
        ("status.alb.weight", "0.5"),
        ("spec.template.containers[7].image", None),
        ("spec.template", None),
        ("spec.missing.deeper", None),
        ("metadata.name.deeper", None),
    ],
)
def test_a_field_path_leads_to_a_scalar(path: str, value: str | None) -> None:
    assert field_value(_ROLLOUT, path) == value


@given(st.text("metadata.labels['env'] spec[0]", max_size=30))
def test_no_field_path_raises(path: str) -> None:
    found = field_value(_ROLLOUT, path)
    assert found is None or isinstance(found, str)


def test_the_paths_that_arguments_refer_to_are_known_once_each() -> None:
    def of(path: str) -> Json:
        return {"name": path, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    given = _given(of("metadata.name"), {"name": "x", "value": "1"}, of("a.b"), of("a.b"))
    assert field_paths(given) == ("metadata.name", "a.b")
