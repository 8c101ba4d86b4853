"""Secrets of servers stay out of the configuration: each goes into a private file beside it, and a reference takes its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secure_gateway.config.secrets import MAX_SECRET_BYTES
from secure_gateway.config.sensitive import is_sensitive_key
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.guardrails.scanner import SECRET_DETECTORS, Scanner, ScannerError
from secure_gateway.stores.private_files import create_private_file, make_private_folder

FOLDER = "secrets"
_REFERENCE = re.compile(r"(?:env|file|literal)://.+", re.DOTALL)
_FLAG = re.compile(r"--?([A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_HIDDEN = "…"


class SecretDetector:
    """Tells by name and by look what must not be written down or shown."""

    def __init__(self) -> None:
        self._scanner = Scanner(SECRET_DETECTORS)

    def is_secret(self, name: str, value: str) -> bool:
        """Tell whether ``value``, called ``name``, is a secret in the clear; a reference to one is not."""
        if not value or _REFERENCE.fullmatch(value):
            return False
        return is_sensitive_key(name) or self.looks_secret(value)

    def looks_secret(self, text: str) -> bool:
        """Tell whether ``text`` holds what a credential looks like."""
        try:
            return bool(self._scanner.scan_text(text))
        except ScannerError:
            return True  # nobody knows

    def suspects(self, arguments: list[str]) -> list[int]:
        """Return the places of those arguments that hold a secret: by their look, or by the option before them."""
        found = []
        for index, argument in enumerate(arguments):
            flag = _FLAG.fullmatch(argument)
            before = _FLAG.fullmatch(arguments[index - 1]) if index else None
            after_flag = before is not None and before[2] is None and is_sensitive_key(before[1]) and flag is None
            in_flag = flag is not None and flag[2] and is_sensitive_key(flag[1])
            if after_flag or in_flag or self.looks_secret(argument):
                found.append(index)
        return found

    def masked(self, arguments: list[str]) -> list[str]:
        """Return ``arguments`` as they may be shown."""
        suspects = set(self.suspects(arguments))
        return [_masked(each) if index in suspects else each for index, each in enumerate(arguments)]


class SecretFiles:
    """Writes secrets into the folder ``secrets`` beside the configuration, and takes back what it wrote."""

    def __init__(self, folder: Path, detector: SecretDetector) -> None:
        self._folder = folder / FOLDER
        self._detector = detector
        self._written: list[Path] = []

    @property
    def written(self) -> tuple[Path, ...]:
        """The files that were made."""
        return tuple(self._written)

    def keep(self, server: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``entry`` with references in place of the secrets in its ``env`` and ``headers``. Raises ``ConfigError``."""
        kept = dict(entry)
        for place in ("env", "headers"):
            if place in entry:
                kept[place] = {name: self._kept(server, name, value) for name, value in entry[place].items()}
        return kept

    def undo(self) -> None:
        """Remove what was written."""
        while self._written:
            self._written.pop().unlink(missing_ok=True)

    def remove(self, entry: Mapping[str, Any], config: str) -> list[Path]:
        """Remove the files of ours to which an entry that is gone referred, and ``config``, the text, no longer does; return them."""
        removed = []
        references = [str(value) for place in ("env", "headers") for value in entry.get(place, {}).values()]
        for reference in references:
            path = self._folder / reference.removeprefix(f"file://{FOLDER}/")
            ours = reference.startswith(f"file://{FOLDER}/") and path.parent == self._folder
            if ours and f'"{reference}"' not in config and path.is_file():
                path.unlink()
                removed.append(path)
        return removed

    def _kept(self, server: str, name: str, value: str) -> str:
        if not self._detector.is_secret(name, value):
            return value
        if len(value.encode()) >= MAX_SECRET_BYTES:
            raise ConfigError(
                Problem("$.servers", f"a secret of {len(value)} characters", f"less than {MAX_SECRET_BYTES}")
            )
        make_private_folder(self._folder)
        stem = _UNSAFE.sub("_", f"{server}.{name}").lstrip(".")
        number = 1
        # A file may be left from earlier, and may be in use: it is never written over.
        while not create_private_file(
            path := self._folder / (stem if number == 1 else f"{stem}.{number}"), f"{value}\n".encode()
        ):
            number += 1
        self._written.append(path)
        return f"file://{FOLDER}/{path.name}"


def _masked(argument: str) -> str:
    flag = _FLAG.fullmatch(argument)
    return f"{argument.partition('=')[0]}={_HIDDEN}" if flag is not None and flag[2] else _HIDDEN
