"""Plugins in the style of ContextForge's plugin documentation run here: each thing that it shows a plugin do, done once."""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from secure_gateway import ConfigError, Gateway, PolicyDenied, load_gateway
from secure_gateway.plugins.framework import (
    AgentPreInvokePayload,
    AgentPreInvokeResult,
    GlobalContext,
    HttpHeaderPayload,
    Plugin,
    PluginConfig,
    PluginContext,
    PluginMode,
    PluginPayload,
    PluginResult,
    PluginViolation,
    PromptPosthookPayload,
    PromptPosthookResult,
    PromptPrehookPayload,
    PromptPrehookResult,
    ResourcePostFetchPayload,
    ResourcePostFetchResult,
    ToolHookType,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokePayload,
    ToolPreInvokeResult,
)
from secure_gateway.plugins.framework.constants import GATEWAY_METADATA, TOOL_METADATA
from secure_gateway.plugins.framework.decorator import hook


class ByName(Plugin):
    """Finds its hook by the method's name, refuses, and builds a payload anew."""

    kind = "by_name"

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self.word = config.config.get("word", "forbidden")

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        assert payload.args is not None
        if payload.name == "erase" and self.word in str(payload.args):
            violation = PluginViolation(
                code="WORD", reason="a word", description="longer", details={"word": self.word}, http_status_code=403
            )
            return ToolPreInvokeResult(continue_processing=False, violation=violation)
        changed = ToolPreInvokePayload(name=payload.name, args={**payload.args, "seen": True}, headers=payload.headers)
        return ToolPreInvokeResult(modified_payload=changed, metadata={"by": self.name})


class Marked(Plugin):
    """A method of another name, a logger of its own, a copy with an update."""

    kind = "marked"

    @hook(ToolHookType.TOOL_POST_INVOKE)
    async def look_at_result(self, payload: ToolPostInvokePayload, context: PluginContext) -> ToolPostInvokeResult:
        self.logger.info("the tool %s has run", payload.name)
        if isinstance(payload.result, dict) and "password" in payload.result:
            hidden = {**payload.result, "password": "[HIDDEN]"}
            return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"result": hidden}))
        return ToolPostInvokeResult(continue_processing=True)


class LetterPayload(PluginPayload):
    to: str
    subject: str
    body: str = ""


class LetterResult(PluginResult[LetterPayload]):
    pass


class Letters(Plugin):
    """A hook of its own."""

    kind = "letters"

    @hook("letter_pre_send", LetterPayload, LetterResult)
    async def complete(self, payload: LetterPayload, context: PluginContext) -> LetterResult:
        if "@" in payload.to:
            return LetterResult(continue_processing=True)
        whole = LetterPayload(to=f"{payload.to}@example.com", subject=payload.subject, body=payload.body)
        return LetterResult(modified_payload=whole, metadata={"completed": True})


class Agents(Plugin):
    """Assigns to its payload, and loops over messages with attributes."""

    kind = "agents"

    async def agent_pre_invoke(self, payload: AgentPreInvokePayload, context: PluginContext) -> AgentPreInvokeResult:
        if payload.tools:
            payload.tools = [tool for tool in payload.tools if tool != "erase"]
        for message in payload.messages:
            if "rude" in message.content:
                violation = PluginViolation(code="RUDE", reason="rude", description="rude words")
                return AgentPreInvokeResult(continue_processing=False, violation=violation)
        return AgentPreInvokeResult(modified_payload=payload, metadata={"checked": True})


class Clock(Plugin):
    """Carries its state from the hook before to the hook after, and shares some with others."""

    kind = "clock"

    async def prompt_pre_fetch(self, payload: Any, context: Any):  # type: ignore[no-untyped-def]  # noqa: ANN201 - documentation leaves it out
        context.set_state("args", payload.args.copy())
        context.global_context.state["asked"] = payload.prompt_id
        return PromptPrehookResult()

    async def prompt_post_fetch(self, payload: Any, context: Any):  # type: ignore[no-untyped-def]  # noqa: ANN201 - the same
        context.metadata["milliseconds"] = 1
        said = {**payload.result, "args": context.get_state("args", {}), "asked": context.global_context.state["asked"]}
        return PromptPosthookResult(modified_payload=PromptPosthookPayload(name=payload.name, result=said))


