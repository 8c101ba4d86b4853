"""Whatever a plugin's process writes, the gateway takes it for an answer or for a failure of that plugin, and nothing else of it is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from secure_gateway.errors import PluginError
from secure_gateway.plugins.isolated import frames
from tests.plugins.isolated.conftest import HOOK, gateway_with

LIAR = {**HOOK, "timeout": 10, "kind": "tests.plugins.isolated.plugins:Liar"}
NUMBER = 2  # of the first call that a process gets: the one before asks for its initialize


def said(**fields: Any) -> frames.Answer:
    return frames.Answer(NUMBER, frames.pack({"goes_on": True, **fields}))


@pytest.mark.parametrize(
    "message",
    [
        said(goes_on="yes"),
        said(fields={"nam": "t"}),
        said(fields=["name"]),
        said(state={"a": 1}, shared=[1]),
        said(violation={"code": 1}),
        said(headers={"a": 1}),
        frames.Answer(NUMBER, b""),
        frames.Answer(NUMBER, b"\xc1"),
        frames.Answer(NUMBER, b"\x91" * 5000 + b"\xc0"),
        frames.Answer(NUMBER, msgspec.msgpack.encode(msgspec.msgpack.Ext(1, b"zz"))),
        frames.Answer(NUMBER, msgspec.msgpack.encode(msgspec.msgpack.Ext(3, b"\x91\x01"))),
        frames.Answer(NUMBER, msgspec.msgpack.encode(msgspec.msgpack.Ext(99, b""))),
    ],
    ids=lambda message: repr(message)[:60],
)
async def test_an_answer_that_is_none_is_a_failure(tmp_path: Path, message: Any) -> None:
    async with gateway_with(tmp_path, LIAR) as gateway:
        with pytest.raises(PluginError, match="wrote what is no answer"):
            await call(gateway, message)


async def test_what_a_process_says_of_its_failure_is_one_short_printable_line(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, LIAR) as gateway:
        with pytest.raises(PluginError) as caught:
            await call(gateway, frames.Fault(NUMBER, "x\n\x1b[31m" + "y" * 100_000))
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()


async def test_an_answer_to_another_call_is_nobodys(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, {**LIAR, "timeout": 1}) as gateway:
        with pytest.raises(PluginError, match="did not answer within"):
            await call(gateway, frames.Answer(77, said().said))


async def call(gateway: Any, message: Any) -> Any:
    encoded = msgspec.msgpack.encode(message).hex()
    return await gateway.call("t", {"message": encoded}, lambda given: given)


async def test_what_fails_at_start_and_end_of_a_process_is_told_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    kind = "tests.plugins.isolated.plugins:Unsteady"
    hook = {**HOOK, "kind": kind, "timeout": 5, "config": {"mark": str(tmp_path / "mark")}}
    async with gateway_with(tmp_path, hook) as gateway:
        with pytest.raises(PluginError, match="ended with the status 1"):
            await gateway.call("t", {"act": "die"}, lambda given: given)
        with pytest.raises(PluginError, match="can no longer be loaded"):
            await gateway.call("t", {}, lambda given: given)
    async with gateway_with(tmp_path, {**hook, "config": {"mark": str(tmp_path / "new")}}):
        pass
    assert "its shutdown raised ValueError" in caplog.text
    assert "hunter2" not in caplog.text + capfd.readouterr().err
