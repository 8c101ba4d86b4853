"""Each rule of the configuration refuses what breaks it, names the place, and accepts what keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from secure_gateway.config.models import GatewayConfig
from secure_gateway.errors import Problem

Refused = Callable[[str | bytes | dict[str, Any]], tuple[Problem, ...]]

HOOK = {"name": "h", "kind": "k"}


def _hook(**more: Any) -> dict[str, Any]:
    return {"plugins": {"hooks": [{**HOOK, **more}]}}


def _server(**keys: Any) -> dict[str, Any]:
    return {"servers": {"s": keys}}


REFUSED = [
    # the forms of a provider slot
    ({"plugins": {"auth": {}}}, "$.plugins.auth", "no provider", ""),
    ({"plugins": {"auth": {"config": {}}}}, "$.plugins.auth", "no provider", ""),
    ({"plugins": {"auth": {"provider": ""}}}, "$.plugins.auth.provider", "an empty string", ""),
    (
        {"plugins": {"auth": {"provider": "a", "providers": [{"provider": "b"}]}}},
        "$.plugins.auth.provider",
        "beside",
        "Move",
    ),
    (
        {"plugins": {"auth": {"config": {}, "providers": [{"provider": "b"}]}}},
        "$.plugins.auth.config",
        "beside",
        "Move",
    ),
    ({"plugins": {"auth": {"providers": [{}]}}}, "$.plugins.auth.providers[0]", "no provider", ""),
    ({"plugins": {"auth": {"providers": ["jwt"]}}}, "$.plugins.auth.providers[0]", 'the string "jwt"', ""),
    ({"plugins": {"auth": {"class": "module.Class"}}}, "$.plugins.auth.class", 'the string "module.Class"', ""),
    ({"plugins": {"auth": {"class": "module:Class; import os"}}}, "$.plugins.auth.class", "a string", ""),
    (
        {"plugins": {"auth": {"provider": "a", "enabled": False}}},
        "$.plugins.auth.enabled",
        "unknown",
        "take the entry out",
    ),
    ({"plugins": {"auth": {"class_": "a:B"}}}, "$.plugins.auth.class_", "unknown", '"class"'),
    ({"plugins": {"auth": None}}, "$.plugins.auth", "null", "Leave the key out"),
    ({"plugins": None}, "$.plugins", "null", "Leave the key out"),
    ({"plugins": {"enabled": False}}, "$.plugins.enabled", "unknown", "no switch"),
    # hooks
    ({"plugins": {"hooks": {}}}, "$.plugins.hooks", "an object", ""),
    ({"plugins": {"hooks": [{"kind": "k"}]}}, "$.plugins.hooks[0].name", "nothing", ""),
    ({"plugins": {"hooks": [HOOK, {"kind": "k", "name": "i"}, HOOK]}}, "$.plugins.hooks[2].name", "hooks[0]", ""),
    (_hook(mode="off"), "$.plugins.hooks[0].mode", '"off"', ""),
    (_hook(mode="Permissive"), "$.plugins.hooks[0].mode", '"Permissive"', '"permissive"'),
    (_hook(priority=1.5), "$.plugins.hooks[0].priority", "1.5", ""),
    (_hook(priority=True), "$.plugins.hooks[0].priority", "true", ""),
    (_hook(timeout=0), "$.plugins.hooks[0].timeout", "0", ""),
    (_hook(timeout=None), "$.plugins.hooks[0].timeout", "null", ""),
    (_hook(timeout=30000), "$.plugins.hooks[0].timeout", "30000", "did you mean 30?"),
    (_hook(conditions=[{"tool": ["x"]}]), "$.plugins.hooks[0].conditions[0].tool", "unknown", '"tools"'),
    (_hook(conditions=[{"tools": [""]}]), "$.plugins.hooks[0].conditions[0].tools[0]", "empty string", ""),
    (_hook(kind="external"), "$.plugins.hooks[0].mcp", "nothing", ""),
    (_hook(mcp={"proto": "stdio", "script": "x"}), "$.plugins.hooks[0].mcp", "not external", ""),
    (
        _hook(kind="external", mcp={"proto": "SSE", "url": "http://x"}),
        "$.plugins.hooks[0].mcp.proto",
        "sse",
        "deprecated",
    ),
    (
        _hook(kind="external", mcp={"proto": "websocket", "url": "http://x"}),
        "$.plugins.hooks[0].mcp.proto",
        "websocket",
        "no WebSocket",
    ),
    (_hook(kind="external", mcp={"proto": "grpc"}), "$.plugins.hooks[0].mcp.proto", "grpc", ""),
    (_hook(kind="external", mcp={"proto": "stdio"}), "$.plugins.hooks[0].mcp.script", "nothing", ""),
    (_hook(kind="external", mcp={"proto": "STREAMABLEHTTP"}), "$.plugins.hooks[0].mcp.url", "nothing", ""),
    (
        _hook(kind="external", mcp={"proto": "stdio", "script": "x", "url": "http://x"}),
        "$.plugins.hooks[0].mcp.url",
        "url",
        "",
    ),
    (_hook(enabled=False), "$.plugins.hooks[0].enabled", "unknown", '"mode": "disabled"'),
    # settings and limits
    ({"plugins": {"settings": {"plugin_timeout": 601}}}, "$.plugins.settings.plugin_timeout", "601", ""),
    ({"plugins": {"settings": {"plugin_timeout": -1}}}, "$.plugins.settings.plugin_timeout", "-1", ""),
    ({"plugins": {"settings": {"plugin_timeout": "5"}}}, "$.plugins.settings.plugin_timeout", '"5"', ""),
    ({"limits": {"max_depth": 501}}, "$.limits.max_depth", "501", ""),
    ({"limits": {"max_payload_bytes": 1}}, "$.limits.max_payload_bytes", "1", ""),
    ({"limits": {"max_payload_bytes": 32 * 1024**2}}, "$.limits.max_payload_bytes", "above", "Set both"),
    ({"limits": {"max_message_bytes": 1024**2}}, "$.limits.max_message_bytes", "above", "Set both"),
    # servers
    (_server(), "$.servers.s", "without an address", ""),
    (_server(command="x", url="http://x"), "$.servers.s.url", "beside", ""),
    (_server(command=""), "$.servers.s.command", "an empty string", ""),
    (_server(command=["x"]), "$.servers.s.command", "a list", ""),
    (_server(command="x", args="-v"), "$.servers.s.args", '"-v"', "brackets"),
    (_server(command="x", headers={}), "$.servers.s.headers", "headers", ""),
    (_server(url="http://x", env={}), "$.servers.s.env", "env", ""),
    (_server(url="x.example"), "$.servers.s.url", "no http", ""),
    (_server(url="file:///etc"), "$.servers.s.url", "no http", ""),
    (_server(url="http://"), "$.servers.s.url", "no http", ""),
    (_server(url="http://x:99999/"), "$.servers.s.url", "no http", ""),
    (_server(url="http://[::1"), "$.servers.s.url", "no http", ""),
    (_server(url="http://x/\n"), "$.servers.s.url", "no http", ""),
    (_server(url="http://user@x/"), "$.servers.s.url", "credentials", "headers"),
    (_server(url="http://x/#a"), "$.servers.s.url", "fragment", ""),
    (_server(url="http://x", headers={"a b": "c"}), "$.servers.s.headers['a b']", "string", ""),
    (_server(url="http://x", headers={"a": "c\r\nd"}), "$.servers.s.headers.a", "control", ""),
    (
        _server(url="http://x", forward_headers=["Authorization"]),
        "$.servers.s.forward_headers[0]",
        "Authorization",
        "of its own",
    ),
    (
        _server(url="http://x", forward_headers=["X", "COOKIE"]),
        "$.servers.s.forward_headers[1]",
        "COOKIE",
        "of its own",
    ),
    (_server(command="x", env={"A=B": "c"}), "$.servers.s.env['A=B']", "string", ""),
    (_server(command="x", env={"A": 1}), "$.servers.s.env.A", "a number", ""),
    (_server(command="x", type="sse"), "$.servers.s.type", "unknown", "SSE"),
    (_server(command="x", disabled=True), "$.servers.s.disabled", "unknown", "Take a server out"),
    (_server(command="x", tools={"allow": None}), "$.servers.s.tools.allow", "null", ""),
    ({"servers": {"a/b": {"command": "x"}}}, "$.servers['a/b']", "name", ""),
    ({"servers": {"..": {"command": "x"}}}, "$.servers['..']", "name", ""),
    ({"servers": {"": {"command": "x"}}}, "$.servers['']", "name", ""),
    ({"servers": {"a\n": {"command": "x"}}}, r"$.servers['a\n']", "name", ""),
    ({"servers": {"x" * 65: {"command": "x"}}}, f"$.servers['{'x' * 64}…']", "name", ""),
    ({"mcpServers": {}}, "$.mcpServers", "unknown", "servers import"),
    # roles and callers without a credential
    ({"roles": {"a b": {}}}, "$.roles['a b']", "name", ""),
    ({"roles": {"a": {"tools": [1]}}}, "$.roles.a.tools[0]", "the number 1", ""),
    ({"anonymous": "allow"}, "$.anonymous", '"allow"', ""),
    ({"anonymous": {"roles": ["redaer"]}, "roles": {"reader": {}}}, "$.anonymous.roles[0]", "not defined", '"reader"'),
    ({"anonymous": {"roles": ["reader"]}}, "$.anonymous.roles[0]", "not defined", ""),
    ({"unknown_methods": "allow"}, "$.unknown_methods", '"allow"', ""),
    # the door, the store, the key
    ({"serve": {"port": 65536}}, "$.serve.port", "65536", ""),
    ({"serve": {"tls": {"cert": "x"}}}, "$.serve.tls.key", "nothing", ""),
    ({"serve": {"allowed_hosts": ["https://x"]}}, "$.serve.allowed_hosts[0]", "a string", ""),
    ({"serve": {"allowed_hosts": ["*"]}}, "$.serve.allowed_hosts[0]", "*", "DNS rebinding"),
    ({"serve": {"allowed_origins": ["*"]}}, "$.serve.allowed_origins[0]", "*", "web page"),
    ({"serve": {"allowed_origins": ["https://a/b"]}}, "$.serve.allowed_origins[0]", "a string", ""),
    ({"state": {"url": "sqlite://x.db"}}, "$.state.url", "a string", ""),
    ({"state": {"url": "memory"}}, "$.state.url", "memory", ""),
    ({"master_key": "literal://abc"}, "$.master_key", "a plain value", "does not belong"),
    ({"master_key": "env://"}, "$.master_key", "a plain value", ""),
    ({"include": "x.yaml"}, "$.include", '"x.yaml"', "brackets"),
    ({"plugins": {"hooks": {"kind": "deny_list"}}}, "$.plugins.hooks", "an object", "brackets"),
    ({"plugins": {"guardrails": [{"provider": "pii"}]}}, "$.plugins.guardrails", "a list", "{…}"),
    ({"policies": []}, "$.policies", "an unknown key", "docs/policies.md"),
    (_server(cmd="x"), "$.servers.s.cmd", "an unknown key", '"command"'),
]


@pytest.mark.parametrize(("config", "path", "found", "hint"), REFUSED)
def test_what_breaks_a_rule_is_refused_at_its_place(
    refused: Refused, config: dict[str, Any], path: str, found: str, hint: str
) -> None:
    problems = refused(config)
    assert [problem.path for problem in problems] == [path]
    assert found in problems[0].found
    assert hint in f"{problems[0].hint} {problems[0].expected}"


@pytest.mark.parametrize(
    "config",
    [
        _hook(priority=None),
        _hook(hooks=[], conditions=[], tags=[]),
        _hook(kind="external", mcp={"proto": "STREAMABLEHTTP", "url": "http://x:1/mcp", "headers": {"A": "env://B"}}),
        _hook(kind="external", mcp={"proto": "streamable-http", "url": "http://x"}),
        _hook(timeout=0.05),
        _server(url="http://[::1]:8000/mcp?x=1"),
        _server(command="x", env={"A": ""}, args=["", "--x"]),
        _server(url="https://x", tools={"allow": []}, headers={"A": "ü\t"}),
        {"servers": {"_a-b.C9": {"command": "x"}}},
        {
            "serve": {
                "allowed_hosts": ["a.example:8443", "[::1]:80"],
                "allowed_origins": ["http://localhost:3000"],
                "port": 0,
            }
        },
        {"roles": {"a": {"resources": ["file:///data/*"]}}, "anonymous": {"roles": ["a"]}},
        {"plugins": {"auth": {"provider": "x", "class": "a.b:C.D", "config": {"anything": [{"nested": None}]}}}},
        {"master_key": "vault://secret/gateway"},
        {"$schema": "./config.schema.json"},
    ],
)
def test_what_keeps_the_rules_is_accepted(config: dict[str, Any]) -> None:
    GatewayConfig.model_validate(config)


def test_a_configuration_does_not_change_once_it_is_loaded() -> None:
    config = GatewayConfig.model_validate({"roles": {"a": {"tools": ["x"]}}})
    with pytest.raises(ValidationError):
        config.unknown_methods = "refuse"
    assert isinstance(config.roles["a"].tools, tuple)


def test_a_model_that_is_built_in_code_is_held_to_the_same_rules() -> None:
    with pytest.raises(ValidationError) as caught:
        GatewayConfig.model_validate({"servers": {"a": {"command": "x", "url": "http://hunter2"}}})
    assert "hunter2" not in str(caught.value)


def test_references_are_looked_for_where_they_are_documented_and_nowhere_else() -> None:
    config = GatewayConfig.model_validate(
        {
            "plugins": {
                "auth": {"provider": "a"},
                "telemetry": {"providers": [{"provider": "b"}]},
                "hooks": [{"name": "h", "kind": "external", "mcp": {"proto": "stdio", "script": "x"}}],
            },
            "servers": {"my-files": {"command": "file://not-a-secret"}},
            "roles": {"a": {"resources": ["file:///data/*"]}},
        }
    )
    assert [path for path, _ in config.reference_trees()] == [
        "$.master_key",
        "$.plugins.auth.config",
        "$.plugins.telemetry.providers[0].config",
        "$.plugins.hooks[0].config",
        "$.plugins.hooks[0].mcp.env",
        "$.plugins.hooks[0].mcp.headers",
        "$.servers['my-files'].env",
        "$.servers['my-files'].headers",
    ]
