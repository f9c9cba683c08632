import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from amas_tui.errors import (
    AmasError,
    ApiError,
    ConflictError,
    CredentialError,
    DecodeError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    ThrottledError,
    UnauthorizedError,
    UnreachableError,
)
from amas_tui.kube.credentials import Credentials, Fixed
from amas_tui.kube.transport import Reply, Transport, failure
from tests.unit.kube.conftest import Certificates
from tests.unit.kube.loopback import (
    Answer,
    Answers,
    Loopback,
    access,
    html,
    loopback,
    ok,
    read_request,
    refusal,
    stream,
    unused_port,
)

DOING = "list rollouts"


@asynccontextmanager
async def connected(
    *answers: Answer | Answers,
    tls: ssl.SSLContext | None = None,
    client_tls: ssl.SSLContext | None = None,
    **how: Any,
) -> AsyncIterator[tuple[Transport, Loopback]]:
    async with loopback(*answers, tls=tls) as server:
        transport = Transport(access(server.url, tls=client_tls, **how))
        try:
            yield transport, server
        finally:
            await transport.aclose()


async def error_of(*answers: Answer, tls: ssl.SSLContext | None = None, **how: Any) -> AmasError:
    """Return the error that a GET ends with: one harmless sentence, without a credential."""
    async with connected(*answers, tls=tls, **how) as (transport, _):
        with pytest.raises(AmasError) as caught:
            await transport.get("/apis", doing=DOING)
    error = caught.value
    assert error.text.startswith(f"cannot {DOING}: ")
    assert "\n" not in error.sentence
    assert "s3cret" not in f"{error.sentence}{error!r}"
    return error


async def test_a_get_carries_path_query_and_credentials() -> None:
    async with connected(ok({"a": 1})) as (transport, server):
        reply = await transport.get("/api/v1/pods", {"limit": "5", "x": "a=b c"}, doing=DOING)
    (request,) = server.requests
    assert reply.json() == {"a": 1}
    assert (request.method, request.path, request.query) == (
        "GET",
        "/api/v1/pods",
        {"limit": "5", "x": "a=b c"},
    )
    assert request.headers["authorization"] == "Bearer s3cret"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("amas-tui/")


async def test_a_write_carries_its_body_and_type() -> None:
    async with connected(ok()) as (transport, server):
        await transport.request(
            "PATCH", "/x", doing=DOING, body=b"[]", content_type="application/json-patch+json"
        )
    assert (server.requests[0].method, server.requests[0].body) == ("PATCH", b"[]")
    assert server.headers["content-type"] == "application/json-patch+json"


async def test_connections_are_used_again() -> None:
    async with connected(ok()) as (transport, server):
        for _ in range(3):
            await transport.get("/x", doing=DOING)
    assert (len(server.requests), server.connections) == (3, 1)


async def test_nobody_sends_no_header() -> None:
    async with connected(ok(), credentials=Fixed()) as (transport, server):
        await transport.get("/x", doing=DOING)
    assert "authorization" not in server.headers


