"""The schemas that servers declare for their tools, and the check of arguments and results against them.

Servers are hostile: a schema is never fetched from elsewhere, patterns run in linear time, and a schema that cannot be used that way
makes its tool unusable instead of unchecked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from secure_gateway.errors import ErrorCode, PolicyDenied, RequestError
from secure_gateway.pipeline.changes import segment
from secure_gateway.pipeline.schema_cost import SchemaCostError, schema_cost

_MOST_TOOLS = 2_000
"""Tools of one server: a server that declares more leaves the others their room."""
UNLISTED = (
    "the server has not listed this tool since the gateway started, and only what is still as it was pinned may be called; "
    "look at its name, or list the server's tools first (tools/list, in an app learn_tools)"
)
_TOO_MANY = "the server declares more tools than can be remembered"
_MOST_PATHS = 10_000
"""How many times as much as for a flat value a check may cost, because of how deep the arguments are nested."""


class ToolSchemas:
    """Remembers, per server and tool, a compiled validator for its arguments and, where it declares what they are like, its results."""

    def __init__(self) -> None:
        import jsonschema_rs  # 30 ms: only where schemas are met  # noqa: PLC0415

        self._compile = jsonschema_rs.validator_for
        self._linear = jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20)
        self._validators: dict[tuple[str, str], tuple[Any, int]] = {}
        self._formats: dict[tuple[str, str], Any] = {}
        self._results: dict[tuple[str, str], tuple[Any, int]] = {}
        self._unusable: dict[tuple[str, str], str] = {}
        self._stale: set[tuple[str, str]] = set()
        self._declared: Counter[str] = Counter()
        self._overfull: set[str] = set()

    def learn(self, server: str, tool: str, schema: Any, of_result: Any = None) -> str:
        """Remember the schemas of ``tool``. Returns why they cannot be used, or an empty text."""
        key = (server, tool)
        self._stale.discard(key)
        if key not in self._validators and key not in self._unusable:
            if self._declared[server] >= _MOST_TOOLS:
                self._overfull.add(server)
                return _TOO_MANY
            self._declared[server] += 1
        which = "input"
        try:
            validator = self._compiled(schema)
            strict = self._with_formats(schema)
            which = "output"
            of_results = None if of_result is None else self._compiled(of_result)
        except SchemaCostError as error:
            return self._refuse(key, f"its {which} schema cannot be used safely: {error}")
        except Exception as error:  # noqa: BLE001 - whatever a hostile schema provokes in the validator library
            return self._refuse(key, f"its {which} schema cannot be used safely ({type(error).__name__})")
        if of_results is None:
            self._results.pop(key, None)
        else:
            self._results[key] = of_results
        if strict is None:
            self._formats.pop(key, None)
        else:
            self._formats[key] = strict
        # Never missing in between: another thread may be checking a call of this tool.
        self._validators[key] = validator
        self._unusable.pop(key, None)
        return ""

    def _compiled(self, schema: Any) -> tuple[Any, int]:
        branching = schema_cost(schema).branching
        return self._compile(schema, offline=True, pattern_options=self._linear), branching

    def _with_formats(self, schema: Any) -> Any:
        """Return a validator that minds ``format`` too, None where the schema has none."""
        if '"format"' not in json.dumps(schema):
            return None
        # A mark in the query of an address is a sign too many by the letter, and no harm.
        lenient = dict.fromkeys(("uri", "uri-reference", "iri", "iri-reference", "uri-template"), _anything)
        return self._compile(schema, offline=True, pattern_options=self._linear, validate_formats=True, formats=lenient)

    def forbid(self, server: str, tool: str, reason: str) -> None:
        """Let nobody call ``tool`` until the server declares it anew: what must not be shown must not be called either."""
        if (server, tool) in self._validators or (server, tool) in self._unusable:
            self._refuse((server, tool), reason)

    def _refuse(self, key: tuple[str, str], reason: str) -> str:
        self._unusable[key] = reason
        self._validators.pop(key, None)
        return reason

    def known(self, server: str, tool: str) -> bool:
        """Tell whether a schema of this tool was declared; of a server that declared too many to tell, every tool counts as known, to be refused."""
        return (server, tool) in self._validators or (server, tool) in self._unusable or server in self._overfull

    def outdate(self, server: str) -> None:
        """Take note that ``server`` declares its tools anew: what is known of them holds until then, and may be another's."""
        self._stale |= {key for known in (self._validators, self._unusable) for key in known if key[0] == server}

    def outdated(self, server: str, tool: str) -> bool:
        """Tell whether the server has said that its tools have changed and not declared this one since."""
        return (server, tool) in self._stale

    def overfull(self, server: str) -> bool:
        """Tell whether ``server`` has declared more tools than can be remembered."""
        return server in self._overfull

    def check(self, server: str, tool: str, arguments: Any, what: str = "arguments") -> None:
        """Check ``arguments`` of a tool that is known. Raises ``PolicyDenied`` that names the place and the rule, not the value.

        ``what``: the word for what is checked, where that is something else than arguments.
        """
        key = (server, tool)
        if (reason := self._unusable.get(key, "")) or key not in self._validators:
            reason = reason or "its input schema is not known"
            raise PolicyDenied(ErrorCode.INVALID_ARGUMENTS, f"the tool {tool!r} cannot be called: {reason}")
        validator, branching = self._validators[key]
        if branching > 1 and branching ** _depth(arguments) > _MOST_PATHS:
            reason = f"the {what}: nested too deep for the tool's schema, which refers to itself more than once"
            raise PolicyDenied(ErrorCode.INVALID_ARGUMENTS, reason)
        if reason := _judged(lambda: _fault_of_arguments(validator, arguments, what), what, "schema"):
            raise PolicyDenied(ErrorCode.INVALID_ARGUMENTS, reason)

    def check_change(self, server: str, tool: str, before: Any, after: Any) -> None:
        """Check that ``after``, which ``check`` lets pass, is of the formats that ``before`` was of: a policy may have put something else in place of an address.

        ``format`` alone is an annotation (JSON Schema 2020-12, 7.2.1): what a caller writes is not refused for it. Raises as ``check`` does.
        """
        strict = self._formats.get((server, tool))
        if strict is None:
            return

        def fault() -> str:
            if not strict.is_valid(_stated(before)) or strict.is_valid(_stated(after)):
                return ""
            place, rule = _first_fault(strict, _stated(after))
            return f"argument {place} breaks the tool's schema: rule {rule}"

        if reason := _judged(fault, "arguments", "schema"):
            raise PolicyDenied(ErrorCode.INVALID_ARGUMENTS, reason)

    def check_result(self, server: str, tool: str, result: Any) -> None:
        """Check the structured content of ``result`` where its tool declares a schema for it. Raises ``RequestError`` that names place and rule, not the value.

        An error is no result, and what is no result of MCP, such as that of an app's own function, has no structured content.
        """
        known = self._results.get((server, tool))
        if known is None or type(result) is not dict or result.get("isError") is True:
            return
        validator, branching = known
        value = result.get("structuredContent")
        if "structuredContent" not in result:
            if type(result.get("content")) is not list:
                return
            reason = "the tool declares a schema for its results and gave one without structured content"
        elif branching > 1 and branching ** _depth(value) > _MOST_PATHS:
            reason = "the result is nested too deep for the tool's output schema, which refers to itself more than once"
        elif not (reason := _judged(lambda: _fault_of_result(validator, value), "result", "output schema")):
            return
        raise RequestError(ErrorCode.INVALID_RESULT, reason)


