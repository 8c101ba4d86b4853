"""Where a provider is found, and what happens when two share a name."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from secure_gateway.errors import ConfigError, ProviderContractError
from secure_gateway.plugins.auth.base import AuthProvider
from secure_gateway.plugins.registry import ProviderRegistry, provider_name
from tests.plugins.conftest import Complete

GROUP = "secure_gateway.auth"

MODULE = """
from secure_gateway.plugins.auth.base import AuthMethod, AuthProvider

class {cls}(AuthProvider):
    marker = {marker!r}
    def get_name(self): return {name!r}
    def get_version(self): return "1"
    def get_supported_methods(self): return [AuthMethod.API_KEY]
    async def authenticate(self, credentials): ...
    async def validate_session(self, session_id): return False
    async def refresh_authentication(self, session_id, credentials): ...
"""


def module(cls: str = "Badge", name: str = "badge", marker: int = 0) -> str:
    return MODULE.format(cls=cls, name=name, marker=marker)


class Mine(Complete):
    def get_name(self) -> str:
        return "mine"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    return tmp_path / "plugins"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    path = tmp_path / "site"
    path.mkdir()
    monkeypatch.syspath_prepend(path)
    before = set(sys.modules)
    yield path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def install(site: Path, package: str, points: str, text: str) -> None:
    (site / f"{package}_module.py").write_text(text)
    info = site / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}\n")


def registry(*folders: Path, builtins: dict[str, str] | None = None) -> ProviderRegistry:
    return ProviderRegistry(AuthProvider, GROUP, builtins or {}, folders)


def test_a_registered_class_is_found_by_its_own_name() -> None:
    found = registry()
    found.register(Mine)
    found.register(Mine)
    assert found.find("mine", "$") is Mine


def test_a_class_that_breaks_the_contract_is_refused_when_it_registers() -> None:
    with pytest.raises(ProviderContractError, match="no subclass"):
        registry().register(object)


def test_two_registered_classes_of_one_name_are_refused() -> None:
    found = registry()
    found.register(Mine)
    with pytest.raises(ProviderContractError, match="two classes are registered as 'mine'"):
        found.register(type("Other", (Mine,), {}))


def test_a_registered_class_wins_over_a_built_in_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    found = registry(builtins={"mine": "nowhere:Nothing"})
    with caplog.at_level(logging.WARNING):
        found.register(Mine)
    assert "replaces the built-in provider 'mine'" in caplog.text
    assert found.find("mine", "$") is Mine


def test_a_built_in_is_imported_only_when_it_is_named(site: Path) -> None:
    (site / "builtin_badge.py").write_text(module())
    found = registry(builtins={"badge": "builtin_badge:Badge"})
    assert "badge" in found.sources()
    assert "builtin_badge" not in sys.modules
    assert found.find("badge", "$").__name__ == "Badge"


def test_a_module_in_the_plugin_folder_is_found_by_its_class_s_name(folder: Path) -> None:
    (folder / "badge.py").write_text(module())
    assert registry(folder).find("badge", "$").__name__ == "Badge"
    assert registry(folder).sources()["badge"].origin == str(folder / "badge.py")


def test_two_registries_share_what_a_module_defines_and_an_edited_module_is_read_anew(folder: Path) -> None:
    (folder / "badge.py").write_text(module(marker=1))
    first = registry(folder).find("badge", "$")
    assert registry(folder).find("badge", "$") is first
    (folder / "badge.py").write_text(module(marker=2))
    assert registry(folder).find("badge", "$").marker == 2  # type: ignore[attr-defined]
    assert first.marker == 1  # type: ignore[attr-defined]


def test_a_second_name_for_a_class_an_abstract_base_and_an_import_are_no_second_provider(folder: Path) -> None:
    text = module() + (
        "Alias = Badge\n"
        "from abc import abstractmethod\n"
        "class Base(AuthProvider):\n    @abstractmethod\n    def more(self): ...\n"
        "class Whole(Base, Badge):\n    def get_name(self): return 'whole'\n    def more(self): ...\n"
    )
    (folder / "badge.py").write_text(text)
    assert sorted(registry(folder).sources()) == ["badge", "whole"]


def test_modules_with_a_leading_underscore_are_left_alone(folder: Path) -> None:
    (folder / "_parts.py").write_text("raise RuntimeError")
    (folder / "__init__.py").write_text("raise RuntimeError")
    assert registry(folder).sources() == {}


@pytest.mark.parametrize("text", ["import nothing_of_this_name", "def (", "raise SystemExit(0)", "\0"])
def test_a_module_that_fails_to_import_stops_the_start_by_name_every_time(folder: Path, text: str) -> None:
    (folder / "broken.py").write_text(text)
    found = registry(folder)
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"broken\.py.*fails to import"):
            found.sources()


def test_an_incomplete_class_in_the_folder_stops_the_start_by_what_is_missing(folder: Path) -> None:
    (folder / "half.py").write_text(
        "from secure_gateway.plugins.auth.base import AuthProvider\nclass Half(AuthProvider): ...\n"
    )
    with pytest.raises(ConfigError, match="does not implement authenticate"):
        registry(folder).sources()


def test_a_class_whose_name_depends_on_its_instance_is_named_by_module_and_class(folder: Path) -> None:
    (folder / "late.py").write_text(module().replace("return 'badge'", "return self.name"))
    with pytest.raises(ConfigError, match=r"late\.py.*its name must be known before it is built"):
        registry(folder).sources()


def test_a_class_that_cannot_be_made_blank_has_no_name() -> None:
    class Demanding(Mine):
        def __new__(cls) -> Self:
            raise SystemExit

    with pytest.raises(ProviderContractError, match="SystemExit was raised"):
        provider_name(Demanding)


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_name_that_is_no_text_is_refused(name: object) -> None:
    odd = type("Odd", (Mine,), {"get_name": lambda _self: name})
    with pytest.raises(ProviderContractError, match="expected a text"):
        provider_name(odd)


def test_an_entry_point_is_found_and_loaded_only_when_named(site: Path) -> None:
    install(site, "acme", "badge = acme_module:Badge", module())
    found = registry()
    assert "acme_module:Badge" in found.sources()["badge"].origin
    assert "acme_module" not in sys.modules
    assert found.find("badge", "$").__name__ == "Badge"


def test_a_package_installed_twice_is_one_provider_and_two_packages_of_one_name_are_a_clash(site: Path) -> None:
    install(site, "acme", "badge = acme_module:Badge", module())
    install(site, "acme_editable", "badge = acme_module:Badge", module())
    assert "badge" in registry().sources()
    install(site, "rival", "badge = rival_module:Badge", module())
    with pytest.raises(
        ConfigError, match=r"two providers called 'badge'.*acme_module.*rival_module|rival_module.*acme_module"
    ):
        registry().sources()


@pytest.mark.parametrize("place", ["built-in", "registered", "folder"])
def test_any_other_clash_of_names_is_an_error_that_names_both(folder: Path, place: str) -> None:
    (folder / "badge.py").write_text(module(name="mine"))
    found = registry(folder, builtins={"mine": "nowhere:Nothing"} if place == "built-in" else None)
    if place == "registered":
        found.register(Mine)
    if place == "folder":
        (folder / "second.py").write_text(module(name="mine"))
    with pytest.raises(ConfigError, match=r"two providers called 'mine': .* and .*\.py"):
        found.sources()


def test_an_unknown_name_is_refused_with_the_near_miss_and_all_that_there_are(folder: Path) -> None:
    (folder / "badge.py").write_text(module())
    with pytest.raises(ConfigError, match=r"\$\.p: found 'bagde'; expected one of badge, ldap\. Did you mean 'badge'"):
        registry(folder, builtins={"ldap": "a:B"}).find("bagde", "$.p")


@pytest.mark.parametrize("target", ["", "module", ":Class", "module:"])
def test_a_class_path_needs_both_halves(target: str) -> None:
    with pytest.raises(ConfigError, match="module:Class"):
        registry().load(target, "$")


def test_a_class_path_leads_to_a_checked_class() -> None:
    assert (
        registry().load("secure_gateway.plugins.auth.api_key:APIKeyAuthProvider", "$").__name__ == "APIKeyAuthProvider"
    )
    with pytest.raises(ConfigError, match="The module has no such name"):
        registry().load("secure_gateway.plugins.auth.base:Nothing", "$")
    with pytest.raises(ConfigError, match="fails to import"):
        registry().load("nothing_of_this_name:Class", "$")
    with pytest.raises(ConfigError, match="no subclass of AuthProvider"):
        registry().load("secure_gateway.types:Principal", "$")
