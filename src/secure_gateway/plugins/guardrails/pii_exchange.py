"""Values against tokens and back, on the request path: what leaves, what comes back, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from secure_gateway.plugins.framework.context import GlobalContext
from secure_gateway.plugins.guardrails.pii_addresses import addresses_of, outside_addresses
from secure_gateway.plugins.guardrails.pii_sessions import session_of
from secure_gateway.plugins.guardrails.pii_tokens import tokens_in, with_values
from secure_gateway.plugins.guardrails.pii_vault import MOST_TOKENS, Kept, PIIVault, RequestVault, Vault
from secure_gateway.plugins.guardrails.scanned import is_long
from secure_gateway.plugins.guardrails.scanner import Finding, ScanLimitExceeded, redact, redact_all
from secure_gateway.plugins.services import ProviderServices

Find = Callable[[Any], Sequence[Finding]]


class ExchangeRules(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of tokens. ``released``: types whose values a tool is given; ``restored``: those that a caller is given back, None for all."""

    session: str
    ttl: float
    types: frozenset[str]
    released: frozenset[str] = frozenset()
    restored: frozenset[str] | None = None

    def restores(self, kind: str) -> bool:
        """Tell whether a caller gets values of this type back."""
        return kind in self.types and (self.restored is None or kind in self.restored)


class Sent(msgspec.Struct, frozen=True):
    """What a request left behind for its result: its vault, the tokens that went out with it, and the addresses in which some of them stood."""

    vault: Vault
    tokens: frozenset[str]
    addresses: frozenset[str] = frozenset()


class Exchanged(msgspec.Struct, kw_only=True):
    """What came of it. ``tokens``: how many findings became one; ``restored``, ``lost``: how many different tokens have become a value, or had none."""

    value: Any = msgspec.UNSET
    tokens: int = 0
    restored: int = 0
    lost: int = 0
    sent: Sent | None = None

    def marks(self) -> dict[str, Any]:
        """Return what the record says of it: numbers."""
        found = {"tokenized": self.tokens, "restored": self.restored, "lost": self.lost, "warned": self.lost}
        return {name: number for name, number in found.items() if number}


NOTHING_DONE: Final = Exchanged()


class TokenExchange:
    """One side of one policy. ``find`` returns the findings that become tokens here."""

    __slots__ = ("_find", "_services", "rules", "tokenizes")

    def __init__(self, find: Find, services: ProviderServices, rules: ExchangeRules, *, tokenizes: bool) -> None:
        self._find = find
        self._services = services
        self.rules = rules
        self.tokenizes = tokenizes

    async def outgoing(
        self, value: Any, facts: GlobalContext, before: Sent | None = None, *, trusted: bool
    ) -> Exchanged:
        """Return a request as it goes to its server. ``trusted``: it comes from the caller, and what it says may be given out.
        ``before``: what it has left behind already, where it is looked at once more.

        Raises:
            ScannerError: Nobody can tell what ``value`` holds.
            StoreError: The values cannot be kept or looked up.
        """
        findings = await self._findings(value)
        session = session_of(facts, self.rules.session)
        released = self.rules.released if trusted and session else frozenset[str]()
        if not findings and not (released and any(kind in released for kind, _ in tokens_in(value))):
            return NOTHING_DONE
        work = _Work(self._vault(session) if before is None else before.vault, self._find, self.rules)
        if before is not None:
            work.tokens |= before.tokens
            work.addresses = before.addresses
        return await _beside_the_loop(work, partial(work.outgoing, value, findings, trusted=trusted))

    async def incoming(self, value: Any, facts: GlobalContext, sent: Sent | None, *, trusted: bool) -> Exchanged:
        """Return a result as it goes to its caller. ``trusted``: it goes to the caller, who may have back what it has ever sent; else only
        tokens of ``sent`` are restored. Raises as ``outgoing`` does.
        """
        findings = await self._findings(value)
        session = session_of(facts, self.rules.session)
        may_restore = sent is not None or (trusted and bool(session))
        if not findings and not (may_restore and any(self.rules.restores(kind) for kind, _ in tokens_in(value))):
            return NOTHING_DONE
        work = _Work(self._vault(session) if sent is None else sent.vault, self._find, self.rules)
        if sent is not None:
            work.of_request, work.addresses = sent.tokens, sent.addresses
        return await _beside_the_loop(work, partial(work.incoming, value, findings, trusted=trusted))

    def after(self, before: TokenExchange | None) -> TokenExchange:
        """Return what exchanges in results where ``before`` does in requests: a type comes back if both sides let it."""
        mine, theirs = self.rules.restored, None if before is None else before.rules.restored
        restored = theirs if mine is None else mine if theirs is None else mine & theirs
        rules = msgspec.structs.replace(self.rules, restored=restored)
        return TokenExchange(self._find, self._services, rules, tokenizes=self.tokenizes)

    def without_finding(self) -> TokenExchange:
        """Return what only gives values back."""
        return TokenExchange(self._find, self._services, self.rules, tokenizes=False)

    async def _findings(self, value: Any) -> Sequence[Finding]:
        if not self.tokenizes:
            return ()
        return await asyncio.to_thread(self._find, value) if is_long(value) else self._find(value)

    def _vault(self, session: str) -> Vault:
        return PIIVault(self._services, session, self.rules.ttl) if session else RequestVault()


