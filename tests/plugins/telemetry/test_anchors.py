"""How far an audit has come stands in the state store too, so that lines cut off at its end are missed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from secure_gateway.errors import StoreError
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.telemetry.anchors import TABLE, Anchor, Anchors, forget_anchor, read_anchor
from secure_gateway.plugins.telemetry.audit import AuditTelemetryProvider
from secure_gateway.plugins.telemetry.chain import Link, audit_key
from secure_gateway.plugins.telemetry.verification import AuditReport, verify_audit
from secure_gateway.stores.memory import MemoryStore
from tests.plugins.telemetry.records import record


@pytest.fixture
def path(services: ProviderServices) -> Path:
    return services.config_dir / "audit.jsonl"


@pytest.fixture
def verify(services: ProviderServices, path: Path) -> Callable[[], AuditReport]:
    def run() -> AuditReport:
        noted = read_anchor(services.store, path)
        return verify_audit(path, audit_key(services.master_key), None if noted is None else noted.link)

    return run


def write(services: ProviderServices, count: int = 3) -> None:
    provider = AuditTelemetryProvider({}, services)
    provider.initialize({})
    provider.record_batch([record(f"r{number}") for number in range(count)])
    provider.shutdown()


@pytest.mark.parametrize("kept", range(5))
def test_lines_cut_off_at_the_end_are_missed(
    services: ProviderServices, path: Path, verify: Callable[[], AuditReport], kept: int
) -> None:
    write(services)
    assert verify().ok
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
    report = verify()
    assert report.bad is not None
    assert report.bad.problem.startswith(f"it ends at number {kept}, and the state store has noted number 5")


def test_an_audit_that_goes_on_after_a_cut_is_not_taken_for_the_one_that_was_noted(
    services: ProviderServices,
    path: Path,
    verify: Callable[[], AuditReport],
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(services)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with caplog.at_level(logging.ERROR):
        write(services, 10)
    assert "goes on at number 3, and had come to number 5" in caplog.text
    assert "not the number 5 that the state store has noted" in getattr(verify().bad, "problem", "")


def test_a_new_audit_is_right_when_somebody_says_that_the_former_was_moved_away(
    services: ProviderServices, path: Path, verify: Callable[[], AuditReport]
) -> None:
    write(services)
    path.unlink()
    write(services, 10)
    assert not verify().ok
    assert forget_anchor(services.store, path)
    write(services, 1)
    assert verify().ok
    assert read_anchor(services.store, path) is not None


def test_it_is_noted_again_and_again_and_never_further_back(services: ProviderServices, path: Path) -> None:
    anchors = Anchors(services, path)
    anchors.begin(None, Link(1, "a"))
    for seq, noted in ((2, 1), (1000, 1), (1001, 1001), (1500, 1001)):
        anchors.note(Link(seq, "b"))
        assert read_anchor(services.store, path) == Anchor(noted, "a" if noted == 1 else "b", services.clock())
    Anchors(services, path).note(Link(900, "c"), at_once=True)
    assert read_anchor(services.store, path) == Anchor(1001, "b", services.clock())


def test_a_store_that_does_not_answer_costs_no_record(
    services: ProviderServices, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryStore):
        def put(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> None:
            raise StoreError("the store is gone")

    broken = ProviderServices(
        store=Broken(), master_key=services.master_key, config_dir=services.config_dir, clock=services.clock
    )
    write(broken)
    assert "could not note how far" in caplog.text
    assert verify_audit(path, audit_key(services.master_key)).lines == 5


def test_a_damaged_note_is_an_error_and_not_nothing(services: ProviderServices, path: Path) -> None:
    write(services)
    ((key, _),) = services.store.scan(TABLE)
    services.store.put(TABLE, key, b"{}")
    with pytest.raises(StoreError, match="damaged"):
        read_anchor(services.store, path)
