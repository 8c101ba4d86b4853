"""``secure-gateway plugin``."""

from __future__ import annotations

from secure_gateway.cli.lazy import LazyGroup, Listed

plugin = LazyGroup(
    "plugin",
    help="Run plugins on their own, for gateways elsewhere.",
    lazy={
        "serve": Listed(
            "secure_gateway.cli.plugin_serve:serve", "Serve native plugins to other gateways, as external ones."
        ),
    },
)
