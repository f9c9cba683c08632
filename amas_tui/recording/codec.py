"""Pictures and batches as JSON and back. A record reads back as the record it was."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from amas_tui import errors
from amas_tui.domain.analysis import AnalysisRun, Measurement
from amas_tui.domain.watch import Applied, Bookmark, Deleted, Listed, Lost, Undecodable, Update
from amas_tui.errors import AmasError, ApiError, DecodeError
from amas_tui.kube.decode import decoder
from amas_tui.kube.resources import RESOURCES
from amas_tui.recording.ring import Batch
from amas_tui.store.detail import Clues, Detail
from amas_tui.store.history import History
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.slo import Gauge, Series, Slo
from amas_tui.store.snapshot import Fact, Snapshot

Json = dict[str, Any]

_PARTS: Final = {
    "runs": Kind.ANALYSIS_RUNS,
    "pods": Kind.PODS,
    "replica_sets": Kind.REPLICA_SETS,
    "services": Kind.SERVICES,
    "ingresses": Kind.INGRESSES,
}
"""The objects of a `Detail` by the kind they are of."""


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _plain(type_: Any, value: Any) -> Any:
    return _adapter(type_).dump_python(value, mode="json", by_alias=True, exclude_defaults=True)


# ------------------------------------------------------------------------------ objects


def encode_object(kind: Kind, item: Any) -> Json:
    """Return a record as the API spells it, without what could hold a secret."""
    if isinstance(item, AnalysisRun):
        item = without_secrets(item)
    encoded: Json = _plain(RESOURCES[kind].type, item)
    return encoded


def decode_object(kind: Kind, raw: Json) -> Any:
    """Return the record."""
    return decoder(RESOURCES[kind].type).from_json(raw)


def without_secrets(run: AnalysisRun) -> AnalysisRun:
    """Return a run without resolved queries where an argument of it comes from a Secret."""
    sources = [argument.value_from for argument in run.spec.args]
    if not any(source is not None and source.secret_key_ref is not None for source in sources):
        return run
    results = tuple(
        replace(result, metadata={}, measurements=tuple(map(_bare, result.measurements)))
        for result in run.status.metric_results
    )
    return replace(run, status=replace(run.status, metric_results=results))


def _bare(measurement: Measurement) -> Measurement:
    return replace(measurement, metadata={})


# ------------------------------------------------------------------------------- facts


def _encode_fact(fact: Fact) -> Json:
    kind, namespace, name = fact.stream
    stream = [kind.value, namespace, *([name] if name else [])]
    return {"stream": stream, "at": _stamp(fact.at), **_encode_update(kind, fact.update)}


def _encode_update(kind: Kind, update: Update[Any] | None) -> Json:
    match update:
        case None:
            return {"is": "closed"}
        case Listed(objects, version, undecodable):
            items = [encode_object(kind, item) for item in objects]
            return {"is": "listed", "items": items, "version": version, "odd": undecodable}
        case Applied(item):
            return {"is": "applied", "object": encode_object(kind, item)}
        case Deleted(item):
            return {"is": "deleted", "object": encode_object(kind, item)}
        case Bookmark(version):
            return {"is": "bookmark", "version": version}
        case Undecodable(name):
            return {"is": "undecodable", "name": name}
        case Lost(error, retry_at):
            retry = _stamp(retry_at) if retry_at else None
            return {"is": "lost", "error": _encode_error(error), "retry": retry}


def _decode_fact(raw: Json) -> Fact:
    name, namespace, *rest = raw["stream"]
    stream = StreamId(Kind(name), namespace, *rest)
    return Fact(stream, _decode_update(stream.kind, raw), _time(raw["at"]))


def _decode_update(kind: Kind, raw: Json) -> Update[Any] | None:
    match raw["is"]:
        case "listed":
            items = tuple(decode_object(kind, item) for item in raw["items"])
            return Listed(items, raw["version"], raw["odd"])
        case "applied":
            return Applied(decode_object(kind, raw["object"]))
        case "deleted":
            return Deleted(decode_object(kind, raw["object"]))
        case "bookmark":
            return Bookmark(raw["version"])
        case "undecodable":
            return Undecodable(raw["name"])
        case "lost":
            return Lost(_decode_error(raw["error"]), _time(raw["retry"]) if raw["retry"] else None)
        case _:
            return None


def _encode_error(error: AmasError) -> Json:
    status = error.status if isinstance(error, ApiError) else None
    return {"type": type(error).__name__, "text": error.text, "hint": error.hint, "status": status}


def _decode_error(raw: Json) -> AmasError:
    found: Any = getattr(errors, str(raw["type"]), AmasError)
    if not (isinstance(found, type) and issubclass(found, AmasError)):
        return AmasError(raw["text"], hint=raw["hint"])
    if issubclass(found, ApiError):
        return found(raw["text"], status=int(raw["status"] or 0), hint=raw["hint"])
    if found in (errors.UnreachableError, errors.CredentialError, errors.DecodeError):
        return found(raw["text"], hint=raw["hint"])
    return AmasError(raw["text"], hint=raw["hint"])


# ------------------------------------------------------------------- what explains and measures


def _encode_detail(detail: Detail) -> Json:
    parts = {
        part: [encode_object(kind, item) for item in getattr(detail, part)]
        for part, kind in _PARTS.items()
    }
    return {
        "version": detail.version,
        "at": _stamp(detail.at),
        "missing": list(detail.missing),
        "kinds": [kind.value for kind in detail.kinds],
        "clues": _encode_clues(detail.clues),
        **{part: items for part, items in parts.items() if items},
    }


def _decode_detail(raw: Json) -> Detail:
    parts = {
        part: tuple(decode_object(kind, item) for item in raw.get(part, ()))
        for part, kind in _PARTS.items()
    }
    return Detail(
        version=raw["version"],
        at=_time(raw["at"]),
        missing=tuple(raw["missing"]),
        kinds=tuple(Kind(one) for one in raw["kinds"]),
        clues=_decode_clues(raw["clues"]),
        **parts,
    )


def _encode_clues(clues: Clues) -> Json:
    """Return clues without log lines, which may hold anything."""
    classes = clues.ingress_classes
    return {
        "classes": None if classes is None else sorted(classes),
        "generation": clues.workload_generation,
    }


def _decode_clues(raw: Json) -> Clues:
    classes = raw["classes"]
    return Clues(
        ingress_classes=None if classes is None else frozenset(classes),
        workload_generation=raw["generation"],
    )


def _encode_slo(slo: Slo, before: Slo) -> Json:
    """Return the series with only those points that the one before did not have."""
    series = []
    for key, one in slo.series.items():
        old = before.series.get(key, Series())
        last = old.points[-1][0] if old.points else -math.inf
        points = [[at, _number(value)] for at, value in one.points if at > last]
        result = one.result
        encoded = [_number(v) for v in result] if isinstance(result, tuple) else _maybe(result)
        series.append([*key, points, one.problem, encoded])
    same = slo.gauges == before.gauges
    return {
        "gauges": None if same else _plain(tuple[Gauge, ...], slo.gauges),
        "series": series,
        "source": slo.source,
        "at": _stamp(slo.at) if slo.at else None,
        "problem": slo.problem,
        "fields": dict(slo.fields),
    }


def _decode_slo(raw: Json, before: Slo) -> Slo:
    gauges = before.gauges
    if raw["gauges"] is not None:
        gauges = _adapter(tuple[Gauge, ...]).validate_python(raw["gauges"])
    series = {}
    for address, query, points, problem, encoded in raw["series"]:
        old = before.series.get((address, query), Series())
        new = tuple((float(at), float(value)) for at, value in points)
        result = tuple(map(float, encoded)) if isinstance(encoded, list) else _real(encoded)
        series[address, query] = replace(old.after(new, result), problem=problem)
    return Slo(
        gauges=gauges,
        series=series,
        source=raw["source"],
        at=_time(raw["at"]) if raw["at"] else None,
        problem=raw["problem"],
        fields=raw["fields"],
    )


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _maybe(value: float | None) -> float | str | None:
    return None if value is None else _number(value)


def _real(value: float | str | None) -> float | None:
    return None if value is None else float(value)


# ----------------------------------------------------------------------- batches and pictures


def encode_batch(batch: Batch, before: Mapping[str, Slo]) -> Json:
    """Return a batch; `before` holds the series as they were written last."""
    parts = {
        "facts": [_encode_fact(fact) for fact in batch.facts],
        "details": {uid: _encode_detail(one) for uid, one in batch.details.items()},
        "slos": {uid: _encode_slo(one, before.get(uid, Slo())) for uid, one in batch.slos.items()},
        "clues": {uid: _encode_clues(one) for uid, one in batch.clues.items()},
    }
    return {
        "at": _stamp(batch.at),
        "offset": batch.offset.total_seconds(),
        "focus": batch.focus,
        **{name: part for name, part in parts.items() if part},
    }


def decode_batch(raw: Json, before: Mapping[str, Slo]) -> Batch:
    """Return the batch.

    Raises:
        DecodeError: It is not one.
    """
    try:
        return Batch(
            at=_time(raw["at"]),
            facts=tuple(_decode_fact(one) for one in raw.get("facts", ())),
            details={uid: _decode_detail(one) for uid, one in raw.get("details", {}).items()},
            slos={
                uid: _decode_slo(one, before.get(uid, Slo()))
                for uid, one in raw.get("slos", {}).items()
            },
            clues={uid: _decode_clues(one) for uid, one in raw.get("clues", {}).items()},
            offset=timedelta(seconds=raw["offset"]),
            focus=raw["focus"],
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DecodeError(f"not an entry of a recording: {error}") from error


def encode_base(base: Snapshot) -> Json:
    """Return a picture as the lists that would make it, and what is remembered over versions."""
    facts = []
    for stream, known in base.streams.items():
        at = known.seen_at
        if at is not None:
            items = tuple(item for item in base.table(stream.kind).values() if _is_of(item, stream))
            facts.append(Fact(stream, Listed(items, "0"), at))
        if known.error is not None:
            lost = Lost(known.error, known.retry_at)
            facts.append(Fact(stream, lost, at or datetime.now(UTC)))
    whole = Batch(
        at=datetime.now(UTC),
        facts=tuple(facts),
        details=base.details,
        slos=base.slos,
        clues=base.clues,
        offset=base.clock_offset,
        focus=next(iter(base.slos or base.clues), None),
    )
    return {
        **encode_batch(whole, {}),
        "histories": _plain(dict[str, History], dict(base.histories)),
        "touched": {uid: _stamp(at) for uid, at in base.touched.items()},
    }


def _is_of(item: Any, stream: StreamId) -> bool:
    meta = item.metadata
    return (not stream.namespace or meta.namespace == stream.namespace) and (
        not stream.name or meta.name == stream.name
    )


def remembered(raw: Json, picture: Snapshot) -> Snapshot:
    """Return the picture with the histories that its lists alone do not tell."""
    histories = _adapter(dict[str, History]).validate_python(raw["histories"])
    touched = {uid: _time(at) for uid, at in raw["touched"].items()}
    return replace(picture, histories=histories, touched=touched)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
