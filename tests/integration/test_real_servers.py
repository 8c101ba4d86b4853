"""Servers and a client that nobody here wrote: through the gateway, over stdio and over HTTP, they see what they see without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.children import serving
from tests.integration.real_servers import EVERYTHING, FETCH, GIT, GUEST_TOOLS, PERSON, SERVERS, TIME, RealServer, Step
from tests.support.environments import env_python

pytestmark = pytest.mark.integration

CLIENT = Path(__file__).with_name("sdk_client.py")
PROGRAM = [sys.executable, "-W", "error", "-m", "secure_gateway"]
PATIENCE = 120
MASKED = "[EMAIL]"

DIRECT, PROXY, SERVE, GUEST = "direct", "proxy", "serve", "guest"
GATEWAYS = (PROXY, SERVE)
GREET, LIST = {"do": "greet"}, {"do": "list_all"}


class Site(BaseHTTPRequestHandler):
    """A page at `/DOOR/…` for each door, which keeps what was asked for in the world of that door."""

    folder: Path

    def do_GET(self) -> None:
        door = self.path.split("/")[1]
        with (self.folder / f"{FETCH.name}-{door}" / "asked.txt").open("a") as asked:
            asked.write(self.path + "\n")
        body = b"Rhea is cold and has no sea.\n"
        self.send_response(404 if "missing" in self.path else 200)
        # Plain text: a page of HTML is simplified by a program that mcp-server-fetch fetches itself when it is first needed.
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Serve the pages on loopback; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Site,), {"folder": folder}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Ground:
    """A gateway as `init` makes it, with all servers configured and served; and a world for each server at each door."""

    def __init__(self, folder: Path, pages: str) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.folder = folder
        self.pages = pages
        self.address = ""
        self.environment = {**os.environ, "HOME": str(self.home), "GIT_CONFIG_GLOBAL": os.devnull}
        self.key = json.loads(self.run("init", "--json"))["key"]
        self._configure()
        self.guest_key = json.loads(self.run("keys", "create", "--user", "gus", "--role", "guest", "--json"))["key"]
        self._visits: dict[str, dict[str, Any]] = {}

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*PROGRAM, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _configure(self) -> None:
        path = self.home / ".gateway" / "config.json"
        config = json.loads(path.read_text())
        config["roles"]["guest"] = {"tools": GUEST_TOOLS}
        config["serve"] = {"port": 0}
        for name, server in SERVERS.items():
            program, *arguments = server.command(self.world(name, SERVE))
            config["servers"][name] = {"command": program, "args": arguments}
            # The pages stand on this machine, to which no address in an argument leads by default.
            config["servers"][name] |= (
                {"guardrails": {"input": {"code_injection": {"exclude": ["SSRF"]}}}}
                if server is FETCH
                else {"tools": {"deny": [server.forbidden]}}
            )
        path.write_text(json.dumps(config))

    def world(self, name: str, door: str) -> Path:
        """Return the folder in which that server works when it is reached by that door."""
        folder = self.folder / f"{name}-{door}"
        if not folder.exists():
            folder.mkdir()
            if (prepare := SERVERS[name].prepare) is not None:
                prepare(folder)
        return folder

    def seen(self, name: str) -> dict[str, Any]:
        """Return what the real client got to see of that server at all doors: greeting, lists, steps, private steps, denied step."""
        if name not in self._visits:
            server = SERVERS[name]
            self._visits[name] = self.visit(server, self.doors(server), lambda door: taken(server, door))
        return self._visits[name]

    def answer(self, name: str, door: str, step: Step) -> Any:
        """Return the answer that one step had at one door."""
        steps, visit = taken(SERVERS[name], door), self.seen(name)[door]
        assert len(visit["answers"]) == len(steps), visit
        return visit["answers"][steps.index(step)]

    def doors(self, server: RealServer) -> dict[str, Any]:
        proxied = [*PROGRAM, "proxy", *named(server), "--", *server.command(self.world(server.name, PROXY))]
        url = f"{self.address}/servers/{server.name}/mcp"
        return {
            DIRECT: {"command": server.command(self.world(server.name, DIRECT)), "env": self.environment},
            PROXY: {"command": proxied, "env": {**self.environment, "SECURE_GATEWAY_API_KEY": self.key}},
            SERVE: {"url": url, "headers": {"X-API-Key": self.key}},
            GUEST: {"url": url, "headers": {"Authorization": f"Bearer {self.guest_key}"}},
        }

    def visit(
        self, server: RealServer, doors: dict[str, Any], steps: Callable[[str], Sequence[Step]], mode: str = "auto"
    ) -> dict[str, Any]:
        """Let the real client take all steps at all doors; `{world}` and `{site}` are put in, and taken out of the answers."""
        places = {door: self._places(server.name, door) for door in doors}
        order = {
            name: {**door, "steps": json.loads(replaced(json.dumps(steps(name)), places[name]))}
            for name, door in doors.items()
        }
        done = subprocess.run(
            [str(env_python("mcp-servers")), str(CLIENT)],
            input=json.dumps({"doors": order, "mode": mode, "roots": server.roots}),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return {
            name: json.loads(replaced(json.dumps(seen), {new: old for old, new in places[name].items()}))
            for name, seen in json.loads(done.stdout).items()
        }

    def _places(self, name: str, door: str) -> dict[str, str]:
        return {"{world}": str(self.world(name, door)), "{site}": f"{self.pages}/{door}"}


def taken(server: RealServer, door: str) -> list[Step]:
    """Return the steps that a visitor takes at a door."""
    if door == GUEST:
        return [LIST, server.denied]
    return [GREET, LIST, *server.steps, *server.private, server.denied]


def named(server: RealServer) -> list[str]:
    """Return the option that names the policy; a program that is called like the server needs none."""
    return [] if server.name.startswith("mcp-server-") else ["--server", server.name]


def replaced(text: str, places: Mapping[str, str]) -> str:
    for old, new in places.items():
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("real-servers")
    with site(folder) as pages:
        ground = Ground(folder, pages)
        with serving([*PROGRAM, "serve"], r"^Listening at (\S+)", ground.environment) as ground.address:
            yield ground


@pytest.mark.parametrize("door", GATEWAYS)
@pytest.mark.parametrize("name", SERVERS)
def test_the_client_is_greeted_and_shown_the_lists_as_without_the_gateway(ground: Ground, name: str, door: str) -> None:
    assert ground.answer(name, door, GREET) == ground.answer(name, DIRECT, GREET)
    without, through = ground.answer(name, DIRECT, LIST), ground.answer(name, door, LIST)
    if SERVERS[name] is not FETCH:
        kept = [tool for tool in without["tools"] if tool["name"] != SERVERS[name].forbidden]
        assert len(kept) == len(without["tools"]) - 1
        without = {**without, "tools": kept}
    assert through == without


@pytest.mark.parametrize("door", GATEWAYS)
@pytest.mark.parametrize("name", SERVERS)
def test_every_answer_is_the_one_without_the_gateway(ground: Ground, name: str, door: str) -> None:
    for step in SERVERS[name].steps:
        assert ground.answer(name, door, step) == ground.answer(name, DIRECT, step), step
        assert ground.answer(name, door, step) != {"error": "no answer"}
    assert ground.seen(name)[door]["asked"] == ground.seen(name)[DIRECT]["asked"]


@pytest.mark.parametrize("door", GATEWAYS)
def test_progress_sampling_elicitation_roots_and_updates_pass(ground: Ground, door: str) -> None:
    steps = {step.get("tool", step.get("method")): step for step in EVERYTHING.steps}

    def text(tool: str) -> str:
        return json.dumps(ground.answer(EVERYTHING.name, door, steps[tool]))

    assert json.loads(text("trigger-long-running-operation"))["progress"] == [[1, 3, None], [2, 3, None], [3, 3, None]]
    assert "the model was asked" in text("trigger-sampling-request")
    assert "Name: Ann" in text("trigger-elicitation-request")
    assert EVERYTHING.roots[0] in text("get-roots-list")
    assert "demo://resource/dynamic/text/1" in text("notifications/resources/updated")


@pytest.mark.parametrize("door", GATEWAYS)
@pytest.mark.parametrize("name", [name for name, server in SERVERS.items() if server is not FETCH])
def test_a_tool_that_the_configuration_denies_is_refused(ground: Ground, name: str, door: str) -> None:
    denied = SERVERS[name].denied
    assert ground.answer(name, door, denied)["error"]["data"]["code"] == "forbidden"
    assert "result" in ground.answer(name, DIRECT, denied)


@pytest.mark.parametrize("name", SERVERS)
def test_a_guest_is_shown_and_given_only_the_tools_of_its_role(ground: Ground, name: str) -> None:
    listed = [tool["name"] for tool in ground.answer(name, DIRECT, LIST)["tools"]]
    shown = [tool["name"] for tool in ground.answer(name, GUEST, LIST)["tools"]]
    assert shown == [tool for tool in listed if tool in GUEST_TOOLS]
    assert ground.answer(name, GUEST, SERVERS[name].denied)["error"]["data"]["code"] == "forbidden"


@pytest.mark.parametrize("name", [name for name, server in SERVERS.items() if server.private])
def test_the_server_never_gets_personal_data(ground: Ground, name: str) -> None:
    server = SERVERS[name]
    for door in (DIRECT, *GATEWAYS):
        answer = json.dumps(ground.answer(name, door, server.private[-1]))
        seen = server.seen(ground.world(name, door)) if server.seen else answer
        assert (PERSON in seen, MASKED in seen) == ((True, False) if door == DIRECT else (False, True))
        assert door == DIRECT or PERSON not in answer


def test_a_client_of_the_handshake_era_sees_the_same(ground: Ground) -> None:
    doors = {name: door for name, door in ground.doors(TIME).items() if name != GUEST}
    seen = ground.visit(TIME, doors, lambda _door: [GREET, LIST, *TIME.steps], "legacy")
    assert seen[DIRECT]["answers"][0]["revision"] < "2026"
    listed = seen[DIRECT]["answers"][1]
    listed["tools"] = [tool for tool in listed["tools"] if tool["name"] != TIME.forbidden]
    assert seen[PROXY] == seen[SERVE] == seen[DIRECT]


def test_neither_records_nor_state_hold_what_was_said_or_the_key_that_said_it(ground: Ground) -> None:
    ground.seen(GIT.name)
    records = json.loads(ground.run("explain", "--recent", "1000", "--json"))
    assert {"denied", "allowed", "modified"} <= {record["outcome"] for record in records}
    files = [path for path in (ground.home / ".gateway").rglob("*") if path.is_file()]
    assert any(path.name.startswith("audit") for path in files)
    for path in files:
        held = path.read_bytes()
        for secret in (PERSON, ground.key, ground.guest_key):
            assert secret.encode() not in held, path
