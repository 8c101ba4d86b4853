"""The configuration of the ``jwt`` provider, read strictly: all that is wrong at once, by path, without a value."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.auth.jwt_keys import (
    ALGORITHMS,
    UnusableKeyError,
    VerificationKey,
    key_from_jwk,
    key_from_text,
)

CLAIMS = {
    "user_id": "sub",
    "project_id": "project_id",
    "tenant_id": "tenant_id",
    "email": "email",
    "roles": "roles",
    "permissions": "permissions",
    "scope": "scope",
}
DEFAULT_TOKEN_BYTES = 8192
_MOST_TOKEN_BYTES = 65_536
_DEFAULT_LEEWAY = 30.0
_MOST_LEEWAY = 300.0
_KEY_SOURCES = ("key", "keys", "jwks")
_KNOWN = (
    "algorithms",
    "audience",
    "issuer",
    *_KEY_SOURCES,
    "jwks_url",
    "leeway",
    "max_age",
    "required_claims",
    "token_types",
    "max_token_bytes",
    "claims",
    "default_roles",
)


class JWTSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a token must be to be believed, and which of its claims say what. Times are in seconds."""

    keys: tuple[VerificationKey, ...]
    audiences: frozenset[str]
    issuers: frozenset[str]
    required_claims: tuple[str, ...]
    token_types: frozenset[str]
    claims: dict[str, str]
    default_roles: tuple[str, ...]
    leeway: float
    max_age: float | None
    max_token_bytes: int


def read_settings(config: Mapping[str, Any]) -> JWTSettings:
    """Read the provider's configuration. Raises ``ConfigError`` with everything that is wrong, under ``$.config``."""
    reader = _Reader(config)
    reader.refuse_unknown("", config, _KNOWN)
    algorithms = reader.algorithms()
    settings = JWTSettings(
        keys=reader.keys(algorithms) if algorithms else (),
        audiences=frozenset(reader.texts("audience", required=True)),
        issuers=frozenset(reader.texts("issuer")),
        required_claims=reader.texts("required_claims"),
        token_types=frozenset(_bare_type(text) for text in reader.texts("token_types")),
        claims=reader.claims(),
        default_roles=reader.texts("default_roles"),
        leeway=reader.number("leeway", _MOST_LEEWAY, least=0) if "leeway" in config else _DEFAULT_LEEWAY,
        max_age=reader.number("max_age", math.inf, least=1) if "max_age" in config else None,
        max_token_bytes=int(reader.number("max_token_bytes", _MOST_TOKEN_BYTES, least=1))
        if "max_token_bytes" in config
        else DEFAULT_TOKEN_BYTES,
    )
    if reader.problems:
        raise ConfigError(reader.problems)
    return settings


def _bare_type(text: str) -> str:
    """Return a media type as ``typ`` is compared: without case and without ``application/`` (RFC 7515, section 4.1.9)."""
    return text.lower().removeprefix("application/")


