"""Make tokens of every shape, proper and forged, for the tests of ``jwt``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, get_default_algorithms

SECRET = "an-honest-secret-of-sixty-four-bytes-or-more-that-fits-every-HS-algorithm"
NOW = 1_000_000


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private_key(kind: str, number: int = 0) -> Any:
    """Return a private key; the same one for the same arguments."""
    return _private_key(kind, number)


@cache
def _private_key(kind: str, number: int) -> Any:
    match kind:
        case "RSA":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case "RSA1024":
            return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
        case "P-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "P-521":
            return ec.generate_private_key(ec.SECP521R1())
        case "secp256k1":
            return ec.generate_private_key(ec.SECP256K1())
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "Ed448":
            return ed448.Ed448PrivateKey.generate()
        case _:
            raise ValueError(kind)


KIND = {
    **{f"{family}{bits}": "RSA" for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
    "Ed448": "Ed448",
}


def pem(kind: str, number: int = 0) -> str:
    data: bytes = private_key(kind, number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data.decode()


def jwk(kind: str, number: int = 0, **more: Any) -> dict[str, Any]:
    key = private_key(kind, number).public_key()
    if kind.startswith("RSA"):
        made = RSAAlgorithm.to_jwk(key, as_dict=True)
    elif kind.startswith("Ed"):
        made = OKPAlgorithm.to_jwk(key, as_dict=True)
    else:
        made = ECAlgorithm.to_jwk(key, as_dict=True)
    made = {name: value for name, value in made.items() if name not in ("key_ops", "use")}
    return {**made, **more}


def secret_jwk(secret: str = SECRET, **more: Any) -> dict[str, Any]:
    return {"kty": "oct", "k": b64(secret.encode()), **more}


def claims(**changes: Any) -> dict[str, Any]:
    made = {"sub": "alice", "iss": "https://id.example", "aud": "gateway", "exp": NOW + 600, "iat": NOW, **changes}
    return {name: value for name, value in made.items() if value is not ...}


def sign(header: str, payload: str, algorithm: str, key: Any) -> str:
    """Sign two parts as they are, however odd."""
    signed = f"{header}.{payload}"
    named = {"Ed25519": "EdDSA", "Ed448": "EdDSA"}.get(algorithm, algorithm)
    return f"{signed}.{b64(get_default_algorithms()[named].sign(signed.encode(), key))}"


def token(
    body: dict[str, Any] | str | None = None,
    *,
    algorithm: str = "HS256",
    key: Any = None,
    header: dict[str, Any] | str | None = None,
) -> str:
    """Return a signed token; ``header`` is added to alg and typ, or, as a text, is the header."""
    if key is None:
        key = SECRET.encode() if algorithm.startswith("HS") else private_key(KIND[algorithm])
    head = header if isinstance(header, str) else json.dumps({"alg": algorithm, "typ": "JWT", **(header or {})})
    text = body if isinstance(body, str) else json.dumps(claims() if body is None else body)
    return sign(b64(head.encode()), b64(text.encode("utf-8", "surrogatepass")), algorithm, key)


def hmac_with(text: bytes, header: str, payload: str) -> str:
    """Sign with whatever bytes as an HMAC secret, as a forger would with a public key."""
    signed = f"{header}.{payload}".encode()
    return f"{header}.{payload}.{b64(hmac.digest(text, signed, hashlib.sha256))}"
