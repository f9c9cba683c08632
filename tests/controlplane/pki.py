"""Certificates of one bed, made with the openssl command (3.0 or newer)."""

import subprocess
from pathlib import Path
from typing import Final

_DAYS: Final = "3650"
_CONFIG: Final = """\
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Pki:
    """The bed's certificate authority and what it signed, as PEM files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.crt"

    @property
    def service_account_key(self) -> Path:
        """The key that signs service account tokens."""
        return self.folder / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        """The key that verifies them."""
        return self.folder / "service-account.pub"

    def certificate(self, name: str) -> Path:
        """Return the certificate called `name`: `server`, or a client's."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Return the key of the certificate called `name`."""
        return self.folder / f"{name}.key"

    def create(self) -> None:
        """Make the authority, the server's certificate and the service account key."""
        self.folder.mkdir()
        self._config.write_text(_CONFIG)
        self._issue("ca", "/CN=controlplane-test-ca", "ca", signed=False)
        self._issue("server", "/CN=127.0.0.1", "server")
        _openssl(
            *("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-out", str(self.service_account_key)),
        )
        public = str(self.service_account_public_key)
        _openssl("pkey", "-in", str(self.service_account_key), "-pubout", "-out", public)

    def issue_client(self, user: str, group: str) -> None:
        """Make a certificate that says `user` of `group`, unless there is one."""
        if not self.certificate(user).exists():
            self._issue(user, f"/O={group}/CN={user}", "client")

    @property
    def _config(self) -> Path:
        return self.folder / "openssl.cnf"

    def _issue(self, name: str, subject: str, extensions: str, *, signed: bool = True) -> None:
        authority = ("-CA", str(self.ca), "-CAkey", str(self.key("ca"))) if signed else ()
        _openssl(
            *("req", "-x509", "-config", str(self._config), "-extensions", extensions),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", _DAYS, "-subj", subject, *authority),
            *("-keyout", str(self.key(name)), "-out", str(self.certificate(name))),
        )


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
