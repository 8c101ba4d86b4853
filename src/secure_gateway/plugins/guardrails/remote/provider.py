"""What remote guardrails have in common: a guard that asks, takes a checked opinion, and denies when there is none."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailRequest,
    GuardrailResponse,
    GuardrailViolation,
    ViolationType,
)
from secure_gateway.plugins.guardrails.options import SIDES
from secure_gateway.plugins.guardrails.remote.client import RemoteClient
from secure_gateway.plugins.guardrails.remote.settings import CONNECTION_KEYS, JUDGING_KEYS, Endpoint, RemoteOptions
from secure_gateway.plugins.guardrails.scanned import DIRECTIONS, sides
from secure_gateway.plugins.services import ProviderServices

_Shape = TypeVar("_Shape")
_log = logging.getLogger(__name__)

ACTIONS: Final = ("block", "warn")
ON_ERROR: Final = ("deny", "allow")
_ACTION: Final = {"block": GuardrailAction.BLOCK, "warn": GuardrailAction.WARN}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged. ``request``: for a result, the one that it answers, where the guard looks back; else it holds the names."""

    side: str
    content: str
    request: GuardrailRequest

    def __repr__(self) -> str:
        return f"Subject({self.side!r}, {len(self.content)} characters)"


class Found(msgspec.Struct, frozen=True):
    """One thing that a service found; ``label`` is its own word for it."""

    type: ViolationType
    confidence: float
    label: str


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What a service said, checked. ``modified``: the content without what was found; ``refused``: it said no; ``passed``: it said yes
    although it found something.
    """

    found: tuple[Found, ...] = ()
    modified: str | None = None
    refused: bool = False
    passed: bool = False

    def __repr__(self) -> str:
        return f"Opinion({len(self.found)} found, refused={self.refused})"


Ask = Callable[[Subject], Awaitable[Opinion]]


class RemoteRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about an opinion, and where there is none."""

    name: str
    detectors: tuple[ViolationType, ...]
    action: GuardrailAction
    fails_open: bool
    modifies: bool
    asks_about_nothing: bool
    longest: int


class RemoteGuard:
    """Asks about one text."""

    def __init__(self, ask: Ask, side: str, rules: RemoteRules) -> None:
        self._ask = ask
        self._side = side
        self._rules = rules

    @property
    def fails_open(self) -> bool:
        """Whether what cannot be judged passes; ``policy lint`` tells."""
        return self._rules.fails_open

    @property
    def never_modifies(self) -> bool:
        """Whether the service only judges; ``policy lint`` tells where a policy wants more."""
        return not self._rules.modifies

    async def validate(self, request: GuardrailRequest) -> GuardrailResponse:
        """Judge ``request``."""
        return await self._judge(Subject(side=self._side, content=request.content, request=request))

    def get_supported_detectors(self) -> list[ViolationType]:
        """Return what the service can find."""
        return list(self._rules.detectors)

    async def _judge(self, subject: Subject) -> GuardrailResponse:
        rules = self._rules
        if not rules.asks_about_nothing and not subject.content.strip():
            return GuardrailResponse(is_safe=True, action=GuardrailAction.ALLOW)  # services refuse an empty question
        if len(subject.content) > rules.longest:
            # Not ``on_error``: whoever writes the content decides how long it is.
            raise AnswerError(
                f"the content has {len(subject.content)} characters; max_content_chars lets it ask about {rules.longest}"
            )
        try:
            opinion = await self._ask(subject)
        except AnswerError as error:
            if not rules.fails_open:
                raise
            _log.warning("guardrail %r could not judge, and on_error lets that pass: %s", rules.name, error)
            return GuardrailResponse(is_safe=False, action=GuardrailAction.WARN)
        return _response(opinion, rules.action)


class RemoteResultGuard(RemoteGuard):
    """Asks about a result and shows the service the request that it answers."""

    async def validate(self, response_content: str, original_request: GuardrailRequest) -> GuardrailResponse:  # type: ignore[override]  # the other of the two forms that a guard may have
        """Judge ``response_content``."""
        return await self._judge(Subject(side=self._side, content=response_content, request=original_request))


