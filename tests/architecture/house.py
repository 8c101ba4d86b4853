"""The source tree as values: its modules, who imports whom, and the table of rooms and floors."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SRC = ROOT / "src"
PACKAGE = "secure_gateway"


class Room:
    """What belongs together on one floor: modules, and with ``.*`` a package with all in it.

    Files of one room may import each other, without circles. Everything else is imported from lower floors only.
    """

    def __init__(self, floor: int, *names: str) -> None:
        self.floor = floor
        self.names = names

    def __repr__(self) -> str:
        return f"floor {self.floor} ({', '.join(self.names)})"


# The house plan (docs/architecture.md draws it). A new module goes into the room that has its kind of knowledge, on the
# lowest floor from which it can see what it needs; the most specific name wins.
ROOMS = (
    # The ground: values and refusals that every other file speaks of.
    Room(1, "errors", "frozen", "types", "decisions"),
    # Whether the Rust core is there; what it speeds up stands on every floor above.
    Room(1, "native"),
    Room(2, "caller"),
    Room(2, "master_key"),
    Room(2, "stores.base", "stores.rates"),
    Room(2, "plugins.framework.*"),
    # What the configuration file may say and who may write it; knows nothing of those who read it.
    Room(2, "config.*"),
    # How files that only their owner may read are kept; the stores and the audit file both keep such.
    Room(3, "stores.private_files"),
    # How other machines are asked: addresses, a breaker, a cache, a pinned pool. Knows nothing of what is asked.
    Room(3, "plugins.outbound.*"),
    # The wire of MCP: messages, how they are framed, and a server as a child process. The proxy speaks it, and external plugins do.
    Room(3, "proxy.wire", "proxy.lines", "proxy.sse", "proxy.settings", "proxy.child"),
    Room(3, "plugins.auth.base"),
    Room(3, "plugins.guardrails.base"),
    Room(3, "plugins.telemetry.base"),
    # Knows text and patterns, nothing of providers or requests.
    Room(3, "plugins.guardrails.scanner.*"),
    # How a plugin or provider is found, made and handed what it needs, whatever its kind.
    Room(
        3,
        "plugins",
        "plugins.registry",
        "plugins.construction",
        "plugins.services",
        "plugins.slots",
        "plugins.hook_loader",
        "plugins.hook_order",
    ),
    Room(4, "plugins.auth.*"),
    Room(4, "plugins.guardrails.*"),
    Room(4, "plugins.telemetry.*"),
    Room(4, "pipeline.*"),
    # Whether a tool is what it was, and no other's double; reads names as the guards' scanner does.
    Room(4, "tool_trust.*"),
    Room(4, "stores.*"),
    # Hook plugins of our own, built on the guards' scanner and options.
    Room(5, "plugins.hooks.*"),
    # Guardrails that ask a service elsewhere.
    Room(5, "plugins.guardrails.remote.*"),
    # Plugins that run in another process: what both sides of that wire share, and our side of it as a client.
    Room(5, "plugins.external.*"),
    # A plugin of ours in a process of its own, and that process.
    Room(5, "plugins.isolated.*"),
    Room(5, "gateway"),
    # Plugins of another framework, told and answering in the JSON that external plugins speak.
    Room(6, "plugins.cpex.*"),
    Room(6, "integrations.*"),
    Room(6, "testing.*"),
    # The local door of an administrator; knows the gateway and no configuration.
    Room(6, "admin.*"),
    Room(7, "proxy.*"),
    # Native plugins made external ones: speaks MCP with the proxy's wire, and knows no gateway.
    Room(8, "plugin_server.*"),
    # The front door: the one file that knows every part, how it is made anew while it runs, and the names that an app imports.
    Room(8, "bootstrap", "reloading", "watched_files", PACKAGE),
    Room(9, "cli.*"),
    # Fixtures for the tests of policies; loads the front door when a test asks for it.
    Room(9, "testing.pytest_plugin"),
    Room(10, "__main__"),
)


@dataclass(frozen=True)
class Import:
    """One imported name: where it stands, what it names, and whether it stands in a function."""

    line: int
    name: str
    in_function: bool


@dataclass(frozen=True)
class Module:
    """One source file, by its dotted name."""

    name: str
    path: Path

    @property
    def short(self) -> str:
        """The name within the package; the package's own is kept."""
        return self.name.removeprefix(f"{PACKAGE}.")

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import: under ``TYPE_CHECKING`` and in functions too, for it ties the files together all the same."""
        return tuple(self._imports_of(self.tree, in_function=False))

    def place(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def _imports_of(self, node: ast.AST, *, in_function: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(child.lineno, alias.name, in_function) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = self._base_of(child)
                yield from (Import(child.lineno, f"{base}.{alias.name}", in_function) for alias in child.names)
            else:
                inner = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self._imports_of(child, in_function=inner)

    def _base_of(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
        return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def read_modules(package: Path = SRC / PACKAGE) -> dict[str, Module]:
    """Read every module of a package folder, by dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        found[name] = Module(name, path)
    return found


def edges(module: Module, modules: Mapping[str, Module]) -> dict[str, int]:
    """Map each module of ours that ``module`` imports to the line of the import."""
    found: dict[str, int] = {}
    for each in module.imports:
        target = each.name if each.name in modules else each.name.rpartition(".")[0]
        if target in modules and target != module.name:
            found.setdefault(target, each.line)
    return found


def room_of(module: Module, rooms: tuple[Room, ...] = ROOMS) -> Room | None:
    """Give the room whose most specific name fits."""
    best: tuple[int, Room] | None = None
    for room in rooms:
        for name in room.names:
            if (length := _fit(name, module.short)) and (best is None or length > best[0]):
                best = (length, room)
    return best[1] if best else None


def _fit(name: str, short: str) -> int:
    """Tell how specifically a table name fits a module: 0 not at all, an exact name best of all."""
    package = name.removesuffix(".*")
    if name == short:
        return len(short) + 1
    if package != name and (short == package or short.startswith(f"{package}.")):
        return len(package)
    return 0


def circles(modules: Mapping[str, Module]) -> list[list[str]]:
    """Give every set of modules that import each other in a circle (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in edges(modules[name], modules):
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            position = stack.index(name)
            component, stack[position:] = stack[position:], []
            if len(component) > 1:
                found.append(sorted(component))

    for name in modules:
        if name not in index:
            visit(name)
    return found
