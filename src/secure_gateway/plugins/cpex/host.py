"""Hold one CPEX plugin and let it answer hooks: JSON values in, JSON values out, real cpex objects between.

This file is also a program, for an interpreter of its own (see ``worker.py``): it imports nothing but the standard library and cpex.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Values = dict[str, Any]

_HEADERS = ("headers", "response_headers")


class HostError(Exception):
    """The plugin cannot be loaded, or its answer is none. The message names types and fields, never a value."""


class Host:
    """One plugin of the class ``kind``, built from ``config``, the fields of cpex's ``PluginConfig``. Raises ``HostError``.

    ``passes``: whether something raised while it is built is nothing of the plugin's, as a Ctrl-C is; a process of its own is never sent one.
    """

    def __init__(
        self, kind: str, config: Mapping[str, Any], passes: Callable[[BaseException], bool] = lambda _: False
    ) -> None:
        try:
            self._cpex = importlib.import_module("cpex.framework")
            self._hooks = importlib.import_module("cpex.framework.hooks.registry").get_hook_registry()
            self._base = importlib.import_module("cpex.framework.base")
            self._marks = importlib.import_module("cpex.framework.decorator")
            self._extensions = importlib.import_module("cpex.framework.extensions.extensions")
        except ImportError as error:
            raise HostError(f"cpex, which cannot be imported ({type(error).__name__}: {error})") from error
        cls = _class_of(kind, self._cpex.Plugin, passes)
        with _foreign(passes, lambda error: f"{kind}, whose constructor raised {error}"):
            self._config = self._cpex.PluginConfig.model_validate({**config, "kind": kind})
            self._plugin = cls(self._config.model_copy())
        self._refs = self._find_hooks()

    @property
    def hooks(self) -> list[str]:
        """The hooks that the plugin answers, as cpex finds them: by a method's name or its mark."""
        return sorted(self._refs)

    async def initialize(self) -> None:
        """Let the plugin set itself up."""
        await self._plugin.initialize()

    async def shutdown(self) -> None:
        """Let the plugin release what it holds."""
        await self._plugin.shutdown()

    async def invoke(self, hook: str, payload: Values, context: Values) -> Values:
        """Return the plugin's result and its context afterwards. ``context["state"]`` is the plugin's own dict, in and out."""
        given = self._context(context)
        extensions = self._extensions.Extensions(
            request=self._extensions.RequestExtension(request_id=given.global_context.request_id)
        )
        ref = self._refs[hook]
        asked = (self._payload(hook, payload), given, *((extensions,) if ref.accepts_extensions else ()))
        try:
            result = await ref.hook(*asked)
        except self._cpex.PluginViolationError as refusal:  # a plugin may raise its no instead of returning it
            result = self._cpex.PluginResult(continue_processing=False, violation=refusal.violation)
        return {"result": self._plain(hook, result, extensions), "context": _states(given)}

    def _find_hooks(self) -> dict[str, Any]:
        reference = self._base.PluginRef(self._plugin, self._config)
        found = {}
        for hook in map(_text, self._hooks.get_registered_hooks()):
            if not self._answers(hook):
                continue
            try:
                found[hook] = self._base.HookRef(hook, reference)
            except self._cpex.PluginError as error:
                raise HostError(
                    f"{type(self._plugin).__qualname__}, whose method for {hook} cannot be called"
                ) from error
        return found

    def _answers(self, hook: str) -> bool:
        if getattr(self._plugin, hook, None) is not None:
            return True
        methods = inspect.getmembers(self._plugin, inspect.ismethod)
        marks = [self._marks.get_hook_metadata(method) for name, method in methods if not name.startswith("_")]
        return any(mark is not None and mark.matches(hook) for mark in marks)

    def _payload(self, hook: str, fields: Values) -> Any:
        kind = self._hooks.get_payload_type(hook)
        headers = {
            name: self._cpex.HttpHeaderPayload(fields[name]) for name in _HEADERS if fields.get(name) is not None
        }
        rest = {name: value for name, value in fields.items() if name not in headers}
        if hook.startswith("http_"):
            return kind.model_construct(
                **rest, **headers
            )  # validation would warn of the headers, which are what it is about
        return kind.model_validate(rest).model_copy(update=headers)

    def _context(self, context: Values) -> Any:
        facts = context["global_context"]
        user = facts["user_context"] and {
            name: value for name, value in facts["user_context"].items() if name in self._cpex.UserContext.model_fields
        }
        given = self._cpex.PluginContext(
            metadata=context["metadata"],
            global_context=self._cpex.GlobalContext.model_validate({**facts, "user_context": user}),
        )
        for key, value in given.global_context.metadata.items():
            given.global_context.metadata[key] = _with_attributes(value)
        given.state = context["state"]
        return given

    def _plain(self, hook: str, result: Any, extensions: Any) -> Values:
        """Return ``result`` as plain values. Raises ``HostError`` for what is no answer to ``hook``, or asks for what nobody does here."""
        if not isinstance(result, self._cpex.PluginResult):
            raise HostError(f"it returned {type(result).__name__}, expected cpex's PluginResult")
        if result.modified_extensions is not None and result.modified_extensions != extensions:
            raise HostError("it returned modified extensions, which nothing here can take")
        if result.retry_delay_ms:
            raise HostError("it asks for the call to be tried again, which is not done here")
        if result.background_tasks:
            raise HostError("it returned background tasks, which nothing here waits for")
        plain: Values = result.model_dump(
            include={"continue_processing", "metadata", "denial_metadata"}, warnings=False
        )
        plain["violation"] = None if result.violation is None else result.violation.model_dump()
        changed = result.modified_payload
        if changed is not None:
            expected = self._cpex.HttpHeaderPayload if hook.startswith("http_p") else self._hooks.get_payload_type(hook)
            if not isinstance(changed, expected):
                raise HostError(f"it returned a {type(changed).__name__} as payload, expected {expected.__name__}")
            plain["modified_payload"] = changed.model_dump(warnings=False)
        return plain