class _Reader:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.problems: list[Problem] = []

    def refuse(self, key: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(f"$.config{key and '.'}{key}", found, expected, hint))

    def refuse_unknown(self, place: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else ""
                self.refuse(f"{place}{name}", "an unknown key", f"one of {', '.join(known)}", hint)

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """Return one text or a list of them as a tuple."""
        value = self._config.get(key)
        if value is None and not required and key not in self._config:
            return ()
        given = [value] if isinstance(value, str) else value
        if isinstance(given, list | tuple) and given and all(isinstance(text, str) and text for text in given):
            return tuple(given)
        hint = "Without an audience a token made for another service would be taken." if key == "audience" else ""
        self.refuse(key, _shown(value), "a text or a list of texts, none of them empty", hint)
        return ()

    def number(self, key: str, most: float, *, least: float) -> float:
        value = self._config[key]
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most < math.inf:
            return float(value)
        if most == math.inf and isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return float(value)
        bound = "" if most == math.inf else f" and at most {most:g}"
        self.refuse(key, _shown(value), f"a number of at least {least:g}{bound}")
        return least

    def algorithms(self) -> tuple[str, ...]:
        names = self.texts("algorithms", required=True)
        for index, name in enumerate(names):
            if name not in ALGORITHMS:
                hint = "An unsigned token proves nothing." if name.lower() == "none" else ""
                self.refuse(f"algorithms[{index}]", repr(name)[:40], f"one of {', '.join(ALGORITHMS)}", hint)
        return tuple(name for name in names if name in ALGORITHMS)

    def keys(self, algorithms: tuple[str, ...]) -> tuple[VerificationKey, ...]:
        """Return the keys of the one source that is given; each allowed algorithm must have one."""
        if "jwks_url" in self._config:
            hint = "Fetching keys comes with a later release; until then give the provider's keys in jwks."
            self.refuse("jwks_url", "an address", "keys in the configuration: key, keys or jwks", hint)
            return ()
        sources = [source for source in _KEY_SOURCES if source in self._config]
        if len(sources) != 1:
            self.refuse("", " and ".join(sources) or "no key", "one of key, keys and jwks")
            return ()
        before = len(self.problems)
        read = {"key": self._one_key, "keys": self._key_list, "jwks": self._jwks}[sources[0]]
        keys = tuple(read(algorithms))
        if len(self.problems) == before:
            self._check_keys(sources[0], keys, algorithms)
        return keys

    def claims(self) -> dict[str, str]:
        given = self._config.get("claims", {})
        if not isinstance(given, Mapping):
            self.refuse("claims", _shown(given), 'an object such as {"roles": "groups"}')
            return CLAIMS
        self.refuse_unknown("claims.", given, tuple(CLAIMS))
        for field, name in given.items():
            if not isinstance(name, str) or not name:
                self.refuse(
                    f"claims.{field}", _shown(name), 'the name of a claim, or a path such as "/realm_access/roles"'
                )
        return CLAIMS | dict(given)

    def _one_key(self, algorithms: tuple[str, ...]) -> list[VerificationKey]:
        return self._made("key", partial(self._text_key, self._config["key"], algorithms, None))

    def _key_list(self, algorithms: tuple[str, ...]) -> list[VerificationKey]:
        listed = self._config["keys"]
        if not isinstance(listed, list | tuple) or not listed:
            self.refuse("keys", _shown(listed), 'a list such as [{"kid": "2024", "key": "file://2024.pem"}]')
            return []
        keys: list[VerificationKey] = []
        for index, item in enumerate(listed):
            place = f"keys[{index}]"
            if not isinstance(item, Mapping):
                self.refuse(place, _shown(item), "an object with kid and key")
                continue
            self.refuse_unknown(f"{place}.", item, ("kid", "key", "algorithm"))
            key_id, own = item.get("kid"), item.get("algorithm")
            if not isinstance(key_id, str) or not key_id:
                self.refuse(f"{place}.kid", _shown(key_id), "the key id that tokens name")
            elif own is not None and own not in algorithms:
                self.refuse(f"{place}.algorithm", _shown(own), f"one of $.config.algorithms: {', '.join(algorithms)}")
            else:
                allowed = algorithms if own is None else (own,)
                keys += self._made(f"{place}.key", partial(self._text_key, item.get("key"), allowed, key_id))
        return keys

    def _jwks(self, algorithms: tuple[str, ...]) -> list[VerificationKey]:
        jwks = self._config["jwks"]
        listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
        if not isinstance(listed, list | tuple) or not all(isinstance(jwk, Mapping) for jwk in listed):
            self.refuse("jwks", _shown(jwks), 'a JSON Web Key Set: {"keys": [{"kty": …}]}')
            return []
        keys: list[VerificationKey] = []
        for index, jwk in enumerate(listed):
            keys += self._made(f"jwks.keys[{index}]", partial(key_from_jwk, jwk, algorithms))
        return keys

    def _made(self, place: str, make: Callable[[], VerificationKey | None]) -> list[VerificationKey]:
        try:
            key = make()
        except UnusableKeyError as error:
            self.refuse(place, str(error), "a PEM public key, a JWK, or for HS algorithms a long random secret")
            return []
        return [] if key is None else [key]

    def _text_key(self, value: Any, allowed: tuple[str, ...], key_id: str | None) -> VerificationKey:
        if not isinstance(value, str) or not value:
            raise UnusableKeyError(_shown(value))
        return key_from_text(value, allowed, key_id)

    def _check_keys(self, source: str, keys: Sequence[VerificationKey], algorithms: Sequence[str]) -> None:
        for name in algorithms:
            if not any(name in key.algorithms for key in keys):
                expected = f"a key for it in {source}, or the list without it"
                self.refuse("algorithms", f"{name}, for which no key is given", expected)
        seen: set[tuple[str | None, str]] = set()
        for key in keys:
            pairs = {(key.key_id, name) for name in key.algorithms}
            if pairs & seen or (key.key_id is None and len(keys) > 1):
                self.refuse(
                    source, "keys that share an id, or one without an id among several", "an id of its own for each key"
                )
                return
            seen |= pairs


def _shown(value: Any) -> str:
    """Describe a value that may be a secret in the wrong place."""
    if value is None or isinstance(value, bool | int | float):
        return "nothing" if value is None else repr(value)
    if isinstance(value, str):
        return "a text" if value else "an empty text"
    return f"a {type(value).__name__}" if value else f"an empty {type(value).__name__}"
