"""The HTTP side: who asks, may they, what is answered."""

import json
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Final

from aiohttp import web

from amas_tui.demo.ports import Logs, Prometheus
from amas_tui.demo.resources import PODS, SERVICES, Resource
from amas_tui.demo.server import discovery, listing, logs, proxy
from amas_tui.demo.server.access import Authorizer, Users
from amas_tui.demo.server.requests import Asked, parse
from amas_tui.demo.server.reviews import Reviews
from amas_tui.demo.server.status import bad_request
from amas_tui.demo.server.watching import Watcher
from amas_tui.demo.server.writing import Body, Options, Writes, Written
from amas_tui.demo.store import Json, Key, StatusError, Store, not_found

_JSON: Final = "application/json"
_MAX_BODY: Final = 3 * 1024 * 1024
_NO_PAGE: Final = "404 page not found\n"


class ApiServer:
    """Answers the requests of one demo."""

    def __init__(self, store: Store, users: Users, logs: Logs, prometheus: Prometheus) -> None:
        self._store = store
        self._users = users
        self._logs = logs
        self._prometheus = prometheus
        self._authorizer = Authorizer(store)
        self._reviews = Reviews(store, self._authorizer)
        self._writes = Writes(store)

    def app(self) -> web.Application:
        """Return the application to be served."""
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except StatusError as error:
            response = self._json(error.body(), error.code)
            seconds = (error.details or {}).get("retryAfterSeconds")
            if seconds:
                response.headers["Retry-After"] = str(seconds)
            return response
        except web.HTTPRequestEntityTooLarge:
            message = f"Request entity too large: limit is {_MAX_BODY}"
            return self._json(StatusError(413, "RequestEntityTooLarge", message).body(), 413)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        asked = parse(request.method, request.path, query)
        user = self._users.identify(request.headers.get("Authorization", ""))
        self._authorizer.check(user, asked)
        if answer := self._reviews.of(asked):
            return self._json(answer(user, await _body_object(request)), 201)
        if not asked.plural:
            return self._document(request)
        if asked.resource is None:
            return self._page_not_found()
        return await self._about(request, asked, asked.resource, query)

    async def _about(
        self,
        request: web.Request,
        asked: Asked,
        resource: Resource,
        query: Mapping[str, str],
    ) -> web.StreamResponse:
        match asked.verb, asked.subresource:
            case "get", "log" if resource == PODS:
                return await self._log(request, asked, query)
            case _, "proxy" if resource == SERVICES:
                return await self._proxy(request, asked)
            case _, subresource if subresource not in _subresources(resource):
                raise not_found(Key(resource, asked.scope, asked.name))
            case "get", _:
                return self._json(self._store.get(resource, asked.scope, asked.name))
            case "list", _:
                return self._json(listing.page(self._store, asked, resource, query))
            case "watch", _:
                return await self._watch(request, Watcher(self._store, asked, resource, query))
            case _:
                return await self._write(request, asked, resource, query)

    async def _write(
        self,
        request: web.Request,
        asked: Asked,
        resource: Resource,
        query: Mapping[str, str],
    ) -> web.StreamResponse:
        type_ = request.headers.get("Content-Type", "").partition(";")[0].strip()
        body = Body(await request.read(), type_)
        kind = _OPTIONS.get(asked.verb, "DeleteOptions")
        options = Options.read(query, request.headers.get("User-Agent", ""), kind)
        match asked.verb:
            case "create" if not asked.name:
                return self._written(self._writes.create(asked, resource, body, options))
            case "update" if asked.name:
                return self._written(self._writes.update(asked, resource, body, options))
            case "patch" if asked.name:
                return self._written(self._writes.patch(asked, resource, body, options))
            case "delete":
                return self._json(self._writes.delete(asked, resource, body, options))
            case "deletecollection":
                return self._json(self._delete_many(asked, resource, options, query))
            case _ if resource.is_custom:
                raise bad_request("name must be provided")
            case _:
                message = "the server does not allow this method on the requested resource"
                raise StatusError(405, "MethodNotAllowed", message, {})

    def _delete_many(
        self, asked: Asked, resource: Resource, options: Options, query: Mapping[str, str]
    ) -> Json:
        found = listing.page(self._store, asked, resource, query)
        for obj in found["items"]:
            metadata = obj["metadata"]
            self._store.delete(
                resource,
                metadata.get("namespace", ""),
                metadata["name"],
                dry_run=options.is_dry_run,
            )
        return found

    async def _watch(self, request: web.Request, watcher: Watcher) -> web.StreamResponse:
        response = self._stream(_JSON)
        await response.prepare(request)
        async for lines in watcher.lines():
            await response.write(lines)
        return response

    async def _log(
        self, request: web.Request, asked: Asked, query: Mapping[str, str]
    ) -> web.StreamResponse:
        pod = self._store.get(PODS, asked.namespace, asked.name)
        options = logs.Options.read(query, asked.name, self._store.clock.now)
        if not pod["spec"].get("nodeName"):
            return web.Response(status=204, headers=self._headers)
        log = logs.PodLog(self._store, self._logs, pod, options)
        response = self._stream("text/plain")
        await response.prepare(request)
        async for chunk in log.chunks():
            if chunk:
                await response.write(chunk)
        return response

    async def _proxy(self, request: web.Request, asked: Asked) -> web.Response:
        params = list(request.query.items())
        if request.method == "POST":
            params += [(key, str(value)) for key, value in (await request.post()).items()]
        reply = proxy.forward(self._store, self._prometheus, asked, params)
        return self._bytes(reply.body, reply.content_type, reply.status)

    def _document(self, request: web.Request) -> web.Response:
        if request.path.rstrip("/") in discovery.HEALTH:
            return self._bytes(b"ok", "text/plain; charset=utf-8")
        found = discovery.answer(request.path, request.host)
        return self._page_not_found() if found is None else self._json(found)

    def _page_not_found(self) -> web.Response:
        return self._bytes(_NO_PAGE.encode(), "text/plain; charset=utf-8", 404)

    def _written(self, written: Written) -> web.Response:
        response = self._json(written.object, 201 if written.is_new else 200)
        for warning in written.warnings:
            quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
            response.headers.add("Warning", f'299 - "{quoted}"')
        return response

    def _json(self, value: Json, status: int = 200) -> web.Response:
        return self._bytes(json.dumps(value, separators=(",", ":")).encode(), _JSON, status)

    def _bytes(self, body: bytes, type_: str, status: int = 200) -> web.Response:
        return web.Response(
            body=body, status=status, headers={**self._headers, "Content-Type": type_}
        )

    def _stream(self, type_: str) -> web.StreamResponse:
        return web.StreamResponse(headers={**self._headers, "Content-Type": type_})

    @property
    def _headers(self) -> dict[str, str]:
        """Return what every answer has; its time is the demo's, also when the wall clock jumps."""
        date = format_datetime(self._store.clock.now, usegmt=True)
        return {"Cache-Control": "no-cache, private", "Date": date}


_OPTIONS: Final = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}


def _subresources(resource: Resource) -> tuple[str, ...]:
    return ("", "status") if resource.has_status else ("",)


async def _body_object(request: web.Request) -> Json:
    try:
        found = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from None
    return found if isinstance(found, dict) else {}
