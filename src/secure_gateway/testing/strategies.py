"""Hypothesis strategies for payloads, harmless and hostile. They need Hypothesis, which the gateway itself does not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from secure_gateway.testing.hostile import hostile_scalars

_AWKWARD_KEYS = ("", "id", "token", "\u00e9/~", "0", "\ud800", "x" * 40)


def texts(max_size: int = 200) -> st.SearchStrategy[str]:
    """Generate strings of every width that Python keeps them in: ASCII, Latin-1, two and four bytes a letter, lone surrogates too."""
    anything = st.characters(exclude_categories=())
    letters = st.characters(max_codepoint=127) | st.characters(max_codepoint=255) | anything
    return st.text(letters, max_size=max_size)


def scalars() -> st.SearchStrategy[Any]:
    """Generate JSON scalars: numbers of any size, NaN and the infinities too, which Python's own JSON has."""
    return st.none() | st.booleans() | st.integers() | st.floats() | texts()


def payloads(*, hostile: bool = True, max_leaves: int = 12) -> st.SearchStrategy[Any]:
    """Generate JSON values nested in objects and lists; ``hostile`` ones hold what is no JSON value, or answers for itself, among the rest."""
    awkward = hostile_scalars()
    # By number: Hypothesis prints what it samples from, and some of these cannot be printed.
    leaves = scalars() | st.integers(0, len(awkward) - 1).map(awkward.__getitem__) if hostile else scalars()
    keys = st.sampled_from(_AWKWARD_KEYS) | texts(20)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=max_leaves,
    )


def containers(*, hostile: bool = True, max_leaves: int = 12) -> st.SearchStrategy[Any]:
    """Generate what ``payloads`` does, with an object or a list outermost."""
    inner = payloads(hostile=hostile, max_leaves=max_leaves)
    return st.lists(inner, max_size=4) | st.dictionaries(texts(20), inner, max_size=4)
