"""One strict decoder for JSON-RPC 2.0 messages, and the only place where a message is rewritten.

What we judge must be what the other side reads. Whatever two JSON readers may understand differently (a key that stands twice, a
number that does not fit, a member that differs from ours by case only) is refused here, in both directions.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from secure_gateway.errors import ErrorCode, GatewayError

MAX_NUMBER_CHARS: Final = 40
"""Longer than any spelling of a 64-bit integer or double that a serialiser writes; what is longer is read differently by readers."""
MAX_ID_CHARS: Final = 512
MAX_METHOD_CHARS: Final = 200
ENVELOPE_DEPTH: Final = 4
"""Levels that a message adds around arguments or a result: the message, ``params``, and a list of items within it."""

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600

_LARGEST_INTEGER = 2**64 - 1
_SMALLEST_INTEGER = -(2**63)
_MEMBERS = frozenset({"jsonrpc", "id", "method", "params", "result", "error"})
_ENCODER = msgspec.json.Encoder()
_MEMBER_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEM_DECODER = msgspec.json.Decoder(list[msgspec.Raw])

MessageId: TypeAlias = str | int


class Kind(StrEnum):
    """The four things that a JSON-RPC message can be."""

    REQUEST = "request"
    NOTIFICATION = "notification"
    RESPONSE = "response"
    ERROR = "error"


class WireLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large one message may be: ``max_bytes`` on the wire, ``max_depth`` nested containers in arguments or a result."""

    max_bytes: int = 16 * 1024 * 1024
    max_depth: int = 100


class WireError(GatewayError):
    """Bytes that are no message which both sides would read alike.

    ``jsonrpc_code`` is what JSON-RPC calls the fault. ``message_id`` is the id where one could be read beyond doubt, and ``is_answer`` tells
    that it belongs to a response, so that whoever waits for that response need not wait on.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: ErrorCode = ErrorCode.INVALID_REQUEST,
        jsonrpc_code: int = INVALID_REQUEST,
        message_id: MessageId | None = None,
        is_answer: bool = False,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.jsonrpc_code = jsonrpc_code
        self.message_id = message_id
        self.is_answer = is_answer


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One decoded message. ``raw`` is what came in, byte for byte; ``value`` is what it says. Nobody changes either.

    ``id`` is None for a notification and for an error that answers an unreadable message.
    """

    kind: Kind
    value: dict[str, Any]
    raw: bytes
    id: MessageId | None = None
    method: str = ""

    @property
    def key(self) -> MessageId:
        """The id of a request or a response; only a notification and an error without one have none. Raises ``WireError`` then."""
        if self.id is None:
            raise WireError("a message without an id")
        return self.id

    @property
    def params(self) -> dict[str, Any] | None:
        """The parameters of a request or notification."""
        return self.value.get("params")

    @property
    def result(self) -> Any:
        """The result of a response."""
        return self.value["result"]

    @property
    def error(self) -> dict[str, Any]:
        """The error object of an error."""
        found: dict[str, Any] = self.value["error"]
        return found

    def __repr__(self) -> str:
        return f"Message({self.kind.value}, id={self.id!r}, method={self.method!r}, {len(self.raw)} bytes)"


def decode(raw: bytes, limits: WireLimits) -> Message:
    """Return the message that ``raw`` is. Raises ``WireError`` for anything that is not exactly one valid message."""
    if len(raw) > limits.max_bytes:
        raise WireError(f"a message of more than {limits.max_bytes} bytes", code=ErrorCode.TOO_LARGE)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # The parser's message quotes nothing of the document, but its class name is all that a remote side needs.
        raise WireError(f"no valid JSON at character {error.pos}", jsonrpc_code=PARSE_ERROR) from None
    if type(value) is not dict:
        found = "a batch; no supported revision of MCP has batches" if type(value) is list else "JSON that is no object"
        raise WireError(found)
    message = _classified(value, raw)
    try:
        _check_depth(value, raw, limits.max_depth + ENVELOPE_DEPTH)
        _check_spelling(value, raw)
    except WireError as error:
        # An id that stands twice is no id; beyond that, the id is good enough to answer to.
        if _id_is_certain(raw):
            error.message_id = message.id
            error.is_answer = message.kind in (Kind.RESPONSE, Kind.ERROR)
        raise
    return message


def decode_line(line: bytes | None, limits: WireLimits) -> Message:
    """Like ``decode``, for a line that is None where it was too long to be kept."""
    if line is None:
        raise WireError(f"a message of more than {limits.max_bytes} bytes", code=ErrorCode.TOO_LARGE)
    return decode(line, limits)


def _classified(value: dict[str, Any], raw: bytes) -> Message:
    if value.get("jsonrpc") != "2.0":
        raise WireError('no "jsonrpc": "2.0"', message_id=_readable_id(value))
    if not value.keys() <= _MEMBERS:
        # Some readers ignore case: "Params" beside "params" would be read by them and not by us.
        raise WireError("a member that JSON-RPC 2.0 does not have", message_id=_readable_id(value))
    if "method" in value:
        return _call(value, raw)
    if ("result" in value) is ("error" in value):
        raise WireError('neither "method" nor exactly one of "result" and "error"', message_id=_readable_id(value))
    if "params" in value:
        raise WireError('"params" in a response')
    return _answer(value, raw)


