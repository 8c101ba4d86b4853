"""Keys that tokens are verified with: each knows the algorithms it may be used for, and is used for no other.

Which algorithm verifies a token is never the token's choice alone: the configuration allows algorithms, a key fits some of them, and
``find_key`` returns a key only where all three agree. So a public key is never taken for a shared secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import Algorithm, ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm

from secure_gateway.plugins.auth.jwt_token import MalformedTokenError, ParsedToken, decode_base64url

SECRET = "secret"  # noqa: S105 - a kind of key
MIN_RSA_BITS = 2048
MIN_SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}  # RFC 7518, section 3.2
_RSA: dict[str, Algorithm] = {
    **{f"RS{bits}": RSAAlgorithm(getattr(RSAAlgorithm, f"SHA{bits}")) for bits in (256, 384, 512)},
    **{f"PS{bits}": RSAPSSAlgorithm(getattr(RSAPSSAlgorithm, f"SHA{bits}")) for bits in (256, 384, 512)},
}
_BY_KIND: dict[str, dict[str, Algorithm]] = {
    SECRET: {name: HMACAlgorithm(getattr(HMACAlgorithm, f"SHA{name[2:]}")) for name in MIN_SECRET_BYTES},
    "RSA": _RSA,
    "P-256": {"ES256": ECAlgorithm(ECAlgorithm.SHA256, SECP256R1)},
    "P-384": {"ES384": ECAlgorithm(ECAlgorithm.SHA384, SECP384R1)},
    "P-521": {"ES512": ECAlgorithm(ECAlgorithm.SHA512, SECP521R1)},
    "Ed25519": {"EdDSA": OKPAlgorithm(), "Ed25519": OKPAlgorithm()},
    "Ed448": {"EdDSA": OKPAlgorithm(), "Ed448": OKPAlgorithm()},
}
ALGORITHMS = tuple(dict.fromkeys(name for named in _BY_KIND.values() for name in named))
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_EC = {"P-256": (SECP256R1, 32), "P-384": (SECP384R1, 48), "P-521": (SECP521R1, 66)}


class UnusableKeyError(Exception):
    """Key material that cannot be used. The message holds nothing of it."""


class VerificationKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key or a shared secret, and the allowed algorithms that it fits."""

    key: Any
    kind: str
    algorithms: tuple[str, ...]
    key_id: str | None = None

    def verifies(self, token: ParsedToken) -> bool:
        """Tell whether the token was signed with this key, by the algorithm that its header names."""
        return _BY_KIND[self.kind][token.algorithm].verify(token.signed, self.key, token.signature)

    def __repr__(self) -> str:
        return f"VerificationKey({self.kind}, key_id={self.key_id!r}, algorithms={self.algorithms})"


def find_key(keys: Sequence[VerificationKey], token: ParsedToken) -> VerificationKey | None:
    """Return the one key that ``token`` may be verified with; None where there is none, or no telling which."""
    fitting = [key for key in keys if token.algorithm in key.algorithms]
    if token.key_id is not None:
        named = [key for key in fitting if key.key_id == token.key_id]
        # A single key that was configured without an id stands for every id.
        fitting = named or [key for key in fitting if key.key_id is None and len(keys) == 1]
    return fitting[0] if len(fitting) == 1 else None


def key_from_text(text: str, allowed: Sequence[str], key_id: str | None = None) -> VerificationKey:
    """Make a key of a PEM public key or of a shared secret. Raises ``UnusableKeyError``."""
    if "PRIVATE KEY-----" in text:
        raise UnusableKeyError("a private key; only its public part is needed here (openssl pkey -pubout)")
    if "-----BEGIN CERTIFICATE" in text:
        raise UnusableKeyError("a certificate; give its public key (openssl x509 -pubkey -noout)")
    if "-----BEGIN" in text:
        try:
            return _fitted(load_pem_public_key(text.encode()), allowed, key_id)
        except (ValueError, UnsupportedAlgorithm):
            raise UnusableKeyError("a PEM text that holds no public key") from None
    if text.lstrip().startswith(("{", "ssh-", "ecdsa-", "MII")):
        # Taken for a shared secret, a public key would let everybody who can read it sign.
        raise UnusableKeyError(
            "what looks like a public key in another form than PEM; give it as PEM, or a JWK in jwks"
        )
    return _fitted(text.encode(), allowed, key_id)


