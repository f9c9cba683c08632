import asyncio
import base64
import json
import os
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from amas_tui.errors import CredentialError
from amas_tui.kube.credentials import (
    ExecHelper,
    Fixed,
    Reloadable,
    TokenFile,
    Unavailable,
    bearer,
    load_client_certificate,
    oidc_header,
)
from tests.builders import NOW
from tests.unit.kube.conftest import Certificates

V1: Final = "client.authentication.k8s.io/v1"
GIVEN: Final = {"token": "s3cret"}
ODD: Final = {"token": "s3cr\u00e9t"}


@pytest.mark.parametrize("token", ["s3cret", "s3cret\n", "  s3cret  "])
def test_a_token_is_sent_without_blanks_around_it(token: str) -> None:
    assert bearer(token) == "Bearer s3cret"


@pytest.mark.parametrize("token", ["", " \n", "s3\ncret", "s3cret\x00", "s3crét"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(CredentialError) as caught:
        bearer(token)
    assert "s3" not in caught.value.sentence


async def test_a_fixed_header_never_changes() -> None:
    assert await Fixed("Bearer s3cret").authorization() == "Bearer s3cret"
    assert not Fixed().renew()
    assert await Fixed().authorization() is None


async def test_credentials_that_are_not_there_say_why() -> None:
    missing = Unavailable(CredentialError("the login expired"))
    assert not missing.renew()
    with pytest.raises(CredentialError, match="the login expired"):
        await missing.authorization()


async def test_a_token_file_is_read_again_after_a_minute_or_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    path = tmp_path / "token"
    path.write_text("one\n")
    credentials = TokenFile(path)
    assert await credentials.authorization() == "Bearer one"
    path.write_text("two\n")
    now += 59
    assert await credentials.authorization() == "Bearer one"
    now += 1
    assert await credentials.authorization() == "Bearer two"
    path.write_text("three\n")
    assert credentials.renew()
    assert await credentials.authorization() == "Bearer three"


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", b"two\nlines"], ids=["missing", "empty", "bytes", "lines"]
)
async def test_a_token_file_without_a_token_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CredentialError) as caught:
        await TokenFile(path).authorization()
    assert caught.value.hint


Helper = Callable[..., ExecHelper]


@pytest.fixture
def helper(tmp_path: Path) -> Helper:
    """Return what makes a helper that runs a shell script."""

    def make(script: str, **how: Any) -> ExecHelper:
        path = tmp_path / "helper"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        return ExecHelper(**{"arguments": [str(path)], "env": {}, "api_version": V1, **how})

    return make


def answer(**status: Any) -> str:
    content = json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": status})
    return f"echo '{content}'"


async def failure(helper: ExecHelper) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        await helper.authorization()
    assert "\n" not in caught.value.sentence
    assert "s3cret" not in f"{caught.value.sentence}{helper!r}"
    return caught.value


async def test_a_helper_gives_a_token(helper: Helper) -> None:
    credentials = helper(answer(**GIVEN))
    assert await credentials.authorization() == "Bearer s3cret"
    assert "s3cret" not in repr(credentials)


async def test_a_helper_is_told_that_nobody_can_answer(helper: Helper, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    credentials = helper(
        f'echo "$KUBERNETES_EXEC_INFO" > {seen}; echo "$EXTRA $1" >> {seen}; ' + answer(**GIVEN),
        env={"EXTRA": "x"},
        cluster={"server": "https://api.example"},
    )
    credentials.arguments = [*credentials.arguments, "get-token"]
    await credentials.authorization()
    info, extra = seen.read_text().splitlines()
    assert json.loads(info) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "https://api.example"}},
    }
    assert extra == "x get-token"


