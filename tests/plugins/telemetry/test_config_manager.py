"""From the configuration to sinks."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest

from secure_gateway.decisions import DecisionRecord
from secure_gateway.errors import ConfigError, ProviderContractError
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
from secure_gateway.testing.gateways import gateway_for
from tests.plugins.telemetry.records import record


class Mine(TelemetryProvider):
    """A provider of somebody's own; everything that it was given is kept here."""

    seen: ClassVar[list[str]] = []
    downs: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    @property
    def name(self) -> str:
        return "mine"

    @property
    def version(self) -> str:
        return "1.0.0"

    def initialize(self, config: dict[str, Any]) -> Any:
        return TelemetryResult(success=True, provider_name="mine")

    def create_logger(self, name: str) -> Any:
        return None

    def create_tracer(self, name: str) -> Any:
        return None

    def record(self, record: DecisionRecord) -> None:
        self.seen.append(record.request_id)

    def shutdown(self) -> TelemetryResult:
        self.downs.append(self.config)
        return TelemetryResult(success=True, provider_name="mine")


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    Mine.seen.clear()
    Mine.downs.clear()


def mine(**config: Any) -> dict[str, Any]:
    return {"plugins": {"telemetry": {"provider": "mine", "config": config}}}


def manager_of(cls: type[TelemetryProvider] = Mine) -> TelemetryConfigManager:
    manager = TelemetryConfigManager()
    manager.register(cls)
    return manager


def test_a_registered_provider_is_found_by_name_and_gets_every_record() -> None:
    manager = manager_of()
    manager.initialize(mine(a=1))
    (sink,) = manager.sinks
    assert sink.emit(record("r1"))
    assert isinstance(manager.get_provider(), Mine)
    assert (sink.name, sink.required, sink.durable) == ("mine", False, False)
    assert manager.shutdown() == []
    assert Mine.seen == ["r1"]
    assert Mine.downs == [{"a": 1}]


def test_no_telemetry_configured_means_no_sink_and_no_provider() -> None:
    manager = TelemetryConfigManager()
    manager.initialize({"plugins": {}})
    assert manager.sinks == ()
    assert manager.get_provider() is None
    assert manager.shutdown() == []


def test_of_a_list_every_provider_gets_every_record_and_sinks_have_different_names() -> None:
    manager = manager_of()
    manager.initialize({"telemetry": {"providers": [{"provider": "mine"}, {"provider": "mine"}]}})
    assert [sink.name for sink in manager.sinks] == ["mine", "mine#2"]
    assert len(manager.get_providers()) == 2
    for sink in manager.sinks:
        sink.emit(record("r1"))
    manager.shutdown()
    assert Mine.seen == ["r1", "r1"]


def test_an_unknown_name_is_refused_with_a_near_one() -> None:
    with pytest.raises(ConfigError, match=r"telemetry\.provider.*'opentelemetri'.*Did you mean 'opentelemetry'"):
        TelemetryConfigManager().initialize({"telemetry": {"provider": "opentelemetri"}})


class Unwilling(Mine):
    answers: ClassVar[dict[str, Any]] = {
        "unsuccessful": TelemetryResult(success=False, provider_name="mine", message="collector is not licensed"),
        "quoting": TelemetryResult(success=False, provider_name="mine", message="bad key s3cret-value"),
        "nothing": None,
        "other": {"success": True},
        "truthy": TelemetryResult(success="yes", provider_name="mine"),  # type: ignore[arg-type]
    }

    def initialize(self, config: dict[str, Any]) -> Any:
        match config["how"]:
            case "raises":
                raise RuntimeError("s3cret-value")
            case "exits":
                raise SystemExit(3)
            case how:
                return self.answers[how]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("unsuccessful", r"did not succeed \(collector is not licensed\)"),
        ("quoting", r"did not succeed;"),
        ("nothing", "initialize returned nothing"),
        ("other", "initialize returned dict"),
        ("truthy", "did not succeed"),
        ("raises", "initialize raised RuntimeError"),
        ("exits", "initialize raised SystemExit"),
    ],
)
def test_whatever_initialize_does_but_succeed_stops_the_start_and_no_secret_is_quoted(how: str, said: str) -> None:
    manager = manager_of(Unwilling)
    with pytest.raises(ConfigError, match=said) as caught:
        manager.initialize(mine(how=how, key="s3cret-value"))
    assert "s3cret" not in str(caught.value)
    assert "$.plugins.telemetry" in str(caught.value)
    assert manager.sinks == ()


