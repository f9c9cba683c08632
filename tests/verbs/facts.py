"""What a client of its own reads of a rollout, in words that two rollouts in one state share."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.witness import Source

HASH: Final = "rollouts-pod-template-hash"
FLAPS: Final = "one or the other"
_CANARY: Final = "nginx.ingress.kubernetes.io/canary-weight"


@dataclass(frozen=True, slots=True)
class Facts:
    """One rollout and what belongs to it; versions are called by their image tags.

    Attributes:
        is_settled: Whether the controller has seen the newest spec, and the newest template.
        wanted: Tags of the pod template, init containers last.
        step: Index of the step, and how many there are.
        is_one: Whether the wanted version is the stable one.
        weights: Status weight of the canary and who has it, then of the stable version.
        ingress: The canary Ingress' weight, empty where there is none.
        services: Version that each Service selects, by the end of its name.
        pods: Ready and all pods of each version.
        runs: Each AnalysisRun's version and phase.
        restart: Whether a restart was asked for, and is finished.
        uids: Pods that are not on their way out.
    """

    is_settled: bool
    phase: str
    is_invalid: bool
    wanted: tuple[str, ...]
    step: tuple[int, int] | None
    current: str
    stable: str
    is_one: bool
    is_held: bool
    is_abort_asked: bool
    is_aborted: bool
    is_full: bool
    pauses: tuple[str, ...]
    weights: str
    ingress: str
    services: Mapping[str, str]
    pods: Mapping[str, tuple[int, int]]
    runs: tuple[str, ...]
    experiments: tuple[str, ...]
    restart: str
    uids: frozenset[str]

    def __str__(self) -> str:
        return "; ".join(self._words())

    def _words(self) -> Iterator[str]:
        yield f"{self.phase} (InvalidSpec)" if self.is_invalid else self.phase
        yield f"wants {'+'.join(self.wanted)}"
        yield f"{self.current} is stable" if self.is_one else f"{self.current} over {self.stable}"
        if self.step is not None:
            yield f"step {self.step[0]}/{self.step[1]}"
        marks = {
            "held": self.is_held,
            "abort asked": self.is_abort_asked and not self.is_aborted,
            "aborted": self.is_abort_asked and self.is_aborted,
            "abort left": self.is_aborted and not self.is_abort_asked,
            "promoting fully": self.is_full,
        }
        yield from (word for word, holds in marks.items() if holds)
        if self.pauses:
            yield f"pauses for {'+'.join(self.pauses)}"
        if self.weights:
            yield f"weights {self.weights}"
        if self.ingress:
            yield f"Ingress {self.ingress}"
        yield from (f"{name} → {version}" for name, version in sorted(self.services.items()))
        counts = (f"{tag} {ready}/{all_}" for tag, (ready, all_) in sorted(self.pods.items()))
        yield f"pods {', '.join(counts) or 'none'}"
        yield from self.runs
        yield from self.experiments
        if self.restart:
            yield self.restart


def read(source: Source, name: str) -> Facts:
    """Read a rollout and what belongs to it."""
    rollout = _there(source, "rollouts", name)
    spec, status = rollout["spec"], rollout.get("status", {})
    uid = rollout["metadata"]["uid"]
    sets = _owned(source.all("replicasets", name), uid)
    versions = {one["metadata"]["labels"][HASH]: _version(one) for one in sets}
    pods = _pods(source, name, sets)
    holder = rollout
    if "workloadRef" in spec:
        holder = _there(source, "deployments", spec["workloadRef"]["name"])
    current, stable = status.get("currentPodHash", ""), status.get("stableRS", "")
    steps = spec["strategy"].get("canary", {}).get("steps")
    return Facts(
        is_settled=_is_settled(rollout, holder),
        phase=status.get("phase", ""),
        is_invalid=_condition(status, "InvalidSpec"),
        wanted=tuple(dict.fromkeys(_tags(holder))),
        step=(status.get("currentStepIndex", 0), len(steps)) if steps else None,
        current=versions.get(current, "?"),
        stable=versions.get(stable, "nothing" if not stable else "?"),
        is_one=current == stable,
        is_held=bool(spec.get("paused")),
        is_abort_asked=bool(status.get("abort")),
        is_aborted="abortedAt" in status,
        is_full=bool(status.get("promoteFull")),
        pauses=tuple(one["reason"] for one in status.get("pauseConditions") or ()),
        weights=_weights(status, versions),
        ingress=_ingress(source, rollout),
        services=_services(source, rollout, versions) | _flapping(rollout, pods, versions),
        pods={tag: (sum(map(states.is_ready, own)), len(own)) for tag, own in pods.items()},
        runs=_runs(source, uid, versions) if "analysis" in json.dumps(spec) else (),
        experiments=_experiments(source, uid) if "experiment" in json.dumps(spec) else (),
        restart=_restart(spec, status),
        uids=frozenset(one["metadata"]["uid"] for own in pods.values() for one in own),
    )


def _there(source: Source, plural: str, name: str) -> Json:
    found = source.find(plural, name)
    assert found is not None, f"{plural}/{name} is gone"
    return found


def _owned(items: list[Json], uid: str) -> list[Json]:
    return [
        one
        for one in items
        if any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences", ()))
    ]


def _tags(holder: Json) -> Iterator[str]:
    spec = holder["spec"]["template"]["spec"]
    for one in (*spec["containers"], *spec.get("initContainers", ())):
        yield one["image"].rpartition(":")[2]


def _version(replica_set: Json) -> str:
    return next(_tags(replica_set))


def _pods(source: Source, name: str, sets: list[Json]) -> dict[str, list[Json]]:
    """Return the pods that stay, by version."""
    by_uid = {one["metadata"]["uid"]: _version(one) for one in sets}
    found: dict[str, list[Json]] = {}
    for pod in source.all("pods", name):
        owners = pod["metadata"].get("ownerReferences", ())
        own = next((by_uid[one["uid"]] for one in owners if one["uid"] in by_uid), None)
        if own is not None and "deletionTimestamp" not in pod["metadata"]:
            found.setdefault(own, []).append(pod)
    return found


def _is_settled(rollout: Json, holder: Json) -> bool:
    status = rollout.get("status", {})
    seen = [(status.get("observedGeneration"), rollout)]
    if holder is not rollout:
        seen.append((status.get("workloadObservedGeneration"), holder))
    return all(number == str(one["metadata"]["generation"]) for number, one in seen)


def _condition(status: Json, kind: str) -> bool:
    return any(
        one["type"] == kind and one["status"] == "True" for one in status.get("conditions", ())
    )


def _weights(status: Json, versions: Mapping[str, str]) -> str:
    weights: Any = status.get("canary", {}).get("weights")
    if not weights:
        return ""
    parts = (weights["canary"], weights["stable"])
    return " and ".join(
        f"{one['weight']} {versions.get(one.get('podTemplateHash', ''), '-')}" for one in parts
    )


def _ingress(source: Source, rollout: Json) -> str:
    canary = rollout["spec"]["strategy"].get("canary", {})
    stable = canary.get("trafficRouting", {}).get("nginx", {}).get("stableIngress")
    if not stable:
        return ""
    found = source.find("ingresses", f"{rollout['metadata']['name']}-{stable}-canary")
    if found is None:
        return "missing"
    return str(found["metadata"]["annotations"].get(_CANARY, "none"))


def _services(source: Source, rollout: Json, versions: Mapping[str, str]) -> dict[str, str]:
    strategy: Json = next(iter(rollout["spec"]["strategy"].values()))
    found = {}
    for role in ("stableService", "canaryService", "activeService", "previewService"):
        if role in strategy:
            service = source.find("services", strategy[role])
            selector = service["spec"]["selector"] if service else {}
            chosen = versions.get(selector.get(HASH, ""), "every version")
            found[role.removesuffix("Service")] = chosen if service else "missing"
    return found


def _flapping(
    rollout: Json, pods: Mapping[str, list[Json]], versions: Mapping[str, str]
) -> dict[str, str]:
    """Return that nobody can say what the canary Service selects.

    The controller disagrees with itself while an aborted version still has pods.
    """
    status = rollout["status"]
    routed = "trafficRouting" in rollout["spec"]["strategy"].get("canary", {})
    left = pods.get(versions.get(status.get("currentPodHash", ""), ""))
    return {"canary": FLAPS} if routed and status.get("abort") and left else {}


def _runs(source: Source, uid: str, versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return the runs by version; a terminated one says so."""
    found = _owned(source.all("analysisruns"), uid)
    words = []
    for run in found:
        version = versions.get(run["metadata"]["labels"].get(HASH, ""), "?")
        ended = ", ended" if run["spec"].get("terminate") else ""
        words.append(f"analysis of {version}: {run.get('status', {}).get('phase', '')}{ended}")
    return tuple(sorted(words))


def _experiments(source: Source, uid: str) -> tuple[str, ...]:
    found = _owned(source.all("experiments"), uid)
    words = []
    for one in found:
        ended = ", ended" if one["spec"].get("terminate") else ""
        words.append(f"experiment: {one.get('status', {}).get('phase', '')}{ended}")
    return tuple(sorted(words))


def _restart(spec: Json, status: Json) -> str:
    asked = spec.get("restartAt")
    if not asked:
        return ""
    if str(asked) > "2098":
        return "restart planned"
    return "restarted" if status.get("restartedAt", "") >= asked else "restarting"