@contextmanager
def _foreign(passes: Callable[[BaseException], bool], told: Callable[[str], str]) -> Iterator[None]:
    """Run a stranger's code: what it raises becomes a ``HostError``, but for what ``passes``."""
    try:
        yield
    except BaseException as error:  # a panic in Rust is no Exception
        if passes(error):
            raise
        raise HostError(told(_name(error))) from error


def _class_of(kind: str, base: type, passes: Callable[[BaseException], bool]) -> Any:
    module_name, separator, name = kind.partition(":") if ":" in kind else kind.rpartition(".")
    if not separator or not name:
        raise HostError(f"{kind!r}, which is no class path")
    with _foreign(passes, lambda error: f"module {module_name!r}, which fails to import ({error})"):
        cls = getattr(importlib.import_module(module_name), name, None)
    if not isinstance(cls, type) or not issubclass(cls, base):
        raise HostError(f"{kind!r}, which is no subclass of cpex's Plugin")
    return cls


def _states(context: Any) -> Values:
    facts = context.global_context
    return {
        "state": context.state,
        "metadata": context.metadata,
        "global_context": {"request_id": facts.request_id, "state": facts.state},
    }


class _Facts(dict[str, Any]):
    """A dict whose items are attributes too, as ContextForge's plugins read the facts of a tool."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def _with_attributes(value: Any) -> Any:
    return _Facts(value) if isinstance(value, dict) else value


def _text(name: Any) -> str:
    return str(getattr(name, "value", name))


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


class _Server:
    """Answers the requests of the gateway, one line each, on pipes that the plugin cannot reach by printing or reading."""

    def __init__(self) -> None:
        self._requests = os.fdopen(os.dup(0), "rb")
        self._answers = os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        self._host: Host | None = None
        self._running: dict[int, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Answer until the gateway closes its end."""
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, self._requests.readline):
            request = json.loads(line)
            if "cancel" in request:
                if (task := self._running.get(request["cancel"])) is not None:
                    task.cancel()
                continue
            self._running[request["id"]] = asyncio.create_task(self._answer(request))
        if self._host is not None:
            await self._host.shutdown()

    async def _answer(self, request: Values) -> None:
        answer: Values = {}
        try:
            answer["answer"] = await self._do(request)
            line = json.dumps({"id": request["id"], **answer}, allow_nan=False)
        except HostError as error:
            line = json.dumps({"id": request["id"], "fault": str(error)})
        except BaseException as error:  # noqa: BLE001 - foreign code, and a panic in Rust is no Exception; only its kind is told
            line = json.dumps({"id": request["id"], "fault": f"it raised {_name(error)}"})
        del self._running[request["id"]]
        self._answers.write(line.encode() + b"\n")
        self._answers.flush()

    async def _do(self, request: Values) -> Any:
        if request["do"] == "load":
            self._host = Host(request["kind"], request["config"])
            return self._host.hooks
        if self._host is None:
            raise HostError("no plugin is loaded")
        if request["do"] == "initialize":
            return await self._host.initialize()
        return await self._host.invoke(request["hook"], request["payload"], request["context"])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(_Server().serve())
