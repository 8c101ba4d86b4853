#!/bin/sh
# Put the gateway before an MCP server: point your MCP client at this script instead of at the server.
# Needs a configuration (`secure-gateway init`) and, in the client's `env`, SECURE_GATEWAY_API_KEY.
exec secure-gateway proxy -- mcp-server-time
