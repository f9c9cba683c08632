"""Certificates for the servers of these tests, made once with the openssl command."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files in one folder."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def server(self, name: str = "server", *, asks_client: bool = False) -> ssl.SSLContext:
        """Return the context of a server with the certificate of that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self / f"{name}.crt", self / f"{name}.key")
        if asks_client:
            context.load_verify_locations(self / "ca.crt")
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> ssl.SSLContext:
        """Return a client's context that trusts the authority."""
        return ssl.create_default_context(cafile=self / "ca.crt")


_EXTENSIONS = """\
basicConstraints = critical,CA:FALSE
subjectAltName = {names}
"""


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return an authority, servers for 127.0.0.1 and for another name, and a client."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(
        *("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2"),
        *("-subj", "/CN=authority", "-addext", "keyUsage=critical,keyCertSign"),
    )
    for name, names in (
        ("server", "IP:127.0.0.1,DNS:localhost"),
        ("elsewhere", "DNS:kubernetes.internal"),
        ("client", "DNS:tester"),
    ):
        (folder / f"{name}.ext").write_text(_EXTENSIONS.format(names=names))
        subject = ["-subj", f"/CN={name}"]
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", *subject)
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key"),
            *("-out", f"{name}.crt", "-days", "2", "-extfile", f"{name}.ext"),
        )
    openssl("ec", "-in", "client.key", "-aes256", "-passout", "pass:x", "-out", "locked.key")
    return Certificates(folder)
