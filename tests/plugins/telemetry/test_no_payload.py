"""What a caller sends, shows or provokes is in nothing that telemetry writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_gateway.errors import SecureGatewayException
from secure_gateway.gateway import Gateway
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.framework import Plugin
from secure_gateway.plugins.framework.plugin import PluginConfig
from secure_gateway.plugins.framework.results import PluginViolation, ToolPreInvokeResult
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
from secure_gateway.plugins.telemetry.record_keeper import RecordKeeper
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.testing.gateways import FixedIdentity, gateway_for
from secure_gateway.types import AuthCredentials, Principal
from tests.support.otlp_receiver import OTLPReceiver, otlp_receiver

MARKER = "pAyLoAd-4711"
CALLER = Principal(subject="alice", provider="testing", roles=("tester",), attributes={"claim": MARKER})


class Moody(Plugin):
    """Refuses, fails or passes, as the arguments say."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        match payload.args["mood"]:
            case "deny":
                violation = PluginViolation(reason="word", description="forbidden", code="W", details={"word": MARKER})
                return ToolPreInvokeResult(continue_processing=False, violation=violation)
            case "raise":
                raise ValueError(f"cannot read {payload.args}")
            case _:
                return ToolPreInvokeResult()


class NoSuchRowError(Exception):
    """The app's own, which the app gets back as it is."""


class Everything:
    """A gateway whose decisions go everywhere that there is."""

    def __init__(self, folder: Path, collector: OTLPReceiver) -> None:
        self.folder = folder
        self.collector = collector
        self.store = MemoryStore()
        services = ProviderServices(store=self.store, master_key=MasterKey(bytes(range(32))), config_dir=folder)
        self.manager = TelemetryConfigManager(services)
        self.manager.initialize(
            {
                "telemetry": {
                    "providers": [
                        {"provider": "audit"},
                        {"provider": "log", "config": {"path": str(folder / "log"), "level": "debug"}},
                        {"provider": "log"},
                        {"provider": "opentelemetry", "config": {"endpoint": collector.endpoint}},
                    ]
                }
            }
        )
        self.keeper = RecordKeeper(self.store)

    def gateway(self) -> Gateway:
        plugin = Moody(PluginConfig(name="moody", kind="moody", hooks=["tool_pre_invoke"]))
        sinks = [*self.manager.sinks, self.keeper]
        return gateway_for([plugin], identity=FixedIdentity(CALLER), sinks=sinks)

    def written(self) -> bytes:
        self.keeper.shutdown(20)
        assert self.manager.shutdown() == []
        files = b"".join(path.read_bytes() for path in self.folder.iterdir())
        stored = b"".join(value for _, value in self.store.recent("records", 1000))
        return files + stored + b"".join(self.collector.raw)


@pytest.fixture
def collector() -> Iterator[OTLPReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


JSON = st.recursive(
    st.just(MARKER) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(MARKER), inner),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.tuples(st.sampled_from(["allow", "deny", "raise", "fail"]), JSON), min_size=1, max_size=6))
def test_no_argument_result_credential_or_error_text_is_in_any_line_span_or_record(
    calls: list[tuple[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
    collector: OTLPReceiver,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    everything = Everything(tmp_path_factory.mktemp("telemetry"), collector)

    def upstream(arguments: Any) -> Any:
        if arguments["mood"] == "fail":
            raise NoSuchRowError(MARKER)
        return {"text": MARKER}

    async def main() -> None:
        async with everything.gateway() as gateway:
            for mood, value in calls:
                credentials = AuthCredentials(api_key=MARKER, headers={"authorization": f"Bearer {MARKER}"})
                arguments = {"mood": mood, "value": value}
                with contextlib.suppress(SecureGatewayException, NoSuchRowError):
                    await gateway.call("greet", arguments, upstream, credentials=credentials)

    asyncio.run(main())
    written = everything.written()
    out, err = capfd.readouterr()
    assert b"greet" in written
    assert '"event":"decision"' in err
    for place in (written, out.encode(), err.encode(), caplog.text.encode()):
        assert MARKER.encode() not in place
