"""`manifests`: a whole delivery as YAML, on stdout or in files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from amas_tui.cli.config_command import context_name
from amas_tui.cli.connect import resolved
from amas_tui.cli.options import Flags
from amas_tui.errors import UsageError
from amas_tui.pipeline.manifests.bundle import KINDS, Part, bundle, whole_text, yaml_text
from amas_tui.pipeline.manifests.plan import (
    CustomGate,
    Gate,
    Metrics,
    Plan,
    Slo,
    Strategy,
    summary,
)


class _List(click.ParamType[tuple[str, ...]]):
    """Words between commas."""

    def __init__(self, example: str) -> None:
        self.name = example

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:  # noqa: ARG002
        """Return the words."""
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class _Share(click.ParamType[float]):
    """A share of one, also written as a percentage."""

    name = "share"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the number, 0 to 1."""
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            self.fail(f"{text} is not a share such as 0.95 or 95%", param, ctx)
        return number / 100 if text.endswith("%") else number


_SLO, _GATE, _METRICS = Slo(), Gate(), Metrics()
_OPTIONS: Final = (
    click.option("--name", envvar="ROLLOUT_NAME", help="Of the Rollout."),
    click.option("-n", "--namespace", envvar="NAMESPACE", help="Where."),
    click.option("--image", help="The whole reference, in place of the next three."),
    click.option("--registry", envvar="DOCKER_REGISTRY", help="E.g. ghcr.io/example."),
    click.option("--image-name", envvar="IMAGE_NAME", help="The rollout's name by default."),
    click.option("--tag", envvar="IMAGE_TAG", help="The version; latest is refused."),
    click.option("--container", default="", help="Its name."),
    click.option(
        "--strategy", type=click.Choice([one.value for one in Strategy]), default="canary"
    ),
    click.option("--steps", type=_List("10,25,50,75,100"), default="10,25,50,75,100"),
    click.option(
        "--pauses",
        type=_List("1m,1m,2m,2m,1m"),
        default="",
        help="After each step below 100, and one before the last gate.",
    ),
    click.option("--success-rate", type=_Share(), default=_SLO.success_rate, help="At least."),
    click.option("--latency", type=float, default=_SLO.latency, help="95 % below, in seconds."),
    click.option("--error-budget", type=_Share(), default=_SLO.error_budget, help="Left over."),
    click.option("--health-timeout", default=_SLO.health_timeout, help="For unready pods."),
    click.option("--count", type=int, default=_GATE.count, help="Measurements of a gate."),
    click.option("--interval", default=_GATE.interval, help="Between two of them."),
    click.option("--window", default=_GATE.window, help="Of a gate's rates."),
    click.option("--background-window", default=_GATE.background_window),
    click.option("--prometheus-address", default=_METRICS.address, help="For the controller."),
    click.option("--requests-metric", default=_METRICS.requests),
    click.option("--latency-metric", default=_METRICS.duration, help="A histogram's buckets."),
    click.option("--status-label", default=_METRICS.status_label),
    click.option("--namespace-label", default=_METRICS.namespace_label),
    click.option("--hash-label", default=_METRICS.hash_label, help="Tells versions apart."),
    click.option("--metrics-path", default=_METRICS.path),
    click.option(
        "--template",
        "custom",
        nargs=3,
        multiple=True,
        metavar="NAME QUERY CONDITION",
        help="A gate of your own, e.g. queue 'sum(q{hash=\"{{args.hash}}\"})' 'result[0] < 9'.",
    ),
    click.option("--host", default="", help="Of the Ingress."),
    click.option("--ingress-class", default="nginx"),
    click.option("--ingress-namespace", default="ingress-nginx"),
    click.option("--monitoring-namespace", default="monitoring"),
    click.option("--replicas", type=int, default=3),
    click.option("--port", type=int, default=8000, help="Of the container."),
    click.option("--cpu", default="100m"),
    click.option("--memory", default="128Mi"),
    click.option(
        "--skip",
        multiple=True,
        type=click.Choice(KINDS, case_sensitive=False),
        help="A kind to leave out, e.g. without the prometheus-operator; repeatable.",
    ),
)


