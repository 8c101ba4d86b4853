"""Everything that can be plugged in: the three provider kinds and the hook framework."""
