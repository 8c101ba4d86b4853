"""Tokens of personal data through `secure-gateway proxy`: a value leaves for the tool that may have it, from one process to the next."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Run, Started
from tests.cli.test_proxy import INITIALIZE, _call, _talk

ANN = "ann@example.org"


def test_a_token_of_one_process_becomes_its_value_in_the_next_for_its_caller_and_its_tool(
    started: Started, run: Run, small_server: list[str]
) -> None:
    run("servers", "add", "small", "--", *small_server)
    file = started.folder / "config.json"
    config: dict[str, Any] = json.loads(file.read_text())
    pii = {"provider": "pii", "config": {"strategy": {"input": "warn", "output": "tokenize"}}}
    config["plugins"]["guardrails"]["providers"] = [pii]
    # The tool that may have the value; what it answers is shown here, to see what it was given.
    config["servers"]["small"]["guardrails"] = {
        "tools": {"fail": {"input": {"pii": {"release": ["EMAIL"]}}, "output": {"pii": {"strategy": "warn"}}}}
    }
    file.write_text(json.dumps(config))
    other = json.loads(run("keys", "create", "--user", "other", "--role", "everything", "--json").stdout)["key"]

    def say(key: str, tool: str, text: str) -> str:
        messages = [INITIALIZE, _call(2, tool, text=text)]
        answers, done = _talk(run, "--server", "small", messages=messages, SECURE_GATEWAY_API_KEY=key)
        found = {answer["id"]: answer for answer in answers}[2]
        assert "result" in found, (found, done.stderr)
        said: str = found["result"]["content"][0]["text"]
        return said

    assert say(started.key, "echo", f"mail {ANN}") == "mail <EMAIL_1>"
    assert say(started.key, "fail", "to <EMAIL_1>") == f"to {ANN}"
    assert say(started.key, "echo", "to <EMAIL_1>") == "to <EMAIL_1>"
    assert say(other, "fail", "to <EMAIL_1>") == "to <EMAIL_1>"
