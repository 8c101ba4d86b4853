"""The command ``secure-gateway``: one file for each group of commands, loaded when it is called.

click and rich are imported here and nowhere else.
"""
