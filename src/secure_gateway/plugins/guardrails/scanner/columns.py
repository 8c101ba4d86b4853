"""What a cell of a table in text is called: the heading of its column."""

from __future__ import annotations

_LINE_LONGEST = 2048
_NAME_LONGEST = 64
_DELIMITERS = (b",", b";", b"\t", b"|")


def column_name(data: bytes, place: int) -> bytes:
    """Return the heading above ``place`` where the first line is a table's head and the line of ``place`` has as many cells; else nothing.

    Lines beyond a stated length are no rows: every call costs the same however long the text is.
    """
    begin = data.rfind(b"\n", max(0, place - _LINE_LONGEST), place) + 1
    head = data[: max(0, data.find(b"\n", 0, _LINE_LONGEST))]
    if not head or begin <= len(head):
        return b""
    delimiter = max(_DELIMITERS, key=head.count)
    cells = head.count(delimiter)
    end = data.find(b"\n", place, place + _LINE_LONGEST)
    row = data[begin : end if end >= 0 else place + _LINE_LONGEST]
    if not cells or row.count(delimiter) != cells:
        return b""
    name = head.split(delimiter)[data.count(delimiter, begin, place)].strip(b" \"'")
    return name if len(name) <= _NAME_LONGEST else b""
