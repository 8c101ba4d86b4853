# The Rust core of secure-gateway; each function has a twin in Python that says what it does.

from collections.abc import Callable
from typing import Any

__version__: str

def count_values(value: Any, max_depth: int, most: int) -> int: ...
def differences(before: Any, after: Any, most: int) -> list[tuple[Any, ...]] | None: ...
def provoke_panic(text: str) -> None: ...

class NativePanicError(RuntimeError): ...

_Described = tuple[str, str, bool, tuple[float, float], str, str]
_Seen = tuple[list[int], list[tuple[int, int, int, float]] | None]

class CandidateGate:
    def __init__(
        self, detectors: list[tuple[str, list[_Described]]], fold: Callable[[str], list[str]], bare: list[str], /
    ) -> None: ...
    def fired(self, data: bytes) -> list[int]: ...
    def suspects(
        self, value: Any, max_chars: int, max_nodes: int, max_depth: int, most: int
    ) -> list[tuple[list[tuple[int, str | None]], bool, str, int, tuple[_Seen, _Seen] | None]] | None: ...
