"""Hostile and odd input: what a cluster may send, whatever it should."""

import dataclasses
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from amas_tui.domain.base import Flag, Int, Labels, Names, Present, Raw, Str, json_name

HOSTILE: Final = (
    "\x1b]52;c;aGFja2Vk\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "a\u202egnp.exe",
    "zero\u200bwidth",
    "[red]x[/]",
    "[@click=app.quit]x[/]",
    "x[/]",
    "Name:\r\nStatus: forged",
    "tab\tand\x0bvertical",
    "\u2028\u2029",
    "👩🏽‍💻 ⚠️",
    "\U000e0041\U000e0042",
    "\ufeffmark",
    "\u0085 next line",
    "क्षि",
    "漢字かな",
    "e\u0301\u0301\u0301",
    "\x00",
    "\ud800",
)
"""What measured.md calls hostile, and characters whose width terminals dispute."""

texts: SearchStrategy[str] = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=20),
    st.text(
        st.characters(categories=("Cc", "Cf", "Zl", "Zp", "Mn", "Cs", "Lo", "So")), max_size=20
    ),
    st.builds("".join, st.lists(st.sampled_from(HOSTILE), max_size=4)),
)

json_values: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)

times: SearchStrategy[Any] = st.one_of(
    st.datetimes(
        min_value=datetime(2026, 3, 4, 12),  # noqa: DTZ001 - written with a zone below
        max_value=datetime(2026, 3, 4, 16),  # noqa: DTZ001
    ).map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
    st.sampled_from(
        (
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "2300-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-03-04T12:00:00",
            5,
            "never",
        )
    ),
)

numbers: SearchStrategy[int] = st.integers(-1, 8) | st.sampled_from((100, -100, 2**31, 2**62))

words: SearchStrategy[str] = st.sampled_from(
    (
        *("Healthy", "Degraded", "Progressing", "Paused", "Running", "Failed", "Error"),
        *("Successful", "Inconclusive", "Pending", "CanaryPauseStep", "BlueGreenPause"),
        *("InconclusiveAnalysisRun", "True", "False", "InvalidSpec", "Completed", "aaa", "bbb"),
        *("RolloutAborted: Rollout aborted update to revision 2: x", "{{args.a}}", "[0.5]"),
        *("2026-03-04T14:00:00", "2026-03-04T14:30:00Z", "20260304", "2026-03-04"),
        *("2026-03-04T14:00:00", "2026-03-04T14:30:00Z", "20260304", "2026-03-04", "7", "0"),
        *("result[0] >= 0.95", "1m", "3", "99999999999999999999", "[NaN]", "Step", "5%"),
    )
)


@cache
def raw_records(type_: Any) -> SearchStrategy[Any]:
    """Return JSON for a record: every field may be absent, null, fitting or hostile."""
    hints = get_type_hints(type_, include_extras=True)
    fields = {
        json_name(field.name): _IDENTITIES.get(json_name(field.name), _json_of(hints[field.name]))
        for field in dataclasses.fields(type_)
    }
    must = {"metadata", "name", "uid", "spec", "status"} & fields.keys()
    return st.fixed_dictionaries(
        {name: own for name, own in fields.items() if name in must},
        optional={name: own for name, own in fields.items() if name not in must},
    )


_MANY: Final = tuple
_identities: SearchStrategy[str] = st.sampled_from(("aaa", "bbb"))
"""Few, so that objects find each other by uid and hash."""

_IDENTITIES: Final = dict.fromkeys(
    ("uid", "currentPodHash", "stableRS", "podTemplateHash", "activeSelector"),
    _identities | _identities | texts,
)


def _json_of(hint: Any) -> SearchStrategy[Any]:
    known: dict[Any, SearchStrategy[Any]] = {
        Str: words | texts | st.none(),
        Raw: words | texts | st.none(),
        Int: numbers | st.none(),
        Flag: st.booleans() | st.none(),
        Labels: _labels | st.dictionaries(texts, words | texts, max_size=3) | st.none(),
        Names: st.dictionaries(texts, st.none(), max_size=2),
        Present: st.none() | st.just({}),
        bool: st.booleans(),
        int: numbers,
        str: words | texts,
        datetime: times,
    }
    for annotation, strategy in known.items():
        if hint == annotation:
            return strategy
    origin = get_origin(hint)
    if origin is Annotated:
        return _json_of(get_args(hint)[0]) | st.none()
    if origin in (UnionType, Union):
        parts = [part for part in get_args(hint) if part is not NoneType]
        return st.one_of(*map(_json_of, parts))
    if origin is _MANY:
        return st.lists(_json_of(get_args(hint)[0]), max_size=4)
    if origin is dict:
        return _json_of(Labels)
    return raw_records(hint)


_labels: SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "rollouts-pod-template-hash": _identities,
        "rollout.argoproj.io/revision": words,
        "rollout-type": words,
        "step-index": words,
        "scale-down-deadline": words,
        "rollout.argoproj.io/workload-generation": words,
        "nginx.ingress.kubernetes.io/canary-weight": words,
        "job-name": words,
    },
)
