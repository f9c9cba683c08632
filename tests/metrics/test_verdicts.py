"""Every condition, judged by the real controller: a bare AnalysisRun each."""

import math
from typing import Final

import pytest

from amas_tui.domain.analysis import AnalysisPhase, AnalysisRun
from amas_tui.kube.decode import decoder
from amas_tui.prometheus.client import PrometheusClient
from amas_tui.rules.analysis import metric_states
from amas_tui.rules.condition import judge, result_of
from amas_tui.session.metrics import result
from amas_tui.store.forecast import value_of
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest
from tests.data.conditions import CASES, Case

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(180)]

_FINAL: Final = ("Successful", "Failed", "Error", "Inconclusive")


def promql(value: str) -> str:
    """Return a query whose answer is a measurement's value; `[]` is a vector of no series."""
    if not value.startswith("["):
        return value
    numbers = [part for part in value[1:-1].split(",") if part]
    series = (
        f'label_replace(vector({number}), "n", "{place}", "", "")'
        for place, number in enumerate(numbers)
    )
    return " or ".join(series) or "vector(1) > 2"


def run(namespace: str, number: int, case: Case, address: str) -> Json:
    metric: Json = {
        "name": "it",
        # The first error settles it: five in a row would take forty seconds.
        "consecutiveErrorLimit": 0,
        "provider": {"prometheus": {"address": address, "query": promql(case.value)}},
    }
    if case.success:
        metric["successCondition"] = case.success
    if case.failure:
        metric["failureCondition"] = case.failure
    spec = {"metrics": [metric]}
    return manifest("argoproj.io/v1alpha1", "AnalysisRun", namespace, f"case-{number}", spec=spec)


def finished(api: Api, namespace: str, names: list[str]) -> dict[str, Json]:
    """Return the runs once each has its verdict."""
    for name in names:
        api.wait(
            "analysisruns",
            namespace,
            name,
            lambda it: it.get("status", {}).get("phase") in _FINAL,
            timeout=90,
        )
    return {it["metadata"]["name"]: it for it in api.list("analysisruns", namespace)}


def test_every_condition_gets_the_controllers_verdict_or_none(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    names = []
    for number, case in enumerate(CASES):
        api.create(run(namespace, number, case, bed.prometheus_url))
        names.append(f"case-{number}")
    found = finished(api, namespace, names)
    assert len(CASES) >= 60
    wrong = []
    for name, case in zip(names, CASES, strict=True):
        (measurement,) = found[name]["status"]["metricResults"][0]["measurements"]
        ours = judge(case.success, case.failure, result_of(case.value)).phase
        if measurement["phase"] != case.phase:
            wrong.append(f"{case.id}: the controller says {measurement['phase']}")
        if "value" in measurement and not is_same(measurement["value"], case.value):
            wrong.append(f"{case.id}: the controller measured {measurement['value']}")
        if ours is not None and ours.value != measurement["phase"]:
            wrong.append(f"{case.id}: judged {ours.value} here")
        if (ours is None) == case.is_judged:
            wrong.append(f"{case.id}: judged here {ours}, which the table does not say")
    assert wrong == []


def is_same(one: str, other: str) -> bool:
    """Whether two values of a measurement mean the same; NaN is itself here."""
    return str(result_of(one)) == str(result_of(other))


@pytest.mark.parametrize(
    "value",
    ["[0.98]", "[NaN]", "[+Inf]", "[-Inf]", "[]", "[0.1,0.9]", "0.98", "NaN", "[1e-09,1e+30]"],
)
async def test_an_answer_is_read_here_as_the_controller_reads_it(
    bed: ControlPlane, value: str
) -> None:
    async with PrometheusClient(bed.prometheus_url) as client:
        answer = await client.query(promql(value.replace("+", "")))
    assert str(value_of(result(answer))) == str(result_of(value))


def test_what_is_shown_of_a_run_is_what_the_controller_measured(
    bed: ControlPlane, api: Api, namespace: str
) -> None:
    cases = [case for case in CASES if case.phase != "Error"][:12]
    names = []
    for number, case in enumerate(cases):
        api.create(run(namespace, number, case, bed.prometheus_url))
        names.append(f"case-{number}")
    for name, raw in finished(api, namespace, names).items():
        (state,) = metric_states(decoder(AnalysisRun).from_json(raw))
        (measurement,) = raw["status"]["metricResults"][0]["measurements"]
        first = result_of(measurement["value"])
        seen = first[0] if isinstance(first, list) and first else first
        assert state.phase is AnalysisPhase(measurement["phase"]), name
        if isinstance(seen, float) and not math.isnan(seen):
            assert state.value == seen, name
