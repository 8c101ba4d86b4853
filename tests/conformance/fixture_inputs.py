"""The fixture's multi-round-trip requests (2026-07-28): tools and a prompt that ask before they answer."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext

Context = ServerRequestContext[Any, Any]
InputHandler = Callable[
    [Context, types.CallToolRequestParams], Awaitable[types.CallToolResult | types.InputRequiredResult]
]


def elicit(message: str, field: str, kind: str = "string") -> types.ElicitRequest:
    """Ask the user for one required field."""
    schema: dict[str, Any] = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(question: str, max_tokens: int = 100) -> types.CreateMessageRequest:
    """Ask the client's model one question."""
    message = types.SamplingMessage(role="user", content=types.TextContent(text=question))
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[message], max_tokens=max_tokens)
    )


def say(value: str) -> types.CallToolResult:
    """Finish a tool call with one text."""
    return types.CallToolResult(content=[types.TextContent(text=value)])


def accepted(params: types.InputResponseRequestParams, key: str, field: str) -> Any | None:
    """Read `field` of the accepted elicitation under `key`, or None when it was not (yet) given."""
    response = (params.input_responses or {}).get(key)
    if not isinstance(response, types.ElicitResult) or response.action != "accept":
        return None
    return (response.content or {}).get(field)


def ask_for_prompt_context(params: types.GetPromptRequestParams) -> types.InputRequiredResult | str:
    """Give the context that the prompt needs, or the question that asks for it."""
    context = accepted(params, "user_context", "context")
    if context is None:
        question = elicit("What context should the prompt use?", "context")
        return types.InputRequiredResult(input_requests={"user_context": question})
    return str(context)


async def _elicitation(
    ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    name = accepted(params, "user_name", "name")
    if name is None:
        return types.InputRequiredResult(input_requests={"user_name": elicit("What is your name?", "name")})
    return say(f"Hello, {name}!")


async def _sampling(
    ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    answer = (params.input_responses or {}).get("capital_question")
    if not isinstance(answer, types.CreateMessageResult):
        return types.InputRequiredResult(input_requests={"capital_question": sample("What is the capital of France?")})
    return say(answer.content.text if isinstance(answer.content, types.TextContent) else "(not text)")


async def _roots(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult | types.InputRequiredResult:
    answer = (params.input_responses or {}).get("client_roots")
    if not isinstance(answer, types.ListRootsResult):
        return types.InputRequiredResult(input_requests={"client_roots": types.ListRootsRequest()})
    return say("Roots: " + ", ".join(str(root.uri) for root in answer.roots))


async def _confirmed_state(
    ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    confirmed = accepted(params, "confirm", "ok")
    if confirmed is None or params.request_state != "awaiting-confirmation":
        return types.InputRequiredResult(
            input_requests={"confirm": elicit("Please confirm", "ok", "boolean")}, request_state="awaiting-confirmation"
        )
    return say("state-ok")


async def _multiple_inputs(
    ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    wanted: types.InputRequests = {
        "user_name": elicit("What is your name?", "name"),
        "greeting": sample("Generate a greeting", 50),
        "client_roots": types.ListRootsRequest(),
    }
    if not wanted.keys() <= (params.input_responses or {}).keys():
        return types.InputRequiredResult(input_requests=wanted, request_state="awaiting-three")
    return say(f"Greeted {accepted(params, 'user_name', 'name')}")


async def _multi_round(
    ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    state: dict[str, Any] = json.loads(params.request_state or "{}")
    name = state.get("name") or accepted(params, "step1", "name")
    if name is None:
        return types.InputRequiredResult(
            input_requests={"step1": elicit("Step 1: What is your name?", "name")}, request_state="{}"
        )
    color = accepted(params, "step2", "color")
    if color is None:
        return types.InputRequiredResult(
            input_requests={"step2": elicit("Step 2: What is your favorite color?", "color")},
            request_state=json.dumps({"name": name}),
        )
    return say(f"{name} likes {color}")


async def _only_declared(
    ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    declared = ctx.session.client_capabilities or types.ClientCapabilities()
    wanted: types.InputRequests = {}
    if declared.sampling is not None:
        wanted["question"] = sample("What is the capital of France?")
    if declared.elicitation is not None:
        wanted["user_name"] = elicit("What is your name?", "name")
    if not wanted or params.input_responses:
        return say("done")
    return types.InputRequiredResult(input_requests=wanted)


def input_tools() -> dict[str, tuple[str, InputHandler]]:
    """Name the tools that ask first: description and handler, keyed by tool name."""
    return {
        "test_input_required_result_elicitation": ("Asks for a name", _elicitation),
        "test_input_required_result_sampling": ("Asks the client's model", _sampling),
        "test_input_required_result_list_roots": ("Asks for the client's roots", _roots),
        "test_input_required_result_request_state": ("Asks and keeps its state with the client", _confirmed_state),
        "test_input_required_result_tampered_state": ("Refuses a state that was changed", _confirmed_state),
        "test_input_required_result_multiple_inputs": ("Asks three things at once", _multiple_inputs),
        "test_input_required_result_multi_round": ("Asks twice", _multi_round),
        "test_input_required_result_capabilities": ("Asks only what the client can answer", _only_declared),
        "test_streaming_elicitation": ("Asks for a name", _elicitation),
    }
