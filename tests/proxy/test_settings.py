from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure_gateway.config.models import GatewayConfig
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import ConfigError
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer, proxy_settings


def _settings(config: dict[str, Any], **environment: str) -> ProxySettings:
    return proxy_settings(GatewayConfig.model_validate(config), SecretResolver(environment, folder=Path("/")))


def test_secrets_of_servers_are_resolved_and_their_variables_withheld_from_all_children() -> None:
    servers = {
        "files": {"command": "serve", "args": ["-x"], "env": {"TOKEN": "env://FILES_TOKEN", "PLAIN": "p"}},
        "mail": {"url": "https://mail.example/mcp", "headers": {"Authorization": "env://MAIL_TOKEN"}},
    }
    settings = _settings({"servers": servers}, FILES_TOKEN="t1", MAIL_TOKEN="t2")
    assert settings.servers["files"].env == {"TOKEN": "t1", "PLAIN": "p"}
    assert settings.servers["files"].command == ("serve", "-x")
    assert settings.servers["mail"].headers == {"Authorization": "t2"}
    inherited = {
        "FILES_TOKEN": "t1",
        "MAIL_TOKEN": "t2",
        "SECURE_GATEWAY_API_KEY": "k",
        "PATH": "/bin",
        "PLAIN": "outer",
    }
    child = settings.child_environment(settings.servers["files"], inherited)
    assert child == {"PATH": "/bin", "TOKEN": "t1", "PLAIN": "p"}


def test_the_variables_of_every_other_secret_are_withheld_too() -> None:
    plugins = {"auth": {"provider": "jwt", "config": {"key": "env://JWT_KEY"}}}
    settings = _settings({"plugins": plugins, "master_key": "env://MASTER"}, JWT_KEY="x", MASTER="y")
    assert settings.withheld == {"JWT_KEY", "MASTER"}


def test_a_secret_that_is_missing_is_named_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        _settings({"servers": {"files": {"command": "serve", "env": {"TOKEN": "env://NOWHERE"}}}})
    assert caught.value.problems[0].path == "$.servers.files.env.TOKEN"


@pytest.mark.parametrize(
    ("serve", "expected"),
    [
        ({"host": "10.1.2.3"}, {"10.1.2.3"}),
        ({"host": "::1"}, {"[::1]"}),
        ({"host": "0.0.0.0"}, set()),  # noqa: S104 - that it is no name is the point
        ({"host": "::"}, set()),
        ({"host": "Gateway.Internal", "allowed_hosts": ["A.Example:8443"]}, {"gateway.internal", "a.example:8443"}),
    ],
)
def test_the_listening_address_is_a_host_of_ours_unless_it_stands_for_all(
    serve: dict[str, Any], expected: set[str]
) -> None:
    assert _settings({"serve": serve}).allowed_hosts == expected


def test_the_repr_of_a_server_shows_no_secret() -> None:
    server = UpstreamServer(
        name="files", command=("serve", "--token", "hunter2"), env={"TOKEN": "hunter2"}, headers={"a": "hunter2"}
    )
    assert "hunter2" not in repr(server)
    assert "hunter2" not in repr(ProxySettings(servers={"files": server}))
