"""What this installation is and how fast it scans here: facts, for ``secure-gateway doctor``."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from secure_gateway import __version__
from secure_gateway.cli.session import Session
from secure_gateway.config.loader import config_path, load_config
from secure_gateway.errors import ConfigError
from secure_gateway.native import Choice, Implementation
from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Scanner,
)

EXTRAS: dict[str, tuple[str, ...]] = {
    "mcp": ("mcp",),
    "redis": ("redis",),
    "otlp": ("opentelemetry-exporter-otlp-proto-http",),
    "wasm": ("wasmtime",),
    "speed": ("httptools", "uvloop"),
    "native": ("secure-gateway-native",),
}
"""The packages of each optional extra; ``pyproject.toml`` has them with their versions."""

# As people write: also with words that detectors look at twice.
_SENTENCES = (
    "The delivery arrived on Tuesday and was put in the second aisle.",
    "A user who forgot the password gets a link by e-mail and chooses a new one.",
    "Please send the signed contract back before the end of the month.",
    "The guide explains the role of each part and how they fit together.",
    "What was said in the previous meeting is in the minutes.",
    "Instructions for the coffee machine hang on the wall beside it.",
    "Costs fell by a fifth after the contract with the carrier was renewed.",
)
_CPU_INFO = Path("/proc/cpuinfo")
_FEATURES = {"avx2": "AVX2", "sse4_2": "SSE4.2", "neon": "NEON", "asimd": "NEON"}  # 64-bit ARM calls NEON asimd
_KIB = 1024
_SECONDS = 0.1
_LEAST_RUNS = 3


class Throughput(msgspec.Struct, frozen=True):
    """How fast one payload without findings was scanned."""

    what: str
    bytes: int
    mb_per_s: float


class ConfigurationState(msgspec.Struct, frozen=True):
    """Whether the configuration is there and can be read. ``status``: ``ok``, ``missing`` or ``unusable``."""

    path: str
    status: str
    detail: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``cpu_features`` is None where the system does not tell; a package of an extra is None where it is not installed."""

    version: str
    python: str
    system: str
    machine: str
    scanner: Implementation
    reason: str
    detectors: int
    cpu_features: tuple[str, ...] | None
    throughput: list[Throughput]
    configuration: ConfigurationState
    extras: dict[str, dict[str, str | None]]


def diagnose(session: Session, choice: Choice) -> Diagnosis:
    """Look at everything. ``choice``: the scanner that this process has chosen."""
    scanner = Scanner([*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS])
    return Diagnosis(
        version=__version__,
        python=platform.python_version(),
        system=platform.system(),
        machine=platform.machine(),
        scanner=choice.implementation,
        reason=choice.reason,
        detectors=len(scanner.detectors),
        cpu_features=cpu_features(),
        throughput=throughputs(scanner),
        configuration=configuration_state(session),
        extras=installed_extras(),
    )


def cpu_features(path: Path = _CPU_INFO) -> tuple[str, ...] | None:
    """Return which of the vector extensions AVX2, SSE4.2 and NEON the processor has; None where the system does not tell."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return tuple(sorted({_FEATURES[word] for word in value.lower().split() if word in _FEATURES}))
    return None


def installed_extras() -> dict[str, dict[str, str | None]]:
    """Return the version of each package of each extra; None for one that is not installed."""
    return {extra: {name: _version_of(name) for name in names} for extra, names in EXTRAS.items()}


def configuration_state(session: Session) -> ConfigurationState:
    """Read the configuration that a command would use: its place, who may write it, its keys. No provider is built."""
    place = ""
    try:
        path = config_path(session.config, session.environ)
        place = str(path)
        if _is_missing(path):
            return ConfigurationState(place, "missing", "`secure-gateway init` makes one")
        load_config(session.config, session.environ)
    except ConfigError as error:
        return ConfigurationState(place, "unusable", str(error))
    return ConfigurationState(place, "ok", "can be read; `secure-gateway check` looks at the rest")


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):  # reading it says what is wrong
        return False
    return False


def samples() -> dict[str, str | list[dict[str, Any]]]:
    """Return what is scanned: a text of 64 KB and a nested value of 2 KB, with nothing to be found in them."""
    text = "".join(map(_line, range(64 * _KIB // 100)))[: 64 * _KIB]
    rows: list[dict[str, Any]] = []
    while len(msgspec.json.encode([*rows, _row(len(rows))])) <= 2 * _KIB:
        rows.append(_row(len(rows)))
    return {"64 KB of text": text, "2 KB, nested": rows}


def throughputs(scanner: Scanner, clock: Callable[[], float] = time.perf_counter) -> list[Throughput]:
    """Scan the samples for a tenth of a second each."""
    made = []
    for what, value in samples().items():
        size = len(value) if isinstance(value, str) else len(msgspec.json.encode(value))
        scan = partial(scanner.scan, value)
        scan()  # the first one fills the engine's tables
        made.append(Throughput(what, size, round(size / _seconds_of(scan, clock) / 1e6, 1)))
    return made


def _seconds_of(scan: Callable[[], Sequence[object]], clock: Callable[[], float]) -> float:
    """Return the median time of one call."""
    taken: list[float] = []
    ends = clock() + _SECONDS
    while len(taken) < _LEAST_RUNS or clock() < ends:
        started = clock()
        scan()
        taken.append(clock() - started)
    return sorted(taken)[len(taken) // 2]


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _line(number: int) -> str:
    day, minute = number % 28 + 1, number * 7 % 60
    return (
        f"{_sentence(number)} Order KB-{1000 + number * 37 % 9000} of 2026-03-{day:02}T14:{minute:02}:00Z costs {number % 90 + 9}.95 euros; "
        f"release 2.{number % 40}.{number % 7} is at https://docs.example.com/v2/notes?page={number % 30}.\n"
    )


def _row(number: int) -> dict[str, Any]:
    return {
        "ref": f"KB-{1000 + number * 37 % 9000}",
        "due": f"2026-03-{number % 28 + 1:02}T14:{number * 7 % 60:02}:00Z",
        "price": number % 90 + 9.95,
        "paid": True,
        "note": _sentence(number),
        "url": f"https://shop.example.com/v2/orders/{1000 + number}",
    }


def _sentence(number: int) -> str:
    return _SENTENCES[number % len(_SENTENCES)]
