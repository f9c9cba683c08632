import base64
import contextlib
import os
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from amas_tui.errors import AmasError, CredentialError, KubeconfigError
from amas_tui.kube import kubeconfig
from amas_tui.kube.credentials import ExecHelper, Fixed, Reloadable, TokenFile, Unavailable
from amas_tui.kube.kubeconfig import (
    Access,
    AccessOptions,
    environment_proxy,
    kubeconfig_paths,
    load_access,
)
from amas_tui.kube.transport import Transport
from tests.unit.kube.conftest import Certificates
from tests.unit.kube.loopback import Answer, Request, loopback, ok, refusal
from tests.unit.strategies import json_values

Json = dict[str, Any]
SERVER = "https://api.example:6443"


def config(
    name: str = "one",
    *,
    server: str = SERVER,
    user: Json | None = None,
    cluster: Json | None = None,
    context: Json | None = None,
    current: str | None = "",
) -> Json:
    """Return a kubeconfig with one context, cluster and user of that name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        **({} if current is None else {"current-context": current or name}),
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": {"token": "s3cret"} if user is None else user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, **(context or {})}}],
    }


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes a kubeconfig into a folder of its own."""

    def write_(content: Json | str | bytes, folder: str = "kube") -> Path:
        path = tmp_path / folder / "config"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = yaml.safe_dump(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_


def load(*paths: Path, environ: Mapping[str, str] | None = None, **options: Any) -> Access:
    listed = os.pathsep.join(map(str, paths))
    return load_access(AccessOptions(**options), {"KUBECONFIG": listed, **(environ or {})})


def inner(access: Access) -> object:
    """Return the credentials as the kubeconfig gave them."""
    return access.credentials.inner if isinstance(access.credentials, Reloadable) else None


async def header(access: Access) -> str | None:
    return await access.credentials.authorization()


@pytest.mark.parametrize(
    ("explicit", "environ", "paths"),
    [
        pytest.param("/x", {"KUBECONFIG": "/y"}, ["/x"], id="flag wins"),
        pytest.param(None, {"KUBECONFIG": "/y"}, ["/y"], id="one"),
        pytest.param(None, {"KUBECONFIG": ":/y::/z:"}, ["/y", "/z"], id="several"),
        pytest.param(None, {"KUBECONFIG": ""}, ["/home/.kube/config"], id="empty"),
        pytest.param(None, {}, ["/home/.kube/config"], id="home"),
    ],
)
def test_the_files_are_those_of_kubectl(
    explicit: str | None, environ: dict[str, str], paths: list[str]
) -> None:
    found = kubeconfig_paths(explicit, environ, Path("/home"))
    assert [str(path) for path in found] == paths
    assert kubeconfig_paths(None, {}, None) == ()


async def test_context_cluster_user_and_namespace_are_read(write: Write) -> None:
    access = load(write(config(context={"namespace": "shop"})))
    assert (access.context, access.cluster, access.user) == ("one", "one", "one")
    assert (access.namespace, access.server) == ("shop", SERVER)
    assert await header(access) == "Bearer s3cret"
    assert "s3cret" not in repr(access)


def test_without_a_namespace_it_is_the_default_one(write: Write) -> None:
    assert load(write(config())).namespace == "default"


def test_the_first_file_with_a_current_context_decides(write: Write) -> None:
    files = [
        write(config("a", current=None), "a"),
        write(config("b"), "b"),
        write(config("c"), "c"),
    ]
    assert load(*files).context == "b"


async def test_of_two_entries_with_one_name_the_first_counts(write: Write) -> None:
    first = write(config(user={"token": "first"}), "a")
    second = write(config(server="https://else.example", user={"token": "second"}), "b")
    access = load(first, second)
    assert access.server == SERVER
    assert await header(access) == "Bearer first"


def test_a_context_may_name_a_cluster_of_another_file(write: Write) -> None:
    first = config("a")
    del first["clusters"]
    access = load(write(first, "a"), write({"clusters": config("a")["clusters"]}, "b"))
    assert access.server == SERVER


def test_a_missing_file_among_several_is_skipped(write: Write, tmp_path: Path) -> None:
    assert load(tmp_path / "gone", write(config())).context == "one"


@pytest.mark.parametrize("content", ["", "---\n", "# only a comment\n"], ids=repr)
def test_an_empty_file_among_several_is_skipped(write: Write, content: str) -> None:
    assert load(write(content, "a"), write(config(), "b")).context == "one"


async def test_relative_paths_start_at_the_file_that_holds_them(write: Write) -> None:
    first = write(config("a", user={"tokenFile": "token"}), "a")
    second = write(config("b", user={"tokenFile": "deep/token"}), "b")
    (first.parent / "token").write_text("of-a")
    (second.parent / "deep").mkdir()
    (second.parent / "deep" / "token").write_text("of-b")
    assert await header(load(first, second, context="a")) == "Bearer of-a"
    assert await header(load(first, second, context="b")) == "Bearer of-b"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("a: [", "cannot read the kubeconfig", id="broken YAML"),
        pytest.param("- a\n- b\n", "it is not a mapping", id="list"),
        pytest.param("hello", "it is not a mapping", id="word"),
        pytest.param("a: !secret b", "could not determine a constructor", id="odd tag"),
        pytest.param(b"\xff\xfe\x00", "cannot read the kubeconfig", id="bytes"),
        pytest.param("", "has no current context", id="empty"),
        pytest.param(yaml.safe_dump(config(current="gone")), "has no context gone", id="context"),
        pytest.param(
            yaml.safe_dump(config(context={"cluster": "gone"})), "has no cluster gone", id="cluster"
        ),
        pytest.param(
            yaml.safe_dump(config(context={"cluster": None})),
            "has no cluster without a name",
            id="no cluster",
        ),
        pytest.param(
            yaml.safe_dump(config(context={"user": "gone"})), "has no user gone", id="user"
        ),
        pytest.param(yaml.safe_dump(config(server="")), "has no server", id="no server"),
        pytest.param(
            yaml.safe_dump(config(server="ftp://x")), "cannot use x as the server", id="FTP"
        ),
        pytest.param(yaml.safe_dump(config(server="https://[::1")), "cannot use", id="odd server"),
        pytest.param(
            yaml.safe_dump(config(server="https://x:99999")), "cannot use x:99999", id="odd port"
        ),
        pytest.param(
            yaml.safe_dump(config(cluster={"proxy-url": "socks5://u:s3cret@x:1"})),
            "cannot use x:1 as the proxy",
            id="odd proxy",
        ),
        pytest.param(
            yaml.safe_dump(config(cluster={"certificate-authority": "gone.crt"})),
            "cannot read certificate-authority",
            id="missing authority",
        ),
        pytest.param(
            yaml.safe_dump(config(cluster={"certificate-authority-data": "bm8="})),
            "cannot use certificate-authority",
            id="odd authority",
        ),
        pytest.param(
            yaml.safe_dump(config(user={"client-certificate": "x", "client-key": "y"})),
            "cannot read client-certificate",
            id="missing certificate",
        ),
        pytest.param(
            yaml.safe_dump(config(user={"exec": {"args": ["x"]}})),
            "cannot use exec",
            id="exec without a command",
        ),
        pytest.param(
            yaml.safe_dump(config(user={"as-groups": "admins"})),
            "as-groups of the kubeconfig is not a list",
            id="odd groups",
        ),
        pytest.param(
            yaml.safe_dump({**config(), "users": [{"name": "one", "user": "me"}]}),
            "user one of the kubeconfig is not a mapping",
            id="odd user",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_named(
    write: Write, content: str | bytes, reason: str
) -> None:
    with pytest.raises(KubeconfigError) as caught:
        load(write(content))
    assert reason in caught.value.text
    assert "s3cret" not in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_a_missing_context_lists_what_there_is(write: Write) -> None:
    files = [write(config(f"c{n}"), f"c{n}") for n in range(8)]
    with pytest.raises(KubeconfigError) as caught:
        load(*files, context="gone")
    assert caught.value.hint == "It has c0, c1, c2, c3, c4, c5 and 2 more"


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for environ, explicit in (({"KUBECONFIG": str(gone)}, None), ({}, str(gone))):
        with pytest.raises(KubeconfigError, match="gone does not exist"):
            load_access(AccessOptions(kubeconfig=explicit), environ)


def test_without_any_file_the_ways_out_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(KubeconfigError) as caught:
        load_access(AccessOptions(), {})
    assert "amas-tui demo" in caught.value.hint


@given(
    st.dictionaries(
        st.sampled_from(["clusters", "contexts", "users", "current-context", "preferences"]),
        json_values
        | st.lists(
            st.fixed_dictionaries(
                {"name": st.just("one") | json_values},
                optional={
                    "context": st.fixed_dictionaries(
                        {"cluster": st.just("one"), "user": st.just("one")}
                    ),
                    "cluster": st.fixed_dictionaries(
                        {"server": st.just(SERVER) | st.text(max_size=9)},
                        optional={
                            "proxy-url": json_values,
                            "certificate-authority-data": json_values,
                        },
                    )
                    | json_values,
                    "user": st.fixed_dictionaries(
                        {},
                        optional={
                            "token": json_values,
                            "tokenFile": json_values,
                            "exec": json_values,
                            "auth-provider": json_values,
                            "as": json_values,
                            "as-user-extra": json_values,
                            "client-certificate-data": json_values,
                            "client-key-data": json_values,
                        },
                    )
                    | json_values,
                },
            ),
            max_size=3,
        ),
    )
)
def test_no_kubeconfig_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    path = tmp_path_factory.mktemp("odd") / "config"
    with contextlib.suppress(UnicodeEncodeError):
        path.write_text(yaml.safe_dump({"current-context": "one", **content}), encoding="utf-8")
        with contextlib.suppress(AmasError):
            load(path)


async def test_flags_win_over_the_file(write: Write) -> None:
    other = config("two", server="http://two.example")
    both = {
        key: value + other[key] if isinstance(value, list) else value
        for key, value in config().items()
    }
    access = load(
        write(both),
        cluster="two",
        user="two",
        namespace="else",
        token="flag",  # noqa: S106
        as_user="jane",
        as_groups=("ops",),
        as_uid="7",
        request_timeout=3.0,
    )
    assert (access.context, access.cluster, access.user) == ("one", "two", "two")
    assert (access.namespace, access.server) == ("else", "http://two.example")
    assert access.headers == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "7"),
    )
    assert access.request_timeout == 3.0
    assert await header(access) == "Bearer flag"


