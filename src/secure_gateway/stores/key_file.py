"""The master key as a file: how it is written down, made once, and read back."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from secure_gateway.config.ownership import is_missing, read_trusted
from secure_gateway.errors import ConfigError, Problem
from secure_gateway.master_key import KEY_BYTES, MasterKey
from secure_gateway.stores.private_files import create_private_file, make_private_folder

_DIGITS = 2 * KEY_BYTES
_HEX = re.compile(rf"[0-9a-fA-F]{{{_DIGITS},1024}}")
_LEAST_DISTINCT = 12  # 32 random bytes hold fewer different ones once in 10^26 keys; a placeholder does every time
_READ_LIMIT = 4096


def parse_master_key(text: str) -> MasterKey:
    """Read a master key from the text of a file or a secret: 64 or more hexadecimal digits, and nothing else.

    A pass phrase is refused: whoever gets hold of the stored hashes could guess it. Raises ``ConfigError`` without the text.
    """
    stripped = text.strip()
    if len(stripped) % 2 or not _HEX.fullmatch(stripped):
        raise _unusable(f"{len(stripped)} characters that are no key")
    material = bytes.fromhex(stripped)
    if len(set(material)) < _LEAST_DISTINCT:
        raise _unusable("a key that repeats itself")
    return MasterKey(material)


def read_master_key(path: Path) -> MasterKey:
    """Read the key from a file that only its owner can read. Raises ``ConfigError``."""
    if is_missing(path):
        hint = (
            "Put it back from a copy: API keys, audits and pseudonyms made so far are good under that key only. Where there are none, make one: "
            f"(umask 077; openssl rand -hex {KEY_BYTES} > {path})"
        )
        raise ConfigError(Problem("$", "no such file", "the master key", hint, str(path)))
    try:
        return parse_master_key(read_trusted(path, limit=_READ_LIMIT, private=True).decode("ascii"))
    except UnicodeDecodeError:
        raise _unusable(f"bytes that are no text in {path}") from None


def create_master_key(path: Path) -> MasterKey:
    """Make a new key and write it to ``path``. Raises ``ConfigError`` where a file exists: replacing it would end every API key."""
    make_private_folder(path.parent)
    text = secrets.token_hex(KEY_BYTES)
    if not create_private_file(path, f"{text}\n".encode("ascii")):
        raise ConfigError(
            Problem(
                "$.master_key",
                f"{path}, which exists",
                "no file there yet",
                "Keep it: with another master key every API key made so far is refused.",
            )
        )
    return parse_master_key(text)


def _unusable(found: str) -> ConfigError:
    return ConfigError(
        Problem(
            "$.master_key",
            found,
            f"{_DIGITS} hexadecimal digits",
            "Run `secure-gateway init` to make a key, or `openssl rand -hex 32`.",
        )
    )
