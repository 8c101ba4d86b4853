"""``output_length``: how long an answer may be, and must be, in characters, words or bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import AgentHookType, PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hooks.contents import content_fields, denied
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings

_WORD: Final = re.compile(r"\S+")
_MOST_MARKS: Final = 32
"""How many signs that belong to the one before them a cut steps back over; a text of nothing else is cut anywhere."""
_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f")

_PARTS: Final = ("content", "contents", "messages")
_OPAQUE: Final = frozenset({"data", "blob"})
_NAMES: Final = frozenset({"type", "role", "mimeType", "uri", "name", "annotations", "_meta"})
"""What the parts of an MCP answer say of themselves: counted by nobody, cut by nobody."""


class LengthSettings(Settings, frozen=True):
    """Limits that are left out do not count. ``action``: what is too long is refused (``block``) or cut (``truncate``), ``ellipsis`` included."""

    max_characters: int | None = None
    min_characters: int | None = None
    max_words: int | None = None
    min_words: int | None = None
    max_bytes: int | None = None
    min_bytes: int | None = None
    action: Literal["block", "truncate"] = "block"
    ellipsis: str = "…"

    def __post_init__(self) -> None:
        for key in ("max_characters", "min_characters", "max_words", "min_words", "max_bytes", "min_bytes"):
            value = getattr(self, key)
            if value is not None and value < (1 if key.startswith("max") else 0):
                raise Misfit(key, "another number", "a number, at least 1" if key.startswith("max") else "a number")
        for unit in ("characters", "words", "bytes"):
            least, most = getattr(self, f"min_{unit}") or 0, getattr(self, f"max_{unit}")
            if most is not None and least > most:
                raise Misfit(f"min_{unit}", f"more than max_{unit}", f"at most {most}")
        if len(self.ellipsis) > (self.max_characters or 1_000) or len(self.ellipsis.encode()) > (
            self.max_bytes or 4_000
        ):
            raise Misfit("ellipsis", "a text that is longer than the answer may be", "a short one, such as …")


class _Measure(msgspec.Struct):
    """One unit: how much of it a text has, how to cut a text to so much, and what is allowed."""

    unit: str
    count: Callable[[str], int]
    cut: Callable[[str, int], str]
    least: int
    most: int | None


class OutputLengthPlugin(Plugin):
    """Counts all texts of a result together, structured content too: a thousand short parts are as long as one of that length.

    What cannot be cut (images, blobs) counts, and refuses where it alone is too long. Names of members and what the parts of an MCP answer say
    of themselves do not count.
    """

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = read_settings(config, LengthSettings)
        units: tuple[tuple[str, Any, Any], ...] = (
            ("characters", len, lambda text, most: text[:most]),
            ("words", _words, _first_words),
            ("bytes", _bytes, _first_bytes),
        )
        self._measures = [
            _Measure(unit, count, cut, getattr(settings, f"min_{unit}") or 0, getattr(settings, f"max_{unit}"))
            for unit, count, cut in units
            if getattr(settings, f"min_{unit}") or getattr(settings, f"max_{unit}") is not None
        ]
        if not self._measures:
            raise ConfigError(
                Problem(
                    "$.config", "no limit", "at least one", 'For example "max_characters": 20000, "action": "truncate".'
                )
            )
        self._truncates = settings.action == "truncate"
        self._ellipsis = settings.ellipsis

    @hook(
        ToolHookType.TOOL_POST_INVOKE,
        PromptHookType.PROMPT_POST_FETCH,
        ResourceHookType.RESOURCE_POST_FETCH,
        AgentHookType.AGENT_POST_INVOKE,
    )
    async def measure(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Refuse what is too short; refuse or cut what is too long."""
        root = {field: getattr(payload, field) for field in content_fields(payload)}
        changed = False
        for each in self._measures:
            total = sum(each.count(node[key]) for node, key, _fixed in _texts(root))
            if total < each.least:
                return denied("OUTPUT_TOO_SHORT", f"the answer has less than {each.least} {each.unit}")
            if each.most is None or total <= each.most:
                continue
            if not self._truncates or not self._cut(root, each, each.most):
                return denied("OUTPUT_TOO_LONG", f"the answer has more than {each.most} {each.unit}")
            changed = True
        if not changed:
            return PluginResult()
        for field, value in root.items():
            setattr(payload, field, value)
        return PluginResult(modified_payload=payload, metadata={"truncated": True})

    def _cut(self, root: dict[str, Any], each: _Measure, most: int) -> bool:
        """Cut the texts of ``root`` in place, in their order; say whether what is left fits."""
        texts = list(_texts(root))
        left = most - sum(each.count(node[key]) for node, key, fixed in texts if fixed)
        if left < 0:
            return False
        cut = False
        for node, key, fixed in texts:
            if fixed:
                continue
            if cut:
                node[key] = ""
                continue
            size = each.count(node[key])
            if size > left:
                node[key] = _whole(each.cut(node[key], max(0, left - each.count(self._ellipsis))), node[key])
                mark = self._ellipsis if each.count(node[key]) + each.count(self._ellipsis) <= left else ""
                node[key], cut = node[key] + mark, True
            left -= size
        return True


def _texts(root: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Yield where each text stands, and whether it cannot be cut, in the order in which they are read."""
    pending: list[tuple[Any, Any, bool]] = [(root, key, False) for key in reversed(root)]
    while pending:
        node, key, part = pending.pop()
        child = node[key]
        if isinstance(child, str):
            if not (part and key in _NAMES):
                yield node, key, part and key in _OPAQUE
        elif isinstance(child, dict):
            inside = part or ("type" in child and ("text" in child or "data" in child or "resource" in child))
            inside = inside or ("uri" in child and ("text" in child or "blob" in child))
            pending.extend((child, name, inside and key != "structuredContent") for name in reversed(child))
        elif isinstance(child, list):
            pending.extend((child, index, part) for index in range(len(child) - 1, -1, -1))


def _words(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))


def _first_words(text: str, most: int) -> str:
    end = 0
    for _, found in zip(range(most), _WORD.finditer(text), strict=False):
        end = found.end()
    return text[:end]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _first_bytes(text: str, most: int) -> str:
    return text.encode("utf-8", "surrogatepass")[:most].decode("utf-8", "ignore")


def _whole(cut: str, text: str) -> str:
    """Return ``cut`` without the half of a sign at its end: an accent or a joined emoji belongs to what it follows."""
    end = len(cut)
    for _ in range(_MOST_MARKS):
        if end == 0 or end >= len(text) or not (_belongs(text[end]) or text[end - 1] == "\u200d"):
            return cut[:end]
        end -= 1
    return cut


def _belongs(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) in {"Mn", "Me", "Mc"}
