"""ContextForge's client, the MCP SDK and fastmcp ask our plugins, over stdio and streamable HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_server.served_plugins import SECRET
from tests.plugin_server.serving import CONFIG_SECRET, SERVE, environment, http_server, plugin_list, visit
from tests.support.environments import env_python

TOOLS = ["get_plugin_configs", "get_plugin_config", "invoke_hook"]


@pytest.fixture(params=["stdio", "http"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Give a way to our plugin server: a command, or the address of one that runs."""
    path = plugin_list(tmp_path)
    if request.param == "stdio":
        yield {"command": [*SERVE, str(path)], "env": environment(tmp_path)}
        return
    with http_server(tmp_path, path) as (url, _):
        yield {"url": url}


def test_contextforges_client_asks_our_plugins(door: dict[str, Any]) -> None:
    # Addresses of this machine are refused there, its name is not.
    url = str(door.get("url")).replace("127.0.0.1", "localhost")
    mcp: dict[str, Any] = {"proto": "STREAMABLEHTTP", "url": url}
    if "command" in door:
        mcp = {"proto": "STDIO", "cmd": door["command"], "env": door["env"]}
    said = visit(env_python("cpex"), "cpex_client.py", mcp)
    config = said["config"]
    assert (config["description"], config["version"], config["priority"]) == ("Writes cities with a capital", "1.2", 7)
    assert config["conditions"][0]["tools"] == ["get_*"]
    assert said["pre"]["modified_payload"] == {"name": "t", "args": {"city": "Bern"}, "headers": None}
    assert said["pre"]["metadata"] == {"titled": 1}
    assert said["state"] == {"city": "bern", "shared": {"shared": ["bern"]}, "metadata": {"seen": True}}
    assert said["post"]["modified_payload"]["result"] == {"asked for": "bern", "result": {"x": [1]}}
    assert said["refused"]["continue_processing"] is False
    assert said["refused"]["violation"]["code"] == "NO_SUCH_CITY"
    assert said["refused"]["violation"]["details"] == {"n": 1}
    assert said["prompt"]["modified_payload"] == {"prompt_id": "greet", "args": {"by": "greet"}}
    assert said["http"]["modified_payload"] == {"x-seen": "/x"}
    codes = {name: said[name]["error"]["code"] for name in ("raises", "exits", "hangs", "nothing", "unanswered")}
    assert codes == {
        "raises": "plugin_error",
        "exits": "plugin_error",
        "hangs": "plugin_timeout",
        "nothing": "plugin_error",
        "unanswered": "invalid_request",
    }
    assert SECRET not in str(said)
    del config["mcp"]  # the client's own words
    assert config["config"] is None
    assert CONFIG_SECRET not in str(said)


def test_the_clients_of_the_mcp_sdk_and_of_fastmcp_list_and_call_the_three_tools(door: dict[str, Any]) -> None:
    for said in visit(env_python("fastmcp"), "mcp_client.py", door).values():
        assert said["tools"] == TOOLS
        assert [each["name"] for each in said["get_plugin_configs"]] == ["Title", "Rogue", "Asleep"]
        assert said["get_plugin_config"][0]["name"] == "Title"
        assert said["invoke_hook"][0]["result"]["modified_payload"]["args"] == {"city": "Bern"}
        assert CONFIG_SECRET not in str(said)
