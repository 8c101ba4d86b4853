"""READ THIS FIRST: ``Gateway.handle`` is the walk of every request, in one straight line.

Who is asking, may this pass, what happened. Nothing runs upstream before every enforcing hook before it has answered, and no answer
leaves before its record has been handed to the sinks.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, Self, TypeVar, overload

from secure_gateway.caller import checked_session, current_caller, current_session
from secure_gateway.decisions import Note, Stage, Verdict
from secure_gateway.errors import ErrorCode, PolicyDenied, RequestDenied, RequestError
from secure_gateway.pipeline.control import ControlBoard, PluginControl
from secure_gateway.pipeline.digests import serialise
from secure_gateway.pipeline.ending import Recorded, deliver
from secure_gateway.pipeline.facts import tell_facts
from secure_gateway.pipeline.firing import fire
from secure_gateway.pipeline.functions import FunctionGuard
from secure_gateway.pipeline.hooks import run_hooks
from secure_gateway.pipeline.http import Respond, http_post_request, http_pre_request
from secure_gateway.pipeline.identity import authenticate, authorize, identify, is_visible
from secure_gateway.pipeline.loop_thread import LoopThread
from secure_gateway.pipeline.plain import from_plain, to_plain
from secure_gateway.pipeline.run import Run, begin, new_request_id, told_of_changes
from secure_gateway.pipeline.schemas import UNLISTED, ToolSchemas
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.pipeline.standing import TOOL_LIST, ToolOffer, judge_registration, judge_standing, learn_tools
from secure_gateway.pipeline.starting import Starters
from secure_gateway.pipeline.subjects import Subject
from secure_gateway.pipeline.upstream import Upstream, call_upstream
from secure_gateway.plugins.framework.hookpoints import POST_HOOK, PRE_HOOK
from secure_gateway.plugins.framework.isolation import NotJSONError, isolate
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.types import AuthCredentials, Door, Operation, Principal, Request

_Parameters = ParamSpec("_Parameters")
_Return = TypeVar("_Return")

_SCHEMA = Stage("schema")
_INPUT = Stage("input")
_NO_SCHEMA = Note(Verdict.NONE, "no input schema of this tool is known")


class Gateway:
    """Protects operations. Make one with ``load_gateway``; it may be shared by all tasks of an event loop.

    It reads one immutable ``Snapshot`` per request; ``replace`` swaps in a new one while requests finish on the old.
    """

    def __init__(self, snapshot: Snapshot, schemas: ToolSchemas | None = None) -> None:
        self._snapshot = snapshot
        self._schemas = schemas
        self._loop = LoopThread()
        self._changing = threading.Lock()
        self._starters = Starters(snapshot.starters)
        if snapshot.watch is not None:
            snapshot.watch.attach(self)

    @property
    def snapshot(self) -> Snapshot:
        """What requests that start now will read."""
        return self._snapshot

    @property
    def plugins(self) -> PluginControl:
        """What plugins and guardrails are in force, and how to change that while the gateway runs."""
        return PluginControl(ControlBoard(self, self._changing))

    async def handle(self, request: Request, upstream: Upstream) -> Any:
        """Take one request through identity, permission, schema, policy, upstream, policy and record.

        ``upstream`` gets the request as the policies left it. What nobody changed comes out as the very same object.
        Raises ``RequestDenied`` (a verdict) or ``RequestError`` (a fault); exceptions of ``upstream`` pass unchanged.
        """
        run = begin(request, self._snapshot)
        async with Recorded(run):
            if not self._starters.are_done:
                await self.start()
            await identify(run)
            await authorize(run, request.name)
            subject = _arriving(run, request)
            self._check_schema(run, request.name, subject)
            await run_hooks(run, PRE_HOOK[request.operation], subject)
            outgoing = await self._outgoing(run, request, subject)
            result = await call_upstream(run, upstream, outgoing)
            answer = _answered(run, outgoing.name, result)
            self._check_result(run, outgoing.name, answer)
            await run_hooks(run, POST_HOOK[request.operation], answer)
            return _given_back(run, result, answer)

    async def handle_http(
        self, request: Request, app: Callable[[Request, Respond | None], Awaitable[Any]], *, by_permission: bool = True
    ) -> None:
        """Take an HTTP request of a protected app through identity, permission, the app and record; its content is the app's affair.

        ``request.name`` is the path, ``arguments`` its ``method``, ``client_host`` and ``client_port``. ``app`` is given a function through which
        the headers of its answer pass, None where no plugin looks at them. ``by_permission``: whether roles say who may. Raises as ``handle`` does.
        """
        run = begin(request, self._snapshot)
        async with Recorded(run):
            if not self._starters.are_done:
                await self.start()
            await http_pre_request(run)
            await identify(run)
            if by_permission:
                await authorize(run, f"{(request.arguments or {}).get('method', '')} {request.name}")
            tell_facts(run)
            respond = http_post_request(run)
            await call_upstream(run, lambda judged: app(judged, respond), request)

    async def invoke_hook(
        self, hook: str, payload: Any, *, credentials: AuthCredentials | str | None = None, server: str = ""
    ) -> PluginResult[Any]:
        """Fire ``hook``, a plugin's own or a built-in one: ``(await gateway.invoke_hook("email_pre_send", payload)).modified_payload or payload``.

        The caller is identified where ``credentials`` are given or ``acting_as`` says them; no permission is needed. A refusal is raised, as
        ``handle`` does, never returned.
        """
        shown = _credentials(credentials)
        asked = Request(operation=Operation.HOOK, name=hook, server=server, credentials=shown)
        asked.session_id = current_session()
        run = begin(asked, self._snapshot)
        async with Recorded(run):
            if not self._starters.are_done:
                await self.start()
            if shown is not None:
                await identify(run)
            return await fire(run, hook, payload)

    def _check_schema(self, run: Run, name: str, subject: Subject) -> None:
        request = run.request
        if request.operation is not Operation.TOOL:
            return
        if self.needs_list(request.server, name):
            run.note(_SCHEMA, Verdict.DENY, 0.0, UNLISTED)
            raise PolicyDenied(ErrorCode.DENIED, UNLISTED)
        if self._schemas is None or not self._schemas.known(request.server, name):
            run.trace.append((_SCHEMA, 0.0, _NO_SCHEMA))
            return
        try:
            self._schemas.check(request.server, name, subject.body.value or {})
            if subject.changed:
                self._schemas.check_change(request.server, name, request.arguments or {}, subject.body.value or {})
        except PolicyDenied as denial:
            reason = told_of_changes(run, denial.reason)
            run.note(_SCHEMA, Verdict.DENY, 0.0, reason)
            raise PolicyDenied(denial.code, reason) from None
        run.trace.append((_SCHEMA, 0.0, None))

    def _check_result(self, run: Run, name: str, answer: Subject) -> None:
        if run.request.operation is not Operation.TOOL or self._schemas is None:
            return
        try:
            self._schemas.check_result(run.request.server, name, answer.body.value)
        except RequestError as error:
            run.note(_SCHEMA, Verdict.ERROR, 0.0, error.reason)
            raise

    async def _outgoing(self, run: Run, request: Request, subject: Subject) -> Request:
        """Return what goes upstream. A changed target or changed arguments are judged again: a plugin cannot widen rights."""
        if not run.modified:
            return request
        if subject.name != request.name:
            await authorize(run, subject.name)
        self._check_schema(run, subject.name, subject)
        run.record.request_digest = _digest(run, subject.body.value)
        return Request(
            operation=request.operation,
            name=subject.name,
            arguments=subject.body.value,
            server=request.server,
            door=request.door,
            credentials=request.credentials,
            headers=subject.headers,
            content_type=request.content_type,
            client_host=request.client_host,
            request_id=request.request_id,
            parent_id=request.parent_id,
            session_id=request.session_id,
            time_limit=request.time_limit,
            time_off=request.time_off,
        )

    async def call(
        self,
        name: str,
        arguments: Any,
        upstream: Callable[[Any], Any],
        *,
        credentials: AuthCredentials | str | None = None,
        operation: Operation | str = Operation.TOOL,
        server: str = "",
        session_id: str = "",
    ) -> Any:
        """Call ``upstream(arguments)``, protected. ``upstream`` may be async or a plain function. ``credentials`` may be just an API key; None takes those of ``acting_as``.

        ``operation``: ``tool``, ``prompt``, ``resource`` or ``agent``. ``session_id``: which of the caller's conversations this belongs to; by default that of
        ``acting_as``. Raises as ``handle`` does.
        """

        async def call_it(judged: Request) -> Any:
            if judged.name != name:
                raise RequestError(
                    ErrorCode.PLUGIN_ERROR,
                    "a plugin renamed the target, and this call has just one",
                    request_id=judged.request_id,
                )
            answer = upstream(judged.arguments)
            return await answer if inspect.isawaitable(answer) else answer

        request = Request(
            operation=Operation(operation),
            name=name,
            arguments=arguments,
            server=server,
            door=Door.SDK,
            credentials=_credentials(credentials),
            session_id=checked_session(session_id) or current_session(),
        )
        return await self.handle(request, call_it)

    def call_sync(self, name: str, arguments: Any, upstream: Callable[[Any], Any], **options: Any) -> Any:
        """Like ``call``, for code that has no event loop: it waits. Takes the same options."""
        return self._loop.run(self.call(name, arguments, upstream, **options))

    @overload
    def protect(self, function: Callable[_Parameters, _Return], /) -> Callable[_Parameters, _Return]: ...

    @overload
    def protect(
        self,
        function: None = None,
        /,
        *,
        name: str = "",
        operation: Operation | str = Operation.TOOL,
        server: str = "",
        credentials: Callable[[Mapping[str, Any]], AuthCredentials | str | None] | None = None,
        session_id: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> Callable[[Callable[_Parameters, _Return]], Callable[_Parameters, _Return]]: ...

    def protect(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str = "",
        operation: Operation | str = Operation.TOOL,
        server: str = "",
        credentials: Callable[[Mapping[str, Any]], AuthCredentials | str | None] | None = None,
        session_id: Callable[[Mapping[str, Any]], str | None] | None = None,
    ) -> Any:
        """Decorate a sync or async function: ``@gateway.protect`` or ``@gateway.protect(name="weather")``.

        Its arguments, by name, are what policies judge and may change. ``credentials`` and ``session_id`` return the caller's, given the arguments; by
        default those of ``acting_as`` (which the ASGI middleware sets). Raises as ``handle`` does.
        """

        def decorate(target: Callable[..., Any]) -> Callable[..., Any]:
            if not callable(target):
                raise TypeError(f"protect takes a function, not {target!r}; a name goes in as protect(name=…)")
            guard = FunctionGuard(
                self.handle, name or target.__name__, Operation(operation), server, credentials, session_id
            )
            return guard.wrap(target, self._loop)

        return decorate if function is None else decorate(function)

    async def start(self) -> None:
        """Initialize the plugins that want it; the first request does so otherwise. Raises ``PluginError`` when one fails."""
        await self._starters.run()

    async def authenticate(self, credentials: AuthCredentials | None) -> Principal:
        """Return who shows ``credentials``, to open a session or a stream. Raises ``AuthenticationDenied`` or ``PluginError``."""
        return await authenticate(self._snapshot, credentials, new_request_id())

    async def permits(self, principal: Principal, operation: Operation, name: str, *, within: Request) -> bool:
        """Tell whether ``principal`` may use ``name``, which the request ``within`` lists or mentions. Raises ``PluginError`` when a plugin fails."""
        return await is_visible(self._snapshot, principal, operation, name, within)

    async def learn_tools(
        self, server: str, tools: list[dict[str, Any]], *, door: Door = Door.SDK, parent_id: str = ""
    ) -> ToolOffer:
        """Take the tools that ``server`` declares: plugins and guardrails judge them, their input schemas are remembered.

        What must not be shown is not called either, until the server declares it anew. Raises ``PolicyDenied`` and ``PluginError`` where the
        whole list is refused; then that counts for each of its tools.
        """
        await self.start()
        self._schemas = self._schemas or ToolSchemas()
        request = Request(operation=Operation.HOOK, name=TOOL_LIST, server=server, door=door, parent_id=parent_id)
        return await learn_tools(self._snapshot, self._schemas, request, tools)

    def needs_list(self, server: str, tool: str) -> bool:
        """Tell whether ``tool`` is refused because ``server`` has not declared it yet, while its tools are pinned."""
        schemas, trust = self._schemas, self._snapshot.trust
        if schemas is not None and schemas.known(server, tool) and not schemas.outdated(server, tool):
            return False
        return trust is not None and trust.needs_list(server)

    def tools_changed(self, server: str) -> None:
        """Take note that the tools of ``server`` have changed: where they are pinned, none is called before it has declared them anew."""
        if self._schemas is not None:
            self._schemas.outdate(server)

    def has_enough_tools(self, server: str) -> bool:
        """Tell whether ``server`` has declared more tools than are remembered: those that it lists further cannot be called."""
        return self._schemas is not None and self._schemas.overfull(server)

    async def judge_server(
        self, hook: str, payload: PluginPayload, *, server: str, door: Door, parent_id: str = ""
    ) -> Any:
        """Let the plugins at ``hook``, and the guardrails, judge what is said of a server itself; return ``payload`` as they left it. Raises as ``handle`` does."""
        await self.start()
        request = Request(operation=Operation.HOOK, name=hook, server=server, door=door, parent_id=parent_id)
        judged = await judge_standing(self._snapshot, request, payload)
        await judge_registration(self._snapshot, request, judged)
        return judged

    async def refuse(self, request: Request, code: ErrorCode, reason: str) -> RequestDenied:
        """Record a refusal that a door had to make before it had a whole request; return the exception to answer with."""
        run = begin(request, self._snapshot)
        denial = RequestDenied(code, reason, request_id=request.request_id)
        run.note(_INPUT, Verdict.DENY, 0.0, reason)
        await deliver(run, denial)
        return denial

    def replace(self, snapshot: Snapshot) -> Snapshot:
        """Let requests that start from now on read ``snapshot``; return the one it replaces, for draining."""
        replaced, self._snapshot = self._snapshot, snapshot
        if snapshot.watch is not None:
            snapshot.watch.attach(self)
        return replaced

    async def close(self) -> None:
        """Close what the snapshot holds: providers, sinks, the store. Flushes records first."""
        self._loop.close()
        for closer in self._snapshot.closers:
            outcome = closer()
            if inspect.isawaitable(outcome):
                await outcome

    def close_sync(self) -> None:
        """Like ``close``, for code that has no event loop."""
        asyncio.run(self.close())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Gateway({self._snapshot!r})"


def _credentials(given: AuthCredentials | str | None) -> AuthCredentials | None:
    return AuthCredentials(api_key=given) if isinstance(given, str) else given or current_caller()


def _arriving(run: Run, request: Request) -> Subject:
    """Return the request's content, isolated, measured and digested. Raises ``PolicyDenied`` for what cannot be inspected."""
    snapshot = run.snapshot
    body = isolate(request.arguments, snapshot.limits.max_depth)
    data = serialise(request.arguments, snapshot.limits.max_payload_bytes)
    run.record.request_digest = snapshot.digester.digest(data)
    tell_facts(run)
    return Subject(request.name, body, request.headers)


def _answered(run: Run, name: str, result: Any) -> Subject:
    snapshot = run.snapshot
    depth = snapshot.limits.max_depth
    try:
        body = isolate(result, depth)
    except NotJSONError:
        body = isolate(to_plain(result, depth), depth)
    data = serialise(body.value, snapshot.limits.max_payload_bytes)
    run.record.result_digest = snapshot.digester.digest(data)
    return Subject(name, body)


def _given_back(run: Run, result: Any, answer: Subject) -> Any:
    """Return what the caller gets: the very ``result`` unless a policy changed it."""
    if not answer.changed:
        return result
    run.record.result_digest = _digest(run, answer.body.value)
    return answer.body.value if type(result) in (dict, list, str) else from_plain(result, answer.body.value)


def _digest(run: Run, value: Any) -> str:
    return run.snapshot.digester.digest(serialise(value, run.snapshot.limits.max_payload_bytes))
