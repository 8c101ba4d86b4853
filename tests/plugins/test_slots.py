"""How the slot of one kind of provider is read, and what a provider says about its configuration."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.auth.base import AuthProvider
from secure_gateway.plugins.registry import ProviderRegistry
from secure_gateway.plugins.slots import BuiltProvider, ProviderEntry, build_provider, read_slot, unknown_keys
from tests.plugins.conftest import Complete


class Base(Complete):
    def get_name(self) -> str:
        return "base"


def built(cls: type, config: dict[str, Any]) -> BuiltProvider:
    registry = ProviderRegistry(AuthProvider, "secure_gateway.auth", {})
    registry.register(cls)
    return build_provider(ProviderEntry(provider="base", cls="", config=config, where="$.x"), registry, None)


def paths(refused: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [problem.path for problem in refused.value.problems]


def test_one_provider_and_a_list_are_read_with_their_paths() -> None:
    one = read_slot({"plugins": {"auth": {"provider": "jwt", "config": {"a": 1}}}}, "auth")
    assert [(entry.provider, entry.config, entry.where) for entry in one] == [("jwt", {"a": 1}, "$.plugins.auth")]
    two = read_slot({"auth": {"providers": [{"provider": "jwt"}, {"class": "m:C"}]}}, "auth")
    assert [(entry.provider, entry.cls, entry.where) for entry in two] == [
        ("jwt", "", "$.plugins.auth.providers[0]"),
        ("", "m:C", "$.plugins.auth.providers[1]"),
    ]


@pytest.mark.parametrize(
    "config", [{}, {"plugins": {}}, {"plugins": {"telemetry": {"provider": "log"}}}, {"servers": {}}]
)
def test_a_slot_that_is_absent_holds_no_provider(config: dict[str, Any]) -> None:
    assert read_slot(config, "auth") == []


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"plugins": None}, "$.plugins"),
        ({"plugins": []}, "$.plugins"),
        ({"plugins": {"auth": None}}, "$.plugins.auth"),
        ({"plugins": {"auth": []}}, "$.plugins.auth"),
        ({"plugins": {"auth": {}}}, "$.plugins.auth"),
        ({"plugins": {"auth": {"provider": ""}}}, "$.plugins.auth"),
        ({"plugins": {"auth": {"provider": 5}}}, "$.plugins.auth.provider"),
        ({"plugins": {"auth": {"provider": "jwt", "confg": {}}}}, "$.plugins.auth.confg"),
        ({"plugins": {"auth": {"provider": "jwt", "config": []}}}, "$.plugins.auth.config"),
        ({"plugins": {"auth": {"provider": "jwt", "config": "x"}}}, "$.plugins.auth.config"),
        ({"plugins": {"auth": {"providers": []}}}, "$.plugins.auth.providers"),
        ({"plugins": {"auth": {"providers": {}}}}, "$.plugins.auth.providers"),
        ({"plugins": {"auth": {"providers": [{"provider": "jwt"}], "config": {}}}}, "$.plugins.auth.config"),
        ({"plugins": {"auth": {"providers": [{"provider": "jwt"}], "provider": "x"}}}, "$.plugins.auth.provider"),
    ],
)
def test_a_slot_that_makes_no_sense_is_refused_by_path_and_never_means_off(config: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_slot(config, "auth")
    assert paths(refused) == [path]


def test_all_mistakes_of_a_list_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        read_slot({"auth": {"providers": [5, {"provider": "jwt"}, {"class": 1, "x": 2}]}}, "auth")
    assert paths(refused) == [
        "$.plugins.auth.providers[0]",
        "$.plugins.auth.providers[2].x",
        "$.plugins.auth.providers[2].class",
    ]


def test_required_keys_are_named_before_a_constructor_stumbles_over_one() -> None:
    class Needy(Base):
        def __init__(self, config: dict[str, Any]) -> None:
            self.endpoint = config["endpoint"]

        def get_required_config_keys(self) -> list[str]:
            return ["endpoint", "timeout"]

    with pytest.raises(ConfigError) as refused:
        built(Needy, {})
    assert paths(refused) == ["$.x.config.endpoint", "$.x.config.timeout"]


def test_required_keys_that_only_an_instance_knows_are_asked_of_the_instance() -> None:
    class Needy(Base):
        def __init__(self) -> None:
            self.keys = ["endpoint"]

        def get_required_config_keys(self) -> list[str]:
            return self.keys

    with pytest.raises(ConfigError) as refused:
        built(Needy, {})
    assert paths(refused) == ["$.x.config.endpoint"]


@pytest.mark.parametrize("answer", [False, None, 1, "yes"])
def test_a_configuration_counts_as_valid_only_if_the_provider_says_true(answer: object) -> None:
    cls = type("Odd", (Base,), {"validate_config": lambda _self, _config: answer})
    with pytest.raises(ConfigError, match="validate_config refuses"):
        built(cls, {})


def test_a_check_that_raises_stops_the_start_without_its_text() -> None:
    def check(self: Any, config: dict[str, Any]) -> bool:
        raise ValueError(config["secret"])

    with pytest.raises(ConfigError, match="validate_config raised ValueError") as refused:
        built(type("Odd", (Base,), {"validate_config": check}), {"secret": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_provider_s_own_problems_are_put_where_its_configuration_stands() -> None:
    class Strict(Base):
        def __init__(self, config: dict[str, Any]) -> None:
            raise ConfigError([Problem("$.config.keys[0]", "a", "b"), Problem("$.configured", "a", "b")])

    with pytest.raises(ConfigError) as refused:
        built(Strict, {})
    assert paths(refused) == ["$.x.config.keys[0]", "$.configured"]


def test_keys_that_nobody_takes_are_named_with_the_near_miss() -> None:
    class Keywords(Base):
        def __init__(self, endpoint: str = "") -> None: ...

    assert [str(problem) for problem in unknown_keys(built(Keywords, {"endpiont": "x"}))] == [
        "$.x.config.endpiont: found a key that nobody takes; expected one of endpoint. Did you mean 'endpoint'?"
    ]
    assert "Base takes none" in str(unknown_keys(built(Base, {"a": 1}))[0])


def test_no_repr_shows_configured_values() -> None:
    standing = built(type("Open", (Base,), {"__init__": lambda _self, **_options: None}), {"secret": "hunter2"})
    assert "hunter2" not in repr(standing) + repr(standing.entry)
