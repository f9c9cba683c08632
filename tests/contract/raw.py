"""Plain requests, whose whole answer is the subject."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from tests.contract.planes import Plane

MERGE: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"
ARGO: Final = "/apis/argoproj.io/v1alpha1"
ANONYMOUS: Final = "anonymous"
WRONG: Final = "somebody with a wrong token"
_SECONDS: Final = 30


@contextmanager
def client(plane: Plane, user: str = "admin") -> Iterator[httpx.Client]:
    """Yield a client for a user, for nobody, or with a token that nobody has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if plane.ca_file is not None:
        context.load_verify_locations(plane.ca_file)
    token = "nobody-has-this" if user == WRONG else plane.tokens.get(user, "")
    headers = {} if user == ANONYMOUS else {"Authorization": f"Bearer {token}"}
    with httpx.Client(
        base_url=plane.url, headers=headers, verify=context, trust_env=False, timeout=_SECONDS
    ) as made:
        yield made


def send(
    plane: Plane,
    method: str,
    path: str,
    body: object = None,
    *,
    type_: str = "application/json",
    user: str = "admin",
    params: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Return the answer to one request; `body` is JSON, or text that is sent as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    content = None if body is None else text.encode()
    headers = {} if body is None else {"Content-Type": type_}
    with client(plane, user) as http:
        return http.request(method, path, content=content, headers=headers, params=params)


def status(
    code: int, reason: str, message: str, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a `Status` of a failure, whole."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        **({"reason": reason} if reason else {}),
        **({} if details is None else {"details": dict(details)}),
        "code": code,
    }
