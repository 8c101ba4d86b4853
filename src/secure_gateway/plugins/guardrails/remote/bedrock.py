"""``bedrock``: Amazon Bedrock's ``ApplyGuardrail`` (Bedrock API reference), signed by ourselves. Not tried against the service."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar, Final, Literal
from urllib.parse import quote, urlsplit

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
from secure_gateway.plugins.guardrails.remote.sigv4 import AwsKeys, signed_headers

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}")
_GUARDRAIL: Final = re.compile(r"[a-z0-9]{1,64}|arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,7}|DRAFT")
_CONFIDENCE: Final = {"NONE": 0.0, "LOW": 0.3, "MEDIUM": 0.6, "HIGH": 0.9}
_CONTENT: Final = {
    "PROMPT_ATTACK": ViolationType.INJECTION_ATTACK,
    "SEXUAL": ViolationType.NSFW_CONTENT,
    "VIOLENCE": ViolationType.TOXIC_CONTENT,
    "HATE": ViolationType.TOXIC_CONTENT,
    "INSULTS": ViolationType.TOXIC_CONTENT,
    "MISCONDUCT": ViolationType.POLICY_VIOLATION,
}
_GROUNDING: Final = {"GROUNDING": ViolationType.HALLUCINATION, "RELEVANCE": ViolationType.RELEVANCY_FAILURE}
_SOURCE: Final = {"input": "INPUT", "output": "OUTPUT"}

_Action = Literal["BLOCKED", "ANONYMIZED", "NONE"]


class _Entry(msgspec.Struct):
    action: _Action
    type: str = ""
    confidence: Literal["NONE", "LOW", "MEDIUM", "HIGH"] = "HIGH"


class _Topics(msgspec.Struct):
    topics: list[_Entry] = []


class _Filters(msgspec.Struct):
    filters: list[_Entry] = []


class _Words(msgspec.Struct):
    customWords: list[_Entry] = []  # noqa: N815 - the service's name
    managedWordLists: list[_Entry] = []  # noqa: N815 - the service's name


class _Sensitive(msgspec.Struct):
    piiEntities: list[_Entry] = []  # noqa: N815 - the service's name
    regexes: list[_Entry] = []


class _Assessment(msgspec.Struct):
    topicPolicy: _Topics = msgspec.field(default_factory=_Topics)  # noqa: N815 - the service's name
    contentPolicy: _Filters = msgspec.field(default_factory=_Filters)  # noqa: N815 - the service's name
    wordPolicy: _Words = msgspec.field(default_factory=_Words)  # noqa: N815 - the service's name
    sensitiveInformationPolicy: _Sensitive = msgspec.field(default_factory=_Sensitive)  # noqa: N815 - the service's name
    contextualGroundingPolicy: _Filters = msgspec.field(default_factory=_Filters)  # noqa: N815 - the service's name


class _Output(msgspec.Struct):
    text: str


class _Answer(msgspec.Struct):
    action: Literal["NONE", "GUARDRAIL_INTERVENED"]
    outputs: list[_Output]
    assessments: list[_Assessment]


class BedrockGuardrailProvider(RemoteGuardrailProvider):
    """Asks a guardrail of Amazon Bedrock. What it blocks is blocked; where it only masks, its text passes in place of the content.

    Requests are sent with source ``INPUT``, results with ``OUTPUT``. Written from the documentation; not tried against the service.
    """

    own_keys: ClassVar[tuple[str, ...]] = (
        "region",
        "guardrail_id",
        "guardrail_version",
        "access_key_id",
        "secret_access_key",
        "session_token",
    )
    detectors: ClassVar[tuple[ViolationType, ...]] = (
        *dict.fromkeys((*_CONTENT.values(), *_GROUNDING.values())),
        ViolationType.PII,
        ViolationType.KEYWORD_VIOLATION,
        ViolationType.CUSTOM,
    )

    modifies: ClassVar[bool] = True

    def get_name(self) -> str:
        """Return ``bedrock``."""
        return "bedrock"

    def get_required_config_keys(self) -> list[str]:
        """Return which guardrail it is, and the credentials."""
        return ["region", "guardrail_id", "guardrail_version", "access_key_id", "secret_access_key"]

    def _reach(self, options: RemoteOptions) -> Endpoint:
        region = _formed(options, "region", _REGION, "a region such as eu-central-1")
        guardrail = _formed(options, "guardrail_id", _GUARDRAIL, "a guardrail's id or ARN")
        version = _formed(options, "guardrail_version", _VERSION, "a version's number, or DRAFT")
        self._keys = AwsKeys(
            access_key_id=options.text("access_key_id"),
            secret_access_key=options.text("secret_access_key"),
            session_token=options.maybe_text("session_token"),
            region=region,
            service="bedrock",
        )
        root = options.url(f"https://bedrock-runtime.{region or 'us-east-1'}.amazonaws.com").rstrip("/")
        url = f"{root}/guardrail/{quote(guardrail, safe='')}/version/{version}/apply"
        return options.endpoint(url, (), 60.0)

    def _asker(self, options: RemoteOptions) -> Ask:
        parts = urlsplit(self._endpoint.url)

        def sign(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
            headers = {"host": parts.netloc, "content-type": "application/json"}
            signed = signed_headers(self._keys, parts.path, headers, body, dt.datetime.now(dt.UTC))
            return tuple((name.encode(), value.encode()) for name, value in signed.items())

        async def ask(subject: Subject) -> Opinion:
            question = {"source": _SOURCE[subject.side], "content": [{"text": {"text": subject.content}}]}
            body = json.dumps(question).encode()
            return await self._client.ask(Call(body=body, key=question, headers=sign), _opinion)

        return ask


def _formed(options: RemoteOptions, key: str, form: re.Pattern[str], expected: str) -> str:
    text = options.text(key)
    if text and not form.fullmatch(text):
        options.refuse(key, "something else", expected)
    return text


def _opinion(answer: Any) -> Opinion:
    """Return what the guardrail did. Raises ``AnswerError`` where the parts of its answer do not agree."""
    said = shaped(answer, _Answer)
    acting = [(entry, found) for each in said.assessments for entry, found in _entries(each) if entry.action != "NONE"]
    found = tuple(each for _, each in acting)
    if said.action == "NONE":
        if found:
            raise AnswerError("its service's answer contradicts itself: action NONE, and an assessment that acted")
        return Opinion()
    if not found:
        # It intervened for a reason that is newer than this file.
        return Opinion(found=(Found(ViolationType.CUSTOM, 1.0, "an intervention"),), refused=True)
    if any(entry.action == "BLOCKED" for entry, _ in acting):
        return Opinion(found=found, refused=True)
    if len(said.outputs) != 1:
        raise AnswerError(f"its service masked the content and answered {len(said.outputs)} texts, expected 1")
    return Opinion(found=found, modified=said.outputs[0].text)


def _entries(assessment: _Assessment) -> list[tuple[_Entry, Found]]:
    """Return every entry of an assessment with what it means."""
    found = [(entry, ViolationType.POLICY_VIOLATION, "a topic") for entry in assessment.topicPolicy.topics]
    found += [
        (entry, _CONTENT.get(entry.type, ViolationType.CUSTOM), "content") for entry in assessment.contentPolicy.filters
    ]
    found += [(entry, ViolationType.KEYWORD_VIOLATION, "a word") for entry in assessment.wordPolicy.customWords]
    found += [(entry, ViolationType.KEYWORD_VIOLATION, "a word") for entry in assessment.wordPolicy.managedWordLists]
    sensitive = assessment.sensitiveInformationPolicy
    found += [(entry, ViolationType.PII, "personal data") for entry in sensitive.piiEntities]
    found += [(entry, ViolationType.CUSTOM, "a pattern") for entry in sensitive.regexes]
    found += [
        (entry, _GROUNDING.get(entry.type, ViolationType.CUSTOM), "grounding")
        for entry in assessment.contextualGroundingPolicy.filters
    ]
    return [(entry, Found(kind, _CONFIDENCE[entry.confidence], label)) for entry, kind, label in found]
