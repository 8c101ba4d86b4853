"""Check a provider class against its contract and build it from its configuration, by reading signatures, never by trying."""

from __future__ import annotations

import inspect
import logging
import threading
import types
import typing
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from secure_gateway.errors import ConfigError, GatewayError, Problem, ProviderContractError
from secure_gateway.plugins.services import ProviderServices

_log = logging.getLogger(__name__)

SLOW_SECONDS: Final = 5.0
"""After which a constructor that has not returned is named in the log."""
_MAPPINGS = (dict, Mapping, MutableMapping)
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def check_class(cls: Any, contract: type) -> type:
    """Return ``cls`` after checking that ``cls`` implements ``contract``: members, async where async is meant, parameters.

    Raises ``ProviderContractError`` that lists everything wrong with the class.
    """
    if not (isinstance(cls, type) and issubclass(cls, contract)):
        raise ProviderContractError(
            f"{cls!r} is no subclass of {contract.__name__}; write `class {_bare(cls)}({contract.__name__}):`"
        )
    faults = []
    missing = sorted(getattr(cls, "__abstractmethods__", ()))
    if missing:
        faults.append(f"does not implement {', '.join(missing)}")
    for name, expected in inspect.getmembers(contract, inspect.isfunction):
        actual = inspect.getattr_static(cls, name, None)
        if name.startswith("_") or actual is expected or name in missing:
            continue
        faults += _method_faults(name, expected, actual)
    if faults:
        article = "an" if contract.__name__[0] in "AEIOU" else "a"
        raise ProviderContractError(
            f"{cls.__module__}.{cls.__qualname__}, {article} {contract.__name__}: " + "; ".join(faults)
        )
    return cls


def _method_faults(name: str, expected: Any, actual: Any) -> list[str]:
    function = actual.__func__ if isinstance(actual, staticmethod | classmethod) else actual
    if not inspect.isfunction(function):
        return [f"{name} is no method"]
    should_be_async = inspect.iscoroutinefunction(expected)
    if should_be_async and not inspect.iscoroutinefunction(function):
        return [f"{name} is not async: write `async def {name}(…)`"]
    if not should_be_async and inspect.iscoroutinefunction(function):
        return [f"{name} is async and must not be: write `def {name}(…)`"]
    given = [p for p in inspect.signature(expected).parameters.values() if p.name != "self"]
    skip = 0 if isinstance(actual, staticmethod) else 1
    signature = inspect.signature(function)
    try:
        signature.bind(*([None] * (len(given) + skip)))
    except TypeError:
        takes = ", ".join(list(signature.parameters)[skip:])
        return [f"{name} takes ({takes}) but is called with ({', '.join(p.name for p in given)})"]
    return []


def build(
    cls: type, config: Mapping[str, Any], services: ProviderServices | None, where: str
) -> tuple[Any, dict[str, Any]]:
    """Return an instance of ``cls`` and the configuration keys that its constructor did not take.

    A constructor whose one parameter is called ``config`` or annotated as a mapping gets the whole dict; any other gets keywords. A parameter
    called ``services`` gets the ``ProviderServices`` (None without a gateway, where it has a default). Raises ``ConfigError`` at ``where`` for
    missing keys and for a constructor that raises.
    """
    parameters = _constructor_parameters(cls)
    given: dict[str, Any] = {}
    if "services" in parameters:
        if services is None and parameters["services"].default is inspect.Parameter.empty:
            raise ConfigError(
                Problem(
                    where, f"{_bare(cls)} without a gateway around it", "the services of a gateway", "Use load_gateway."
                )
            )
        given["services"] = services
        del parameters["services"]
    if _takes_mapping(cls, parameters):
        return _construct(cls, [dict(config)], given, where), {}
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = [name for name, p in parameters.items() if p.kind in (*_POSITIONAL, p.KEYWORD_ONLY)]
    lacking = [name for name in named if parameters[name].default is inspect.Parameter.empty and name not in config]
    if lacking:
        raise ConfigError(
            [
                Problem(f"{where}.config.{name}", "nothing", f"a value: {_bare(cls)} cannot do without it")
                for name in lacking
            ]
        )
    # What the gateway lends is not for the configuration to replace.
    given = {key: value for key, value in config.items() if open_ended or key in named} | given
    left = {} if open_ended else {key: value for key, value in config.items() if key not in named}
    return _construct(cls, [], given, where), left


def constructor_keys(cls: type) -> list[str]:
    """Return the configuration keys that a constructor with keyword parameters takes."""
    return sorted(
        name
        for name, p in _constructor_parameters(cls).items()
        if name != "services" and p.kind in (*_POSITIONAL, p.KEYWORD_ONLY)
    )


def _constructor_parameters(cls: type) -> dict[str, inspect.Parameter]:
    if cls.__init__ is object.__init__:  # type: ignore[misc]
        return {}
    parameters = dict(inspect.signature(cls.__init__).parameters)  # type: ignore[misc]
    parameters.pop(next(iter(parameters)))
    return parameters


def _takes_mapping(cls: type, parameters: Mapping[str, inspect.Parameter]) -> bool:
    if len(parameters) != 1:
        return False
    (name, parameter), *_ = parameters.items()
    if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
        return False
    if name == "config":
        return True
    try:
        hint = typing.get_type_hints(cls.__init__).get(name)  # type: ignore[misc]
    except (NameError, TypeError, AttributeError):
        return False
    return any(_is_mapping(option) for option in (typing.get_args(hint) if _is_union(hint) else (hint,)))


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _is_mapping(hint: Any) -> bool:
    return typing.is_typeddict(hint) or (typing.get_origin(hint) or hint) in _MAPPINGS


@contextmanager
def told_when_slow(what: str, seconds: float = SLOW_SECONDS) -> Iterator[None]:
    """Log a warning that names ``what`` when the block takes longer than ``seconds``: a constructor cannot be interrupted, so at least nobody has to guess."""
    timer = threading.Timer(
        seconds, _log.warning, ("%s has not returned for %g seconds, and the start waits for it", what, seconds)
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _construct(cls: type, positional: list[Any], named: dict[str, Any], where: str) -> Any:
    try:
        with told_when_slow(f"the constructor of {_bare(cls)} at {where}"):
            return cls(*positional, **named)
    except ConfigError:
        raise
    except GatewayError as error:  # written by us, for people: a damaged store, an extra that is not installed
        found = f"{_bare(cls)}, which cannot work here: {error}"
        raise ConfigError(Problem(where, found, "a provider that can be built")) from error
    except (Exception, SystemExit) as error:  # a stranger's constructor
        raise ConfigError(
            Problem(
                where,
                f"{_bare(cls)}, whose constructor raised {type(error).__name__}",
                "a provider that can be built",
                "Its own message is left out here because it may quote the configuration; run it in a Python shell to see it.",
            )
        ) from error


def _bare(cls: Any) -> str:
    return getattr(cls, "__qualname__", repr(cls))
