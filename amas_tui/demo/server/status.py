"""The API server's refusals, in its words."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from amas_tui.demo.resources import Resource
from amas_tui.demo.server.requests import Asked
from amas_tui.demo.store import StatusError


class Cause(NamedTuple):
    """One thing that is wrong with an object; `reason` is e.g. `FieldValueInvalid`."""

    reason: str
    message: str
    field: str

    @property
    def sentence(self) -> str:
        """Return the cause as the whole message has it."""
        return f"{self.field}: {self.message}"

    def json(self) -> dict[str, str]:
        """Return the cause as `details.causes` has it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> StatusError:
    """Return the refusal of an object that breaks its kind's rules (422)."""
    sentences = list(dict.fromkeys(cause.sentence for cause in causes))
    joined = sentences[0] if len(sentences) == 1 else f"[{', '.join(sentences)}]"
    full = f"{kind}.{group}" if group else kind
    return StatusError(
        422,
        "Invalid",
        f'{full} "{name}" is invalid: {joined}',
        given(name=name, group=group, kind=kind) | {"causes": [cause.json() for cause in causes]},
    )


def bad_request(message: str) -> StatusError:
    """Return the refusal of a request that makes no sense (400)."""
    return StatusError(400, "BadRequest", message)


def conflict(resource: Resource, name: str) -> StatusError:
    """Return the refusal of a write to a version that is not the newest (409)."""
    return StatusError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {resource.full_name} "{name}": the object has been'
        " modified; please apply your changes to the latest version and try again",
        given(name=name, group=resource.group, kind=resource.plural),
    )


def forbidden(asked: Asked, user: str) -> StatusError:
    """Return the refusal of what no rule allows (403)."""
    if not asked.plural:
        message = f'forbidden: User "{user}" cannot {asked.verb} path "{asked.path}"'
        return StatusError(403, "Forbidden", message, {})
    named = f'{asked.full_name} "{asked.name}"' if asked.name else asked.full_name
    what = "/".join(part for part in (asked.plural, asked.subresource) if part)
    place = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    return StatusError(
        403,
        "Forbidden",
        f'{named} is forbidden: User "{user}" cannot {asked.verb} resource "{what}" in API group'
        f' "{asked.group}" {place}',
        given(name=asked.name, group=asked.group, kind=asked.plural),
    )


def terminating(resource: Resource, namespace: str, name: str) -> StatusError:
    """Return the refusal of a new object in a namespace that is on its way out (403)."""
    cause = Cause(
        "NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace"
    )
    return StatusError(
        403,
        "Forbidden",
        f'{resource.full_name} "{name}" is forbidden: unable to create new content in namespace'
        f" {namespace} because it is being terminated",
        given(name=name, group=resource.group, kind=resource.plural) | {"causes": [cause.json()]},
    )


def unsupported(accepted: Sequence[str]) -> StatusError:
    """Return the refusal of a body in another format (415)."""
    return StatusError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted),
    )


def unprocessable() -> StatusError:
    """Return the refusal of a JSON patch that does not apply, of which no more is said (422)."""
    message = "the server rejected our request due to an error in our request"
    return StatusError(422, "Invalid", message, {})


def given(**details: str) -> dict[str, Any]:
    """Return the details that are not empty."""
    return {key: value for key, value in details.items() if value}


def internal(message: str) -> StatusError:
    """Return an error that has no reason of its own (500)."""
    return StatusError(500, "", message)
