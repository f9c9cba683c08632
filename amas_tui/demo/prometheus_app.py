"""Prometheus' own port."""

from aiohttp import web

from amas_tui.demo.ports import Prometheus


def prometheus_app(prometheus: Prometheus) -> web.Application:
    """Return the application that answers as Prometheus does."""

    async def handle(request: web.Request) -> web.Response:
        params = list(request.query.items())
        if request.method == "POST":
            params += [(key, str(value)) for key, value in (await request.post()).items()]
        reply = prometheus.answer(request.path, params)
        headers = {"Content-Type": reply.content_type}
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app
