"""What of one's own network may be reached all the same: hosts by their exact name, and networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*")
_WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix: what is wider is no network of anybody's own."""
_NO_HOSTS: Final = tuple(
    map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "ff00::/8", "0.0.0.0/32", "::/128"))
)
_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
    )
)


class Reachable(NamedTuple):
    """Hosts and networks that may be reached. Metadata services and link-local addresses are never among them: they hand out credentials."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def has(self, address: Address) -> bool:
        """Tell whether ``address`` lies in one of the networks."""
        return any(address in network for network in self.networks) and not is_never(address)


NOTHING: Final = Reachable()


def is_never(address: Address) -> bool:
    """Tell whether ``address`` is one that nobody may let through: a metadata service, link-local, or no host at all."""
    return address in _METADATA or any(address in network for network in _NO_HOSTS)


def read_reachable(texts: Iterable[str]) -> Reachable:
    """Return what ``texts`` name: ``10.1.2.3``, ``10.1.2.0/24`` or ``tickets.corp.internal``. Raises ``ValueError`` with what is expected."""
    names, networks = set(), []
    for text in texts:
        named = _named(text.strip())
        if isinstance(named, str):
            names.add(named)
        else:
            networks.append(named)
    return Reachable(frozenset(names), tuple(networks))


def merged(parts: Iterable[Reachable]) -> Reachable:
    """Return what any of ``parts`` has."""
    known = list(parts)
    names = frozenset().union(*(part.names for part in known))
    return Reachable(names, tuple(network for part in known for network in part.networks))


def _named(text: str) -> Network | str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits set" in str(error):
            raise ValueError(
                f"a network by its first address, such as {ipaddress.ip_network(text, strict=False)}"
            ) from None
        name = text.lower().rstrip(".")
        # A name of digits only would be an address in a spelling of its own.
        if _NAME.fullmatch(name) is None or name.rpartition(".")[2].isdecimal():
            raise ValueError("an address, a network such as 10.1.2.0/24, or one host's exact name") from None
        return name
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(f"a network of one's own: at least /{_WIDEST[network.version]}")
    if is_never(network[0]) and is_never(network[-1]):
        raise ValueError("no metadata service and nothing link-local: these can never be let through")
    return network
