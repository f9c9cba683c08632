from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.viewmodel.manifest_lines import manifest_lines
from amas_tui.viewmodel.text import Tone, plain

RAW: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {
        "name": "checkout",
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": '{"env": "hunter2"}',
            "note": "first: second",
        },
        "managedFields": [
            {"manager": "argocd-controller", "operation": "Apply", "time": "2026-11-28T14:07:21Z"},
            {"manager": "rollouts-controller", "operation": "Update", "subresource": "status"},
        ],
    },
    "spec": {
        "replicas": 5,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "app",
                        "env": [
                            {"name": "DB_PASSWORD", "value": "hunter2"},
                            {"name": "MODE", "value": "fast"},
                        ],
                    }
                ]
            }
        },
    },
}


def shown(raw: dict[str, Any]) -> str:
    return "\n".join(plain(line) for line in manifest_lines(raw))


def test_it_is_the_object_in_yaml_in_the_order_of_the_server() -> None:
    read = yaml.safe_load(shown(RAW))
    assert list(read) == ["apiVersion", "kind", "metadata", "spec"]
    assert read["spec"]["replicas"] == 5
    assert read["metadata"]["annotations"]["note"] == "first: second"


def test_secrets_are_masked_wherever_they_are_said() -> None:
    text = shown(RAW)
    assert "hunter2" not in text
    assert "fast" in text
    # What was given is not changed.
    assert RAW["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "hunter2"


def test_who_manages_fields_is_a_line_each() -> None:
    *_, argo, controller = shown(RAW).splitlines()
    assert argo == "# managed by argocd-controller: Apply, 2026-11-28T14:07:21Z"
    assert controller.startswith("# managed by rollouts-controller: Update of status")
    assert "managedFields" not in shown(RAW)


def test_keys_are_told_from_values() -> None:
    replicas = next(line for line in manifest_lines(RAW) if "replicas" in plain(line))
    assert [(span.text, span.tone) for span in replicas] == [
        ("  replicas:", Tone.KEY),
        (" 5", Tone.NORMAL),
    ]


def test_an_object_with_little_in_it_is_shown_too() -> None:
    assert yaml.safe_load(shown({"kind": "Rollout", "metadata": None})) == {
        "kind": "Rollout",
        "metadata": None,
    }


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=4))
def test_hostile_text_stays_text(annotations: dict[str, str]) -> None:
    text = shown({"metadata": {"annotations": annotations}})
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert "\x1b" not in text
