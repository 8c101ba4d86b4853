"""Nothing that goes wrong in the Rust core leaves it but as an exception, and nothing in it is unsafe but what is listed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from secure_gateway.native import core
from tests.architecture.house import ROOT

SOURCES = sorted((ROOT / "native" / "src").rglob("*.rs"))
_EXPORTED = re.compile(r"#\[pyfunction[^\n]*\n(?:\s*(?:#\[|//)[^\n]*\n)*\s*(?:pub )?fn (\w+).*?\n\}", re.DOTALL)

_PROVOKE = """
from secure_gateway_native import NativePanicError, provoke_panic
try:
    provoke_panic("hunter2")
except Exception as error:
    assert type(error) is NativePanicError and isinstance(error, RuntimeError)
    print(error)
"""


def test_a_panic_is_an_exception_that_quotes_nothing() -> None:
    if core() is None:
        return  # the twin does not panic, and the run says that it is on the twin
    done = subprocess.run([sys.executable, "-c", _PROVOKE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"the Rust core has a defect at boundary\.rs:\d+; SECURE_GATEWAY_SCANNER=python does without it\n", done.stdout
    )
    assert re.fullmatch(r"secure-gateway-native: a defect at boundary\.rs:\d+; please report it\n", done.stderr)
    assert "hunter2" not in done.stdout + done.stderr


def test_every_function_that_python_can_call_catches_its_panics() -> None:
    exported = [(path.name, match[1], match[0]) for path in SOURCES for match in _EXPORTED.finditer(path.read_text())]
    assert {name for _, name, _ in exported} >= {"count_values", "differences", "provoke_panic"}
    bare = [f"{file}: {name}" for file, name, text in exported if not re.search(r"\b(contained|guarded)\(", text)]
    assert not bare, f"{bare}: run the work in boundary::contained or boundary::guarded"


def test_unsafe_code_is_in_one_module_that_the_page_lists() -> None:
    unsafe = [path for path in SOURCES if re.search(r"\bunsafe\b(?!_code)", path.read_text())]
    page = (ROOT / "docs" / "native.md").read_text().partition("## Unsafe code")[2].partition("\n## ")[0]
    assert len(unsafe) <= 1, f"{unsafe}: unsafe code belongs into one module"
    assert page, "docs/native.md lists what is unsafe"
    for path in unsafe:
        assert path.name in page, f"docs/native.md lists what is unsafe in {path.name}, and why it is right"


@pytest.mark.parametrize("place", ["native/Cargo.toml", "examples/accelerated_plugin/Cargo.toml"])
def test_panics_unwind_and_unsafe_code_is_denied(place: str) -> None:
    manifest = (ROOT / place).read_text()
    assert 'panic = "unwind"' in manifest, "a panic that aborts cannot be caught"
    assert 'unsafe_code = "deny"' in manifest
