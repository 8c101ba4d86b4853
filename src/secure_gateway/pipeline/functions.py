"""Protect a plain function: its parameters are the arguments, its return value is the result."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from secure_gateway.caller import checked_session, current_caller, current_session
from secure_gateway.errors import ErrorCode, RequestError
from secure_gateway.pipeline.loop_thread import LoopThread
from secure_gateway.types import AuthCredentials, Door, Operation, Request

Handle = Callable[[Request, Callable[[Request], Awaitable[Any]]], Awaitable[Any]]


class FunctionGuard:
    """How one decorated function is protected.

    ``credentials`` and ``session_id``: return those of the caller, given the function's arguments; by default those of ``acting_as``.
    """

    def __init__(
        self,
        handle: Handle,
        name: str,
        operation: Operation,
        server: str,
        credentials: Callable[[Mapping[str, Any]], AuthCredentials | str | None] | None,
        session_id: Callable[[Mapping[str, Any]], str | None] | None,
    ) -> None:
        self._handle = handle
        self._name = name
        self._operation = operation
        self._server = server
        self._credentials = credentials
        self._session_id = session_id

    def wrap(self, function: Callable[..., Any], loop: LoopThread) -> Callable[..., Any]:
        """Return ``function``, protected; async stays async, sync stays sync."""
        signature = inspect.signature(function)
        unnamed = [p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
        if unnamed:
            raise TypeError(
                f"{function.__qualname__} has parameters without names ({', '.join(unnamed)}); policies judge arguments by name"
            )
        method = next(iter(signature.parameters), "") in ("self", "cls")

        async def protected(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            arguments = _arguments(signature, bound)
            receiver = {name: arguments.pop(name) for name in list(arguments)[: int(method)]}
            return await self._handle(self._request(arguments), _call(function, signature, receiver, self._name))

        @functools.wraps(function)
        async def asynchronous(*args: Any, **kwargs: Any) -> Any:
            return await protected(*args, **kwargs)

        @functools.wraps(function)
        def blocking(*args: Any, **kwargs: Any) -> Any:
            return loop.run(protected(*args, **kwargs))

        return asynchronous if inspect.iscoroutinefunction(function) else blocking

    def _request(self, arguments: dict[str, Any]) -> Request:
        shown = current_caller() if self._credentials is None else self._credentials(arguments)
        return Request(
            operation=self._operation,
            name=self._name,
            arguments=arguments,
            server=self._server,
            door=Door.DECORATOR,
            credentials=AuthCredentials(api_key=shown) if isinstance(shown, str) else shown,
            session_id=current_session() if self._session_id is None else checked_session(self._session_id(arguments)),
        )


def _arguments(signature: inspect.Signature, bound: inspect.BoundArguments) -> dict[str, Any]:
    """Return the arguments by name, defaults included, so that policies see all that the function will get."""
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(parameter.name, {}))
    return arguments


def _call(
    function: Callable[..., Any], signature: inspect.Signature, receiver: Mapping[str, Any], name: str
) -> Callable[[Request], Awaitable[Any]]:
    async def call_it(judged: Request) -> Any:
        if judged.name != name:
            raise RequestError(
                ErrorCode.PLUGIN_ERROR,
                "a plugin renamed the target, and this function is just one",
                request_id=judged.request_id,
            )
        arguments = {**receiver, **judged.arguments}
        try:
            signature.bind(**arguments)
        except TypeError:
            fault = f"a plugin changed the arguments so that {name} cannot take them"
            raise RequestError(ErrorCode.PLUGIN_ERROR, fault, request_id=judged.request_id) from None
        if inspect.iscoroutinefunction(function):
            return await function(**arguments)
        return await asyncio.to_thread(function, **arguments)

    return call_it