class Facts(Plugin):
    """Reads what the gateway knows of the tool and of the server."""

    kind = "facts"

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        tool = context.global_context.metadata[TOOL_METADATA]
        server = context.global_context.metadata.get(GATEWAY_METADATA)
        assert payload.args is not None
        payload.args["tool"] = [tool.original_name, tool.integration_type, None if server is None else server.name]
        return ToolPreInvokeResult(modified_payload=payload)


class Lifecycle(Plugin):
    """Opens something and closes it; looks at its own configuration in each way there is."""

    kind = "lifecycle"
    log: ClassVar[list[str]] = []

    async def initialize(self) -> None:
        self._session = "open"
        self.log.append(f"{self.name} {self.mode.value} {self.priority} {self._config.config['x']}")

    async def shutdown(self) -> None:
        if hasattr(self, "_session"):
            self.log.append("closed")

    async def resource_post_fetch(
        self, payload: ResourcePostFetchPayload, context: PluginContext
    ) -> ResourcePostFetchResult:
        assert self.config.model_dump()["config"] == {"x": 1}
        assert self.config.mode == PluginMode.ENFORCE
        return ResourcePostFetchResult(modified_payload=payload.model_copy(update={"content": self._session}))


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: list[str]
    most: int = Field(3, le=10)
    secret: str = ""

    @field_validator("secret")
    @classmethod
    def _long(cls, value: str) -> str:
        if value == "short":
            raise ValueError(f"{value} is too short")
        return value


class Modelled(Plugin):
    """Names the model of its configuration."""

    kind = "modelled"
    config_model = Settings

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        settings = Settings(**self.config.config)
        return ToolPreInvokeResult(continue_processing=len(payload.args or {}) <= settings.most)


class NoModel(Modelled):
    kind = "no_model"
    config_model = dict  # type: ignore[assignment]


class WantsPackage(Plugin):
    kind = "wants_package"

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        import package_of_nobody  # type: ignore[import-not-found]  # noqa: F401, PLC0415 - what is tested

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()


ALL = (ByName, Marked, Letters, Agents, Clock, Facts, Lifecycle, Modelled, NoModel, WantsPackage)


def _gateway(folder: Path, *kinds: str, **config: Any) -> Gateway:
    hooks = [{"name": kind.title(), "kind": kind, "config": config} for kind in kinds]
    everything = {kind: ["*"] for kind in ("tools", "prompts", "resources", "agents")}
    values = {
        "plugins": {"hooks": hooks},
        "anonymous": {"roles": ["all"]},
        "roles": {"all": everything},
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
    }
    folder.chmod(0o700)
    (folder / "config.json").write_text(json.dumps(values))
    (folder / "config.json").chmod(0o600)
    env = {"HOME": str(folder), "MASTER": secrets.token_hex(32)}
    return load_gateway(folder / "config.json", env=env, register=ALL)


async def test_a_method_named_like_the_hook_refuses_and_rewrites(tmp_path: Path) -> None:
    async with _gateway(tmp_path, "by_name", word="system") as gateway:
        assert await gateway.call("read", {"a": 1}, lambda args: args) == {"a": 1, "seen": True}
        with pytest.raises(PolicyDenied, match="a word"):
            await gateway.call("erase", {"a": "system"}, lambda args: args)


async def test_a_marked_method_logs_under_its_own_name_and_rewrites(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "secure_gateway.plugin.Marked")
    async with _gateway(tmp_path, "marked") as gateway:
        said = await gateway.call("read", {}, lambda _args: {"user": "j", "password": "p"})
    assert said == {"user": "j", "password": "[HIDDEN]"}
    assert "the tool read has run" in caplog.text