def test_nothing_secret_of_the_flags_is_printed() -> None:
    options = AccessOptions(token="s3cret", server="https://u:s3cret@x")  # noqa: S106
    assert "s3cret" not in repr(options)


async def test_a_server_and_a_token_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    options = AccessOptions(server="http://x.example:8080/", token="flag")  # noqa: S106
    access = load_access(options, {"HTTP_PROXY": "proxy:3128"})
    assert (access.server, access.context) == ("http://x.example:8080", "x.example:8080")
    assert access.proxy == "http://proxy:3128"
    assert await header(access) == "Bearer flag"


def test_bare_access_reads_no_kubeconfig_and_names_its_context(write: Write) -> None:
    broken = write("{")
    access = load(broken, is_bare=True, server="http://127.0.0.1:1", context="demo")
    assert (access.context, access.server) == ("demo", "http://127.0.0.1:1")
    assert access.namespace == "default"


def test_a_server_is_enough_where_the_file_has_no_current_context(write: Write) -> None:
    assert load(write("{}"), server="http://x.example").server == "http://x.example"


@pytest.mark.parametrize(
    ("server", "cluster", "url"),
    [
        pytest.param("https://x/", {}, "https://x", id="slash"),
        pytest.param("HTTPS://x", {}, "https://x", id="capitals"),
        pytest.param("x:8080", {}, "http://x:8080", id="no scheme"),
        pytest.param("x", {"insecure-skip-tls-verify": True}, "https://x", id="TLS settings"),
        pytest.param("https://x/k8s/clusters/c-1", {}, "https://x/k8s/clusters/c-1", id="path"),
    ],
)
def test_the_servers_url_is_read_as_kubectl_does(
    write: Write, server: str, cluster: Json, url: str
) -> None:
    access = load(write(config(server=server, cluster=cluster)))
    assert access.server == url
    assert (access.tls is not None) == url.startswith("https:")