async def test_impersonation_may_name_anybody() -> None:
    headers = (("Impersonate-User", "jörg"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b"))
    async with connected(ok(), headers=headers) as (transport, server):
        await transport.get("/x", doing=DOING)
    assert server.headers["impersonate-user"] == "jörg"
    assert server.headers["impersonate-group"] == "b"


async def test_a_compressed_answer_is_unpacked() -> None:
    packed = Answer(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
    async with connected(packed) as (transport, _):
        assert (await transport.get("/x", doing=DOING)).json() == {"a": 1}


async def test_a_broken_compression_is_a_broken_connection() -> None:
    error = await error_of(Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
    assert isinstance(error, UnreachableError)


class Renewable:
    """Credentials whose next token is good, once they are renewed."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    async def authorization(self) -> str | None:
        return f"Bearer {self.tokens[0]}"

    def renew(self) -> bool:
        if len(self.tokens) > 1:
            self.tokens.pop(0)
            return True
        return False


async def test_after_a_401_the_request_is_sent_again_with_a_new_token() -> None:
    credentials: Credentials = Renewable("old-s3cret", "new")
    async with connected(refusal(401, "Unauthorized"), ok({"a": 1}), credentials=credentials) as (
        transport,
        server,
    ):
        assert (await transport.get("/x", doing=DOING)).json() == {"a": 1}
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer old-s3cret", "Bearer new"]


async def test_a_second_401_is_the_end() -> None:
    credentials = Renewable("s3cret-1", "s3cret-2", "s3cret-3")
    error = await error_of(refusal(401, "Unauthorized"), credentials=credentials)
    assert isinstance(error, UnauthorizedError)
    assert len(credentials.tokens) == 2


async def test_a_401_is_not_repeated_when_nothing_can_change() -> None:
    async with connected(refusal(401)) as (transport, server):
        with pytest.raises(UnauthorizedError):
            await transport.get("/x", doing=DOING)
    assert len(server.requests) == 1


async def test_without_credentials_nothing_is_sent() -> None:
    class Missing(Renewable):
        async def authorization(self) -> str | None:
            raise CredentialError("logged out")

    async with connected(ok(), credentials=Missing()) as (transport, server):
        with pytest.raises(CredentialError, match="logged out"):
            await transport.get("/x", doing=DOING)
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "type_"),
    [
        (400, ApiError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, GoneError),
        (422, InvalidError),
        (429, ThrottledError),
        (500, ApiError),
        (503, ThrottledError),
    ],
)
async def test_a_refusal_has_its_own_error_and_the_servers_words(
    status: int, type_: type[ApiError]
) -> None:
    error = await error_of(refusal(status, "because", reason="Because"))
    assert type(error) is type_
    assert isinstance(error, ApiError)
    assert (error.status, error.reason) == (status, "Because")
    assert error.text == f"cannot {DOING}: {status} because"


async def test_who_may_not_is_said_without_the_question_again() -> None:
    said = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the scope'
    error = await error_of(refusal(403, said, reason="Forbidden"))
    assert error.text == f'cannot {DOING}: 403 Forbidden: User "jane" may not'
    assert "Role" in error.hint


async def test_a_refused_patch_names_its_causes() -> None:
    causes = [{"message": "must be positive", "field": "spec"}, {"reason": "x"}, "odd"]
    invalid = await error_of(refusal(422, "invalid", details={"causes": causes}))
    failed_test = await error_of(refusal(422, "the server rejected our request", details={}))
    assert isinstance(invalid, InvalidError)
    assert isinstance(failed_test, InvalidError)
    assert invalid.causes == ("must be positive", "")
    assert failed_test.causes == ()


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, {}, 7.0, id="header"),
        pytest.param({}, {"retryAfterSeconds": 9}, 9.0, id="body"),
        pytest.param({"Retry-After": "7"}, {"retryAfterSeconds": 9}, 7.0, id="header wins"),
        pytest.param({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}, None, id="date"),
        pytest.param({}, {"retryAfterSeconds": 10**400}, 86_400.0, id="for ever"),
        pytest.param({}, {"retryAfterSeconds": -1}, None, id="negative"),
        pytest.param({}, {}, None, id="not said"),
    ],
)
async def test_the_server_may_ask_for_patience(
    headers: dict[str, str], details: dict[str, Any], seconds: float | None
) -> None:
    error = await error_of(refusal(429, "slow down", details=details, headers=headers))
    assert isinstance(error, ThrottledError)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        pytest.param(html(200), "answered 200 with text/html", id="page"),
        pytest.param(html(404), "answered 404 with text/html", id="404 page"),
        pytest.param(html(502), "answered 502 with text/html", id="502 page"),
        pytest.param(
            html(302, Location="https://login.example"), "answered 302 with text/html", id="login"
        ),
        pytest.param(
            Answer(302, type=None, headers={"Location": "https://login.example"}),
            "answered 302 with no content type",
            id="bare redirect",
        ),
        pytest.param(
            Answer(200, b"\x00", "application/octet-stream"),
            "answered 200 with application/octet-stream",
            id="bytes",
        ),
        pytest.param(
            Answer(200, b"x", "text/\x1b[2Jhtml"), "answered 200 with text/", id="hostile"
        ),
    ],
)
async def test_what_is_not_the_api_is_said_to_be_something_else(answer: Answer, what: str) -> None:
    error = await error_of(answer)
    assert isinstance(error, UnreachableError)
    assert what in error.text
    assert "not the Kubernetes API" in error.text
    assert "login page" in error.hint
    assert "\x1b" not in error.text


async def test_a_redirect_is_not_followed() -> None:
    async with loopback(ok()) as elsewhere:
        moved = Answer(307, headers={"Location": elsewhere.url})
        await error_of(moved)
    assert elsewhere.requests == []


async def test_a_refusal_that_is_not_json_is_quoted() -> None:
    error = await error_of(Answer(500, b"etcd\x1b[2J\n is down", "text/plain"))
    assert error.text == f"cannot {DOING}: 500 etcd\N{REPLACEMENT CHARACTER}[2J is down"


async def test_a_refusal_of_many_megabytes_is_cut() -> None:
    error = await error_of(Answer(500, b"x" * 5_000_000, "text/plain"))
    assert len(error.text) < 300


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            Answer(body=b'{"items": [', end="cut"),
            "closed the connection in the middle",
            id="cut off",
        ),
        pytest.param(
            Answer(chunks=[b'{"it'], end="cut"),
            "closed the connection in the middle",
            id="chunk cut off",
        ),
        pytest.param(Answer(body=b'{"items": [', end="reset"), "broke", id="reset"),
        pytest.param(Answer(body=b'{"items": [', end="silence"), "fell silent", id="silence"),
    ],
)
async def test_half_an_answer_is_none(answer: Answer, reason: str) -> None:
    error = await error_of(answer, request_timeout=0.1)
    assert isinstance(error, UnreachableError)
    assert reason in error.text
    assert error.hint


async def test_nobody_listening_is_named_with_host_and_port() -> None:
    port = await unused_port()
    transport = Transport(access(f"http://127.0.0.1:{port}"))
    with pytest.raises(UnreachableError) as caught:
        await transport.get("/x", doing=DOING)
    await transport.aclose()
    assert caught.value.text == (
        f"cannot {DOING}: cannot connect to 127.0.0.1:{port}: Connection refused"
    )


async def test_a_name_that_nobody_knows_is_named() -> None:
    transport = Transport(access("http://no-such-host.invalid:6443"))
    with pytest.raises(UnreachableError, match=r"cannot connect to no-such-host\.invalid:6443: "):
        await transport.get("/x", doing=DOING)
    await transport.aclose()


async def test_credentials_in_the_url_are_not_shown() -> None:
    port = await unused_port()
    one = access(f"http://admin:s3cret@127.0.0.1:{port}", proxy=f"http://u:s3cret@127.0.0.1:{port}")
    transport = Transport(one)
    with pytest.raises(UnreachableError) as caught:
        await transport.get("/x", doing=DOING)
    await transport.aclose()
    assert "s3cret" not in f"{caught.value.sentence}{caught.value!r}{one!r}"


async def test_the_certificate_must_be_of_a_known_authority(certificates: Certificates) -> None:
    error = await error_of(ok(), tls=certificates.server(), client_tls=ssl.create_default_context())
    assert isinstance(error, UnreachableError)
    assert "is not trusted" in error.text
    assert "certificate-authority" in error.hint


async def test_the_certificate_must_be_for_this_host(certificates: Certificates) -> None:
    error = await error_of(
        ok(), tls=certificates.server("elsewhere"), client_tls=certificates.client()
    )
    assert "is not trusted: " in error.text
    assert "127.0.0.1" in error.text


async def test_a_trusted_certificate_is_fine(certificates: Certificates) -> None:
    async with connected(
        ok({"a": 1}), tls=certificates.server(), client_tls=certificates.client()
    ) as (
        transport,
        _,
    ):
        assert (await transport.get("/x", doing=DOING)).json() == {"a": 1}


async def test_another_name_can_be_verified(certificates: Certificates) -> None:
    async with connected(
        ok({"a": 1}),
        tls=certificates.server("elsewhere"),
        client_tls=certificates.client(),
        server_name="kubernetes.internal",
    ) as (transport, _):
        assert (await transport.get("/x", doing=DOING)).json() == {"a": 1}


async def test_plain_http_on_a_tls_port_is_a_broken_connection(certificates: Certificates) -> None:
    async with loopback(ok()) as server:
        transport = Transport(
            access(server.url.replace("http:", "https:"), tls=certificates.client())
        )
        with pytest.raises(UnreachableError):
            await transport.get("/x", doing=DOING)
        await transport.aclose()


async def test_a_plain_proxy_is_asked_for_plain_http() -> None:
    async with loopback(ok({"by": "proxy"})) as proxy:
        proxied = proxy.url.replace("//", "//user:s3cret@")
        transport = Transport(access("http://cluster.invalid:8080", proxy=proxied))
        assert (await transport.get("/api", doing=DOING)).json() == {"by": "proxy"}
        await transport.aclose()
    assert proxy.requests[0].target == "http://cluster.invalid:8080/api"
    assert proxy.headers["proxy-authorization"].startswith("Basic ")


@asynccontextmanager
async def tunnel(port: int) -> AsyncIterator[tuple[str, list[str]]]:
    """Run a proxy that leads every CONNECT to one port; yield its URL and what was asked."""
    asked: list[str] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        assert request is not None
        asked.append(f"{request.method} {request.target}")
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(pipe(reader, back), pipe(there, writer))

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", asked
    finally:
        listener.close()
        await listener.wait_closed()


async def test_tls_goes_through_a_proxys_tunnel(certificates: Certificates) -> None:
    async with (
        loopback(ok({"a": 1}), tls=certificates.server()) as server,
        tunnel(server.port) as (proxy, asked),
    ):
        transport = Transport(access(server.url, tls=certificates.client(), proxy=proxy))
        assert (await transport.get("/x", doing=DOING)).json() == {"a": 1}
        await transport.aclose()
    assert asked == [f"CONNECT 127.0.0.1:{server.port}"]


async def test_a_proxy_that_refuses_is_named(certificates: Certificates) -> None:
    async with loopback(Answer(407, type=None)) as proxy:
        transport = Transport(
            access(
                "https://cluster.invalid",
                tls=certificates.client(),
                proxy=proxy.url.replace("//", "//user:s3cret@"),
            )
        )
        with pytest.raises(UnreachableError) as caught:
            await transport.get("/x", doing=DOING)
        await transport.aclose()
    assert f"the proxy 127.0.0.1:{proxy.port} refused" in caught.value.text
    assert "proxy-url" in caught.value.hint
    assert "s3cret" not in caught.value.sentence


def _date(minutes: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)


@pytest.mark.parametrize("minutes", [5, -5, 0])
@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
async def test_the_servers_clock_is_read_from_its_answers(minutes: int, zone: str) -> None:
    date = _date(minutes).replace("GMT", zone)
    async with connected(ok(headers={"Date": date})) as (transport, _):
        await transport.get("/x", doing=DOING)
        assert round(transport.clock_offset.total_seconds() / 60) == minutes


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Xyz 2026 14:07:21 GMT"])
async def test_a_date_that_cannot_be_read_says_nothing(date: str) -> None:
    async with connected(ok(headers={"Date": date})) as (transport, _):
        await transport.get("/x", doing=DOING)
        assert transport.clock_offset == timedelta(0)


async def test_a_second_more_or_less_is_no_difference() -> None:
    async with connected(ok(headers={"Date": _date(0)})) as (transport, _):
        await transport.get("/x", doing=DOING)
        assert transport.clock_offset == timedelta(0)


async def test_a_refusal_tells_the_time_too() -> None:
    async with connected(refusal(403, headers={"Date": _date(120)})) as (transport, _):
        with pytest.raises(ForbiddenError):
            await transport.get("/x", doing=DOING)
        assert transport.clock_offset > timedelta(hours=1)


async def test_a_stream_gives_its_chunks_as_they_come() -> None:
    async with (
        connected(stream("a", "b\u0085c")) as (transport, _),
        transport.stream("/x", {"watch": "true"}, doing=DOING, silence=5.0) as chunks,
    ):
        content = b"".join([chunk async for chunk in chunks])
    assert content.decode() == "a\nb\u0085c\n"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("silence", "fell silent"),
        ("cut", "closed the connection in the middle"),
        ("reset", "broke"),
    ],
)
async def test_a_stream_that_breaks_says_so_after_what_came(end: Any, reason: str) -> None:
    got: list[bytes] = []

    async def read(transport: Transport) -> None:
        async with transport.stream("/x", {}, doing=DOING, silence=0.1) as chunks:
            async for chunk in chunks:
                got.append(chunk)  # noqa: PERF401 - what came before the error counts

    async with connected(stream("a", end=end)) as (transport, _):
        with pytest.raises(UnreachableError, match=reason):
            await read(transport)
    assert got == [b"a\n"]


@pytest.mark.parametrize("answer", [html(502), html(302), refusal(403), refusal(410)], ids=str)
async def test_a_stream_that_is_refused_never_begins(answer: Answer) -> None:
    async with connected(answer) as (transport, _):
        with pytest.raises(AmasError):
            async with transport.stream("/x", {}, doing=DOING, silence=5.0):
                pytest.fail("the stream began")


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"7", b"null", b'{"a":', b"\xff\xfe", b"[" * 100_000], ids=repr
)
def test_an_answer_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        Reply(200, body).json()


def test_a_failure_without_a_readable_body_still_has_a_sentence() -> None:
    assert failure(b"", 500, DOING).text == f"cannot {DOING}: 500 no reason given"
    assert failure(b"[" * 100_000, 500, DOING).text.startswith(f"cannot {DOING}: 500 [[[")
    assert failure(json.dumps([1]).encode(), 403, DOING).text == f"cannot {DOING}: 403 [1]"


async def test_a_request_cancelled_while_tls_is_agreed_on_leaves_no_socket() -> None:
    greeted, closed = asyncio.Event(), asyncio.Event()

    async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        greeted.set()
        while await reader.read(4096):
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(never_answers, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = Transport(access(f"https://127.0.0.1:{port}", tls=ssl.create_default_context()))
    async with server:
        request = asyncio.create_task(transport.get("/apis", doing=DOING))
        await greeted.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        async with asyncio.timeout(10):
            await closed.wait()
    await transport.aclose()
