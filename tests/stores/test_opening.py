"""Which address opens which store."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.stores.memory import MemoryStore
from secure_gateway.stores.opening import open_store


def test_memory_is_a_store_in_memory(tmp_path: Path) -> None:
    assert isinstance(open_store("memory:", tmp_path), MemoryStore)


@pytest.mark.parametrize(
    ("rest", "place"),
    [("~/state.db", "home/state.db"), ("./state.db", "config/state.db"), ("{root}/x/state.db", "x/state.db")],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_path_starts_at_the_root_at_home_or_beside_the_configuration(
    tmp_path: Path, rest: str, place: str, slash: str
) -> None:
    if slash and not rest.startswith("{root}"):
        return
    rest = slash + rest.format(root=str(tmp_path).lstrip("/"))
    store = open_store(f"sqlite:///{rest}", tmp_path / "config", environ={"HOME": str(tmp_path / "home")})
    store.close()
    assert (tmp_path / place).is_file()


@pytest.mark.parametrize(
    "url",
    ["postgres://u:hunter2@h", "mysql://u:hunter2@h", "", "sqlite:", "sqlite://x", "state.db"],
)
def test_an_unknown_scheme_is_refused_with_those_that_are_known_and_without_its_password(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigError, match=r"\$\.state\.url.*memory:.*sqlite:///PATH") as refused:
        open_store(url, tmp_path)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis:///0",
        "redis://u:hunter2@h/hunter2",
        "redis://u:hunter2@h:hunter2/0",
        "rediss://u:hunter2@h/0?ssl_cert_reqs=none",
        "valkey://u:hunter2@h/0#x",
    ],
)
def test_an_address_of_a_server_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"\$\.state\.url.*redis://") as refused:
        open_store(url, tmp_path)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["sqlite:///", "sqlite:///~", "sqlite:///~/", "sqlite:////", "sqlite:///a/..", "sqlite:///a\0b"]
)
def test_an_address_without_a_file_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"\$\.state\.url"):
        open_store(url, tmp_path, environ={"HOME": str(tmp_path)})
