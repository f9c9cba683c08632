import pytest

from amas_tui.domain.analysis import AnalysisPhase, Provider
from tests.builders import Json, analysis_run, metric, read, template


@pytest.mark.parametrize(
    ("phase", "final", "bad"),
    [
        ("Pending", False, False),
        ("Running", False, False),
        ("Successful", True, False),
        ("Failed", True, True),
        ("Error", True, True),
        ("Inconclusive", True, False),
        ("", False, False),
        ("Dreaming", False, False),
    ],
)
def test_four_phases_are_final_and_two_halt(*, phase: str, final: bool, bad: bool) -> None:
    assert (AnalysisPhase(phase).is_final, AnalysisPhase(phase).is_bad) == (final, bad)


@pytest.mark.parametrize(
    ("label", "index"),
    [(0, 0), (7, 7), (None, None)],
    ids=["first", "later", "not a step's"],
)
def test_a_step_run_names_its_step(label: int | None, index: int | None) -> None:
    assert analysis_run(step=label).step_index == index


def test_the_kind_of_run_is_its_label() -> None:
    assert analysis_run(type_="Background").rollout_type == "Background"
    assert analysis_run(type_="").rollout_type == ""


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        pytest.param({"prometheus": {"query": "up"}}, "prometheus", id="prometheus"),
        pytest.param({"web": {"headers": [{"value": "secret"}]}}, "web", id="web"),
        pytest.param({"newRelic": {}}, "newRelic", id="new relic"),
        pytest.param({"plugin": {"acme/x": {}}}, "plugin", id="plugin"),
        pytest.param({"futureProvider": {}}, "", id="unknown"),
    ],
)
def test_a_provider_is_known_by_its_presence(provider: Json, kind: str) -> None:
    assert read(Provider, provider).kind == kind


def test_nothing_of_a_provider_with_credentials_is_kept() -> None:
    sent = metric(
        provider={
            "prometheus": {
                "query": "up",
                "headers": [{"key": "Authorization", "value": "s3cret"}],
                "authentication": {"oauth2": {"clientSecret": "s3cret"}},
            }
        }
    )
    found = template(metrics=[sent, metric("web", provider={"web": {"url": "s3cret"}})])
    assert "s3cret" not in str(_slots(found))


def test_limits_may_be_numbers_strings_or_arguments() -> None:
    found = template(
        metrics=[metric(count=3, failureLimit="2", inconclusiveLimit="{{args.limit}}")]
    ).spec.metrics[0]
    assert (found.count, found.failure_limit, found.inconclusive_limit) == (
        3,
        "2",
        "{{args.limit}}",
    )


def _slots(value: object) -> object:
    names = getattr(value, "__slots__", ())
    if names:
        return {name: _slots(getattr(value, name)) for name in names}
    return [_slots(item) for item in value] if isinstance(value, tuple) else value
