"""URIs as clients read them: one spelling for each host, and a refusal where two clients could read different ones."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OLD_IPV4: Final = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_SHARED: Final = ipaddress.IPv4Network("100.64.0.0/10")
_METADATA: Final = frozenset({"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"})
_INSIDE: Final = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain")


class Target(NamedTuple):
    """A URI that was read: its parts, and its host in the one spelling that all others are compared in."""

    parts: SplitResult
    host: str


def read_uri(uri: str) -> Target | None:
    """Return what ``uri`` names; None where it is none that can be judged."""
    if "\\" in uri or any(char.isspace() or unicodedata.category(char) in {"Cc", "Cf"} for char in uri):
        return None
    try:
        parts = urlsplit(uri)
        host = canonical_host(parts.hostname or "")
        parts.port  # noqa: B018 - it is checked when it is read
    except ValueError:
        return None
    return None if host is None or not parts.scheme else Target(parts, host)


def canonical_host(host: str) -> str | None:
    """Return the one spelling of ``host`` that all others are compared in; None for what is no host name."""
    plain = unicodedata.normalize("NFKC", host).lower().rstrip(".")
    if "%" in plain:
        return None
    if plain.isascii():
        return plain
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def within(host: str, domains: frozenset[str]) -> bool:
    """Say whether ``host`` is one of ``domains``, or below one."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def as_address(host: str) -> Address | None:
    """Return the address that ``host`` spells, in any of the ways that C libraries read: 127.1, 0x7f000001, 017700000001, ::ffff:7f00:1."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    if not _OLD_IPV4.fullmatch(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def looks_like_address(host: str) -> bool:
    """Say whether some client could read ``host`` as an IPv4 address though no C library does: 0x100000000, 1.2.3.4.5."""
    return _OLD_IPV4.fullmatch(host) is not None or host.rpartition(".")[2].isdecimal()


def embedded(address: Address) -> Iterable[Address]:
    """Yield ``address`` and the IPv4 addresses that it stands for: mapped, compatible, 6to4, Teredo, NAT64."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        yield from (each for each in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if each)
        if address in _NAT64 or address in _NAT64_LOCAL or address in _COMPATIBLE:
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def why_inside(address: Address) -> str:
    """Say what kind of address ``address`` is, if it is none of the public internet; empty for one that is."""
    for each in embedded(address):
        if str(each) in _METADATA:
            return "a metadata service"
        if each.is_loopback:
            return "loopback"
        if each.is_link_local:
            return "link-local"
        if each.is_multicast:
            return "multicast"
        if each.is_unspecified:
            return "unspecified"
        if not each.is_global or (isinstance(each, ipaddress.IPv4Address) and each in _SHARED):
            return "private or reserved"
    return ""


def is_inside_name(host: str) -> bool:
    """Say whether ``host`` is a name that only a machine or a site of its own knows: localhost, one label, *.internal."""
    return "." not in host or any(host == name or host.endswith(f".{name}") for name in _INSIDE)
