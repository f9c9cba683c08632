"""A Rollout of the cluster and everything it names, as the linter reads it."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

from amas_tui.errors import ForbiddenError, NotFoundError
from amas_tui.kube.transport import Transport
from amas_tui.pipeline.lint.document import Bundle, Document, mapping, sequence, text
from amas_tui.pipeline.lint.engine import lint_documents
from amas_tui.pipeline.lint.finding import Finding
from amas_tui.pipeline.lint.template_rules import TEMPLATES, analyses

_ROLLOUT: Final = "/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts/{name}"
_LISTS: Final = {
    "AnalysisTemplate": "/apis/argoproj.io/v1alpha1/namespaces/{namespace}/analysistemplates",
    "ClusterAnalysisTemplate": "/apis/argoproj.io/v1alpha1/clusteranalysistemplates",
    "Service": "/api/v1/namespaces/{namespace}/services",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies",
}


async def live_bundle(transport: Transport, namespace: str, name: str) -> Bundle:
    """Return a Rollout and everything of its namespace that it may name.

    Raises:
        AmasError: There is no such Rollout, or no way to it.
    """
    path = _ROLLOUT.format(namespace=namespace, name=name)
    reply = await transport.get(path, doing=f"get rollout/{name} in {namespace}")
    listed = await asyncio.gather(
        *(_list(transport, kind, path.format(namespace=namespace)) for kind, path in _LISTS.items())
    )
    found = [document for documents in listed for document in documents or ()]
    is_complete = all(documents is not None for documents in listed)
    return Bundle([_document(reply.json(), "Rollout"), *found], is_complete=is_complete)


def _document(raw: Mapping[str, Any], kind: str) -> Document:
    name = text(mapping(raw.get("metadata")).get("name"))
    return Document(f"{kind.lower()}/{name}", raw)


async def _list(transport: Transport, kind: str, path: str) -> list[Document] | None:
    """Return the objects of a kind, `None` where they may not be listed."""
    try:
        listed = (await transport.get(path, doing=f"list {kind}")).json()
    except (ForbiddenError, NotFoundError):
        return None
    version = text(listed.get("apiVersion"))
    items = sequence(listed.get("items"))
    return [_document({"apiVersion": version, "kind": kind, **one}, kind) for one in items]


def about(bundle: Bundle, rollout: Document) -> Iterator[str]:
    """Yield the `file` of each object that this Rollout is concerned with."""
    yield rollout.file
    yield from (template.file for template, _ in templates_of(bundle, rollout))
    yield from (one.file for one in bundle.of("NetworkPolicy"))


def templates_of(bundle: Bundle, rollout: Document) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """Yield each template that a Rollout names, once, with the analysis that names it first."""
    seen: set[str] = set()
    for _, _, analysis in analyses(rollout):
        for reference in sequence(analysis.get("templates")):
            kind = TEMPLATES[1] if mapping(reference).get("clusterScope") else TEMPLATES[0]
            found = bundle.find(kind, text(mapping(reference).get("templateName")), rollout)
            if found is not None and found.file not in seen:
                seen.add(found.file)
                yield found, analysis


def faults_of(bundle: Bundle) -> tuple[Finding, ...]:
    """Return the faults of a bundle's first Rollout and of what it names."""
    files = set(about(bundle, bundle.of("Rollout")[0]))
    return tuple(one for one in lint_documents(bundle) if one.file in files)


async def live_faults(transport: Transport, namespace: str, name: str) -> tuple[Finding, ...]:
    """Return the faults of a Rollout in the cluster and of what it names.

    Raises:
        AmasError: There is no such Rollout, or no way to it.
    """
    return faults_of(await live_bundle(transport, namespace, name))
