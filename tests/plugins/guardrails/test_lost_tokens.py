"""However many tokens are lost, the log has a line a minute about it."""

from __future__ import annotations

import pytest

from secure_gateway.plugins.guardrails.lost_tokens import SECONDS_APART, LostTokens


def test_a_flood_of_lost_tokens_is_one_line_a_minute_that_counts_them(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    lost = LostTokens("pii", lambda: now)
    lost.note(0)
    assert caplog.messages == []
    for _ in range(1_000):
        lost.note(3)
    assert [message.partition(":")[0] for message in caplog.messages] == ["pii restored nothing for 3 tokens"]
    now = SECONDS_APART
    lost.note(0)
    lost.note(1)
    assert len(caplog.messages) == 2
    assert "for 2998 tokens" in caplog.messages[1]
