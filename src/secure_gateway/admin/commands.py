"""What can be asked at the admin socket: one JSON object a line, and what each answers."""

from __future__ import annotations

import difflib
import os
from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import Any, Final, Protocol

import msgspec

from secure_gateway.errors import GatewayError, PluginControlError
from secure_gateway.gateway import Gateway

SCOPE: Final = ("hook", "server", "tool", "tenant")


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a client. The fields behind ``command`` are those of ``PluginControl``."""

    command: str
    name: str = ""
    mode: str = ""
    hook: str = ""
    server: str = ""
    tool: str = ""
    tenant: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``error``: why not, in words for people; where it is set, nothing was changed."""

    ok: bool
    result: Any = None
    error: str = ""


class ReloadOutcome(Protocol):
    """How a reload went."""

    @property
    def done(self) -> bool: ...
    @property
    def said(self) -> str: ...


class AdminError(GatewayError):
    """A question that cannot be answered."""


Reload = Callable[[str], Awaitable[ReloadOutcome]]
"""Reloads the configuration because of the given reason."""
_Handler = Callable[[Question, str], Awaitable[Any]]


class Commands:
    """Answers questions about ``gateway``. ``door``: what the process does, in a word or two; ``reload``: None where it cannot."""

    def __init__(self, gateway: Gateway, door: str, reload: Reload | None = None) -> None:
        self._gateway = gateway
        self._door = door
        self._reload = reload
        self._started = time()
        self._handlers: Mapping[str, tuple[_Handler, tuple[str, ...], tuple[str, ...]]] = {
            "list": (self._list, (), ()),
            "show": (self._show, ("name",), ()),
            "enable": (self._enable, ("name",), ()),
            "disable": (self._disable, ("name",), ()),
            "set-mode": (self._set_mode, ("name", "mode"), SCOPE),
            "reset": (self._reset, ("name",), ()),
            "reload": (self._do_reload, (), ()),
            "status": (self._status, (), ()),
        }

    async def answer(self, line: bytes, asker: str) -> Answer:
        """Do what ``line`` asks for, in the name of ``asker``."""
        try:
            question = msgspec.json.decode(line, type=Question)
            return Answer(ok=True, result=await self._handler(question)(question, asker))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return Answer(ok=False, error=f"this is no question: {error}")
        except GatewayError as error:
            return Answer(ok=False, error=str(error))

    def _handler(self, question: Question) -> _Handler:
        known = self._handlers.get(question.command)
        if known is None:
            near = difflib.get_close_matches(question.command[:32], self._handlers, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self._handlers)}"
            raise AdminError(f"no command is called {question.command[:32]!a}: {hint}")
        handler, needed, optional = known
        given = {name for name in Question.__struct_fields__[1:] if getattr(question, name)}
        missing, strange = set(needed) - given, given - {*needed, *optional}
        if missing or strange:
            found = f"without {', '.join(sorted(missing))}" if missing else f"with {', '.join(sorted(strange))}"
            raise AdminError(f"{question.command} {found}; it takes {', '.join((*needed, *optional)) or 'nothing'}")
        return handler

    async def _list(self, _question: Question, _asker: str) -> Any:
        return self._gateway.plugins.list()

    async def _show(self, question: Question, _asker: str) -> Any:
        return self._gateway.plugins.show(question.name)

    async def _enable(self, question: Question, asker: str) -> Any:
        self._gateway.plugins.asked_by(asker).enable(question.name)
        return self._gateway.plugins.show(question.name)

    async def _disable(self, question: Question, asker: str) -> Any:
        self._gateway.plugins.asked_by(asker).disable(question.name)
        return self._gateway.plugins.show(question.name)

    async def _set_mode(self, question: Question, asker: str) -> Any:
        scope = {field: getattr(question, field) for field in SCOPE}
        self._gateway.plugins.asked_by(asker).set_mode(question.name, question.mode, **scope)
        return self._gateway.plugins.show(question.name)

    async def _reset(self, question: Question, asker: str) -> Any:
        self._gateway.plugins.asked_by(asker).reset(question.name)
        return self._gateway.plugins.show(question.name)

    async def _do_reload(self, _question: Question, asker: str) -> Any:
        if self._reload is None:
            raise PluginControlError("this gateway was made by an application, which does not reload it")
        outcome = await self._reload(f"{asker} asked for it")
        if not outcome.done:
            raise PluginControlError(outcome.said)
        return {"said": outcome.said, "policy_version": self._gateway.snapshot.policy_version}

    async def _status(self, _question: Question, _asker: str) -> Any:
        plugins = self._gateway.plugins.list()
        return {
            "pid": os.getpid(),
            "door": self._door,
            "since": self._started,
            "policy_version": self._gateway.snapshot.policy_version,
            "plugins": len(plugins),
            "changed": sorted(plugin.name for plugin in plugins if plugin.overrides),
        }
