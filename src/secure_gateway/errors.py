"""Every way in which the gateway says no or gives up, and the one place where an error code is defined.

A fault (``…Error``) means that something did not work; a verdict (``…Denied``) means that it worked and the answer
is no. Both carry a stable :class:`ErrorCode`, which is all that a remote caller sees besides the request id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ErrorCode(StrEnum):
    """Stable public codes; ``docs/errors.md`` lists each with its HTTP status and JSON-RPC code."""

    UNAUTHENTICATED = "unauthenticated"
    INVALID_CREDENTIALS = "invalid_credentials"
    RATE_LIMITED = "rate_limited"
    FORBIDDEN = "forbidden"
    DENIED = "denied"
    INVALID_REQUEST = "invalid_request"
    INVALID_ARGUMENTS = "invalid_arguments"
    INVALID_RESULT = "invalid_result"
    TOO_LARGE = "too_large"
    PLUGIN_ERROR = "plugin_error"
    PLUGIN_TIMEOUT = "plugin_timeout"
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    CANCELLED = "cancelled"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class SecureGatewayException(Exception):  # noqa: N818 - the root of faults and verdicts alike, neither word fits
    """Root of everything this package raises on purpose."""


class GatewayError(SecureGatewayException):
    """A fault: something did not work. ``code`` is what a remote caller is told."""

    code: ErrorCode = ErrorCode.INTERNAL


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration: where, what was found, what is expected, and the way out.

    ``path`` is a JSON path such as ``$.plugins.auth.provider``; ``line`` counts from 1, 0 where there is none.
    """

    path: str
    found: str
    expected: str
    hint: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{self.path}: found {self.found}; expected {self.expected}.{hint}"


class ConfigError(GatewayError):
    """A configuration that cannot be used. ``problems`` holds all that is wrong with it, never just the first."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        lines = [str(problem) for problem in self.problems]
        head = "" if len(lines) == 1 else f"{len(lines)} problems in the configuration:\n  "
        super().__init__(head + "\n  ".join(lines))


class MissingDependencyError(GatewayError):
    """An optional dependency is needed and not installed; the message names the extra that brings it."""


class ProviderContractError(GatewayError):
    """A provider or plugin class does not keep the contract of its base class; found when it registers."""


class StoreError(GatewayError):
    """The state store cannot be read or written. Whoever needed the answer refuses."""

    code = ErrorCode.UNAVAILABLE


class SecretError(GatewayError):
    """A secret reference cannot be resolved. The message names the reference, never a value."""


class PluginControlError(GatewayError):
    """A change of a plugin at run time that cannot be made. The message says what there is instead; nothing has changed."""

    code = ErrorCode.INVALID_REQUEST


class RequestError(GatewayError):
    """A fault while one request was handled. ``reason`` is for its operator; remote callers get code and request id."""

    def __init__(self, code: ErrorCode, reason: str, *, request_id: str = "", plugin: str = "") -> None:
        self.code = code
        self.reason = reason
        self.request_id = request_id
        self.plugin = plugin
        super().__init__(f"{code}: {reason}" + (f" (request {request_id})" if request_id else ""))


class PluginError(RequestError):
    """A plugin raised, hung, returned nothing or something that is no answer. It counts as a refusal."""


class AnswerError(GatewayError):
    """A guard gave an answer that cannot be obeyed. The message names types and fields only, never content."""

    code = ErrorCode.PLUGIN_ERROR


class UpstreamError(RequestError):
    """The protected tool, server or function failed or never answered."""


class RequestDenied(SecureGatewayException):
    """A verdict: this request may not pass. ``reason`` is written for people and holds no payload and no secret.

    ``http_status`` and ``http_headers``: how it is answered over HTTP, where that is not what ``code`` means. ``retry_after``: seconds after which
    another try may pass; 0 where no time helps.
    """

    http_status: int = 0
    retry_after: int = 0
    http_headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, code: ErrorCode, reason: str, *, request_id: str = "", plugin: str = "") -> None:
        self.code = code
        self.reason = reason
        self.request_id = request_id
        self.plugin = plugin
        super().__init__(f"{code}: {reason}" + (f" (request {request_id})" if request_id else ""))


class AuthenticationDenied(RequestDenied):
    """Nobody, or an invalid credential: HTTP 401."""


class PermissionDenied(RequestDenied):
    """A known principal without the permission: HTTP 403."""


class PolicyDenied(RequestDenied):
    """A guardrail, a hook or the schema said no."""


HTTP_STATUS: dict[ErrorCode, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.INVALID_CREDENTIALS: 401,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.DENIED: 403,
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.INVALID_ARGUMENTS: 400,
    ErrorCode.INVALID_RESULT: 502,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.PLUGIN_ERROR: 503,
    ErrorCode.PLUGIN_TIMEOUT: 503,
    ErrorCode.UPSTREAM_ERROR: 502,
    ErrorCode.UPSTREAM_TIMEOUT: 504,
    ErrorCode.CANCELLED: 499,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL: 500,
}

PUBLIC_MESSAGE: dict[ErrorCode, str] = {
    ErrorCode.UNAUTHENTICATED: "credentials are required: send an API key or a bearer token",
    ErrorCode.INVALID_CREDENTIALS: "the credentials are not valid",
    ErrorCode.RATE_LIMITED: "too many requests; try again later",
    ErrorCode.FORBIDDEN: "the caller may not use this",
    ErrorCode.DENIED: "a policy refuses this request",
    ErrorCode.INVALID_REQUEST: "the request cannot be read",
    ErrorCode.INVALID_ARGUMENTS: "the arguments do not fit the tool's schema",
    ErrorCode.INVALID_RESULT: "the answer cannot be inspected and is withheld",
    ErrorCode.TOO_LARGE: "the request or its answer exceeds a limit",
    ErrorCode.PLUGIN_ERROR: "a check failed, so the request is refused",
    ErrorCode.PLUGIN_TIMEOUT: "a check took too long, so the request is refused",
    ErrorCode.UPSTREAM_ERROR: "the server behind the gateway failed",
    ErrorCode.UPSTREAM_TIMEOUT: "the server behind the gateway did not answer in time",
    ErrorCode.CANCELLED: "the request was cancelled",
    ErrorCode.UNAVAILABLE: "the gateway cannot answer safely at the moment",
    ErrorCode.INTERNAL: "the gateway failed, so the request is refused",
}
"""All that a remote caller reads besides the code and the request id; reasons stay in the record."""
