import json
from typing import Any

import pytest

from amas_tui.actions.patches import writes
from amas_tui.actions.verb import Verb
from amas_tui.domain.base import Key
from amas_tui.domain.rollout import Rollout
from amas_tui.errors import InvalidError, NotFoundError, UnreachableError
from amas_tui.kube import api
from amas_tui.kube.transport import Transport
from amas_tui.ports import Identity, Right
from amas_tui.store.kinds import Kind
from tests.builders import raw_rollout, rollout
from tests.unit.kube.loopback import access, html, loopback, ok, refusal, unused_port

KEY = Key("shop", "checkout")
RIGHT = Right("patch", "argoproj.io", "rollouts", "shop", "status")


async def test_an_object_is_read_as_json_or_as_its_record() -> None:
    async with loopback(ok(raw_rollout())) as server:
        transport = Transport(access(server.url))
        raw = await api.read(transport, Kind.ROLLOUTS, KEY)
        found = await api.get(transport, Kind.ROLLOUTS, KEY)
        await transport.aclose()
    assert raw["metadata"]["name"] == "checkout"
    assert found == rollout()
    assert isinstance(found, Rollout)
    assert server.requests[0].path.endswith("/namespaces/shop/rollouts/checkout")


async def test_what_is_missing_is_named() -> None:
    async with loopback(refusal(404, "not found")) as server:
        transport = Transport(access(server.url))
        with pytest.raises(
            NotFoundError, match="cannot get rollout/checkout in shop: 404 not found"
        ):
            await api.get(transport, Kind.ROLLOUTS, KEY)
        await transport.aclose()


async def test_a_write_is_the_same_bytes_dry_or_not() -> None:
    (write,) = writes(Verb.ABORT, rollout())
    async with loopback(ok(raw_rollout())) as server:
        transport = Transport(access(server.url))
        for dry_run in (True, False):
            await api.send(transport, write, dry_run=dry_run)
        await transport.aclose()
    dry, real = server.requests
    assert dry.body == real.body == write.body
    assert dry.path == real.path
    assert dry.path.endswith("/rollouts/checkout/status")
    assert dry.headers["content-type"] == "application/json-patch+json"
    assert dry.query == {"fieldManager": "amas-tui", "dryRun": "All"}
    assert real.query == {"fieldManager": "amas-tui"}


async def test_a_refused_write_raises() -> None:
    (write,) = writes(Verb.ABORT, rollout())
    async with loopback(refusal(422, "the test failed")) as server:
        transport = Transport(access(server.url))
        with pytest.raises(InvalidError, match="cannot patch rollout/checkout in shop: 422"):
            await api.send(transport, write, dry_run=False)
        await transport.aclose()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param({"allowed": True}, None, id="allowed"),
        pytest.param({"allowed": False, "reason": "no rule"}, "no rule", id="refused"),
        pytest.param({"allowed": False}, "no rule grants it", id="without a reason"),
        pytest.param({"reason": "a\nb\x1b"}, "a b\N{REPLACEMENT CHARACTER}", id="hostile"),
        pytest.param(None, "no rule grants it", id="no status"),
    ],
)
async def test_a_right_is_reviewed(status: Any, reason: str | None) -> None:
    async with loopback(ok({"status": status})) as server:
        transport = Transport(access(server.url))
        assert await api.may(transport, RIGHT) == reason
        await transport.aclose()
    attributes = json.loads(server.requests[0].body)["spec"]["resourceAttributes"]
    assert attributes == {
        "verb": "patch",
        "group": "argoproj.io",
        "resource": "rollouts",
        "subresource": "status",
        "namespace": "shop",
    }


async def test_a_server_that_reviews_nothing_has_refused_nothing() -> None:
    async with loopback(refusal(403, "may not review")) as server:
        transport = Transport(access(server.url))
        assert await api.may(transport, RIGHT) is None
        await transport.aclose()
    transport = Transport(access(f"http://127.0.0.1:{await unused_port()}"))
    with pytest.raises(UnreachableError):
        await api.may(transport, RIGHT)
    await transport.aclose()


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        pytest.param(
            ok({"status": {"userInfo": {"username": "jane"}}}),
            Identity("jane", is_confirmed=True),
            id="confirmed",
        ),
        pytest.param(refusal(404), Identity("tester"), id="an old server"),
        pytest.param(html(502), Identity("tester"), id="no API"),
        pytest.param(ok({}), Identity("tester"), id="no answer"),
        pytest.param(ok({"status": None}), Identity("tester"), id="null"),
        pytest.param(ok({"status": {"userInfo": None}}), Identity("tester"), id="nobody"),
        pytest.param(ok({"status": []}), Identity("tester"), id="odd"),
    ],
)
async def test_who_we_are_is_asked_else_taken_from_the_kubeconfig(
    answer: Any, identity: Identity
) -> None:
    async with loopback(answer) as server:
        transport = Transport(access(server.url))
        assert await api.identity(transport) == identity
        await transport.aclose()


async def test_the_servers_version_is_asked() -> None:
    async with loopback(ok({"gitVersion": "v1.34.0"})) as server:
        transport = Transport(access(server.url))
        assert (await api.version(transport))["gitVersion"] == "v1.34.0"
        await transport.aclose()
