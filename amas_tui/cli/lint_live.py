"""The same faults in a live Rollout, and its gates against what was really measured."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amas_tui.cli.connect import resolved
from amas_tui.cli.headless import Connection, one_namespace
from amas_tui.cli.options import Flags
from amas_tui.domain.analysis import AnalysisTemplate
from amas_tui.domain.base import HASH_LABEL
from amas_tui.errors import MetricsError
from amas_tui.kube.decode import decoder
from amas_tui.kube.transport import Transport
from amas_tui.pipeline.lint.document import Bundle, Document, mapping, sequence, text
from amas_tui.pipeline.lint.finding import Finding
from amas_tui.pipeline.lint.history import Preview, preview
from amas_tui.prometheus.client import PrometheusClient
from amas_tui.rules.analysis import resolved as resolved_metric
from amas_tui.rules.duration import go_duration
from amas_tui.session.live_objects import faults_of, live_bundle, templates_of

_HISTORY: Final = timedelta(hours=6)
_POINTS: Final = 1_000


async def lint_live(flags: Flags, name: str) -> tuple[tuple[Finding, ...], tuple[Preview, ...]]:
    """Return the faults of a Rollout in the cluster, and previews where a Prometheus is given."""
    async with Connection(flags) as (access, transport):
        namespace = one_namespace(flags, access)
        settings = resolved(flags, access.context).settings
        bundle = await live_bundle(transport, namespace, name)
        rollout = bundle.of("Rollout")[0]
        previews: tuple[Preview, ...] = ()
        if settings.prometheus_url:
            async with PrometheusClient(settings.prometheus_url) as client:
                previews = await _previews(transport, client, bundle, rollout)
    return faults_of(bundle), previews


async def _previews(
    transport: Transport, client: PrometheusClient, bundle: Bundle, rollout: Document
) -> tuple[Preview, ...]:
    """Return every gate over every revision's life."""
    path = f"/apis/apps/v1/namespaces/{rollout.namespace}/replicasets"
    listed = (
        await transport.get(path, {"labelSelector": HASH_LABEL}, doing="list revisions")
    ).json()
    uid = rollout.at("metadata", "uid")
    own = [
        one
        for one in sequence(listed.get("items"))
        if any(owner.get("uid") == uid for owner in one["metadata"].get("ownerReferences") or ())
    ]
    found: list[Preview] = []
    for document, analysis in templates_of(bundle, rollout):
        template: AnalysisTemplate = decoder(AnalysisTemplate).from_json(dict(document.content))
        for replica_set in own:
            found += await _over_life(client, rollout, template, analysis, replica_set)
    return tuple(sorted(found, key=lambda one: (one.template, one.revision)))


async def _over_life(
    client: PrometheusClient,
    rollout: Document,
    template: AnalysisTemplate,
    analysis: Mapping[str, Any],
    replica_set: Mapping[str, Any],
) -> list[Preview]:
    metadata = replica_set["metadata"]
    pod_hash = text(metadata["labels"].get(HASH_LABEL))
    revision = int(mapping(metadata.get("annotations")).get("rollout.argoproj.io/revision") or 0)
    values = _values(rollout, analysis, pod_hash)
    began = datetime.fromisoformat(metadata["creationTimestamp"])
    now = datetime.now(UTC)
    found = []
    for metric in template.spec.metrics:
        filled = resolved_metric(metric, values)
        prometheus = filled.provider.prometheus
        name = template.metadata.name
        if prometheus is None or prometheus.range_query:
            continue
        interval = go_duration(filled.interval)
        start = max(began, now - _HISTORY)
        step = max(1.0, interval.total_seconds() if interval else 10.0)
        step = max(step, (now - start).total_seconds() / _POINTS)
        try:
            answer = await client.query_range(
                prometheus.query, start.timestamp(), now.timestamp(), step
            )
        except MetricsError as error:
            found.append(Preview(name, metric.name, revision, pod_hash, problem=error.text))
            continue
        points = answer.series[0].points if answer.series else ()
        found.append(preview(name, filled, revision, pod_hash, points))
    return found


def _values(rollout: Document, analysis: Mapping[str, Any], pod_hash: str) -> dict[str, str | None]:
    """Return the arguments as they were when this revision was the new one."""
    found: dict[str, str | None] = {}
    for one in sequence(analysis.get("args")):
        argument = mapping(one)
        source = mapping(argument.get("valueFrom"))
        field = text(mapping(source.get("fieldRef")).get("fieldPath"))
        value = argument.get("value")
        if source.get("podTemplateHashValue"):
            value = pod_hash
        elif field:
            value = str(rollout.at(*field.split(".")) or "")
        found[text(argument.get("name"))] = None if value is None else str(value)
    return found
