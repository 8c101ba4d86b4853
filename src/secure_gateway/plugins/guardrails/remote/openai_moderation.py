"""``openai_moderation``: OpenAI's moderation endpoint, and those that answer as it does."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.guardrails.base import ViolationType
from secure_gateway.plugins.guardrails.remote.client import Call
from secure_gateway.plugins.guardrails.remote.provider import (
    Ask,
    Found,
    Opinion,
    RemoteGuardrailProvider,
    Subject,
    shaped,
)
from secure_gateway.plugins.guardrails.remote.settings import Endpoint, RemoteOptions

_URL: Final = "https://api.openai.com/v1"
_LATEST: Final = "-latest"

CATEGORIES: Final = {
    "harassment": ViolationType.TOXIC_CONTENT,
    "harassment/threatening": ViolationType.TOXIC_CONTENT,
    "hate": ViolationType.TOXIC_CONTENT,
    "hate/threatening": ViolationType.TOXIC_CONTENT,
    "illicit": ViolationType.POLICY_VIOLATION,
    "illicit/violent": ViolationType.POLICY_VIOLATION,
    "self-harm": ViolationType.TOXIC_CONTENT,
    "self-harm/intent": ViolationType.TOXIC_CONTENT,
    "self-harm/instructions": ViolationType.TOXIC_CONTENT,
    "sexual": ViolationType.NSFW_CONTENT,
    "sexual/minors": ViolationType.NSFW_CONTENT,
    "violence": ViolationType.TOXIC_CONTENT,
    "violence/graphic": ViolationType.TOXIC_CONTENT,
}
"""The documented categories (API reference, "Moderations"). One that is new counts as ``custom``."""


class _Result(msgspec.Struct):
    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]


class _Answer(msgspec.Struct):
    model: str
    results: list[_Result]


class OpenAIModerationProvider(RemoteGuardrailProvider):
    """Asks a moderation endpoint about hate, harassment, violence, self-harm, sexual and illicit content.

    ``categories``: only these count. ``thresholds``: from which score a category counts, in place of the service's own mark.
    """

    own_keys: ClassVar[tuple[str, ...]] = ("api_key", "model")
    own_judging_keys: ClassVar[tuple[str, ...]] = ("categories", "thresholds")
    detectors: ClassVar[tuple[ViolationType, ...]] = (
        ViolationType.TOXIC_CONTENT,
        ViolationType.NSFW_CONTENT,
        ViolationType.POLICY_VIOLATION,
        ViolationType.CUSTOM,
    )

    def get_name(self) -> str:
        """Return ``openai_moderation``."""
        return "openai_moderation"

    def get_required_config_keys(self) -> list[str]:
        """Return ``api_key``."""
        return ["api_key"]

    def _reach(self, options: RemoteOptions) -> Endpoint:
        self._model = options.text("model", "omni-moderation-latest")
        key = options.text("api_key")
        headers = ((b"authorization", f"Bearer {key}".encode()),)
        return options.endpoint(f"{options.url(_URL).rstrip('/')}/moderations", headers, 60.0)

    def _asker(self, options: RemoteOptions) -> Ask:
        wanted = options.texts("categories", CATEGORIES)
        thresholds = options.numbers("thresholds")
        for name in thresholds:
            if name not in CATEGORIES:
                options.refuse("thresholds", "an unknown category", f"one of {', '.join(sorted(CATEGORIES))}")

        def read(answer: Any) -> Opinion:
            return _opinion(_checked(answer, self._model), wanted, thresholds)

        async def ask(subject: Subject) -> Opinion:
            question = {"model": self._model, "input": subject.content}
            body = json.dumps(question, ensure_ascii=True).encode()
            return await self._client.ask(Call(body=body, key=question, headers=lambda _body: ()), read)

        return ask


def _checked(answer: Any, model: str) -> _Result:
    """Return the one result. Raises ``AnswerError`` for one of another model, or one that contradicts itself."""
    said = shaped(answer, _Answer)
    if said.model != model and not (model.endswith(_LATEST) and said.model.startswith(model.removesuffix(_LATEST))):
        raise AnswerError("its service answered for another model")
    if len(said.results) != 1:
        raise AnswerError(f"its service answered {len(said.results)} results, expected 1")
    result = said.results[0]
    if not result.categories or result.categories.keys() != result.category_scores.keys():
        raise AnswerError("its service answered categories and scores that do not belong together")
    if any(not 0 <= score <= 1 for score in result.category_scores.values()):
        raise AnswerError("its service answered a score that is not from 0 to 1")
    if result.flagged is not any(result.categories.values()):
        raise AnswerError("its service's answer contradicts itself: flagged does not fit the categories")
    return result


def _opinion(result: _Result, wanted: tuple[str, ...] | None, thresholds: dict[str, float]) -> Opinion:
    found = []
    for name, flagged in result.categories.items():
        score = result.category_scores[name]
        counts = score >= thresholds[name] if name in thresholds else flagged
        # A category that is newer than this list is never dropped by it.
        if counts and (wanted is None or name in wanted or name not in CATEGORIES):
            found.append(
                Found(CATEGORIES.get(name, ViolationType.CUSTOM), score, name if name in CATEGORIES else "other")
            )
    return Opinion(found=tuple(found))
