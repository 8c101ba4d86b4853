"""`secure-gateway keys`: a key lives as its administrator says, and is never shown again."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from secure_gateway.bootstrap import load_parts
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.errors import AuthenticationDenied
from secure_gateway.plugins.auth.key_format import key_id_of
from secure_gateway.types import AuthCredentials
from tests.cli.conftest import Invoke, Run, Started


def _json(invoke: Invoke, *arguments: str) -> Any:
    done = invoke("--json", *arguments)
    assert done.exit_code == ExitCode.OK, done.stderr
    return json.loads(done.stdout)


async def _who(started: Started, key: str) -> str:
    parts = load_parts(started.config, env={"HOME": str(started.folder.parent)})
    async with parts.gateway as gateway:
        return (await gateway.authenticate(AuthCredentials(api_key=key))).subject


async def test_a_key_that_was_made_opens_the_gateway_for_its_user(started: Started, invoke: Invoke) -> None:
    made = _json(
        invoke, "keys", "create", "--user", "ann", "--role", "everything", "--project", "p", "--expires", "30d"
    )
    assert key_id_of(made["key"]) == made["key_id"]
    assert made["expires_at"] - made["created_at"] == pytest.approx(30 * 86400, abs=60)
    assert await _who(started, made["key"]) == "ann"


async def test_a_disabled_key_is_refused_until_it_is_enabled(started: Started, invoke: Invoke) -> None:
    assert _json(invoke, "keys", "disable", started.key_id)["status"] == "disabled"
    with pytest.raises(AuthenticationDenied):
        await _who(started, started.key)
    assert _json(invoke, "keys", "enable", started.key_id)["status"] == "active"
    assert await _who(started, started.key) == "owner"


async def test_a_rotated_key_hands_its_rights_to_a_new_one_and_ends_after_the_overlap(
    started: Started, invoke: Invoke
) -> None:
    made = _json(invoke, "keys", "rotate", started.key_id, "--overlap", "0s")
    assert made["replaces"] == started.key_id
    assert made["roles"] == ["everything"]
    assert await _who(started, made["key"]) == "owner"
    with pytest.raises(AuthenticationDenied):
        await _who(started, started.key)
    assert {key["key_id"]: key["status"] for key in _json(invoke, "keys", "list")}[started.key_id] == "expired"


def test_a_revoked_key_is_gone(started: Started, invoke: Invoke) -> None:
    assert _json(invoke, "keys", "revoke", started.key_id) == {"revoked": started.key_id}
    assert _json(invoke, "keys", "list") == []
    assert "There is no key" in invoke("keys", "list").stderr


@pytest.mark.parametrize("action", ["disable", "enable", "rotate", "revoke"])
def test_a_key_that_is_not_there_is_said_to_be_missing(action: str, started: Started, invoke: Invoke) -> None:
    done = invoke("keys", action, "NoSuchId")
    assert done.exit_code == ExitCode.REFUSED
    assert "'NoSuchId'" in done.stderr


def test_no_key_is_shown_a_second_time(started: Started, run: Run) -> None:
    for arguments in (("keys", "list"), ("keys", "disable", started.key_id), ("keys", "enable", started.key_id)):
        for form in ((), ("--json",)):
            done = run(*form, *arguments)
            assert started.key not in done.stdout + done.stderr


def test_a_new_key_is_shown_once(started: Started, run: Run) -> None:
    done = run("keys", "create", "--user", "ann", "--role", "everything")
    shown = [word for word in done.stdout.split() if word.startswith("sgw_")]
    assert len(shown) == 1
    assert shown[0] not in done.stderr


def test_a_role_that_is_not_defined_is_refused_with_the_nearest(started: Started, invoke: Invoke) -> None:
    done = invoke("keys", "create", "--user", "ann", "--role", "everythin")
    assert done.exit_code == ExitCode.REFUSED
    assert 'Did you mean "everything"?' in done.stderr
    assert len(_json(invoke, "keys", "list")) == 1


@pytest.mark.parametrize(
    "rights",
    [
        (),
        ("--permission", "read_*"),
        ("--permission", "tool:x"),
        ("--permission", "tools:"),
        ("--role", "everything", "--expires", "1y"),
    ],
)
def test_rights_and_times_that_make_no_sense_are_usage_errors(
    rights: tuple[str, ...], started: Started, invoke: Invoke
) -> None:
    assert invoke("keys", "create", "--user", "ann", *rights).exit_code == ExitCode.USAGE


def test_a_permission_beside_roles_is_kept(started: Started, invoke: Invoke) -> None:
    made = _json(invoke, "keys", "create", "--user", "ann", "--permission", "tools:read_*")
    assert made["permissions"] == ["tools:read_*"]


def test_a_user_with_control_characters_is_refused_and_not_printed(started: Started, invoke: Invoke) -> None:
    done = invoke("keys", "create", "--user", "\x1b[31mann", "--role", "everything")
    assert done.exit_code == ExitCode.REFUSED
    assert "\x1b" not in done.stderr


def test_a_state_in_memory_takes_no_keys_from_a_command(started: Started, invoke: Invoke) -> None:
    started.edit(lambda config: config.update(state={"url": "memory:"}))
    done = invoke("keys", "create", "--user", "ann", "--role", "everything")
    assert done.exit_code == ExitCode.REFUSED
    assert "in memory" in done.stderr


def test_a_key_that_no_provider_takes_is_made_with_a_warning(started: Started, invoke: Invoke) -> None:
    def only_anonymous(config: dict[str, Any]) -> None:
        del config["plugins"]["auth"]
        config["anonymous"] = {"roles": ["everything"]}

    started.edit(only_anonymous)
    done = invoke("keys", "create", "--user", "ann", "--role", "everything")
    assert done.exit_code == ExitCode.OK
    assert "no key opens anything" in done.stderr


def test_a_damaged_store_is_unavailable_and_said_so(started: Started, invoke: Invoke) -> None:
    (started.folder / "state.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    done = invoke("keys", "list")
    assert done.exit_code == ExitCode.UNAVAILABLE
    assert "Traceback" not in done.stderr


def test_a_damaged_entry_is_named_and_can_be_revoked(started: Started, invoke: Invoke) -> None:
    with sqlite3.connect(started.folder / "state.db") as database:
        database.execute("UPDATE entry SET value = x'00'")
    database.close()
    done = invoke("keys", "list")
    assert done.exit_code == ExitCode.UNAVAILABLE
    assert started.key_id in done.stderr
    assert invoke("keys", "revoke", started.key_id).exit_code == ExitCode.OK
    assert _json(invoke, "keys", "list") == []


def test_a_missing_master_key_stops_every_key_command(started: Started, invoke: Invoke) -> None:
    (started.folder / "master.key").unlink()
    done = invoke("keys", "list")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert "master.key" in done.stderr


def test_keys_of_another_master_key_are_marked_and_no_new_one_is_made_beside_them(
    started: Started, invoke: Invoke
) -> None:
    path = started.folder / "master.key"
    path.write_bytes(path.read_bytes()[::-1])
    assert [key["status"] for key in _json(invoke, "keys", "list")] == ["other master key"]
    done = invoke("keys", "list")
    assert "other master key" in done.stdout
    assert "Put that one back, or revoke them" in done.stderr
    done = invoke("keys", "create", "--user", "ann", "--role", "everything")
    assert done.exit_code != ExitCode.OK
    assert f"({started.key_id}): put the former master key back, or revoke them" in done.stderr
    assert any(finding["what"] == "keys" and "master key" in finding["detail"] for finding in _findings(invoke))


def _findings(invoke: Invoke) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(invoke("--json", "check", "--offline").stdout)["findings"]
    return found
