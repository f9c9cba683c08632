"""Which cluster, and how to reach it: the kubeconfig as kubectl reads it.

kubernetes_asyncio merges the files and picks context, cluster and user; what it does unsafely
(helpers on our terminal, unverified refreshes, keys left in temporary files) is done here.
"""

import asyncio
import base64
import binascii
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from amas_tui.errors import CredentialError, KubeconfigError
from amas_tui.kube.credentials import (
    Credentials,
    ExecHelper,
    Fixed,
    Reloadable,
    TokenFile,
    Unavailable,
    bearer,
    load_client_certificate,
    oidc_header,
)
from amas_tui.kube.lean import kubeconfig_reader
from amas_tui.safe import host_of, safe

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """kubectl's connection flags; `None` or empty means: as the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    server: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    certificate_authority: str | None = None
    insecure_skip_tls_verify: bool = False
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None
    request_timeout: float | None = None
    """Seconds; `None` or 0 means the default."""
    is_bare: bool = False
    """Whether server and token are all there is: no kubeconfig is read."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one cluster. Holds no secret that can be printed.

    Attributes:
        context: The context's name, pinned for the life of the program.
        namespace: The namespace to use where none is given.
        user: The kubeconfig's name for the user.
        server: URL without a trailing slash.
        tls: `None` for plain HTTP.
        proxy: URL of a proxy, from the kubeconfig or the environment.
        server_name: The name to verify instead of the URL's host.
        headers: Impersonation.
    """

    context: str
    cluster: str
    user: str
    namespace: str
    server: str = field(repr=False)
    credentials: Credentials = field(repr=False)
    tls: ssl.SSLContext | None = None
    proxy: str | None = field(default=None, repr=False)
    server_name: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    request_timeout: float | None = None


def kubeconfig_paths(
    explicit: str | None, environ: Mapping[str, str], home: Path | None
) -> tuple[Path, ...]:
    """Return the files to merge, as kubectl chooses them: flag, `KUBECONFIG`, `~/.kube/config`."""
    if explicit:
        return (Path(explicit).expanduser(),)
    listed = [Path(part).expanduser() for part in environ.get("KUBECONFIG", "").split(os.pathsep)]
    named = tuple(path for path in listed if path != Path())
    if named:
        return named
    return (home / ".kube" / "config",) if home else ()


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """The merged files."""

    paths: tuple[Path, ...]
    merged: Any
    current_context: str

    @property
    def contexts(self) -> tuple[str, ...]:
        """Return the names of the contexts, in the order of the files."""
        return tuple(
            str(plain.get("name", ""))
            for item in self.merged.value["contexts"]
            if isinstance(plain := _plain(item), dict)
        )


def _plain(node: Any) -> Any:
    """Return the value in one of kubernetes_asyncio's nodes, or the value itself."""
    return getattr(node, "value", node)


def read_kubeconfig(options: AccessOptions, environ: Mapping[str, str]) -> Kubeconfig | None:
    """Return the merged kubeconfig, `None` where there is none and none was asked for.

    Raises:
        KubeconfigError: A file that was named is missing, or one cannot be read.
    """
    try:
        home: Path | None = Path.home()
    except RuntimeError:
        home = None
    paths = kubeconfig_paths(options.kubeconfig, environ, home)
    present = tuple(path for path in paths if path.is_file())
    if not present:
        if options.kubeconfig or environ.get("KUBECONFIG"):
            raise KubeconfigError(
                f"cannot read the kubeconfig: {paths[0]} does not exist",
                hint="Check --kubeconfig or KUBECONFIG",
            )
        return None
    reader = kubeconfig_reader()
    try:
        merger = reader.merger(os.pathsep.join(str(path) for path in present))
    except (OSError, UnicodeDecodeError) as error:
        raise KubeconfigError(
            f"cannot read the kubeconfig {', '.join(map(str, present))}: "
            f"{getattr(error, 'strerror', None) or 'it is not text'}",
            hint="Check that the file is a kubeconfig",
        ) from error
    except Exception as error:  # YAML errors and whatever the merger trips over in odd files
        raise KubeconfigError(
            f"cannot read the kubeconfig {', '.join(map(str, present))}: {_first_line(error)}",
            hint="Check that the file is a kubeconfig",
        ) from error
    # kubectl takes the first file's current context; the merger takes the last one's.
    current = next(
        (
            str(c["current-context"])
            for c in _dicts(merger.config_files)
            if c.get("current-context")
        ),
        "",
    )
    return Kubeconfig(present, merger.config, current)


