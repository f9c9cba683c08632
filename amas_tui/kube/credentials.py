"""Who we are to the API server: tokens, token files and exec helpers.

Exec helpers run without a terminal: they can neither eat keystrokes nor hang behind a prompt that
nobody sees. Nothing here logs or shows a credential.
"""

import asyncio
import base64
import json
import os
import signal
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from amas_tui.errors import CredentialError
from amas_tui.safe import safe

HELPER_DEADLINE: Final = timedelta(seconds=30)
_SKEW: Final = timedelta(minutes=1)
_REREAD_SECONDS: Final = 60.0


class Credentials(Protocol):
    """Gives the Authorization header."""

    async def authorization(self) -> str | None:
        """Return the header's value, `None` for a client certificate or nobody.

        Raises:
            CredentialError: The credentials cannot be had.
        """
        ...

    def renew(self) -> bool:
        """Forget what was cached after a 401; return whether another try can differ."""
        ...


def bearer(token: str) -> str:
    """Return the header's value for a token.

    Raises:
        CredentialError: No header can hold it. The text does not show it.
    """
    stripped = token.strip()
    if not (stripped and stripped.isascii() and stripped.isprintable()):
        raise CredentialError(
            "the token is empty or holds characters that no HTTP header can",
            hint="Check the token in the kubeconfig or its file",
        )
    return f"Bearer {stripped}"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A header that does not change, or none."""

    header: str | None = field(default=None, repr=False)

    async def authorization(self) -> str | None:
        """Return the header."""
        return self.header

    def renew(self) -> bool:
        """Return False: nothing here can change."""
        return False


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Credentials that could not be had when the kubeconfig was read."""

    error: CredentialError

    async def authorization(self) -> str | None:
        """Raise the reason."""
        raise self.error

    def renew(self) -> bool:
        """Return False: only reading the kubeconfig again can help."""
        return False