def _anything(_value: str) -> bool:
    return True


def _judged(judge: Callable[[], str], what: str, schema: str) -> str:
    """Return what ``judge`` finds wrong, an empty text for nothing: what the validator library cannot decide is wrong too."""
    try:
        return judge()
    except Exception as error:  # noqa: BLE001 - whatever a hostile schema or value provokes in the validator library
        return f"the {what} cannot be checked against the tool's {schema} ({type(error).__name__})"


def _fault_of_arguments(validator: Any, arguments: Any, what: str) -> str:
    if validator.is_valid(arguments) or validator.is_valid(_stated(arguments)):
        return ""
    place, rule = _first_fault(validator, arguments)
    return f"{what.removesuffix('s')} {place} breaks the tool's schema: rule {rule}"


def _fault_of_result(validator: Any, value: Any) -> str:
    if validator.is_valid(value):
        return ""
    place, rule = _first_fault(validator, value)
    return f"the structured content breaks the tool's output schema at {place}: rule {rule}"


def _first_fault(validator: Any, value: Any) -> tuple[str, str]:
    """Return the place and the rule of the first fault."""
    error = next(iter(validator.iter_errors(value)))
    place = "/".join(segment(part) if type(part) is str else str(part) for part in error.instance_path)
    return (place or "(the object itself)")[:80], error.kind.name


def _stated(arguments: Any) -> Any:
    """Return ``arguments`` without those that are null: MCP clients write null for an optional argument that they leave out."""
    return (
        {name: value for name, value in arguments.items() if value is not None}
        if type(arguments) is dict
        else arguments
    )


def _depth(value: Any) -> int:
    """Return how many containers ``value`` nests; its depth was limited before."""
    if type(value) is not dict and type(value) is not list:
        return 0
    return 1 + max(map(_depth, value.values() if type(value) is dict else value), default=0)
