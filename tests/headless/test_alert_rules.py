"""The generated alerts, loaded and fired by Debian's Prometheus."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from amas_tui.pipeline.manifests.monitoring import prometheus_rule
from tests.unit.pipeline.plans import plan

pytestmark = pytest.mark.controlplane

_WHO = 'name="amas-orchestrator",strategy="canary"'


def series(metric: str, values: str, namespace: str = "namespace", **labels: str) -> dict[str, str]:
    own = {namespace: "amas-prod", "name": "amas-orchestrator", **labels}
    inner = ",".join(f'{key}="{value}"' for key, value in own.items())
    return {"series": f"{metric}{{{inner}}}", "values": values}


def case(alert: str, at: str, inputs: list[dict[str, str]], *, fires: bool) -> dict[str, Any]:
    (group,) = prometheus_rule(plan())["spec"]["groups"]
    rule = next(one for one in group["rules"] if one["alert"] == alert)
    kept = {"RolloutRolledBack": ("reason",), "RolloutUnwatched": ()}.get(alert, ("phase",))
    labels = dict(rule["labels"])
    for one in inputs[:1]:
        inner = one["series"].partition("{")[2].rstrip("}")
        found = dict(pair.split("=", 1) for pair in inner.split(","))
        labels |= {key: value.strip('"') for key, value in found.items()}
    if alert == "RolloutUnwatched":
        labels = {**rule["labels"], "namespace": "amas-prod", "name": "amas-orchestrator"}
    expected = [{"exp_labels": labels, "exp_annotations": rule["annotations"]}] if fires else []
    assert kept is not None
    return {
        "interval": "30s",
        "input_series": inputs,
        "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": expected}],
    }


ABORTED = {"reason": "RolloutAborted"}
CASES = [
    # A counter that exists and rises, and one that appears with its first event.
    case(
        "RolloutRolledBack",
        "5m",
        [series("rollout_events_total", "3x6 4x20", **ABORTED)],
        fires=True,
    ),
    case(
        "RolloutRolledBack",
        "4m",
        [series("rollout_events_total", "_x4 1x20", **ABORTED)],
        fires=True,
    ),
    case(
        "RolloutRolledBack",
        "4m",
        [series("rollout_events_total", "_x4 1x20", "exported_namespace", **ABORTED)],
        fires=True,
    ),
    case(
        "RolloutRolledBack", "15m", [series("rollout_events_total", "3x40", **ABORTED)], fires=False
    ),
    case("RolloutInvalid", "3m", [series("rollout_info", "1x20", phase="InvalidSpec")], fires=True),
    case("RolloutInvalid", "3m", [series("rollout_info", "1x20", phase="Completed")], fires=False),
    case("RolloutTimedOut", "3m", [series("rollout_info", "1x20", phase="Timeout")], fires=True),
    case("RolloutWaiting", "30m", [series("rollout_info", "1x200", phase="Paused")], fires=False),
    case("RolloutWaiting", "65m", [series("rollout_info", "1x200", phase="Paused")], fires=True),
    case("RolloutUnwatched", "15m", [], fires=True),
    case("RolloutUnwatched", "15m", [series("rollout_info", "1x60", phase="Paused")], fires=False),
    case(
        "RolloutUnwatched",
        "15m",
        [series("rollout_info", "1x60", "exported_namespace", phase="Paused")],
        fires=False,
    ),
]


def test_prometheus_loads_the_rules_and_fires_them_when_they_should(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump(prometheus_rule(plan())["spec"]))
    tests = tmp_path / "tests.yaml"
    tests.write_text(
        yaml.safe_dump(
            {"rule_files": [str(rules)], "evaluation_interval": "30s", "tests": CASES},
        )
    )
    done = subprocess.run(
        ["promtool", "test", "rules", str(tests)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
