"""Permission tests mean something only if the child really has no rights and its answers really come back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.unprivileged import UnprivilegedChildError, run_unprivileged


class UnpicklableError(Exception):
    """Pickles, and does not come back: its constructor wants what the pickle does not hold."""

    def __init__(self, one: str, *, two: str) -> None:
        super().__init__(one + two)


def test_the_child_is_not_root_and_cannot_become_it_again() -> None:
    def become_root() -> None:
        os.setuid(0)

    assert 0 not in run_unprivileged(os.getresuid)
    assert 0 not in run_unprivileged(os.getresgid)
    with pytest.raises(PermissionError):
        run_unprivileged(become_root)


def test_the_child_cannot_read_what_is_closed_to_others(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("for the owner")
    secret.chmod(0)
    with pytest.raises(PermissionError):
        run_unprivileged(secret.read_text)


def test_the_child_writes_into_the_unprivileged_folder(unprivileged_folder: Path) -> None:
    assert run_unprivileged(lambda: (unprivileged_folder / "file").write_text("text")) == len("text")
    assert (unprivileged_folder / "file").read_text() == "text"


def test_what_the_function_raises_is_raised_here() -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        run_unprivileged(fail)


def test_sys_exit_in_the_child_does_not_pass_for_success() -> None:
    with pytest.raises(SystemExit):
        run_unprivileged(lambda: sys.exit(0))


def test_a_child_that_dies_without_an_answer_is_a_failure() -> None:
    with pytest.raises(UnprivilegedChildError, match="without an answer"):
        run_unprivileged(lambda: os._exit(0))


def test_an_answer_that_cannot_be_pickled_is_a_failure_that_shows_it() -> None:
    def fail() -> None:
        raise UnpicklableError("half", two="whole")

    with pytest.raises(UnprivilegedChildError, match="halfwhole"):
        run_unprivileged(fail)
    with pytest.raises(UnprivilegedChildError, match="lambda"):
        run_unprivileged(lambda: lambda: None)