def _response(opinion: Opinion, action: GuardrailAction) -> GuardrailResponse:
    if not opinion.found and not opinion.refused and opinion.modified is None:
        return GuardrailResponse(is_safe=True, action=GuardrailAction.ALLOW)
    if opinion.modified is not None and not opinion.refused:
        action = GuardrailAction.MODIFY
    elif opinion.passed:
        action = GuardrailAction.WARN
    violations = [
        GuardrailViolation(
            violation_type=found.type,
            severity=found.confidence,
            message=f"the service found {found.label}",
            action=action,
            metadata={"label": found.label},
        )
        for found in opinion.found
    ]
    return GuardrailResponse(
        is_safe=False,
        action=action,
        violations=violations,
        modified_content=opinion.modified if action is GuardrailAction.MODIFY else None,
    )


class RemoteGuardrailProvider(GuardrailProvider):
    """Common to the remote providers: strict configuration, one client, a server's policy over what is done about answers."""

    own_keys: ClassVar[tuple[str, ...]] = ()
    """How the service is asked; the same for every server."""
    own_judging_keys: ClassVar[tuple[str, ...]] = ()
    detectors: ClassVar[tuple[ViolationType, ...]] = ()
    looks_back: ClassVar[bool] = False
    modifies: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: Mapping[str, Any], services: ProviderServices | None = None) -> None:
        """Raises ``ConfigError`` with everything that is wrong with ``config``."""
        self._config = dict(config)
        self._services = services
        options = RemoteOptions(config, self.keys)
        self._endpoint = self._reach(options)
        self._guards(options)
        options.finish()
        self._client = RemoteClient(self.get_name(), self._endpoint)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.keys = tuple(dict.fromkeys((*cls.own_keys, *cls.own_judging_keys, *JUDGING_KEYS, *CONNECTION_KEYS)))

    def get_version(self) -> str:
        """Return the version of the remote guardrails."""
        return "1.0.0"

    def create_input_guardrail(self, config: dict[str, Any]) -> RemoteGuard | None:
        """Return the guard for requests; None where this one is for results only."""
        return self._made(config).get("input")

    def create_output_guardrail(self, config: dict[str, Any]) -> RemoteGuard | None:
        """Return the guard for results; None where this one is for requests only."""
        return self._made(config).get("output")

    async def shutdown(self) -> None:
        """Close the connections."""
        await self._client.close()

    @abstractmethod
    def _reach(self, options: RemoteOptions) -> Endpoint:
        """Read how the service is reached."""

    @abstractmethod
    def _asker(self, options: RemoteOptions) -> Ask:
        """Read what of its answers counts, and return what asks. Nothing is asked before ``options`` has been found good."""

    def _made(self, policy: Mapping[str, Any]) -> dict[str, RemoteGuard]:
        allowed = (*self.own_judging_keys, *JUDGING_KEYS)
        options = RemoteOptions({**self._config, **{key: policy[key] for key in allowed if key in policy}}, self.keys)
        guards = self._guards(options)
        options.finish()
        return guards

    def _guards(self, options: RemoteOptions) -> dict[str, RemoteGuard]:
        ask = self._asker(options)
        actions = options.per_side("action", ACTIONS, dict.fromkeys(SIDES, "block"))
        fails_open = options.choice("on_error", ON_ERROR, "deny") == "allow"
        guards: dict[str, RemoteGuard] = {}
        for side in sides(options.choice("direction", DIRECTIONS, "both")):
            rules = RemoteRules(
                name=self.get_name(),
                detectors=self.detectors,
                action=_ACTION[actions[side]],
                fails_open=fails_open,
                modifies=self.modifies,
                asks_about_nothing=self.looks_back,
                longest=self._endpoint.max_content_chars,
            )
            kind = RemoteResultGuard if self.looks_back and side == "output" else RemoteGuard
            guards[side] = kind(ask, side, rules)
        return guards


def shaped(answer: Any, shape: type[_Shape]) -> _Shape:
    """Return ``answer`` as a ``shape``, nothing converted. Raises ``AnswerError`` that names the place and the types, never a value."""
    try:
        return msgspec.convert(answer, shape, strict=True)
    except msgspec.ValidationError as error:
        text = str(error)
        place = text.rpartition(" - at ")[2] if " - at " in text else "`$`"
        raise AnswerError(f"its service answered something of another shape, at {place}") from None
