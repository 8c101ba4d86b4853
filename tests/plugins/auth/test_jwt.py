"""Which tokens are believed, and what they are believed to say."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.auth import jwt as module
from secure_gateway.plugins.auth.base import AuthResult, AuthStatus
from secure_gateway.plugins.auth.config_manager import AuthConfigManager
from secure_gateway.plugins.auth.jwt import JWTAuthProvider
from secure_gateway.plugins.auth.jwt_keys import ALGORITHMS
from secure_gateway.plugins.auth.jwt_token import MalformedTokenError, decode_base64url, parse_token
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.types import AuthCredentials, Resolved
from tests.plugins.auth import tokens
from tests.plugins.auth.conftest import Clock
from tests.plugins.auth.tokens import KIND, NOW, SECRET, b64, claims, jwk, pem, private_key, sign, token

HS = {"algorithms": ["HS256"], "key": SECRET, "audience": "gateway", "issuer": "https://id.example"}


@pytest.fixture
def build(services: ProviderServices) -> Any:
    def make(**changes: Any) -> JWTAuthProvider:
        config = {name: value for name, value in {**HS, **changes}.items() if value is not ...}
        return JWTAuthProvider(config, services)

    return make


async def judge(provider: JWTAuthProvider, text: str) -> AuthResult:
    result = await provider.authenticate(AuthCredentials(access_token=text))
    assert result.authenticated is (result.status is AuthStatus.SUCCESS)
    assert not text or text not in result.message
    # What was just verified is recognised, and nothing else is.
    assert (provider.recognise(AuthCredentials(access_token=text)) is not None) is result.authenticated
    return result


async def refusal(provider: JWTAuthProvider, text: str, status: AuthStatus = AuthStatus.INVALID_CREDENTIALS) -> str:
    result = await judge(provider, text)
    assert result.status is status, result
    again = await judge(provider, text)
    assert again.status is status, "the second time it passed"
    return result.message


async def test_a_good_token_says_who_asks(build: Any) -> None:
    body = claims(
        roles=["analyst"], permissions=["tools:a"], scope="tools:b tools:a", tenant_id="t", email="a@x", project_id="p"
    )
    result = await judge(build(), token(body))
    assert result.is_success
    assert (result.user_id, result.project_id, result.roles) == ("alice", "p", ["analyst"])
    assert result.permissions == ["tools:a", "tools:b"]
    assert result.metadata == {"tenant_id": "t", "email": "a@x"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_every_algorithm_verifies_its_own_tokens_and_no_others(build: Any, algorithm: str) -> None:
    good = token(algorithm=algorithm)
    key = SECRET if algorithm.startswith("HS") else pem(KIND[algorithm])
    provider = build(algorithms=[algorithm], key=key)
    assert (await judge(provider, good)).is_success
    head, body, signature = good.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert "signature is wrong" in await refusal(provider, f"{head}.{body}.{flipped}")
    assert "signature is wrong" in await refusal(
        provider, f"{head}.{b64(json.dumps(claims(sub='root')).encode())}.{signature}"
    )
    assert "signature is wrong" in await refusal(provider, f"{head}.{body}.AAAA")
    if algorithm.startswith("HS"):
        other: Any = b"x" * 64
    else:
        other = private_key(KIND[algorithm], 1)
    assert "signature is wrong" in await refusal(provider, token(algorithm=algorithm, key=other))


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if not name.startswith("HS")])
async def test_keys_come_as_jwk_too(build: Any, algorithm: str) -> None:
    provider = build(algorithms=[algorithm], key=..., jwks={"keys": [jwk(KIND[algorithm], kid="k")]})
    assert (await judge(provider, token(algorithm=algorithm, header={"kid": "k"}))).is_success


async def test_a_shared_secret_comes_as_jwk_too(build: Any) -> None:
    provider = build(key=..., jwks={"keys": [tokens.secret_jwk(kid="k", alg="HS256", use="sig", key_ops=["verify"])]})
    assert (await judge(provider, token(header={"kid": "k"}))).is_success


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "hs256", "HS384", "RS256", "HS256 "])
async def test_an_algorithm_that_is_not_allowed_is_refused_signed_or_not(build: Any, name: str) -> None:
    header = b64(json.dumps({"alg": name}).encode())
    payload = b64(json.dumps(claims()).encode())
    signed = sign(header, payload, "HS256", SECRET.encode())
    for text in (signed, f"{header}.{payload}.", f"{header}.{payload}"):
        await refusal(build(), text)


async def test_a_public_key_is_no_shared_secret(build: Any) -> None:
    """CVE-2015-9235, CVE-2022-29217: an HS token signed with the text of the public key."""
    public = pem("RSA")
    header, payload = b64(b'{"alg":"HS256"}'), b64(json.dumps(claims()).encode())
    forged = [tokens.hmac_with(text.encode(), header, payload) for text in (public, public.strip(), public + "\n")]
    only_rsa = build(algorithms=["RS256"], key=public)
    both = build(
        algorithms=["RS256", "HS256"], key=..., keys=[{"kid": "r", "key": public}, {"kid": "s", "key": SECRET}]
    )
    for provider in (only_rsa, both):
        for text in forged:
            await refusal(provider, text)


async def test_a_token_is_verified_by_the_key_that_it_names_and_by_no_other(build: Any) -> None:
    keys = [{"kid": "a", "key": pem("P-256")}, {"kid": "b", "key": pem("P-256", 1)}]
    provider = build(algorithms=["ES256"], key=..., keys=keys)
    first, second = private_key("P-256"), private_key("P-256", 1)
    assert (await judge(provider, token(algorithm="ES256", key=first, header={"kid": "a"}))).is_success
    assert (await judge(provider, token(algorithm="ES256", key=second, header={"kid": "b"}))).is_success
    assert "signature is wrong" in await refusal(provider, token(algorithm="ES256", key=first, header={"kid": "b"}))
    for header in ({}, {"kid": "c"}, {"kid": ""}):
        assert "no key" in await refusal(provider, token(algorithm="ES256", key=first, header=header))


async def test_a_single_key_without_an_id_verifies_tokens_with_any_id_and_none(build: Any) -> None:
    for header in ({}, {"kid": "whatever"}):
        assert (await judge(build(), token(header=header))).is_success


async def test_a_key_pinned_to_one_algorithm_is_used_for_no_other(build: Any) -> None:
    pinned = [{"kid": "a", "key": pem("RSA"), "algorithm": "RS256"}, {"kid": "b", "key": pem("RSA", 1)}]
    provider = build(algorithms=["RS256", "PS256"], key=..., keys=pinned)
    key = private_key("RSA")
    assert (await judge(provider, token(algorithm="RS256", key=key, header={"kid": "a"}))).is_success
    assert "no key" in await refusal(provider, token(algorithm="PS256", key=key, header={"kid": "a"}))


@pytest.mark.parametrize(
    "mark",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"alg": "RSA-OAEP"},
        {"alg": "PS256"},
    ],
)
async def test_a_jwk_that_is_not_for_verifying_is_never_used(build: Any, mark: dict[str, Any]) -> None:
    jwks = {"keys": [jwk("RSA", kid="no", **mark), jwk("RSA", 1, kid="yes"), {"kty": "future", "kid": "x"}]}
    provider = build(algorithms=["RS256"], key=..., jwks=jwks)
    assert "no key" in await refusal(provider, token(algorithm="RS256", header={"kid": "no"}))
    assert (
        await judge(provider, token(algorithm="RS256", key=private_key("RSA", 1), header={"kid": "yes"}))
    ).is_success


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"cty": "jwt"},
        {"kid": 5},
        {"kid": None},
        {"kid": ["a"]},
        {"kid": "x" * 257},
        {"typ": 5},
        {"alg": None},
        {"alg": ["HS256"]},
    ],
)
async def test_a_header_that_is_not_understood_refuses_the_token(build: Any, header: dict[str, Any]) -> None:
    await refusal(build(), token(header=header))


async def test_keys_and_addresses_in_a_header_are_never_used(build: Any) -> None:
    key = private_key("RSA", 1)
    header = {"jwk": jwk("RSA", 1), "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/", "kid": "r"}
    provider = build(algorithms=["RS256"], key=pem("RSA"))
    assert "signature is wrong" in await refusal(provider, token(algorithm="RS256", key=key, header=header))


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"HS256","alg":"HS256"}',
        '{"alg":"none","alg":"HS256"}',
        '["HS256"]',
        '"HS256"',
        "null",
        "",
        "{",
        '{"alg":"HS256","x":NaN}',
        "[" * 2000,
    ],
)
async def test_a_header_that_is_no_plain_json_object_refuses_the_token(build: Any, header: str) -> None:
    await refusal(build(), token(header=header))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(claims())[:-1] + ',"sub":"root"}',
        json.dumps(claims())[:-1] + ',"x":{"a":1,"a":2}}',
        json.dumps(claims())[:-1] + ',"x":NaN}',
        json.dumps(claims())[:-1] + ',"x":-Infinity}',
        json.dumps(claims())[:-1] + ',"x":' + "9" * 5000 + "}",
        json.dumps(claims())[:-1] + ',"x":' + "[" * 2000 + "]" * 2000 + "}",
        "[]",
        "null",
        "{",
        "{} {}",
        "\ufeff{}",
        "\ud800",
    ],
)
async def test_a_payload_that_is_no_plain_json_object_refuses_the_token(build: Any, body: str) -> None:
    await refusal(build(), token(body))


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("change", ["{}=", "{}==", " {}", "{}\n", "{}!", "", "{}.", "{}\0", "{}é"])
async def test_a_part_in_any_spelling_but_the_canonical_one_refuses_the_token(
    build: Any, part: int, change: str
) -> None:
    parts = token().split(".")
    parts[part] = change.format(parts[part])
    await refusal(build(), ".".join(parts))


async def test_the_same_signature_in_another_spelling_is_another_token(build: Any) -> None:
    """The last character of 32 bytes in base64url carries two bits that decode to nothing."""
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
    assert (await judge(build(), text)).is_success
    assert "canonical" in await refusal(build(), other)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "....", "é.é.é", "\ud800.a.b", "Bearer a.b.c"]
)
async def test_what_is_no_token_is_refused(build: Any, text: str) -> None:
    await refusal(build(), text)


async def test_an_encrypted_token_is_refused_as_such(build: Any) -> None:
    assert "JWE" in await refusal(build(), "a.b.c.d.e")


async def test_a_token_over_the_limit_is_refused_unread(build: Any) -> None:
    text = token(claims(pad="x" * 6200))
    assert len(text) > 8192
    assert "longer than 8192" in await refusal(build(), text)
    assert (await judge(build(max_token_bytes=len(text)), text)).is_success
    await refusal(build(max_token_bytes=len(text) - 1), text)
    await refusal(build(), "x" * 50_000_000)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"exp": ...}, "'exp' is missing"),
        ({"exp": None}, "'exp' is no time"),
        ({"exp": str(NOW + 600)}, "'exp' is no time"),
        ({"exp": True}, "'exp' is no time"),
        ({"exp": 1e400}, "no JSON|number|no time"),
        ({"exp": 10**30}, "'exp' is no time"),
        ({"nbf": "now"}, "'nbf' is no time"),
        ({"nbf": NOW + 31}, "does not hold yet"),
        ({"iat": NOW + 31}, "does not hold yet"),
        ({"iat": [NOW]}, "'iat' is no time"),
        ({"iss": ...}, "iss"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": "https://id.example/"}, "iss"),
        ({"iss": ["https://id.example"]}, "iss"),
        ({"aud": ...}, "aud"),
        ({"aud": ""}, "aud"),
        ({"aud": "gateway2"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": ["other"]}, "aud"),
        ({"aud": ["gateway", 5]}, "aud"),
        ({"aud": {"gateway": 1}}, "aud"),
        ({"sub": ...}, "'sub' names no user"),
        ({"sub": None}, "'sub' names no user"),
        ({"sub": ""}, "'sub'"),
        ({"sub": 5}, "'sub'"),
        ({"sub": "a\nb"}, "'sub'"),
        ({"sub": "\ud800"}, "'sub'"),
        ({"sub": "x" * 513}, "'sub'"),
        ({"roles": "admin"}, "'roles'"),
        ({"roles": ["a", 5]}, "'roles'"),
        ({"roles": [""]}, "'roles'"),
        ({"roles": {"a": 1}}, "'roles'"),
        ({"permissions": "tools:*"}, "'permissions'"),
        ({"scope": 5}, "'scope'"),
        ({"email": 5}, "'email'"),
        ({"tenant_id": ["t"]}, "'tenant_id'"),
        ({"project_id": ""}, "'project_id'"),
    ],
)
async def test_a_claim_that_is_missing_wrong_or_of_another_type_refuses_the_token(
    build: Any, change: dict[str, Any], what: str
) -> None:
    message = await refusal(build(), token(claims(**change)))
    assert any(part in message for part in what.split("|")), message


async def test_an_expired_token_is_told_apart_from_a_wrong_one(build: Any, clock: Clock) -> None:
    provider, text = build(), token()
    clock.now = NOW + 629.9
    assert (await judge(provider, text)).is_success
    clock.now = NOW + 630
    await refusal(provider, text, AuthStatus.EXPIRED)
    await refusal(build(), text, AuthStatus.EXPIRED)
    forged = text[: text.rindex(".")] + "." + b64(b"x" * 32)
    assert "signature" in await refusal(provider, forged)


async def test_leeway_is_as_wide_as_configured(build: Any, clock: Clock) -> None:
    strict = build(leeway=0)
    assert (await judge(strict, token(claims(nbf=NOW, iat=NOW, exp=NOW + 1)))).is_success
    await refusal(strict, token(claims(nbf=NOW + 1)))
    await refusal(strict, token(claims(exp=NOW)), AuthStatus.EXPIRED)


async def test_a_remembered_token_is_judged_by_the_clock_every_time(build: Any, clock: Clock) -> None:
    provider, text = build(), token(claims(nbf=NOW))
    assert (await judge(provider, text)).is_success
    clock.now = NOW - 100
    await refusal(provider, text)
    clock.now = NOW + 100
    assert (await judge(provider, text)).is_success
    clock.now = NOW + 10_000
    await refusal(provider, text, AuthStatus.EXPIRED)


async def test_a_token_older_than_max_age_is_refused_although_it_has_not_expired(build: Any, clock: Clock) -> None:
    provider = build(max_age=60)
    assert (await judge(provider, token())).is_success
    assert "'iat' is missing" in await refusal(provider, token(claims(iat=...)))
    clock.now = NOW + 90
    await refusal(provider, token(), AuthStatus.EXPIRED)


async def test_one_of_several_audiences_and_issuers_will_do(build: Any) -> None:
    provider = build(audience=["a", "gateway"], issuer=["https://id.example", "https://other.example"])
    assert (await judge(provider, token(claims(aud=["x", "gateway"], iss="https://other.example")))).is_success
    assert (await judge(build(issuer=...), token(claims(iss=...)))).is_success


async def test_required_claims_must_be_there_and_not_null(build: Any) -> None:
    provider = build(required_claims=["jti"])
    assert (await judge(provider, token(claims(jti="1")))).is_success
    for change in ({}, {"jti": None}):
        assert "'jti' is missing" in await refusal(provider, token(claims(**change)))


@pytest.mark.parametrize(("typ", "good"), [("at+jwt", True), ("application/AT+JWT", True), ("JWT", False), ("", False)])
async def test_only_configured_token_types_are_taken(build: Any, typ: str, good: bool) -> None:
    result = await judge(build(token_types=["at+jwt"]), token(header={"typ": typ}))
    assert result.is_success is good


async def test_claims_are_found_under_configured_names_and_paths(build: Any) -> None:
    names = {"user_id": "https://x/uid", "roles": "/realm_access/roles", "scope": "scp", "tenant_id": "/a~1b/t"}
    provider = build(claims=names)
    body = claims(
        **{
            "https://x/uid": "bob",
            "realm_access": {"roles": ["r"]},
            "scp": ["s"],
            "a/b": {"t": "T"},
            "roles": ["admin"],
        }
    )
    result = await judge(provider, token(body))
    assert (result.user_id, result.roles, result.permissions) == ("bob", ["r"], ["s"])
    assert result.metadata["tenant_id"] == "T"
    assert "no object" in await refusal(provider, token(claims(**{"https://x/uid": "bob", "realm_access": "x"})))


async def test_default_roles_are_for_tokens_without_the_claim_and_an_empty_list_stays_empty(build: Any) -> None:
    provider = build(default_roles=["reader"])
    assert (await judge(provider, token())).roles == ["reader"]
    assert (await judge(provider, token(claims(roles=[])))).roles == []


async def test_what_is_remembered_is_bounded_and_holds_good_tokens_only(
    build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    provider = build()
    for number in range(10):
        assert (await judge(provider, token(claims(jti=str(number))))).is_success
        await refusal(provider, token(claims(jti=str(number), aud="other")))
    assert len(provider._verified) == 3


async def test_a_caller_who_changes_its_answer_changes_nobody_else_s(build: Any) -> None:
    provider, text = build(), token(claims(roles=["r"]))
    first = await judge(provider, text)
    first.roles.append("admin")
    assert (await judge(provider, text)).roles == ["r"]


async def test_an_id_token_is_judged_alike_and_two_tokens_are_refused(build: Any) -> None:
    provider, text = build(), token()
    assert (await provider.authenticate(AuthCredentials(id_token=text))).is_success
    assert not (await provider.authenticate(AuthCredentials(id_token=text, access_token=text))).is_success
    assert provider.recognise(AuthCredentials(id_token=text, access_token=text)) is None
    assert not (await provider.authenticate(AuthCredentials())).is_success


async def test_a_session_is_good_as_long_as_its_token(build: Any, clock: Clock) -> None:
    provider, text = build(), token()
    session = (await judge(provider, text)).session_id or ""
    assert await provider.validate_session(session)
    for forged in ("", "x" * 64, "é" * 64, session[:-1], "0" * 64):
        assert not await provider.validate_session(forged)
    assert not await build().validate_session(session)
    clock.now = NOW + 10_000
    assert not await provider.validate_session(session)
    fresh = AuthCredentials(access_token=token(claims(exp=NOW + 20_000)))
    assert (await provider.refresh_authentication(session, fresh)).is_success
    other = AuthCredentials(access_token=token(claims(sub="mallory", exp=NOW + 20_000)))
    assert not (await provider.refresh_authentication(session, other)).is_success
    assert not (await provider.refresh_authentication("0" * 64, fresh)).is_success


async def test_through_the_chain_a_token_becomes_a_principal(services: ProviderServices) -> None:
    manager = AuthConfigManager(services)
    manager.initialize(
        {"plugins": {"auth": {"providers": [{"provider": "api_key"}, {"provider": "jwt", "config": HS}]}}}
    )
    verdict = await manager.snapshot.resolve(AuthCredentials(access_token=token(claims(roles=["r"], is_admin=True))))
    assert isinstance(verdict, Resolved)
    assert (verdict.principal.subject, verdict.principal.provider, verdict.principal.roles) == ("alice", "jwt", ("r",))
    assert not verdict.principal.is_admin
    await manager.shutdown()


async def test_without_a_gateway_the_clock_of_the_machine_counts() -> None:
    assert (await judge(JWTAuthProvider(HS), token(claims(exp=4_000_000_000)))).is_success
    await refusal(JWTAuthProvider(HS), token(), AuthStatus.EXPIRED)


@given(st.binary(max_size=40))
def test_base64url_has_one_spelling(data: bytes) -> None:
    if data:
        assert decode_base64url(b64(data).encode()) == data


@given(st.text(alphabet="AQgw_-=+/ \n", max_size=12))
def test_base64url_that_decodes_at_all_is_what_encoding_gives(text: str) -> None:
    try:
        decoded = decode_base64url(text.encode())
    except MalformedTokenError:
        return
    assert b64(decoded) == text


@given(st.text() | st.builds("{}.{}.{}".format, *[st.binary().map(b64)] * 3))
def test_any_text_is_taken_apart_or_refused_without_another_error(text: str) -> None:
    try:
        parse_token(text)
    except MalformedTokenError:
        return


def test_no_repr_shows_a_token_a_claim_or_a_key(services: ProviderServices) -> None:
    provider = JWTAuthProvider(HS, services)
    shown = repr(parse_token(token(claims(pad="hunter2")))) + repr(provider._settings.keys)
    assert "hunter2" not in shown
    assert SECRET not in shown
    assert msgspec.structs.asdict(provider._settings.keys[0])["key"] == SECRET.encode()
