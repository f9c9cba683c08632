"""What can go wrong that is not a bug.

    AmasError
    ├── UsageError              the command line or the configuration is wrong
    ├── KubeconfigError         no usable way to the cluster in the kubeconfig
    ├── CredentialError         the way is known, but the credentials are not to be had
    ├── UnreachableError        no answer: name, address, TLS, time
    ├── ApiError(status)        the API server answered with a failure
    │   ├── UnauthorizedError   401
    │   ├── ForbiddenError      403
    │   ├── NotFoundError       404
    │   ├── ConflictError       409: the object moved
    │   ├── GoneError           410: the history that was asked for is gone
    │   ├── InvalidError        422: also a failed `test` of a JSON patch
    │   └── ThrottledError      429 and 503 with Retry-After
    ├── TimedOutError           what was waited for did not come in time
    ├── DecodeError             bytes that are not what they should be
    └── MetricsError            Prometheus did not give a usable answer

A text says *cannot <verb> <what>: <reason>*; a hint is the next step. A bug is not an `AmasError`:
it ends the program with its traceback.
"""

from collections.abc import Mapping
from enum import IntEnum

from amas_tui.safe import safe


class Exit(IntEnum):
    """Exit codes of every headless command, documented in the README."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    REFUSED = 3
    DEGRADED = 10
    ABORTED = 11
    PAUSED = 12
    PROGRESSING = 13
    ANALYSIS = 14
    UNREACHABLE = 20
    UNAUTHENTICATED = 21
    FORBIDDEN = 22
    NOT_FOUND = 23
    CONTROLLER_SILENT = 24
    NOT_OBSERVED = 30
    TIMEOUT = 124
    INTERRUPTED = 130
    TERMINATED = 143


class AmasError(Exception):
    """Anything a user can understand and act on.

    Attributes:
        text: One harmless line: what could not be done, and why.
        hint: The next step, as an imperative; may be empty.
        exit_code: What a headless command ends with.
    """

    exit_code: Exit = Exit.UNEXPECTED

    def __init__(self, text: str, *, hint: str = "") -> None:
        self.text = safe(text)
        self.hint = safe(hint)
        super().__init__(self.text)

    @property
    def sentence(self) -> str:
        """Return text and hint together."""
        return f"{self.text}. {self.hint}" if self.hint else self.text


class UsageError(AmasError):
    """The command line or the configuration is wrong."""

    exit_code = Exit.USAGE


class KubeconfigError(AmasError):
    """The kubeconfig names no usable cluster."""

    exit_code = Exit.USAGE


class CredentialError(AmasError):
    """The credentials that the kubeconfig names cannot be had."""

    exit_code = Exit.UNAUTHENTICATED


class UnreachableError(AmasError):
    """No usable answer came from the API server."""

    exit_code = Exit.UNREACHABLE


class ApiError(AmasError):
    """The API server answered with a failure.

    Attributes:
        status: The HTTP status.
        reason: The machine-readable reason of the Status body, e.g. `NotFound`; may be empty.
        retry_after: Seconds the server asked to wait, `None` where it did not.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int,
        reason: str = "",
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(text, hint=hint)
        self.status = status
        self.reason = safe(reason)
        self.retry_after = retry_after


class UnauthorizedError(ApiError):
    """401: the server does not know who is asking."""

    exit_code = Exit.UNAUTHENTICATED


class ForbiddenError(ApiError):
    """403: known, but not allowed."""

    exit_code = Exit.FORBIDDEN


class NotFoundError(ApiError):
    """404: no such object or kind."""

    exit_code = Exit.NOT_FOUND


class ConflictError(ApiError):
    """409: the object moved since it was read."""


class GoneError(ApiError):
    """410: the version to continue from has expired; list again."""


class InvalidError(ApiError):
    """422: the server refuses the content; a failed `test` of a JSON patch answers so too.

    Attributes:
        causes: The causes' messages; empty for a failed `test`.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int,
        reason: str = "",
        retry_after: float | None = None,
        hint: str = "",
        causes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(text, status=status, reason=reason, retry_after=retry_after, hint=hint)
        self.causes = causes


class ThrottledError(ApiError):
    """429 or 503: the server asks for patience."""

    exit_code = Exit.UNREACHABLE


class TimedOutError(AmasError):
    """What was waited for did not come in time."""

    exit_code = Exit.TIMEOUT


class DecodeError(AmasError):
    """Bytes that are not what they should be."""


class MetricsError(AmasError):
    """Prometheus did not give a usable answer.

    Attributes:
        kind: `unreachable`, `unauthorized`, `bad_query`, `timeout` or `failed`.
    """

    def __init__(self, text: str, *, kind: str = "failed", hint: str = "") -> None:
        super().__init__(text, hint=hint)
        self.kind = kind


BY_STATUS: Mapping[int, type[ApiError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: InvalidError,
    429: ThrottledError,
    503: ThrottledError,
}
"""Which error an HTTP status becomes."""
