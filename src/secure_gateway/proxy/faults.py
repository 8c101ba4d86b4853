"""How a verdict or a fault reads on the JSON-RPC wire: a code, a sentence for people, the public code and the request id."""

from __future__ import annotations

from typing import Any, Final

from secure_gateway.errors import HTTP_STATUS, PUBLIC_MESSAGE, ErrorCode, RequestDenied, RequestError
from secure_gateway.proxy.wire import INVALID_REQUEST, MessageId, WireError, encode

INVALID_PARAMS: Final = -32602

_RESERVED: Final = {ErrorCode.INVALID_REQUEST: INVALID_REQUEST, ErrorCode.INVALID_ARGUMENTS: INVALID_PARAMS}
"""The two refusals for which JSON-RPC has a code. The rest use their HTTP status, outside the range that JSON-RPC and MCP reserve."""


def jsonrpc_code(code: ErrorCode) -> int:
    """Return the JSON-RPC error code of a public code."""
    return _RESERVED.get(code) or HTTP_STATUS[code]


def public_text(error: RequestDenied | RequestError) -> str:
    """Return the sentence that a remote caller may read: a verdict's reason, but never a fault's."""
    said = error.reason if isinstance(error, RequestDenied) else PUBLIC_MESSAGE[error.code]
    return f"secure-gateway: {said} ({error.code.value}" + (
        f", request {error.request_id})" if error.request_id else ")"
    )


def error_object(error: RequestDenied | RequestError) -> dict[str, Any]:
    """Return the JSON-RPC error object."""
    data: dict[str, Any] = {"code": error.code.value, "request_id": error.request_id}
    if seconds := getattr(error, "retry_after", 0):
        data["retry_after"] = seconds
    return {"code": jsonrpc_code(error.code), "message": public_text(error), "data": data}


def error_response(message_id: MessageId | None, error: RequestDenied | RequestError) -> bytes:
    """Return the JSON-RPC error message that answers the request ``message_id``."""
    return encode({"jsonrpc": "2.0", "id": message_id, "error": error_object(error)})


def wire_error_response(error: WireError, request_id: str) -> bytes:
    """Return the JSON-RPC error message that answers bytes which are no message."""
    data = {"code": error.code.value, "request_id": request_id}
    message = f"secure-gateway: {error.reason} ({error.code.value}, request {request_id})"
    return encode(
        {
            "jsonrpc": "2.0",
            "id": error.message_id,
            "error": {"code": error.jsonrpc_code, "message": message, "data": data},
        }
    )
