"""Prometheus' own port."""

from aiohttp import web

from amas_tui.demo.ports import Prometheus


def prometheus_app(prometheus: Prometheus) -> web.Application:
    """Return the application that answers as Prometheus does, or hangs up while it is away."""

    async def handle(request: web.Request) -> web.Response:
        if prometheus.is_away and request.transport is not None:
            request.transport.abort()
        if request.method not in ("GET", "HEAD", "POST"):
            return web.Response(status=405, text="Method Not Allowed\n")
        params = list(request.query.items())
        if request.method == "POST":
            # What a form says counts before what the address says.
            form = await request.post()
            params = [(key, str(value)) for key, value in form.items()] + params
        reply = prometheus.answer(request.path, params)
        headers = {"Content-Type": reply.content_type}
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app
