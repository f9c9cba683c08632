"""All manifests of a plan, in the order in which they must exist, as YAML."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from amas_tui.pipeline.manifests import gates, monitoring, network
from amas_tui.pipeline.manifests.gates import Json
from amas_tui.pipeline.manifests.plan import Plan, Strategy, check, summary
from amas_tui.pipeline.manifests.rollout import rollout


@dataclass(frozen=True, slots=True)
class Part:
    """One file: some objects, and what a reader should know of them.

    Attributes:
        file: Its name, as the guide calls it.
        remark: Lines of comment above it.
    """

    file: str
    remark: tuple[str, ...]
    objects: tuple[Json, ...]


def bundle(plan: Plan) -> tuple[Part, ...]:
    """Return the parts of a plan; what a Rollout refers to comes before it.

    Raises:
        UsageError: The plan would not work.
    """
    check(plan)
    kept = (_without(part, plan.skipped) for part in _parts(plan))
    return tuple(part for part in kept if part.objects)


def _without(part: Part, kinds: frozenset[str]) -> Part:
    objects = tuple(one for one in part.objects if one["kind"].lower() not in kinds)
    return Part(part.file, part.remark, objects)


def _parts(plan: Plan) -> Iterator[Part]:
    yield Part(
        "analysis-templates.yaml",
        (
            "The gates. Every query selects the new version by its pod template hash; both",
            "conditions are given, so that missing data is neither good nor bad: the rollout",
            "pauses for a human. failureLimit counts failures that are borne.",
        ),
        tuple(gates.templates(plan)),
    )
    yield Part(
        "services.yaml",
        (
            "The controller adds the version's hash to the selectors. Prometheus scrapes the last",
            "one alone: a pod behind two Services would be counted twice.",
        ),
        tuple(network.services(plan)),
    )
    twin = "the controller writes the canary's twin" if _is_canary(plan) else "to the active one"
    yield Part("ingress.yaml", (f"Where the traffic comes in; {twin}.",), (network.ingress(plan),))
    yield Part(
        "network-policy.yaml",
        (
            "Only the ingress controller and Prometheus reach the pods. Without the second, every",
            "gate would be without data.",
        ),
        (network.network_policy(plan),),
    )
    yield Part(
        "monitoring.yaml",
        (
            "For the prometheus-operator: podTargetLabels gives each series the hash that the",
            "gates select by; the rules speak up when nobody watches.",
        ),
        (monitoring.service_monitor(plan), monitoring.prometheus_rule(plan)),
    )
    yield Part("rollout.yaml", (summary(plan) + ".",), (rollout(plan),))


def _is_canary(plan: Plan) -> bool:
    return plan.strategy is Strategy.CANARY


KINDS: Final = (
    "AnalysisTemplate",
    "Service",
    "Ingress",
    "NetworkPolicy",
    "ServiceMonitor",
    "PrometheusRule",
    "Rollout",
)
"""The kinds that a bundle holds."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(part: Part) -> str:
    """Return one part as YAML documents, its remark above the first."""
    remark = "".join(f"# {line}\n" for line in part.remark)
    return remark + "---\n".join(_document(one) for one in part.objects)


def whole_text(parts: Iterable[Part]) -> str:
    """Return all parts as one stream."""
    return "---\n".join(yaml_text(part) for part in parts)


def _document(one: Json) -> str:
    return yaml.dump(
        one,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=110,
        default_flow_style=False,
    )
