"""READ THIS FIRST: ``Gateway.handle`` is the walk of every request, in one straight line.

Who is asking, may this pass, what happened. Nothing runs upstream before every enforcing hook before it has answered, and no answer
leaves before its record has been handed to the sinks.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, Self, TypeVar, overload

from secure_gateway.caller import current_caller
from secure_gateway.decisions import Note, Stage, Verdict
from secure_gateway.errors import ErrorCode, PluginError, RequestDenied, RequestError, SecureGatewayException
from secure_gateway.pipeline.digests import serialise
from secure_gateway.pipeline.functions import FunctionGuard
from secure_gateway.pipeline.hooks import run_hooks
from secure_gateway.pipeline.http import Respond, http_facts, http_post_request, http_pre_request
from secure_gateway.pipeline.identity import authenticate, authorize, identify, is_visible
from secure_gateway.pipeline.loop_thread import LoopThread
from secure_gateway.pipeline.plain import from_plain, to_plain
from secure_gateway.pipeline.run import Run, begin, new_request_id, raised_at
from secure_gateway.pipeline.schemas import ToolSchemas
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.pipeline.subjects import Subject
from secure_gateway.pipeline.upstream import Upstream, call_upstream
from secure_gateway.plugins.framework.context import GlobalContext
from secure_gateway.plugins.framework.hookpoints import POST_HOOK, PRE_HOOK
from secure_gateway.plugins.framework.isolation import NotJSONError, isolate
from secure_gateway.types import AuthCredentials, Door, Operation, Principal, Request

_Parameters = ParamSpec("_Parameters")
_Return = TypeVar("_Return")

_SCHEMA = Stage("schema")
_INPUT = Stage("input")
_NO_SCHEMA = Note(Verdict.NONE, "no input schema of this tool is known")
_NO_METADATA: Mapping[str, Any] = {}


class Gateway:
    """Protects operations. Make one with ``load_gateway``; it may be shared by all tasks of an event loop.

    It reads one immutable ``Snapshot`` per request; ``replace`` swaps in a new one while requests finish on the old.
    """

    def __init__(self, snapshot: Snapshot, schemas: ToolSchemas | None = None) -> None:
        self._snapshot = snapshot
        self._schemas = schemas
        self._loop = LoopThread()
        self._starting: asyncio.Lock | None = asyncio.Lock() if snapshot.starters else None

    @property
    def snapshot(self) -> Snapshot:
        """What requests that start now will read."""
        return self._snapshot

    async def handle(self, request: Request, upstream: Upstream) -> Any:
        """Take one request through identity, permission, schema, policy, upstream, policy and record.

        ``upstream`` gets the request as the policies left it. What nobody changed comes out as the very same object.
        Raises ``RequestDenied`` (a verdict) or ``RequestError`` (a fault); exceptions of ``upstream`` pass unchanged.
        """
        if self._starting is not None:
            await self.start()
        run = begin(request, self._snapshot)
        try:
            await identify(run)
            authorize(run, request.name)
            subject = _arriving(run, request)
            self._check_schema(run, request.name, subject)
            await run_hooks(run, PRE_HOOK[request.operation], subject)
            outgoing = self._outgoing(run, request, subject)
            result = await call_upstream(run, upstream, outgoing)
            answer = _answered(run, outgoing.name, result)
            await run_hooks(run, POST_HOOK[request.operation], answer)
            result = _given_back(run, result, answer)
        except BaseException as error:
            raised = await _ended_badly(run, error)
            if raised is error:
                raise
            raise raised from None
        await _deliver(run, None)
        return result

    async def handle_http(self, request: Request, app: Callable[[Request, Respond | None], Awaitable[Any]]) -> None:
        """Take an HTTP request of a protected app through identity, permission, the app and record; its content is the app's affair.

        ``request.name`` is the path, ``arguments`` its ``method``, ``client_host`` and ``client_port``. ``app`` is given a function through which
        the headers of its answer pass, None where no plugin looks at them. Raises as ``handle`` does.
        """
        if self._starting is not None:
            await self.start()
        run = begin(request, self._snapshot)
        try:
            await http_pre_request(run)
            await identify(run)
            authorize(run, f"{(request.arguments or {}).get('method', '')} {request.name}")
            http_facts(run)
            respond = http_post_request(run)
            await call_upstream(run, lambda judged: app(judged, respond), request)
        except BaseException as error:
            raised = await _ended_badly(run, error)
            if raised is error:
                raise
            raise raised from None
        await _deliver(run, None)

    def _check_schema(self, run: Run, name: str, subject: Subject) -> None:
        request = run.request
        if request.operation is not Operation.TOOL:
            return
        if self._schemas is None or not self._schemas.known(request.server, name):
            run.trace.append((_SCHEMA, 0.0, _NO_SCHEMA))
            return
        try:
            self._schemas.check(request.server, name, subject.body.value or {})
        except RequestDenied as denial:
            run.note(_SCHEMA, Verdict.DENY, 0.0, denial.reason)
            raise
        run.trace.append((_SCHEMA, 0.0, None))

    def _outgoing(self, run: Run, request: Request, subject: Subject) -> Request:
        """Return what goes upstream. A changed target or changed arguments are judged again: a plugin cannot widen rights."""
        if not run.modified:
            return request
        if subject.name != request.name:
            authorize(run, subject.name)
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
            time_limit=request.time_limit,
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
    ) -> Any:
        """Call ``upstream(arguments)``, protected. ``upstream`` may be async or a plain function. ``credentials`` may be just an API key; None takes those of ``acting_as``.

        ``operation``: ``tool``, ``prompt``, ``resource`` or ``agent``. Raises as ``handle`` does.
        """
        shown = (
            AuthCredentials(api_key=credentials) if isinstance(credentials, str) else credentials or current_caller()
        )

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
            credentials=shown,
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
    ) -> Any:
        """Decorate a sync or async function: ``@gateway.protect`` or ``@gateway.protect(name="weather")``.

        Its arguments, by name, are what policies judge and may change. ``credentials`` returns the caller's, given the arguments; by
        default those of ``acting_as`` (which the ASGI middleware sets). Raises as ``handle`` does.
        """

        def decorate(target: Callable[..., Any]) -> Callable[..., Any]:
            guard = FunctionGuard(self.handle, name or target.__name__, Operation(operation), server, credentials)
            return guard.wrap(target, self._loop)

        return decorate if function is None else decorate(function)

    async def start(self) -> None:
        """Initialize the plugins that want it; the first request does so otherwise. Raises ``PluginError`` when one fails."""
        starting = self._starting
        if starting is None:
            return
        async with starting:
            if self._starting is None:
                return
            for starter in self._snapshot.starters:
                try:
                    await starter()
                except Exception as error:  # a stranger's initialize
                    raise PluginError(
                        ErrorCode.PLUGIN_ERROR, f"a plugin's initialize raised {raised_at(error)}"
                    ) from error
            self._starting = None

    async def authenticate(self, credentials: AuthCredentials | None) -> Principal:
        """Return who shows ``credentials``, to open a session or a stream. Raises ``AuthenticationDenied`` or ``PluginError``."""
        return await authenticate(self._snapshot, credentials, new_request_id())

    def permits(self, principal: Principal, operation: Operation, name: str, server: str = "") -> bool:
        """Tell whether ``principal`` may use ``name``: lists show only what can be used."""
        return is_visible(self._snapshot, principal, operation, name, server)

    def learn_tools(self, server: str, tools: list[dict[str, Any]]) -> list[tuple[str, str]]:
        """Remember the input schemas that ``server`` declares and judge its tools; return (tool, reason) for each that must not be shown.

        What must not be shown is not called either, until the server declares it anew.
        """
        if self._schemas is None:
            self._schemas = ToolSchemas()
        dropped = self._snapshot.judge_tools(server, tools) if self._snapshot.judge_tools is not None else []
        for tool in tools:
            name = tool.get("name")
            if isinstance(name, str) and (reason := self._schemas.learn(server, name, tool.get("inputSchema", {}))):
                dropped.append((name, reason))
        for name, reason in dropped:
            self._schemas.forbid(server, name, reason)
        return dropped

    async def refuse(self, request: Request, code: ErrorCode, reason: str) -> RequestDenied:
        """Record a refusal that a door had to make before it had a whole request; return the exception to answer with."""
        run = begin(request, self._snapshot)
        denial = RequestDenied(code, reason, request_id=request.request_id)
        run.note(_INPUT, Verdict.DENY, 0.0, reason)
        await _deliver(run, denial)
        return denial

    def replace(self, snapshot: Snapshot) -> Snapshot:
        """Let requests that start from now on read ``snapshot``; return the one it replaces, for draining."""
        replaced, self._snapshot = self._snapshot, snapshot
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


def _arriving(run: Run, request: Request) -> Subject:
    """Return the request's content, isolated, measured and digested. Raises ``PolicyDenied`` for what cannot be inspected."""
    snapshot, principal = run.snapshot, run.principal
    body = isolate(request.arguments, snapshot.limits.max_depth)
    data = serialise(request.arguments, snapshot.limits.max_payload_bytes)
    run.record.request_digest = snapshot.digester.digest(data)
    run.facts = GlobalContext(
        request_id=request.request_id,
        user=None if principal is None else principal.subject,
        tenant_id=None if principal is None else principal.tenant_id,
        server_id=request.server or None,
        content_type=request.content_type or None,
        principal=principal,
        metadata=snapshot.metadata.get(request.server, _NO_METADATA),
    )
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


