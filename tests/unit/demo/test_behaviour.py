"""The demo's controllers pass the contract in this process, where time is a number."""

import pytest

from tests.contract.actions import Check
from tests.contract.stage import ModelStage
from tests.contract.test_behaviour import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract_holds_in_process(check: Check) -> None:
    check(ModelStage())
