"""A plugin whose server is behind an address: one of our own that misbehaves in every way that it can."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import ConfigError
from tests.plugins.external.asking import ask, connected, external, fault_of
from tests.plugins.external.certificates import Certificates
from tests.plugins.external.hostile_http import HostileHttp


@pytest.fixture
def server() -> Iterator[HostileHttp]:
    made = HostileHttp()
    yield made
    made.stop()


def at(url: str, **mcp: Any) -> dict[str, Any]:
    return {"proto": "streamablehttp", "url": url, "reconnect_delay": 0.05, **mcp}


async def test_every_message_carries_the_session_the_revision_and_the_configured_headers(server: HostileHttp) -> None:
    with connected(at(server.start(), headers={"Authorization": "Bearer t0ken", "Accept": "nothing"})) as plugin:
        assert (await ask(plugin)).continue_processing
        await plugin.shutdown()
    assert server.methods() == ["initialize", "notifications/initialized", "tools/call", "tools/call", ""]
    for method, headers, message in server.seen:
        assert headers["authorization"] == "Bearer t0ken"
        assert headers["accept"] == "application/json, text/event-stream"
        is_first = message.get("method") == "initialize"
        assert headers.get("mcp-session-id") == (None if is_first else "session-1")
        assert headers.get("mcp-protocol-version") == (None if is_first else "2025-11-25")
        assert method == ("POST" if message else "DELETE")


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("redirect", "a redirect (HTTP status 307), which is not followed; put the final address into mcp.url"),
        ("status_500", "HTTP status 500"),
        ("status_401", "HTTP status 401 and no message; check mcp.headers"),
        ("breaks_off", "broke off"),
        ("drops", "cannot be reached"),
        ("other_id", "something else than what was asked"),
        ("invalid_json", "no valid JSON"),
        ("html", "HTTP status 200 and no message"),
        ("compressed", "compressed"),
        ("announces_huge", "announced an answer of more than"),
        ("sends_huge", "sent an answer of more than"),
        ("streams_huge", "an event of more than"),
        ("event_without_answer", "ended the stream before it answered"),
        ("event_invalid", "no valid JSON"),
    ],
)
async def test_what_is_no_answer_is_a_fault_that_quotes_nothing(server: HostileHttp, behaviour: str, says: str) -> None:
    with connected(at(server.start()), retry_attempts=0, timeout=30.0) as plugin:
        server.behaviour = behaviour
        assert says in await fault_of(plugin)


@pytest.mark.parametrize("behaviour", ["status_500", "redirect", "invalid_json"])
async def test_what_was_answered_is_not_asked_again(server: HostileHttp, behaviour: str) -> None:
    with connected(at(server.start()), retry_attempts=5) as plugin:
        server.behaviour = behaviour
        await fault_of(plugin)
    assert server.calls == 1


async def test_the_answer_is_found_among_other_events(server: HostileHttp) -> None:
    with connected(at(server.start())) as plugin:
        server.behaviour = "event"
        assert (await ask(plugin)).continue_processing


async def test_a_server_that_asks_without_end_gets_few_replies(server: HostileHttp) -> None:
    with connected(at(server.start())) as plugin:
        server.behaviour = "asks_without_end"
        assert (await ask(plugin)).continue_processing
    assert len([message for _, _, message in server.seen if message.get("id") == "q"]) < 200, "of 2,000"


async def test_a_session_that_the_server_has_forgotten_is_opened_anew_within_the_call(server: HostileHttp) -> None:
    with connected(at(server.start())) as plugin:
        server.behaviour = "forgets"
        assert (await ask(plugin)).continue_processing
    assert server.methods().count("initialize") == 2


async def test_a_server_that_hangs_is_given_up_and_told_so(server: HostileHttp) -> None:
    with connected(at(server.start()), timeout_ms=200) as plugin:
        server.behaviour = "hangs"
        assert "no answer within 0.2 s" in await fault_of(plugin)
        for _ in range(500):
            if "notifications/cancelled" in server.methods():
                return
            await asyncio.sleep(0.02)
        pytest.fail("it was never told")


async def test_a_proxy_in_the_environment_is_not_trusted(server: HostileHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with connected(at(server.start())) as plugin:
        assert (await ask(plugin)).continue_processing


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://169.254.169.254/mcp", "link-local, a metadata service"),
        ("http://[::ffff:169.254.169.254]/mcp", "link-local, a metadata service"),
        ("http://0.0.0.0:1/mcp", "no host at all"),
        ("http://127.0.0.1:1/mcp", "cannot be reached"),
        ("http://no-such-host.invalid/mcp", "cannot be resolved"),
    ],
)
def test_an_address_that_cannot_be_a_plugin_server_stops_the_start(url: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        external(at(url, allow_private=True)).offered_hooks()
    assert says in str(caught.value)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secured(files: Certificates) -> Iterator[HostileHttp]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server_cert, files.server_key)
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    made = HostileHttp(tls=context)
    yield made
    made.stop()


async def test_a_server_is_trusted_by_the_authorities_of_the_configuration(
    secured: HostileHttp, files: Certificates
) -> None:
    with connected(at(secured.start(), tls={"ca_bundle": files.ca})) as plugin:
        assert (await ask(plugin)).continue_processing


@pytest.mark.parametrize("tls", [None, {"check_hostname": False}])
def test_a_server_of_no_known_authority_stops_the_start(secured: HostileHttp, tls: Any) -> None:
    mcp = at(secured.start()) | ({} if tls is None else {"tls": tls})
    with pytest.raises(ConfigError, match="cannot be reached"):
        external(mcp).offered_hooks()


async def test_a_certificate_without_a_check_is_taken_and_warned_of(
    secured: HostileHttp, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(at(secured.start(), tls={"verify": False})) as plugin:
        assert (await ask(plugin)).continue_processing
    assert "verify is false" in caplog.text


@pytest.mark.parametrize("old", [False, True])
async def test_we_show_our_certificate_with_its_encrypted_key(
    secured: HostileHttp, files: Certificates, old: bool
) -> None:
    assert secured._tls is not None
    secured._tls.verify_mode = ssl.CERT_REQUIRED
    names = ("client_cert", "client_key", "client_key_password") if old else ("certfile", "keyfile", "keyfile_password")
    own = dict(zip(names, (files.client_cert, files.client_key, "hunter2"), strict=True))
    with connected(at(secured.start(), tls={"ca_bundle": files.ca, **own})) as plugin:
        assert (await ask(plugin)).continue_processing


@pytest.mark.parametrize("change", [{"keyfile_password": "wrong"}, {"keyfile": "/nowhere"}, {"keyfile_password": None}])
def test_files_that_cannot_be_used_stop_the_start(files: Certificates, change: dict[str, Any]) -> None:
    own = {"certfile": files.client_cert, "keyfile": files.client_key, "keyfile_password": "hunter2", **change}
    own = {key: value for key, value in own.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        external(at("https://127.0.0.1:1/mcp", tls=own)).offered_hooks()
    assert caught.value.problems[0].path == "$.mcp.tls.certfile"
    assert "hunter2" not in str(caught.value)


async def test_nothing_secret_is_logged(server: HostileHttp, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        connected(at(server.start(), headers={"Authorization": "Bearer hunter2"})) as plugin,
    ):
        await ask(plugin, card="4111 1111 1111 1111")
    assert "hunter2" not in caplog.text
    assert "4111" not in caplog.text