def _call(value: dict[str, Any], raw: bytes) -> Message:
    method, message_id = value["method"], _readable_id(value)
    if "result" in value or "error" in value:
        raise WireError('"method" beside "result" or "error"', message_id=message_id)
    if type(method) is not str or not 0 < len(method) <= MAX_METHOD_CHARS or not method.isprintable():
        raise WireError('a "method" that is no short printable string', message_id=message_id)
    if type(value.get("params")) not in (dict, type(None)):
        raise WireError('"params" that are no object', message_id=message_id)
    if "id" not in value:
        return Message(kind=Kind.NOTIFICATION, method=method, value=value, raw=raw)
    if message_id is None:
        raise WireError('an "id" that is neither a short string nor an integer')
    return Message(kind=Kind.REQUEST, id=message_id, method=method, value=value, raw=raw)


def _answer(value: dict[str, Any], raw: bytes) -> Message:
    message_id = _readable_id(value)
    if "result" in value:
        if message_id is None:
            raise WireError("a response without a usable id", is_answer=True)
        if type(value["result"]) is not dict:
            raise WireError('a "result" that is no object', message_id=message_id, is_answer=True)
        return Message(kind=Kind.RESPONSE, id=message_id, value=value, raw=raw)
    error = value["error"]
    if type(error) is not dict or type(error.get("code")) is not int or type(error.get("message")) is not str:
        raise WireError('an "error" without a code and a message', message_id=message_id, is_answer=True)
    if message_id is None and value.get("id") is not None:
        raise WireError("an error without a usable id", is_answer=True)
    return Message(kind=Kind.ERROR, id=message_id, value=value, raw=raw)


def _readable_id(value: dict[str, Any]) -> MessageId | None:
    found = value.get("id")
    if type(found) is int or (type(found) is str and len(found) <= MAX_ID_CHARS):
        return found
    return None


def _check_depth(value: Any, raw: bytes, most: int) -> None:
    if raw.count(b"{") + raw.count(b"[") <= most:
        return
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise WireError("a message nested deeper than limits.max_depth allows", code=ErrorCode.TOO_LARGE)


def _check_spelling(value: Any, raw: bytes) -> None:
    """Refuse duplicate keys and over-long numbers.

    Most peers write compact JSON. Where writing the value again gives the very same bytes, nothing can have been lost in reading it, which
    costs a tenth of looking at every key.
    """
    try:
        if orjson.dumps(value) == raw:
            return
    except orjson.JSONEncodeError:  # nested deeper than it writes
        pass
    try:
        json.loads(raw, object_pairs_hook=_unique, parse_int=_integer, parse_float=_number)
    except RecursionError:
        raise WireError("a message nested too deep to be read", code=ErrorCode.TOO_LARGE) from None


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise WireError("an object with a duplicate key")


def _integer(text: str) -> None:
    if len(text) > MAX_NUMBER_CHARS or not _SMALLEST_INTEGER <= int(text) <= _LARGEST_INTEGER:
        raise WireError("an integer that does not fit into 64 bits")


def _number(text: str) -> None:
    if len(text) > MAX_NUMBER_CHARS:
        raise WireError(f"a number of more than {MAX_NUMBER_CHARS} characters")


def _id_is_certain(raw: bytes) -> bool:
    seen: list[int] = []

    def count(pairs: list[tuple[str, Any]]) -> None:
        seen.append(sum(key == "id" for key, _ in pairs))

    try:
        json.loads(raw, object_pairs_hook=count, parse_int=str)
    except RecursionError:
        return False
    return seen[-1] <= 1


def cancelled_id(message: Message) -> MessageId | None:
    """Return the id of the request that a ``notifications/cancelled`` is about, else None."""
    if message.method != "notifications/cancelled" or message.params is None:
        return None
    found = message.params.get("requestId")
    return found if type(found) in (str, int) else None


def encode(value: Any) -> bytes:
    """Return ``value`` as compact JSON."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # nested deeper than orjson writes, and within limits.max_depth
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def rewrite(raw: bytes, old: Any, new: Any) -> bytes:
    """Return ``raw``, which says ``old``, so that it says ``new``; whatever is the same in both keeps its spelling."""
    if old is new:
        return raw
    if type(old) is dict and type(new) is dict:
        members = _MEMBER_DECODER.decode(raw)
        return _ENCODER.encode(
            {
                key: msgspec.Raw(rewrite(bytes(members[key]), old[key], value) if key in old else encode(value))
                for key, value in new.items()
            }
        )
    if type(old) is list and type(new) is list and len(old) == len(new):
        items = _ITEM_DECODER.decode(raw)
        return _ENCODER.encode(
            [
                msgspec.Raw(rewrite(bytes(items[index]), was, now))
                for index, (was, now) in enumerate(zip(old, new, strict=True))
            ]
        )
    written = encode(new)
    return raw if written == encode(old) else written


def changed(message: Message, **members: Any) -> Message:
    """Return ``message`` with some of its members (``params``, ``result``, ``error``, ``id``) replaced."""
    value = {**message.value, **members}
    return msgspec.structs.replace(
        message, value=value, raw=rewrite(message.raw, message.value, value), id=value.get("id")
    )


def keep_items(message: Message, key: str, indexes: list[int]) -> Message:
    """Return a response with only those items of the list ``result[key]``, each spelt as it was."""
    result = message.result
    members = _MEMBER_DECODER.decode(message.raw)
    parts = _MEMBER_DECODER.decode(members["result"])
    items = _ITEM_DECODER.decode(parts[key])
    parts[key] = msgspec.Raw(_ENCODER.encode([items[index] for index in indexes]))
    members["result"] = msgspec.Raw(_ENCODER.encode(parts))
    kept = {**result, key: [result[key][index] for index in indexes]}
    return msgspec.structs.replace(message, value={**message.value, "result": kept}, raw=_ENCODER.encode(members))
