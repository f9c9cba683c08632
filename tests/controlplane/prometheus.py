"""Asking the bed's Prometheus, for tests."""

import time
from collections.abc import Callable
from typing import Final

import httpx

_POLL_SECONDS: Final = 0.2


def values(url: str, query: str, label: str = "") -> dict[str, float]:
    """Return the newest value of each series by one of its labels."""
    answer = httpx.get(
        f"{url}/api/v1/query", params={"query": query}, timeout=10, trust_env=False
    ).raise_for_status()
    series = answer.json()["data"]["result"]
    return {each["metric"].get(label, ""): float(each["value"][1]) for each in series}


def wait_for(
    url: str,
    query: str,
    predicate: Callable[[dict[str, float]], object],
    *,
    label: str = "",
    timeout: float = 20,
) -> dict[str, float]:
    """Return the values as soon as `predicate` is true of them; Prometheus can only be polled.

    Raises:
        AssertionError: Not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = values(url, query, label)
        if predicate(found):
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{query} is {found} after {timeout:g} s")
        time.sleep(_POLL_SECONDS)
