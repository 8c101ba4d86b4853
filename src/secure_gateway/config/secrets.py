"""Secret references: strings such as ``env://JWT_KEY`` that stand in the configuration instead of a secret.

They are resolved late, when a provider is built, and what comes out never shows itself.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, NoReturn

from secure_gateway.config.ownership import expand_home, read_trusted
from secure_gateway.config.paths import Steps, json_path, parse_path, printable
from secure_gateway.config.sensitive import is_sensitive_key
from secure_gateway.errors import ConfigError, Problem, SecretError

Scheme = Callable[[str], str]

ENTRY_POINT_GROUP = "secure_gateway.secrets"
MAX_SECRET_BYTES = 64 * 1024

_REFERENCE = re.compile(r"([a-z][a-z0-9+.-]{0,31})://(.*)", re.DOTALL)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_BUILT_IN = ("env", "file")
_LITERAL = "literal"
# Addresses, not secrets; no secret scheme may take one of these names.
_ADDRESS_SCHEMES = frozenset(
    {
        "http",
        "https",
        "ws",
        "wss",
        "grpc",
        "grpcs",
        "ldap",
        "ldaps",
        "ldapi",
        "redis",
        "rediss",
        "unix",
        "tcp",
        "sqlite",
        "postgresql",
    }
)


class Secret:
    """A resolved secret. It shows itself only through :meth:`reveal`, cannot be pickled, and compares in constant time."""

    __slots__ = ("_value",)
    # As the key of a dictionary, a secret would be found by its hash, which is not constant in time.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "[secret]"

    def __format__(self, spec: str) -> str:
        return "[secret]"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


class _UnresolvedError(Exception):
    """Why a reference has no value; becomes a SecretError or a Problem, whichever the caller can place."""

    def __init__(self, found: str, expected: str, hint: str = "") -> None:
        self.found = found
        self.expected = expected
        self.hint = hint
        super().__init__(f"found {found}; expected {expected}." + (f" {hint}" if hint else ""))


class SecretResolver:
    """Turns references into secrets: ``env://NAME``, ``file://PATH``, and the schemes of ``schemes``.

    ``env`` is the environment that ``env://`` reads. ``folder`` is where relative ``file://`` paths start: the folder of the
    configuration. ``schemes`` maps a scheme to a function that takes what follows ``scheme://`` and returns the secret; if
    None, they are the entry points of the group ``secure_gateway.secrets``. Nothing is cached: a reload reads a rotated secret.
    """

    def __init__(
        self, env: Mapping[str, str], schemes: Mapping[str, Scheme] | None = None, *, folder: Path | None = None
    ) -> None:
        self._env = env
        self._folder = folder
        self._given = schemes
        self._found: Mapping[str, Scheme | EntryPoint] | None = None

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes that can be resolved, built-in ones first."""
        return (*_BUILT_IN, *sorted(self._extra()))

    def resolve(self, reference: str) -> Secret:
        """Resolve one reference.

        Raises:
            SecretError: naming the reference where it is well-formed, never a value.
        """
        try:
            return Secret(self._value(reference))
        except _UnresolvedError as error:
            raise SecretError(f"{self._name_of(reference)}: {error}") from None

    def find_references(self, value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
        """Yield the JSON path and the text of each reference in a tree of JSON values that stands at ``path``."""
        for steps, text in _strings(value, parse_path(path)):
            if self._is_reference(text):
                yield json_path(steps), text

    def resolve_tree(self, config: Mapping[str, Any], path: str = "$") -> dict[str, Any]:
        """Return a deep copy of ``config`` with each reference replaced by its secret, as plain text for a constructor.

        ``literal://TEXT`` becomes ``TEXT``, whatever it looks like. ``path`` is where ``config`` stands in the file.

        Raises:
            ConfigError: with one problem for each reference that cannot be resolved.
        """
        problems: list[Problem] = []
        resolved = self._copy(dict(config), parse_path(path), problems)
        if problems:
            raise ConfigError(problems)
        return dict(resolved)

    def _copy(self, value: Any, steps: Steps, problems: list[Problem]) -> Any:
        if isinstance(value, Mapping):
            return {key: self._copy(item, (*steps, str(key)), problems) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._copy(item, (*steps, index), problems) for index, item in enumerate(value)]
        if not isinstance(value, str) or not (self._is_reference(value) or _must_be_reference(value, steps)):
            return value.removeprefix(f"{_LITERAL}://") if isinstance(value, str) else value
        try:
            return self._value(value)
        except _UnresolvedError as error:
            problems.append(Problem(json_path(steps), error.found, error.expected, error.hint))
            return None

    def _is_reference(self, text: str) -> bool:
        match = _REFERENCE.fullmatch(text)
        if match is None or match[1] in _ADDRESS_SCHEMES or match[1] == _LITERAL:
            return False
        return match[1] in _BUILT_IN or match[1] in self._extra()

    def _value(self, reference: str) -> str:
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise _UnresolvedError("a plain value", f"a secret reference ({self._known()})")
        scheme, rest = match.groups()
        if scheme == _LITERAL:
            value = rest
        elif scheme == "env":
            value = self._from_env(rest)
        elif scheme == "file":
            value = self._from_file(rest)
        else:
            value = self._from_scheme(scheme, rest)
        if not value:
            # An empty password or key is a guessable one; more often than not a variable that was never filled.
            raise _UnresolvedError("an empty secret", "one with at least one character")
        return value

    def _from_env(self, name: str) -> str:
        if not _VARIABLE.fullmatch(name):
            raise _UnresolvedError("a malformed variable name", "env://NAME of letters, digits and underscores")
        if name not in self._env:
            raise _UnresolvedError(f"no environment variable {name}", "it to be set where the gateway starts")
        return self._env[name]

    def _from_file(self, text: str) -> str:
        if not text or "\0" in text:
            raise _UnresolvedError("no path", "file://PATH")
        path = expand_home(text, self._env)
        if not path.is_absolute():
            if self._folder is None:
                raise _UnresolvedError("a relative path", "an absolute one, as no configuration folder is known")
            path = self._folder / path
        try:
            data = read_trusted(path, limit=MAX_SECRET_BYTES, private=True)
        except ConfigError as error:
            first = error.problems[0]
            raise _UnresolvedError(f"{first.found} at {first.file}", first.expected, first.hint) from None
        try:
            return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise _UnresolvedError(f"bytes that are no UTF-8 text in {path}", "a text file") from None

    def _from_scheme(self, scheme: str, rest: str) -> str:
        found = self._extra().get(scheme)
        if found is None:
            hint = f"More come from packages with an entry point in the group {ENTRY_POINT_GROUP}."
            raise _UnresolvedError(f"the unknown scheme {scheme}://", self._known(), hint)
        try:
            value: object = (found.load() if isinstance(found, EntryPoint) else found)(rest)
        except Exception as error:  # noqa: BLE001 - foreign code
            # Foreign code: its message may hold the secret or the address it came from.
            raise _UnresolvedError(f"{type(error).__name__} from the scheme {scheme}://", "a secret") from None
        if not isinstance(value, str):
            raise _UnresolvedError(f"{type(value).__name__} from the scheme {scheme}://", "a string")
        return value

    def _extra(self) -> Mapping[str, Scheme | EntryPoint]:
        if self._found is None:
            given: Mapping[str, Scheme | EntryPoint] | None = self._given
            found = _installed_schemes() if given is None else given
            reserved = _ADDRESS_SCHEMES | {*_BUILT_IN, _LITERAL}
            if wrong := sorted(reserved & found.keys()):
                raise SecretError(f"the secret scheme {wrong[0]}:// is reserved and cannot be supplied by a package")
            self._found = dict(found)
        return self._found

    def _known(self) -> str:
        return " or ".join(f"{scheme}://…" for scheme in self.schemes)

    def _name_of(self, reference: str) -> str:
        return printable(reference) if self._is_reference(reference) else "secret reference"


def _installed_schemes() -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name in found and found[point.name].value != point.value:
            raise SecretError(f"two installed packages supply the secret scheme {point.name}://; uninstall one of them")
        found[point.name] = point
    return found


def _must_be_reference(text: str, steps: Steps) -> bool:
    """Say whether ``text`` was surely meant as a reference although nothing here knows its scheme.

    Taken as it is, ``vault://jwt`` without its package would become a signing key that anybody can read in the file.
    """
    match = _REFERENCE.fullmatch(text)
    known = match is None or match[1] in _ADDRESS_SCHEMES or match[1] == _LITERAL
    keys = [step for step in steps if isinstance(step, str)]
    return not known and bool(keys) and is_sensitive_key(keys[-1])


def _strings(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, (*steps, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _strings(item, (*steps, index))
