"""A nested value as one run of bytes, so that one pass over it can tell whether a closer look is needed."""

from __future__ import annotations

from itertools import pairwise

import orjson

from secure_gateway.plugins.guardrails.scanner.finding import Limits
from secure_gateway.plugins.guardrails.scanner.gate import BARE_NAMES
from secure_gateway.plugins.guardrails.scanner.walk import label_of, leaves

FIELD_END = '":"'  # what stands between a key and its text, as in serialised JSON
CONTEXT_BEFORE = 64  # how much of what stands before a value is read

_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

_CONTAINERS = frozenset({dict, list, tuple})
_SCALARS = frozenset({str, int, float})


def serialise(value: object, limits: Limits) -> bytes:
    """Return all text of ``value`` in UTF-8 (surrogates passed): its JSON with nothing escaped, else its strings joined.

    Raises:
        ScanLimitExceeded: ``value`` is larger than ``limits``.
        ScannerError: It holds a type that cannot be inspected.
    """
    try:
        data = orjson.dumps(value, option=_OPTIONS)
    except TypeError:  # deep, lone surrogates, bytes, long integers: the walk knows them or refuses
        return _join(value, limits)
    if len(data) > limits.max_chars or len(data) > 2 * limits.max_nodes:
        return _join(value, limits)
    if b"\\" not in data:
        return data
    joined = _plain_strings(value)  # JSON's escapes would hide text
    return _join(value, limits) if joined is None else joined.encode()


def spaced(field: str) -> str:
    """Split camel case, so that ``clientSecret`` reads as ``client Secret``."""
    if field.islower() or not field.isascii():
        return field
    humps = "".join(f"{a} " if a.islower() and b.isupper() else a for a, b in pairwise(field))
    return humps + field[-1:]


def behind(field: str, above: str) -> str:
    """Return what stands before a string in the field ``field`` of the member ``above``, as in serialised JSON: the name is context.

    Only the end of a long name: it stands before each item of a list, and would cost its length for every one. A name that says
    nothing, such as ``number``, stands behind that of the member around it.
    """
    if not field:
        return ""
    name = spaced(field[-CONTEXT_BEFORE:])
    if above and field.lower() in BARE_NAMES:
        name = f"{spaced(above[-CONTEXT_BEFORE:])} {name}"
    return f"{name}{FIELD_END}"


def in_their_fields(value: object, limits: Limits) -> str | None:
    """Return the strings and keys of ``value`` in no order, one a line, each behind the name of its field.

    None for what only ``leaves`` knows: types beyond JSON's own, and what is deeper than ``limits``.
    """
    lines: list[str] = []
    fields: dict[str, str] = {}
    stack: list[tuple[object, str, str, int]] = [(value, "", "", 0)]
    while stack:
        node, before, above, depth = stack.pop()
        if depth >= limits.max_depth and type(node) in _CONTAINERS:
            return None
        if type(node) is dict:
            for name, child in node.items():
                if type(name) is not str:
                    return None
                field = label_of(node, name)
                start = fields.get(field)
                if start is None:
                    start = behind(field, above)
                    if field.lower() not in BARE_NAMES:
                        fields[field] = start
                if type(child) is str:
                    lines += (name, start + child)
                else:
                    lines.append(name)
                    stack.append((child, start, name, depth + 1))
        elif type(node) is list or type(node) is tuple:
            stack += [(item, before, above, depth + 1) for item in node]
        elif type(node) in _SCALARS:
            lines.append(f"{before}{node}")
        elif node is not None and type(node) is not bool:
            return None
    return "\n".join(lines)


def _plain_strings(value: object) -> str | None:
    """Join the strings of what orjson took and found within the limits; None where there are types beyond JSON's own."""
    parts: list[str] = []
    stack: list[object] = [value]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is str:
            parts.append(node)  # type: ignore[arg-type]
        elif kind is dict:
            for key, child in node.items():  # type: ignore[attr-defined]
                parts.append(key)
                if type(child) is str:
                    parts.append(child)
                else:
                    stack.append(child)
        elif kind is list or kind is tuple:
            stack.extend(node)  # type: ignore[arg-type]
        elif kind is int or kind is float:
            parts.append(repr(node))
        elif node is not None and kind is not bool:
            return None
    return FIELD_END.join(parts) + FIELD_END


def _join(value: object, limits: Limits) -> bytes:
    parts: list[str] = []
    for leaf in leaves(value, limits):
        if leaf.is_key:
            split = spaced(leaf.text)
            parts += (leaf.text, FIELD_END) if split == leaf.text else (leaf.text, "\n", split, FIELD_END)
        else:
            parts += (leaf.text, '"\n')
    return "".join(parts).encode("utf-8", "surrogatepass")