def test_certificates_are_verified_unless_told_otherwise(write: Write) -> None:
    strict = load(write(config())).tls
    loose = load(write(config(cluster={"insecure-skip-tls-verify": True}))).tls
    flag = load(write(config()), insecure_skip_tls_verify=True).tls
    assert strict is not None
    assert loose is not None
    assert flag is not None
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (loose.verify_mode, flag.verify_mode) == (ssl.CERT_NONE, ssl.CERT_NONE)


async def test_an_authority_and_a_client_certificate_are_used(
    write: Write, certificates: Certificates
) -> None:
    def inline(name: str) -> str:
        return base64.b64encode((certificates / name).read_bytes()).decode()

    async with loopback(ok({"a": 1}), tls=certificates.server(asks_client=True)) as server:
        data = config(
            server=server.url,
            cluster={"certificate-authority-data": inline("ca.crt")},
            user={
                "client-certificate-data": inline("client.crt"),
                "client-key-data": inline("client.key"),
            },
        )
        files = config(
            server=server.url,
            cluster={"certificate-authority": str(certificates / "ca.crt")},
            user={
                "client-certificate": str(certificates / "client.crt"),
                "client-key": str(certificates / "client.key"),
            },
        )
        for content in (data, files):
            access = load(write(content))
            transport = Transport(access)
            assert (await transport.get("/x", doing="x")).json() == {"a": 1}
            await transport.aclose()
            assert await header(access) is None


