"""A plugin whose server is a child process of ours: one of our own that misbehaves in every way that it can."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

import pytest

from secure_gateway.errors import AnswerError, ConfigError
from secure_gateway.plugins.external.plugin import ExternalPlugin
from secure_gateway.plugins.external.settings import INHERITED
from secure_gateway.plugins.framework import PluginConfig, PluginMode
from tests.plugins.external.asking import ask, connected, context, external, fault_of, hostile


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("only_other_id", "no answer within"),
        ("huge", "a message of more than 16777216 bytes"),
        ("invalid_json", "no valid JSON"),
        ("invalid_text", "no valid JSON"),
        ("no_content", "returned no text"),
        ("is_error", "could not run the tool invoke_hook"),
        ("rpc_error", "JSON-RPC error -32000"),
        ("other_plugin", "for another plugin"),
        ("a_list", "a list, expected an object"),
        ("wrong_payload", "the payload has 1 fields"),
        ("other_request", "belongs to another request"),
        ("reports_error", "reports an error (E_17)"),
        ("dies", "exited with code 3"),
    ],
)
async def test_what_is_no_answer_is_a_fault_that_quotes_nothing(behaviour: str, says: str) -> None:
    timeout = 1.0 if behaviour == "only_other_id" else 20.0
    with connected(hostile(behaviour), timeout=timeout) as plugin:
        assert says in await fault_of(plugin)


async def test_answers_with_other_ids_are_passed_over() -> None:
    with connected(hostile("other_id")) as plugin:
        assert (await ask(plugin)).metadata == {"seen": 1}


async def test_a_refusal_arrives_with_code_and_reason() -> None:
    with connected(hostile("denies")) as plugin:
        answer = await ask(plugin)
    assert answer.continue_processing is False
    assert answer.violation is not None
    assert (answer.violation.code, answer.violation.reason) == ("NO", "not today")


async def test_a_server_that_dies_once_is_started_again_within_the_call(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with connected(hostile("dies_once", notes)) as plugin:
        assert (await ask(plugin)).continue_processing
    assert notes.read_text().splitlines().count("start") == 2


async def test_without_retries_a_lost_connection_is_a_fault_and_the_next_call_finds_a_new_one(tmp_path: Path) -> None:
    with connected(hostile("dies_once", tmp_path / "notes"), retry_attempts=0) as plugin:
        assert "exited with code 3" in await fault_of(plugin)
        assert (await ask(plugin)).continue_processing


async def test_a_server_that_dies_at_every_call_is_soon_not_asked_any_more(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with connected(hostile("dies", notes, reconnect_delay=30), retry_attempts=0) as plugin:
        faults = [await fault_of(plugin) for _ in range(8)]
    assert "not asked for a while" in faults[-1]
    assert notes.read_text().splitlines().count("start") < 8


async def test_a_server_that_hangs_is_given_up_and_told_so(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with connected(hostile("hangs_on_slow", notes), timeout_ms=200) as plugin:
        assert "no answer within 0.2 s" in await fault_of(plugin, slow=True)
        assert (await ask(plugin)).continue_processing
        await _until(lambda: "cancelled" in notes.read_text())


async def test_whoever_stops_waiting_stops_the_call_at_the_server(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with connected(hostile("hangs_on_slow", notes)) as plugin:
        asking = asyncio.create_task(ask(plugin, slow=True))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await _until(lambda: "cancelled" in notes.read_text())


async def test_the_process_gets_a_named_minimum_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER", "secret")
    with connected(hostile("environment", env={"GIVEN": "1"})) as plugin:
        seen = set((await ask(plugin)).metadata or {})
    assert "GIVEN" in seen
    # What the C library and Python set for themselves is no inheritance.
    assert seen - {"GIVEN", "LC_CTYPE", "PWD", "SHLVL", "_"} <= set(INHERITED)


async def test_what_it_writes_to_stderr_is_drained_and_none_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), connected(hostile("chats")) as plugin:
        for _ in range(3):
            assert (await ask(plugin)).continue_processing
    assert "hunter2" not in caplog.text
    assert caplog.text.count("wrote") <= 1


async def test_a_ping_of_the_server_is_answered_and_everything_else_is_not_offered() -> None:
    with connected(hostile("asks_back")) as plugin:
        assert (await ask(plugin)).metadata == {"pong": True, "code": -32601}


async def test_a_server_that_asks_without_end_and_reads_nothing_does_not_fill_our_memory_with_replies() -> None:
    with connected(hostile("asks_without_end")) as plugin:
        assert (await ask(plugin)).continue_processing
        replies = ((await ask(plugin)).metadata or {})["replies"]
    assert 0 < replies < 10_000, "of 20,000"


async def test_equal_questions_of_one_caller_are_asked_once_where_that_is_configured() -> None:
    with connected(hostile("counts"), cache_ttl_seconds=60) as plugin:
        first = await ask(plugin, a=1)
        again = await ask(plugin, context(request_id="r-2"), a=1)
        other_user = await ask(plugin, context("bob"), a=1)
        other_payload = await ask(plugin, a=2)
    found = [(answer.metadata or {})["calls"] for answer in (first, again, other_user, other_payload)]
    assert found == [1, 1, 2, 3]


async def test_an_answer_that_changes_a_state_is_not_remembered() -> None:
    with connected(hostile("counts_in_state"), cache_ttl_seconds=60) as plugin:
        found = []
        for _ in range(2):
            known = context()
            await ask(plugin, known)
            found.append(known.state["calls"])
    assert found == [1, 2]


def test_its_server_says_what_it_is_and_not_what_its_answers_lead_to() -> None:
    with connected(hostile("works")) as plugin:
        assert plugin.offered_hooks() == ("tool_pre_invoke",)
        assert plugin.config.version == "2.1"
        assert plugin.mode == "enforce"


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("banner", "stdout belongs to MCP"),
        ("dies_at_start", "no module named guard; the password is [REDACTED]"),
        ("old_revision", "none of the MCP revisions"),
    ],
)
def test_a_server_that_cannot_be_used_stops_the_start_and_says_why(behaviour: str, says: str) -> None:
    plugin = external(hostile(behaviour, env={"SECRET": "hunter2"}))
    with pytest.raises(ConfigError) as caught:
        plugin.offered_hooks()
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_plugin_that_the_server_does_not_serve_is_refused_with_those_that_it_does() -> None:
    with pytest.raises(ConfigError, match=r"expected the name of one of its plugins: 'Guard'"):
        external(hostile("works"), name="Gaurd").offered_hooks()


def test_a_disabled_plugin_whose_hooks_are_named_needs_no_server() -> None:
    mcp = {"proto": "stdio", "script": "nothing-of-that-name"}
    config = PluginConfig(name="Guard", mode=PluginMode.DISABLED, hooks=["tool_pre_invoke"], mcp=mcp)
    assert ExternalPlugin(config).offered_hooks() == ("tool_pre_invoke",)


async def test_nothing_of_it_is_left_after_its_end(tmp_path: Path) -> None:
    before = set(_children())
    with connected(hostile("works")) as plugin:
        (child,) = set(_children()) - before
        assert (await ask(plugin)).continue_processing
        await plugin.shutdown()
        await plugin.shutdown()
        await _until(lambda: child not in _children())
        with pytest.raises(AnswerError, match="shut down"):
            await ask(plugin)


async def test_many_calls_at_once_are_answered_each_with_its_own() -> None:
    with connected(hostile("counts"), max_concurrency=4) as plugin:
        answers = await asyncio.gather(*(ask(plugin, n=n) for n in range(50)))
    assert sorted((answer.metadata or {})["calls"] for answer in answers) == list(range(1, 51))


async def _until(holds: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


def _children() -> list[int]:
    """Return the processes whose parent is this one and that have not ended."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid() and fields[0] != "Z":
                found.append(int(folder.name))
    return found
