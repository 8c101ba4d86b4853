"""Which header or variable fills which credential field, and which kinds of credential are there."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import AuthenticationDenied, ErrorCode
from secure_gateway.plugins.auth.base import AuthMethod
from secure_gateway.plugins.auth.credentials import (
    copy_credentials,
    credentials_from_environment,
    credentials_from_headers,
    present_methods,
    shows_something,
)
from secure_gateway.types import AuthCredentials

M = AuthMethod


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("shown", "methods"),
    [
        ({}, set()),
        ({"api_key": "k"}, {M.API_KEY}),
        ({"gateway_key": "k"}, {M.API_KEY}),
        ({"access_token": "opaque"}, {M.BEARER_TOKEN, M.OAUTH}),
        ({"access_token": "a.b.c"}, {M.BEARER_TOKEN, M.OAUTH, M.JWT}),
        ({"access_token": "a.b.c.d.e"}, {M.BEARER_TOKEN, M.OAUTH}),
        ({"access_token": "sgw_x"}, {M.API_KEY}),
        ({"id_token": "a.b.c"}, {M.JWT}),
        ({"refresh_token": "r"}, {M.OAUTH}),
        ({"username": "u", "password": "p"}, {M.BASIC_AUTH}),
        ({"username": "u"}, set()),
        ({"password": "p"}, set()),
        ({"username": "u", "password": ""}, set()),
        ({"headers": {"X-Badge": "1"}}, {M.CUSTOM}),
        ({"user_id": "u", "project_id": "p"}, set()),
        ({"api_key": "k", "access_token": "a.b.c"}, {M.API_KEY, M.BEARER_TOKEN, M.OAUTH, M.JWT}),
    ],
)
def test_each_field_makes_its_methods_present(shown: dict[str, str], methods: set[AuthMethod]) -> None:
    assert present_methods(AuthCredentials(**shown)) == methods  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        (("Authorization", "Bearer a.b-c_d~e+f/g=="), "access_token", "a.b-c_d~e+f/g=="),
        (("authorization", "bEARER  token "), "access_token", "token"),
        (("Authorization", "ApiKey sgw_x"), "api_key", "sgw_x"),
        (("X-API-Key", "sgw_x"), "api_key", "sgw_x"),
        (("apikey", "k"), "gateway_key", "k"),
    ],
)
def test_each_header_fills_its_field_and_no_other(line: tuple[str, str], field: str, value: str) -> None:
    credentials = credentials_from_headers([line, ("Accept", "*/*")], {"client": "10.0.0.1"})
    assert list(credentials.present()) == [field]
    assert getattr(credentials, field) == value
    assert credentials.headers["ACCEPT"] == "*/*"
    assert credentials.context == {"client": "10.0.0.1"}


def test_basic_gives_user_and_password_with_colons_in_the_password() -> None:
    credentials = credentials_from_headers({"Authorization": basic("ålice:pä:ss".encode())})
    assert (credentials.username, credentials.password) == ("ålice", "pä:ss")


def test_claims_are_read_as_claims_and_show_nothing() -> None:
    credentials = credentials_from_headers({"X-User-Id": "root", "X-Project-Id": "p1"})
    assert (credentials.user_id, credentials.project_id) == ("root", "p1")
    assert not shows_something(credentials)
    assert present_methods(credentials) == {M.CUSTOM}


@pytest.mark.parametrize(
    "lines",
    [
        [("Authorization", "Bearer a"), ("Authorization", "Bearer a")],
        [("Authorization", "Bearer a"), ("authorization", "Bearer b")],
        [("X-API-Key", "a"), ("X-Api-Key", "b")],
        [("X-API-Key", "a"), ("apikey", "a")],
        [("Authorization", "Bearer a"), ("X-API-Key", "a")],
        [("Authorization", "Digest x"), ("X-API-Key", "a")],
        [("Authorization", "Bearer a, Bearer b")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Bearer a b")],
        [("Authorization", "Bearer ü")],
        [("Authorization", "")],
        [("Authorization", "ApiKey")],
        [("Authorization", "ApiKey a b")],
        [("X-API-Key", "")],
        [("X-API-Key", "a,b")],
        [("X-API-Key", "a\x00b")],
        [("apikey", "ключ")],
        [("Authorization", "Basic")],
        [("Authorization", "Basic !!!")],
        [("Authorization", basic(b"alice"))],
        [("Authorization", basic(b"alice:"))],
        [("Authorization", basic(b":secret"))],
        [("Authorization", basic(b"al\nice:secret"))],
        [("Authorization", basic(b"alice:\xff\xfe"))],
        [("X-User-Id", "a"), ("X-User-Id", "b")],
        [("X-Project-Id", "a\r\nb")],
        [("X-User-Id", "x" * 513)],
    ],
)
def test_two_credentials_or_one_that_cannot_be_read_refuse_the_caller(lines: list[tuple[str, str]]) -> None:
    with pytest.raises(AuthenticationDenied) as denied:
        credentials_from_headers(lines)
    assert denied.value.code is ErrorCode.INVALID_CREDENTIALS


@pytest.mark.parametrize("value", ["Bearer hunter2 hunter2", "Basic hunter2!", "ApiKey hunter2 hunter2"])
def test_a_refusal_does_not_repeat_what_was_shown(value: str) -> None:
    with pytest.raises(AuthenticationDenied) as denied:
        credentials_from_headers({"Authorization": value})
    assert "hunter2" not in str(denied.value)


@pytest.mark.parametrize("value", ["Digest username=x", "Negotiate YII=", "hunter2"])
def test_a_scheme_of_no_field_is_left_to_custom_providers_and_is_not_nothing(value: str) -> None:
    credentials = credentials_from_headers({"Authorization": value})
    assert list(credentials.present()) == []
    assert shows_something(credentials)
    assert credentials.headers["authorization"] == value


def test_repeated_headers_are_all_visible_to_a_provider() -> None:
    credentials = credentials_from_headers([("X-Badge", "1"), ("x-badge", "2")])
    assert credentials.headers["X-Badge"] == "1, 2"


@pytest.mark.parametrize(
    ("environ", "field"),
    [({"SECURE_GATEWAY_API_KEY": "sgw_x"}, "api_key"), ({"SECURE_GATEWAY_TOKEN": "a.b.c"}, "access_token")],
)
def test_a_variable_fills_its_field(environ: dict[str, str], field: str) -> None:
    credentials = credentials_from_environment({**environ, "PATH": "/bin", "SECURE_GATEWAY_USER_ID": "u"})
    assert list(credentials.present()) == [field]
    assert (credentials.user_id, credentials.project_id, credentials.headers) == ("u", None, {})


@pytest.mark.parametrize(
    "environ",
    [
        {"SECURE_GATEWAY_API_KEY": "a", "SECURE_GATEWAY_TOKEN": "b"},
        {"SECURE_GATEWAY_API_KEY": ""},
        {"SECURE_GATEWAY_TOKEN": "a\n"},
        {"SECURE_GATEWAY_API_KEY": "a b"},
    ],
)
def test_two_variables_or_one_that_cannot_be_read_refuse_the_caller(environ: dict[str, str]) -> None:
    with pytest.raises(AuthenticationDenied, match="SECURE_GATEWAY_"):
        credentials_from_environment(environ)


def test_an_environment_without_our_variables_shows_nothing() -> None:
    assert not shows_something(credentials_from_environment({"API_KEY": "x", "AUTHORIZATION": "y"}))


def test_a_copy_can_be_changed_without_changing_the_original() -> None:
    original = AuthCredentials(api_key="a", headers={"x": "1"}, context={"c": 1})
    copy = copy_credentials(original)
    copy.api_key, copy.headers["x"], copy.context["c"] = "b", "2", 2
    assert (original.api_key, original.headers["x"], original.context) == ("a", "1", {"c": 1})


@given(st.lists(st.tuples(st.sampled_from(["Authorization", "X-API-Key", "apikey", "X-User-Id", "Accept"]), st.text())))
def test_any_header_lines_are_read_or_refused_and_a_credential_header_is_never_overlooked(
    lines: list[tuple[str, str]],
) -> None:
    try:
        credentials = credentials_from_headers(lines)
    except AuthenticationDenied:
        return
    names = [name for name, _ in lines if name not in ("Accept", "X-User-Id")]
    assert shows_something(credentials) is (len(names) == 1)


@given(st.text())
def test_any_basic_text_is_read_as_it_was_meant_or_refused(text: str) -> None:
    try:
        credentials = credentials_from_headers({"Authorization": basic(text.encode("utf-8", "surrogatepass"))})
    except AuthenticationDenied:
        return
    assert f"{credentials.username}:{credentials.password}" == text
