"""What is installed is pinned by hash, and what is published about it is true."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from secure_gateway import __version__
from tests.architecture.house import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LOCKS = sorted(
    [*ROOT.glob("requirements*.lock"), *ROOT.glob("scripts/*.txt"), *ROOT.glob("tests/integration/requirements-*.txt")]
)
BUILT_HERE = {"native"}  # extras whose wheel comes out of this repository: nothing to lock, and not for every machine
PUBLISHED = [*LOCKS, ROOT / "sbom.cdx.json", ROOT / "tests/integration/npm/package-lock.json"]

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)


def _pins(lock: Path) -> dict[str, list[str]]:
    """Map each pinned ``name==version`` of a lock to the hashes that follow it."""
    pins: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lock.read_text().splitlines():
        if match := re.match(r"([a-z0-9][a-z0-9.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", line):
            current = pins.setdefault(f"{match[1]}=={match[2]}", [])
        elif match := re.match(r"    --hash=(sha256:[0-9a-f]{64})", line):
            current.append(match[1])
        else:
            assert re.match(r"\s*(#|$)", line), f"{lock.name}: neither a pin nor a hash: {line}"
    return pins


@each_lock
def test_every_pin_has_a_hash(lock: Path) -> None:
    pins = _pins(lock)
    assert pins
    assert not [pin for pin, hashes in pins.items() if not hashes]


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_a_lock_names_no_registry_and_no_folder_of_whoever_made_it(path: Path) -> None:
    found = re.findall(
        r"(?:index-url|find-links|\"resolved\"|file://|/root/|/home/|/tmp/|\w*pypi\.org|registry\.\w+)",
        path.read_text(),
    )
    assert not found, f"{path.name} names {set(found)}: run `make lock`"


def test_the_developers_lock_pins_what_users_run() -> None:
    users, developers = _pins(ROOT / "requirements.lock"), _pins(ROOT / "requirements-dev.lock")
    assert not users.keys() - developers.keys(), "run `make lock`"


def test_every_dependency_that_is_asked_for_is_locked_at_a_version_that_fits() -> None:
    locked = dict(pin.split("==") for pin in _pins(ROOT / "requirements-dev.lock"))
    extras = {name: each for name, each in PROJECT["optional-dependencies"].items() if name not in BUILT_HERE}
    asked = [*PROJECT["dependencies"], *(each for extra in extras.values() for each in extra)]
    asked += PYPROJECT["dependency-groups"]["dev"]
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        if name != PROJECT["name"]:
            assert requirement.specifier.contains(locked[name]), f"{requirement}: run `make lock`"


def test_the_extra_all_holds_every_other_extra_that_an_index_has() -> None:
    extras = dict(PROJECT["optional-dependencies"])
    (everything,) = (Requirement(each) for each in extras.pop("all"))
    assert everything.extras == set(extras) - BUILT_HERE


def test_the_bill_of_materials_lists_exactly_what_users_install() -> None:
    bom = json.loads((ROOT / "sbom.cdx.json").read_text())
    listed = {f"{component['name']}=={component['version']}": component for component in bom["components"]}
    pins = _pins(ROOT / "requirements.lock")
    assert listed.keys() == pins.keys(), "run `make sbom`"
    for pin, component in listed.items():
        (reference,) = component["externalReferences"]
        assert {f"sha256:{each['content']}" for each in reference["hashes"]} == set(pins[pin]), pin


def test_the_bill_of_materials_knows_who_asks_for_whom() -> None:
    bom = json.loads((ROOT / "sbom.cdx.json").read_text())
    refs = {bom["metadata"]["component"]["bom-ref"], *(component["bom-ref"] for component in bom["components"])}
    asks = {each["ref"]: each["dependsOn"] for each in bom["dependencies"]}
    assert asks.keys() == refs
    reached, new = set[str](), {bom["metadata"]["component"]["bom-ref"]}
    while new:
        reached |= new
        new = {ref for each in new for ref in asks[each]} - reached
    assert reached == refs


def test_one_version_is_told_everywhere() -> None:
    bom = json.loads((ROOT / "sbom.cdx.json").read_text())
    assert __version__ == PROJECT["version"] == bom["metadata"]["component"]["version"]
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_license_is_the_one_that_is_declared() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
