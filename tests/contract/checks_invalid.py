"""What is wrong with a rollout, in the controller's words, and what then happens: nothing."""

from tests.contract import actions as act
from tests.contract.actions import NAME
from tests.contract.stage import Stage, pass_by
from tests.controlplane import states
from tests.controlplane.kinds import Json
from tests.controlplane.manifests import manifest, service
from tests.controlplane.rollouts import (
    blue_green,
    canary,
    gate,
    pause,
    set_canary_scale,
    set_weight,
    workload_ref,
)


def _template(namespace: str, name: str, metric: Json, *args: str) -> Json:
    spec = {
        "args": [{"name": each} for each in args],
        "metrics": [
            {
                "name": "m",
                "provider": {"prometheus": {"address": "http://none:9090", "query": "vector(1)"}},
                **metric,
            }
        ],
    }
    return manifest("argoproj.io/v1alpha1", "AnalysisTemplate", namespace, name, spec=spec)


def _gate(template: str) -> Json:
    return gate({"templates": [{"templateName": template}]})


def faults(stage: Stage) -> None:
    """Each fault is told alone, with the path of its field."""
    namespace = stage.namespace
    cases = _spec_faults(namespace) | _reference_faults(namespace)
    stage.apply(
        _template(namespace, "endless", {"interval": "5s"}),
        _template(namespace, "unresolved", {}, "service"),
        _template(namespace, "unknown", {"successCondition": "{{args.nobody}}"}),
    )
    for manifests, _ in cases.values():
        stage.apply(*manifests)
    for name, (_, fault) in cases.items():
        text = f'The Rollout "{name}" is invalid: {fault}'
        seen = stage.wait("rollouts", name, _is_invalid)
        assert seen["status"]["message"] == f"InvalidSpec: {text}"
        assert act.condition(seen, "InvalidSpec")["message"] == text
        assert seen["status"]["phase"] == "Degraded"
        assert seen["status"]["observedGeneration"] == str(seen["metadata"]["generation"])
    assert stage.select("replicasets") == []


def _is_invalid(rollout: Json) -> bool:
    message: str = rollout.get("status", {}).get("message", "")
    return message.startswith("InvalidSpec")


Cases = dict[str, tuple[list[Json], str]]
_STEP = (
    "Step must have one of the following set:"
    " experiment, setWeight, setCanaryScale, plugin or pause"
)


def _spec_faults(namespace: str) -> Cases:
    def steps(name: str, *given: Json) -> list[Json]:
        return canary(namespace, name, given, replicas=1)

    same = blue_green(namespace, "same-service", preview=False, replicas=1)
    same[-1]["spec"]["strategy"]["blueGreen"]["previewService"] = "same-service-active"
    labels = canary(namespace, "other-labels", [], replicas=1)
    labels[-1]["spec"]["selector"] = {"matchLabels": {"app": "else"}}
    both = blue_green(namespace, "two-strategies", replicas=1)
    both[-1]["spec"]["strategy"]["canary"] = {}
    deadline = {"progressDeadlineSeconds": 5, "minReadySeconds": 5}
    kinds = "step.Experiment: false step.Pause: true step.SetWeight: true step.Analysis: false"
    none = " ".join(
        f"step.{kind}: true"
        for kind in (
            *("Experiment", "Pause", "SetWeight", "Analysis", "SetCanaryScale"),
            *("SetHeaderRoute", "SetMirrorRoute", "Plugin"),
        )
    )
    return {
        "two-kinds": (
            steps("two-kinds", {"setWeight": 10, "pause": {}}),
            f'spec.strategy.steps[0]: Invalid value: "{kinds}": {_STEP}',
        ),
        "no-kind": (
            steps("no-kind", {}),
            f'spec.strategy.steps[0]: Invalid value: "{none}": {_STEP}',
        ),
        "weight": (
            steps("weight", set_weight(101)),
            (
                "spec.strategy.steps[0].setWeight: Invalid value: 101:"
                " SetWeight needs to be between 0 and 100"
            ),
        ),
        "duration": (
            steps("duration", pause("1d")),
            (
                "spec.strategy.steps[0].pause.duration: Invalid value: -1:"
                " Duration needs to be greater than 0"
            ),
        ),
        "scale": (
            steps("scale", set_canary_scale(replicas=1)),
            (
                "spec.strategy.trafficRouting: Required value:"
                " SetCanaryScale requires TrafficRouting to be set"
            ),
        ),
        "delay": (
            canary(namespace, "delay", [], replicas=1, scale_down_delay=5),
            (
                "spec.strategy.scaleDownDelaySeconds: Invalid value: 5:"
                " Canary scaleDownDelaySeconds can only be used with traffic routing"
            ),
        ),
        "surge": (
            canary(namespace, "surge", [], replicas=1, maxSurge=0, maxUnavailable=0),
            (
                "spec.strategy.maxSurge: Invalid value: 0:"
                " MaxSurge and MaxUnavailable both can not be zero"
            ),
        ),
        "same-service": (
            same,
            (
                'spec.strategy.activeService: Invalid value: "same-service-active":'
                " This rollout uses the same service for the active and preview services,"
                " but two different services are required."
            ),
        ),
        "other-labels": (
            labels,
            (
                'spec.template.metadata.labels: Invalid value: {"app":"other-labels"}:'
                " `selector` does not match template `labels`"
            ),
        ),
        "two-strategies": (
            both,
            (
                'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true":'
                " Multiple Strategies can not be listed"
            ),
        ),
        "deadline": (
            canary(namespace, "deadline", [], replicas=1, spec=deadline),
            "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
        ),
    }


