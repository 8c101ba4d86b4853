"""What the conventions promise of every source file and no linter checks: sizes, hidden imports, reasons."""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest

from tests.architecture.house import Module, read_modules

MODULES = read_modules()

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60

# module.function -> why it is longer than the rest and better so.
LONG_FUNCTIONS: dict[str, str] = {}

# module -> {what it imports inside a function: why}. Only heavy dependencies that not everyone who loads the module needs.
LATE_IMPORTS: dict[str, dict[str, str]] = {
    "secure_gateway.config.yaml_text": {"yaml": "only a configuration that includes a plugin list needs it"},
    "secure_gateway.pipeline.digests": {
        "cryptography.hazmat.primitives.ciphers.aead": "importing the gateway's names must not load it; making one may",
    },
    "secure_gateway.pipeline.schemas": {"jsonschema_rs": "costs 30 ms; only a gateway with a tool schema needs it"},
    "secure_gateway.plugins.telemetry.opentelemetry": {"opentelemetry.exporter": "comes with the [otlp] extra"},
    "secure_gateway.plugins.telemetry.recording": {
        "opentelemetry.trace": "only for tracers of OpenTelemetry's shape, which have loaded it already"
    },
    "secure_gateway.plugins.hooks.redirects": {"httpx": "costs 80 ms; only a plugin that asks for redirects needs it"},
    "secure_gateway.stores.redis": {"redis": "comes with the [redis] extra"},
    "secure_gateway.proxy.serve": {"uvicorn.protocols.http": "httptools is the [speed] extra's; h11 serves without it"},
}

_NOQA = re.compile(r"#\s*noqa(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?")

each_module = pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)


@each_module
def test_a_file_is_one_room_and_not_longer_than_400_lines(module: Module) -> None:
    assert len(module.text.splitlines()) <= MOST_LINES_OF_A_FILE, f"{module.path}: divide it by what its parts know."


@each_module
def test_a_function_fits_on_a_screen(module: Module) -> None:
    long = [
        f"{module.place(function.lineno)}: {function.name} has {length} lines"
        for function in module.functions()
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1) > MOST_LINES_OF_A_FUNCTION
        and f"{module.name}.{function.name}" not in LONG_FUNCTIONS
    ]
    assert not long, "\n".join([*long, "Name its steps, or give the reason in LONG_FUNCTIONS of this file."])


@each_module
def test_imports_stand_at_the_top(module: Module) -> None:
    allowed = LATE_IMPORTS.get(module.name, {})
    hidden = [
        f"{module.place(each.line)}: {each.name}"
        for each in module.imports
        if each.in_function and not any(each.name == name or each.name.startswith(f"{name}.") for name in allowed)
    ]
    assert not hidden, "\n".join([*hidden, "Move it up, or give the reason in LATE_IMPORTS of this file."])


@each_module
def test_importing_reads_no_environment(module: Module) -> None:
    reads = [
        module.place(node.lineno)
        for statement in module.tree.body
        for node in _run_on_import(statement)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb", "expanduser", "home"}
    ]
    assert not reads, f"{reads}: what is read at import cannot be chosen by who builds a gateway; hand it in."


@each_module
def test_every_exception_from_a_rule_gives_its_reason(module: Module) -> None:
    unexplained, comment_above = [], -1
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        rest = _NOQA.sub("", token.string)
        if "noqa: PLC0415" in token.string:
            continue  # LATE_IMPORTS has the reason
        if rest != token.string and not re.search(r"[A-Za-z]{3}", rest) and comment_above != line - 1:
            unexplained.append(module.place(line))
        if token.line.lstrip().startswith("#"):
            comment_above = line
    assert not unexplained, f"{unexplained}: write the reason behind it: `# noqa: XYZ123 - why`."


def test_the_lists_of_exceptions_hold_nothing_that_is_gone() -> None:
    functions = {f"{module.name}.{function.name}" for module in MODULES.values() for function in module.functions()}
    assert set(functions) >= set(LONG_FUNCTIONS)
    for name, allowed in LATE_IMPORTS.items():
        late = [each.name for each in MODULES[name].imports if each.in_function]
        assert all(any(each.startswith(one) for each in late) for one in allowed), name


def _run_on_import(node: ast.AST) -> list[ast.AST]:
    """Give the nodes that an import executes: all but the bodies of functions and lambdas."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        roots: list[ast.AST] = [*node.decorator_list, node.args]
    elif isinstance(node, ast.Lambda):
        return []
    else:
        roots = list(ast.iter_child_nodes(node))
    return [node, *(inner for root in roots for inner in _run_on_import(root))]
