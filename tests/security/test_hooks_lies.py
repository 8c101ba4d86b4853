"""Plugins that lie about what they are, what they said, or whom they vouch for."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from secure_gateway.errors import GatewayError, PermissionDenied, PluginError, PolicyDenied
from secure_gateway.plugins.framework import (
    HttpAuthResolveUserResult,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginMode,
    PluginPayload,
    PluginResult,
    PluginViolation,
    PluginViolationError,
    ToolPreInvokeResult,
    hook,
)
from secure_gateway.testing.gateways import FixedIdentity, MemorySink, gateway_for
from secure_gateway.types import Principal

NO = PluginViolation(code="NO", reason="no")


class Acting(Plugin):
    """Does what it is given."""

    def __init__(self, name: str, act: Any, **config: Any) -> None:
        super().__init__(PluginConfig(name=name, **config))
        self._act = act

    async def tool_pre_invoke(self, payload: Any, context: PluginContext) -> ToolPreInvokeResult:
        answer: ToolPreInvokeResult = await self._act(payload, context)
        return answer


async def refuse_late(_payload: Any, _context: Any) -> ToolPreInvokeResult:
    await asyncio.sleep(0.05)
    return ToolPreInvokeResult(continue_processing=False, violation=NO)


class Vouching(Plugin):
    """Vouches for whomever it is given."""

    def __init__(self, answer: Any) -> None:
        super().__init__(PluginConfig(name="directory"))
        self._answer = answer

    async def http_auth_resolve_user(self, payload: Any, context: PluginContext) -> HttpAuthResolveUserResult:
        return HttpAuthResolveUserResult(modified_payload=self._answer)


class Once(ToolPreInvokeResult):
    """Refuses when first asked, and goes on when asked again."""

    def __getattribute__(self, name: str) -> Any:
        if name == "continue_processing":
            asked = super().__getattribute__("metadata")
            asked["n"] = asked.get("n", 0) + 1
            return asked["n"] > 1
        return super().__getattribute__(name)


async def asked(*plugins: Plugin, parallel: bool = False, sink: MemorySink | None = None, **more: Any) -> Any:
    gateway = gateway_for(plugins, parallel=parallel, sinks=[sink] if sink else [], **more)
    return await gateway.call("tool", {"a": 1}, lambda args: args, credentials="key")


async def test_a_tried_out_plugin_that_raises_a_violation_does_not_cancel_the_guards_of_its_band() -> None:
    async def violate(_payload: Any, _context: Any) -> Any:
        raise PluginViolationError("no", violation=NO)

    trial = Acting("trial", violate, mode=PluginMode.PERMISSIVE)
    with pytest.raises(PolicyDenied):
        await asked(trial, Acting("guard", refuse_late), parallel=True, fail_on_plugin_error=True)


async def test_an_answer_that_changes_between_two_looks_does_not_cancel_the_guards_of_its_band() -> None:
    async def waver(_payload: Any, _context: Any) -> Any:
        return Once(metadata={})

    with pytest.raises((PolicyDenied, PluginError)):
        await asked(Acting("liar", waver), Acting("guard", refuse_late), parallel=True)


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("metadata", [["text"], "text", 7])
async def test_a_clear_no_counts_whatever_metadata_comes_with_it(metadata: Any, parallel: bool) -> None:
    async def refuse(_payload: Any, _context: Any) -> Any:
        return ToolPreInvokeResult(continue_processing=False, violation=NO, metadata=metadata)

    odd = Acting("odd", refuse, mode=PluginMode.ENFORCE_IGNORE_ERROR)
    quiet = Acting("quiet", lambda *_: asyncio.sleep(0, ToolPreInvokeResult()))
    with pytest.raises(PolicyDenied):
        await asked(odd, quiet, parallel=parallel)


class Rude:
    """A violation none of whose fields can be read."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("unreadable")


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("raises", [False, True])
async def test_a_clear_no_counts_whatever_violation_comes_with_it(raises: bool, parallel: bool) -> None:
    async def refuse(_payload: Any, _context: Any) -> Any:
        violation: Any = Rude()
        if raises:
            raise PluginViolationError("no", violation=violation)
        return ToolPreInvokeResult(continue_processing=False, violation=violation)

    odd = Acting("odd", refuse, mode=PluginMode.ENFORCE_IGNORE_ERROR)
    quiet = Acting("quiet", lambda *_: asyncio.sleep(0, ToolPreInvokeResult()))
    with pytest.raises(PolicyDenied):
        await asked(odd, quiet, parallel=parallel)


class Masked:
    """Says that it is the hook's answer, and is not."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return ToolPreInvokeResult


class Broken:
    """Cannot even be asked what it is."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("no class")


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("kind", [Masked, Broken])
async def test_what_only_looks_like_an_answer_is_an_error_of_its_plugin(kind: Any, parallel: bool) -> None:
    async def answer(_payload: Any, _context: Any) -> Any:
        return kind()

    quiet = Acting("quiet", lambda *_: asyncio.sleep(0, ToolPreInvokeResult()))
    with pytest.raises(PluginError, match="'liar' failed"):
        await asked(Acting("liar", answer), quiet, parallel=parallel)


