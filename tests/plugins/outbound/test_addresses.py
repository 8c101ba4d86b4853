"""Which addresses a plugin server may have."""

from __future__ import annotations

import ipaddress

import pytest

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.outbound.addresses import check_address, reachable_address

_NEVER = (
    "169.254.169.254", "169.254.0.1", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "0.0.0.0", "::", "224.0.0.1", "ff02::1",  # noqa: S104 - judged, not bound
)  # fmt: skip
_PRIVATE = (
    "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1",
    "64:ff9b::a00:1", "2002:a00:1::1", "198.18.0.1", "240.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("text", _NEVER)
def test_metadata_services_and_what_is_no_host_are_never_reached(text: str) -> None:
    for allow in (True, False):
        with pytest.raises(AnswerError, match="link-local"):
            check_address(ipaddress.ip_address(text), allow_private=allow)


@pytest.mark.parametrize("text", _PRIVATE)
def test_a_private_address_is_reached_only_where_that_is_configured(text: str) -> None:
    with pytest.raises(AnswerError, match=r"set allow_private beside the url to true"):
        check_address(ipaddress.ip_address(text), allow_private=False)
    check_address(ipaddress.ip_address(text), allow_private=True)


@pytest.mark.parametrize("text", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_a_public_address_is_reached(text: str) -> None:
    check_address(ipaddress.ip_address(text), allow_private=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "::1", "10.1.2.3"])
async def test_an_address_that_stands_in_the_configuration_is_meant(host: str) -> None:
    assert await reachable_address(host, 80, allow_private=False) == host.strip("[]")


async def test_localhost_is_meant_too() -> None:
    assert ipaddress.ip_address(await reachable_address("localhost", 80, allow_private=False)).is_loopback


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
async def test_a_name_that_is_read_as_a_private_address_is_not_one_that_stands_there(host: str) -> None:
    with pytest.raises(AnswerError, match="private address"):
        await reachable_address(host, 80, allow_private=False)
