"""Every remote guardrail against services that work and services that misbehave."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import ConfigError, PluginError, PolicyDenied
from tests.plugins.external.certificates import Certificates
from tests.plugins.guardrails.remote.providers import (
    KEY,
    KINDS,
    call,
    call_with,
    chat,
    intervened,
    manager_for,
    moderation,
)
from tests.plugins.guardrails.remote.service import Asked, Service, response
from tests.support.ports import free_port

ALL = pytest.mark.parametrize("kind", KINDS)
INPUT = {"direction": "input"}


@ALL
async def test_what_the_service_finds_harmless_passes_both_ways(kind: str) -> None:
    with Service(lambda _: KINDS[kind].safe) as service:
        done = await call(kind, service.url)
    assert (done.result, done.ran) == ("fine", [{"text": "hello"}])
    assert len(service.asked) == 2


@ALL
async def test_what_the_service_finds_in_a_request_never_reaches_the_tool(kind: str) -> None:
    with Service(lambda _: KINDS[kind].unsafe) as service:
        done = await call(kind, service.url)
    assert isinstance(done.error, PolicyDenied)
    assert KINDS[kind].found in done.error.reason
    assert done.ran == []


@ALL
async def test_what_the_service_finds_in_a_result_does_not_leave(kind: str) -> None:
    with Service(lambda _: KINDS[kind].unsafe) as service:
        done = await call(kind, service.url, direction="output")
    assert isinstance(done.error, PolicyDenied)
    assert len(done.ran) == 1
    assert done.result is None


@ALL
async def test_with_warn_what_is_found_passes_and_is_recorded(kind: str) -> None:
    with Service(lambda _: KINDS[kind].unsafe) as service:
        done = await call(kind, service.url, action="warn")
    assert done.result == "fine"
    assert [step.verdict.value for step in done.record.steps if step.plugin == kind] == ["warn", "warn"]


def _slow(_: Asked) -> Any:
    return asyncio.sleep(30)


def _endless() -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + b" " * 3_000_000


BROKEN: dict[str, Any] = {
    "HTML with status 200": response("<html>Welcome</html>", kind="text/html"),
    "HTML that is called JSON": response("<html>Welcome</html>"),
    "JSON that is called HTML": response({"decision": "allow"}, kind="text/html"),
    "401 with JSON": response({"error": {"message": "bad key"}}, "401 Unauthorized"),
    "403 with JSON": response({}, "403 Forbidden"),
    "404": response({}, "404 Not Found"),
    "429": response({}, "429 Too Many Requests", retry_after="99999"),
    "500": response({"error": "oops"}, "500 Internal Server Error"),
    "502 with HTML": response("<html/>", "502 Bad Gateway", "text/html"),
    "503": response({}, "503 Service Unavailable"),
    "204": response("", "204 No Content"),
    "201": response({}, "201 Created"),
    "a redirect": response({}, "307 Temporary Redirect", location="http://127.0.0.1:1/"),
    "an empty body": response(""),
    "an empty object": response({}),
    "null": response("null"),
    "a list": response([]),
    "truncated JSON": response('{"results": [{"flagged": fal'),
    "less than it announced": b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{"decision": "allow"}',
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n",
    "nothing": b"",
    "not a number": response('{"decision": NaN}'),
    "something twice": response('{"decision": "deny", "decision": "allow"}'),
    "bytes that are no UTF-8": response(b'{"decision": "\xff"}'),
    "deep nesting": response("[" * 100_000),
    "a hundred megabytes announced": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n{",
    "more than it may be": _endless(),
    "a compressed answer": response(b"\x1f\x8b", content_encoding="gzip"),
}


@ALL
@pytest.mark.parametrize("fault", BROKEN)
async def test_an_answer_that_is_none_denies(kind: str, fault: str) -> None:
    with Service(BROKEN[fault]) as service:
        done = await call(kind, service.url, timeout=5)
    assert isinstance(done.error, PluginError)
    assert done.ran == []
    assert KEY not in str(done.error) + done.reasons


@ALL
async def test_a_service_that_never_answers_denies_within_the_time_limit(kind: str) -> None:
    with Service(_slow) as service:
        done = await call(kind, service.url, timeout=0.2)
    assert isinstance(done.error, PluginError)
    assert "no answer within 0.2 s" in done.reasons


@ALL
async def test_a_service_that_is_not_there_denies(kind: str) -> None:
    done = await call(kind, f"http://127.0.0.1:{free_port()}")
    assert isinstance(done.error, PluginError)
    assert done.ran == []


def _edited(document: Any, path: str, value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    *above, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    target = copy
    for step in above:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return copy


WRONG: dict[str, tuple[str, Any]] = {
    "flagged is a text": ("openai_moderation", moderation(flagged="false")),
    "flagged is null": ("openai_moderation", moderation(flagged=None)),
    "flagged is a number": ("openai_moderation", moderation(flagged=0)),
    "flagged is missing": ("openai_moderation", _edited(moderation(), "results.0.flagged", ...)),
    "categories are missing": ("openai_moderation", _edited(moderation(), "results.0.categories", ...)),
    "categories are empty": (
        "openai_moderation",
        _edited(_edited(moderation(), "results.0.categories", {}), "results.0.category_scores", {}),
    ),
    "scores are missing": ("openai_moderation", _edited(moderation(), "results.0.category_scores", ...)),
    "a score is a text": ("openai_moderation", moderation(score="0.99")),
    "a score is over 1": ("openai_moderation", moderation(score=99)),
    "not flagged with a flagged category": (
        "openai_moderation",
        _edited(moderation(flagged=True, score=0.9), "results.0.flagged", value=False),
    ),
    "no result": ("openai_moderation", _edited(moderation(), "results", [])),
    "two results": ("openai_moderation", _edited(moderation(), "results", moderation()["results"] * 2)),
    "another moderation model": ("openai_moderation", moderation(model="text-moderation-007")),
    "a model that only begins alike": ("openai_moderation", moderation(model="omni")),
    "another chat model": ("llama_guard", chat("safe", model="gpt-4o")),
    "an answer cut off": ("llama_guard", chat("safe", finish="length")),
    "an answer filtered": ("llama_guard", chat("safe", finish="content_filter")),
    "prose": ("llama_guard", chat("This looks safe to me.")),
    "safe and more": ("llama_guard", chat("safe\nunsafe\nS1")),
    "Safe with a capital": ("llama_guard", chat("Safe")),
    "no text": ("llama_guard", chat("")),
    "null as text": ("llama_guard", chat(None)),
    "hazards that are none": ("llama_guard", chat("unsafe\nviolence")),
    "no choice": ("llama_guard", _edited(chat("safe"), "choices", [])),
    "two choices": ("llama_guard", _edited(chat("safe"), "choices", chat("safe")["choices"] * 2)),
    "an unknown action": ("bedrock", {"action": "MAYBE", "outputs": [], "assessments": []}),
    "no action": ("bedrock", {"outputs": [], "assessments": []}),
    "no assessments": ("bedrock", {"action": "NONE", "outputs": []}),
    "an action that contradicts its assessment": (
        "bedrock",
        {**intervened(topicPolicy={"topics": [{"name": "x", "type": "DENY", "action": "BLOCKED"}]}), "action": "NONE"},
    ),
    "a masked text that is missing": (
        "bedrock",
        {**intervened(sensitiveInformationPolicy={"piiEntities": [{"type": "EMAIL", "action": "ANONYMIZED"}]}), "outputs": []},
    ),
    "a masked text that is no JSON of the kind": (
        "bedrock",
        intervened(sensitiveInformationPolicy={"piiEntities": [{"type": "EMAIL", "action": "ANONYMIZED"}]}),
    ),
    "an unknown decision": ("webhook", {"decision": "ok"}),
    "a decision in capitals": ("webhook", {"decision": "ALLOW"}),
    "a decision that is true": ("webhook", {"decision": True}),
    "no decision": ("webhook", {"reason": "fine"}),
    "an unknown field": ("webhook", {"decision": "allow", "modified_argument": {}}),
    "an unknown violation": ("webhook", {"decision": "allow", "violations": [{"type": "bad"}]}),
    "a confidence over 1": ("webhook", {"decision": "allow", "violations": [{"type": "pii", "confidence": 7}]}),
    "a change that is not allowed": ("webhook", {"decision": "allow", "modified_arguments": {"text": "other"}}),
    "a change of the other side": ("webhook", {"decision": "allow", "modified_result": "other"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
async def test_an_answer_of_another_shape_denies(fault: str) -> None:
    kind, document = WRONG[fault]
    with Service(lambda _: document) as service:
        done = await call(kind, service.url)
    assert isinstance(done.error, PluginError), done.reasons
    assert done.ran == []


@ALL
async def test_an_error_passes_only_where_on_error_says_so_and_is_recorded_as_a_warning(kind: str) -> None:
    with Service(BROKEN["500"]) as service:
        done = await call(kind, service.url, on_error="allow")
    assert done.result == "fine"
    assert [step.verdict.value for step in done.record.steps if step.plugin == kind] == ["warn", "warn"]


@ALL
async def test_content_over_the_limit_is_denied_whatever_on_error_says(kind: str) -> None:
    with Service(lambda _: KINDS[kind].safe) as service:
        done = await call(kind, service.url, {"text": "x" * 100}, on_error="allow", max_content_chars=50)
    assert isinstance(done.error, PluginError)
    assert service.asked == []


@ALL
async def test_an_empty_result_is_nothing_to_ask_about_but_for_a_webhook_which_judges_more_than_text(kind: str) -> None:
    with Service(lambda _: KINDS[kind].safe) as service:
        done = await call(kind, service.url, result="", direction="output")
    assert (done.result, len(service.asked)) == ("", int(kind == "webhook"))


async def test_what_was_shut_down_denies_and_starts_nothing() -> None:
    with Service(lambda _: moderation()) as service:
        manager = manager_for("openai_moderation", service.url)
        await call_with(manager)
        await manager.shutdown()
        done = await call_with(manager, {"text": "other"})
    assert isinstance(done.error, PluginError)
    assert "shut down" in done.reasons


async def test_a_lost_connection_is_asked_again_where_that_does_no_harm() -> None:
    answers = iter([b"", response(moderation()), response(moderation())])
    with Service(lambda _: next(answers)) as service:
        done = await call("openai_moderation", service.url, retries=1, cache_seconds=0)
    assert done.result == "fine"
    assert len(service.asked) == 3


async def test_a_webhook_is_not_asked_twice_unless_it_says_that_this_does_no_harm() -> None:
    for repeatable, times in ((False, 1), (True, 3)):
        with Service(b"") as service:
            done = await call("webhook", service.url, retries=2, repeatable=repeatable)
        assert isinstance(done.error, PluginError)
        assert len(service.asked) == times


async def test_a_webhook_that_says_not_now_is_asked_again() -> None:
    answers = iter([response({}, "503 Service Unavailable", retry_after="0"), *[response({"decision": "allow"})] * 2])
    with Service(lambda _: next(answers)) as service:
        done = await call("webhook", service.url, retries=1)
    assert done.result == "fine"


async def test_a_service_that_has_failed_repeatedly_is_left_alone() -> None:
    with Service(b"") as service:
        manager = manager_for("openai_moderation", service.url)
        outcomes = [await call_with(manager) for _ in range(6)]
        await manager.shutdown()
    assert all(isinstance(done.error, PluginError) for done in outcomes)
    assert len(service.asked) == 3
    assert "not asked for a while" in outcomes[-1].reasons


async def test_the_same_question_is_asked_once_and_another_one_again() -> None:
    with Service(lambda _: moderation()) as service:
        manager = manager_for("openai_moderation", service.url, **INPUT)
        for text in ("a", "a", "b"):
            await call_with(manager, {"text": text})
        await manager.shutdown()
    assert [asked.json["input"] for asked in service.asked] == ['{"text":"a"}', '{"text":"b"}']


async def test_an_answer_that_is_none_is_not_remembered() -> None:
    answers = iter([response({}), response(moderation())])
    with Service(lambda _: next(answers)) as service:
        manager = manager_for("openai_moderation", service.url, **INPUT)
        first, second = await call_with(manager), await call_with(manager)
        await manager.shutdown()
    assert isinstance(first.error, PluginError)
    assert second.result == "fine"


async def test_no_more_than_allowed_are_asked_at_once_over_kept_connections() -> None:
    async def slowly(_: Asked) -> Any:
        await asyncio.sleep(0.02)
        return moderation()

    with Service(slowly) as service:
        manager = manager_for("openai_moderation", service.url, max_concurrency=2, timeout=10, **INPUT)
        outcomes = await asyncio.gather(*(call_with(manager, {"text": str(number)}) for number in range(10)))
        await manager.shutdown()
    assert [done.result for done in outcomes] == ["fine"] * 10
    assert service.most_at_once <= 2
    assert service.connections <= 2


async def test_proxies_of_the_environment_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Service(lambda _: moderation()) as service:
        assert (await call("openai_moderation", service.url)).result == "fine"


async def test_a_name_that_leads_to_a_private_address_is_not_asked() -> None:
    done = await call("openai_moderation", "https://2130706433")
    assert isinstance(done.error, PluginError)
    assert "private address" in done.reasons


async def test_over_tls_the_name_is_what_the_certificate_must_have(tmp_path: Path) -> None:
    files = Certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server_cert, files.server_key)
    with Service(lambda _: moderation(), context) as service:
        trusted = await call("openai_moderation", service.url, ca_bundle=files.ca)
        stranger = await call("openai_moderation", service.url)
    assert trusted.result == "fine"
    assert isinstance(stranger.error, PluginError)


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"url": "http://example.com"}, "url"),
        ({"url": "https://user:pw@example.com"}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "5"}, "timeout"),
        ({"retries": 1.5}, "retries"),
        ({"on_error": "open"}, "on_error"),
        ({"action": "redact"}, "action"),
        ({"thresholds": {"violence": 7}}, "thresholds"),
        ({"thresholds": {"violins": 0.5}}, "thresholds"),
        ({"categories": ["violins"]}, "categories[0]"),
        ({"ca_bundle": "no/such/file"}, "ca_bundle"),
        ({"treshold": 1}, "treshold"),
        ({"api_key": ""}, "api_key"),
    ],
)
def test_a_configuration_that_cannot_be_used_stops_start_up_with_its_place(config: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        manager_for("openai_moderation", **{"url": "https://example.com", **config})
    assert [problem.path for problem in caught.value.problems] == [f"$.plugins.guardrails.config.{path}"]
    assert KEY not in str(caught.value)


async def test_a_policy_says_what_is_done_and_not_where_it_is_asked() -> None:
    with Service(lambda _: KINDS["openai_moderation"].unsafe) as service:
        manager = manager_for("openai_moderation", service.url)
        policy = {
            "input": {"openai_moderation": {"action": "warn"}},
            "output": {"openai_moderation": {"action": "warn"}},
        }
        assert (await call_with(manager, policy=policy)).result == "fine"
        with pytest.raises(ConfigError, match="no provider takes"):
            manager.bindings("s", {"input": {"openai_moderation": {"url": "https://elsewhere.example"}}})
        await manager.shutdown()