class BadFaces(Mine):
    def create_tracer(self, name: str) -> Any:
        raise RuntimeError("s3cret")


class Lying(Mine):
    required = "yes"


class Hasty(Mine):
    durable = True


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (BadFaces, "raised RuntimeError when asked for its logger"),
        (Lying, r"Lying\.required, a str"),
        (Hasty, "durable and has no method sync"),
    ],
)
def test_a_provider_that_cannot_be_used_is_found_at_start_up_not_by_traffic(cls: type[Mine], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        manager_of(cls).initialize(mine())
    assert "s3cret" not in str(caught.value)


def test_an_incomplete_class_cannot_be_registered() -> None:
    class Half(TelemetryProvider):
        pass

    with pytest.raises(ProviderContractError, match="create_logger"):
        TelemetryConfigManager().register(Half)  # type: ignore[type-abstract]


def test_all_that_is_wrong_is_said_at_once() -> None:
    config = {"providers": [{"provider": "log", "config": {"stream": "stdout"}}, {"provider": "nope"}]}
    with pytest.raises(ConfigError) as caught:
        TelemetryConfigManager().initialize({"telemetry": config})
    assert [problem.path for problem in caught.value.problems] == [
        "$.plugins.telemetry.providers[0].config.stream",
        "$.plugins.telemetry.providers[1].provider",
    ]


def test_a_configuration_that_fails_leaves_what_was_in_force_and_shuts_down_what_it_had_built() -> None:
    manager = manager_of()
    manager.initialize(mine(number=1))
    sinks = manager.sinks
    with pytest.raises(ConfigError):
        manager.initialize({"telemetry": {"providers": [{"provider": "mine"}, {"provider": "nope"}]}})
    assert manager.sinks == sinks
    assert sinks[0].emit(record("r1"))
    manager.shutdown()
    assert Mine.seen == ["r1"]


def test_replaced_providers_serve_the_requests_that_hold_them_and_are_shut_down_at_the_end() -> None:
    manager = manager_of()
    manager.initialize(mine(number=1))
    (old,) = manager.sinks
    manager.initialize(mine(number=2))
    assert old.emit(record("late"))
    assert old not in manager.sinks
    manager.shutdown()
    assert Mine.seen == ["late"]
    assert {config["number"] for config in Mine.downs} == {1, 2}


def test_a_provider_that_hangs_is_named_and_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    class Hanging(Mine):
        @property
        def name(self) -> str:
            return "hanging"

        def record(self, record: DecisionRecord) -> None:
            release.wait()

    manager = manager_of()
    manager.register(Hanging)
    manager.initialize({"telemetry": {"providers": [{"provider": "hanging"}, {"provider": "mine"}]}})
    for sink in manager.sinks:
        sink.emit(record("r1"))
    with caplog.at_level(logging.WARNING):
        assert manager.shutdown(timeout=0.5) == ["hanging"]
    assert Mine.seen == ["r1"]
    assert "hanging did not shut down within 0.5 seconds" in caplog.text
    release.set()


def test_a_provider_in_the_plugins_folder_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "paper.py").write_text(
        "from secure_gateway.plugins.telemetry.base import TelemetryProvider, TelemetryResult\n"
        "class Paper(TelemetryProvider):\n"
        "    name = 'paper'\n"
        "    version = '1'\n"
        "    def initialize(self, config): return TelemetryResult(success=True, provider_name='paper')\n"
        "    def create_logger(self, name): return None\n"
        "    def create_tracer(self, name): return None\n"
    )
    manager = TelemetryConfigManager(plugin_dirs=[tmp_path])
    manager.initialize({"telemetry": {"provider": "paper"}})
    assert [sink.name for sink in manager.sinks] == ["paper"]
    manager.shutdown()


async def test_a_call_through_the_gateway_reaches_the_audit_before_its_answer_is_given(
    services: ProviderServices,
) -> None:
    manager = TelemetryConfigManager(services)
    manager.initialize({"telemetry": {"provider": "audit", "config": {"durable": True}}})
    gateway = gateway_for(sinks=manager.sinks)
    assert await gateway.call("greet", {"name": "x"}, lambda _: "hello") == "hello"
    assert (services.config_dir / "audit.jsonl").read_text().count('"event":"decision"') == 1
    await gateway.close()
    assert await asyncio.to_thread(manager.shutdown) == []
