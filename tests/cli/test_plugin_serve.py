"""`plugin serve`: where it listens, whom it lets in, and what it refuses to start with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from secure_gateway.cli.plugin_address import asked_address
from tests.cli.conftest import Run
from tests.plugin_server.served_plugins import SECRET
from tests.plugin_server.serving import CONFIG_SECRET, hook_call, plugin_list, said, stdio_server

NO_TLS: dict[str, Any] = {"cert": None, "key": None, "client_ca": None}


def asked(http: str | None = None, token: str | None = None, environ: dict[str, str] | None = None, **tls: Any) -> Any:
    return asked_address(environ or {}, http=http, token=token, hosts=(), **{**NO_TLS, **tls})


@pytest.mark.parametrize("environ", [{}, {"PLUGINS_TRANSPORT": "stdio", "PLUGINS_SERVER_PORT": "9"}])
def test_it_speaks_on_stdin_and_stdout_unless_told_otherwise(environ: dict[str, str]) -> None:
    assert asked(environ=environ) is None


@pytest.mark.parametrize(
    ("environ", "host", "port"),
    [
        ({"PLUGINS_TRANSPORT": "http"}, "127.0.0.1", 8000),
        ({"PLUGINS_TRANSPORT": "STREAMABLEHTTP", "PLUGINS_SERVER_HOST": "::1"}, "::1", 8000),
        ({"PLUGINS_TRANSPORT": "http", "PLUGINS_SERVER_HOST": "localhost", "PLUGINS_SERVER_PORT": "9"}, "localhost", 9),
    ],
)
def test_the_variables_of_contextforges_plugin_servers_say_where(environ: dict[str, str], host: str, port: int) -> None:
    listener = asked(environ=environ).listener
    assert (listener.host, listener.port) == (host, port)


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"PLUGINS_TRANSPORT": "sse"}, "PLUGINS_TRANSPORT"),
        ({"PLUGINS_TRANSPORT": "http", "PLUGINS_SERVER_UDS": "/run/x"}, "--http"),
        ({"PLUGINS_TRANSPORT": "http", "PLUGINS_SERVER_SSL_ENABLED": "True"}, "--cert"),
        ({"PLUGINS_TRANSPORT": "http", "PLUGINS_SERVER_HOST": "0.0.0.0"}, "--token"),  # noqa: S104 - refused
        ({"PLUGINS_TRANSPORT": "http", "PLUGINS_SERVER_PORT": "many"}, "HOST:PORT"),
    ],
)
def test_variables_that_mean_nothing_here_are_refused_with_what_to_type(environ: dict[str, str], word: str) -> None:
    with pytest.raises(click.UsageError, match=word):
        asked(environ=environ)


@pytest.mark.parametrize(
    "where", ["8000", ":8000", "localhost", "localhost:", "localhost:65536", "localhost:-1", "a:²"]
)
def test_an_address_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(click.UsageError, match="HOST:PORT"):
        asked(where)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "plugins.example"])  # noqa: S104 - refused
def test_an_address_that_others_reach_wants_to_know_who_may_call(host: str) -> None:
    with pytest.raises(click.UsageError, match="--token"):
        asked(f"{host}:1")
    assert asked(f"{host}:1", "env://T").token == "env://T"
    pem = Path("x.pem")
    assert asked(f"{host}:1", cert=pem, key=pem, client_ca=pem).listener.client_ca == "x.pem"


@pytest.mark.parametrize("tls", [{"cert": Path("c")}, {"key": Path("k")}, {"client_ca": Path("a")}])
def test_half_a_certificate_is_refused(tls: dict[str, Any]) -> None:
    with pytest.raises(click.UsageError, match="belong together"):
        asked("127.0.0.1:1", **tls)


@pytest.mark.parametrize("options", [("--token", "env://T"), ("--allowed-host", "x"), ("--cert", "x")])
def test_what_is_for_http_is_refused_on_stdio(options: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    done = run("plugin", "serve", str(tmp_path / "none.yaml"), *options)
    assert done.returncode == 2
    assert "needs --http" in done.stderr


@pytest.mark.parametrize("token", ["short", "sixteen or more, but with spaces", "ümläüte-die-es-nicht-gibt"])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str, run: Run, tmp_path: Path) -> None:
    env = {"T": token, "API_KEY": CONFIG_SECRET}
    done = run("plugin", "serve", str(plugin_list(tmp_path)), "--http", "127.0.0.1:0", "--token", "env://T", env=env)
    assert (done.returncode, token in done.stderr) == (3, False)


def test_a_plugin_that_cannot_be_initialized_stops_the_start(run: Run, tmp_path: Path) -> None:
    path = plugin_list(tmp_path)
    path.write_text(path.read_text() + "  - {name: Unborn, kind: plugins.served_plugins.Unborn}\n")
    done = run("plugin", "serve", str(path), env={"API_KEY": CONFIG_SECRET})
    assert done.returncode == 5
    assert "Unborn" in done.stderr
    assert SECRET not in done.stderr
    assert (tmp_path / "diary").read_text() == "initialized\nshut down\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("plugins: []", "nothing to serve"),
        ("plugins: [{name: A, kind: deny_list}, {name: A, kind: deny_list}]", "name of another plugin"),
        ("plugins: [{name: A, kind: no.such.Plugin}]", "no.such"),
        ("plugins: {", "config.yaml"),
    ],
)
def test_a_list_that_cannot_be_served_is_refused(text: str, word: str, run: Run, tmp_path: Path) -> None:
    path = plugin_list(tmp_path)
    path.write_text(text)
    done = run("plugin", "serve", env={"PLUGINS_CONFIG_PATH": str(path)})
    assert done.returncode == 3
    assert word in done.stderr


def test_the_plugins_of_a_configuration_are_served_without_its_gateway(tmp_path: Path) -> None:
    plugin_list(tmp_path)
    hook = {"name": "Title", "kind": "plugins.served_plugins.Title", "config": {"api_key": "env://API_KEY"}}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"plugins": {"hooks": [hook]}}))
    path.chmod(0o600)
    with stdio_server(tmp_path, path) as server:
        server.initialize()
        call = hook_call(1, "Title", "tool_pre_invoke", {"name": "t", "args": {"city": "bern"}})
        assert said(server.ask(call))["result"]["modified_payload"]["args"] == {"city": "Bern"}
        assert server.leave() == 0
