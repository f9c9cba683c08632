"""ServiceMonitor and PrometheusRule of the prometheus-operator.

Source of the controller's metrics: controller/metrics/{prommetrics,rollouts}.go.
"""

from typing import Final

from amas_tui.pipeline.manifests.gates import Json, metadata
from amas_tui.pipeline.manifests.network import METRICS_LABEL
from amas_tui.pipeline.manifests.plan import Plan

_API: Final = "monitoring.coreos.com/v1"
HASH_POD_LABEL: Final = "rollouts-pod-template-hash"


def service_monitor(plan: Plan) -> Json:
    """Return what Prometheus scrapes: each pod once, with the hash of its version."""
    return {
        "apiVersion": _API,
        "kind": "ServiceMonitor",
        "metadata": metadata(plan, plan.name),
        "spec": {
            "selector": {"matchLabels": {"app": plan.name, METRICS_LABEL: "true"}},
            "podTargetLabels": [HASH_POD_LABEL],
            "endpoints": [{"port": "http", "path": plan.metrics.path, "interval": "15s"}],
        },
    }


def prometheus_rule(plan: Plan) -> Json:
    """Return the alerts for when nobody watches."""
    return {
        "apiVersion": _API,
        "kind": "PrometheusRule",
        "metadata": metadata(plan, plan.name),
        "spec": {"groups": [{"name": f"{plan.name}-rollout", "rules": _rules(plan)}]},
    }


def _rules(plan: Plan) -> list[Json]:
    return [
        _alert(
            "RolloutRolledBack",
            "\nor\n".join(_aborted(plan, by) for by in _NAMESPACE_LABELS) + "\n",
            "critical",
            f"{plan.name} was rolled back",
            "The update was aborted and traffic is on the stable version. "
            f"Ask why: amas-tui why {plan.name} -n {plan.namespace}",
        ),
        _alert(
            "RolloutInvalid",
            f"{_phase(plan, 'InvalidSpec|Error')} > 0\n",
            "critical",
            f"{plan.name} cannot be rolled out",
            "The controller acts on nothing, an abort included, until the spec is repaired.",
            wait="1m",
        ),
        _alert(
            "RolloutTimedOut",
            f"{_phase(plan, 'Timeout')} > 0\n",
            "critical",
            f"{plan.name} makes no progress",
            "New pods were not ready within progressDeadlineSeconds.",
            wait="1m",
        ),
        _alert(
            "RolloutWaiting",
            f"{_phase(plan, 'Paused')} > 0\n",
            "warning",
            f"{plan.name} has been paused for an hour",
            "Somebody must promote or abort it.",
            wait="1h",
        ),
        _alert(
            "RolloutUnwatched",
            f"absent({_selector(plan, 'rollout_info')})\n"
            f"and on() absent({_selector(plan, 'rollout_info', by='exported_namespace')})\n",
            "warning",
            f"the Argo Rollouts controller says nothing about {plan.name}",
            "It is down, or not scraped: nothing is rolled back by itself.",
            wait="10m",
        ),
    ]


_NAMESPACE_LABELS: Final = ("namespace", "exported_namespace")
"""Without honorLabels the `namespace` of the controller's metrics arrives as the second."""


def _selector(plan: Plan, metric: str, more: str = "", *, by: str = "namespace") -> str:
    matchers = [f'{by}="{plan.namespace}"', f'name="{plan.name}"', *([more] if more else [])]
    return f"{metric}{{{','.join(matchers)}}}"


def _aborted(plan: Plan, by: str) -> str:
    """Return whether an update was aborted in the last five minutes.

    A counter that appears with its first event never increases, so both are looked at.
    """
    events = _selector(plan, "rollout_events_total", 'reason="RolloutAborted"', by=by)
    return f"increase({events}[5m]) > 0\nor\n({events} unless {events} offset 5m) > 0"


def _phase(plan: Plan, phases: str) -> str:
    one = f'phase=~"{phases}"'
    return (
        f"({_selector(plan, 'rollout_info', one)} "
        f"or {_selector(plan, 'rollout_info', one, by='exported_namespace')})"
    )


def _alert(
    name: str, expression: str, severity: str, summary: str, description: str, *, wait: str = ""
) -> Json:
    return {
        "alert": name,
        "expr": expression,
        **({"for": wait} if wait else {}),
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "description": description},
    }
