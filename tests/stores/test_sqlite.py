"""What only a file can do, and everything that can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_gateway.errors import ConfigError, StoreError
from secure_gateway.stores.sqlite import SQLiteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "gateway" / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore(path, busy_seconds=0.2)
    yield made
    made.close()


def in_a_child(path: Path, code: str) -> str:
    script = f"from pathlib import Path\nfrom secure_gateway.stores.sqlite import SQLiteStore\ns = SQLiteStore(Path({str(path)!r}))\n{code}\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_the_file_is_ours_alone_and_so_are_the_folders_and_side_files_made_for_it(path: Path) -> None:
    before = os.umask(0)
    try:
        store = SQLiteStore(path)
        store.put("keys", "a", b"1")
    finally:
        os.umask(before)
    assert {file.name: mode(file) for file in path.parent.iterdir()} == {
        "state.db": "0o600",
        "state.db-shm": "0o600",
        "state.db-wal": "0o600",
    }
    assert [mode(path.parent), mode(path.parent.parent)] == ["0o700", "0o700"]
    store.close()


def test_a_file_that_others_can_read_is_refused_with_the_command_that_mends_it(path: Path) -> None:
    SQLiteStore(path).close()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"mode 0644.*chmod 600"):
        SQLiteStore(path)


def test_a_folder_that_others_can_write_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="other users can write"):
        SQLiteStore(path)


def test_a_folder_in_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    with pytest.raises(ConfigError, match="regular file"):
        SQLiteStore(path)


def test_what_was_written_is_there_after_reopening(path: Path) -> None:
    first = SQLiteStore(path)
    first.put("keys", "a", b"1")
    first.append("records", [("r", b"2")], keep=9)
    generation = first.generation("keys")
    first.close()
    again = SQLiteStore(path)
    assert again.get("keys", "a") == b"1"
    assert again.recent("records", 5) == [("r", b"2")]
    assert again.generation("keys") == generation
    again.close()


def test_another_process_sees_a_write_at_once_and_its_writes_change_our_generation(
    store: SQLiteStore, path: Path
) -> None:
    store.put("keys", "a", b"ours")
    before = store.generation("keys")
    assert in_a_child(path, "print(s.get('keys', 'a').decode()); s.put('keys', 'a', b'theirs')") == "ours"
    assert store.generation("keys") != before
    assert store.get("keys", "a") == b"theirs"


def test_processes_that_open_and_create_at_once_make_each_key_once(path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom secure_gateway.stores.sqlite import SQLiteStore\n"
        "s = SQLiteStore(Path(sys.argv[1]))\n"
        "print(sum(s.create('keys', str(n), b'') for n in range(50)))\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0, 0], outputs
    assert sum(int(out) for out, _ in outputs) == 50


def test_processes_that_make_a_new_store_at_once_all_get_it(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom secure_gateway.stores.sqlite import SQLiteStore\n"
        "for n in range(40): SQLiteStore(Path(sys.argv[1]) / str(n) / 'state.db').close()\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [child.communicate(timeout=60)[1] for child in children] == [""] * 4


def test_a_process_that_dies_in_the_middle_of_a_write_leaves_the_store_whole(store: SQLiteStore, path: Path) -> None:
    store.put("keys", "a", b"1")
    code = "import os\nw = s._writing()\nrun = w.__enter__()\nrun('DELETE FROM entry')\nos.kill(os.getpid(), 9)"
    script = f"from pathlib import Path\nfrom secure_gateway.stores.sqlite import SQLiteStore\ns = SQLiteStore(Path({str(path)!r}))\n{code}"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == -9
    store.put("keys", "b", b"2")
    assert store.scan("keys") == [("a", b"1"), ("b", b"2")]


def test_a_reader_does_not_wait_for_a_writer_in_another_process(store: SQLiteStore, path: Path) -> None:
    store.put("keys", "a", b"1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.get("keys", "a") == b"1"
    assert store.generation("keys") == 1
    with pytest.raises(StoreError, match="another process holds it"):
        store.put("keys", "b", b"2")
    other.execute("ROLLBACK")
    other.close()
    store.put("keys", "b", b"2")


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_a_store_error(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="damaged"):
        SQLiteStore(path)


def _filled(path: Path) -> None:
    store = SQLiteStore(path)
    for number in range(200):
        store.put("keys", str(number), b"x" * 500)
    store.close()


def _overwrite(path: Path, page: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(page * _PAGE)
        file.write(content)


_PAGE = 4096


@pytest.mark.parametrize("content", [bytes(_PAGE), b"\xff" * 300, b"\x0d" + bytes(99)])
def test_a_store_that_was_damaged_in_place_does_not_open_whichever_page_it_was(path: Path, content: bytes) -> None:
    _filled(path)
    whole = path.read_bytes()
    for page in range(1, len(whole) // _PAGE):
        path.write_bytes(whole)
        _overwrite(path, page, content)
        with pytest.raises(StoreError, match="damaged"):
            SQLiteStore(path)
    path.write_bytes(whole)
    SQLiteStore(path).close()


@pytest.mark.parametrize("byte", [b"\0", b"\xff"])
def test_damage_to_a_store_in_use_is_a_store_error(path: Path, byte: bytes) -> None:
    _filled(path)
    store = SQLiteStore(path)
    _overwrite(path, 1, byte * (path.stat().st_size - _PAGE))
    with pytest.raises(StoreError, match="damaged"):
        store.scan("keys")
    with pytest.raises(StoreError, match="damaged"):
        store.get("keys", "7")
    store.close()


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True, mode=0o700)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    path.chmod(0o600)
    content = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        SQLiteStore(path)
    assert path.read_bytes() == content


def test_another_schema_version_is_refused_by_both_numbers(path: Path) -> None:
    SQLiteStore(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(StoreError, match=r"schema version 7.*knows version 1"):
        SQLiteStore(path)


def test_a_file_that_was_replaced_or_removed_under_us_is_not_read_on(store: SQLiteStore, path: Path) -> None:
    store.put("keys", "a", b"1")
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(StoreError, match="removed or replaced"):
        store.generation("keys")
    path.touch(mode=0o600)
    with pytest.raises(StoreError, match="removed or replaced"):
        store.get("keys", "a")
    with pytest.raises(StoreError, match="removed or replaced"):
        store.put("keys", "a", b"2")


def test_a_store_opened_before_a_fork_refuses_in_the_child_and_works_on_in_the_parent(path: Path) -> None:
    code = (
        "import os\nfrom secure_gateway.errors import StoreError\npid = os.fork()\n"
        "if pid == 0:\n"
        "    try:\n        s.get('keys', 'a')\n    except StoreError as error:\n"
        "        s.close(); os._exit(7 if 'forked' in str(error) else 8)\n    os._exit(9)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); s.put('keys', 'a', b'1'); print(s.get('keys', 'a'))"
    )
    assert in_a_child(path, code).split() == ["7", "b'1'"]


def test_expired_entries_leave_the_file_with_the_next_write(path: Path) -> None:
    now = [1000.0]
    store = SQLiteStore(path, clock=lambda: now[0])
    store.put("sessions", "a", b"1", expires_at=1010)
    now[0] = 1011
    store.put("keys", "b", b"2")
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT tbl FROM entry").fetchall() == [("keys",)]
    connection.close()


def test_a_write_that_fails_half_way_leaves_nothing_and_the_next_one_works(store: SQLiteStore) -> None:
    before = store.generation("keys")
    with pytest.raises(TypeError):
        store.put("keys", "a", object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        store.append("keys", [("a", b"1"), ("b", object())], keep=5)  # type: ignore[list-item]
    assert (store.scan("keys"), store.recent("keys", 5), store.generation("keys")) == ([], [], before)
    store.append("keys", [("a", b"1")], keep=1)
    assert store.recent("keys", 5) == [("a", b"1")]
