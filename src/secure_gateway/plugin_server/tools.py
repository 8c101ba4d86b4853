"""MCP, as far as a server of plugins needs it: three tools, and the answers to a client's first words."""

from __future__ import annotations

from typing import Any, Final

from secure_gateway.errors import ErrorCode, GatewayError
from secure_gateway.plugin_server.host import PluginHost
from secure_gateway.plugins.external.codec import encode_error
from secure_gateway.proxy.faults import INVALID_PARAMS
from secure_gateway.proxy.mirrored import HANDSHAKE_VERSIONS
from secure_gateway.proxy.wire import INVALID_REQUEST, Message, MessageId, WireError, WireLimits, encode

GET_PLUGIN_CONFIGS: Final = "get_plugin_configs"
GET_PLUGIN_CONFIG: Final = "get_plugin_config"
INVOKE_HOOK: Final = "invoke_hook"

METHOD_NOT_FOUND: Final = -32601
OVERLOADED: Final = -32000
_NEWEST: Final = max(HANDSHAKE_VERSIONS)

_TEXT: Final = {"type": "string"}
_OBJECT: Final = {"type": "object"}


def _tool(name: str, description: str, /, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"name": name, "description": description, "inputSchema": schema}


_TOOLS: Final = (
    _tool(GET_PLUGIN_CONFIGS, "List the plugins of this server: names, hooks, modes and priorities."),
    _tool(GET_PLUGIN_CONFIG, "Show one plugin of this server; an empty object where there is none.", name=_TEXT),
    _tool(
        INVOKE_HOOK,
        "Ask a plugin at a hook.",
        hook_type=_TEXT,
        plugin_name=_TEXT,
        payload=_OBJECT,
        context=_OBJECT,
    ),
)
_KINDS: Final = {"string": str, "object": dict}


class RpcError(GatewayError):
    """What is answered with a JSON-RPC error. The message is ours and quotes nothing."""

    def __init__(self, jsonrpc_code: int, reason: str) -> None:
        self.jsonrpc_code = jsonrpc_code
        self.reason = reason
        super().__init__(reason)


class ToolServer:
    """Answers the requests of MCP clients; it keeps nothing between them."""

    def __init__(self, host: PluginHost, version: str, limits: WireLimits) -> None:
        self._host = host
        self._version = version
        self._limits = limits

    @property
    def limits(self) -> WireLimits:
        """How large a message may be, in both directions."""
        return self._limits

    async def answer(self, request: Message) -> bytes:
        """Return the response to ``request``."""
        try:
            result = await self._result(request)
        except RpcError as error:
            return error_response(request.id, error.jsonrpc_code, error.reason)
        return encode({"jsonrpc": "2.0", "id": request.id, "result": result})

    async def _result(self, request: Message) -> dict[str, Any]:
        params = request.params or {}
        match request.method:
            case "initialize":
                return self._introduction(params)
            case "ping":
                return {}
            case "tools/list":
                return {"tools": _TOOLS}
            case "tools/call":
                return await self._call(params)
            case _:
                raise RpcError(METHOD_NOT_FOUND, "no such method")

    def _introduction(self, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("protocolVersion")
        return {
            "protocolVersion": wanted if wanted in HANDSHAKE_VERSIONS else _NEWEST,
            "capabilities": {"tools": {"listChanged": False}},
            "serverInfo": {"name": "secure-gateway plugin server", "version": self._version},
        }

    async def _call(self, params: dict[str, Any]) -> dict[str, Any]:
        name, arguments = params.get("name"), params.get("arguments")
        tool = next((each for each in _TOOLS if each["name"] == name), None)
        if tool is None:
            raise RpcError(INVALID_PARAMS, f"no such tool; there are {', '.join(each['name'] for each in _TOOLS)}")
        given = _checked({} if arguments is None else arguments, tool["inputSchema"]["properties"])
        match name:
            case "get_plugin_configs":
                return self._said(*self._host.configs())
            case "get_plugin_config":
                return self._said(self._host.config(given["name"]))
            case _:
                return self._said(await self._invoke(given))

    async def _invoke(self, given: dict[str, Any]) -> dict[str, Any]:
        return await self._host.invoke(given["hook_type"], given["plugin_name"], given["payload"], given["context"])

    def _said(self, *values: dict[str, Any]) -> dict[str, Any]:
        texts = [encode(value) for value in values]
        if sum(map(len, texts)) > self._limits.max_bytes:
            fault = f"the answer is larger than {self._limits.max_bytes} bytes"
            texts = [encode({"error": encode_error(ErrorCode.TOO_LARGE, fault, "")})]
        return {"content": [{"type": "text", "text": text.decode()} for text in texts], "isError": False}


def _checked(arguments: Any, properties: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return ``arguments``. Raises ``RpcError`` unless they are those of ``properties``, all of them and no others."""
    if type(arguments) is not dict or arguments.keys() != properties.keys():
        raise RpcError(INVALID_PARAMS, f"expected the arguments {', '.join(properties) or 'none'}")
    for key, schema in properties.items():
        if type(arguments[key]) is not _KINDS[schema["type"]]:
            raise RpcError(INVALID_PARAMS, f"{key} is no {schema['type']}")
    return arguments


def error_response(message_id: MessageId | None, jsonrpc_code: int, reason: str) -> bytes:
    """Return a JSON-RPC error."""
    return encode({"jsonrpc": "2.0", "id": message_id, "error": {"code": jsonrpc_code, "message": reason}})


def unreadable(error: WireError) -> bytes:
    """Return the answer to bytes that are no message."""
    return error_response(error.message_id, error.jsonrpc_code, error.reason)


def not_initialized(message_id: MessageId | None) -> bytes:
    """Return the answer to a request that comes before ``initialize``."""
    return error_response(message_id, INVALID_REQUEST, "initialize comes first")
