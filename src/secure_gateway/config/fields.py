"""The kinds of value that stand in the configuration, each checked and described once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from secure_gateway.config.faults import fault

# Such a number of seconds is far likelier a number of milliseconds.
_QUESTIONED_SECONDS = range(1000, 1_000_000_000)


def _shaped(pattern: str, expected: str) -> tuple[AfterValidator, Any]:
    """Return the validator and the schema of a string that matches ``pattern`` wholly."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise fault("", expected)
        return text

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^(?:{pattern})$"})


def _looks_like_milliseconds(value: float) -> bool:
    return _QUESTIONED_SECONDS.start <= value < _QUESTIONED_SECONDS.stop


def _seconds(maximum: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or 0 < value <= maximum:
            return value
        hint = f"Seconds are meant; did you mean {value / 1000:g}?" if _looks_like_milliseconds(value) else ""
        raise fault("", f"a number of seconds above 0 and at most {maximum}", hint)

    return BeforeValidator(check)


def _http_url(text: str) -> str:
    expected = "an address such as https://host/path"
    no_address = fault("a string that is no http or https address", expected)
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise no_address from None
    if not usable or not text.isprintable() or " " in text or "\\" in text:
        raise no_address
    if parts.username is not None or parts.password is not None:
        raise fault("an address with credentials in it", expected, "Put them into headers, as a secret reference.")
    if "#" in text:
        raise fault("an address with a fragment", expected)
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise fault("a string with control characters", "printable characters")
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise fault("a string with a NUL character", "one without")
    return text


def _header_value(text: str) -> str:
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text):
        raise fault("a header value with control characters", "one line of text")
    return text


def _host(text: str) -> str:
    if text == "*":
        raise fault('"*"', "the hosts by which this gateway is called", "Any host would allow DNS rebinding.")
    if not re.fullmatch(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", text):
        raise fault("", "a host name or address, with a port if need be, such as gateway.example:8443")
    return text


def _origin(text: str) -> str:
    if text == "*":
        raise fault('"*"', "the origins of the pages that may call", "Any origin would allow any web page to call.")
    if not re.fullmatch(r"https?://(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", text):
        raise fault("", "an origin such as https://app.example, without a path")
    return text


def _reference(text: str) -> str:
    expected = 'a secret reference such as "env://NAME" or "file://PATH"'
    match = re.fullmatch(r"([a-z][a-z0-9+.-]*)://.+", text, re.DOTALL)
    if match is None or match[1] == "literal":
        raise fault("a plain value", expected, "A secret does not belong in this file.")
    return text


def _as_tuple(kind: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if isinstance(value, str):
            raise fault("", kind, 'Put it into brackets: ["…"].')
        return value

    return check


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Text = Annotated[str, Field(min_length=1, max_length=8192), AfterValidator(_no_nul)]
FreeText = Annotated[str, Field(max_length=8192), AfterValidator(_no_nul)]
Glob = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_printable)]
ClassPath = Annotated[
    str, *_shaped(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", 'a class as "module:Class"')
]
HttpUrl = Annotated[str, AfterValidator(_http_url), Field(json_schema_extra={"pattern": "^https?://"})]
HeaderName = Annotated[str, *_shaped(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", "a header name")]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
VariableName = Annotated[str, *_shaped(r"[^=\x00]+", "the name of an environment variable")]
VariableValue = Annotated[str, AfterValidator(_no_nul)]
Host = Annotated[str, AfterValidator(_host)]
Origin = Annotated[str, AfterValidator(_origin)]
StateUrl = Annotated[
    str,
    *_shaped(
        r"memory:|sqlite:///.+|(?:redis|valkey)s?://[^@\s]+|(?:env|file)://.+",
        '"memory:", "sqlite:///PATH" (three slashes), "redis://HOST", or, where it holds a password, "env://NAME" or "file://PATH"',
    ),
]
SecretReference = Annotated[
    str, AfterValidator(_reference), Field(json_schema_extra={"pattern": "^[a-z][a-z0-9+.-]*://."})
]

_LAX = Strict(strict=False)
_LIST_OF_STRINGS = BeforeValidator(_as_tuple("a list of strings"))
Names = Annotated[tuple[Name, ...], _LAX, _LIST_OF_STRINGS]
Texts = Annotated[tuple[Text, ...], _LAX, _LIST_OF_STRINGS]
FreeTexts = Annotated[tuple[FreeText, ...], _LAX, _LIST_OF_STRINGS]
Globs = Annotated[tuple[Glob, ...], _LAX, _LIST_OF_STRINGS]
HeaderNames = Annotated[tuple[HeaderName, ...], _LAX, _LIST_OF_STRINGS]
Hosts = Annotated[tuple[Host, ...], _LAX, _LIST_OF_STRINGS]
Origins = Annotated[tuple[Origin, ...], _LAX, _LIST_OF_STRINGS]
LAX = _LAX

PluginSeconds = Annotated[float, Field(gt=0, le=600), _seconds(600)]
RequestSeconds = Annotated[float, Field(gt=0, le=3600), _seconds(3600)]
IntervalSeconds = Annotated[float, Field(gt=0, le=86400), _seconds(86400)]
