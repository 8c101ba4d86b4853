"""`secure-gateway init` makes everything or nothing, for nobody else's eyes, and shows the key once."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.config.loader import load_config
from tests.cli.conftest import Invoke, Run, Started
from tests.support.unprivileged import run_unprivileged


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_init_makes_files_for_their_owner_alone_whatever_the_umask(run: Run, home: Path) -> None:
    done = run("init", preexec_fn=lambda: os.umask(0))
    assert done.returncode == ExitCode.OK, done.stderr
    folder = home / ".gateway"
    assert _mode(folder) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "config.schema.json",
        "master.key",
        "state.db",
    ]
    assert {_mode(path) for path in folder.iterdir()} == {0o600}


def test_the_key_is_shown_once_and_kept_nowhere(run: Run, home: Path) -> None:
    done = run("init")
    (key,) = (word.partition("=")[2] for word in done.stdout.split() if word.startswith("SECURE_GATEWAY_API_KEY="))
    assert (done.stdout + done.stderr).count(key) == 1
    assert all(key.encode() not in content for content in _tree(home).values())


def test_the_configuration_is_explained_by_the_schema_beside_it_and_passes_check(run: Run, home: Path) -> None:
    run("init")
    folder = home / ".gateway"
    config = json.loads((folder / "config.json").read_text())
    schema = json.loads((folder / config["$schema"]).read_text())
    jsonschema_rs.Draft202012Validator(schema).validate(config)
    done = run("check")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "warning" not in done.stdout


def test_what_init_writes_names_no_path_outside_its_folder(invoke: Invoke, home: Path, tmp_path: Path) -> None:
    invoke("init", "--dir", str(tmp_path / "here"))
    (tmp_path / "here").rename(tmp_path / "there")
    assert str(tmp_path).encode() not in b"".join(_tree(tmp_path / "there").values())
    listed = invoke("--config", str(tmp_path / "there" / "config.json"), "keys", "list", "--json")
    assert json.loads(listed.stdout)[0]["status"] == "active"


def test_nothing_is_overwritten_without_force(started: Started, invoke: Invoke) -> None:
    before = _tree(started.folder)
    done = invoke("init")
    assert done.exit_code == ExitCode.REFUSED
    assert "Nothing was changed" in done.stderr
    assert _tree(started.folder) == before


@pytest.mark.parametrize("name", ["config.json", "master.key", "state.db", "config.schema.json", "audit.jsonl"])
def test_any_single_file_of_a_gateway_is_reason_enough_to_stop(name: str, invoke: Invoke, home: Path) -> None:
    (home / ".gateway").mkdir(mode=0o700)
    (home / ".gateway" / name).write_text("mine")
    assert invoke("init").exit_code == ExitCode.REFUSED
    assert _tree(home) == {f".gateway/{name}": b"mine"}


def test_a_dangling_link_is_not_written_through(invoke: Invoke, home: Path) -> None:
    (home / ".gateway").mkdir(mode=0o700)
    (home / ".gateway" / "master.key").symlink_to(home / "elsewhere")
    assert invoke("init").exit_code == ExitCode.REFUSED
    assert not (home / "elsewhere").exists()


def test_force_sets_aside_what_was_there_and_starts_anew(started: Started, invoke: Invoke) -> None:
    (started.folder / "plugins").mkdir()
    (started.folder / "plugins" / "mine.py").write_text("")
    before = _tree(started.folder)
    made = json.loads(invoke("init", "--force", "--json").stdout)
    aside = Path(made["set_aside"])
    assert _mode(aside) == 0o700
    assert {name: before[name] for name in _tree(aside)} == _tree(aside)
    assert set(_tree(aside)) == {"config.json", "config.schema.json", "master.key", "state.db"}
    assert (started.folder / "plugins" / "mine.py").exists()
    keys = json.loads(invoke("keys", "list", "--json").stdout)
    assert [key["key_id"] for key in keys] == [made["key_id"]]


@pytest.mark.parametrize("room", [40, 10_000, 28_000])
@pytest.mark.parametrize("force", [False, True])
def test_a_disk_that_fills_leaves_everything_as_it_was(room: int, force: bool, run: Run, home: Path) -> None:
    if force:
        run("init")
    before = _tree(home)

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = run("init", *(["--force"] if force else []), preexec_fn=little_room, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode not in (ExitCode.OK, ExitCode.USAGE), done.stdout
    assert "Traceback" not in done.stderr
    assert "sgw_" not in done.stdout
    assert _tree(home) == before
    assert [path.name for path in home.iterdir()] == ([".gateway"] if force else [])


def test_of_two_at_the_same_time_one_wins_and_the_other_changes_nothing(home: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "secure_gateway", "init", "--json"],
            env={**os.environ, "HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [(child.communicate(timeout=60), child.returncode) for child in children]
    winners = [json.loads(out) for (out, _), code in answers if code == ExitCode.OK]
    assert len(winners) == 1, answers
    assert all("Traceback" not in err for (_, err), _ in answers)
    folder = home / ".gateway"
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "config.schema.json",
        "master.key",
        "state.db",
    ]


def test_a_folder_that_others_can_write_is_refused(invoke: Invoke, home: Path) -> None:
    (home / ".gateway").mkdir()
    (home / ".gateway").chmod(0o777)
    done = invoke("init")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert "chmod go-w" in done.stderr
    assert not _tree(home)


def test_a_place_where_we_may_not_write_is_told_in_words(unprivileged_folder: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner  # noqa: PLC0415 - imported before the fork, for the child may read nothing

    from secure_gateway.cli.init import init  # noqa: F401, PLC0415 - see above
    from secure_gateway.cli.main import root  # noqa: PLC0415

    unprivileged_folder.chmod(0o755)
    closed = unprivileged_folder / "closed"
    closed.mkdir(mode=0o555)

    def try_it() -> tuple[int, str]:
        done = CliRunner().invoke(root, ["init", "--dir", str(closed / "gateway")])
        return done.exit_code, done.stderr

    code, said = run_unprivileged(try_it)
    assert code == ExitCode.CONFIGURATION
    assert "Permission denied" in said


def test_dir_and_config_choose_the_folder(invoke: Invoke, home: Path, tmp_path: Path) -> None:
    assert "SECURE_GATEWAY_CONFIG=" in invoke("init", "--dir", str(tmp_path / "one")).stdout
    assert invoke("--config", str(tmp_path / "two" / "config.json"), "init").exit_code == ExitCode.OK
    assert (
        invoke("init", env={"SECURE_GATEWAY_CONFIG": str(tmp_path / "three" / "config.json")}).exit_code == ExitCode.OK
    )
    for name in ("one", "two", "three"):
        load_config(tmp_path / name / "config.json", {"HOME": str(home)})
    assert not (home / ".gateway").exists()
    refused = invoke("--config", str(tmp_path / "four.json"), "init")
    assert refused.exit_code == ExitCode.USAGE
    assert not (tmp_path / "four.json").exists()
