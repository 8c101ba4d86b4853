"""What a server says of its tools is pinned when it is seen first; what changes, or could be taken for another's, is refused."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.tool_trust.definitions import changed_fields, fingerprint
from secure_gateway.tool_trust.lock import LOCK_NAME, LockFile
from secure_gateway.tool_trust.trust import MOST_PINS, ToolTrust, TrustRules

Make = Callable[..., ToolTrust]


def tool(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "description": f"does {name}", "inputSchema": {"type": "object"}, **members}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / LOCK_NAME


@pytest.fixture
def make(path: Path) -> Make:
    """Make the trust of a gateway that starts now, over the file that others have left."""

    def trust(*servers: str, offers: Any = lambda _server, _tool: True, **rules: Any) -> ToolTrust:
        return ToolTrust(LockFile(path), {name: TrustRules(**rules) for name in servers or ("s",)}, offers)

    return trust


async def dropped(trust: ToolTrust, server: str, *tools: dict[str, Any]) -> dict[str, str]:
    return dict((await trust.judge(server, tools)).dropped)


CHANGES: dict[str, dict[str, Any]] = {
    "title": {"title": "other"},
    "description": {"description": "does more"},
    "annotations": {"annotations": {"readOnlyHint": True}},
    "inputSchema": {"inputSchema": {"type": "object", "properties": {"a": {"default": "x"}}}},
    "outputSchema": {"outputSchema": {"type": "object"}},
}


@pytest.mark.parametrize("field", CHANGES)
async def test_a_definition_that_changes_is_refused_by_this_gateway_and_the_next_and_the_field_is_named(
    make: Make, field: str
) -> None:
    first = make()
    assert await dropped(first, "s", tool("a"), tool("b")) == {}
    for trust in (first, make()):
        refused = await dropped(trust, "s", tool("a", **CHANGES[field]), tool("b"))
        assert refused.keys() == {"a"}
        assert f"changed since it was pinned ({field})" in refused["a"]
        assert "does more" not in refused["a"]
        assert await dropped(trust, "s", tool("a"), tool("b")) == {}


async def test_the_order_of_keys_and_what_no_model_goes_by_are_no_change(make: Make) -> None:
    trust = make()
    await dropped(trust, "s", tool("a", annotations={"x": 1, "y": 2}))
    again = {"inputSchema": {"type": "object"}, "annotations": {"y": 2, "x": 1}, "_meta": {"version": 7}}
    assert await dropped(trust, "s", {**again, "description": "does a", "name": "a", "title": None}) == {}


async def test_two_spellings_that_look_the_same_are_two_definitions(make: Make) -> None:
    trust = make()
    composed, taken_apart = (unicodedata.normalize(form, "größer") for form in ("NFC", "NFD"))
    await dropped(trust, "s", tool("a", description=composed))
    assert "description" in (await dropped(trust, "s", tool("a", description=taken_apart)))["a"]


async def test_a_tool_that_appears_later_is_pinned_and_said_aloud(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    trust = make()
    await dropped(trust, "s", tool("a"))
    with caplog.at_level(logging.WARNING):
        assert await dropped(trust, "s", tool("a"), tool("b")) == {}
    assert "did not offer before" in caplog.text
    assert "'b'" in caplog.text


async def test_the_same_refusal_is_told_once(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    trust = make()
    await trust.judge("s", [tool("a")])
    changed = [tool("a", title="t")]
    assert [len((await trust.judge("s", changed)).news) for _ in range(3)] == [1, 0, 0]
    assert len(caplog.records) == 1
    await trust.judge("s", [tool("a")])
    assert len((await trust.judge("s", changed)).news) == 1


async def test_where_only_what_somebody_pinned_may_be_used_nothing_is_pinned_on_sight(make: Make, path: Path) -> None:
    await make().judge("s", [tool("a")])
    trust = make(pin="locked")
    assert trust.needs_list("s")
    assert "is not pinned" in (await dropped(trust, "s", tool("a"), tool("b")))["b"]
    assert LockFile(path).read().servers["s"].keys() == {"a"}


async def test_where_pins_are_off_definitions_may_change_and_nothing_is_written(make: Make, path: Path) -> None:
    trust = make(pin="off")
    for title in ("a", "b"):
        assert await dropped(trust, "s", tool("a", title=title)) == {}
    assert not path.exists()


@pytest.mark.parametrize("pin", ["first_use", "off"])
@pytest.mark.parametrize("name", ["send_email", "sendEmail", "s\u0435nd_email", "SEND-EMAIL"])
async def test_a_tool_that_could_be_taken_for_another_servers_is_refused(make: Make, name: str, pin: str) -> None:
    trust = make("mail", "evil", pin=pin)
    await trust.judge("mail", [tool("send_email")])
    refused = await dropped(trust, "evil", tool(name), tool("other"))
    assert refused.keys() == {name}
    assert await dropped(trust, "mail", tool("send_email")) == {}


async def test_who_was_there_first_is_remembered_over_a_restart(make: Make) -> None:
    await make("mail", "evil").judge("mail", [tool("send_email")])
    assert (
        "the same name as a tool of server 'mail'"
        in (await dropped(make("mail", "evil"), "evil", tool("send_email")))["send_email"]
    )


async def test_a_double_passes_where_the_configuration_says_so(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    trust = make("mail", "other", look_alikes="warn")
    await trust.judge("mail", [tool("send_email")])
    assert await dropped(trust, "other", tool("send_email")) == {}
    assert "passes although" in caplog.text
    caplog.clear()
    quiet = make("mail", "third", look_alikes="off")
    assert await dropped(quiet, "third", tool("send\u200b_email")) == {}
    assert "passes although" not in caplog.text


async def test_a_tool_that_the_configuration_takes_out_or_of_a_server_that_is_gone_stands_in_nobodys_way(
    make: Make,
) -> None:
    await make("mail").judge("mail", [tool("send_email"), tool("read")])
    assert await dropped(make("post"), "post", tool("send_email")) == {}
    without = make("mail", "box", offers=lambda server, name: (server, name) != ("mail", "read"))
    assert await dropped(without, "box", tool("read")) == {}


async def test_with_a_file_that_cannot_be_used_no_tool_may_be(make: Make, path: Path) -> None:
    path.write_text("{")
    trust = make()
    assert "cannot be used" in (await dropped(trust, "s", tool("a")))["a"]
    path.unlink()
    assert await dropped(trust, "s", tool("a")) == {}
    path.unlink()
    path.symlink_to(path.with_name("other"))
    assert "symbolic link" in (await dropped(trust, "s", tool("a")))["a"]


async def test_a_file_that_is_taken_away_while_the_gateway_runs_changes_nothing(make: Make, path: Path) -> None:
    trust = make()
    await trust.judge("s", [tool("a")])
    path.unlink()
    assert (await dropped(trust, "s", tool("a", title="t"))).keys() == {"a"}
    assert (await dropped(make(), "s", tool("a", title="t"))).keys() == {"a"}


async def test_a_folder_that_cannot_be_written_refuses_what_cannot_be_pinned(make: Make, path: Path) -> None:
    trust = ToolTrust(LockFile(path.parent / "gone" / LOCK_NAME), {})
    assert (await dropped(trust, "s", tool("a"))).keys() == {"a"}


async def test_of_ten_thousand_tools_as_many_are_pinned_as_can_be_remembered(make: Make, path: Path) -> None:
    refused = await dropped(make(), "s", *(tool(f"t{number}") for number in range(10_000)))
    assert len(refused) == 10_000 - MOST_PINS
    assert len(LockFile(path).read().servers["s"]) == MOST_PINS
    assert len(await dropped(make(), "s", *(tool(f"u{number}") for number in range(100)))) == 100


async def test_a_schema_of_five_megabytes_is_pinned_as_a_digest(make: Make, path: Path) -> None:
    big = {"type": "object", "properties": {f"p{number}": {"description": "x" * 1000} for number in range(5000)}}
    trust = make()
    assert await dropped(trust, "s", tool("a", inputSchema=big)) == {}
    assert path.stat().st_size < 2000
    big["properties"]["p4999"]["description"] = "y"  # type: ignore[index]  # it is a dict
    assert "inputSchema" in (await dropped(trust, "s", tool("a", inputSchema=big)))["a"]


async def test_a_name_without_measure_and_a_definition_without_floor_are_refused(make: Make) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"items": deep}
    refused = await dropped(make(), "s", tool("a" * 1000), tool("b", inputSchema=deep), tool("c"))
    assert refused.keys() == {"a" * 1000, "b"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_two_schemas_have_one_digest_exactly_if_they_are_one_json_value(one: Any, other: Any) -> None:
    first, second = fingerprint(tool("a", inputSchema=[one])), fingerprint(tool("a", inputSchema=[other]))
    same = repr(canonical(one)) == repr(canonical(other))
    assert (first == second) == same
    assert changed_fields(first.fields, second.fields) == ([] if same else ["inputSchema"])


def canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, canonical(value[key])) for key in sorted(value)], "object"
    return [canonical(item) for item in value] if isinstance(value, list) else value