class Exiting(dict[str, Any]):
    """Ends the process when it is read."""

    def items(self) -> Any:
        raise SystemExit(3)

    def __bool__(self) -> bool:
        return True


@pytest.mark.parametrize("parallel", [False, True])
async def test_an_answer_that_exits_when_it_is_read_is_an_error_of_its_plugin(parallel: bool) -> None:
    async def answer(_payload: Any, _context: Any) -> Any:
        return ToolPreInvokeResult(metadata=Exiting())

    quiet = Acting("quiet", lambda *_: asyncio.sleep(0, ToolPreInvokeResult()))
    with pytest.raises(PluginError, match="'exiting' failed"):
        await asked(Acting("exiting", answer), quiet, parallel=parallel)


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": None},
        {"subject": ""},
        {"subject": 7},
        {"roles": "tester"},
        {"roles": (7,)},
        {"permissions": "tools:*"},
        {"is_admin": "yes"},
        {"email": 7},
        {"tenant_id": ["a"]},
        {"attributes": None},
    ],
    ids=repr,
)
async def test_a_principal_of_wrong_types_is_an_error_of_the_plugin_that_vouches_for_it(wrong: Any) -> None:
    principal = Principal(**{"subject": "ann", "provider": "", "roles": ("tester",), **wrong})
    with pytest.raises(PluginError, match="'directory' failed"):
        await asked(Vouching(principal), identity=FixedIdentity(None))


async def test_a_plugin_that_keeps_the_principal_it_vouched_for_cannot_change_it_afterwards() -> None:
    attributes = {"team": "red"}
    seen: list[Any] = []

    async def look(_payload: Any, context: PluginContext) -> ToolPreInvokeResult:
        attributes["team"] = "blue"
        assert context.global_context.principal is not None
        seen.append(context.global_context.principal.attributes["team"])
        return ToolPreInvokeResult()

    principal = Principal(subject="ann", provider="", roles=("tester",), attributes=attributes)
    await asked(Vouching(principal), Acting("looker", look), identity=FixedIdentity(None))
    assert seen == ["red"]


class Name(str):  # noqa: SLOT000 - it keeps something
    """Hashed as another text, and equal to it from the second time on that it is compared."""

    compared = False

    def __eq__(self, other: object) -> bool:
        before, self.compared = self.compared, True
        return before

    def __ne__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("tool")


async def test_a_name_that_says_it_equals_a_permitted_one_is_judged_by_what_it_is() -> None:
    async def rename(payload: Any, _context: Any) -> Any:
        payload.name = Name("danger")
        return ToolPreInvokeResult(modified_payload=payload)

    with pytest.raises(PermissionDenied):
        await asked(Acting("renamer", rename), roles={"tester": {"tools": ["tool"]}})


@pytest.mark.parametrize("value", [10**5000, float("nan"), float("inf")], ids=["huge", "nan", "inf"])
async def test_a_remark_that_no_sink_can_write_stays_out_of_the_record(value: Any) -> None:
    async def remark(_payload: Any, _context: Any) -> Any:
        return ToolPreInvokeResult(metadata={"n": value, "m": 1})

    sink = MemorySink()
    await asked(Acting("remarker", remark), sink=sink)
    (step,) = [step for step in sink.last.steps if step.plugin == "remarker"]
    assert step.metadata == {"m": 1}
    msgspec.json.encode(step.metadata)


async def test_a_remark_under_a_key_that_is_no_identifier_stays_out_of_the_record() -> None:
    async def remark(_payload: Any, _context: Any) -> Any:
        return ToolPreInvokeResult(metadata={"card 4111 1111 1111 1111\n": 1, "count": 1})

    sink = MemorySink()
    await asked(Acting("remarker", remark), sink=sink)
    (step,) = [step for step in sink.last.steps if step.plugin == "remarker"]
    assert step.metadata == {"count": 1}


class Mail(PluginPayload):
    """Cannot be copied a second time."""

    to: list[str]
    copies: list[int]
    most: int = 1

    def __deepcopy__(self, _memo: Any) -> Any:
        self.copies.append(1)
        if len(self.copies) > self.most:
            raise SystemExit(4)
        return Mail(to=list(self.to), copies=self.copies, most=self.most)


class MailResult(PluginResult[Mail]):
    """Answers ``mail``."""


class Mailer(Plugin):
    @hook("mail", Mail, MailResult)
    async def mail(self, payload: Mail, context: PluginContext) -> MailResult:
        payload.to.append("x@example.com")
        return MailResult(modified_payload=payload)


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("most", [1, 2, 3, 4])
async def test_a_payload_that_cannot_be_copied_is_an_error_and_never_ends_the_process(
    most: int, parallel: bool
) -> None:
    plugins = [Mailer(PluginConfig(name=name)) for name in ("one", "two")]
    gateway = gateway_for(plugins, parallel=parallel)
    with pytest.raises(GatewayError):
        await gateway.invoke_hook("mail", Mail(to=[], copies=[], most=most))
