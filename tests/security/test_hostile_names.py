"""Names come from callers: neither spaces in them nor their length get anybody anything."""

from __future__ import annotations

import tracemalloc

import pytest

from secure_gateway.pipeline.permissions import Permissions
from secure_gateway.testing.gateways import MemorySink, gateway_for
from secure_gateway.types import Operation, Principal

_CALLER = Principal(subject="u", provider="p", roles=("r",))


@pytest.mark.parametrize("granted", ["/public/*", "GET /public/*", "* /public/*"])
@pytest.mark.parametrize("path", ["/admin /public/x", "/files/secret /public/", "/admin\n /public/x", "/admin"])
def test_a_path_with_a_space_is_not_covered_by_what_stands_behind_the_space(granted: str, path: str) -> None:
    as_role = Permissions({"r": {"http": [granted]}})
    as_permission = Principal(subject="u", provider="p", permissions=(f"http:{granted}",))
    assert as_role.refusal(_CALLER, Operation.HTTP, f"GET {path}")
    assert Permissions({}).refusal(as_permission, Operation.HTTP, f"GET {path}")


def test_methods_and_paths_are_matched_each_for_itself() -> None:
    permissions = Permissions({"r": {"http": ["GET /a/*", "/my docs/*", r"re:(PUT|POST) /b/\d+"]}})
    granted = ["GET /a/x", "GET /a/x y", "PUT /my docs/1", "PUT /b/1"]
    refused = ["PUT /a/x", "GET /b/1", "GET /docs/1", "PUT /b/1/c"]
    assert [permissions.refusal(_CALLER, Operation.HTTP, name) for name in granted] == [""] * len(granted)
    assert all(permissions.refusal(_CALLER, Operation.HTTP, name) for name in refused)


def test_names_that_are_long_are_not_remembered() -> None:
    permissions = Permissions({"r": {"tools": ["read_*"]}})
    tracemalloc.start()
    try:
        for number in range(50):
            assert permissions.refusal(_CALLER, Operation.TOOL, f"read_{number}" + "x" * 1_000_000) == ""
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5_000_000


async def test_a_record_keeps_no_more_than_the_beginning_of_a_long_name() -> None:
    sink = MemorySink()
    await gateway_for(sinks=[sink]).call("x" * 5_000_000, {}, lambda _arguments: 1)
    assert sink.last.name == "x" * 4095 + "…"
