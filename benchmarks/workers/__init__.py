"""One module per implementation; each runs in an environment of its own."""
