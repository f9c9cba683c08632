"""A small synchronous client of the API server: the tests' own witness of what is true."""

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, Self

import httpx

from tests.controlplane.kinds import KINDS, Json, kind_of

FIELD_MANAGER: Final = "controlplane-tests"
_REQUEST_SECONDS: Final = 30
_RECONNECT_SECONDS: Final = 0.1


class Server(Protocol):
    """What a client must know of a bed."""

    @property
    def url(self) -> str:
        """The API server's address."""

    @property
    def ca_file(self) -> Path | None:
        """Who signed its certificate; `None` where it speaks plain HTTP."""

    def token(self, user: str) -> str:
        """Return the user's token."""


class ApiError(AssertionError):
    """The API server refused; `status` is its code, `reason` its word for it."""

    def __init__(self, response: httpx.Response) -> None:
        body = response.read()
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {"message": body.decode(errors="replace")}
        self.status = response.status_code
        self.reason: str = answer.get("reason", "")
        self.message: str = answer.get("message", "")
        request = response.request
        super().__init__(f"{request.method} {request.url.path}: {self.status} {self.message}")


class WaitTimeoutError(AssertionError):
    """What was waited for did not come; `last` is the object as last seen, `None` if absent."""

    def __init__(self, what: str, seconds: float, last: Json | None) -> None:
        self.last = last
        super().__init__(f"{what} is not as expected after {seconds:g} s; {_summary(last)}")


