"""Who is measured: our guards through the provider that a gateway loads, and each peer in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.harness import ROOT
from benchmarks.peers import peer_python
from benchmarks.quality.scoring import Judged, Span
from secure_gateway.plugins.guardrails.code_injection import CodeInjectionGuardrailProvider
from secure_gateway.plugins.guardrails.injection import InjectionGuardrailProvider
from secure_gateway.plugins.guardrails.pii import PIIGuardrailProvider
from secure_gateway.plugins.guardrails.scanned import ScanGuardrailProvider
from secure_gateway.plugins.guardrails.scanner import Finding
from secure_gateway.plugins.guardrails.secrets import SecretsGuardrailProvider
from tests.corpora.lines import Label, Line, rendered

OURS: Final = "secure-gateway"
_PROVIDERS: Final[dict[str, Callable[[dict[str, object]], ScanGuardrailProvider]]] = {
    "pii": PIIGuardrailProvider,
    "secrets": SecretsGuardrailProvider,
    "injection": InjectionGuardrailProvider,
}


@dataclass(frozen=True)
class Peer:
    """A peer's worker, the environment it needs, and how it is configured."""

    system: str
    environment: str
    module: str
    arguments: tuple[str, ...] = ()


_CODE_GUARD: Final = CodeInjectionGuardrailProvider({}).create_input_guardrail({})

PEERS: Final[dict[str, tuple[Peer, ...]]] = {
    "pii": (
        Peer("cpex-pii-filter", "cpex-detectors", "cpex_pii"),
        Peer("presidio-analyzer", "presidio", "presidio", ("0",)),
        Peer("presidio-analyzer (score 0.4 and more)", "presidio", "presidio", ("0.4",)),
    ),
    "secrets": (
        Peer("cpex-secrets-detection", "cpex-detectors", "cpex_secrets"),
        Peer("cpex-secrets-detection (all detectors)", "cpex-detectors", "cpex_secrets", ("all",)),
        Peer("detect-secrets", "detect-secrets", "detect_secrets"),
    ),
    "injection": (),
    "code_injection": (),
}


def ours(task: str, lines: Sequence[Line]) -> list[Judged]:
    """Ask the guard of a provider with an empty configuration; nested values go in as values."""
    find = _code_in_call if task == "code_injection" else _found_by(task)
    judged = []
    for line in lines:
        found = [Span(one.type, one.pointer, one.start, one.end) for one in find(line.value)]
        judged.append(Judged(line, [_placed(line, label) for label in line.labels], found))
    return judged


def _found_by(task: str) -> Callable[[Any], list[Finding]]:
    guard = _PROVIDERS[task]({}).create_input_guardrail({})
    assert guard is not None
    return guard._find


def _code_in_call(call: Any) -> list[Finding]:
    """Return what the guard of calls finds; it is told the tool's name, and no schema."""
    return _CODE_GUARD.find(call["arguments"], call["name"])


def _placed(line: Line, label: Label) -> Span:
    """Return a label by the pointers of our findings, which write the key in place N of its object as ``~keyN``."""
    pointer = label.pointer
    if label.in_key:
        parent, _, name = pointer.rpartition("/")
        value = line.value
        for step in parent.split("/")[1:]:
            value = value[int(step)] if isinstance(value, list) else value[step.replace("~1", "/").replace("~0", "~")]
        pointer = f"{parent}/~key{list(value).index(name.replace('~1', '/').replace('~0', '~'))}"
    return Span(label.type, pointer, label.start, label.end)


def peer(which: Peer, lines: Sequence[Line]) -> list[Judged]:
    """Ask a peer; a nested value goes in as its JSON. Raises ``RuntimeError`` where it does not answer every line."""
    texts = [rendered(line) for line in lines]
    answered = subprocess.run(
        [str(peer_python(which.environment)), "-m", f"benchmarks.quality.workers.{which.module}", *which.arguments],
        cwd=ROOT,
        input="".join(json.dumps(text) + "\n" for text, _ in texts),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    if len(answered) != len(lines):
        raise RuntimeError(f"{which.system} answered {len(answered)} of {len(lines)} lines")
    return [
        Judged(
            line,
            [Span(label.type, "", label.start, label.end) for label in labels],
            [Span(kind, "", start, end) for kind, start, end in json.loads(answer)],
        )
        for line, (_, labels), answer in zip(lines, texts, answered, strict=True)
    ]
