"""Plugins that say who is asking, and whether they may."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from secure_gateway.errors import AuthenticationDenied, PermissionDenied, PluginError
from secure_gateway.pipeline.permissions import Permissions, ServerRules
from secure_gateway.plugins.framework import (
    HttpAuthCheckPermissionPayload,
    HttpAuthCheckPermissionResult,
    HttpAuthCheckPermissionResultPayload,
    HttpAuthResolveUserPayload,
    HttpAuthResolveUserResult,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginMode,
    PluginViolation,
    ToolPreInvokeResult,
)
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for
from secure_gateway.types import AuthCredentials, Headers, Operation, Principal, Request

BEARER = AuthCredentials(access_token="token-of-ann")


class Resolver(Plugin):
    """Answers with what ``config.answer`` says."""

    async def http_auth_resolve_user(
        self, payload: HttpAuthResolveUserPayload, context: PluginContext
    ) -> HttpAuthResolveUserResult:
        context.global_context.state["asked"] = payload.credentials
        context.set_state("host", payload.client_host)
        return HttpAuthResolveUserResult(modified_payload=self.config.config["answer"])

    async def tool_pre_invoke(self, payload: Any, context: PluginContext) -> ToolPreInvokeResult:
        assert context.global_context.state["asked"]["credentials"] == "token-of-ann"
        assert context.get_state("host") == "192.0.2.1"
        assert context.global_context.user == "ann@example.com"
        return ToolPreInvokeResult()


def resolver(answer: Any, **config: Any) -> Resolver:
    return Resolver(PluginConfig(name="directory", config={"answer": answer}, **config))


class Officer(Plugin):
    """Grants or refuses as ``config.granted`` says, and keeps what it was asked."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.asked: list[dict[str, Any]] = []

    async def http_auth_check_permission(
        self, payload: HttpAuthCheckPermissionPayload, context: PluginContext
    ) -> HttpAuthCheckPermissionResult:
        self.asked.append(payload.model_dump())
        granted = self.config.config["granted"]
        if granted is None:
            return HttpAuthCheckPermissionResult()
        return HttpAuthCheckPermissionResult(modified_payload=HttpAuthCheckPermissionResultPayload(granted=granted))


def officer(granted: Any, name: str = "officer", **config: Any) -> Officer:
    return Officer(PluginConfig(name=name, config={"granted": granted}, **config))


async def nothing(_request: Request) -> Any:
    return {}


def request(**given: Any) -> Request:
    return Request(
        operation=Operation.TOOL,
        name="weather",
        arguments={},
        **{
            "credentials": BEARER,
            "client_host": "192.0.2.1",
            "headers": Headers({"User-Agent": "tests"}),
            **given,
        },
    )


async def test_a_plugin_may_say_who_is_asking_and_its_later_hooks_know_what_it_stored() -> None:
    sink = MemorySink()
    answer = {"email": "ann@example.com", "roles": ["tester"], "full_name": "Ann"}
    gateway = gateway_for([resolver(answer)], identity=FixedIdentity(None), sinks=[sink])
    await gateway.handle(request(), nothing)
    principal = sink.last.principal
    assert principal is not None
    assert (principal.subject, principal.provider, principal.roles) == ("ann@example.com", "directory", ("tester",))
    assert principal.attributes == {"full_name": "Ann"}
    assert (sink.last.steps[0].plugin, sink.last.steps[0].verdict) == ("directory", "allow")


async def test_where_no_plugin_answers_the_identity_providers_are_asked() -> None:
    class Silent(Plugin):
        async def http_auth_resolve_user(self, payload: Any, context: Any) -> HttpAuthResolveUserResult:
            return HttpAuthResolveUserResult()

    sink = MemorySink()
    gateway = gateway_for([Silent(PluginConfig(name="silent"))], sinks=[sink])
    await gateway.handle(request(), nothing)
    assert sink.last.principal is not None
    assert sink.last.principal.subject == "tester"
    stranger = gateway_for([Silent(PluginConfig(name="silent"))], identity=FixedIdentity(None))
    with pytest.raises(AuthenticationDenied):
        await stranger.handle(request(), nothing)


async def test_a_plugin_that_refuses_the_caller_is_not_followed_by_the_identity_providers() -> None:
    class Refuser(Plugin):
        async def http_auth_resolve_user(self, payload: Any, context: Any) -> HttpAuthResolveUserResult:
            violation = PluginViolation(code="REVOKED", reason="the token was revoked")
            return HttpAuthResolveUserResult(continue_processing=False, violation=violation)

    sink = MemorySink()
    gateway = gateway_for([Refuser(PluginConfig(name="refuser"))], sinks=[sink])
    with pytest.raises(AuthenticationDenied, match="the credential is not valid"):
        await gateway.handle(request(), nothing)
    assert (sink.last.outcome, sink.last.decided_by, sink.last.code) == ("denied", "refuser", "invalid_credentials")
    assert sink.last.steps[-1].reason == "the token was revoked"
    with pytest.raises(AuthenticationDenied):
        await gateway.authenticate(BEARER)


@pytest.mark.parametrize(
    "answer",
    [
        "ann",
        {},
        {"email": ""},
        {"email": 7},
        {"email": "ann", "roles": "admin"},
        {"email": "ann", "roles": [1]},
        {"email": "ann", "is_admin": "false"},
        {"sub": "ann", "tenant_id": ["a"]},
        ["ann"],
        {"sub": "a" * 5000},
    ],
)
async def test_an_answer_that_describes_no_user_refuses_the_request(answer: Any) -> None:
    with pytest.raises(PluginError, match="directory"):
        await gateway_for([resolver(answer)]).handle(request(), nothing)


