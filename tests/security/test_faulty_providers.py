"""A provider that misbehaves keeps everybody out; it lets nobody in, says nothing it should not, and stops nobody from ending the gateway."""

from __future__ import annotations

import json

import pytest

from secure_gateway.cli.exit_codes import ExitCode
from tests.security.conftest import PATIENCE, House, message

MARKER = "MARKER-of-the-provider"
START = """
import asyncio, os, sys
from secure_gateway.plugins.auth.base import *


class Faulty(AuthProvider):
    def get_name(self): return "faulty"
    def get_version(self): return "1"
    def get_supported_methods(self): return [AuthMethod.API_KEY]
    async def validate_session(self, session_id: str) -> bool: return False
    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        return await self.authenticate(credentials)
    @staticmethod
    def somebody(user):
        return AuthResult(status=AuthStatus.SUCCESS, authenticated=True, user_id=user, roles=["everything"])
"""
AUTHENTICATE = "    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:\n        "
OK = AUTHENTICATE + "return self.somebody('ann')\n"


def install(house: House, body: str, before: str = "") -> None:
    folder = house.folder / "plugins"
    folder.mkdir(mode=0o700)
    file = folder / "faulty.py"
    file.write_text(f"MARKER = {MARKER!r}\n{before}\n{START}\n{body}")
    file.chmod(0o600)
    house.edit(lambda config: config["plugins"].update(auth={"provider": "faulty"}))
    house.edit(lambda config: config["plugins"].update(settings={"plugin_timeout": 1}))


@pytest.mark.parametrize(
    "answer",
    [
        "return None",
        "return True",
        "sys.exit(0)",
        "raise RuntimeError(MARKER)",
        "raise asyncio.CancelledError(MARKER)",
        "await asyncio.sleep(1000)",
        "print(MARKER, flush=True); os.write(1, MARKER.encode()); return None",
        "return self.somebody(None)",
        "return self.somebody('')",
        "return self.somebody(['ann'])",
        "return self.somebody('x' * 10_000_000)",
        "return self.somebody('\\ud800')",
        "return self.somebody('ann\\nroot')",
        "result = self.somebody('ann'); result.authenticated = False; return result",
        "result = self.somebody('ann'); result.status = AuthStatus.EXPIRED; return result",
        "result = self.somebody('ann'); result.roles = 'everything'; return result",
    ],
)
def test_whatever_else_than_a_sound_answer_comes_nobody_is_let_in(house: House, answer: str) -> None:
    install(house, AUTHENTICATE + answer + "\n")
    with house.started("proxy", "--server", "hostile", env={"SECURE_GATEWAY_API_KEY": "any"}) as proxy:
        assert proxy.process.stdin is not None
        call = message(1, "tools/call", {"name": "act", "arguments": {}})
        proxy.process.stdin.write(json.dumps(call).encode() + b"\n")
        proxy.process.stdin.flush()
        said = json.loads(proxy.line(lambda _line: True))
        assert "error" in said
        assert MARKER not in json.dumps(said)
        proxy.process.stdin.close()
        assert proxy.process.wait(PATIENCE) == ExitCode.OK
        assert len(proxy.out) == 1
    assert house.acts.read_text() == ""
    house.edit(lambda config: config["plugins"].pop("auth"))
    assert [record["outcome"] for record in house.records()] in (["denied"], ["failed"], ["timed_out"])
    assert [path.suffix for path in house.holding(MARKER)] == [".py"]


@pytest.mark.parametrize(
    ("body", "before"),
    [
        (OK, "raise RuntimeError('no')"),
        (OK, "import sys; sys.exit(0)"),
        (OK, "def broken("),
        ("    def __init__(self, **config): sys.exit(0)\n" + OK, ""),
        ("    def __init__(self, **config): raise RuntimeError(MARKER)\n" + OK, ""),
        ("    def __init__(self, needed): pass\n" + OK, ""),
        ("    def authenticate(self, credentials): return self.somebody('ann')\n", ""),
        ("    pass\n", ""),
    ],
)
def test_a_provider_that_cannot_be_made_stops_the_start_and_is_named(house: House, body: str, before: str) -> None:
    install(house, body, before)
    for command in (["check", "--offline"], ["proxy", "--server", "hostile"], ["serve"]):
        done = house.run(*command, check=False)
        assert done.returncode == ExitCode.CONFIGURATION, (command, done.stderr)
        assert "faulty" in done.stderr.lower()
        assert "Traceback" not in done.stderr
        assert MARKER not in done.stderr + done.stdout
        assert done.stdout == ""
