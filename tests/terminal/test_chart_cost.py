"""What a new sample costs on the line, in the panels that draw."""

from functools import partial

import pytest

from tests.bench import scenes
from tests.controlplane.api import Api
from tests.controlplane.bed import ControlPlane
from tests.terminal.conftest import Start

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(180)]

BUDGET = 1_536
_SECONDS_PER_SAMPLE = 2
_SAMPLES = 6


def test_a_sample_costs_less_than_its_budget(
    bed: ControlPlane, api: Api, namespace: str, start: Start
) -> None:
    scenes.measured(bed, api, namespace)
    terminal = start(
        *("open", scenes.NAME, "--kubeconfig", bed.kubeconfig(namespace=namespace)),
        f"--metrics-interval={_SECONDS_PER_SAMPLE}s",
    )
    terminal.until("at 25 %", 60)
    for panel, shown in (("1", "ingress 25%"), ("2", "last sample")):
        terminal.press(panel)
        terminal.until(partial(_shows, shown), 60)
        terminal.settled(0.5, 60)
        before = len(terminal.output)
        terminal.collect(_SECONDS_PER_SAMPLE * _SAMPLES)
        sent = len(terminal.output) - before
        assert 0 < sent / _SAMPLES <= BUDGET


def _shows(words: str, text: str) -> bool:
    return words in text and "no data" not in text
