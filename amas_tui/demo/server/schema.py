"""What the CustomResourceDefinitions say, as far as anybody here may write it.

Fields that are not listed are unknown and dropped, with a warning, as the real server does; below
`ANY` everything is taken as it is.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from amas_tui.demo.resources import (
    ANALYSIS_RUNS,
    ANALYSIS_TEMPLATES,
    CLUSTER_ANALYSIS_TEMPLATES,
    EXPERIMENTS,
    ROLLOUTS,
    Resource,
)
from amas_tui.demo.server.status import Cause

Json = dict[str, Any]


class Field(NamedTuple):
    """One field: a type of JSON, what it holds, and what must not be missing in it."""

    type: str
    fields: "Mapping[str, Field] | None" = None
    items: "Field | None" = None
    required: tuple[str, ...] = ()


BOOLEAN: Final = Field("boolean")
INTEGER: Final = Field("integer")
STRING: Final = Field("string")
TIME: Final = Field("date-time")
ANY: Final = Field("any")


def obj(*required: str, **fields: Field) -> Field:
    """Return an object of known fields."""
    return Field("object", fields, None, required)


def array(items: Field) -> Field:
    """Return a list."""
    return Field("array", None, items)


_OBJECT: Final = Field("object")
_CONDITION: Final = obj(
    "lastTransitionTime",
    "lastUpdateTime",
    "message",
    "reason",
    "status",
    "type",
    lastTransitionTime=TIME,
    lastUpdateTime=TIME,
    message=STRING,
    reason=STRING,
    status=STRING,
    type=STRING,
)
_RUN_STATUS: Final = obj("name", "status", name=STRING, status=STRING, message=STRING)
_PAUSE: Final = obj("reason", "startTime", reason=STRING, startTime=TIME)
_WEIGHT: Final = obj("weight", weight=INTEGER, serviceName=STRING, podTemplateHash=STRING)
_CANARY_STATUS: Final = obj(
    currentBackgroundAnalysisRunStatus=_RUN_STATUS,
    currentExperiment=STRING,
    currentStepAnalysisRunStatus=_RUN_STATUS,
    stablePingPong=STRING,
    stepPluginStatuses=array(ANY),
    weights=obj(
        "canary",
        "stable",
        additional=array(_WEIGHT),
        canary=_WEIGHT,
        stable=_WEIGHT,
        verified=BOOLEAN,
    ),
)
_BLUE_GREEN_STATUS: Final = obj(
    activeSelector=STRING,
    postPromotionAnalysisRunStatus=_RUN_STATUS,
    prePromotionAnalysisRunStatus=_RUN_STATUS,
    previewSelector=STRING,
    scaleUpPreviewCheckPoint=BOOLEAN,
)
_ROLLOUT: Final = obj(
    "spec",
    spec=obj(
        analysis=_OBJECT,
        minReadySeconds=INTEGER,
        paused=BOOLEAN,
        progressDeadlineAbort=BOOLEAN,
        progressDeadlineSeconds=INTEGER,
        replicas=INTEGER,
        restartAt=TIME,
        revisionHistoryLimit=INTEGER,
        rollbackWindow=obj(revisions=INTEGER),
        selector=_OBJECT,
        strategy=obj(blueGreen=_OBJECT, canary=_OBJECT),
        template=_OBJECT,
        workloadRef=obj(apiVersion=STRING, kind=STRING, name=STRING, scaleDown=STRING),
    ),
    status=obj(
        HPAReplicas=INTEGER,
        abort=BOOLEAN,
        abortedAt=TIME,
        alb=ANY,
        albs=ANY,
        availableReplicas=INTEGER,
        blueGreen=_BLUE_GREEN_STATUS,
        canary=_CANARY_STATUS,
        collisionCount=INTEGER,
        conditions=array(_CONDITION),
        controllerPause=BOOLEAN,
        currentPodHash=STRING,
        currentStepHash=STRING,
        currentStepIndex=INTEGER,
        message=STRING,
        observedGeneration=STRING,
        pauseConditions=array(_PAUSE),
        phase=STRING,
        promoteFull=BOOLEAN,
        readyReplicas=INTEGER,
        replicas=INTEGER,
        restartedAt=TIME,
        selector=STRING,
        stableRS=STRING,
        updatedReplicas=INTEGER,
        workloadObservedGeneration=STRING,
    ),
)
_METRIC: Final = obj(
    "name",
    "provider",
    consecutiveErrorLimit=ANY,
    consecutiveSuccessLimit=ANY,
    count=ANY,
    failureCondition=STRING,
    failureLimit=ANY,
    inconclusiveLimit=ANY,
    initialDelay=STRING,
    interval=STRING,
    name=STRING,
    provider=_OBJECT,
    successCondition=STRING,
)
_ARGUMENT: Final = obj("name", name=STRING, value=STRING, valueFrom=_OBJECT)
_TEMPLATE: Final = obj(
    "spec",
    spec=obj(
        args=array(_ARGUMENT),
        dryRun=array(ANY),
        measurementRetention=array(ANY),
        metrics=array(_METRIC),
        templates=array(ANY),
    ),
)
SCHEMAS: Final = {
    ROLLOUTS: _ROLLOUT,
    ANALYSIS_RUNS: obj(
        "spec",
        spec=obj(
            "metrics",
            args=array(_ARGUMENT),
            dryRun=array(ANY),
            measurementRetention=array(ANY),
            metrics=array(_METRIC),
            terminate=BOOLEAN,
            ttlStrategy=_OBJECT,
        ),
        status=_OBJECT,
    ),
    ANALYSIS_TEMPLATES: _TEMPLATE,
    CLUSTER_ANALYSIS_TEMPLATES: _TEMPLATE,
    EXPERIMENTS: obj("spec", spec=_OBJECT, status=_OBJECT),
}
_GENERAL: Final = frozenset({"apiVersion", "kind", "metadata"})
_GO: Final = {
    "array": "[]interface {}",
    "boolean": "bool",
    "integer": "int64",
    "number": "float64",
    "object": "map[string]interface{}",
    "string": "string",
}
_TIME_FORMAT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)")


def pruned(resource: Resource, whole: Json) -> list[str]:
    """Drop the fields that the schema does not know and return their paths."""
    schema = SCHEMAS.get(resource)
    return [] if schema is None else list(_prune(schema, whole, "", _GENERAL))


def _prune(
    schema: Field, value: Any, path: str, known: frozenset[str] = frozenset()
) -> Iterator[str]:
    if schema.fields is not None and isinstance(value, dict):
        for key in list(value):
            if key in schema.fields:
                yield from _prune(schema.fields[key], value[key], f"{path}{key}.")
            elif key not in known:
                del value[key]
                yield f"{path}{key}"
    elif schema.items is not None and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _prune(schema.items, item, f"{path[:-1]}[{index}].")


def causes(resource: Resource, whole: Json, subresource: str = "") -> list[Cause]:
    """Return what is wrong with an object, as the server lists it.

    A write to a subresource is judged from there on, and its words say so.
    """
    schema = SCHEMAS.get(resource)
    if schema is None:
        return []
    if subresource and schema.fields is not None:
        value = whole.get(subresource, {})
        found = list(_check(schema.fields[subresource], value, subresource, subresource + "."))
    else:
        found = list(_check(schema, whole, "", ""))
    if resource == ROLLOUTS and not subresource:
        found += _replicas(whole.get("spec"))
    return [*found, UNCHECKED] if found else []


def _replicas(spec: Any) -> list[Cause]:
    """Return what the scale subresource says of a number of pods that it cannot read."""
    value, wanted = (
        (spec.get("replicas"), "int64") if isinstance(spec, dict) else (spec, _GO["object"])
    )
    if value is None or (wanted == "int64" and _kind(value) == "integer"):
        return []
    words = f"accessor error: {value} is of the type {_GO[_kind(value)]}, expected {wanted}"
    return [
        Cause("FieldValueInvalid", f"Invalid value: 0: .spec.replicas {words}", ".spec.replicas")
    ]


UNCHECKED: Final = Cause(
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid;"
    " correct the existing errors to complete validation",
    "<nil>",
)
"""What the server adds: its CEL rules were left out."""


def _check(schema: Field, value: Any, path: str, root: str) -> Iterator[Cause]:
    """Yield what is wrong at `path`; the words leave out `root`."""
    kind = _kind(value)
    if not _fits(schema, value):
        seen = f'"{value}"' if schema.type == "date-time" and kind == "string" else f'"{kind}"'
        place = path.removeprefix(root)
        yield Cause(
            "FieldValueTypeInvalid",
            f"Invalid value: {seen}: {place} in body must be of type {schema.type}: {seen}",
            path,
        )
        return
    if schema.fields is not None:
        dot = f"{path}." if path else ""
        for name in schema.required:
            if name not in value:
                yield Cause("FieldValueRequired", "Required value", f"{dot}{name}")
        for name in sorted(schema.fields.keys() & value.keys()):
            yield from _check(schema.fields[name], value[name], f"{dot}{name}", root)
    elif schema.items is not None:
        for index, item in enumerate(value):
            yield from _check(schema.items, item, f"{path}[{index}]", root)


def _fits(schema: Field, value: Any) -> bool:
    match schema.type:
        case "any":
            return True
        case "date-time":
            return isinstance(value, str) and _TIME_FORMAT.fullmatch(value) is not None
        case "integer":
            return _kind(value) == "integer"
        case wanted:
            return _kind(value) == wanted


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
