"""What the manager builds from the configuration, what it refuses, and what a server's policy does."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import ConfigError, PolicyDenied, Problem, ProviderContractError
from secure_gateway.plugins.guardrails.base import GuardrailProvider, InputGuardrail
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from tests.plugins.guardrails.guards import SECRET, Desk, Guard, Provider, built_in, slot


def paths(error: ConfigError) -> list[str]:
    return [problem.path for problem in error.problems]


def several(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"plugins": {"guardrails": {"providers": list(entries)}}}


def test_providers_keep_the_order_of_the_configuration() -> None:
    manager = GuardrailConfigManager()
    manager.initialize(several({"provider": "secrets"}, {"provider": "pii"}))
    assert [provider.get_name() for provider in manager.get_providers()] == ["secrets", "pii"]
    first = manager.get_provider()
    assert first is not None
    assert first.get_name() == "secrets"


def test_the_plugins_part_alone_will_do() -> None:
    manager = GuardrailConfigManager()
    manager.initialize({"guardrails": {"provider": "pii"}})
    assert len(manager.get_providers()) == 1


def test_nothing_is_handed_out_before_initialize() -> None:
    manager = GuardrailConfigManager()
    for ask in (manager.get_provider, manager.get_providers, manager.bindings, lambda: manager.judge_tools("s", [])):
        with pytest.raises(ConfigError, match="initialize"):
            ask()


def test_after_a_failed_start_the_same_error_comes_back_and_never_an_empty_list() -> None:
    manager = GuardrailConfigManager()
    with pytest.raises(ConfigError) as first:
        manager.initialize(slot("pii", {"strategy": "mask"}))
    with pytest.raises(ConfigError) as second:
        manager.bindings()
    assert second.value is first.value


def test_a_failed_reload_changes_nothing() -> None:
    manager = built_in("pii")
    before = manager.get_provider()
    with pytest.raises(ConfigError):
        manager.initialize(slot("pii", {"stratgy": "redact"}))
    assert manager.get_provider() is before
    assert manager.bindings()


def test_everything_that_is_wrong_is_named_at_once() -> None:
    entries: list[dict[str, Any]] = [
        {"provider": "pii", "config": {"strategy": "mask", "typs": ["EMAIL"], "min_confidence": 2}},
        {"provider": "keywrd"},
        {"provider": "keyword"},
    ]
    manager = GuardrailConfigManager()
    with pytest.raises(ConfigError) as caught:
        manager.initialize(several(*entries))
    where = "$.plugins.guardrails.providers"
    assert sorted(paths(caught.value)) == [
        f"{where}[0].config.min_confidence",
        f"{where}[0].config.strategy",
        f"{where}[0].config.typs",
        f"{where}[1].provider",
        f"{where}[2].config.words",
    ]
    assert "Did you mean 'types'?" in str(caught.value)
    assert "Did you mean 'keyword'?" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("get_version", lambda _self: 5),
        ("get_version", lambda _self: 1 / 0),
        ("create_input_guardrail", lambda _self, _config: 1 / 0),
        ("create_output_guardrail", lambda _self, config: config["missing"]),
        ("create_pii_handler", lambda _self, _config: (_ for _ in ()).throw(SystemExit(SECRET))),
        ("validate_config", lambda _self, _config: False),
        ("get_required_config_keys", lambda _self: ["api_key"]),
    ],
)
def test_a_provider_that_cannot_be_used_stops_start_up(name: str, body: Any) -> None:
    manager = GuardrailConfigManager()
    manager.register(type("Broken", (Provider,), {name: body, "input": Guard()}))
    with pytest.raises(ConfigError) as caught:
        manager.initialize(slot("given"))
    assert paths(caught.value)[0].startswith("$.plugins.guardrails")
    assert SECRET not in str(caught.value)


def test_an_incomplete_class_cannot_be_registered() -> None:
    class Incomplete(GuardrailProvider):
        def get_name(self) -> str:
            return "incomplete"

    with pytest.raises(ProviderContractError, match="create_input_guardrail"):
        GuardrailConfigManager().register(Incomplete)


def test_a_module_in_the_plugin_folder_is_found_by_the_name_of_its_class(tmp_path: Path) -> None:
    text = """
from secure_gateway.plugins.guardrails.base import GuardrailProvider
class Found(GuardrailProvider):
    def get_name(self): return "found_in_folder"
    def get_version(self): return "1"
    def create_input_guardrail(self, config): return None
    def create_output_guardrail(self, config): return None
