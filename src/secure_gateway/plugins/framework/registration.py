"""Find the hooks of a plugin and check them when it is loaded, so that no mistake waits for traffic."""

from __future__ import annotations

import difflib
import hashlib
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_type_hints

from secure_gateway.errors import ProviderContractError
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.conditions import compile_conditions
from secure_gateway.plugins.framework.custom import is_payload_type
from secure_gateway.plugins.framework.decorator import HOOK_ATTRIBUTE, HookMark
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint, PromptHookType
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import ForeignPlugin, Plugin
from secure_gateway.plugins.framework.prompts import with_open_result
from secure_gateway.plugins.framework.results import PluginResult

_PROMPT_RESULT = PromptHookType.PROMPT_POST_FETCH.value
_PARAMETERS = 2  # payload and context, besides self


def bind_plugin(plugin: Plugin, *, default_timeout: float, where: str = "$") -> list[HookBinding]:
    """Return a binding for each hook that ``plugin`` answers and its configuration names.

    Raises ``ProviderContractError`` for everything that is wrong with the class, and ``ConfigError`` for its conditions.
    """
    points, methods = find_hooks(plugin)
    config = plugin.config  # not before: a plugin that runs elsewhere learns more of itself while it is asked
    wanted = config.hooks or sorted(methods)
    if not wanted:
        raise ProviderContractError(
            f"{where}: {_name(plugin)} answers no hook; add an async method named like one ({', '.join(sorted(HOOK_POINTS))}) "
            "or mark one with @hook"
        )
    bindings = []
    for name in wanted:
        if name not in methods:
            raise ProviderContractError(_missing_hook(plugin, name, methods, where))
        bindings.append(
            HookBinding(
                plugin=config.name,
                kind=config.kind,
                hook=name,
                call=methods[name],
                version=config.version or "",
                digest=class_digest(type(plugin)),
                mode=config.mode,
                priority=config.priority,
                timeout=config.timeout or default_timeout,
                condition=compile_conditions(
                    config.conditions, name if name in HOOK_POINTS else "", f"{where}.conditions"
                ),
                result=points[name].result,
                custom=None if name in HOOK_POINTS else points[name],
            )
        )
    return bindings


def find_hooks(plugin: Plugin) -> tuple[Mapping[str, HookPoint], dict[str, Callable[..., Any]]]:
    """Return the hook points (the built-in ones and the plugin's own) and the checked method for each hook it answers."""
    points = dict(HOOK_POINTS)
    methods: dict[str, Callable[..., Any]] = {}
    if isinstance(plugin, ForeignPlugin):
        return points, {name: partial(plugin.invoke_hook, name) for name in _offered(plugin)}
    for attribute, function in inspect.getmembers(type(plugin), callable):
        if attribute.startswith("__") or hasattr(Plugin, attribute):
            continue
        mark: HookMark | None = getattr(function, HOOK_ATTRIBUTE, None)
        names = mark.hooks if mark else (attribute,) if attribute in HOOK_POINTS else ()
        for name in names:
            if name not in points:
                points[name] = _custom_point(plugin, attribute, name, mark)
            if name in methods:
                raise ProviderContractError(f"{_name(plugin)} has two methods for {name}; keep one of them")
            _check_method(plugin, attribute, function, points[name])
            method = getattr(plugin, attribute)
            methods[name] = with_open_result(method) if name == _PROMPT_RESULT else method
        if not names:
            _check_near_miss(plugin, attribute, function)
    return points, methods