async def test_the_first_answer_stands_and_one_on_trial_does_not_count() -> None:
    sink = MemorySink()
    on_trial = Resolver(
        PluginConfig(name="trial", config={"answer": {"sub": "eve"}}, priority=1, mode=PluginMode.PERMISSIVE)
    )
    plugins = [
        on_trial,
        Resolver(PluginConfig(name="second", config={"answer": {"sub": "bob"}}, priority=20)),
        Resolver(PluginConfig(name="first", config={"answer": {"sub": "ann@example.com"}}, priority=10)),
    ]
    gateway = gateway_for(plugins, roles={}, identity=FixedIdentity(None), sinks=[sink])
    with pytest.raises(PermissionDenied):
        await gateway.handle(request(), nothing)
    assert sink.last.principal is not None
    assert (sink.last.principal.subject, sink.last.principal.provider) == ("ann@example.com", "first")


async def test_sessions_are_opened_for_whom_a_plugin_vouches() -> None:
    gateway = gateway_for([resolver({"sub": "ann"})], identity=FixedIdentity(None))
    assert (await gateway.authenticate(BEARER)).subject == "ann"


async def test_a_plugin_may_return_a_principal_and_is_named_as_its_provider() -> None:
    gateway = gateway_for([resolver(Principal(subject="ann", provider="somebody else"))])
    assert (await gateway.authenticate(BEARER)).provider == "directory"


async def test_a_plugin_is_told_what_is_asked_for_and_by_whom() -> None:
    asked = officer(None)
    await gateway_for([asked]).handle(request(), nothing)
    (question,) = asked.asked
    assert (question["user_email"], question["permission"], question["resource_type"]) == (
        "tester",
        "tools:weather",
        "tools",
    )
    assert (question["client_host"], question["user_agent"]) == ("192.0.2.1", "tests")


async def test_a_plugin_that_is_asked_what_a_list_may_show_is_told_in_which_conversation() -> None:
    told: list[Any] = []

    class Host(Officer):
        async def http_auth_check_permission(
            self, payload: HttpAuthCheckPermissionPayload, context: PluginContext
        ) -> HttpAuthCheckPermissionResult:
            told.append(context.global_context.session_id)
            return await super().http_auth_check_permission(payload, context)

    gateway = gateway_for([Host(PluginConfig(name="host", config={"granted": True}))])
    principal, listing = Principal(subject="ann", provider="tests"), request(session_id="first")
    assert await gateway.permits(principal, Operation.TOOL, "weather", within=listing)
    assert told == ["first"]


async def test_a_grant_stands_for_a_role_and_a_no_outdoes_it_in_whatever_order() -> None:
    await gateway_for([officer(granted=True)], roles={}).handle(request(), nothing)
    for first, second in ((True, False), (False, True)):
        both = [officer(first, "one", priority=1), officer(second, "two", priority=2)]
        with pytest.raises(PermissionDenied):
            await gateway_for(both).handle(request(), nothing)


async def test_a_grant_of_a_plugin_on_trial_does_not_count() -> None:
    gateway = gateway_for([officer(granted=True, mode=PluginMode.PERMISSIVE)], roles={})
    with pytest.raises(PermissionDenied, match="no role or permission"):
        await gateway.handle(request(), nothing)


async def test_what_the_rules_of_a_server_take_out_no_plugin_can_grant() -> None:
    gateway = gateway_for([officer(granted=True)])
    permissions = Permissions({}, {"files": ServerRules(deny=("weather",))})
    gateway.replace(msgspec.structs.replace(gateway.snapshot, permissions=permissions))
    with pytest.raises(PermissionDenied, match="not offered"):
        await gateway.handle(request(server="files"), nothing)


@pytest.mark.parametrize("granted", ["yes", 1, 0])
async def test_an_answer_that_is_neither_yes_nor_no_refuses_the_request(granted: Any) -> None:
    with pytest.raises(PluginError, match="granted is a"):
        await gateway_for([officer(granted)]).handle(request(), nothing)


async def test_who_is_asked_for_permission_learns_no_secret_in_records() -> None:
    sink = MemorySink()
    gateway = gateway_for([resolver({"sub": "ann@example.com", "roles": ["tester"]})], sinks=[sink])
    await gateway.handle(request(), nothing)
    assert "token-of-ann" not in repr(sink.last) + str(sink.last.steps)


async def test_a_plugin_that_reads_a_header_of_its_own_may_vouch_for_requests_and_for_sessions() -> None:
    class ByHeader(Plugin):
        async def http_auth_resolve_user(
            self, payload: HttpAuthResolveUserPayload, context: PluginContext
        ) -> HttpAuthResolveUserResult:
            user = payload.headers.get("X-Corporate-User")
            return HttpAuthResolveUserResult(modified_payload={"sub": user, "roles": ["tester"]} if user else None)

    gateway = gateway_for([ByHeader(PluginConfig(name="corporate"))], identity=FixedIdentity(None))
    shown = AuthCredentials(headers=Headers({"x-corporate-user": "ann"}), context={"client_host": "192.0.2.7"})
    assert (await gateway.authenticate(shown)).subject == "ann"
    await gateway.handle(request(credentials=shown, headers=Headers()), nothing)
    with pytest.raises(AuthenticationDenied):
        await gateway.authenticate(AuthCredentials(headers=Headers()))
