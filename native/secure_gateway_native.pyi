# The Rust core of secure-gateway; each function has a twin in Python that says what it does.

from typing import Any

__version__: str

def count_values(value: Any, max_depth: int, most: int) -> int: ...
def differences(before: Any, after: Any, most: int) -> list[tuple[Any, ...]] | None: ...
