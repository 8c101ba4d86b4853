"""Addresses that a tool must not be sent to: metadata services, private networks, and the spellings that hide them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from secure_gateway.plugins.guardrails.scanner.reachable import NOTHING, Address, Reachable

_URL: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,15}):(?://|\\\\|/\\|\\/)([^\s/?#\\\"'<>]*)")
_OPAQUE: Final = re.compile(
    r"(?i)^\s*(?:url:)?(file|gopher|dict|jar|ldaps?|tftp|netdoc|phar|php|expect|javascript|vbscript|view-source):"
)
_SCHEMES: Final = frozenset("file gopher dict jar ldap ldaps tftp netdoc phar php expect smb nfs rsync".split())
_WEB: Final = frozenset("http https ws wss ftp ftps".split())
_INSIDE: Final = (
    "localhost",
    ".localhost",
    "localhost.localdomain",
    ".internal",
    ".cluster.local",
    ".svc",
    ".localdomain",
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "instance-data",
    ".intranet",
)
_EMBEDDED: Final = re.compile(
    r"(?i)(?:^|[.-])((?:\d{1,3}[.-]){3}\d{1,3})\.(?:nip\.io|sslip\.io|xip\.io|[\w-]+\.rebind\.network)$"
)
_NUMBER: Final = re.compile(r"(?i)^(?:0x[0-9a-f]+|\d+)$")
_METADATA: Final = frozenset(
    ipaddress.ip_address(ip)
    for ip in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_AFTER_HOST: Final = re.compile(r"(?:/[^\\\s]*|\?[^\\\s@]*)?")
_BARE_HOST: Final = re.compile(r"^[^\s/?#@]{1,253}(?::\d{1,5})?(?:[/?#]\S*)?$")


def bad_addresses(text: str, reachable: Reachable = NOTHING) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, why) for each address in ``text`` that leads inside or is not what it looks like.

    ``reachable``: what may be reached all the same, by a text that is one address and nothing else that readers could take for another.
    """
    opaque = _OPAQUE.match(text)
    if opaque:
        yield 0, len(text), f"scheme {opaque[1].lower()}"
        return
    seen = False
    for match in _URL.finditer(text):
        seen = True
        alone = reachable if match.start() == 0 and _stands_alone(text[match.end() :]) else NOTHING
        why = _refused_scheme(match[1].lower()) or _refused_authority(match[2], alone)
        if why:
            yield match.start(), match.end(), why
    if not seen:
        bare = text.strip().removeprefix("//")
        if _BARE_HOST.match(bare):
            authority = re.split(r"[/?#]", bare, maxsplit=1)[0]
            alone = reachable if _stands_alone(bare[len(authority) :]) else NOTHING
            if why := _refused_host(_host(authority), alone):
                yield 0, len(text), why


def _stands_alone(rest: str) -> bool:
    """Tell whether what follows the host is a path or a query in which no reader finds another host."""
    return _AFTER_HOST.fullmatch(rest.rstrip()) is not None


def _refused_scheme(scheme: str) -> str:
    return f"scheme {scheme}" if scheme.rpartition("+")[2] in _SCHEMES or scheme.rpartition(":")[2] in _SCHEMES else ""


def _refused_authority(authority: str, reachable: Reachable) -> str:
    userinfo, at, rest = authority.rpartition("@")
    if at and ("." in userinfo.partition(":")[0] or "@" in userinfo or _is_number(userinfo)):
        return "a name before the @ that looks like a host"
    return _refused_host(_host(rest), NOTHING if at else reachable)


def _is_number(text: str) -> bool:
    return _NUMBER.match(text) is not None


def _host(authority: str) -> str:
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.rpartition(":")[0] if authority.count(":") == 1 else authority


def _refused_host(host: str, reachable: Reachable) -> str:
    host = host.strip().rstrip(".").lower()
    address = parse_address(host)
    if address is not None:
        return "" if reachable.has(_meant(address)) else _refused_address(address, host)
    if host in reachable.names:
        return ""
    if any(
        host == name.lstrip(".")
        or (name.startswith(".") and host.endswith(name))
        or host.endswith("." + name.lstrip("."))
        for name in _INSIDE
    ):
        return "a name of this machine or network"
    embedded = _EMBEDDED.search(host)
    if embedded and (inner := parse_address(embedded[1].replace("-", "."))) is not None:
        return _refused_address(inner, host)
    return ""


def _refused_address(address: Address, spelling: str) -> str:
    address = _meant(address)
    if address in _METADATA:
        return "a metadata service"
    if (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_reserved
        or address.is_multicast
    ):
        # Documentation's own ranges count as private in this library, and stand in examples everywhere.
        return (
            ""
            if any(address in net for net in _EXAMPLES if net.version == address.version)
            else "an address of a private network"
        )
    if address.version == 4 and str(address) != spelling and ":" not in spelling:
        return "an address in an odd spelling"
    return ""


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


_EXAMPLES: Final = tuple(
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def parse_address(host: str) -> Address | None:
    """Read an address as resolvers do (inet_aton): decimal, octal, hexadecimal, and with parts left out."""
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host.partition("%")[0])
        except ValueError:
            return None
    parts = host.split(".")
    if not 1 <= len(parts) <= 4 or not all(len(part) <= 16 and _is_number(part) for part in parts):
        return None
    if len(parts) == 1 and not (host == "0" or host.startswith("0x") or len(host) >= 8):
        return None
    try:
        numbers = [_part(part) for part in parts]
    except ValueError:
        return None
    last = numbers.pop()
    if any(number > 0xFF for number in numbers) or last >= 256 ** (4 - len(numbers)):
        return None
    return ipaddress.IPv4Address(sum(number << (24 - 8 * place) for place, number in enumerate(numbers)) + last)


def _part(part: str) -> int:
    if part.startswith("0x"):
        return int(part, 16)
    return int(part, 8) if part.startswith("0") and len(part) > 1 else int(part)
