"""``url_reputation`` judges URLs by their names and by where those lead, and nothing gets past it by its spelling."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from secure_gateway import ConfigError
from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework import (
    GlobalContext,
    PluginConfig,
    PluginContext,
    ResourcePreFetchPayload,
    ToolPreInvokePayload,
)
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.plugins.hooks.uris import as_address, why_inside
from secure_gateway.plugins.hooks.url_reputation import UrlReputationPlugin
from tests.plugins.hooks.plugins import fire

NAMES = {
    "example.com": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
    "evil.example.com": ["93.184.216.34"],
    "rebind.example.net": ["93.184.216.34", "127.0.0.1"],
    "meta.example.net": ["169.254.169.254"],
    "mapped.example.net": ["::ffff:10.0.0.1"],
    "nat64.example.net": ["64:ff9b::7f00:1"],
}


def lookup(host: str) -> list[str]:
    if host not in NAMES:
        raise OSError("no such host")
    return NAMES[host]


async def code(text: Any, lookup: Any = lookup, **config: Any) -> str | None:
    plugin = UrlReputationPlugin(PluginConfig(name="p", config=config), lookup)
    try:
        answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name="t", args={"x": text}))
    finally:
        await plugin.shutdown()
    return answer.violation.code if answer.violation else None


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/a?b=c#d",
        "see https://example.com.",
        "no url: a/b, C:\\Users\\x, 12:30, a://",
        "HTTP://EXAMPLE.com:8080",
        5,
        None,
    ],
)
async def test_what_is_public_passes(text: Any) -> None:
    assert await code(text) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://0177.0.0.01/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127.0.0.1./",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://100.100.100.200/",
        "http://224.0.0.1/",
        "http://localhost/",
        "http://LOCALHOST:80/",
        "http://x.localhost/",
        "http://intranet/",
        "http://metadata.google.internal/",
        "http://user:word@127.0.0.1/",
        "http://good.example.com@127.0.0.1/",
        "http://rebind.example.net/",
        "http://meta.example.net/",
        "http://mapped.example.net/",
        "http://nat64.example.net/",
        "(http://127.0.0.1)",
        '{"url": "http://127.0.0.1/"}',
        "//127.0.0.1/x",
        "http://example.com|@127.0.0.1/",
        "http://example.com{x@127.0.0.1/",
    ],
)
async def test_what_leads_inside_is_refused_however_it_is_spelt(url: str) -> None:
    assert await code(url) in {"ADDRESS_DENIED", "INVALID_URL"}


@pytest.mark.parametrize(
    "url",
    [
        "http:\\\\127.0.0.1/",
        "http:/127.0.0.1/",
        "http:127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://exam%70le.com/",
        "http://exa\u00admple.com/",
        "http://1.2.3.4.5/",
        "http://0x100000000/",
        "http://example.com:99999/",
        "http://[::1/",
        "http:///x",
    ],
)
async def test_what_clients_read_differently_is_refused(url: str) -> None:
    assert await code(url) == "INVALID_URL"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://example.com/x", "see ldap://example.com", "FTP://example.com"]
)
async def test_another_scheme_is_refused(url: str) -> None:
    assert await code(url) == "SCHEME_DENIED"


async def test_domains_are_allowed_and_denied_with_all_below_them() -> None:
    assert await code("https://evil.example.com/", deny_domains=["EVIL.example.com."]) == "DOMAIN_DENIED"
    assert await code("https://notevil.example.com/", deny_domains=["evil.example.com"], resolve=False) is None
    assert await code("https://example.com/", allow_domains=["example.com"]) is None
    assert await code("https://evil.example.com/", allow_domains=["good.example.com"]) == "DOMAIN_DENIED"
    assert await code("https://example.com/x.EXE", deny_patterns=[r"\.exe$"]) == "PATTERN_DENIED"


async def test_own_hosts_and_networks_can_be_allowed_and_nothing_beside_them() -> None:
    own = {"allow_private": ["10.1.0.0/16", "intranet", "127.0.0.1"]}
    assert await code("http://10.1.2.3/", **own) is None
    assert await code("http://10.2.0.1/", **own) == "ADDRESS_DENIED"
    assert await code("http://127.0.0.1:8080/", **own) is None
    assert await code("http://intranet/", lambda _host: ["192.168.0.9"], **own) is None
    assert await code("http://localhost/", **own) == "ADDRESS_DENIED"


OURS = {"address": "10.1.2.3", "reason": "the ticket system; OPS-12"}


async def of(url: str, tool: str = "t", server: str = "s", lookup: Any = lookup, **entry: Any) -> str | None:
    """Return how a URL in the arguments of a tool of a server is refused where that entry lets something through."""
    plugin = UrlReputationPlugin(PluginConfig(name="p", config={"allow_private": [{**OURS, **entry}]}), lookup)
    binding = next(each for each in bind_plugin(plugin, default_timeout=1.0) if each.hook == "tool_pre_invoke")
    facts = PluginContext(global_context=GlobalContext(request_id="r", server_id=server))
    try:
        answer = await binding.call(ToolPreInvokePayload(name=tool, args={"url": url}), facts)
    finally:
        await plugin.shutdown()
    return answer.violation.code if answer.violation else None


@pytest.mark.parametrize(
    "spelt",
    ["10.1.2.3", "167838211", "0x0a010203", "012.1.2.3", "10.66051", "[::ffff:10.1.2.3]", "10.1.2.3.", "u@10.1.2.3"],
)
async def test_an_address_of_ones_own_may_be_spelt_in_any_way_by_one_tool_of_one_server(spelt: str) -> None:
    for_one = {"tools": ["ticket"], "servers": ["intra*"]}
    assert await of(f"http://{spelt}/", "ticket", "intranet", **for_one) is None
    assert await of(f"http://{spelt}/", "tickets", "intranet", **for_one) == "ADDRESS_DENIED"
    assert await of(f"http://{spelt}/", "ticket", "other", **for_one) == "ADDRESS_DENIED"
    assert await of(f"http://{spelt}/", "ticket", "", **for_one) == "ADDRESS_DENIED"


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.4/",
        "http://10.1.2.3@10.1.2.4/",
        "http://10.1.2.3#@169.254.169.254/",
        "http://10.1.2.3?@169.254.169.254/",
        "http://10.1.2.3\\@169.254.169.254/",
        "http://10.1.2.3/ http://169.254.169.254/",
        "http://localhost/",
    ],
)
async def test_beside_an_address_of_ones_own_nothing_is_let_through(url: str) -> None:
    assert await of(url) in ("ADDRESS_DENIED", "INVALID_URL")


async def test_a_name_may_lead_into_a_network_of_ones_own_with_all_its_addresses_or_not_at_all() -> None:
    async def led(*addresses: str, **entry: Any) -> str | None:
        return await of("http://rebound.example.net/", lookup=lambda _host: list(addresses), **entry)

    assert await led("10.1.2.3") is None
    assert await led("10.1.2.3", "10.1.2.4") == "ADDRESS_DENIED"
    assert await led("10.1.2.3", "93.184.216.34") is None
    assert await led("10.1.2.3", "169.254.169.254") == "ADDRESS_DENIED"


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fe80::1", "::ffff:169.254.169.254", "::"])
async def test_a_name_of_ones_own_never_leads_to_a_metadata_service(address: str) -> None:
    name = {"address": "tickets.corp.internal"}
    there = "http://tickets.corp.internal/"
    assert await of(there, lookup=lambda _host: ["192.168.7.7"], **name) is None
    assert await of(there, lookup=lambda _host: [address], **name) == "ADDRESS_DENIED"
    assert await of("http://a.tickets.corp.internal/", lookup=lambda _host: ["192.168.7.7"], **name) == "ADDRESS_DENIED"


async def test_an_entry_for_tools_lets_no_resource_through() -> None:
    plugin = UrlReputationPlugin(PluginConfig(name="p", config={"allow_private": [{**OURS, "tools": ["*"]}]}))
    answer = await fire(plugin, "resource_pre_fetch", ResourcePreFetchPayload(uri="http://10.1.2.3/"))
    await plugin.shutdown()
    assert answer.violation is not None


async def test_a_name_without_an_address_is_refused() -> None:
    assert await code("http://nowhere.example.net/") == "UNRESOLVED"


async def test_a_name_server_that_does_not_answer_blocks_nobody_and_is_no_yes() -> None:
    released = threading.Event()

    def slow(_host: str) -> list[str]:
        released.wait(30)
        return ["93.184.216.34"]

    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    try:
        with pytest.raises(AnswerError, match="not resolved within"):
            await code("http://slow.example.net/", slow, seconds=0.05)
    finally:
        released.set()
        ticking.cancel()
    assert ticks > 2


async def test_more_urls_than_are_looked_at_are_refused() -> None:
    assert await code(" ".join(f"http://example.com/{n}" for n in range(51))) == "TOO_MANY_URLS"


async def test_the_uri_of_a_resource_is_judged() -> None:
    plugin = UrlReputationPlugin(PluginConfig(name="p", config={"resolve": False}))
    answer = await fire(plugin, "resource_pre_fetch", ResourcePreFetchPayload(uri="http://127.0.0.1/"))
    assert answer.violation is not None


class _Redirecting(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.seen.append(f"{self.headers['host']} {self.path}")
        self.send_response(302 if self.path != "/end" else 200)
        self.send_header("location", {"/loop": "/loop", "/out": "http://169.254.169.254/"}.get(self.path, "/end"))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def test_redirects_are_judged_one_by_one_where_that_is_asked(port: int) -> None:
    own = {"check_redirects": True, "allow_private": ["app.example.net"]}

    def here(_host: str) -> list[str]:
        return ["127.0.0.1"]

    base = f"http://app.example.net:{port}"
    assert await code(f"{base}/ok", here, **own) is None
    assert f"app.example.net:{port} /ok" in _Redirecting.seen
    assert await code(f"{base}/out", here, **own) == "ADDRESS_DENIED"
    assert await code(f"{base}/loop", here, **own) == "TOO_MANY_REDIRECTS"
    with pytest.raises(AnswerError, match="could not be asked"):
        await code("http://app.example.net:1/", here, **own)


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "134744072"])
def test_a_public_address_is_public(text: str) -> None:
    address = as_address(text)
    assert address is not None
    assert why_inside(address) == ""


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"allow_domains": ["http://x"]}, r"\$\.config\.allow_domains\[0\]"),
        ({"deny_domains": ["a b"]}, r"\$\.config\.deny_domains\[0\]"),
        ({"allow_private": ["10.0.0.0/8", "a/b"]}, r"\$\.config\.allow_private\[1\].*a network such as"),
        ({"allow_private": [{"address": "10.1.2.3"}]}, r"\$\.config\.allow_private\[0\]\.reason"),
        ({"allow_private": [{**OURS, "reason": " "}]}, r"\$\.config\.allow_private\[0\]\.reason"),
        ({"allow_private": [{**OURS, "address": "169.254.0.0/16"}]}, r"\$\.config\.allow_private\[0\]\.address"),
        ({"allow_private": ["0.0.0.0/0"]}, r"\$\.config\.allow_private\[0\]"),
        ({"allow_private": [{**OURS, "tools": ["re:("]}]}, r"\$\.config\.allow_private\[0\]\.tools"),
        ({"deny_patterns": ["(?=a)b"]}, r"\$\.config\.deny_patterns\[0\]"),
        ({"seconds": 0}, "seconds"),
        ({"schemes": []}, "at least one scheme"),
        ({"check_redirects": True, "resolve": False}, "both or neither"),
        ({"deny_domain": ["x"]}, "Did you mean 'deny_domains'"),
    ],
)
def test_what_is_wrong_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        UrlReputationPlugin(PluginConfig(name="p", config=config))
