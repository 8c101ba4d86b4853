"""MCP servers as their authors publish them: how each is started, and what a visitor does there.

Every door gets a world of its own (a folder, a repository), for servers change what they work on. `{world}` in a step is its path.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.environments import env_bin, node22, npm_bin

PERSON = "alice.smith@example.com"
"""Personal data that a visitor says; the guards of a fresh gateway mask it."""

Step = Mapping[str, Any]


@dataclass(frozen=True)
class RealServer:
    """`steps` must have the same answers at every door. `private` are steps that say who `PERSON` is; `seen` tells what the server got of them."""

    name: str
    command: Callable[[Path], list[str]]
    steps: Sequence[Step]
    denied: Step
    private: Sequence[Step] = ()
    seen: Callable[[Path], str] | None = None
    prepare: Callable[[Path], None] | None = None
    roots: tuple[str, ...] = ()

    @property
    def forbidden(self) -> str:
        """The tool that the configuration denies."""
        return str(self.denied["tool"])


def call(tool: str, progress: bool = False, **arguments: Any) -> Step:
    return {"do": "call", "tool": tool, "arguments": arguments, "progress": progress}


def make_repository(world: Path) -> None:
    (world / "notes.txt").write_text("first line\n")
    moment = "2026-01-02T03:04:05+00:00"
    env = {**os.environ, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "GIT_CONFIG_GLOBAL": os.devnull}
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["config", "user.name", "Ann"],
        ["config", "user.email", "ann@example.invalid"],
        ["add", "."],
        ["commit", "--quiet", "--message", "Start the notes"],
    ):
        subprocess.run(["git", *arguments], cwd=world, check=True, env=env)
    (world / "notes.txt").write_text("first line\nsecond line\n")
    (world / "more.txt").write_text("more\n")


def make_files(world: Path) -> None:
    (world / "a.txt").write_text("alpha\nbeta\n")
    (world / "folder").mkdir()
    (world / "folder" / "b.bin").write_bytes(bytes(range(256)))


def last_message(world: Path) -> str:
    return subprocess.run(
        ["git", "log", "-1", "--format=%B"], cwd=world, check=True, capture_output=True, text=True
    ).stdout


def python_server(name: str, *arguments: str) -> Callable[[Path], list[str]]:
    return lambda world: [str(env_bin("mcp-servers", name)), *(each.format(world=world) for each in arguments)]


def node_server(name: str, *arguments: str) -> Callable[[Path], list[str]]:
    return lambda world: [str(node22()), str(npm_bin(name)), *(each.format(world=world) for each in arguments)]


TIME = RealServer(
    name="mcp-server-time",
    command=python_server("mcp-server-time", "--local-timezone", "UTC"),
    steps=[
        call("convert_time", source_timezone="Europe/Vienna", time="16:30", target_timezone="UTC"),
        call("convert_time", source_timezone="Nowhere/None", time="16:30", target_timezone="UTC"),
    ],
    denied=call("get_current_time", timezone="UTC"),
)

GIT = RealServer(
    name="mcp-server-git",
    command=python_server("mcp-server-git", "--repository", "{world}"),
    steps=[
        call("git_status", repo_path="{world}"),
        call("git_diff_unstaged", repo_path="{world}"),
        call("git_log", repo_path="{world}", max_count=1),
        call("git_log", repo_path="{world}/elsewhere"),
    ],
    denied=call("git_reset", repo_path="{world}"),
    private=[
        call("git_add", repo_path="{world}", files=["notes.txt"]),
        call("git_commit", repo_path="{world}", message=f"Reported by {PERSON}"),
    ],
    seen=last_message,
    prepare=make_repository,
)

FILESYSTEM = RealServer(
    name="filesystem",
    command=node_server("mcp-server-filesystem", "{world}"),
    steps=[
        call("read_text_file", path="{world}/a.txt", head=1),
        call("list_directory", path="{world}"),
        call("read_media_file", path="{world}/folder/b.bin"),
        call("read_text_file", path="/usr/share/elsewhere.txt"),
        call("edit_file", path="{world}/a.txt", edits=[{"oldText": "beta", "newText": "βήτα"}]),
    ],
    denied=call("move_file", source="{world}/a.txt", destination="{world}/c.txt"),
    private=[call("write_file", path="{world}/who.txt", content=f"Reported by {PERSON}\n")],
    seen=lambda world: (world / "who.txt").read_text(),
    prepare=make_files,
)

MEMORY = RealServer(
    name="memory",
    command=lambda world: ["env", f"MEMORY_FILE_PATH={world}/memory.jsonl", *node_server("mcp-server-memory")(world)],
    steps=[
        call("create_entities", entities=[{"name": "Rhea", "entityType": "moon", "observations": ["has no sea"]}]),
        call("add_observations", observations=[{"entityName": "Rhea", "contents": ["is cold"]}]),
        call("search_nodes", query="cold"),
        call("open_nodes", names=["nobody"]),
    ],
    denied=call("delete_entities", entityNames=["Rhea"]),
    private=[call("create_entities", entities=[{"name": "Ann", "entityType": "woman", "observations": [PERSON]}])],
    seen=lambda world: (world / "memory.jsonl").read_text(),
)

EVERYTHING = RealServer(
    name="everything",
    command=node_server("mcp-server-everything", "stdio"),
    steps=[
        call("echo", message="Grüße\u2028🙂"),
        call("get-sum", a=2.5, b=-4),
        call("get-tiny-image"),
        call("get-structured-content", location="Chicago"),
        call("get-annotated-message", messageType="error", includeImage=True),
        call("get-resource-links", count=3),
        call("trigger-long-running-operation", progress=True, duration=0.3, steps=3),
        call("trigger-sampling-request", prompt="what is a moon?", maxTokens=10),
        call("trigger-elicitation-request"),
        call("get-roots-list"),
        {"do": "prompt", "prompt": "simple-prompt"},
        {"do": "prompt", "prompt": "args-prompt", "arguments": {"city": "Wien", "state": "Wien"}},
        {"do": "complete", "prompt": "completable-prompt", "argument": {"name": "department", "value": "E"}},
        {"do": "read", "uri": "demo://resource/static/document/features.md"},
        {"do": "read", "uri": "demo://resource/nothing"},
        {"do": "subscribe", "uri": "demo://resource/dynamic/text/1"},
        call("toggle-subscriber-updates"),
        {"do": "heard", "method": "notifications/resources/updated"},
    ],
    denied=call("get-env"),
    private=[call("echo", message=f"Reported by {PERSON}")],
    roots=("file:///somewhere",),
)

FETCH = RealServer(
    name="mcp-server-fetch",
    command=python_server("mcp-server-fetch", "--allow-private-ips", "--ignore-robots-txt"),
    steps=[
        call("fetch", url="{site}/page.txt"),
        call("fetch", url="{site}/page.txt", raw=True, start_index=6, max_length=20),
        call("fetch", url="{site}/missing"),
        call("fetch", url="no address"),
        {"do": "prompt", "prompt": "fetch", "arguments": {"url": "{site}/page.txt"}},
    ],
    denied=call("fetch", url="{site}/for-guests"),
    private=[call("fetch", url="{site}/who?mail=" + PERSON)],
    seen=lambda world: (world / "asked.txt").read_text(),
)

SERVERS = {each.name: each for each in (TIME, GIT, FETCH, FILESYSTEM, MEMORY, EVERYTHING)}
GUEST_TOOLS = ["convert_time", "git_status", "read_text_file", "search_nodes", "echo"]