async def test_a_helper_is_asked_once_until_its_answer_expires(
    helper: Helper, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    credentials = helper(f"echo x >> {count}; " + answer(**GIVEN, expirationTimestamp=soon))
    await asyncio.gather(*(credentials.authorization() for _ in range(5)))
    assert len(count.read_text().split()) == 1
    assert credentials.renew()
    await credentials.authorization()
    assert len(count.read_text().split()) == 2


@pytest.mark.parametrize(
    ("expires", "asked"),
    [
        pytest.param("2020-01-01T00:00:00Z", 2, id="long ago"),
        pytest.param("2020-01-01T00:00:00", 2, id="long ago, without a zone"),
        pytest.param((datetime.now(UTC) + timedelta(seconds=30)).isoformat(), 2, id="in a moment"),
        pytest.param("2099-01-01T00:00:00", 1, id="far ahead, without a zone"),
        pytest.param("soon", 1, id="unreadable"),
        pytest.param(None, 1, id="not said"),
    ],
)
async def test_an_expired_answer_is_asked_for_again(
    helper: Helper, tmp_path: Path, expires: str | None, asked: int
) -> None:
    count = tmp_path / "count"
    credentials = helper(f"echo x >> {count}; " + answer(**GIVEN, expirationTimestamp=expires))
    for _ in range(2):
        await credentials.authorization()
    assert len(count.read_text().split()) == asked


async def test_a_helper_may_give_a_certificate(helper: Helper, certificates: Certificates) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    status = {
        "clientCertificateData": certificates.text("client.crt"),
        "clientKeyData": certificates.text("client.key"),
    }
    content = json.dumps({"apiVersion": V1, "status": status}).replace("\\n", "\\\\n")
    credentials = helper(f"printf '{content}'", tls=tls)
    assert await credentials.authorization() is None


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("exit 3", "failed (3): it said nothing", id="fails silently"),
        pytest.param(
            "echo one >&2; echo 'login first' >&2; exit 1",
            "failed (1): login first",
            id="fails with words",
        ),
        pytest.param(r"printf 'a\033[2Jb\377\n' >&2; exit 1", "failed (1): a", id="fails hostile"),
        pytest.param("kill -9 $$", "failed (-9)", id="is killed"),
        pytest.param("echo hello", "did not answer with an ExecCredential", id="garbage"),
        pytest.param(":", "did not answer with an ExecCredential", id="nothing"),
        pytest.param("echo '[]'", "did not answer with an ExecCredential", id="a list"),
        pytest.param("echo '{\"status\": {}}'", "did not answer with an ExecCredential", id="half"),
        pytest.param(
            f"{sys.executable} -c 'print(\"[\" * 100000)'",
            "did not answer with an ExecCredential",
            id="nested for ever",
        ),
        pytest.param(
            'echo \'{"apiVersion": "v9", "status": {"token": "s3cret"}}\'',
            "speaks v9, the kubeconfig wants client.authentication.k8s.io/v1",
            id="another version",
        ),
        pytest.param(answer(), "gave neither a token nor a certificate", id="empty status"),
        pytest.param(
            answer(**ODD),
            "the token is empty or holds characters",
            id="odd token",
        ),
        pytest.param(
            answer(clientCertificateData="x", clientKeyData="y"),
            "cannot use the client certificate",
            id="no certificate",
        ),
        pytest.param(
            "read line || { echo 'no terminal' >&2; exit 4; }",
            "failed (4): no terminal",
            id="asks on stdin",
        ),
        pytest.param("exec 3<>/dev/tty && sleep 60", "failed", id="asks on the terminal"),
    ],
)
async def test_a_helper_that_does_not_help_is_named(
    helper: Helper, script: str, reason: str
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    error = await failure(helper(script, tls=tls))
    assert reason in error.text
    assert "\x1b" not in error.text


async def test_a_helper_that_hangs_is_ended_with_all_it_started(
    helper: Helper, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "open")
    alive = os.open(tmp_path / "open", os.O_RDONLY | os.O_NONBLOCK)
    script = f"exec 9> {tmp_path / 'open'}; (trap '' HUP TERM; sleep 30) & wait"
    error = await failure(helper(script, deadline=timedelta(seconds=0.2)))
    assert "gave no answer in 0 s; it may be waiting for input" in error.text
    assert "kubectl" in error.hint
    # The pipe ends when the last process that held it is gone.
    os.set_blocking(alive, True)
    assert os.read(alive, 1) == b""
    os.close(alive)


async def test_a_helper_that_is_missing_is_named_with_the_install_hint(tmp_path: Path) -> None:
    missing = ExecHelper([str(tmp_path / "gke-auth")], {}, V1, install_hint="install it from X")
    error = await failure(missing)
    assert error.text.endswith("gke-auth: No such file or directory")
    assert error.hint == "install it from X"


async def test_a_helper_with_an_impossible_argument_is_named() -> None:
    error = await failure(ExecHelper(["sh", "\x00"], {}, V1))
    assert "embedded null byte" in error.text


async def test_after_a_failure_the_helper_is_asked_again(helper: Helper, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    credentials = helper(f"test -e {flag} || exit 1; " + answer(**GIVEN))
    await failure(credentials)
    flag.touch()
    assert await credentials.authorization() == "Bearer s3cret"


def test_a_client_certificate_leaves_no_file_behind(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load_client_certificate(
        tls, (certificates / "client.crt").read_bytes(), (certificates / "client.key").read_bytes()
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        pytest.param("client.crt", "server.key", id="of somebody else"),
        pytest.param("client.key", "client.crt", id="swapped"),
        pytest.param("client.crt", "locked.key", id="a key with a passphrase does not ask for it"),
    ],
)
def test_a_client_certificate_that_does_not_fit_is_refused(
    certificates: Certificates, certificate: str, key: str
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(CredentialError, match="cannot use the client certificate") as caught:
        load_client_certificate(
            tls, (certificates / certificate).read_bytes(), (certificates / key).read_bytes()
        )
    assert "client-key" in caught.value.hint


def _jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{body}.signature"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(_jwt(exp=NOW.timestamp() + 60), id="good for a minute"),
        pytest.param(_jwt(sub="x"), id="without an end"),
        pytest.param("opaque", id="not a JWT"),
        pytest.param("a.%%%.c", id="not base64"),
        pytest.param(f"a.{base64.urlsafe_b64encode(b'[' * 9_999).decode()}.c", id="nested"),
        pytest.param(_jwt(exp=1e300), id="for ever"),
    ],
)
def test_an_oidc_login_is_used_while_it_is_good(token: str) -> None:
    assert oidc_header({"id-token": token}, NOW) == f"Bearer {token}"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"id-token": _jwt(exp=NOW.timestamp())}, "expired at 2026-03-04 14:07 UTC"),
        ({"refresh-token": "s3cret"}, "has no id-token"),
        ({}, "has no id-token"),
    ],
    ids=["expired", "refresh token alone", "empty"],
)
def test_an_oidc_login_is_renewed_by_kubectl_alone(config: dict[str, str], reason: str) -> None:
    with pytest.raises(CredentialError) as caught:
        oidc_header(config, NOW)
    assert reason in caught.value.text
    assert "kubectl" in caught.value.hint


async def test_a_refusal_makes_the_kubeconfig_be_read_again() -> None:
    reads: list[str] = []

    async def reload() -> Fixed:
        reads.append("read")
        return Fixed("Bearer new")

    credentials = Reloadable(Fixed("Bearer old"), reload)
    assert await credentials.authorization() == "Bearer old"
    assert credentials.renew()
    assert await credentials.authorization() == "Bearer new"
    assert await credentials.authorization() == "Bearer new"
    assert reads == ["read"]


async def test_a_login_that_was_missing_is_looked_for_every_time() -> None:
    found: list[Fixed] = [Fixed("Bearer late")]
    missing = Unavailable(CredentialError("not yet"))

    async def reload() -> Fixed | Unavailable:
        return found[0] if len(reads) > 1 else missing

    reads: list[str] = []
    credentials = Reloadable(missing, reload)
    for _ in range(2):
        reads.append("try")
        if len(reads) == 1:
            with pytest.raises(CredentialError, match="not yet"):
                await credentials.authorization()
    assert await credentials.authorization() == "Bearer late"
