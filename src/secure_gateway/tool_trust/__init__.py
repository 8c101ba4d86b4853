"""Whether a tool is what it was, and no other's double: pinned definitions, and names that could be taken for another's."""
