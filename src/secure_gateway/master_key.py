"""The one secret that the gateway keeps for itself, and the keys derived from it: one per purpose, none used for two."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from secure_gateway.errors import ConfigError, Problem

KEY_BYTES = 32


class MasterKey:
    """Derives keys by HKDF-SHA256 (RFC 5869). Its repr shows nothing of it.

    Raises ``ConfigError`` for key material under 32 bytes.
    """

    __slots__ = ("_material",)

    def __init__(self, material: bytes) -> None:
        if len(material) < KEY_BYTES:
            raise ConfigError(
                Problem(
                    "$.master_key",
                    f"{len(material)} bytes of key material",
                    f"at least {KEY_BYTES} bytes",
                    "Run `secure-gateway init` to make a key, or point master_key at one that is long enough.",
                )
            )
        self._material = material

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for ``purpose``, such as ``"api-key-hash"`` or ``"record-digest"``."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"secure-gateway/v1", info=purpose.encode()).derive(
            self._material
        )

    def __repr__(self) -> str:
        return "MasterKey(***)"