class Api:
    """The API server as one user sees it."""

    def __init__(self, server: Server, user: str = "admin") -> None:
        self.server = server
        self.user = user
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if server.ca_file is not None:
            context.load_verify_locations(server.ca_file)
        self._client = httpx.Client(
            base_url=server.url,
            headers={"Authorization": f"Bearer {server.token(user)}"},
            verify=context,
            timeout=_REQUEST_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, plural: str, namespace: str | None, name: str) -> Json:
        """Return one object; `ApiError` with status 404 if there is none."""
        return self._json("GET", KINDS[plural].path(namespace, name))

    def find(self, plural: str, namespace: str | None, name: str) -> Json | None:
        """Return one object, or `None` if there is none."""
        return next(iter(self.list(plural, namespace, fieldSelector=f"metadata.name={name}")), None)

    def list(self, plural: str, namespace: str | None = None, **selectors: str) -> list[Json]:
        """Return all objects, e.g. with `labelSelector="app=x"`."""
        items: list[Json] = self._json("GET", KINDS[plural].path(namespace), params=selectors)[
            "items"
        ]
        return items

    def create(self, manifest: Json) -> Json:
        """Create an object."""
        path = kind_of(manifest).path(manifest["metadata"].get("namespace"))
        return self._json("POST", path, content=manifest)

    def apply(self, *manifests: Json) -> Sequence[Json]:
        """Server-side apply each manifest, taking over fields others own."""
        return [self._apply(manifest) for manifest in manifests]

    def rules(self, namespace: str) -> Sequence[Json]:
        """Return what this user may do in the namespace: the rules of all their roles."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        found: Sequence[Json] = self._json("POST", path, content=review)["status"]["resourceRules"]
        return found

    def patch(
        self,
        plural: str,
        namespace: str | None,
        name: str,
        body: Json | Sequence[Json],
        *,
        subresource: str = "",
        **params: str,
    ) -> Json:
        """Send a merge patch (a mapping) or a JSON patch (a list)."""
        type_ = "merge-patch+json" if isinstance(body, Mapping) else "json-patch+json"
        more = [subresource] if subresource else []
        path = KINDS[plural].path(namespace, name, *more)
        return self._json("PATCH", path, content=body, content_type=type_, params=params)

    def delete(self, plural: str, namespace: str | None, name: str, **params: str) -> None:
        """Delete an object; one that is gone already is fine."""
        try:
            self._json("DELETE", KINDS[plural].path(namespace, name), params=params)
        except ApiError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def delete_all(self, plural: str, namespace: str) -> None:
        """Delete every object of a kind in a namespace."""
        self._json("DELETE", KINDS[plural].path(namespace))

    def text(self, path: str, **params: str) -> str:
        """Return any URL path's answer, e.g. a pod's log."""
        return self._send("GET", path, params=params).text

    def stream(self, path: str, params: Mapping[str, str]) -> Iterator[Json]:
        """Yield the events of a watch until the server ends it."""
        with self._client.stream("GET", path, params=params) as response:
            if response.is_error:
                raise ApiError(response)
            yield from map(json.loads, response.iter_lines())

    @contextmanager
    def namespace(self, prefix: str = "test") -> Iterator[str]:
        """Create a namespace of an own name; at the end it is deleted, which nobody waits for."""
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        try:
            yield name
        finally:
            self.delete("namespaces", None, name)

    def follow(
        self, plural: str, namespace: str | None, name: str, *, seconds: float
    ) -> Iterator[Json | None]:
        """Yield the object now and after each change, `None` when it is absent.

        Ends when `seconds` have passed. No change is left out while the API server is up; while it
        is away the object is not judged.
        """
        selectors = {"fieldSelector": f"metadata.name={name}"}
        yield from self._changes(plural, namespace, selectors, seconds=seconds)

    def wait(
        self,
        plural: str,
        namespace: str | None,
        name: str,
        predicate: Callable[[Json], object],
        *,
        timeout: float = 30,
    ) -> Json:
        """Return the object as soon as `predicate` is true of it; one that is absent is waited for.

        Raises:
            WaitTimeoutError: Not within `timeout` seconds.
        """
        last: Json | None = None
        for seen in self.follow(plural, namespace, name, seconds=timeout):
            if seen is not None and predicate(seen):
                return seen
            last = seen
        raise WaitTimeoutError(f"{plural}/{name}", timeout, last)

    def wait_any(
        self,
        plural: str,
        namespace: str | None,
        predicate: Callable[[Json], object],
        *,
        timeout: float = 30,
        **selectors: str,
    ) -> Json:
        """Return the first object of a list, now or later, of which `predicate` is true.

        Raises:
            WaitTimeoutError: Not within `timeout` seconds.
        """
        last: Json | None = None
        for seen in self._changes(plural, namespace, selectors, seconds=timeout):
            last = seen or last
            if seen is not None and predicate(seen):
                return seen
        raise WaitTimeoutError(f"any of {plural}", timeout, last)

    def wait_gone(
        self, plural: str, namespace: str | None, name: str, *, timeout: float = 30
    ) -> None:
        """Return as soon as the object does not exist."""
        last: Json | None = None
        for last in self.follow(plural, namespace, name, seconds=timeout):
            if last is None:
                return
        raise WaitTimeoutError(f"the deletion of {plural}/{name}", timeout, last)

    def set_image(self, namespace: str, name: str, tag: str, *, plural: str = "rollouts") -> Json:
        """Give the first container another tag, as a deployment of a new version does."""
        image: str = self.get(plural, namespace, name)["spec"]["template"]["spec"]["containers"][0][
            "image"
        ]
        repository = image.rpartition(":")[0]
        path = "/spec/template/spec/containers/0/image"
        change = {"op": "replace", "path": path, "value": f"{repository}:{tag}"}
        return self.patch(plural, namespace, name, [change])

    def _apply(self, manifest: Json) -> Json:
        metadata = manifest["metadata"]
        path = kind_of(manifest).path(metadata.get("namespace"), metadata["name"])
        params = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return self._json(
            "PATCH", path, content=manifest, content_type="apply-patch+yaml", params=params
        )

    def _changes(
        self,
        plural: str,
        namespace: str | None,
        selectors: Mapping[str, str],
        *,
        seconds: float,
    ) -> Iterator[Json | None]:
        """Yield each object listed, then each that changes; `None` if there is none any more."""
        path = KINDS[plural].path(namespace)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                listed = self._json("GET", path, params=selectors)
                yield from listed["items"] or [None]
                version = listed["metadata"]["resourceVersion"]
                for event in self._watch(path, selectors, version, deadline):
                    yield None if event["type"] == "DELETED" else event["object"]
            except httpx.TransportError:
                time.sleep(_RECONNECT_SECONDS)

    def _watch(
        self, path: str, selectors: Mapping[str, str], version: str, deadline: float
    ) -> Iterator[Json]:
        """Yield watch events until the server ends the watch or the deadline passes.

        Raises:
            httpx.TransportError: The connection broke, or the deadline passed without an event.
        """
        params = {"watch": "true", "resourceVersion": version, **selectors}
        left = max(deadline - time.monotonic(), 0.001)
        timeout = httpx.Timeout(_REQUEST_SECONDS, read=left)
        with self._client.stream("GET", path, params=params, timeout=timeout) as response:
            if response.is_error:
                raise ApiError(response)
            for line in response.iter_lines():
                event = json.loads(line)
                # An expired version: the caller lists again.
                if event["type"] == "ERROR" or time.monotonic() > deadline:
                    return
                yield event

    def _json(self, method: str, path: str, **more: Any) -> Json:
        answer: Json = self._send(method, path, **more).json()
        return answer

    def _send(
        self,
        method: str,
        path: str,
        *,
        content: object = None,
        content_type: str = "json",
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        body = None if content is None else json.dumps(content).encode()
        headers = {} if body is None else {"Content-Type": f"application/{content_type}"}
        response = self._client.request(method, path, params=params, content=body, headers=headers)
        if response.is_error:
            raise ApiError(response)
        return response


def _summary(last: Json | None) -> str:
    """Return what a person needs from the object to see what went wrong."""
    if last is None:
        return "it does not exist"
    status = dict(last.get("status") or {})
    conditions = status.pop("conditions", [])
    lines = [f"  {_condition(condition)}" for condition in conditions]
    return "\n".join([f"last seen: {json.dumps(status)[:4000]}", *lines])


def _condition(condition: Json) -> str:
    words = (condition.get(key) for key in ("type", "status", "reason", "message"))
    return " ".join(word for word in words if word)