def test_an_authority_given_as_a_flag_wins(write: Write, certificates: Certificates) -> None:
    broken = config(cluster={"certificate-authority-data": "bm8="})
    found = load(write(broken), certificate_authority=str(certificates / "ca.crt")).tls
    assert found is not None
    assert len(found.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        pytest.param({}, Fixed, id="nobody"),
        pytest.param({"token": "x"}, Fixed, id="token"),
        pytest.param({"token": 123}, Fixed, id="a number as a token"),
        pytest.param({"tokenFile": "x"}, TokenFile, id="token file"),
        pytest.param({"exec": {"command": "x", "apiVersion": "v1"}}, ExecHelper, id="helper"),
        pytest.param({"auth-provider": {"name": "oidc", "config": {}}}, Unavailable, id="no login"),
        pytest.param({"auth-provider": {"name": "gcp"}}, Unavailable, id="dropped provider"),
        pytest.param(
            {"exec": {"command": "x", "apiVersion": "v1", "interactiveMode": "Always"}},
            Unavailable,
            id="helper that needs a terminal",
        ),
        pytest.param({"token": "a\nb"}, Unavailable, id="odd token"),
    ],
)
def test_every_way_to_log_in_is_known(write: Write, user: Json, kind: type) -> None:
    assert type(inner(load(write(config(user=user))))) is kind


async def test_a_name_and_password_are_sent_as_basic(write: Write) -> None:
    user = {"username": "jane", "password": "s3cret"}
    expected = base64.b64encode(b"jane:s3cret").decode()
    assert await header(load(write(config(user=user)))) == f"Basic {expected}"


async def test_a_missing_login_is_named_when_it_is_needed(write: Write) -> None:
    access = load(write(config(user={"auth-provider": {"name": "gcp"}})))
    with pytest.raises(CredentialError, match="auth-provider gcp, which kubectl dropped"):
        await header(access)


def test_a_helper_is_read_with_all_it_needs(write: Write) -> None:
    helper = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./bin/login",
        "args": ["get-token", 7],
        "env": [{"name": "A", "value": "b"}],
        "provideClusterInfo": True,
        "installHint": "install it",
    }
    path = write(config(user={"exec": helper}, cluster={"tls-server-name": "api"}))
    found = inner(load(path))
    assert isinstance(found, ExecHelper)
    assert list(found.arguments) == [str(path.parent / "bin/login"), "get-token", "7"]
    assert found.env == {"A": "b"}
    assert found.cluster == {"server": SERVER, "tls-server-name": "api"}
    assert found.install_hint == "install it"


def test_a_helper_on_the_path_stays_a_name(write: Write) -> None:
    found = inner(load(write(config(user={"exec": {"command": "aws", "apiVersion": "v1"}}))))
    assert isinstance(found, ExecHelper)
    assert list(found.arguments) == ["aws"]


def test_impersonation_of_the_file_is_sent(write: Write) -> None:
    user = {
        "as": "jane",
        "as-uid": "7",
        "as-groups": ["a", "b"],
        "as-user-extra": {"acme.example/team": ["x"]},
    }
    assert load(write(config(user=user))).headers == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-acme.example%2Fteam", "x"),
    )


def test_server_name_and_proxy_of_the_cluster_are_read(write: Write) -> None:
    cluster = {"tls-server-name": "api", "proxy-url": "http://p:3128"}
    access = load(write(config(cluster=cluster)), environ={"HTTPS_PROXY": "http://else"})
    assert (access.server_name, access.proxy) == ("api", "http://p:3128")


_PROXY = {"HTTPS_PROXY": "http://p:3128"}