def class_digest(cls: type) -> str:
    """Return a digest of the class's source file, so that a record says which code judged; empty where there is no file."""
    try:
        path = inspect.getsourcefile(cls)
        if path is None:
            return ""
        with open(path, "rb") as file:  # noqa: PTH123 - inspect gives a plain string
            return "sha256:" + hashlib.sha256(file.read()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""


def _offered(plugin: ForeignPlugin) -> list[str]:
    """Return the hooks it answers. One that nobody knows here is refused, unless the configuration asks for others by name."""
    offered = list(dict.fromkeys(plugin.offered_hooks()))
    strange = [name for name in offered if name not in HOOK_POINTS]
    if strange and not plugin.config.hooks:
        raise ProviderContractError(
            f"{plugin.name} answers {', '.join(strange)}, which is no known hook; name those that it is to be asked at, as its hooks"
        )
    return [name for name in offered if name in HOOK_POINTS]


def _custom_point(plugin: Plugin, attribute: str, name: str, mark: HookMark | None) -> HookPoint:
    if mark is None or mark.payload is None or mark.result is None:
        near = difflib.get_close_matches(name, HOOK_POINTS, n=1)
        raise ProviderContractError(
            f"{_name(plugin)}.{attribute}: {name!r} is no known hook."
            + (f" Did you mean {near[0]!r}?" if near else "")
            + f" A hook of your own needs its types: @hook({name!r}, YourPayload, YourResult)"
        )
    place = f"{_name(plugin)}.{attribute}: @hook({name!r}, …)"
    if not is_payload_type(mark.payload):
        raise ProviderContractError(
            f"{place} names {mark.payload.__name__} as payload; expected a class derived from PluginPayload, a pydantic model or a dataclass"
        )
    if not issubclass(mark.result, PluginResult):
        raise ProviderContractError(
            f"{place} names {mark.result.__name__} as result; expected PluginResult or a class derived from it"
        )
    return HookPoint(name=name, payload=mark.payload, result=mark.result, custom=True)


def _check_method(plugin: Plugin, attribute: str, function: Callable[..., Any], point: HookPoint) -> None:
    place = f"{_name(plugin)}.{attribute}"
    if not inspect.iscoroutinefunction(function):
        raise ProviderContractError(
            f"{place} answers {point.name} and is not async: write `async def {attribute}(self, payload, context)`"
        )
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    required = [
        p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    keyword = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if keyword or len(required) > _PARAMETERS or (len(positional) < _PARAMETERS and not variadic):
        raise ProviderContractError(
            f"{place} takes ({', '.join(p.name for p in parameters)}); a hook takes (payload, context): "
            f"write `async def {attribute}(self, payload, context)`"
        )
    _check_annotations(place, function, point)


def _check_annotations(place: str, function: Callable[..., Any], point: HookPoint) -> None:
    try:
        hints = get_type_hints(function)
    except (NameError, TypeError, AttributeError):
        return  # names that exist for type checkers only; the answer's type is checked at every call
    result = hints.get("return")
    if (
        isinstance(result, type)
        and result is not Any
        and not (issubclass(result, point.result) or result is PluginResult)
    ):
        raise ProviderContractError(
            f"{place} is annotated to return {result.__name__}, but {point.name} is answered with {point.result.__name__}"
        )
    payload = next(
        (hints[name] for name in inspect.signature(function).parameters if name != "self" and name in hints), None
    )
    if isinstance(payload, type) and issubclass(payload, PluginPayload) and not issubclass(point.payload, payload):
        raise ProviderContractError(
            f"{place} is annotated to take {payload.__name__}, but {point.name} passes {point.payload.__name__}"
        )


def _check_near_miss(plugin: Plugin, attribute: str, function: Callable[..., Any]) -> None:
    if attribute.startswith("_") or not inspect.iscoroutinefunction(function):
        return
    near = difflib.get_close_matches(attribute, HOOK_POINTS, n=1, cutoff=0.86)
    if near:
        raise ProviderContractError(
            f"{_name(plugin)}.{attribute} looks like the hook {near[0]!r} but is not called like it; rename it, "
            "or put an underscore before it if it is meant to be something else"
        )


def _missing_hook(plugin: Plugin, name: str, methods: Mapping[str, Any], where: str) -> str:
    if name not in HOOK_POINTS:
        near = difflib.get_close_matches(name, [*HOOK_POINTS, *methods], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(HOOK_POINTS))}"
        return f"{where}.hooks: {name!r}, which is no known hook ({hint})"
    return (
        f"{where}.hooks: {name!r}, but {_name(plugin)} has no method for it "
        f"(it answers {', '.join(sorted(methods)) or 'none'}); add `async def {name}(self, payload, context)`"
    )


def _name(plugin: Plugin) -> str:
    return f"{type(plugin).__module__}.{type(plugin).__qualname__}"
