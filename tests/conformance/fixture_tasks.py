"""The tasks extension of the fixture: tools that answer with a task, and the methods that look after it.

Nothing in the gateway knows this extension, which is why the fixture has it: unknown methods, an unknown result
type and an extension's capabilities must come through untouched.
"""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import mcp_types as types
from fixture_inputs import accepted, elicit, say
from fixture_tools import Context, FixtureTool, ToolHandler, ToolResult, one_string
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value

EXTENSION = "io.modelcontextprotocol/tasks"
_LIFETIME_MILLISECONDS = 60_000
_POLL_MILLISECONDS = 100
_SECONDS_SCHEMA = {
    "type": "object",
    "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}},
    "required": ["seconds"],
}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class Task:
    """One piece of work that outlives the call that began it."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    status: str = "working"
    created: str = field(default_factory=_now)
    updated: str = field(default_factory=_now)
    pending: dict[str, types.ElicitRequest] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    runner: asyncio.Task[None] | None = None

    def summary(self) -> dict[str, Any]:
        """Render what every message about this task carries."""
        return {
            "taskId": self.id,
            "status": self.status,
            "createdAt": self.created,
            "lastUpdatedAt": self.updated,
            "ttlMs": _LIFETIME_MILLISECONDS,
            "pollIntervalMs": _POLL_MILLISECONDS,
        }

    def detail(self) -> dict[str, Any]:
        """Render the answer to `tasks/get`: the summary, with the outcome or the open questions."""
        questions = {key: ask.model_dump(by_alias=True, exclude_none=True) for key, ask in self.pending.items()}
        asking = {"inputRequests": questions} if self.status == "input_required" else {}
        return {"resultType": "complete", **self.summary(), **asking, **self.outcome}

    def move_to(self, status: str, **outcome: Any) -> None:
        """Enter `status`, unless the task has already ended."""
        if self.status not in ("completed", "failed", "cancelled"):
            self.status, self.updated, self.outcome = status, _now(), outcome

    async def ask(self, questions: dict[str, types.ElicitRequest]) -> dict[str, Any]:
        """Wait until every question is answered and return the answers."""
        self.pending = dict(questions)
        self.move_to("input_required")
        await self.answered.wait()
        return self.answers

    def answer(self, responses: dict[str, Any]) -> None:
        """Take the answers to open questions; what nobody asked is ignored."""
        for key in responses.keys() & self.pending.keys():
            del self.pending[key]
            self.answers[key] = responses[key]
        if self.status == "input_required" and not self.pending:
            self.move_to("working")
            self.answered.set()


Job = Callable[[Task, dict[str, Any]], Awaitable[types.CallToolResult]]


class TaskParams(types.RequestParams):
    """Parameters of `tasks/get` and `tasks/cancel`."""

    task_id: str


class TaskUpdateParams(TaskParams):
    """Parameters of `tasks/update`."""

    input_responses: dict[str, Any]


async def _compute(task: Task, arguments: dict[str, Any]) -> types.CallToolResult:
    await asyncio.sleep(float(arguments.get("seconds", 0)))
    return say(f"Computed {arguments.get('label', 'nothing')}")


async def _fail(task: Task, arguments: dict[str, Any]) -> types.CallToolResult:
    await asyncio.sleep(0.2)
    return types.CallToolResult(content=[types.TextContent(text="The job failed")], is_error=True)


async def _break_down(task: Task, arguments: dict[str, Any]) -> types.CallToolResult:
    raise MCPError(code=types.INTERNAL_ERROR, message="The job broke down")


async def _confirm(task: Task, arguments: dict[str, Any]) -> types.CallToolResult:
    question = f"Delete {arguments.get('filename')}?"
    await task.ask({uuid.uuid4().hex: elicit(question, "confirm", "boolean")})
    return say(f"Deleted {arguments.get('filename')}")


async def _ask_twice(task: Task, arguments: dict[str, Any]) -> types.CallToolResult:
    await task.ask({"first": elicit("First name?", "name"), "second": elicit("Second name?", "name")})
    return say("Both answered")


async def _greet(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
    return say(f"Hello, {(params.arguments or {}).get('name')}!")


async def _greet_later(task: Task, arguments: dict[str, Any]) -> types.CallToolResult:
    return say(f"Hello, {arguments['user_name']}!")


def _declares_tasks(ctx: Context) -> bool:
    declared = ctx.session.client_capabilities
    return declared is not None and EXTENSION in (declared.extensions or {})


def _demand_extension(ctx: Context) -> None:
    if not _declares_tasks(ctx):
        raise MCPError(
            code=types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="This needs the tasks extension",
            data={"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
        )


class TaskBoard:
    """Knows every task of the process."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def attach_to(self, server: Server[Any]) -> None:
        """Advertise the extension and register its methods."""
        server.extensions[EXTENSION] = {}
        server.add_request_handler("tasks/get", TaskParams, self._get)
        server.add_request_handler("tasks/update", TaskUpdateParams, self._update)
        server.add_request_handler("tasks/cancel", TaskParams, self._cancel)

    def tools(self) -> dict[str, FixtureTool]:
        """Name the tools of the extension."""
        return {
            "greet": FixtureTool("Greets at once", _greet, one_string("name")),
            "slow_compute": FixtureTool("Takes its time", self._optional_task(_compute), _SECONDS_SCHEMA),
            "failing_job": FixtureTool("A task that reports an error", self._required_task(_fail)),
            "protocol_error_job": FixtureTool("A task that breaks down", self._required_task(_break_down)),
            "confirm_delete": FixtureTool("A task that asks", self._required_task(_confirm), one_string("filename")),
            "multi_input": FixtureTool("A task that asks twice", self._required_task(_ask_twice)),
            "test_tool_with_task": FixtureTool("Asks, then becomes a task", self._ask_then_task),
        }

    def _begin(self, job: Job, arguments: dict[str, Any]) -> ToolResult:
        task = Task()
        self._tasks[task.id] = task
        task.runner = asyncio.create_task(self._run(task, job, arguments))
        return {"resultType": "task", **task.summary()}

    async def _run(self, task: Task, job: Job, arguments: dict[str, Any]) -> None:
        try:
            result = await job(task, arguments)
        except MCPError as error:
            task.move_to("failed", error={"code": error.code, "message": error.message})
        else:
            task.move_to("completed", result=result.model_dump(by_alias=True, mode="json", exclude_none=True))

    def _optional_task(self, job: Job) -> ToolHandler:
        async def call(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
            arguments = params.arguments or {}
            return self._begin(job, arguments) if _declares_tasks(ctx) else await job(Task(), arguments)

        return call

    def _required_task(self, job: Job) -> ToolHandler:
        async def call(ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
            _demand_extension(ctx)
            return self._begin(job, params.arguments or {})

        return call

    async def _ask_then_task(self, ctx: Context, params: types.CallToolRequestParams) -> ToolResult:
        _demand_extension(ctx)
        name = accepted(params, "user_name", "name")
        if name is None:
            return types.InputRequiredResult(input_requests={"user_name": elicit("What is your name?", "name")})
        return self._begin(_greet_later, {"user_name": name})

    def _find(self, ctx: Context, params: TaskParams) -> Task:
        _demand_extension(ctx)
        named = decode_header_value(ctx.request.headers.get(MCP_NAME_HEADER)) if ctx.request else params.task_id
        if named != params.task_id:
            raise MCPError(code=types.HEADER_MISMATCH, message="Mcp-Name does not match params.taskId")
        if params.task_id not in self._tasks:
            raise MCPError(code=types.INVALID_PARAMS, message="Unknown task", data={"taskId": params.task_id})
        return self._tasks[params.task_id]

    async def _get(self, ctx: Context, params: TaskParams) -> dict[str, Any]:
        return self._find(ctx, params).detail()

    async def _update(self, ctx: Context, params: TaskUpdateParams) -> dict[str, Any]:
        self._find(ctx, params).answer(params.input_responses)
        return {}

    async def _cancel(self, ctx: Context, params: TaskParams) -> dict[str, Any]:
        task = self._find(ctx, params)
        task.move_to("cancelled")
        if task.runner is not None:
            task.runner.cancel()
        return {}
