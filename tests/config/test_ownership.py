"""A file that others could change or replace is never obeyed; tested with real files, modes and owners."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from secure_gateway.config.ownership import check_ownership, expand_home, read_trusted
from secure_gateway.errors import ConfigError

STRANGER = 54321


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir(mode=0o755)
    path.write_text("content")
    path.chmod(0o644)
    return path


def _problem(path: Path, **options: object) -> str:
    with pytest.raises(ConfigError) as caught:
        read_trusted(path, limit=100, **options)  # type: ignore[arg-type]
    return str(caught.value)


def _give_away(path: Path) -> int | None:
    """Make ``path`` somebody else's: by giving it away where we may, else by asking as somebody else."""
    if os.geteuid() == 0:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
        return None
    return STRANGER


def test_a_file_that_only_we_can_write_is_read(file: Path) -> None:
    assert read_trusted(file, limit=7) == b"content"
    check_ownership(file)
    check_ownership(file.parent)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o622, 0o666])
def test_a_file_that_group_or_others_can_write_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    message = _problem(file)
    assert f"mode {mode:04o}" in message
    assert f"chmod go-w {file}" in message


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_file_in_a_folder_that_others_can_write_is_refused(file: Path, mode: int) -> None:
    file.parent.chmod(mode)
    assert f"chmod go-w {file.parent}" in _problem(file)


def test_a_file_deep_under_a_folder_that_others_can_write_is_refused(file: Path) -> None:
    deep = file.parent / "a" / "b"
    deep.mkdir(parents=True, mode=0o755)
    (deep / "file").write_text("x")
    (deep / "file").chmod(0o600)
    file.parent.chmod(0o777)
    assert f"chmod go-w {file.parent}" in _problem(deep / "file")


def test_in_a_sticky_folder_our_own_file_is_trusted(file: Path) -> None:
    file.parent.chmod(0o1777)
    assert read_trusted(file, limit=100) == b"content"


def test_a_sticky_folder_is_not_trusted_as_the_folder_to_load_from(file: Path) -> None:
    file.parent.chmod(0o1777)
    with pytest.raises(ConfigError, match="folder that other users can write"):
        check_ownership(file.parent)


def test_in_a_sticky_folder_the_file_of_another_user_is_refused(file: Path) -> None:
    file.parent.chmod(0o1777)
    uid = _give_away(file)
    assert "belongs to user" in _problem(file, uid=uid)


def test_the_file_of_another_user_is_refused(file: Path) -> None:
    uid = _give_away(file)
    assert "belongs to user" in _problem(file, uid=uid)


def test_a_file_in_the_folder_of_another_user_is_refused(file: Path) -> None:
    uid = _give_away(file.parent)
    assert f"{file.parent}: $: found a folder that belongs to user" in _problem(file, uid=uid)


def test_a_link_is_followed_and_its_target_judged(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert read_trusted(link, limit=100) == b"content"
    file.chmod(0o666)
    assert f"chmod go-w {file}" in _problem(link)


def test_the_folder_on_the_way_of_a_link_is_judged_as_well(file: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    (open_folder / "link").symlink_to(file)
    (tmp_path / "outer").symlink_to(open_folder / "link")
    open_folder.chmod(0o777)
    assert f"chmod go-w {open_folder}" in _problem(tmp_path / "outer")


def test_a_link_that_another_user_laid_into_a_sticky_folder_is_refused(file: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    link = shared / "link"
    link.symlink_to(file)
    uid = _give_away(link)
    assert "symbolic link that belongs to user" in _problem(link, uid=uid)


def test_a_relative_link_and_a_path_with_dots_reach_the_same_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("folder/../folder/./file")
    assert read_trusted(tmp_path / "link", limit=100) == b"content"
    assert read_trusted(file.parent / ".." / "folder" / "file", limit=100) == b"content"
    check_ownership(file.parent / "..")


def test_links_in_a_circle_end_in_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "cannot be opened" in _problem(tmp_path / "a")
    with pytest.raises(ConfigError, match="cannot be opened"):
        check_ownership(tmp_path / "a")


def test_all_unsafe_steps_are_named_at_once(file: Path) -> None:
    file.chmod(0o666)
    file.parent.chmod(0o777)
    with pytest.raises(ConfigError) as caught:
        check_ownership(file)
    assert [problem.file for problem in caught.value.problems] == [str(file.parent), str(file)]


def test_a_named_pipe_is_refused_at_once_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "pipe, socket or device" in _problem(tmp_path / "pipe")


def test_a_device_that_never_ends_is_refused() -> None:
    assert "pipe, socket or device" in _problem(Path("/dev/zero"))


def test_a_folder_is_no_file(file: Path) -> None:
    assert "found folder" in _problem(file.parent)


def test_a_file_above_the_limit_is_refused(file: Path) -> None:
    file.write_bytes(b"x" * 101)
    assert "more than 100 bytes" in _problem(file)
    file.write_bytes(b"x" * 100)
    assert len(read_trusted(file, limit=100)) == 100


def test_a_missing_file_and_a_file_as_folder_are_told_apart(file: Path) -> None:
    assert "no such file" in _problem(file.parent / "other")
    assert "a file where a folder should be" in _problem(file / "below")
    assert "cannot be opened" in _problem(Path("nul\0byte"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_private_file_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    uid = os.geteuid()
    assert f"chmod 600 {file}" in _problem(file, private=True, uid=uid)


def test_a_private_file_that_only_we_can_read_is_read(file: Path) -> None:
    file.chmod(0o600)
    assert read_trusted(file, limit=100, private=True) == b"content"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to root")
def test_a_private_file_of_root_may_be_readable_by_a_group_but_not_by_all(file: Path) -> None:
    file.chmod(0o640)
    assert read_trusted(file, limit=100, private=True, uid=STRANGER) == b"content"
    file.chmod(0o644)
    assert "chmod 600" in _problem(file, private=True, uid=STRANGER)


def test_a_file_that_is_swapped_between_opening_and_checking_is_refused(file: Path) -> None:
    # The name of an open, deleted file is a link in /proc whose text can be given to another file.
    other = file.with_name("file (deleted)")
    other.write_text("other")
    other.chmod(0o600)
    with file.open() as opened:
        file.unlink()
        assert "replaced while it was opened" in _problem(Path(f"/proc/self/fd/{opened.fileno()}"))


@contextmanager
def _as_ordinary_user() -> Iterator[None]:
    """Give up root for a while, where we have it: root may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_that_we_may_not_read_is_told_apart_from_a_missing_one(file: Path) -> None:
    file.chmod(0)
    with _as_ordinary_user():
        assert "may not read" in _problem(file)


def test_what_belongs_to_root_is_trusted_by_everybody() -> None:
    with _as_ordinary_user():
        assert read_trusted(Path("/etc/passwd"), limit=1024 * 1024)
        check_ownership(Path("/usr"))


def test_home_is_taken_from_the_given_environment() -> None:
    assert expand_home("~/.gateway/x", {"HOME": "/home/ada"}) == Path("/home/ada/.gateway/x")
    assert expand_home("~", {"HOME": "/home/ada"}) == Path("/home/ada")
    assert expand_home("/etc/~/x", {"HOME": "/home/ada"}) == Path("/etc/~/x")
    assert expand_home("~/x", {}) == Path.home() / "x"