def _ours(error: BaseException, run: Run) -> BaseException:
    """Return the exception to raise: verdicts, faults, cancellations and the upstream's own pass; a fault of ours is wrapped."""
    request_id = run.request.request_id
    if isinstance(error, RequestDenied | RequestError):
        error.request_id = error.request_id or request_id
        return error
    if not isinstance(error, Exception) or run.upstream_failed:
        return error
    code = error.code if isinstance(error, SecureGatewayException) and hasattr(error, "code") else ErrorCode.INTERNAL
    return RequestError(code, f"a fault of the gateway itself: {raised_at(error)}", request_id=request_id)


async def _ended_badly(run: Run, error: BaseException) -> BaseException:
    """Record the failure, then return the exception to raise for it."""
    raised = _ours(error, run)
    await _deliver(run, raised)
    return raised


async def _deliver(run: Run, error: BaseException | None) -> None:
    """Hand the record to every sink. Raises ``RequestError`` when a required sink cannot take or keep it."""
    record = run.finish(error)
    failed = ""
    for sink in run.snapshot.sinks:  # all of them: one that fails must not blind those behind it
        if not (sink.emit(record) and (not sink.durable or await sink.committed())) and sink.required:
            failed = failed or sink.name
    if failed and (error is None or isinstance(error, SecureGatewayException)):
        message = f"the record could not be kept by {failed!r}, which the configuration requires"
        raise RequestError(ErrorCode.UNAVAILABLE, message, request_id=record.request_id)
