"""How hypothesis looks for counterexamples: quickly and always alike, unless told otherwise."""

import os

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "thorough", max_examples=3_000, deadline=None, database=None, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("AMAS_TUI_HYPOTHESIS", "quick"))
