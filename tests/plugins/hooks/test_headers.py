"""``set_headers`` and ``header_filter``: what goes to a server beside a call, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway import ConfigError
from secure_gateway.plugins.framework import (
    GlobalContext,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    Plugin,
    PluginContext,
    ToolPreInvokePayload,
)
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.plugins.hooks.header_filter import HeaderFilterPlugin
from secure_gateway.plugins.hooks.set_headers import SetHeadersPlugin
from tests.plugins.hooks.plugins import build, fire


async def sent(plugin: Plugin, given: dict[str, str] | None = None, **facts: Any) -> dict[str, str] | None:
    payload = ToolPreInvokePayload(name="t", args={}, headers=None if given is None else HttpHeaderPayload(given))
    (binding,) = [each for each in bind_plugin(plugin, default_timeout=1.0) if each.hook == "tool_pre_invoke"]
    context = PluginContext(global_context=GlobalContext(**{"request_id": "r-1", **facts}))
    answer = await binding.call(payload, context)
    if answer.violation is not None:
        return None
    headers: dict[str, str] = dict((answer.modified_payload or payload).headers or {})
    return headers


async def test_a_correlation_id_and_fixed_headers_are_set_also_where_there_were_none() -> None:
    plugin = build(SetHeadersPlugin, correlation="X-Request-Id", headers={"X-Env": "test"})
    assert await sent(plugin) == {"x-request-id": "r-1", "x-env": "test"}


async def test_facts_stand_in_braces_and_one_that_is_unknown_leaves_its_header_out() -> None:
    plugin = build(SetHeadersPlugin, headers={"X-Who": "{tenant}/{user}", "X-Server": "{server}"})
    assert await sent(plugin, tenant_id="t", user="u") == {"x-who": "t/u"}


@pytest.mark.parametrize("user", ["a\r\nX-Evil: 1", "\u00fcber", "a" * 1_000_000, " a"])
async def test_a_fact_that_is_no_value_of_a_header_refuses(user: str) -> None:
    assert await sent(build(SetHeadersPlugin, headers={"X-Who": "{user}"}), user=user) is None


async def test_the_callers_own_header_stays_only_where_that_is_asked() -> None:
    given = {"x-request-id": "mine"}
    assert await sent(build(SetHeadersPlugin, correlation="X-Request-Id"), given) == {"x-request-id": "r-1"}
    kept = build(SetHeadersPlugin, correlation="X-Request-Id", overwrite=False)
    assert await sent(kept, given) == given


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "at least one"),
        ({"correlation": "Host"}, r"\$\.config\.correlation"),
        ({"headers": {"Mcp-Session-Id": "x"}}, r"\$\.config\.headers\.Mcp-Session-Id"),
        ({"headers": {"Transfer-Encoding": "x"}}, "cannot be set"),
        ({"headers": {"a b": "x"}}, "cannot be set"),
        ({"headers": {"X": "a\nb"}}, "printable ASCII"),
        ({"headers": {"X": "s3cret" * 200_000}}, "8192 bytes"),
        ({"headers": {"X": "{nobody}"}}, "unknown fact"),
        ({"headers": {"X": 1}}, r"\$\.config\.headers"),
        ({"header": {"X": "1"}}, "Did you mean 'headers'"),
    ],
)
def test_what_cannot_be_set_is_refused_at_load_and_no_value_is_shown(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        build(SetHeadersPlugin, **config)
    assert "s3cret" not in str(caught.value)


async def test_only_what_is_allowed_and_not_denied_goes_to_a_server() -> None:
    plugin = build(HeaderFilterPlugin, allow=["X-*"], deny=["x-internal-*"])
    given = {"X-A": "1", "X-Internal-B": "2", "Cookie": "3"}
    assert await sent(plugin, given) == {"x-a": "1"}
    assert await sent(plugin) == {}


async def test_a_value_of_a_megabyte_refuses() -> None:
    assert await sent(build(HeaderFilterPlugin, deny=["y"]), {"x": "a" * 1_000_000}) is None


async def test_before_anybody_is_identified_what_is_denied_is_gone_and_what_frames_the_request_stays() -> None:
    plugin = build(HeaderFilterPlugin, deny=["*"], allow=["nothing"])
    headers = HttpHeaderPayload({"Host": "h", "Content-Type": "a", "Mcp-Session-Id": "s", "X-Forwarded-User": "root"})
    answer = await fire(plugin, "http_pre_request", HttpPreRequestPayload(path="/", method="POST", headers=headers))
    assert answer.modified_payload == {"host": "h", "content-type": "a", "mcp-session-id": "s"}


async def test_allow_takes_no_credential_from_an_http_request() -> None:
    plugin = build(HeaderFilterPlugin, allow=["x-*"])
    headers = HttpHeaderPayload({"Authorization": "Bearer x"})
    answer = await fire(plugin, "http_pre_request", HttpPreRequestPayload(path="/", method="POST", headers=headers))
    assert answer.modified_payload is None


async def test_headers_of_an_answer_are_dropped() -> None:
    plugin = build(HeaderFilterPlugin, response_deny=["server", "content-type"])
    answered = HttpHeaderPayload({"Server": "x", "Content-Type": "y"})
    payload = HttpPostRequestPayload(path="/", method="GET", headers=HttpHeaderPayload(), response_headers=answered)
    answer = await fire(plugin, "http_post_request", payload)
    assert answer.modified_payload == {"content-type": "y"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "no rule"),
        ({"deny": ["a"], "max_bytes": 0}, "max_bytes"),
        ({"denied": ["a"]}, "Did you mean 'deny'"),
        ({"deny": ["re:(?=a)"]}, "linear time"),
    ],
)
def test_a_filter_that_filters_nothing_is_refused(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(HeaderFilterPlugin, **config)


@pytest.mark.parametrize("name", ["a b", "X-Foo\r\nEvil: 1", "x-f\u00f6\u00f6", "", "cookie:", "x" * 101])
@pytest.mark.parametrize("key", ["deny", "allow", "response_deny"])
def test_a_rule_that_no_header_can_match_is_refused(key: str, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"\$\.config\.{key}\[1\]: found no name of a header"):
        build(HeaderFilterPlugin, **{key: ["x-*", name]})


async def test_an_underscore_gets_no_header_past_a_rule() -> None:
    plugin = build(HeaderFilterPlugin, deny=["x-internal-*", "X-User"])
    given = {"X_User": "root", "x_internal-role": "admin", "X-USER": "root", "x_other": "1"}
    assert await sent(plugin, given) == {"x_other": "1"}
