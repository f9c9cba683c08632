"""Rollouts in trouble as they were recorded from a real control plane, and how to read them."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from amas_tui.domain.watch import Listed
from amas_tui.kube.decode import decoder
from amas_tui.kube.resources import RESOURCES
from amas_tui.store.detail import Clues
from amas_tui.store.kinds import Kind, StreamId
from amas_tui.store.scene import Scene
from amas_tui.store.snapshot import Fact, Snapshot
from tests.controlplane.kinds import Json
from tests.why.seen import Seen

FOLDER: Final = Path(__file__).parents[1] / "data" / "why"
MOST_BYTES: Final = 40_000
_SEEN: Final = timedelta(minutes=1)
"""How long ago the replayed objects are said to have been seen first."""


class Recorded(NamedTuple):
    """One recording, read."""

    scene: Scene
    now: datetime


def names() -> list[str]:
    """Return the names of all recordings."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read(name: str) -> Recorded:
    """Return a recording as the product reads it."""
    raw = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    now = datetime.fromisoformat(raw["now"])
    facts = [
        Fact(StreamId(kind), Listed(_read(kind, raw["objects"].get(str(kind), [])), "1"), now)
        for kind in Kind
    ]
    facts = [fact._replace(at=now - _SEEN) for fact in facts]
    snapshot = Snapshot().after(facts)
    (rollout,) = (one for one in snapshot.rollouts.values() if one.key.name == name)
    clues = {rollout.uid: _clues(raw["clues"])}
    return Recorded(Scene(rollout, _with(snapshot, clues)), now)


def _with(snapshot: Snapshot, clues: dict[str, Clues]) -> Snapshot:

    return replace(snapshot, clues=clues)


def _read(kind: Kind, items: list[Json]) -> tuple[Any, ...]:
    one = decoder(RESOURCES[kind].type)
    return tuple(one.from_json(item) for item in items)


def _clues(raw: Json) -> Clues:
    lines = {(uid, container): line for uid, container, line in raw["lastLines"]}
    classes = raw["ingressClasses"]
    return Clues(lines, None if classes is None else frozenset(classes), raw["workloadGeneration"])


def write(name: str, seen: Seen, clues: Clues, now: datetime) -> int:
    """Keep what the witness sees of one rollout; return its size in bytes."""
    objects = {kind: [_lean(one) for one in own] for kind, own in _own(name, seen).items() if own}
    document = {
        "now": now.isoformat(timespec="seconds"),
        "objects": objects,
        "clues": {
            "lastLines": [[*key, line] for key, line in sorted(clues.last_lines.items())],
            "ingressClasses": (
                None if clues.ingress_classes is None else sorted(clues.ingress_classes)
            ),
            "workloadGeneration": clues.workload_generation,
        },
    }
    text = _one_a_line(document)
    size = len(text.encode())
    assert size <= MOST_BYTES, f"{name}: {size} bytes"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    return size


def _one_a_line(document: Json) -> str:
    """Return a recording as JSON with one object a line, so that a change of one can be read."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    kinds = [
        f" {line(kind)}: [\n  " + ",\n  ".join(map(line, own)) + "\n ]"
        for kind, own in document["objects"].items()
    ]
    head = (
        f'{{"now": {line(document["now"])},\n"clues": {line(document["clues"])},\n"objects": {{\n'
    )
    return head + ",\n".join(kinds) + "\n}}\n"


def _own(name: str, seen: Seen) -> dict[str, list[Json]]:
    """Return the objects that belong to a rollout, by kind."""
    own = {
        "rollouts": [seen.rollout(name)],
        "replicasets": seen.sets(name),
        "pods": seen.pods(name)[:4],
        "analysisruns": seen.runs(name),
    }
    for kind in ("services", "ingresses", "endpointslices", "analysistemplates"):
        own[kind] = [one for one in seen.objects[kind] if _belongs(one, name)]
    uids = {one["metadata"]["uid"] for objects in own.values() for one in objects}
    events = [one for one in seen.objects["events"] if one["involvedObject"].get("uid") in uids]
    own["events"] = [one for one in events if one.get("type") == "Warning"][-6:]
    return own


def _belongs(one: Json, name: str) -> bool:
    service = one["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")
    own = str(one["metadata"]["name"])
    return own == name or own.startswith(f"{name}-") or service.startswith(f"{name}-")


_HEAVY: Final = frozenset(
    {
        "env",
        "resources",
        "volumeMounts",
        "securityContext",
        "ports",
        "tolerations",
        "readinessProbe",
        "livenessProbe",
        "imageID",
        "containerID",
        "podIP",
        "podIPs",
        "hostIP",
        "hostIPs",
        "qosClass",
        "dnsPolicy",
        "schedulerName",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "imagePullPolicy",
        "terminationGracePeriodSeconds",
        "enableServiceLinks",
        "preemptionPolicy",
        "restartPolicy",
        "priority",
        "selfLink",
        "reportingInstance",
        "runSummary",
        "dryRunSummary",
        "loadBalancer",
        "sessionAffinity",
        "internalTrafficPolicy",
        "ipFamilies",
        "ipFamilyPolicy",
        "clusterIP",
        "clusterIPs",
    }
)
"""Fields that no cause reads."""
_ANNOTATIONS: Final = ("kubectl.kubernetes.io/last-applied-configuration",)


def _lean(one: Json) -> Json:
    """Return an object without what no cause reads."""
    lean: Json = json.loads(json.dumps(one))
    metadata = lean["metadata"]
    metadata["managedFields"] = [
        {key: entry[key] for key in ("manager", "operation", "subresource", "time") if key in entry}
        for entry in metadata.get("managedFields", [])
    ]
    for key in _ANNOTATIONS:
        metadata.get("annotations", {}).pop(key, None)
    _strip(lean)
    return lean


def _strip(value: Any) -> None:
    if isinstance(value, dict):
        for key in _HEAVY & value.keys():
            del value[key]
        for inner in value.values():
            _strip(inner)
    elif isinstance(value, list):
        for inner in value:
            _strip(inner)
