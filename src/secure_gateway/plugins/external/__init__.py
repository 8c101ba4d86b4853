"""Plugins that run behind an MCP server of their own, and how they are asked."""
