"""What every part of the configuration has in common: strict, frozen, and eager to name all of its mistakes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from secure_gateway.config.faults import FAULT, TEMPLATE, Fault, did_you_mean, fault, one_of


def section_field(kind: type[Any], description: str) -> Any:
    """Return a field whose default is a ``kind`` with nothing set."""
    return Field(default_factory=kind, description=description)


class Section(BaseModel):
    """A part of the configuration. Subclasses add rules that span several keys in :meth:`cross_check`.

    ``instead`` answers keys that people bring from elsewhere; ``nullable`` names the keys that may be null.
    """

    # Built with the whole and not each for itself as well: a command starts the sooner.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True)

    instead: ClassVar[Mapping[str, str]] = {}
    nullable: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield what is wrong between the keys of ``data``, whose values may still be of any type."""
        return iter(())

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the keys as they are spelt in the file."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="wrap")
    @classmethod
    def _name_every_mistake(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            return handler(data)
        faults = [*cls._key_faults(data), *cls.cross_check(data)]
        reported = {found.steps for found in faults}
        usable = {key: value for key, value in data.items() if (key,) not in reported}
        details = [_details(found) for found in faults]
        section: Self | None = None
        try:
            section = handler(usable)
        except ValidationError as error:
            # A key that was taken out because it was reported must not be reported as missing, too.
            details += [_again(each) for each in error.errors() if each["loc"] not in reported]
        if section is None or details:
            raise ValidationError.from_exception_data(cls.__name__, details, hide_input=True)
        return section

    @classmethod
    def _key_faults(cls, data: Mapping[Any, Any]) -> Iterator[Fault]:
        keys = cls.keys()
        for key, value in data.items():
            if key not in keys:
                hint = cls.instead.get(key) or did_you_mean(str(key), keys)
                yield Fault((key,), "an unknown key", one_of(keys), hint)
            elif value is None and key not in cls.nullable:
                yield Fault((key,), "null", "a value", "Leave the key out for its default.")


def _details(found: Fault) -> InitErrorDetails:
    # The input is left out on purpose: an error that holds it could print it.
    return InitErrorDetails(type=fault(found.found, found.expected, found.hint), loc=found.steps, input=None)


def _again(error: Any) -> InitErrorDetails:
    """Turn a reported error back into one that can be raised from the section around it."""
    context = error.get("ctx", {})
    kind = PydanticCustomError(FAULT, TEMPLATE, context) if error["type"] == FAULT else error["type"]
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=context)
