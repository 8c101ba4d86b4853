"""Read a built-in provider's configuration strictly: every key known, every value of its type, all that is wrong at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from secure_gateway.errors import ConfigError, Problem

_WORD: Final = re.compile(r"[A-Za-z_]{1,24}")
SIDES: Final = ("input", "output")


class Options:
    """Reads keys one by one and notes what is wrong; ``finish`` raises it.

    Paths start with ``$.config``: the config manager knows where that stands.
    """

    def __init__(self, config: Mapping[str, Any], known: Sequence[str]) -> None:
        self._config = config
        self._problems: list[Problem] = []
        for key in config:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else ""
                self.refuse(str(key), "an unknown key", f"one of {', '.join(known)}", hint)

    def refuse(self, key: str, found: str, expected: str, hint: str = "") -> None:
        """Note that the value of ``key`` cannot be used."""
        path = f"$.config.{key}"
        if all(problem.path != path for problem in self._problems):  # what is wrong with it was said already
            self._problems.append(Problem(path, found, expected, hint))

    def value(self, key: str) -> Any:
        """Return what was given; None where the key is left out."""
        return self._config.get(key)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """Return one of ``allowed``."""
        value = self._config.get(key, default)
        if isinstance(value, str) and value in allowed:
            return value
        near = difflib.get_close_matches(value, allowed, n=1) if isinstance(value, str) else []
        self.refuse(key, _shown(value), f"one of {', '.join(allowed)}", f"Did you mean {near[0]!r}?" if near else "")
        return default

    def per_side(self, key: str, allowed: Sequence[str], defaults: Mapping[str, str]) -> dict[str, str]:
        """Return one of ``allowed`` for requests and for results: a word for both, or an object with ``input`` and ``output``."""
        value = self._config.get(key)
        if not isinstance(value, Mapping):
            return {side: self.choice(key, allowed, defaults[side]) for side in SIDES if key in self._config} or dict(
                defaults
            )
        inner = Options({f"{key}.{side}": word for side, word in value.items()}, [f"{key}.{side}" for side in SIDES])
        chosen = {side: inner.choice(f"{key}.{side}", allowed, defaults[side]) for side in SIDES}
        self._problems += inner._problems
        return chosen

    def number(self, key: str, default: float) -> float:
        """Return a number from 0 to 1."""
        value = self._config.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self.refuse(key, _shown(value), "a number from 0 to 1")
        return default

    def flag(self, key: str) -> bool:
        """Return true or false; false where the key is left out."""
        value = self._config.get(key, False)
        if isinstance(value, bool):
            return value
        self.refuse(key, _shown(value), "true or false")
        return False

    def texts(self, key: str, allowed: Collection[str] | None = None) -> tuple[str, ...] | None:
        """Return a list of texts that are not blank, each one of ``allowed``; None where the key is left out."""
        if key not in self._config:
            return None
        value = self._config[key]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item.strip() for item in value):
            self.refuse(key, _shown(value), "a list of texts, none of them blank")
            return ()
        for index, item in enumerate(value):
            if allowed is not None and item not in allowed:
                near = difflib.get_close_matches(item.upper(), sorted(allowed), n=1)
                hint = f"Did you mean {near[0]!r}?" if near else ""
                self.refuse(f"{key}[{index}]", _shown(item), f"one of {', '.join(sorted(allowed))}", hint)
        return tuple(value)

    def finish(self) -> None:
        """Raise ``ConfigError`` with everything that is wrong, if anything is."""
        if self._problems:
            raise ConfigError(self._problems)


def _shown(value: Any) -> str:
    """Show a value that was found; a text that could be a secret put in the wrong place shows as its type."""
    if isinstance(value, str):
        return repr(value) if _WORD.fullmatch(value) else "a text"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else type(value).__name__
