"""Hook plugins that come with the gateway."""
