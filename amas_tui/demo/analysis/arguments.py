"""`{{args.x}}` in metrics, replaced by what the run says of x.

Source: utils/template/template.go, utils/analysis/factory.go:ResolveMetricArgs.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from amas_tui.demo.store import Json

_OPEN: Final = "{{"
_CLOSE: Final = "}}"
_ORDER: Final = (
    "name",
    "interval",
    "initialDelay",
    "count",
    "successCondition",
    "failureCondition",
    "failureLimit",
    "inconclusiveLimit",
    "consecutiveErrorLimit",
    "provider",
    "consecutiveSuccessLimit",
)
"""The fields as Go writes them: of several tags that mean nothing the last one is complained of."""


class ArgumentError(Exception):
    """Why a metric's arguments cannot be replaced, in the controller's words."""


def resolved(metric: Json, args: Sequence[Json]) -> Json:
    """Return a metric with its arguments replaced; those from Secrets have none here.

    Raises:
        ArgumentError: One has no value, or none is called so.
    """
    values = _values(args)
    ordered = {name: metric[name] for name in _ORDER if name in metric}
    text = json.dumps(ordered, separators=(",", ":"), ensure_ascii=False)
    made: Json = json.loads(_replaced(text, values))
    return made


def check_secrets(args: Iterable[Json]) -> None:
    """Return if no argument comes from a Secret: there is none in the demo.

    Raises:
        ArgumentError: One does.
    """
    for arg in args:
        if secret := (arg.get("valueFrom") or {}).get("secretKeyRef"):
            raise ArgumentError(f'secrets "{secret.get("name", "")}" not found')


def _values(args: Iterable[Json]) -> Mapping[str, str]:
    values: dict[str, str] = {}
    for arg in args:
        value = arg.get("value")
        if (arg.get("valueFrom") or {}).get("secretKeyRef"):
            value = "temp-for-secret"
        if value is None:
            raise ArgumentError(f'argument "{arg["name"]}" was not supplied')
        values[f"args.{arg['name']}"] = json.dumps(str(value), ensure_ascii=False)[1:-1]
    return values


def _replaced(text: str, values: Mapping[str, str]) -> str:
    parts, unknown = [], ""
    rest = text
    while _OPEN in rest:
        before, _, rest = rest.partition(_OPEN)
        tag, closed, after = rest.partition(_CLOSE)
        if not closed:
            raise ArgumentError(
                f'Cannot find end tag="{_CLOSE}" in the template="{text}" starting from "{rest}"'
            )
        parts.append(before)
        if (value := values.get(tag.strip())) is None:
            unknown = tag
        else:
            parts.append(value)
        rest = after
    if unknown:
        raise ArgumentError(f"failed to resolve {_OPEN}{unknown}{_CLOSE}")
    return "".join([*parts, rest])