async def test_a_hook_of_its_own_is_fired_by_its_name(tmp_path: Path) -> None:
    async with _gateway(tmp_path, "letters") as gateway:
        said = await gateway.invoke_hook("letter_pre_send", LetterPayload(to="jane", subject="s"))
    assert said.modified_payload is not None
    assert said.modified_payload.to == "jane@example.com"


async def test_state_lasts_from_the_hook_before_to_the_hook_after(tmp_path: Path) -> None:
    async with _gateway(tmp_path, "clock") as gateway:
        said = await gateway.call("greet", {"who": "Jane"}, lambda _args: {"messages": []}, operation="prompt")
    assert said == {"messages": [], "args": {"who": "Jane"}, "asked": "greet"}


async def test_facts_of_the_tool_are_read_by_their_names(tmp_path: Path) -> None:
    async with _gateway(tmp_path, "facts") as gateway:
        said = await gateway.call("read", {}, lambda args: args["tool"])
    assert said[0] == "read"


async def test_it_is_set_up_before_the_first_call_and_released_after_the_last(tmp_path: Path) -> None:
    Lifecycle.log.clear()
    async with _gateway(tmp_path, "lifecycle", x=1) as gateway:
        assert await gateway.call("file:///a", {}, lambda _args: "text", operation="resource") == "open"
    assert Lifecycle.log == ["Lifecycle enforce 100 1", "closed"]


async def test_a_configuration_that_fits_the_model_is_completed_by_it(tmp_path: Path) -> None:
    async with _gateway(tmp_path, "modelled", words=["a"]) as gateway:
        assert await gateway.call("t", {"a": 1, "b": 2, "c": 3}, lambda _args: 1) == 1
        with pytest.raises(PolicyDenied):
            await gateway.call("t", dict.fromkeys("abcd", 1), lambda _args: 1)


@pytest.mark.parametrize(
    ("config", "places"),
    [
        ({}, ["words"]),
        ({"words": ["a", 1], "most": "many"}, ["words[1]", "most"]),
        ({"words": [], "most": 11}, ["most"]),
        ({"words": [], "mots": 1}, ["mots"]),
        ({"words": [], "secret": "short"}, ["secret"]),
    ],
)
def test_what_does_not_fit_the_model_is_named_with_its_place_and_never_shown(
    tmp_path: Path, config: dict[str, Any], places: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        _gateway(tmp_path, "modelled", **config)
    paths = [problem.path for problem in caught.value.problems]
    assert paths == [f"$.plugins.hooks[0].config.{place}" for place in places]
    assert all(problem.line for problem in caught.value.problems)
    assert all(word not in str(caught.value) for word in ("short", "many"))


def test_a_model_that_is_none_is_an_error_at_load(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="names dict as config_model; expected a class derived from pydantic's BaseModel"
    ):
        _gateway(tmp_path, "no_model")


def test_a_missing_dependency_is_named_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pip install package-of-nobody"):
        _gateway(tmp_path, "wants_package")
    (tmp_path / "plugins").mkdir(mode=0o700)
    (tmp_path / "plugins" / "mine.py").write_text("import package_of_nobody\n")
    (tmp_path / "plugins" / "mine.py").chmod(0o600)
    with pytest.raises(ConfigError, match="pip install package-of-nobody"):
        _gateway(tmp_path, "by_name")


async def test_a_plugin_is_tested_without_a_gateway() -> None:
    plugin = ByName(PluginConfig(name="test", kind="by_name", hooks=["tool_pre_invoke"], config={"word": "w"}))
    context = PluginContext(global_context=GlobalContext(request_id="1"))
    result = await plugin.tool_pre_invoke(ToolPreInvokePayload(name="t", args={}), context)
    assert result.continue_processing
    assert plugin.hooks == ["tool_pre_invoke"]


def test_headers_are_a_dict_that_ignores_case() -> None:
    headers = HttpHeaderPayload({"Authorization": "Bearer x", "Content-Type": "text/plain"})
    headers["X-Own"] = "1"
    assert headers["authorization"] == "Bearer x"
    assert len(headers) == 3
    assert "x-own" in list(headers)
    assert PromptPrehookPayload(name="p").prompt_id == "p"