def _plan_options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command(context_settings={"show_default": True})
@_plan_options
@click.option("--output-dir", type=click.Path(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--kubeconfig", help="For the context whose section of the configuration holds.")
@click.option("--context", "context_", help="Likewise.")
@click.pass_context
def manifests(
    ctx: click.Context,
    /,
    *,
    output_dir: Path | None,
    force: bool,
    kubeconfig: str | None,
    context_: str | None,
    **given: Any,
) -> None:
    """Print a Rollout and everything it needs, ready for kubectl apply -f -.

    Each value comes from its flag, else NAMESPACE, ROLLOUT_NAME, IMAGE_TAG, DOCKER_REGISTRY or
    IMAGE_NAME, else [manifests] of the configuration, else the default.
    """
    flags = Flags(kubeconfig=kubeconfig, context=context_)
    configured = resolved(flags, context_name(flags)).settings.manifests
    plan = plan_of(given | _configured(ctx, configured))
    parts = bundle(plan)
    for one in plan.custom:
        if not one.selects_canary:
            words = "judges all versions together: select by {{args.hash}}"
            click.echo(f"the query of {one.name} {words}", err=True)
    if output_dir is None:
        click.echo(whole_text(parts), nl=False)
    else:
        _write(output_dir, parts, force=force)
    click.echo(f"{summary(plan)}.", err=True)


def _configured(ctx: click.Context, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what the configuration says of flags that neither flag nor environment gave."""
    by_flag = {
        option.removeprefix("--"): parameter
        for parameter in ctx.command.params
        for option in parameter.opts
        if parameter.name not in _NOT_CONFIGURED
    }
    found: dict[str, Any] = {}
    for name, text in values.items():
        if name not in by_flag:
            known = ", ".join(sorted(option for option in by_flag if len(option) > 1))
            raise UsageError(f"there is no setting manifests.{name}", hint=f"There are {known}")
        parameter = by_flag[name]
        key = str(parameter.name)
        if ctx.get_parameter_source(key) is ParameterSource.DEFAULT:
            found[key] = parameter.type_cast_value(ctx, text)
    return found


_NOT_CONFIGURED: Final = frozenset({"output_dir", "force", "custom", "skip", "context_"})


def plan_of(given: Mapping[str, Any]) -> Plan:
    """Return the plan that the flags describe.

    Raises:
        UsageError: Something that has no default is missing.
    """
    name = given["name"] or given["image_name"]
    if not name:
        raise UsageError("the Rollout has no name", hint="Give --name or ROLLOUT_NAME")
    if not given["namespace"]:
        raise UsageError("the namespace is not known", hint="Give -n or NAMESPACE")
    return Plan(
        namespace=given["namespace"],
        name=name,
        image=given["image"] or _reference(given, name),
        strategy=Strategy(given["strategy"]),
        container=given["container"],
        host=given["host"],
        replicas=given["replicas"],
        port=given["port"],
        cpu=given["cpu"],
        memory=given["memory"],
        weights=_weights(given["steps"]),
        pauses=given["pauses"],
        slo=Slo(
            given["success_rate"], given["latency"], given["error_budget"], given["health_timeout"]
        ),
        gate=Gate(given["count"], given["interval"], given["window"], given["background_window"]),
        metrics=Metrics(
            address=given["prometheus_address"],
            requests=given["requests_metric"],
            duration=given["latency_metric"],
            status_label=given["status_label"],
            namespace_label=given["namespace_label"],
            hash_label=given["hash_label"],
            path=given["metrics_path"],
        ),
        custom=tuple(CustomGate(*one) for one in given["custom"]),
        ingress_class=given["ingress_class"],
        ingress_namespace=given["ingress_namespace"],
        monitoring_namespace=given["monitoring_namespace"],
        skipped=frozenset(kind.lower() for kind in given["skip"]),
    )


def _weights(words: tuple[str, ...]) -> tuple[int, ...]:
    try:
        return tuple(int(word.removesuffix("%")) for word in words)
    except ValueError:
        raise UsageError(
            f"{','.join(words)} is not a list of steps", hint="Write e.g. --steps 10,25,50,75,100"
        ) from None


def _reference(given: Mapping[str, Any], name: str) -> str:
    """Return the image's reference from registry, name and tag."""
    if not given["tag"]:
        raise UsageError(
            "the image has no version", hint="Give --tag v1.2.3, IMAGE_TAG, or a whole --image"
        )
    registry = (given["registry"] or "").rstrip("/")
    image = given["image_name"] or name
    separator = "@" if given["tag"].startswith("sha256:") else ":"
    return f"{registry}{'/' if registry else ''}{image}{separator}{given['tag']}"


def _write(folder: Path, parts: tuple[Part, ...], *, force: bool) -> None:
    """Write each part into its file; none is replaced unasked.

    Raises:
        UsageError: A file is there already, or cannot be written.
    """
    paths = [folder / part.file for part in parts]
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise UsageError(
            f"{', '.join(map(str, there))}: there already", hint="Replace with --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, part in zip(paths, parts, strict=True):
            path.write_text(yaml_text(part), encoding="utf-8")
            click.echo(str(path))
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
