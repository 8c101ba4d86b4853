"""Whose word is taken for who is asking."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from secure_gateway.errors import ErrorCode
from secure_gateway.plugins.auth.base import AuthCredentials, AuthMethod, AuthProvider, AuthResult, AuthStatus
from secure_gateway.plugins.auth.identity_chain import _CODES, ChainLink, IdentityChain
from secure_gateway.types import InvalidIdentity, NoIdentity, Resolved

KEY = AuthCredentials(api_key="hunter2-is-secret")


class Scripted(AuthProvider):
    """Answers what a test tells it to; a callable answer is called."""

    def __init__(self, answer: Any = None, methods: tuple[AuthMethod, ...] = (AuthMethod.API_KEY,)) -> None:
        self.answer = answer
        self.methods = methods
        self.asked = 0
        self.closed = 0

    def get_name(self) -> str:
        return "scripted"

    def get_version(self) -> str:
        return "1"

    def get_supported_methods(self) -> list[AuthMethod]:
        return list(self.methods)

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        self.asked += 1
        answer = self.answer
        if callable(answer):
            answer = answer(credentials)
            if asyncio.iscoroutine(answer):
                answer = await answer
        return answer  # type: ignore[no-any-return]

    async def validate_session(self, session_id: str) -> bool:
        return False

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        raise NotImplementedError

    async def shutdown(self) -> None:
        self.closed += 1
        await asyncio.sleep(0)


def chain(*providers: Scripted, timeout: float = 5.0) -> IdentityChain:
    links = [
        ChainLink(provider=provider, name=f"p{index}", version="1", methods=provider.methods)
        for index, provider in enumerate(providers)
    ]
    return IdentityChain(links, timeout)


def success(**more: Any) -> AuthResult:
    return AuthResult(**{"status": AuthStatus.SUCCESS, "authenticated": True, "user_id": "alice", **more})


async def refused(answer: Any, code: ErrorCode = ErrorCode.PLUGIN_ERROR) -> str:
    verdict = await chain(Scripted(answer)).resolve(KEY)
    assert isinstance(verdict, InvalidIdentity)
    assert (verdict.code, verdict.provider) == (code, "p0")
    assert "hunter2" not in verdict.reason
    return verdict.reason


async def test_no_credential_at_all_is_no_identity_and_asks_nobody() -> None:
    provider = Scripted(success())
    for credentials in (None, AuthCredentials(), AuthCredentials(user_id="root", headers={"accept": "*/*"})):
        assert isinstance(await chain(provider).resolve(credentials), NoIdentity)
    assert provider.asked == 0


@pytest.mark.parametrize(
    "credentials",
    [
        AuthCredentials(access_token="opaque"),
        AuthCredentials(username="u"),
        AuthCredentials(headers={"Authorization": "Digest x"}),
        AuthCredentials(headers={"X-API-Key": "x"}),
    ],
)
async def test_a_credential_that_no_provider_takes_is_invalid_and_not_anonymous(credentials: AuthCredentials) -> None:
    provider = Scripted(success())
    for links in (chain(provider), chain()):
        verdict = await links.resolve(credentials)
        assert isinstance(verdict, InvalidIdentity)
        assert verdict.code == ErrorCode.INVALID_CREDENTIALS
        assert "no provider takes" in verdict.reason
    assert provider.asked == 0


async def test_success_becomes_a_principal_with_everything_the_provider_said() -> None:
    answer = success(
        project_id="p",
        session_id="s",
        roles=["r"],
        permissions=["x"],
        metadata={"tenant_id": "t", "email": "e", "key_id": "k", "is_admin": True, "attributes": {"a": 1}, "other": 2},
    )
    verdict = await chain(Scripted(answer)).resolve(KEY)
    assert isinstance(verdict, Resolved)
    principal = verdict.principal
    assert (principal.subject, principal.provider, principal.method) == ("alice", "p0", "api_key")
    assert (principal.project_id, principal.session_id, principal.tenant_id) == ("p", "s", "t")
    assert (principal.email, principal.key_id, principal.is_admin) == ("e", "k", True)
    assert (principal.roles, principal.permissions, principal.attributes) == (("r",), ("x",), {"a": 1})


async def test_nothing_a_caller_claims_reaches_the_principal() -> None:
    claims = AuthCredentials(api_key="k", user_id="root", project_id="secret", headers={"X-User-Id": "root"})
    verdict = await chain(Scripted(success())).resolve(claims)
    assert isinstance(verdict, Resolved)
    assert (verdict.principal.subject, verdict.principal.project_id, verdict.principal.is_admin) == (
        "alice",
        None,
        False,
    )


async def test_of_several_providers_the_first_that_takes_what_is_shown_is_asked_and_no_other() -> None:
    token, key, any_header = (
        Scripted(success(), (AuthMethod.BEARER_TOKEN, AuthMethod.JWT)),
        Scripted(success(), (AuthMethod.API_KEY,)),
        Scripted(success(), (AuthMethod.CUSTOM,)),
    )
    links = chain(token, key, any_header)
    for credentials, provider, method in (
        (KEY, "p1", "api_key"),
        (AuthCredentials(access_token="a.b.c"), "p0", "bearer_token"),
        (AuthCredentials(id_token="a.b.c"), "p0", "jwt"),
        (AuthCredentials(headers={"X-Badge": "1"}), "p2", "custom"),
        (AuthCredentials(api_key="k", headers={"X-Badge": "1"}), "p1", "api_key"),
        (AuthCredentials(access_token="sgw_x"), "p1", "api_key"),
    ):
        verdict = await links.resolve(credentials)
        assert isinstance(verdict, Resolved)
        assert (verdict.principal.provider, verdict.principal.method) == (provider, method)
    assert (token.asked, key.asked, any_header.asked) == (2, 3, 1)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (AuthStatus.INVALID_CREDENTIALS, ErrorCode.INVALID_CREDENTIALS),
        (AuthStatus.EXPIRED, ErrorCode.INVALID_CREDENTIALS),
        (AuthStatus.FAILURE, ErrorCode.INVALID_CREDENTIALS),
        (AuthStatus.INSUFFICIENT_PERMISSIONS, ErrorCode.FORBIDDEN),
        (AuthStatus.RATE_LIMITED, ErrorCode.RATE_LIMITED),
        (AuthStatus.ERROR, ErrorCode.PLUGIN_ERROR),
    ],
)
async def test_every_answer_but_success_stops_the_chain(status: AuthStatus, code: ErrorCode) -> None:
    second = Scripted(success())
    verdict = await chain(Scripted(AuthResult(status=status, authenticated=False)), second).resolve(KEY)
    assert isinstance(verdict, InvalidIdentity)
    assert (verdict.code, verdict.reason, second.asked) == (code, status.value, 0)


def test_every_status_has_a_code() -> None:
    assert {*_CODES, AuthStatus.SUCCESS} == set(AuthStatus)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("hunter2"),
        SystemExit("hunter2"),
        KeyboardInterrupt("hunter2"),
        BaseExceptionGroup("hunter2", [SystemExit()]),
        StopIteration(),
        asyncio.CancelledError(),
    ],
)
@pytest.mark.parametrize("suspends", [False, True])
async def test_a_provider_that_raises_is_a_plugin_error_by_type_only(error: BaseException, suspends: bool) -> None:
    async def later() -> None:
        await asyncio.sleep(0)
        raise error

    def now() -> None:
        raise error

    reason = await refused(lambda _: later() if suspends else now())
    assert reason.startswith("raised ")


@pytest.mark.parametrize("answer", [None, True, "success", {"status": "success", "authenticated": True}, object()])
async def test_an_answer_of_another_type_is_a_plugin_error(answer: Any) -> None:
    assert "not with AuthResult" in await refused(answer)


@pytest.mark.parametrize(
    "answer",
    [
        success(authenticated=False),
        success(authenticated=1),
        success(authenticated=None),
        AuthResult(status=AuthStatus.FAILURE, authenticated=True),
        AuthResult(status=AuthStatus.FAILURE, authenticated=0),  # type: ignore[arg-type]
        success(status="success"),
        success(status="hunter2"),
        success(status=None),
    ],
)
async def test_a_status_and_authenticated_that_disagree_are_a_plugin_error(answer: AuthResult) -> None:
    await refused(answer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_id": None},
        {"user_id": ""},
        {"user_id": "   "},
        {"user_id": 5},
        {"user_id": "a\nb"},
        {"user_id": "a\x1b[31m"},
        {"user_id": "x" * 513},
        {"roles": "admin"},
        {"roles": None},
        {"roles": [1]},
        {"roles": {"admin": True}},
        {"permissions": [None]},
        {"permissions": ("a", b"b")},
        {"project_id": 5},
        {"session_id": b"s"},
        {"metadata": []},
        {"metadata": "x"},
        {"metadata": {"tenant_id": 5}},
        {"metadata": {"email": ["e"]}},
        {"metadata": {"key_id": 1.0}},
        {"metadata": {"is_admin": "no"}},
        {"metadata": {"is_admin": 1}},
        {"metadata": {"attributes": []}},
    ],
)
async def test_a_success_with_a_field_that_is_not_what_it_should_be_is_a_plugin_error(wrong: dict[str, Any]) -> None:
    await refused(success(**wrong))


async def test_a_provider_that_never_answers_is_a_timeout() -> None:
    async def hang(_: Any) -> None:
        await asyncio.Event().wait()

    async def resist(_: Any) -> AuthResult:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return success()

    for answer in (hang, resist):
        verdict = await chain(Scripted(answer), timeout=0.02).resolve(KEY)
        assert isinstance(verdict, InvalidIdentity)
        assert verdict.code == ErrorCode.PLUGIN_TIMEOUT


async def test_the_caller_s_own_cancellation_passes_through() -> None:
    async def hang(_: Any) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(chain(Scripted(hang)).resolve(KEY))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_provider_that_changes_what_it_is_given_changes_a_copy() -> None:
    def mutate(credentials: AuthCredentials) -> AuthResult:
        credentials.api_key = None
        credentials.headers["x-role"] = "admin"
        credentials.context["is_admin"] = True
        return success()

    shown = AuthCredentials(api_key="k", headers={"a": "1"})
    assert isinstance(await chain(Scripted(mutate)).resolve(shown), Resolved)
    assert (shown.api_key, dict(shown.headers), shown.context) == ("k", {"a": "1"}, {})


async def test_a_provider_s_message_reaches_the_operator_without_the_credential_and_without_control_characters() -> (
    None
):
    answer = AuthResult(
        status=AuthStatus.FAILURE,
        authenticated=False,
        message="no \x1b[31m user for hunter2-is-secret",
        error="hunter2",
    )
    assert await refused(answer, ErrorCode.INVALID_CREDENTIALS) == "failure:  no  [31m user for ***".replace(
        "  ", " ", 1
    )


@pytest.mark.parametrize("message", [None, 5, b"hunter2", ["hunter2"]])
async def test_a_message_that_is_no_text_is_left_out(message: Any) -> None:
    answer = AuthResult(status=AuthStatus.FAILURE, authenticated=False, message=message)
    assert await refused(answer, ErrorCode.INVALID_CREDENTIALS) == "failure"


def test_a_provider_that_does_not_suspend_needs_no_event_loop() -> None:
    coroutine = chain(Scripted(success())).resolve(KEY)
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    assert isinstance(done.value.value, Resolved)


async def test_shutdown_reaches_every_provider_although_one_fails() -> None:
    class Failing(Scripted):
        async def shutdown(self) -> None:
            sys.exit(1)

    last = Scripted()
    await chain(Failing(), last).shutdown()
    assert last.closed == 1


def test_no_repr_shows_a_credential() -> None:
    link = ChainLink(provider=Scripted("hunter2"), name="p", version="1", methods=(AuthMethod.JWT,))
    assert "hunter2" not in repr(link)
