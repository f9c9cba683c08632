"""The lives of AnalysisRuns that both control planes share catch a controller that errs."""

import pytest

from tests.contract.run_mutants import MUTANTS, Mutate
from tests.contract.runs import LIVES
from tests.contract.stage import ModelStage


def _failed_lives() -> list[str]:
    """Return the lives that came to something else than they must."""
    failed: list[str] = []
    for name, life in LIVES.items():
        stage = ModelStage()
        try:
            life.begin(stage, name)
            life.meddle(stage, name)
            life.verify(stage, name)
        except (AssertionError, LookupError, ValueError):
            failed.append(name)
    return failed


def test_the_controller_as_it_is_passes() -> None:
    assert _failed_lives() == []


@pytest.mark.parametrize("mutate", MUTANTS.values(), ids=list(MUTANTS))
def test_a_controller_that_errs_is_caught(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch)

    assert _failed_lives()
