"""The input schemas that servers declare, and the check of arguments against them.

Servers are hostile: a schema is never fetched from elsewhere, patterns run in linear time, and a schema that cannot be used that way
makes its tool unusable instead of unchecked.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from secure_gateway.errors import ErrorCode, PolicyDenied
from secure_gateway.pipeline.changes import segment
from secure_gateway.pipeline.schema_cost import SchemaCostError, schema_cost

_MOST_TOOLS = 2_000
"""Tools of one server: a server that declares more leaves the others their room."""
_TOO_MANY = "the server declares more tools than can be remembered"
_MOST_PATHS = 10_000
"""How many times as much as for a flat value a check may cost, because of how deep the arguments are nested."""


class ToolSchemas:
    """Remembers, per server and tool, a compiled validator for its arguments."""

    def __init__(self) -> None:
        import jsonschema_rs  # 30 ms: only where schemas are met  # noqa: PLC0415

        self._compile = jsonschema_rs.validator_for
        self._linear = jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20)
        self._validators: dict[tuple[str, str], tuple[Any, int]] = {}
        self._unusable: dict[tuple[str, str], str] = {}
        self._declared: Counter[str] = Counter()
        self._overfull: set[str] = set()

    def learn(self, server: str, tool: str, schema: Any) -> str:
        """Remember the input schema of ``tool``. Returns why it cannot be used, or an empty text."""
        key = (server, tool)
        if key not in self._validators and key not in self._unusable:
            if self._declared[server] >= _MOST_TOOLS:
                self._overfull.add(server)
                return _TOO_MANY
            self._declared[server] += 1
        try:
            branching = schema_cost(schema).branching
            validator = self._compile(schema, offline=True, pattern_options=self._linear)
        except SchemaCostError as error:
            return self._refuse(key, f"its input schema cannot be used safely: {error}")
        except Exception as error:  # noqa: BLE001 - whatever a hostile schema provokes in the validator library
            return self._refuse(key, f"its input schema cannot be used safely ({type(error).__name__})")
        # Never missing in between: another thread may be checking a call of this tool.
        self._validators[key] = validator, branching
        self._unusable.pop(key, None)
        return ""

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
        try:
            if validator.is_valid(arguments) or validator.is_valid(_stated(arguments)):
                return
            error = next(iter(validator.iter_errors(arguments)))
            place = (
                "/".join(segment(part) if type(part) is str else str(part) for part in error.instance_path)
                or "(the object itself)"
            )
            reason = f"{what.removesuffix('s')} {place[:80]} breaks the tool's schema: rule {error.kind.name}"
        except Exception as error:  # noqa: BLE001 - undecided denies
            reason = f"the {what} cannot be checked against the tool's schema ({type(error).__name__})"
        raise PolicyDenied(ErrorCode.INVALID_ARGUMENTS, reason)


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
