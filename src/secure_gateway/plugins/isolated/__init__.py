"""Plugins in a process of their own: what blocks, crashes or eats memory there harms nobody here (``docs/adr/0012-blocking-plugins.md``)."""
