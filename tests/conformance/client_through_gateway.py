"""The fixture client with the gateway in between, for the suite to call like any other client.

    python -m tests.conformance.client_through_gateway PYTHON CLIENT http://localhost:1234/mcp

puts a gateway before the address and runs `PYTHON CLIENT` against the gateway.
"""

from __future__ import annotations

import subprocess
import sys

from tests.conformance.gateway_under_test import gateway_before


def main() -> int:
    """Run the client through a gateway of its own and return the client's exit code."""
    python, client, upstream = sys.argv[1:]
    with gateway_before(upstream) as address:
        return subprocess.run([python, client, address], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
