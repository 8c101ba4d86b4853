"""To which address a name leads, judged after it was resolved: what is asked for by name may be anything by then."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final, TypeAlias

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.outbound.faults import NotConnectedError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Metadata services of clouds that are not link-local. They hand out credentials to whoever can reach them."""
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_LOW_32: Final = 0xFFFFFFFF


async def reachable_address(host: str, port: int, *, allow_private: bool) -> str:
    """Return the address to connect to. Every address of ``host`` must be allowed, not just the one that is taken.

    ``host`` as the configuration spells it: a private address or ``localhost`` written there is meant, a name that leads to one is not
    unless ``allow_private``. Raises ``AnswerError`` for a forbidden one and ``ConnectionLostError`` where the name leads nowhere.
    """
    literal = _literal(host)
    if literal is not None:
        check_address(literal, allow_private=True)
        return str(literal)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotConnectedError("the name in its url cannot be resolved") from None
    named_local = host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost")
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    for address in addresses:
        check_address(address, allow_private=allow_private or (named_local and address.is_loopback))
    if not addresses:
        raise NotConnectedError("the name in its url cannot be resolved")
    return str(addresses[0])


def check_address(address: Address, *, allow_private: bool) -> None:
    """Refuse an address that no server of ours has, and without ``allow_private`` one that is not public. Raises ``AnswerError``."""
    for each in _meant(address):
        if each.is_link_local or each in _METADATA or each.is_multicast or each.is_unspecified:
            raise AnswerError(f"its url leads to {address}, which is link-local, a metadata service or no host at all")
        is_public = each.is_global and not (each.version == 4 and each in _SHARED)  # noqa: PLR2004 - IPv4
        if not is_public and not allow_private:
            raise AnswerError(
                f"its url leads to {address}, which is a private address; if that is meant, set allow_private beside the url to true"
            )


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _meant(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 address that an IPv6 address stands for, if any, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & _LOW_32),)
    return (address,)
