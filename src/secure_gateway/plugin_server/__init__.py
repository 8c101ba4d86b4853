"""A server of plugins: native plugins, asked over MCP with the three tools of ContextForge's plugin servers.

``host`` runs the plugins, ``tools`` speaks MCP, ``stdio`` and ``http`` are its two doors.
"""
