from __future__ import annotations

from typing import TypeVar

import pytest

from secure_gateway.proxy.sessions import IDLE_SECONDS, NoRoomDenied, Owner, Sessions, owner_of
from secure_gateway.types import Principal

ADA: Owner = ("keys", "ada", None, None)
OTTO: Owner = ("keys", "otto", None, None)


_State = TypeVar("_State")


def ignore(_state: object) -> None:
    """Take no notice of a session that gave way."""


def opened(sessions: Sessions[_State], owner: Owner, server: str, state: _State) -> str:
    with sessions.room(owner) as open_session:
        return open_session(server, state)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_found_by_its_owner_at_its_server_only() -> None:
    sessions: Sessions[str] = Sessions(lambda _state: False, ignore)
    key = opened(sessions, ADA, "files", "state")
    assert sessions.find(key, ADA, "files") == "state"
    assert sessions.find(key, OTTO, "files") is None
    assert sessions.find(key, ADA, "mail") is None
    assert sessions.find(key + "x", ADA, "files") is None
    assert sessions.find("\udcff", ADA, "files") is None
    sessions.close(key)
    assert sessions.find(key, ADA, "files") is None


def test_ids_are_long_random_visible_ascii_and_kept_as_hashes_only() -> None:
    sessions: Sessions[int] = Sessions(lambda _state: False, ignore, per_owner=100)
    keys = {opened(sessions, ADA, "files", number) for number in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 43 and key.isascii() and key.isprintable() and " " not in key for key in keys)
    assert not any(key.encode() in stored for key in keys for stored in sessions._entries)


def test_an_idle_session_expires_and_a_busy_one_does_not() -> None:
    clock, busy = Clock(), {"busy"}
    sessions: Sessions[str] = Sessions(lambda state: state in busy, ignore, clock=clock)
    keys = {name: opened(sessions, ADA, "files", name) for name in ("busy", "used", "idle")}
    clock.now += IDLE_SECONDS - 1
    sessions.find(keys["used"], ADA, "files")
    clock.now += 2
    assert sessions.expired() == ["idle"]
    assert len(sessions) == 2


def test_an_owner_with_too_many_sessions_loses_the_least_used_idle_one_and_no_others() -> None:
    gone: list[str] = []
    sessions: Sessions[str] = Sessions(lambda state: state == "busy", gone.append, per_owner=2)
    opened(sessions, OTTO, "files", "other")
    opened(sessions, ADA, "files", "busy")
    opened(sessions, ADA, "files", "idle")
    opened(sessions, ADA, "files", "busy")
    assert gone == ["idle"]
    with pytest.raises(NoRoomDenied) as refused, sessions.room(ADA):
        pass
    assert refused.value.http_status == 429
    assert opened(sessions, OTTO, "files", "another")
    assert gone == ["idle"]


def test_a_full_house_refuses_newcomers_instead_of_throwing_others_out() -> None:
    sessions: Sessions[str] = Sessions(lambda _state: False, ignore, most=1)
    opened(sessions, ADA, "files", "hers")
    with pytest.raises(NoRoomDenied) as refused, sessions.room(OTTO):
        pass
    assert refused.value.http_status == 503
    assert sessions.clear() == ["hers"]


def test_room_is_taken_before_the_session_is_opened_and_free_again_when_none_was() -> None:
    sessions: Sessions[str] = Sessions(lambda _state: True, ignore, per_owner=2, most=3)
    with sessions.room(ADA) as first, sessions.room(ADA):
        with pytest.raises(NoRoomDenied), sessions.room(ADA):
            pass
        first("files", "one")
        with pytest.raises(NoRoomDenied), sessions.room(ADA):
            pass
        with sessions.room(OTTO), pytest.raises(NoRoomDenied), sessions.room(("keys", "eve", None, None)):
            pass
    assert opened(sessions, ADA, "files", "two")
    with pytest.raises(NoRoomDenied), sessions.room(ADA):
        pass


def test_the_same_subject_of_another_provider_project_or_tenant_is_somebody_else() -> None:
    principals = [
        Principal(subject="ada", provider="keys"),
        Principal(subject="ada", provider="jwt"),
        Principal(subject="ada", provider="keys", project_id="p"),
        Principal(subject="ada", provider="keys", tenant_id="t"),
    ]
    assert len({owner_of(principal) for principal in principals}) == 4
    assert owner_of(principals[0]) == owner_of(Principal(subject="ada", provider="keys", roles=("other",)))
