"""``llama_guard``: a Llama Guard model behind any endpoint that speaks OpenAI's chat completions."""

from __future__ import annotations

import json
import re
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

CATEGORIES: Final = {
    "S1": ViolationType.TOXIC_CONTENT,
    "S2": ViolationType.POLICY_VIOLATION,
    "S3": ViolationType.NSFW_CONTENT,
    "S4": ViolationType.NSFW_CONTENT,
    "S5": ViolationType.TOXIC_CONTENT,
    "S6": ViolationType.POLICY_VIOLATION,
    "S7": ViolationType.PII,
    "S8": ViolationType.COPYRIGHT_PROTECTION,
    "S9": ViolationType.POLICY_VIOLATION,
    "S10": ViolationType.TOXIC_CONTENT,
    "S11": ViolationType.TOXIC_CONTENT,
    "S12": ViolationType.NSFW_CONTENT,
    "S13": ViolationType.POLICY_VIOLATION,
    "S14": ViolationType.INJECTION_ATTACK,
}
"""The hazards of the model card (MLCommons taxonomy and S14, code interpreter abuse)."""

_CATEGORY: Final = re.compile(r"S[1-9][0-9]?")
_MOST_TOKENS: Final = 100


class _Message(msgspec.Struct):
    role: str
    content: str


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str


class _Answer(msgspec.Struct):
    model: str
    choices: list[_Choice]


class LlamaGuardProvider(RemoteGuardrailProvider):
    """Asks a Llama Guard model whether a text is safe.

    ``categories``: only these hazards count, such as ``S9``. ``answers_as``: the model's name in answers, where it is not that of ``model``.
    """

    own_keys: ClassVar[tuple[str, ...]] = ("api_key", "model", "answers_as")
    own_judging_keys: ClassVar[tuple[str, ...]] = ("categories",)
    detectors: ClassVar[tuple[ViolationType, ...]] = tuple(dict.fromkeys((*CATEGORIES.values(), ViolationType.CUSTOM)))

    def get_name(self) -> str:
        """Return ``llama_guard``."""
        return "llama_guard"

    def get_required_config_keys(self) -> list[str]:
        """Return what has no default: where it runs, and what it is called."""
        return ["url", "model"]

    def _reach(self, options: RemoteOptions) -> Endpoint:
        self._model = options.text("model")
        self._answers_as = options.maybe_text("answers_as") or self._model
        key = options.maybe_text("api_key")
        headers = () if key is None else ((b"authorization", f"Bearer {key}".encode()),)
        return options.endpoint(f"{options.url().rstrip('/')}/chat/completions", headers, 60.0)

    def _asker(self, options: RemoteOptions) -> Ask:
        wanted = options.texts("categories", CATEGORIES)

        def read(answer: Any) -> Opinion:
            return _opinion(_checked(answer, self._answers_as), wanted)

        async def ask(subject: Subject) -> Opinion:
            question = {
                "model": self._model,
                "messages": [{"role": "user", "content": subject.content}],
                "temperature": 0,
                "max_tokens": _MOST_TOKENS,
                "stream": False,
            }
            body = json.dumps(question).encode()
            return await self._client.ask(Call(body=body, key=question, headers=lambda _body: ()), read)

        return ask


def _checked(answer: Any, model: str) -> tuple[str, ...] | None:
    """Return the hazards, None where the text is safe. Raises ``AnswerError`` for anything but the two forms of the model card."""
    said = shaped(answer, _Answer)
    if said.model != model:
        raise AnswerError("its service answered for another model; where that is its name, set answers_as")
    if len(said.choices) != 1:
        raise AnswerError(f"its service answered {len(said.choices)} choices, expected 1")
    choice = said.choices[0]
    if choice.finish_reason != "stop" or choice.message.role != "assistant":
        raise AnswerError("its service did not let the model finish its answer")
    lines = [line.strip() for line in choice.message.content.strip().split("\n")]
    if lines == ["safe"]:
        return None
    if lines[0] != "unsafe" or len(lines) > 2:  # noqa: PLR2004 - the verdict, and the hazards
        raise AnswerError("its model answered neither safe nor unsafe")
    hazards = tuple(part.strip() for part in lines[1].split(",")) if len(lines) == 2 else ()  # noqa: PLR2004 - as above
    if not all(_CATEGORY.fullmatch(hazard) for hazard in hazards):
        raise AnswerError("its model answered unsafe with something that is no list of hazards")
    return hazards


def _opinion(hazards: tuple[str, ...] | None, wanted: tuple[str, ...] | None) -> Opinion:
    if hazards is None:
        return Opinion()
    if not hazards:
        return Opinion(found=(Found(ViolationType.CUSTOM, 1.0, "unsafe"),), refused=True)
    counting = [hazard for hazard in hazards if wanted is None or hazard in wanted or hazard not in CATEGORIES]
    return Opinion(found=tuple(Found(CATEGORIES.get(each, ViolationType.CUSTOM), 1.0, each) for each in counting))
