"""What a Rollout's spec asks for, defaults included.

Source: utils/defaults/defaults.go, utils/replicaset/replicaset.go.
"""

import math
import re
from typing import Final

from amas_tui.demo.store import Json

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PARTS: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_DEFAULT_DELAY: Final = 30
_DEFAULT_PERCENT: Final = "25"
UNLIMITED: Final = 2**31 - 1


def replicas(rollout: Json) -> int:
    """Return how many pods are wanted."""
    return int(rollout["spec"].get("replicas", 1))


def canary_of(rollout: Json) -> Json | None:
    """Return the canary strategy, `None` where it is another."""
    strategy: Json | None = (rollout["spec"].get("strategy") or {}).get("canary")
    return strategy


def blue_green_of(rollout: Json) -> Json | None:
    """Return the blue-green strategy, `None` where it is another."""
    strategy: Json | None = (rollout["spec"].get("strategy") or {}).get("blueGreen")
    return strategy


def routing_of(rollout: Json) -> Json | None:
    """Return how a canary's traffic is routed, `None` where pods decide."""
    routing: Json | None = (canary_of(rollout) or {}).get("trafficRouting")
    return routing


def is_routed(rollout: Json) -> bool:
    """Whether traffic is split by a router."""
    return routing_of(rollout) is not None


def scales_stable(rollout: Json) -> bool:
    """Whether the stable version shrinks as the canary grows."""
    return bool((canary_of(rollout) or {}).get("dynamicStableScale"))


def max_weight(rollout: Json) -> int:
    """Return the weight that is all traffic. Source: utils/weightutil."""
    return int((routing_of(rollout) or {}).get("maxTrafficWeight", 100))


def steps_of(rollout: Json) -> list[Json]:
    """Return the canary steps."""
    return (canary_of(rollout) or {}).get("steps") or []


def is_paused(rollout: Json) -> bool:
    """Whether a human paused it."""
    return bool(rollout["spec"].get("paused"))


def deadline_seconds(rollout: Json) -> int:
    """Return how long an update may go without progress."""
    return int(rollout["spec"].get("progressDeadlineSeconds", 600))


def history_limit(rollout: Json) -> int:
    """Return how many old ReplicaSets are kept."""
    return int(rollout["spec"].get("revisionHistoryLimit", 10))


def run_limits(rollout: Json) -> tuple[int, int]:
    """Return how many successful and how many other runs are kept."""
    limits = rollout["spec"].get("analysis") or {}
    return (
        int(limits.get("successfulRunHistoryLimit", 5)),
        int(limits.get("unsuccessfulRunHistoryLimit", 5)),
    )


def scale_down_delay(rollout: Json) -> int:
    """Return the seconds that an old version is kept after the switch."""
    if (blue_green := blue_green_of(rollout)) is not None:
        return int(blue_green.get("scaleDownDelaySeconds", _DEFAULT_DELAY))
    if not is_routed(rollout):
        return 0
    return int((canary_of(rollout) or {}).get("scaleDownDelaySeconds", _DEFAULT_DELAY))


def kept_versions(rollout: Json) -> int:
    """Return how many old versions may wait out their delay."""
    strategy = blue_green_of(rollout) or canary_of(rollout) or {}
    return int(strategy.get("scaleDownDelayRevisionLimit", UNLIMITED))


def abort_delay(rollout: Json) -> tuple[int | None, bool]:
    """Return the seconds that an aborted version is kept, and whether the spec says so.

    `None` means without end. Source: defaults.go:GetAbortScaleDownDelaySecondsOrDefault.
    """
    strategy = blue_green_of(rollout) or (canary_of(rollout) if is_routed(rollout) else None)
    if strategy is None:
        return 0, False
    given = strategy.get("abortScaleDownDelaySeconds")
    if given is None:
        return _DEFAULT_DELAY, False
    return (None if given == 0 else int(given)), True


def max_surge(rollout: Json) -> int:
    """Return how many pods more than wanted a basic canary may have."""
    return 0 if canary_of(rollout) is None else _bounds(rollout)[0]


def max_unavailable(rollout: Json) -> int:
    """Return how many of the wanted pods may be missing."""
    wanted = replicas(rollout)
    if wanted == 0:
        return 0
    if canary_of(rollout) is not None:
        return min(_bounds(rollout)[1], wanted)
    given = (blue_green_of(rollout) or {}).get("maxUnavailable", _DEFAULT_PERCENT)
    return min(scaled(given, wanted, up=False), wanted)


def _bounds(rollout: Json) -> tuple[int, int]:
    strategy, wanted = canary_of(rollout) or {}, replicas(rollout)
    surge = scaled(strategy.get("maxSurge", _DEFAULT_PERCENT), wanted, up=True)
    unavailable = scaled(strategy.get("maxUnavailable", _DEFAULT_PERCENT), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


def scaled(value: int | str, whole: int, *, up: bool) -> int:
    """Return an IntOrString as a number; text is a percentage of `whole`, sign or not."""
    if isinstance(value, int):
        return value
    share = int(value.replace("%", "")) * whole / 100
    return math.ceil(share) if up else math.floor(share)


def seconds(duration: int | str) -> int:
    """Return whole seconds of an integer or a Go duration, -1 of anything else.

    Source: pkg/apis/rollouts/v1alpha1/types.go:DurationSeconds.
    """
    text = str(duration)
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    parts = _PARTS.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return -1
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts))
