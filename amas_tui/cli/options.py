"""kubectl's connection flags, spelled and meant as kubectl's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from amas_tui.errors import UsageError
from amas_tui.rules.duration import go_duration

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line says about the cluster.

    Attributes:
        contexts: Of `--context`, in their order; `context` is the first.
        namespaces: Of `-n`, in their order; empty means: as the kubeconfig says.
        request_timeout: Seconds; `None` means the default.
        is_bare: Whether server and token are all there is: no kubeconfig is read.
    """

    kubeconfig: str | None = None
    context: str | None = None
    contexts: tuple[str, ...] = ()
    cluster: str | None = None
    user: str | None = None
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    selector: str = ""
    server: str | None = None
    token: str | None = None
    certificate_authority: str | None = None
    insecure_skip_tls_verify: bool = False
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None
    request_timeout: float | None = None
    prometheus_url: str | None = None
    metrics_interval: float | None = None
    read_only: bool | None = None
    is_bare: bool = False


def seconds(text: str) -> float:
    """Return a kubectl duration in seconds: a Go duration, or a bare number of seconds.

    Raises:
        UsageError: It is neither.
    """
    try:
        return float(text)
    except ValueError:
        length = go_duration(text)
    if length is None:
        raise UsageError(f"{text} is not a length of time", hint="Write e.g. 30s or 2m")
    return length.total_seconds()


class Duration(click.ParamType[float]):
    """A length of time as kubectl reads it, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        try:
            return seconds(str(value))
        except UsageError as error:
            self.fail(error.sentence, param, ctx)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--kubeconfig", help="Path of the kubeconfig to use."),
    click.option(
        "--context",
        "contexts",
        multiple=True,
        help="The kubeconfig's context to use; repeatable where several make sense.",
    ),
    click.option("--cluster", help="The kubeconfig's cluster to use."),
    click.option("--user", help="The kubeconfig's user to use."),
    click.option("-n", "--namespace", "namespaces", multiple=True, help="Namespace; repeatable."),
    click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces."),
    click.option("-l", "--selector", default="", help="Label selector of the rollouts."),
    click.option("--server", help="URL of the API server."),
    click.option("--token", help="Bearer token."),
    click.option("--certificate-authority", help="Path of the server's certificate authority."),
    click.option("--insecure-skip-tls-verify", is_flag=True, help="Do not verify the server."),
    click.option("--as", "as_user", help="User to impersonate."),
    click.option("--as-group", "as_groups", multiple=True, help="Group to impersonate."),
    click.option("--as-uid", help="UID to impersonate."),
    click.option("--request-timeout", type=Duration(), help="Give up on a request after this."),
    click.option(
        "--prometheus-url",
        help="URL of Prometheus, instead of the AnalysisTemplates' address.",
    ),
    click.option(
        "--metrics-interval",
        type=Duration(),
        help="Time between two values of a live series.  [default: 5s]",
    ),
    click.option("--read-only/--no-read-only", default=None, help="Send no write at all."),
)

_NAMES = frozenset(Flags.__dataclass_fields__)


COMPAT: Final = "amas_tui.compat_exit"


def compat_option(command: Any) -> Any:
    """Give a command `--compat-exit`: 0 or 1, as the plugin's commands end."""

    def note(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001
        context.find_root().meta[COMPAT] = value

    return click.option(
        "--compat-exit",
        is_flag=True,
        expose_value=False,
        callback=note,
        help="End with 0 or 1, as the plugin does.",
    )(command)


def connection_flags(command: Command) -> Command:
    """Give a command kubectl's connection flags, as one argument `flags`."""
    return _with_flags(command, several=False)


def fleet_flags(command: Command) -> Command:
    """Give a command the connection flags of one or several contexts."""
    return _with_flags(command, several=True)


def _with_flags(command: Command, *, several: bool) -> Command:
    def with_flags(*args: Any, **given: Any) -> Any:
        own = {name: value for name, value in given.items() if name not in _NAMES}
        flags = {name: value for name, value in given.items() if name in _NAMES}
        if flags["as_groups"] and not flags["as_user"]:
            raise UsageError("--as-group needs --as", hint="Name the user to impersonate")
        contexts = flags["contexts"]
        if len(contexts) > 1 and not several:
            raise UsageError("this takes one --context", hint="Run it once for each")
        flags["context"] = contexts[0] if contexts else None
        return command(*args, flags=Flags(**flags), **own)

    with_flags.__name__ = command.__name__
    with_flags.__doc__ = command.__doc__
    decorated: Any = with_flags
    for parameter in reversed(getattr(command, "__click_params__", [])):
        decorated.__click_params__ = [*getattr(decorated, "__click_params__", []), parameter]
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    result: Command = decorated
    return result


def rollout_name(text: str) -> str:
    """Return the name in `NAME` or `rollout/NAME`."""
    kind, slash, name = text.rpartition("/")
    if slash and kind.partition(".")[0] not in ("rollout", "rollouts", "ro"):
        raise click.UsageError(f"{kind} is not a kind that is shown here")
    return name
