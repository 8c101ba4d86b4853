"""Hypothesis strategies: what may stand in a hook call."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
from hypothesis import strategies as st

from secure_gateway.plugins.framework import HOOK_POINTS, HttpHeaderPayload
from secure_gateway.types import Principal

SECRET = "hunter2-secret"

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON_VALUES, max_size=3)
_HEADERS = st.dictionaries(st.from_regex(r"[a-z-]{1,8}", fullmatch=True), TEXTS, max_size=3).map(HttpHeaderPayload)
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    Any: JSON_VALUES,
    str: TEXTS,
    int: st.integers(0, 65535),
    bool: st.booleans(),
    HttpHeaderPayload: _HEADERS,
    list[Any]: st.lists(JSON_VALUES, max_size=3),
    list[str]: st.lists(TEXTS, max_size=3),
    list[dict[str, Any]]: st.lists(OBJECTS, max_size=3),
    dict[str, Any]: OBJECTS,
    dict[str, str]: st.dictionaries(TEXTS, TEXTS, max_size=3),
}


def payloads(hook: str) -> st.SearchStrategy[Any]:
    """Payloads of ``hook`` with anything in every field."""
    kind = HOOK_POINTS[hook].payload
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _of(hints[field.name]) for field in msgspec.structs.fields(kind)})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    kinds = [kind for kind in hint.__args__ if kind is not type(None)]
    return st.none() | st.one_of([_BY_TYPE[kind] for kind in kinds])


PRINCIPALS = st.builds(
    Principal,
    subject=TEXTS,
    provider=TEXTS,
    method=TEXTS,
    project_id=st.none() | TEXTS,
    tenant_id=st.none() | TEXTS,
    email=st.none() | TEXTS,
    roles=st.lists(TEXTS, max_size=2).map(tuple),
    permissions=st.lists(TEXTS, max_size=2).map(tuple),
    key_id=st.none() | TEXTS,
    is_admin=st.booleans(),
    attributes=OBJECTS,
)
