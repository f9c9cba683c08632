"""Single requests to one cluster: read an object, ask for a right, send a write."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from amas_tui.actions.record import Note
from amas_tui.actions.write import FIELD_MANAGER, JSON_PATCH, Write, api_time
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import AmasError, ApiError
from amas_tui.kube.decode import decoder
from amas_tui.kube.resources import ARGO, RESOURCES
from amas_tui.kube.transport import Transport
from amas_tui.ports import Identity, Right
from amas_tui.safe import safe
from amas_tui.store.kinds import Kind

_SAR: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_SSR: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def read(transport: Transport, kind: Kind, key: Key) -> dict[str, Any]:
    """Return one object as JSON.

    Raises:
        AmasError: It cannot be had.
    """
    resource = RESOURCES[kind]
    path = resource.path(key.namespace, key.name)
    reply = await transport.get(path, doing=f"get {resource.named(key)}")
    return reply.json()


async def get(transport: Transport, kind: Kind, key: Key) -> Any:
    """Return one object as its record.

    Raises:
        AmasError: It cannot be had.
    """
    resource = RESOURCES[kind]
    path = resource.path(key.namespace, key.name)
    reply = await transport.get(path, doing=f"get {resource.named(key)}")
    return decoder(resource.type).one(reply.body)


async def send(transport: Transport, write: Write, *, dry_run: bool) -> dict[str, Any]:
    """Send a write and return the object as the server answered it.

    Raises:
        AmasError: The server refused it, or gave no answer.
    """
    resource = RESOURCES[write.kind]
    params = {"fieldManager": FIELD_MANAGER, **({"dryRun": "All"} if dry_run else {})}
    reply = await transport.request(
        "PATCH",
        resource.path(write.key.namespace, write.key.name, write.subresource),
        params,
        doing=f"patch {resource.named(write.key)}",
        body=write.body,
        content_type=JSON_PATCH,
    )
    return reply.json()


async def may(transport: Transport, right: Right) -> str | None:
    """Return `None` when we have a right, else the server's reason.

    A server that does not answer reviews is not a refusal: the write itself will tell.

    Raises:
        AmasError: The server cannot be reached.
    """
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "namespace": right.namespace,
        "name": right.name,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {k: v for k, v in attributes.items() if v}},
    }
    try:
        reply = await transport.request(
            "POST", _SAR, doing=f"review the right to {right}", body=json.dumps(body).encode()
        )
    except ApiError:
        return None
    status = _mapping(reply.json(), "status")
    if status.get("allowed"):
        return None
    return safe(str(status.get("reason") or "no rule grants it"))


async def announce(transport: Transport, rollout: Rollout, note: Note, now: datetime) -> None:
    """Leave an Event on a rollout.

    Raises:
        AmasError: It was refused, or the server cannot be reached.
    """
    namespace, name = rollout.key
    moment = now.astimezone(UTC)
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{name}.{moment.timestamp() * 1e9:016.0f}",
            "namespace": namespace,
        },
        "involvedObject": {
            "apiVersion": ARGO,
            "kind": "Rollout",
            "namespace": namespace,
            "name": name,
            "uid": rollout.uid,
        },
        "type": "Normal",
        "reason": note.reason,
        "message": note.message,
        "count": 1,
        "firstTimestamp": api_time(moment),
        "lastTimestamp": api_time(moment),
        "source": {"component": FIELD_MANAGER},
    }
    await transport.request(
        "POST",
        RESOURCES[Kind.EVENTS].path(namespace),
        {"fieldManager": FIELD_MANAGER},
        doing=f"leave an event on rollout/{name}",
        body=json.dumps(body).encode(),
    )


async def last_note(transport: Transport, key: Key, uid: str) -> str:
    """Return the message of the newest Event that this program left on a rollout.

    Raises:
        AmasError: The events cannot be read.
    """
    selector = f"involvedObject.uid={uid},source={FIELD_MANAGER}"
    reply = await transport.request(
        "GET",
        RESOURCES[Kind.EVENTS].path(key.namespace),
        {"fieldSelector": selector},
        doing=f"list the events of rollout/{key.name}",
    )
    items = reply.json().get("items") or []
    # Each is named after the moment when it was left.
    newest = sorted(items, key=lambda item: str(item.get("metadata", {}).get("name")))[-1:]
    return safe(str(newest[0].get("message") or "")) if newest else ""


async def identity(transport: Transport) -> Identity:
    """Return who the API server says we are, else the kubeconfig's user (before 1.28)."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        reply = await transport.request(
            "POST", _SSR, doing="ask who we are", body=json.dumps(body).encode()
        )
        name = _mapping(_mapping(reply.json(), "status"), "userInfo").get("username")
    except AmasError:
        name = None
    if name:
        return Identity(safe(str(name)), is_confirmed=True)
    return Identity(transport.access.user or "unknown")


def _mapping(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


async def version(transport: Transport) -> Mapping[str, Any]:
    """Return the API server's version document."""
    return (await transport.get("/version", doing="ask the server's version")).json()