class _Work:
    """One pass over one value, off the event loop where the vault lies in the store."""

    def __init__(self, vault: Vault, find: Find, rules: ExchangeRules) -> None:
        self.vault = vault
        self.of_request: frozenset[str] = frozenset()
        self.tokens: set[str] = set()
        self.addresses: frozenset[str] = frozenset()
        self._find = find
        self._rules = rules
        self._seen: dict[tuple[str, int], str | None] = {}
        self._written = self._lost = 0

    def outgoing(self, value: Any, findings: Sequence[Finding], *, trusted: bool) -> Exchanged:
        """Put tokens in place of values, and of released types values in place of tokens."""
        released = self._rules.released if trusted else frozenset[str]()
        let_be = [finding for finding in findings if finding.type in released]
        changed = self._tokenized(value, findings, released, sent=trusted)
        # Noted only: in the result the caller finds what it has sent itself.
        redact(value, let_be, lambda finding, text: self._noted(finding, text, sent=trusted) and text)
        if released and isinstance(self.vault, PIIVault):
            changed = with_values(changed, lambda kind, number: self._released(kind, number, released))
        addresses = self.addresses | addresses_of(changed)
        return self._done(changed, Sent(self.vault, frozenset(self.tokens), addresses))

    def incoming(self, value: Any, findings: Sequence[Finding], *, trusted: bool) -> Exchanged:
        """Put tokens in place of values that the caller has not sent, and give it those back that it has."""
        changed = self._tokenized(value, findings, frozenset(), sent=False)
        # Who is to see a token only could have the value sent to it by an address that a client loads.
        places = outside_addresses(self.addresses)
        return self._done(
            with_values(changed, lambda kind, number: self._given_back(kind, number, trusted=trusted), places), None
        )

    def _tokenized(self, value: Any, findings: Sequence[Finding], let_be: Collection[str], *, sent: bool) -> Any:
        def find(content: Any) -> list[Finding]:
            return [finding for finding in self._find(content) if finding.type not in let_be]

        def write(finding: Finding, text: str) -> str:
            self._written += 1
            return self._noted(finding, text, sent=sent)

        first = [finding for finding in findings if finding.type not in let_be]
        return redact_all(value, find, write, first) if first else value

    def _noted(self, finding: Finding, text: str, *, sent: bool) -> str:
        token = self.vault.token(finding.type, text, sent=sent)
        self.tokens.add(token)
        return token

    def _released(self, kind: str, number: int, released: Collection[str]) -> str | None:
        return self._looked_up(kind, number, lambda _: True) if kind in released else None

    def _given_back(self, kind: str, number: int, *, trusted: bool) -> str | None:
        own = f"<{kind}_{number}>" in self.of_request
        if not self._rules.restores(kind) or not (own or trusted):
            return None
        return self._looked_up(kind, number, lambda kept: own or kept.sent)

    def _looked_up(self, kind: str, number: int, may: Callable[[Kept], bool]) -> str | None:
        place = kind, number
        if place not in self._seen:
            if len(self._seen) >= MOST_TOKENS:
                raise ScanLimitExceeded(f"more than {MOST_TOKENS} different tokens at once; the content is refused")
            kept = self.vault.kept(kind, number)
            self._lost += kept is None
            self._seen[place] = kept.value if kept is not None and may(kept) else None
        return self._seen[place]

    def _done(self, value: Any, sent: Sent | None) -> Exchanged:
        self.vault.settle()
        restored = sum(found is not None for found in self._seen.values())
        return Exchanged(value=value, tokens=self._written, restored=restored, lost=self._lost, sent=sent)


async def _beside_the_loop(work: _Work, step: Callable[[], Exchanged]) -> Exchanged:
    """Take what asks the store to a thread; what stands in memory is quicker here."""
    return await asyncio.to_thread(step) if isinstance(work.vault, PIIVault) else step()
