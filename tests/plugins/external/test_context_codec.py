"""A server is told who is asking and keeps its states; nothing that it answers changes who is asking."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.external.context_codec import apply_context, decode_context, encode_context, encode_states
from secure_gateway.plugins.framework import GatewayMetadata, GlobalContext, PluginContext, ToolMetadata
from secure_gateway.types import Principal
from tests.plugins.external.wire_values import JSON_VALUES, OBJECTS, PRINCIPALS, SECRET, TEXTS

FACTS = st.builds(
    GlobalContext,
    request_id=TEXTS,
    user=st.none() | TEXTS,
    tenant_id=st.none() | TEXTS,
    server_id=st.none() | TEXTS,
    content_type=st.none() | TEXTS,
    principal=st.none() | PRINCIPALS,
    state=OBJECTS,
    metadata=OBJECTS,
)


def context(**facts: Any) -> PluginContext:
    return PluginContext(global_context=GlobalContext(**{"request_id": "r1", **facts}))


@given(FACTS, OBJECTS, OBJECTS)
def test_a_context_comes_back_as_it_was(facts: GlobalContext, state: dict[str, Any], metadata: dict[str, Any]) -> None:
    sent = PluginContext(global_context=facts, state=state, metadata=metadata)
    assert decode_context(json.loads(json.dumps(encode_context(sent)))) == sent


@given(OBJECTS, OBJECTS, OBJECTS)
def test_a_servers_states_come_back_to_the_client(own: Any, metadata: Any, shared: Any) -> None:
    ours = context(user="ada", state={"old": 1})
    theirs = decode_context(encode_context(ours))
    theirs.state.update(own)
    theirs.metadata.update(metadata)
    theirs.global_context.state.clear()
    theirs.global_context.state.update(shared)
    apply_context(ours, json.loads(json.dumps(encode_states(theirs))))
    assert ours.state == own
    assert ours.metadata == metadata
    assert ours.global_context.state == shared
    assert ours.global_context.user == "ada"


@given(JSON_VALUES)
def test_whatever_json_comes_is_a_context_or_an_answer_error(value: Any) -> None:
    for data in (value, {"global_context": value}, {"global_context": {"request_id": "r", "user_context": value}}):
        ours = context()
        with suppress(AnswerError):
            assert isinstance(decode_context(data), PluginContext)
        with suppress(AnswerError):
            apply_context(ours, data)
        assert ours.global_context.user is None


def test_no_answer_changes_who_is_asking() -> None:
    principal = Principal(subject="ada", provider="p")
    ours = context(user="ada", tenant_id="t", principal=principal)
    said = encode_context(ours)
    said["global_context"] |= {"user": "root", "tenant_id": "other", "server_id": "x"}
    said["global_context"]["user_context"] = {"user_id": "root", "is_admin": True}
    apply_context(ours, said)
    assert (ours.global_context.user, ours.global_context.tenant_id) == ("ada", "t")
    assert ours.global_context.principal is principal


def test_the_context_of_another_request_changes_nothing() -> None:
    ours = context(state={"kept": 1})
    with pytest.raises(AnswerError, match="another request"):
        apply_context(ours, {"state": {"x": 1}, "global_context": {"request_id": "r2", "state": {}}})
    assert ours.state == {}
    assert ours.global_context.state == {"kept": 1}


def test_what_another_plugin_keeps_and_is_no_json_stays_and_is_not_lost() -> None:
    compiled = object()
    ours = context(state={"other": compiled, "gone": 1})
    said = encode_context(ours)
    assert said["global_context"]["state"] == {"gone": 1}
    apply_context(ours, {"global_context": {"request_id": "r1", "state": {"other": "forged", "new": 2}}})
    assert ours.global_context.state == {"other": compiled, "new": 2}


def test_a_plugins_own_state_has_to_be_json() -> None:
    ours = context()
    ours.state["x"] = object()
    for encode in (encode_context, encode_states):
        with pytest.raises(AnswerError, match="state"):
            encode(ours)


def test_a_session_id_does_not_leave_the_process() -> None:
    ours = context(principal=Principal(subject="ada", provider="p", session_id=SECRET))
    assert SECRET not in json.dumps(encode_context(ours))


def test_what_is_known_of_the_tool_and_its_server_arrives_as_such() -> None:
    metadata = {
        "tool": ToolMetadata(name="t", original_name="o"),
        "gateway": GatewayMetadata(name="g", transport="http"),
    }
    assert decode_context(encode_context(context(metadata=metadata))).global_context.metadata == metadata
    forge = {"tool": {"name": "t", "original_name": "o", "integration_type": "MCP", "id": 7, "description": None}}
    found = decode_context({"global_context": {"request_id": "r", "metadata": forge}}).global_context.metadata["tool"]
    assert found == ToolMetadata(name="t", original_name="o")
    odd = {"tool": {"id": 7}, "gateway": "text"}
    said = {"global_context": {"request_id": "r", "metadata": odd}}
    assert decode_context(said).global_context.metadata == odd


def test_a_contextforge_user_is_a_principal() -> None:
    user = {
        "user_id": "ada@example.com",
        "email": "ada@example.com",
        "full_name": "Ada",
        "is_admin": True,
        "groups": ["g"],
        "roles": ["dev"],
        "team_id": None,
        "teams": None,
        "department": None,
        "attributes": {"floor": 3},
        "auth_method": "bearer",
        "authenticated_at": None,
        "service_account": None,
        "delegation_chain": [],
    }
    said = {"global_context": {"request_id": "r", "user": {"email": "ada@example.com"}, "user_context": user}}
    facts = decode_context(said).global_context
    assert facts.user == "ada@example.com"
    assert facts.principal == Principal(
        subject="ada@example.com",
        provider="external",
        method="bearer",
        email="ada@example.com",
        roles=("dev",),
        is_admin=True,
        attributes={"full_name": "Ada", "groups": ["g"], "floor": 3},
    )


@pytest.mark.parametrize(
    "facts",
    [
        None,
        {},
        {"request_id": 7},
        {"request_id": "r", SECRET: 1},
        {"request_id": "r", "user": 7},
        {"request_id": "r", "user": {"name": SECRET}},
        {"request_id": "r", "tenant_id": [SECRET]},
        {"request_id": "r", "state": SECRET},
        {"request_id": "r", "user_context": SECRET},
        {"request_id": "r", "user_context": {}},
        {"request_id": "r", "user_context": {"user_id": "u", SECRET: 1}},
        {"request_id": "r", "user_context": {"user_id": "u", "is_admin": SECRET}},
    ],
)
def test_a_context_that_is_none_is_refused_without_a_word_of_it(facts: Any) -> None:
    with pytest.raises(AnswerError) as caught:
        decode_context({"global_context": facts})
    assert SECRET not in str(caught.value)