@dataclass(slots=True)
class TokenFile:
    """A token in a file that somebody else renews, re-read every minute."""

    path: Path
    _header: str = field(default="", repr=False)
    _read_at: float = -_REREAD_SECONDS

    async def authorization(self) -> str | None:
        """Return the file's token as a bearer header."""
        if time.monotonic() - self._read_at >= _REREAD_SECONDS:
            try:
                self._header = bearer(self.path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise CredentialError(
                    f"cannot read the token file {self.path}: {error}",
                    hint="Check tokenFile in the kubeconfig",
                ) from error
            self._read_at = time.monotonic()
        return self._header

    def renew(self) -> bool:
        """Read the file again next time."""
        self._read_at = -_REREAD_SECONDS
        return True


@dataclass(slots=True)
class ExecHelper:
    """An exec credential plugin.

    Attributes:
        arguments: The command and its arguments.
        env: What is added to the environment.
        api_version: Of ExecCredential.
        cluster: The cluster's description for helpers that ask for it, else `None`.
        install_hint: What the kubeconfig says to someone who lacks the helper.
        tls: Where a client certificate from the helper goes.
    """

    arguments: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    api_version: str
    cluster: Mapping[str, Any] | None = None
    install_hint: str = ""
    tls: ssl.SSLContext | None = None
    deadline: timedelta = HELPER_DEADLINE
    _header: str | None = field(default=None, repr=False)
    _expires: datetime | None = None
    _is_known: bool = False
    _running: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def authorization(self) -> str | None:
        """Return what the helper gave, asking it again when that has expired."""
        async with self._running:
            if not self._is_known or self._has_expired():
                self._take(await self._run())
            return self._header

    def renew(self) -> bool:
        """Ask the helper again next time."""
        self._is_known = False
        return True

    def _has_expired(self) -> bool:
        return self._expires is not None and datetime.now(UTC) >= self._expires - _SKEW

    @property
    def command(self) -> str:
        """Return the helper's name for a sentence."""
        return safe(self.arguments[0])

    async def _run(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"interactive": False}
        if self.cluster is not None:
            spec["cluster"] = self.cluster
        request = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec}
        env = {**os.environ, **self.env, "KUBERNETES_EXEC_INFO": json.dumps(request)}
        try:
            process = await asyncio.create_subprocess_exec(
                *self.arguments,
                env=env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # A session of its own has no controlling terminal to prompt on.
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CredentialError(
                f"cannot run the credential helper {self.command}: "
                f"{getattr(error, 'strerror', None) or error}",
                hint=self.install_hint or "Check exec.command in the kubeconfig",
            ) from error
        try:
            async with asyncio.timeout(self.deadline.total_seconds()):
                out, err = await process.communicate()
        except TimeoutError:
            raise CredentialError(
                f"the credential helper {self.command} gave no answer in "
                f"{self.deadline.total_seconds():.0f} s; it may be waiting for input",
                hint="Run kubectl get rollouts in a terminal to log in, then try again",
            ) from None
        finally:
            await _end(process)
        if process.returncode != 0:
            said = err.decode(errors="replace").strip().splitlines()
            raise CredentialError(
                f"the credential helper {self.command} failed ({process.returncode}): "
                f"{said[-1] if said else 'it said nothing'}",
                hint="Run kubectl get rollouts in a terminal to log in, then try again",
            )
        return self._status(out)

    def _status(self, out: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(out)
            status = answer["status"]
            version = answer["apiVersion"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CredentialError(
                f"the credential helper {self.command} did not answer with an ExecCredential"
            ) from error
        if version != self.api_version or not isinstance(status, dict):
            raise CredentialError(
                f"the credential helper {self.command} speaks {version}, "
                f"the kubeconfig wants {self.api_version}"
            )
        return status

    def _take(self, status: dict[str, Any]) -> None:
        token = status.get("token")
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
        if not token and not (certificate and key):
            raise CredentialError(
                f"the credential helper {self.command} gave neither a token nor a certificate"
            )
        if certificate and key and self.tls is not None:
            load_client_certificate(self.tls, str(certificate).encode(), str(key).encode())
        self._header = bearer(str(token)) if token else None
        self._expires = _timestamp(status.get("expirationTimestamp"))
        self._is_known = True


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the helper and whatever it started."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        await process.wait()


def _timestamp(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def load_client_certificate(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Load a PEM certificate and key into `tls`.

    Python reads them from files only; these live in a private folder for the length of the call.

    Raises:
        CredentialError: They do not fit together or are not PEM.
    """
    with tempfile.TemporaryDirectory(prefix="amas-tui-") as folder:
        paths = []
        for name, content in (("certificate", certificate), ("key", key)):
            path = Path(folder) / name
            path.touch(mode=0o600)
            path.write_bytes(content)
            paths.append(path)
        try:
            # With a password given, OpenSSL does not ask for one on the terminal.
            tls.load_cert_chain(paths[0], paths[1], password="")
        except (ssl.SSLError, OSError) as error:
            raise CredentialError(
                f"cannot use the client certificate: {error}",
                hint="Check client-certificate and client-key in the kubeconfig",
            ) from error


def oidc_header(config: Mapping[str, Any], now: datetime) -> str:
    """Return the bearer header of an OIDC login whose id-token is still good.

    Refreshing is left to kubectl, which also saves the rotated token; doing it here without saving
    would end the login.

    Raises:
        CredentialError: There is no id-token, or it has expired.
    """
    token = str(config.get("id-token") or "")
    hint = "Run kubectl get rollouts in a terminal: it renews and saves the login"
    if not token:
        raise CredentialError("the OIDC login in the kubeconfig has no id-token", hint=hint)
    expiry = _jwt_expiry(token)
    if expiry is not None and now >= expiry:
        raise CredentialError(f"the OIDC login expired at {expiry:%Y-%m-%d %H:%M} UTC", hint=hint)
    return bearer(token)


def _jwt_expiry(token: str) -> datetime | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None


@dataclass(slots=True)
class Reloadable:
    """Credentials of a kubeconfig that is read again after a 401, for someone who logged in anew.

    Attributes:
        inner: What the kubeconfig gave last.
        reload: Reads the kubeconfig again; raises `AmasError` where it is not usable any more.
    """

    inner: Credentials
    reload: Callable[[], Awaitable[Credentials]]
    _must_reload: bool = False

    async def authorization(self) -> str | None:
        """Return the header, from a fresh kubeconfig after a refusal."""
        if self._must_reload or isinstance(self.inner, Unavailable):
            self.inner = await self.reload()
            self._must_reload = False
        return await self.inner.authorization()

    def renew(self) -> bool:
        """Read the kubeconfig and ask any helper again next time."""
        self.inner.renew()
        self._must_reload = True
        return True
