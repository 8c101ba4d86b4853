"""A sink that cannot keep a record refuses the request, and hides it from nobody."""

from __future__ import annotations

import pytest

from secure_gateway.errors import ErrorCode, RequestError
from secure_gateway.testing.gateways import MemorySink, gateway_for


async def test_the_sinks_behind_one_that_fails_learn_of_the_request_all_the_same() -> None:
    full, other = MemorySink(required=True, full=True), MemorySink()
    with pytest.raises(RequestError) as caught:
        await gateway_for(sinks=[full, other]).call("tool", {}, lambda _arguments: 1)
    assert caught.value.code is ErrorCode.UNAVAILABLE
    assert [record.name for record in other.records] == ["tool"]
