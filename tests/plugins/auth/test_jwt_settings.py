"""A configuration of ``jwt`` that would be unsafe or makes no sense stops the start, with everything that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from secure_gateway.errors import ConfigError
from secure_gateway.plugins.auth.config_manager import AuthConfigManager
from secure_gateway.plugins.auth.jwt_settings import DEFAULT_TOKEN_BYTES, read_settings
from tests.plugins.auth.tokens import SECRET, jwk, pem, private_key, secret_jwk

HS: dict[str, Any] = {"algorithms": ["HS256"], "key": SECRET, "audience": "gateway"}
RS: dict[str, Any] = {"algorithms": ["RS256"], "audience": "gateway"}
PRIVATE = private_key("P-256").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SSH = private_key("RSA").public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def problems(config: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        read_settings(config)
    assert SECRET not in str(refused.value)
    return {problem.path: str(problem) for problem in refused.value.problems}


def test_defaults_are_the_safe_ones() -> None:
    settings = read_settings(HS)
    assert (settings.leeway, settings.max_age, settings.max_token_bytes) == (30, None, DEFAULT_TOKEN_BYTES)
    assert settings.claims["user_id"] == "sub"


def test_everything_wrong_is_said_at_once_with_near_misses() -> None:
    found = problems(
        {"algorithm": "HS256", "key": SECRET, "audiance": "x", "leeway": -1, "max_age": 0, "claims": {"rolls": "x"}}
    )
    assert set(found) == {
        "$.config.algorithm",
        "$.config.audiance",
        "$.config.algorithms",
        "$.config.audience",
        "$.config.leeway",
        "$.config.max_age",
        "$.config.claims.rolls",
    }
    assert "Did you mean 'algorithms'?" in found["$.config.algorithm"]
    assert "Did you mean 'roles'?" in found["$.config.claims.rolls"]


def test_the_manager_puts_the_path_where_the_provider_stands() -> None:
    with pytest.raises(ConfigError) as refused:
        AuthConfigManager().initialize({"auth": {"provider": "jwt", "config": {**HS, "leway": 5}}})
    assert [problem.path for problem in refused.value.problems] == ["$.plugins.auth.config.leway"]


def test_a_missing_audience_or_algorithm_list_is_named() -> None:
    with pytest.raises(ConfigError) as refused:
        AuthConfigManager().initialize({"auth": {"provider": "jwt", "config": {"key": SECRET}}})
    assert [problem.path for problem in refused.value.problems] == [
        "$.plugins.auth.config.algorithms",
        "$.plugins.auth.config.audience",
    ]


@pytest.mark.parametrize("name", ["none", "None", "HS1", "RSA-OAEP", "ES256K", ""])
def test_an_algorithm_that_is_not_supported_is_refused(name: str) -> None:
    assert any(path.startswith("$.config.algorithms") for path in problems({**HS, "algorithms": [name]}))


@pytest.mark.parametrize("value", [None, "", [], [""], 5, [5], {"a": 1}])
@pytest.mark.parametrize("key", ["audience", "issuer", "algorithms", "required_claims", "token_types", "default_roles"])
def test_a_list_of_texts_is_one(key: str, value: Any) -> None:
    assert f"$.config.{key}" in problems({**HS, key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("leeway", 301),
        ("leeway", "30"),
        ("leeway", True),
        ("leeway", float("nan")),
        ("max_age", 0),
        ("max_age", float("inf")),
        ("max_age", None),
        ("max_token_bytes", 65_537),
        ("max_token_bytes", 0),
        ("claims", []),
        ("claims", {"roles": ""}),
        ("claims", {"roles": 5}),
    ],
)
def test_a_value_out_of_bounds_is_refused(key: str, value: Any) -> None:
    assert any(path.startswith(f"$.config.{key}") for path in problems({**HS, key: value}))


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_shorter_than_its_hash_is_refused(algorithm: str, least: int) -> None:
    read_settings({**HS, "algorithms": [algorithm], "key": "x" * least})
    assert f"need {least}" in problems({**HS, "algorithms": [algorithm], "key": "x" * (least - 1)})["$.config.key"]


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (pem("RSA"), "fits none of the allowed algorithms"),
        (SSH, "looks like a public key"),
        ('{"kty": "RSA", "n": "…", "e": "AQAB", "padding": "0123456789abcdef"}', "looks like a public key"),
        (PRIVATE, "private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "holds no public key"),
        ("", "an empty text"),
        (5, "5"),
        (None, "nothing"),
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(key: Any, what: str) -> None:
    assert what in problems({**HS, "key": key})["$.config.key"]


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("RSA", "ES256"), ("P-256", "ES384"), ("P-256", "RS256"), ("Ed25519", "Ed448"), ("secp256k1", "ES256")],
)
def test_a_key_that_does_not_fit_its_algorithm_is_refused(kind: str, algorithm: str) -> None:
    assert "$.config.key" in problems({**RS, "algorithms": [algorithm], "key": pem(kind)})


def test_an_rsa_key_under_2048_bits_is_refused() -> None:
    assert "1024 bits" in problems({**RS, "key": pem("RSA1024")})["$.config.key"]


def test_an_algorithm_without_a_key_is_refused() -> None:
    assert (
        "HS256, for which no key is given"
        in problems({**RS, "algorithms": ["RS256", "HS256"], "key": pem("RSA")})["$.config.algorithms"]
    )


@pytest.mark.parametrize("sources", [{}, {"key": pem("RSA"), "keys": []}, {"jwks": {"keys": []}, "key": pem("RSA")}])
def test_keys_come_from_exactly_one_place(sources: dict[str, Any]) -> None:
    assert "$.config" in problems({**RS, **sources})


def test_fetching_keys_is_refused_as_something_that_comes_later() -> None:
    assert "later release" in problems({**RS, "jwks_url": "https://id.example/jwks"})["$.config.jwks_url"]


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ([], "keys"),
        ({}, "keys"),
        (["x"], "keys[0]"),
        ([{"key": pem("RSA")}], "keys[0].kid"),
        ([{"kid": "", "key": pem("RSA")}], "keys[0].kid"),
        ([{"kid": "a"}], "keys[0].key"),
        ([{"kid": "a", "key": pem("RSA"), "algorithm": "PS256"}], "keys[0].algorithm"),
        ([{"kid": "a", "key": pem("RSA"), "alg": "RS256"}], "keys[0].alg"),
        ([{"kid": "a", "key": pem("RSA")}, {"kid": "a", "key": pem("RSA", 1)}], "keys"),
    ],
)
def test_a_list_of_keys_has_ids_of_its_own(keys: Any, path: str) -> None:
    assert f"$.config.{path}" in problems({**RS, "keys": keys})


@pytest.mark.parametrize(
    ("jwks", "path"),
    [
        ([], "jwks"),
        ("x", "jwks"),
        ({"keys": "x"}, "jwks"),
        ({"keys": [5]}, "jwks"),
        ({"keys": []}, "algorithms"),
        ({"keys": [jwk("RSA", use="enc")]}, "algorithms"),
        ({"keys": [jwk("RSA"), jwk("RSA", 1)]}, "jwks"),
        ({"keys": [jwk("RSA", kid="a"), jwk("RSA", 1)]}, "jwks"),
        ({"keys": [jwk("RSA", kid=5)]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA", key_ops="verify")]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA", alg="ES256")]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA", d="AQAB")]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA", n="AQAB")]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA", e="AQAB=")]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA", n=5)]}, "jwks.keys[0]"),
        ({"keys": [{"kty": "RSA"}]}, "jwks.keys[0]"),
        ({"keys": [{}]}, "jwks.keys[0]"),
        ({"keys": [{"kty": ["RSA"]}]}, "jwks.keys[0]"),
        ({"keys": [jwk("RSA1024")]}, "jwks.keys[0]"),
    ],
)
def test_a_key_set_that_cannot_be_used_is_refused(jwks: Any, path: str) -> None:
    assert f"$.config.{path}" in problems({**RS, "jwks": jwks})


def test_coordinates_off_the_curve_or_of_another_length_are_refused() -> None:
    good = jwk("P-256")
    for wrong in ({**good, "x": good["y"]}, {**good, "x": good["x"][:-4]}, {**good, "crv": "P-384"}):
        assert "$.config.jwks.keys[0]" in problems({**RS, "algorithms": ["ES256"], "jwks": {"keys": [wrong]}})


def test_a_short_secret_in_a_key_set_is_refused() -> None:
    assert "$.config.jwks.keys[0]" in problems(
        {"algorithms": ["HS256"], "audience": "x", "jwks": {"keys": [secret_jwk("short")]}}
    )
