"""``HookCache``: what a plugin answered to the same question about the same caller."""

from __future__ import annotations

from typing import Any

from secure_gateway.plugins.outbound.cache import AnswerCache


class HookCache(AnswerCache):
    """Answers to hooks."""

    def digest(self, hook: str, payload: dict[str, Any], context: dict[str, Any]) -> bytes | None:
        """Return the key of a question: the whole context is part of it, the caller too, but not the id of the request."""
        facts = {name: value for name, value in context["global_context"].items() if name != "request_id"}
        return self.digest_of([hook, payload, {**context, "global_context": facts}])