@pytest.mark.parametrize(
    ("server", "environ", "proxy"),
    [
        pytest.param(SERVER, {}, None, id="none"),
        pytest.param(SERVER, _PROXY, "http://p:3128", id="https"),
        pytest.param(SERVER, {"https_proxy": "http://p"}, "http://p", id="lower case"),
        pytest.param(SERVER, {"HTTP_PROXY": "http://p"}, None, id="of the other scheme"),
        pytest.param("http://x", {"HTTP_PROXY": "http://p"}, "http://p", id="http"),
        pytest.param(SERVER, {"HTTPS_PROXY": "p:3128"}, "http://p:3128", id="without a scheme"),
        pytest.param(SERVER, {"ALL_PROXY": "http://p"}, None, id="kubectl knows no ALL_PROXY"),
        pytest.param(SERVER, {**_PROXY, "NO_PROXY": "*"}, None, id="all direct"),
        pytest.param(SERVER, {**_PROXY, "NO_PROXY": "x, API.example"}, None, id="name"),
        pytest.param(SERVER, {**_PROXY, "no_proxy": "example"}, None, id="domain"),
        pytest.param(SERVER, {**_PROXY, "NO_PROXY": ".example"}, None, id="domain with a dot"),
        pytest.param(SERVER, {**_PROXY, "NO_PROXY": "*.example"}, None, id="domain with a star"),
        pytest.param(SERVER, {**_PROXY, "NO_PROXY": "ample"}, "http://p:3128", id="half a name"),
        pytest.param(
            SERVER, {**_PROXY, "NO_PROXY": ".api.example"}, "http://p:3128", id="a dot means below"
        ),
        pytest.param(SERVER, {**_PROXY, "NO_PROXY": "api.example:6443"}, None, id="port"),
        pytest.param(
            SERVER, {**_PROXY, "NO_PROXY": "api.example:443"}, "http://p:3128", id="another port"
        ),
        pytest.param("https://10.1.2.3", {**_PROXY, "NO_PROXY": "10.0.0.0/8"}, None, id="network"),
        pytest.param(
            "https://11.1.2.3",
            {**_PROXY, "NO_PROXY": "10.0.0.0/8"},
            "http://p:3128",
            id="another network",
        ),
        pytest.param("https://10.1.2.3", {**_PROXY, "NO_PROXY": "10.1.2.3"}, None, id="address"),
        pytest.param("https://[fd00::1]:6443", {**_PROXY, "NO_PROXY": "fd00::/8"}, None, id="IPv6"),
        pytest.param("https://127.0.0.1:6443", _PROXY, None, id="loopback"),
        pytest.param("https://[::1]:6443", _PROXY, None, id="IPv6 loopback"),
        pytest.param("https://localhost:6443", _PROXY, None, id="localhost"),
    ],
)
def test_the_environments_proxy_is_kubectls(
    server: str, environ: dict[str, str], proxy: str | None
) -> None:
    assert environment_proxy(server, environ) == proxy


async def test_someone_who_logged_in_anew_is_let_in_without_a_restart(write: Write) -> None:
    def answer(request: Request) -> Answer:
        return ok({"a": 1}) if request.headers["authorization"] == "Bearer new" else refusal(401)

    async with loopback(answer) as server:
        path = write(config(server=server.url, user={"token": "old"}))
        transport = Transport(load(path))
        with pytest.raises(AmasError):
            await transport.get("/x", doing="x")
        write(config(server=server.url, user={"token": "new"}))
        assert (await transport.get("/x", doing="x")).json() == {"a": 1}
        await transport.aclose()


async def test_a_kubeconfig_changed_underneath_does_not_move_the_session(write: Write) -> None:
    path = write(config())
    access = load(path)
    write(config(server="https://u:s3cret@prod.example"))
    access.credentials.renew()
    with pytest.raises(CredentialError) as caught:
        await header(access)
    assert "now names another server; this program stays with api.example:6443" in caught.value.text
    write(config("two"))
    access.credentials.renew()
    with pytest.raises(CredentialError, match="context one is gone"):
        await header(access)


@pytest.fixture
def service_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificates: Certificates
) -> Path:
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    (tmp_path / "ca.crt").write_text(certificates.text("ca.crt"))
    (tmp_path / "token").write_text("of-the-pod")
    (tmp_path / "namespace").write_text("amas\n")
    return tmp_path


async def test_in_a_pod_the_service_account_is_used(service_account: Path) -> None:
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    access = load_access(AccessOptions(), environ)
    assert (access.server, access.namespace) == ("https://10.0.0.1:6443", "amas")
    assert await header(access) == "Bearer of-the-pod"
    (service_account / "namespace").unlink()
    six = load_access(AccessOptions(), {"KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert (six.server, six.namespace) == ("https://[fd00::1]:443", "default")


def test_a_pod_without_a_service_account_is_told_so(service_account: Path) -> None:
    (service_account / "ca.crt").unlink()
    with pytest.raises(KubeconfigError, match="service account") as caught:
        load_access(AccessOptions(), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert caught.value.hint