"""
    (tmp_path / "mine.py").write_text(text)
    manager = GuardrailConfigManager(plugin_dirs=[tmp_path])
    manager.initialize(slot("found_in_folder"))
    provider = manager.get_provider()
    assert provider is not None
    assert provider.get_name() == "found_in_folder"


def test_a_class_of_ones_own_is_found_by_module_and_name() -> None:
    manager = GuardrailConfigManager()
    manager.initialize(
        {
            "guardrails": {
                "class": "secure_gateway.plugins.guardrails.keyword:KeywordGuardrailProvider",
                "config": {"words": ["x"]},
            }
        }
    )
    assert len(manager.bindings()) > 1


class Reading(Provider):
    """Keeps, reads or ignores its configuration as it is told."""

    how: Any = None

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.kept: list[Any] = []

    def create_input_guardrail(self, config: dict[str, Any]) -> InputGuardrail | None:
        type(self).how(self, config)
        return Guard()


def reading(how: Any, config: dict[str, Any], policy: dict[str, Any] | None = None) -> None:
    manager = GuardrailConfigManager()
    manager.register(type("Told", (Reading,), {"how": how}))
    manager.initialize(slot("given", config))
    if policy is not None:
        manager.bindings("files", policy)


@pytest.mark.parametrize(
    "take",
    [
        lambda _self, config: config["level"],
        lambda _self, config: config.get("level"),
        lambda _self, config: "level" in config,
        lambda _self, config: config.pop("level", None),
        lambda _self, config: {**config},
        lambda _self, config: dict(config),
        lambda _self, config: str.format("", **config),
        lambda self, config: self.kept.append(config),
        lambda _self, config: list(config.items()),
    ],
)
def test_a_key_is_taken_by_reading_copying_or_keeping(take: Any) -> None:
    reading(take, {"name": "n", "level": 3}, {"input": {"level": 4}} if take is not None else None)


@pytest.mark.parametrize(
    "ignore",
    [lambda _self, _config: None, lambda _self, config: config.get("other"), lambda _self, config: len(config)],
)
def test_a_key_that_is_not_taken_stops_start_up(ignore: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        reading(ignore, {"name": "n", "level": 3})
    assert paths(caught.value) == ["$.plugins.guardrails.config.level"]


def test_a_key_of_a_servers_policy_that_nobody_takes_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        reading(
            lambda _self, config: config.get("level"), {"name": "n"}, {"input": {"levl": 4}, "output": {"level": 1}}
        )
    assert paths(caught.value) == ["$.servers.files.guardrails.input.levl", "$.servers.files.guardrails.output.level"]
    assert "Did you mean 'level'?" in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "where"),
    [
        ({"inptu": {}}, "$.servers.files.guardrails.inptu"),
        ({"input": ["pii"]}, "$.servers.files.guardrails.input"),
        ({"input": {"strategy": "mask"}}, "$.servers.files.guardrails.input.strategy"),
        ({"input": {"pii": {"strategy": "mask"}}}, "$.servers.files.guardrails.input.pii.strategy"),
        ({"input": {"pii": {"stratgy": "hash"}}}, "$.servers.files.guardrails.input.pii.stratgy"),
        ({"output": {"pii": "off"}}, "$.servers.files.guardrails.output.pii"),
    ],
)
def test_a_policy_that_cannot_be_used_is_named_by_its_place(policy: dict[str, Any], where: str) -> None:
    manager = built_in("pii")
    with pytest.raises(ConfigError) as caught:
        manager.bindings("files", policy)
    assert paths(caught.value) == [where]


def test_the_place_of_a_servers_policy_is_quoted_where_its_name_has_dots() -> None:
    with pytest.raises(ConfigError) as caught:
        built_in("pii").bindings("crm.example", {"input": {"levl": 1}})
    assert paths(caught.value) == ["$.servers['crm.example'].guardrails.input.levl"]


async def test_a_servers_policy_lies_over_the_providers_configuration_on_its_side_only() -> None:
    manager = built_in("pii", {"strategy": "redact"})
    desk = Desk(manager, policy={"input": {"strategy": "partial"}})
    seen: list[Any] = []

    def upstream(given: Any) -> Any:
        seen.append(given)
        return {"from": "bob@example.net"}

    result = await desk.call({"to": "ada@lovelace.org"}, upstream)
    assert seen == [{"to": "a***@lovelace.org"}]
    assert result == {"from": "[EMAIL]"}
    assert await Desk(manager).call({"to": "ada@lovelace.org"}) == {"to": "[EMAIL]"}


async def test_what_stands_under_a_providers_name_is_for_that_provider() -> None:
    manager = GuardrailConfigManager()
    manager.initialize(several({"provider": "keyword", "config": {"words": ["falcon"]}}, {"provider": "pii"}))
    policy = {"input": {"keyword": {"words": ["eagle"]}, "pii": {"strategy": "block"}}}
    desk = Desk(manager, policy=policy)
    await desk.call({"text": "falcon"}, "fine")
    with pytest.raises(PolicyDenied, match="keyword"):
        await desk.call({"text": "eagle"})
    with pytest.raises(PolicyDenied, match="pii"):
        await desk.call({"to": "ada@lovelace.org"})


def test_a_provider_names_its_own_configuration_without_knowing_where_it_stands() -> None:
    class Picky(Provider):
        def __init__(self, config: dict[str, Any]) -> None:
            raise ConfigError(Problem("$.config.colour", "blue", "red"))

    manager = GuardrailConfigManager()
    manager.register(Picky)
    with pytest.raises(ConfigError) as caught:
        manager.initialize(several({"provider": "pii"}, {"provider": "given", "config": {"colour": "blue"}}))
    assert paths(caught.value) == ["$.plugins.guardrails.providers[1].config.colour"]


async def test_shutdown_reaches_every_provider_that_was_built_even_after_one_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed: list[str] = []

    class Closing(Provider):
        def __init__(self, label: str, fails: bool = False) -> None:
            self.label, self.fails = label, fails

        async def shutdown(self) -> None:
            closed.append(self.label)
            if self.fails:
                raise RuntimeError(SECRET)

    manager = GuardrailConfigManager()
    manager.register(Closing)
    manager.initialize(slot("given", {"label": "replaced", "fails": True}))
    manager.initialize(slot("given", {"label": "standing"}))
    with caplog.at_level(logging.WARNING):
        await manager.shutdown()
    await manager.shutdown()
    assert closed == ["replaced", "standing"]
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text
