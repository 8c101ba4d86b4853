"""``mask_fields``: what stands under certain names, or at certain places, is replaced; in arguments and results, at any depth."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from secure_gateway.errors import AnswerError, ConfigError, Problem
from secure_gateway.plugins.framework.conditions import compile_matcher
from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.decorator import hook
from secure_gateway.plugins.framework.hookpoints import AgentHookType, PromptHookType, ResourceHookType, ToolHookType
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.hooks.contents import content_fields
from secure_gateway.plugins.hooks.typed_config import Misfit, Settings, read_settings

_MOST_LAYERS: Final = 5
"""JSON in texts in JSON …: deeper than this nobody writes by accident, and the answer is no."""
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_ROOT: Final = ()
_Path = tuple[str, ...]


class MaskSettings(Settings, frozen=True):
    """``fields``: names, globs of names, or JSON pointers (``/user/ssn``, ``/rows/*/iban``). ``mask``: null leaves null there."""

    fields: tuple[str, ...]
    mask: str | None = "***"
    case_sensitive: bool = False
    json_texts: bool = True

    def __post_init__(self) -> None:
        if not self.fields:
            raise Misfit(
                "fields", "an empty list", "at least one name", 'For example "fields": ["password", "*_token"].'
            )
        for index, field in enumerate(self.fields):
            if not field.strip() or field == "/":
                raise Misfit(
                    f"fields[{index}]", "no name", "the name of a member, a glob, or a JSON pointer such as /user/ssn"
                )
            if field.startswith("/") and _BAD_ESCAPE.search(field) is not None:
                raise Misfit(
                    f"fields[{index}]", "a ~ in a JSON pointer", "~0 for that sign itself, ~1 for / (RFC 6901)"
                )


class MaskFieldsPlugin(Plugin):
    """Replaces values by the names of their members. A text that is itself a JSON object or array is looked into, unless ``json_texts`` is off."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        settings = read_settings(config, MaskSettings)
        self._folds = not settings.case_sensitive
        fields = [field.lower() if self._folds else field for field in settings.fields]
        names = [field for field in fields if not field.startswith("/")]
        try:
            self._named = compile_matcher(names, "$.config.fields") if names else None
        except ConfigError as error:
            raise ConfigError(
                [Problem("$.config.fields", each.found, each.expected) for each in error.problems]
            ) from None
        self._places = [_segments(field) for field in fields if field.startswith("/")]
        self._mask = settings.mask
        self._looks_into_texts = settings.json_texts

    @hook(
        ToolHookType.TOOL_PRE_INVOKE,
        ToolHookType.TOOL_POST_INVOKE,
        *PromptHookType,
        ResourceHookType.RESOURCE_POST_FETCH,
        *AgentHookType,
    )
    async def mask(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Mask the content of ``payload``. Raises ``AnswerError`` where JSON is wrapped in JSON too often to be looked into."""
        changed = False
        for field in content_fields(payload):
            value = getattr(payload, field)
            masked, count = self._masked(value, 0)
            if count:
                setattr(payload, field, masked)
                changed = True
        return PluginResult(modified_payload=payload) if changed else PluginResult()

    def _masked(self, root: Any, layer: int) -> tuple[Any, int]:
        """Return ``root``, masked in place where it can be, and how often."""
        count = 0
        holder = [root]
        # Each container with the pointers that may still lead somewhere below it, as what is left of them.
        pending: list[tuple[Any, list[_Path]]] = [(holder, [("0", *place) for place in self._places])]
        while pending:
            node, places = pending.pop()
            for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
                name = self._fold(str(key))
                below = [place[1:] for place in places if place[0] in (name, "*")]
                if _ROOT in below or (isinstance(node, dict) and self._named is not None and self._named(name)):
                    if child != self._mask:
                        node[key] = self._mask
                        count += 1
                elif isinstance(child, dict | list):
                    pending.append((child, below))
                elif isinstance(child, str) and self._looks_into_texts:
                    rewritten = self._masked_text(child, layer)
                    if rewritten is not None:
                        node[key] = rewritten
                        count += 1
        return holder[0], count

    def _masked_text(self, text: str, layer: int) -> str | None:
        """Return ``text`` with the JSON in it masked; None where nothing in it is to be masked."""
        if text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            value = json.loads(text)
        except ValueError:
            return None
        except RecursionError:
            raise AnswerError("a text holds JSON that is nested too deep to be looked into") from None
        if not isinstance(value, dict | list):
            return None
        if layer >= _MOST_LAYERS:
            raise AnswerError(f"JSON is wrapped in texts more than {_MOST_LAYERS} times")
        masked, count = self._masked(value, layer + 1)
        try:
            return json.dumps(masked, ensure_ascii=False, allow_nan=False) if count else None
        except ValueError:
            raise AnswerError("a text holds a number that JSON cannot say") from None

    def _fold(self, name: str) -> str:
        return name.lower() if self._folds else name


def _segments(pointer: str) -> _Path:
    """Return the steps of a JSON pointer (RFC 6901)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
