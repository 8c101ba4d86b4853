"""What must be remembered: keys, sessions, records.

Nothing is imported here: a back-end is paid for by whoever opens it (``stores.opening``).
"""