def _reference_faults(namespace: str) -> Cases:
    def without(kind: str, name: str, found: list[Json]) -> list[Json]:
        return [each for each in found if (each["kind"], each["metadata"]["name"]) != (kind, name)]

    def routed(name: str, *steps: Json) -> list[Json]:
        return canary(namespace, name, steps, nginx=True, replicas=1)

    def gated(name: str, template: str) -> list[Json]:
        return canary(namespace, name, [_gate(template)], replicas=1)

    strange = routed("strange-service")
    strange[0]["spec"]["selector"] = {"app": "else"}
    rules = routed("no-rule")
    backend = rules[2]["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    backend["service"]["name"] = "else"
    templates = "spec.strategy.canary.steps[0].analysis.templates: Invalid value:"
    nginx = "spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value:"
    return {
        "no-service": (
            without("Service", "no-service-canary", routed("no-service")),
            (
                'spec.strategy.canary.canaryService: Invalid value: "no-service-canary":'
                ' service "no-service-canary" not found'
            ),
        ),
        "no-ingress": (
            without("Ingress", "no-ingress-stable", routed("no-ingress")),
            f'{nginx} "no-ingress-stable": ingress.networking.k8s.io "no-ingress-stable" not found',
        ),
        "no-rule": (
            rules,
            (
                f'{nginx} "no-rule-stable": ingress `no-rule-stable` has no rules using'
                " service no-rule-stable backend"
            ),
        ),
        "strange-service": (
            strange,
            (
                'spec.strategy.canary.stableService: Invalid value: "strange-service-stable":'
                ' Service "strange-service-stable" has unmatch label "app" in rollout'
            ),
        ),
        "no-template": (
            gated("no-template", "absent"),
            f"{templates} \"absent\": AnalysisTemplate 'absent' not found",
        ),
        "unresolved": (
            gated("unresolved", "unresolved"),
            f'{templates} "templateNames: [unresolved]": args.service was not resolved',
        ),
        "unknown": (
            gated("unknown", "unknown"),
            (
                f'{templates} "unknown": AnalysisTemplate unknown:'
                " failed to resolve {{args.nobody}}"
            ),
        ),
        "endless": (
            gated("endless", "endless"),
            (
                f'{templates} "endless": AnalysisTemplate endless has metric m'
                " which runs indefinitely. Invalid value for count: <nil>"
            ),
        ),
        "no-workload": (
            without("Deployment", "no-workload", workload_ref(namespace, "no-workload", [])),
            f'deployments.apps "{namespace}/no-workload" not found',
        ),
    }


def invalid_is_not_acted_on(stage: Stage) -> None:
    """While it is invalid nothing moves, an abort included; a valid spec goes on."""
    act.deploy(stage, *canary(stage.namespace, NAME, [set_weight(50), pause()], replicas=2))
    act.release(stage, "v2")
    act.wait(stage, act.paused_at(1))
    sets = {
        each["metadata"]["name"]: each["spec"]["replicas"] for each in stage.select("replicasets")
    }
    wrong = {"steps": [{"setWeight": 10, "pause": {}}]}
    act.set_spec(stage, replicas=4, strategy={"canary": wrong})
    act.wait(stage, _is_invalid)
    act.release(stage, "v3")
    act.set_status(stage, abort=True)
    pass_by(stage)
    seen = act.wait(stage, act.both(_is_invalid, act.is_observed))
    assert "abortedAt" not in seen["status"]
    assert act.revision(seen) == "2"
    mine = [each for each in stage.select("replicasets") if each["metadata"]["name"] in sets]
    assert {each["metadata"]["name"]: each["spec"]["replicas"] for each in mine} == sets
    act.set_spec(stage, strategy={"canary": {"steps": [set_weight(50), pause()]}})
    is_going = act.both(act.paused_at(1), act.status_is(phase="Paused"))
    healed = act.wait(stage, act.both(is_going, act.is_revision("3")))
    assert "InvalidSpec" not in [each["type"] for each in healed["status"]["conditions"]]


def missing_service_that_comes(stage: Stage) -> None:
    """A rollout that lacks a Service goes on when there is one, untouched."""
    manifests = blue_green(stage.namespace, NAME, replicas=1)
    stage.apply(*manifests[1:])
    act.wait(stage, _is_invalid)
    stage.apply(service(stage.namespace, f"{NAME}-active", NAME))
    act.wait(stage, states.is_promoted)
