"""Reads what the doctor looks at: GETs, and reviews of who we are and what we may."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from amas_tui.errors import (
    AmasError,
    CredentialError,
    MetricsError,
    UnauthorizedError,
    UnreachableError,
)
from amas_tui.kube import api
from amas_tui.kube.transport import Transport
from amas_tui.pipeline.doctor import (
    Asked,
    Facts,
    PrometheusFact,
    examine,
    metric_names,
    wanted_rights,
)
from amas_tui.pipeline.lint.document import mapping, sequence, text
from amas_tui.pipeline.lint.engine import lint_documents
from amas_tui.pipeline.lint.finding import Finding
from amas_tui.rules.arguments import unresolved
from amas_tui.session.live_objects import about, live_bundle, templates_of
from amas_tui.session.ways import Ways
from amas_tui.store.checks import Check

_ARGO: Final = "/apis/argoproj.io/v1alpha1"
_PATIENCE_SECONDS: Final = 10.0
_CONTROLLER: Final = {"labelSelector": "app.kubernetes.io/name=argo-rollouts"}
_NGINX: Final = {"labelSelector": "app.kubernetes.io/name=ingress-nginx"}


async def gather_facts(
    transport: Transport, namespace: str, name: str = "", prometheus_url: str = ""
) -> Facts:
    """Return everything that the doctor looks at.

    Args:
        transport: To the cluster.
        namespace: Whose rollouts are looked at.
        name: One of them; empty for all.
        prometheus_url: Where Prometheus is asked before what templates say.

    Raises:
        UnreachableError: The API server cannot be reached at all.
        UnauthorizedError: It does not know us.
    """
    version = await _version(transport)
    who = await api.identity(transport)
    rights = tuple(right for _, right in wanted_rights(namespace))
    answers = await asyncio.gather(*(api.may(transport, right) for right in rights))
    here = f"{_ARGO}/namespaces/{namespace}"
    one = f"/rollouts/{name}" if name else "/rollouts"
    kinds, controllers, classes, nginx, rollouts, runs = await asyncio.gather(
        _ask(transport, _ARGO),
        _items(transport, "/api/v1/pods", _CONTROLLER),
        _items(transport, "/apis/networking.k8s.io/v1/ingressclasses"),
        _items(transport, "/api/v1/pods", _NGINX),
        _ask(transport, here + one) if name else _items(transport, here + one),
        _items(transport, f"{here}/analysisruns"),
    )
    if name and rollouts.answer is not None:
        rollouts = Asked([rollouts.answer])
    names = [text(mapping(ro.get("metadata")).get("name")) for ro in rollouts.answer or ()]
    findings, queries = await _manifests(transport, namespace, names)
    return Facts(
        namespace=namespace,
        who=who.name,
        is_confirmed=who.is_confirmed,
        version=version,
        kinds=kinds,
        rights=tuple(zip(rights, answers, strict=True)),
        controllers=controllers,
        classes=classes,
        ingress_controllers=nginx,
        rollouts=rollouts,
        runs=_own_runs(runs, names),
        prometheus=await _prometheus(transport, queries, prometheus_url),
        findings=findings,
        clock_offset=transport.clock_offset,
        terminal=terminal_facts(os.environ),
    )


async def diagnose(
    transport: Transport, namespace: str, name: str = "", prometheus_url: str = ""
) -> tuple[Check, ...]:
    """Return every check. See `gather_facts`."""
    return examine(await gather_facts(transport, namespace, name, prometheus_url))


async def _version(transport: Transport) -> Asked:
    try:
        return Asked(await api.version(transport))
    except (UnreachableError, UnauthorizedError, CredentialError):
        raise
    except AmasError as error:
        return Asked(problem=error.text)


async def _ask(transport: Transport, path: str, params: Mapping[str, str] | None = None) -> Asked:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return Asked((await transport.get(path, params, doing=f"read {path}")).json())
    except AmasError as error:
        return Asked(problem=error.text)
    except TimeoutError:
        return Asked(problem=f"no answer within {_PATIENCE_SECONDS:.0f} s")


async def _items(transport: Transport, path: str, params: Mapping[str, str] | None = None) -> Asked:
    asked = await _ask(transport, path, {"limit": "500", **(params or {})})
    if asked.answer is None:
        return asked
    return Asked([mapping(one) for one in sequence(asked.answer.get("items"))])


def _own_runs(runs: Asked, names: Sequence[str]) -> Asked:
    """Return the runs of these rollouts, oldest first."""
    if runs.answer is None:
        return runs
    own = [
        run
        for run in runs.answer
        if any(
            text(owner.get("name")) in names
            for owner in sequence(mapping(run.get("metadata")).get("ownerReferences"))
        )
    ]
    return Asked(sorted(own, key=lambda run: text(run["metadata"].get("creationTimestamp"))))


async def _manifests(
    transport: Transport, namespace: str, names: Sequence[str]
) -> tuple[tuple[Finding, ...], dict[str, set[str]]]:
    """Return what lint finds in these rollouts, and the metrics asked at each address."""
    findings: list[Finding] = []
    queries: dict[str, set[str]] = {}
    for name in names[:20]:
        try:
            bundle = await live_bundle(transport, namespace, name)
        except AmasError:
            continue
        rollout = bundle.of("Rollout")[0]
        files = set(about(bundle, rollout))
        findings += [one for one in lint_documents(bundle) if one.file in files]
        for template, _ in templates_of(bundle, rollout):
            for _, metric in template.items("spec", "metrics"):
                found = mapping(mapping(mapping(metric).get("provider")).get("prometheus"))
                address, query = text(found.get("address")), text(found.get("query"))
                if query and not unresolved(address):
                    queries.setdefault(address, set()).update(metric_names(query))
    return tuple(dict.fromkeys(findings)), queries


async def _prometheus(
    transport: Transport, queries: Mapping[str, set[str]], url: str
) -> tuple[PrometheusFact, ...]:
    """Return how each address is reached, and which of its metrics are there."""
    wanted = {url: {one for names in queries.values() for one in names}} if url else queries
    found = []
    async with aclosing(Ways(transport, url)) as ways:
        for address, names in wanted.items():
            way = await ways.to(address)
            if way.prometheus is None:
                problem = way.problem.sentence if way.problem else "it cannot be reached"
                found.append(PrometheusFact(address or "no address", problem=problem))
                continue
            present: dict[str, bool] = {}
            for name in sorted(names):
                try:
                    answer = await way.prometheus.query(f"count({name})")
                except MetricsError:
                    continue
                present[name] = bool(answer.series)
            found.append(PrometheusFact(address, way.words, present=present))
    return tuple(found)


def terminal_facts(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of the terminal."""
    # Below a full screen the streams are its own; these are the process'.
    stream = sys.__stderr__
    try:
        size = os.get_terminal_size(stream.fileno()) if stream and stream.isatty() else None
    except (OSError, ValueError):
        size = None
    return {
        "TERM": environment.get("TERM", "") if size else "",
        "size": f"{size.columns}x{size.lines}" if size else "",
        "encoding": (getattr(stream, "encoding", None) or "ascii").lower(),
        "multiplexer": "tmux" if environment.get("TMUX") else "",
        "over": "SSH" if environment.get("SSH_CONNECTION") else "",
        "NO_COLOR": "set" if environment.get("NO_COLOR") else "",
    }
