"""A proxy to an API server that notes every request."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.controlplane.bed import ControlPlane

Request = tuple[str, str]
"""Method and path."""


@contextmanager
def counting_proxy(bed: ControlPlane) -> Iterator[tuple[str, list[Request]]]:
    """Yield the proxy's URL, and the requests that came so far."""
    seen: list[Request] = []
    context = ssl.create_default_context(cafile=str(bed.ca_file))
    client = httpx.Client(base_url=bed.url, verify=context, timeout=30, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            seen.append((self.command, self.path.partition("?")[0]))
            length = int(self.headers.get("Content-Length") or 0)
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "content-length", "accept-encoding", "connection")
            }
            reply = client.request(
                self.command, self.path, headers=headers, content=self.rfile.read(length)
            )
            self.send_response(reply.status_code)
            self.send_header("Content-Type", reply.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass_on  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()
