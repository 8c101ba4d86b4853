"""The master key as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.stores.key_file import create_master_key, parse_master_key, read_master_key


def test_a_key_is_written_for_us_alone_and_reads_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "gateway" / "master.key"
    made = create_master_key(path)
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"
    assert read_master_key(path).derive("p") == made.derive("p")


def test_two_keys_differ(tmp_path: Path) -> None:
    assert create_master_key(tmp_path / "a").derive("p") != create_master_key(tmp_path / "b").derive("p")


def test_an_existing_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    create_master_key(path)
    content = path.read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        create_master_key(path)
    assert path.read_bytes() == content


def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(ConfigError):
        create_master_key(tmp_path / "link")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    create_master_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"others|other users"):
        read_master_key(path)


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none: .*no such file"):
        read_master_key(tmp_path / "none")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "correct horse battery staple hunter2 hunter2",
        "0" * 64,
        "ab" * 32,
        "deadbeef",
        "0123456789abcdef" * 4 + "0",
        "é" * 64,
    ],
)
def test_what_is_no_random_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"\$\.master_key.*64 hexadecimal digits") as refused:
        read_master_key(path)
    assert not text or text not in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"\xff" * 32)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="no text"):
        read_master_key(path)


def test_a_key_from_openssl_is_taken_in_either_case_with_its_line_end() -> None:
    text = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
    assert parse_master_key(text + "\r\n").derive("p") == parse_master_key(text.upper()).derive("p")