def _dicts(files: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [content for content in files.values() if isinstance(content, dict)]


def _first_line(error: Exception) -> str:
    """Return an error's text in one line; of bad YAML where and what, without the file again."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is not None and problem:
        return safe(f"line {mark.line + 1}: {problem}")
    lines = str(error).splitlines()
    return safe(" ".join(lines[:3])) if lines else type(error).__name__


def load_access(options: AccessOptions, environ: Mapping[str, str] | None = None) -> Access:
    """Return how to reach the cluster that flags, environment and kubeconfig name.

    Reads files and builds a TLS context: tens of milliseconds, so keep it off the event loop.

    Raises:
        KubeconfigError: No cluster can be found.
        CredentialError: The credentials cannot be had.
    """
    environ = os.environ if environ is None else environ
    config = None if options.is_bare else read_kubeconfig(options, environ)
    if config is None:
        if options.server:
            return _bare(options, environ)
        if environ.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster(options, environ)
        raise KubeconfigError(
            "cannot find a kubeconfig: neither --kubeconfig, KUBECONFIG nor ~/.kube/config",
            hint="Set KUBECONFIG to the file that kubectl uses, or try amas-tui demo",
        )
    return _from_config(config, options, environ)


def _from_config(config: Kubeconfig, options: AccessOptions, environ: Mapping[str, str]) -> Access:
    name = options.context or config.current_context
    if not name and options.server:
        return _bare(options, environ)
    if not name:
        raise KubeconfigError(
            "the kubeconfig has no current context",
            hint=f"Pass --context: {_some(config.contexts)}",
        )
    if name not in config.contexts:
        raise KubeconfigError(
            f"the kubeconfig has no context {name}",
            hint=f"It has {_some(config.contexts)}",
        )
    context = _named(config, "contexts", name)
    cluster_name = options.cluster or str(context.get("cluster") or "")
    user_name = options.user or str(context.get("user") or "")
    cluster = _named(config, "clusters", cluster_name)
    user = _named(config, "users", user_name) if user_name else {}
    server = _server(options, cluster)
    if not server:
        raise KubeconfigError(f"cluster {cluster_name} of context {name} has no server")
    cluster_base = _base(config, "clusters", cluster_name)
    tls = _tls(options, cluster, cluster_base) if server.startswith("https:") else None
    access = Access(
        context=safe(name),
        cluster=safe(cluster_name),
        user=safe(user_name),
        namespace=safe(str(options.namespace or context.get("namespace") or "default")),
        server=server,
        credentials=Fixed(),
        tls=tls,
        proxy=_proxy(str(cluster.get("proxy-url") or "") or environment_proxy(server, environ)),
        server_name=str(cluster.get("tls-server-name") or "") or None,
        headers=_impersonation(options, user),
        request_timeout=options.request_timeout,
    )
    if options.token:
        return _with(access, Fixed(bearer(options.token)))
    user_base = _base(config, "users", user_name)
    try:
        inner = _credentials(user, user_base, cluster, tls)
    except CredentialError as error:
        # Not the end: the screen names it, and heals when somebody has logged in anew.
        inner = Unavailable(error)

    async def reload() -> Credentials:
        return await asyncio.to_thread(_reload, options, environ, access)

    return _with(access, Reloadable(inner, reload))


def _reload(options: AccessOptions, environ: Mapping[str, str], access: Access) -> Credentials:
    """Read the kubeconfig again for new credentials of the same context on the same server."""
    config = read_kubeconfig(options, environ)
    if config is None or access.context not in config.contexts:
        raise CredentialError(f"context {access.context} is gone from the kubeconfig")
    context = _named(config, "contexts", access.context)
    cluster = _named(config, "clusters", options.cluster or str(context.get("cluster")))
    if _server(options, cluster) != access.server:
        raise CredentialError(
            f"context {access.context} now names another server; this program stays with "
            f"{host_of(access.server)}",
            hint="Start it again to change over",
        )
    user_name = options.user or str(context.get("user") or "")
    user = _named(config, "users", user_name) if user_name else {}
    return _credentials(user, _base(config, "users", user_name), cluster, access.tls)


def _with(access: Access, credentials: Credentials) -> Access:
    return replace(access, credentials=credentials)


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:6])
    return shown + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "none"


def _named(config: Kubeconfig, section: str, name: str) -> dict[str, Any]:
    """Return what an entry of `contexts`, `clusters` or `users` holds."""
    kind = section[:-1]
    for item in config.merged.value[section]:
        plain = _plain(item)
        if isinstance(plain, dict) and str(plain.get("name")) == name:
            content = plain.get(kind) or {}
            if not isinstance(content, dict):
                raise KubeconfigError(f"{kind} {name} of the kubeconfig is not a mapping")
            return content
    raise KubeconfigError(f"the kubeconfig has no {kind} {name or 'without a name'}")


def _base(config: Kubeconfig, section: str, name: str) -> Path:
    """Return the folder that relative paths of an entry start from: its own file's."""
    for item in config.merged.value[section]:
        plain = _plain(item)
        if isinstance(plain, dict) and str(plain.get("name")) == name:
            return Path(getattr(item, "path", None) or config.paths[0]).absolute().parent
    return Path.cwd()


def _server(options: AccessOptions, cluster: Mapping[str, Any]) -> str:
    """Return the server's URL without a trailing slash, empty where none is given.

    Without a scheme it is plain HTTP, unless the cluster has settings for TLS.
    Source: client-go rest/url_utils.go:DefaultServerURL.
    """
    url = str(options.server or cluster.get("server") or "").rstrip("/")
    if not url:
        return ""
    if "://" not in url:
        settings = (
            *("certificate-authority", "certificate-authority-data"),
            "insecure-skip-tls-verify",
        )
        url = f"{'https' if any(map(cluster.get, settings)) else 'http'}://{url}"
    return _http_url(url, "server")


def _proxy(url: str | None) -> str | None:
    return _http_url(url, "proxy") if url else None


def _http_url(url: str, what: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise KubeconfigError(
            f"cannot use {host_of(url)} as the {what}: it is not an HTTP or HTTPS URL",
            hint=f"Check the cluster's {'server' if what == 'server' else 'proxy-url'}",
        )
    # The scheme decides about TLS, so it is spelled in one way.
    return parts.scheme + url[len(parts.scheme) :]


def _content(entry: Mapping[str, Any], key: str, base: Path) -> bytes | None:
    """Return the bytes of `key-data` (base64) or of the file named by `key`."""
    data = entry.get(f"{key}-data")
    try:
        if data:
            return base64.b64decode(str(data), validate=False)
        if entry.get(key):
            return (base / str(entry[key])).read_bytes()
    except (OSError, binascii.Error, ValueError) as error:
        raise KubeconfigError(f"cannot read {key} of the kubeconfig: {error}") from error
    return None


def _tls(options: AccessOptions, cluster: Mapping[str, Any], base: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if options.insecure_skip_tls_verify or cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    authority = (
        _content(
            {"certificate-authority": options.certificate_authority},
            "certificate-authority",
            Path(),
        )
        if options.certificate_authority
        else _content(cluster, "certificate-authority", base)
    )
    if authority is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata=authority.decode("ascii", errors="replace"))
    except (ssl.SSLError, ValueError) as error:
        raise KubeconfigError(
            f"cannot use certificate-authority of the kubeconfig: {error}"
        ) from error
    return context


def _credentials(
    user: Mapping[str, Any], base: Path, cluster: Mapping[str, Any], tls: ssl.SSLContext | None
) -> Credentials:
    certificate = _content(user, "client-certificate", base)
    key = _content(user, "client-key", base)
    if certificate and key and tls is not None:
        load_client_certificate(tls, certificate, key)
    if user.get("token"):
        return Fixed(bearer(str(user["token"])))
    if user.get("tokenFile"):
        return TokenFile(base / str(user["tokenFile"]))
    provider = user.get("auth-provider")
    if isinstance(provider, dict):
        return _provider(provider)
    if isinstance(user.get("exec"), dict):
        return _helper(user["exec"], base, cluster, tls)
    if user.get("username"):
        plain = f"{user['username']}:{user.get('password', '')}".encode()
        return Fixed("Basic " + base64.b64encode(plain).decode())
    return Fixed()


def _provider(provider: Mapping[str, Any]) -> Credentials:
    name = str(provider.get("name") or "")
    if name == "oidc":
        config = provider.get("config")
        return Fixed(oidc_header(config if isinstance(config, dict) else {}, datetime.now(UTC)))
    raise CredentialError(
        f"the kubeconfig logs in through auth-provider {safe(name)}, which kubectl dropped in 1.26",
        hint="Create the login anew with the vendor's exec helper",
    )


def _helper(
    config: dict[str, Any], base: Path, cluster: Mapping[str, Any], tls: ssl.SSLContext | None
) -> Credentials:
    reader = kubeconfig_reader()
    try:
        # Reads command, arguments and environment, and complains about what is missing.
        parsed = reader.exec_provider(_Node(config))
    except (reader.error, KeyError, TypeError) as error:
        raise KubeconfigError(f"cannot use exec of the kubeconfig: {_first_line(error)}") from error
    if config.get("interactiveMode") == "Always":
        raise CredentialError(
            f"the credential helper {safe(str(config.get('command')))} needs a terminal",
            hint="Log in with kubectl get rollouts first, with a login that is then cached",
        )
    command, *arguments = parsed.args
    if os.sep in command and not Path(command).is_absolute():
        command = str(base / command)
    added = {
        str(item["name"]): str(item["value"])
        for item in config.get("env") or ()
        if isinstance(item, dict) and "name" in item and "value" in item
    }
    return ExecHelper(
        arguments=(command, *map(str, arguments)),
        env=added,
        api_version=str(parsed.api_version),
        cluster=_cluster_info(cluster) if config.get("provideClusterInfo") else None,
        install_hint=safe(str(config.get("installHint") or "")),
        tls=tls,
    )


class _Node(dict[str, Any]):
    """The little that kubernetes_asyncio's exec provider asks of its own config node."""

    def safe_get(self, key: str) -> Any:
        return self.get(key)

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        return _Items(value) if isinstance(value, list) else value


class _Items(list[Any]):
    @property
    def value(self) -> list[Any]:
        return self


def _cluster_info(cluster: Mapping[str, Any]) -> dict[str, Any]:
    known = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data")
    return {key: cluster[key] for key in (*known, "proxy-url") if key in cluster}


def _impersonation(options: AccessOptions, user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the headers for `--as` and the kubeconfig's `as:` keys."""
    headers = []
    as_user = options.as_user or str(user.get("as") or "")
    if as_user:
        headers.append(("Impersonate-User", as_user))
    groups = options.as_groups or tuple(map(str, _list(user, "as-groups")))
    headers += [("Impersonate-Group", group) for group in groups]
    as_uid = options.as_uid or str(user.get("as-uid") or "")
    if as_uid:
        headers.append(("Impersonate-Uid", as_uid))
    extra = user.get("as-user-extra") or {}
    if not isinstance(extra, dict):
        raise KubeconfigError("as-user-extra of the kubeconfig is not a mapping")
    for key in extra:
        name = f"Impersonate-Extra-{quote(str(key), safe='')}"
        headers += [(name, str(value)) for value in _list(extra, key)]
    return tuple(headers)


def _list(entry: Mapping[str, Any], key: str) -> list[Any]:
    value = entry.get(key) or []
    if not isinstance(value, list):
        raise KubeconfigError(f"{key} of the kubeconfig is not a list")
    return value


def environment_proxy(server: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for a server, as kubectl reads it.

    A loopback address is never asked through a proxy.
    Source: golang.org/x/net/http/httpproxy.
    """
    parts = urlsplit(server)
    proxy = _variable(environ, f"{parts.scheme}_proxy")
    if not proxy or _goes_direct(parts.hostname or "", parts.port, _variable(environ, "no_proxy")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _goes_direct(host: str, port: int | None, rules: str) -> bool:
    """Return whether `NO_PROXY` names a host: by itself, its domain, its address or network."""
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(
        rule == "*" or _is_inside(address, rule) or _is_named(host, port, rule)
        for rule in filter(None, (part.strip().lower() for part in rules.split(",")))
    )


def _is_inside(address: IPv4Address | IPv6Address | None, rule: str) -> bool:
    try:
        return address is not None and address in ip_network(rule, strict=False)
    except ValueError:
        return False


def _is_named(host: str, port: int | None, rule: str) -> bool:
    """Return whether a rule names a host or its domain; `.domain` and `*.domain` mean below it."""
    name, _, rule_port = rule.partition(":")
    name = name.removeprefix("*")
    if rule_port not in ("", str(port)):
        return False
    return host.endswith(name if name.startswith(".") else f".{name}") or host == name


def _bare(options: AccessOptions, environ: Mapping[str, str]) -> Access:
    """Return access from flags alone: `--server` and perhaps `--token`."""
    server = _server(options, {})
    return Access(
        context=options.context or host_of(server),
        cluster="",
        user="",
        namespace=options.namespace or "default",
        server=server,
        credentials=Fixed(bearer(options.token) if options.token else None),
        tls=_tls(options, {}, Path.cwd()) if server.startswith("https:") else None,
        proxy=_proxy(environment_proxy(server, environ)),
        headers=_impersonation(options, {}),
        request_timeout=options.request_timeout,
    )


def _in_cluster(options: AccessOptions, environ: Mapping[str, str]) -> Access:
    """Return access as a pod's service account has it."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    authority = SERVICE_ACCOUNT / "ca.crt"
    if not authority.is_file():
        raise KubeconfigError(
            f"cannot use the pod's service account: {authority} does not exist",
            hint="Mount a service account token, or pass --kubeconfig",
        )
    try:
        namespace = (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except OSError:
        namespace = "default"
    return Access(
        context="in-cluster",
        cluster="in-cluster",
        user="service account",
        namespace=options.namespace or namespace,
        server=server,
        credentials=TokenFile(SERVICE_ACCOUNT / "token"),
        tls=_tls(options, {"certificate-authority": str(authority)}, Path("/")),
        headers=_impersonation(options, {}),
        request_timeout=options.request_timeout,
    )
