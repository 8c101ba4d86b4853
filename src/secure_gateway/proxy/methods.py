"""One table: which MCP method is which operation, and where in its message the target and the content stand.

``docs/proxy.md`` prints it. A method that is not in it is unknown: its parameters are judged as a whole, or it is refused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from secure_gateway.types import Operation

_SPEC: Final = "io.modelcontextprotocol/"

PROTOCOL_META: Final = frozenset(
    {
        "progressToken",
        "traceparent",
        "tracestate",
        f"{_SPEC}protocolVersion",
        f"{_SPEC}clientInfo",
        f"{_SPEC}clientCapabilities",
        f"{_SPEC}logLevel",
    }
)
"""Keys of ``params._meta`` that frame a call and are no content. Every other key beside the arguments is judged."""

SUBSCRIPTION_ID: Final = f"{_SPEC}subscriptionId"
PROTOCOL_VERSION: Final = f"{_SPEC}protocolVersion"
CLIENT_CAPABILITIES: Final = f"{_SPEC}clientCapabilities"


class Sender(StrEnum):
    """Who asks. ``CLIENT``: the MCP client; ``SERVER``: the MCP server."""

    CLIENT = "client"
    SERVER = "server"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A result that lists things: under which key, what kind they are, and by which member permission goes."""

    key: str
    operation: Operation
    named_by: str


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``target`` and ``content`` are members of ``params``; an empty ``content`` stands for all but the target.

    ``lasting``: the answer comes when something happens, so no time limit applies. ``question``: a person or a model answers, under a limit of
    its own, and the limits of the client's requests stand still meanwhile. ``listing``: what of the result the caller may see.
    """

    name: str
    sender: Sender = Sender.CLIENT
    notification: bool = False
    operation: Operation = Operation.MESSAGE
    target: str = ""
    content: str = ""
    lasting: bool = False
    question: bool = False
    listing: Listing | None = None


def _listing(key: str, operation: Operation, named_by: str) -> Listing:
    return Listing(key=key, operation=operation, named_by=named_by)


_CLIENT_REQUESTS: Final = (
    Method(name="tools/call", operation=Operation.TOOL, target="name", content="arguments"),
    Method(name="prompts/get", operation=Operation.PROMPT, target="name", content="arguments"),
    Method(name="resources/read", operation=Operation.RESOURCE, target="uri"),
    Method(name="resources/subscribe", operation=Operation.RESOURCE, target="uri"),
    Method(name="resources/unsubscribe", operation=Operation.RESOURCE, target="uri"),
    Method(name="tools/list", listing=_listing("tools", Operation.TOOL, "name")),
    Method(name="prompts/list", listing=_listing("prompts", Operation.PROMPT, "name")),
    Method(name="resources/list", listing=_listing("resources", Operation.RESOURCE, "uri")),
    Method(name="resources/templates/list", listing=_listing("resourceTemplates", Operation.RESOURCE, "uriTemplate")),
    Method(name="completion/complete"),
    Method(name="initialize"),
    Method(name="server/discover"),
    Method(name="ping"),
    Method(name="logging/setLevel"),
    Method(name="subscriptions/listen", lasting=True),
    Method(name="tasks/get"),
    Method(name="tasks/result", lasting=True),
    Method(name="tasks/list"),
    Method(name="tasks/cancel"),
    Method(name="tasks/update"),
)
_CLIENT_NOTIFICATIONS: Final = tuple(
    Method(name=f"notifications/{name}", notification=True)
    for name in ("initialized", "cancelled", "progress", "roots/list_changed", "tasks/status")
)
_SERVER_REQUESTS: Final = (
    Method(name="sampling/createMessage", sender=Sender.SERVER, operation=Operation.AGENT, question=True),
    Method(name="elicitation/create", sender=Sender.SERVER, question=True),
    Method(name="roots/list", sender=Sender.SERVER),
    Method(name="ping", sender=Sender.SERVER),
    Method(name="tasks/get", sender=Sender.SERVER),
    Method(name="tasks/result", sender=Sender.SERVER, lasting=True),
    Method(name="tasks/list", sender=Sender.SERVER),
    Method(name="tasks/cancel", sender=Sender.SERVER),
)
_SERVER_NOTIFICATIONS: Final = tuple(
    Method(name=f"notifications/{name}", sender=Sender.SERVER, notification=True)
    for name in (
        "cancelled",
        "progress",
        "message",
        "tools/list_changed",
        "prompts/list_changed",
        "resources/list_changed",
        "resources/updated",
        "elicitation/complete",
        "subscriptions/acknowledged",
        "tasks/status",
    )
)

METHODS: Final[dict[tuple[Sender, str], Method]] = {
    (method.sender, method.name): method
    for method in (*_CLIENT_REQUESTS, *_CLIENT_NOTIFICATIONS, *_SERVER_REQUESTS, *_SERVER_NOTIFICATIONS)
}


def find_method(sender: Sender, name: str) -> Method | None:
    """Return the row of a method, or None where it is unknown. Names are compared exactly: nothing is guessed."""
    return METHODS.get((sender, name))


_SPELLINGS: Final = frozenset((sender, name.casefold()) for sender, name in METHODS)


def is_look_alike(sender: Sender, name: str) -> bool:
    """Tell whether ``name`` is no method of the table, and a lenient reader would take it for one."""
    return (sender, name) not in METHODS and (sender, name.strip().strip("/").casefold()) in _SPELLINGS


def table_rows() -> list[tuple[str, str, str, str, str]]:
    """Return the table as text: method, sender, operation, target, judged content. The documentation prints it."""
    return [
        (
            method.name,
            f"{method.sender.value} {'notification' if method.notification else 'request'}",
            method.operation.value,
            f"params.{method.target}" if method.target else "the server" if method.operation is Operation.AGENT else "",
            _content(method),
        )
        for method in METHODS.values()
    ]


def _content(method: Method) -> str:
    if method.content:
        return f"params.{method.content}, then every other parameter"
    if method.notification:
        return "params"
    judged = f"params but {method.target}" if method.target else "params"
    listing = method.listing
    return f"{judged}; result.{listing.key} shows what the caller may use" if listing else judged
