"""``resource_filter`` judges URIs by what clients make of them, and content by its size and texts."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway import ConfigError
from secure_gateway.plugins.framework import ResourcePostFetchPayload, ResourcePreFetchPayload, ToolPostInvokePayload
from secure_gateway.plugins.hooks.resource_filter import ResourceFilterPlugin
from tests.plugins.hooks.plugins import build, fire

SEED = {
    "max_content_size": 64,
    "allowed_protocols": ["http", "https"],
    "blocked_domains": ["malicious.example.com", "böse.example"],
    "content_filters": [{"pattern": r"password\s*[:=]\s*\S+", "replacement": "password: [REDACTED]"}],
}


async def code_of(uri: str, **config: Any) -> str | None:
    plugin = build(ResourceFilterPlugin, **{**SEED, **config})
    answer = await fire(plugin, "resource_pre_fetch", ResourcePreFetchPayload(uri=uri))
    assert answer.continue_processing is (answer.violation is None)
    return answer.violation.code if answer.violation else None


@pytest.mark.parametrize("uri", ["https://example.com/x?y=1", "HTTP://example.com", "https://notmalicious.example.com"])
async def test_an_allowed_uri_passes(uri: str) -> None:
    assert await code_of(uri) is None


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "ftp://example.com/x", "time:now", "javascript:1"])
async def test_another_protocol_is_refused(uri: str) -> None:
    assert await code_of(uri) == "PROTOCOL_BLOCKED"


async def test_a_protocol_without_hosts_can_be_allowed() -> None:
    assert await code_of("time:now", allowed_protocols=["TIME"]) is None


@pytest.mark.parametrize(
    "uri",
    [
        "http://malicious.example.com/",
        "http://MALICIOUS.example.com:8080/x",
        "http://deep.malicious.example.com",
        "http://malicious.example.com./",
        "http://user:word@malicious.example.com/",
        "http://malicious．example。com/",
        "http://ⓜalicious.example.com/",
        "http://xn--bse-sna.example/",
        "http://BÖSE.example/",
    ],
)
async def test_a_blocked_domain_is_refused_in_every_spelling(uri: str) -> None:
    assert await code_of(uri) == "DOMAIN_BLOCKED"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "no-scheme/path",
        "//example.com/x",
        "http:malicious.example.com",
        "http:///malicious.example.com",
        "http://malicious%2eexample.com/",
        "http://malicious.example.com\\@good.example/",
        "http://mali\tcious.example.com/",
        " http://good.example/",
        "http://mali\u00adcious.example.com/",
        "http://[::1/",
    ],
)
async def test_a_uri_that_clients_read_differently_is_refused(uri: str) -> None:
    assert await code_of(uri) == "INVALID_URI"


async def test_texts_of_the_answer_are_filtered_without_regard_to_case() -> None:
    content = {"contents": [{"uri": "http://x", "text": "PassWord = hunter2 ok"}]}
    plugin = build(ResourceFilterPlugin, **SEED)
    answer = await fire(plugin, "resource_post_fetch", ResourcePostFetchPayload(uri="http://x", content=content))
    assert answer.modified_payload is not None
    assert answer.modified_payload.content["contents"][0]["text"] == "password: [REDACTED] ok"


@pytest.mark.parametrize(("text", "passes"), [("é" * 32, True), ("é" * 33, False)])
async def test_the_size_counts_bytes_of_all_texts(text: str, passes: bool) -> None:
    plugin = build(ResourceFilterPlugin, **SEED)
    answer = await fire(
        plugin, "resource_post_fetch", ResourcePostFetchPayload(uri="http://x", content=[text[:9], text[9:]])
    )
    assert answer.continue_processing is passes
    assert passes or (answer.violation is not None and answer.violation.code == "CONTENT_TOO_LARGE")


async def test_a_tools_result_is_filtered_where_the_hook_is_named() -> None:
    plugin = build(ResourceFilterPlugin, content_filters=[{"pattern": "secret"}])
    answer = await fire(plugin, "tool_post_invoke", ToolPostInvokePayload(name="t", result={"text": "a SECRET"}))
    assert answer.modified_payload is not None
    assert answer.modified_payload.result == {"text": "a ***"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"max_content_size": 0}, "max_content_size"),
        ({"max_content_size": True}, "max_content_size"),
        ({"allowed_protocols": []}, "at least one protocol"),
        ({"allowed_protocols": "http"}, "a list of texts"),
        ({"blocked_domains": ["http://x"]}, r"blocked_domains\[0\]"),
        ({"blocked_domains": ["a%2eb"]}, r"blocked_domains\[0\]"),
        ({"content_filters": [{"pattern": "(?<=x)y"}]}, "linear time"),
        ({"content_filter": []}, "Did you mean 'content_filters'"),
    ],
)
def test_what_is_wrong_with_the_options_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(ResourceFilterPlugin, **config)