def key_from_jwk(jwk: Mapping[str, Any], allowed: Sequence[str]) -> VerificationKey | None:
    """Make a key of a JSON Web Key (RFC 7517); None for one that is not for verifying signatures of an allowed algorithm.

    Raises ``UnusableKeyError`` for one that is malformed or contradicts itself.
    """
    key_id, use, operations, algorithm = (jwk.get(name) for name in ("kid", "use", "key_ops", "alg"))
    if not isinstance(key_id, str | None) or not isinstance(algorithm, str | None) or not isinstance(use, str | None):
        raise UnusableKeyError("a JWK whose kid, use or alg is no text")
    if not isinstance(operations, list | None):
        raise UnusableKeyError("a JWK whose key_ops is no list")
    if use not in (None, "sig") or (operations is not None and "verify" not in operations):
        return None
    try:
        material = _jwk_material(jwk)
    except (MalformedTokenError, ValueError, KeyError, TypeError, AttributeError):
        raise UnusableKeyError("a JWK whose values are missing or malformed") from None
    if material is None:
        return None
    fits = _BY_KIND[_kind(material)]
    if algorithm is not None and algorithm in ALGORITHMS and algorithm not in fits:
        raise UnusableKeyError("a JWK whose alg does not fit its type")
    wanted = [name for name in allowed if name in fits and algorithm in (None, name)]
    return _fitted(material, wanted, key_id) if wanted else None


def _fitted(material: Any, allowed: Sequence[str], key_id: str | None) -> VerificationKey:
    kind = _kind(material)
    fitting = tuple(name for name in allowed if name in _BY_KIND[kind])
    if not fitting:
        fits = ", ".join(_BY_KIND[kind])
        raise UnusableKeyError(f"a {kind} key, which fits none of the allowed algorithms (it would fit {fits})")
    if kind == SECRET:
        least = max(MIN_SECRET_BYTES[name] for name in fitting)
        if len(material) < least:
            raise UnusableKeyError(f"a secret of {len(material)} bytes; {', '.join(fitting)} need {least} (RFC 7518)")
    if kind == "RSA" and material.key_size < MIN_RSA_BITS:
        raise UnusableKeyError(f"an RSA key of {material.key_size} bits; at least {MIN_RSA_BITS} are needed (RFC 7518)")
    return VerificationKey(key=material, kind=kind, algorithms=fitting, key_id=key_id)


def _kind(material: Any) -> str:
    match material:
        case bytes():
            return SECRET
        case RSAPublicKey():
            return "RSA"
        case EllipticCurvePublicKey() if material.curve.name in _CURVES:
            return _CURVES[material.curve.name]
        case Ed25519PublicKey():
            return "Ed25519"
        case Ed448PublicKey():
            return "Ed448"
        case _:
            raise UnusableKeyError("a public key of a type that verifies no supported algorithm")


def _jwk_material(jwk: Mapping[str, Any]) -> Any:
    """Return the key itself; None for a type or a curve that is not known, which RFC 7517 tells to pass over."""

    def octets(name: str) -> bytes:
        return decode_base64url(jwk[name].encode("ascii"))

    if jwk.get("kty") == "oct":
        return octets("k")
    if "d" in jwk:
        raise UnusableKeyError("a private JWK; leave d and what belongs to it out")
    match jwk.get("kty"), jwk.get("crv"):
        case "RSA", None:
            return RSAPublicNumbers(int.from_bytes(octets("e")), int.from_bytes(octets("n"))).public_key()
        case "EC", str(curve) if curve in _EC:
            make, size = _EC[curve]
            x, y = octets("x"), octets("y")
            if len(x) != size or len(y) != size:  # RFC 7518, section 6.2.1.2
                raise ValueError("coordinates of another length")
            return EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), make()).public_key()
        case "OKP", "Ed25519":
            return Ed25519PublicKey.from_public_bytes(octets("x"))
        case "OKP", "Ed448":
            return Ed448PublicKey.from_public_bytes(octets("x"))
        case str(), _:
            return None
        case _:
            raise ValueError("no kty")
