"""The MCP proxy: JSON-RPC messages are judged on the wire, in both directions, and pass byte for byte where nobody changes them."""
