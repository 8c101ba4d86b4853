"""Validate a plugin's own configuration with the pydantic model that its class names. Nothing here loads pydantic: who has such a model has."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from secure_gateway.errors import ConfigError, Problem, ProviderContractError
from secure_gateway.plugins.framework.plugin import Plugin, PluginConfig

# Pydantic's own kinds of error, which tell what is expected and not what was found.
_HARMLESS: Final = re.compile(
    r"missing|extra_forbidden|literal_error|enum|\w+_type|\w+_parsing|(?:greater|less)_than(?:_equal)?|too_(?:long|short)|string_too_(?:long|short)"
)


def read_config(cls: type[Plugin], config: PluginConfig) -> PluginConfig:
    """Return ``config`` with the values of ``cls.config_model``, defaults filled in; as it is where the class names no model.

    Raises ``ConfigError`` with every mistake, as ``$.config.KEY``, and ``ProviderContractError`` for a model that is none.
    """
    model = getattr(cls, "config_model", None)
    if model is None:
        return config
    if not isinstance(model, type) or not callable(getattr(model, "model_validate", None)):
        raise ProviderContractError(
            f"{cls.__module__}.{cls.__qualname__} names {getattr(model, '__name__', type(model).__name__)} as config_model; "
            "expected a class derived from pydantic's BaseModel"
        )
    try:
        validated: Any = model.model_validate(config.config)  # type: ignore[attr-defined]  # checked above
        return msgspec.structs.replace(config, config=validated.model_dump())
    except ValueError as error:  # pydantic's ValidationError is one
        errors = getattr(error, "errors", None)
        if errors is None:
            raise
        listed = errors(include_url=False, include_input=False, include_context=False)
        raise ConfigError([_problem(each, model) for each in listed]) from None


def _problem(each: dict[str, Any], model: type) -> Problem:
    """Return a mistake in the model's words, where they are pydantic's; those of a validator that a plugin wrote may quote a value."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in each["loc"])
    said = str(each["msg"]) if _HARMLESS.fullmatch(each["type"]) else "a value that a check of its own refuses"
    return Problem(f"$.config{steps}", said, f"what {model.__name__}, the model of the plugin, takes")
