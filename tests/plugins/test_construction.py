"""How a provider class is checked and built: by reading its signature, never by trying."""

from __future__ import annotations

import logging
import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import pytest

from secure_gateway.errors import ConfigError, ProviderContractError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.auth.base import AuthCredentials, AuthProvider, AuthResult
from secure_gateway.plugins.construction import build, check_class, constructor_keys, told_when_slow
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore
from tests.plugins.conftest import Complete

WHERE = "$.plugins.auth"


@pytest.fixture
def services(tmp_path: Path) -> ProviderServices:
    return ProviderServices(store=MemoryStore(), master_key=MasterKey(bytes(range(32))), config_dir=tmp_path)


def test_a_complete_class_passes() -> None:
    assert check_class(Complete, AuthProvider) is Complete


@pytest.mark.parametrize("stranger", [object, Complete.get_name, "Complete", None])
def test_what_is_no_subclass_is_refused(stranger: Any) -> None:
    with pytest.raises(ProviderContractError, match="no subclass of AuthProvider"):
        check_class(stranger, AuthProvider)


def test_everything_wrong_with_a_class_is_said_at_once() -> None:
    class Faulty(AuthProvider):
        def get_name(self, kind: str) -> str:  # type: ignore[override]
            return kind

        async def get_version(self) -> str:  # type: ignore[override]
            return "1"

        def authenticate(self, credentials: AuthCredentials) -> AuthResult:  # type: ignore[override]
            raise NotImplementedError

        validate_session = True  # type: ignore[assignment]

    with pytest.raises(ProviderContractError) as refused:
        check_class(Faulty, AuthProvider)
    for part in (
        "get_supported_methods, refresh_authentication",
        "get_name takes (kind) but is called with ()",
        "get_version is async and must not be",
        "authenticate is not async: write `async def authenticate(…)`",
        "validate_session is no method",
    ):
        assert part in str(refused.value)


def test_methods_may_be_static_take_more_with_defaults_or_anything() -> None:
    class Loose(Complete):
        @staticmethod
        def get_name() -> str:
            return "loose"

        async def authenticate(self, *args: Any, **more: Any) -> AuthResult:
            raise NotImplementedError

        async def validate_session(self, session_id: str, strict: bool = True) -> bool:
            return strict

    check_class(Loose, AuthProvider)


class Options(TypedDict, total=False):
    name: str


class ByName:
    def __init__(self, config: Any) -> None:
        self.got = config


class ByAnnotation:
    def __init__(self, options: Mapping[str, Any]) -> None:
        self.got = options


class ByOptional:
    def __init__(self, options: dict[str, Any] | None = None) -> None:
        self.got = options


class ByTypedDict:
    def __init__(self, options: Options) -> None:
        self.got = options


@pytest.mark.parametrize("cls", [ByName, ByAnnotation, ByOptional, ByTypedDict])
def test_one_parameter_called_config_or_annotated_as_a_mapping_gets_the_dict(cls: type) -> None:
    config = {"name": "x"}
    instance, left = build(cls, config, None, WHERE)
    assert instance.got == config
    assert instance.got is not config
    assert left == {}


def test_a_mapping_beside_services_is_still_the_one_parameter(services: ProviderServices) -> None:
    class Both:
        def __init__(self, config: dict[str, Any], services: ProviderServices) -> None:
            self.got = (config, services)

    instance, left = build(Both, {"a": 1}, services, WHERE)
    assert (instance.got, left) == (({"a": 1}, services), {})


def test_keywords_get_their_keys_and_the_rest_is_left() -> None:
    class Keywords:
        def __init__(self, endpoint: str, *, timeout: int = 5) -> None:
            self.got = (endpoint, timeout)

    instance, left = build(Keywords, {"endpoint": "e", "retries": 3}, None, WHERE)
    assert (instance.got, left) == (("e", 5), {"retries": 3})
    assert constructor_keys(Keywords) == ["endpoint", "timeout"]


def test_a_mapping_among_others_is_a_keyword_like_the_others() -> None:
    class Two:
        def __init__(self, config: dict[str, Any], timeout: int = 5) -> None:
            self.got = (config, timeout)

    instance, _ = build(Two, {"config": {"a": 1}, "timeout": 1}, None, WHERE)
    assert instance.got == ({"a": 1}, 1)


def test_a_class_without_a_constructor_leaves_every_key() -> None:
    assert build(Complete, {"a": 1}, None, WHERE)[1] == {"a": 1}


def test_an_open_constructor_takes_every_key_but_not_the_name_of_what_the_gateway_lends(
    services: ProviderServices,
) -> None:
    class Open:
        def __init__(self, services: ProviderServices, **options: Any) -> None:
            self.got = (services, options)

    instance, left = build(Open, {"a": 1, "services": "mine"}, services, WHERE)
    assert (instance.got, left) == ((services, {"a": 1}), {})


def test_all_missing_keys_are_named_by_path() -> None:
    class Needy:
        def __init__(self, host: str, port: int, tls: bool = True) -> None: ...

    with pytest.raises(ConfigError) as refused:
        build(Needy, {}, None, WHERE)
    assert [problem.path for problem in refused.value.problems] == [f"{WHERE}.config.host", f"{WHERE}.config.port"]


def test_services_are_needed_only_where_they_have_no_default() -> None:
    class Needs:
        def __init__(self, services: ProviderServices) -> None: ...

    class Likes:
        def __init__(self, services: ProviderServices | None = None) -> None:
            self.got = services

    with pytest.raises(ConfigError, match="load_gateway"):
        build(Needs, {}, None, WHERE)
    assert build(Likes, {}, None, WHERE)[0].got is None


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyError])
def test_a_constructor_that_raises_is_a_config_error_without_its_text(raised: type[BaseException]) -> None:
    class Raises:
        def __init__(self, secret: str) -> None:
            raise raised(secret)

    with pytest.raises(ConfigError, match=f"raised {raised.__name__}") as refused:
        build(Raises, {"secret": "hunter2"}, None, WHERE)
    assert "hunter2" not in str(refused.value)


def test_a_constructor_that_takes_long_is_named_in_the_log_and_no_other() -> None:
    heard: queue.Queue[str] = queue.Queue()
    handler = logging.Handler()
    handler.emit = lambda record: heard.put(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("secure_gateway.plugins.construction")
    log.addHandler(handler)
    try:
        with told_when_slow("the constructor of Quick"):
            pass
        with told_when_slow("the constructor of Slow at $.plugins.auth", seconds=0.01):
            message = heard.get(timeout=30)
    finally:
        log.removeHandler(handler)
    assert message.startswith("the constructor of Slow at $.plugins.auth has not returned")
    assert heard.empty()
