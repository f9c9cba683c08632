"""Addresses of Services inside the cluster, and the API server's proxy to them."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"({_LABEL})\.({_LABEL})(?:\.svc(?:\.[a-z0-9.-]+)?)?\.?")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """A Service behind a URL.

    Attributes:
        prefix: Path in front of what is asked, without a slash at its end.
    """

    namespace: str
    name: str
    port: int
    is_tls: bool = False
    prefix: str = ""

    def proxy_path(self, path: str) -> str:
        """Return where the API server passes `path` on to the Service.

        Source: k8s.io/kubernetes/pkg/registry/core/service/storage:ResourceLocation.
        """
        port = f"https:{self.name}:{self.port}" if self.is_tls else f"{self.name}:{self.port}"
        return (
            f"/api/v1/namespaces/{quote(self.namespace, safe='')}/services/{port}/proxy"
            f"{quote(self.prefix)}{path}"
        )

    def __str__(self) -> str:
        return f"{self.name}.{self.namespace}:{self.port}"


def service_address(url: str) -> ServiceAddress | None:
    """Return the Service that a URL such as `http://NAME.NS.svc.cluster.local:9090` means.

    `NAME.NS` counts too. `None` for anything that is not a Service's name, such as an IP address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    found = _HOST.fullmatch(parts.hostname or "")
    if found is None or parts.scheme not in _PORTS:
        return None
    return ServiceAddress(
        namespace=found[2],
        name=found[1],
        port=port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "https",
        prefix=parts.path.rstrip("/"),
    )
