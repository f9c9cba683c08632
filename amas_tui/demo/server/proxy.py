"""The way to a Service through the API server: `services/NAME:PORT/proxy`.

Source: pkg/registry/core/service/storage/storage.go:ResourceLocation.
"""

from collections.abc import Sequence
from typing import Final

from amas_tui.demo.ports import Prometheus, Reply
from amas_tui.demo.resources import SERVICES
from amas_tui.demo.server.requests import Asked
from amas_tui.demo.server.status import bad_request
from amas_tui.demo.store import Json, StatusError, Store

PROMETHEUS_LABEL: Final = "amas-tui.demo/prometheus"
"""A Service that has it leads to the demo's Prometheus; nothing is behind the others' pods."""


def forward(
    store: Store, prometheus: Prometheus, asked: Asked, params: Sequence[tuple[str, str]]
) -> Reply:
    """Return what a Service answers.

    Raises:
        StatusError: The Service or its port is not there, or nothing is behind it.
    """
    scheme, name, port = _parts(asked.name)
    if scheme not in ("", "http", "https"):
        raise bad_request(f'invalid service request "{asked.name}"')
    service = store.get(SERVICES, asked.namespace, name)
    if port and not any(_is(port, one) for one in service["spec"].get("ports", ())):
        raise _unavailable(f'no service port {port} found for service "{name}"')
    if PROMETHEUS_LABEL not in service["metadata"].get("labels", {}):
        raise _unavailable(f'no endpoints available for service "{name}"')
    return prometheus.answer("/" + asked.rest, params)


def _parts(text: str) -> tuple[str, str, str]:
    """Return scheme, name and port of `[scheme:]name[:port]`."""
    match text.split(":"):
        case [name]:
            return "", name, ""
        case [name, port]:
            return "", name, port
        case [scheme, name, port]:
            return scheme, name, port
        case _:
            return "?", "", ""


def _is(text: str, port: Json) -> bool:
    return text in (str(port.get("port")), port.get("name"))


def _unavailable(message: str) -> StatusError:
    return StatusError(503, "ServiceUnavailable", message)
