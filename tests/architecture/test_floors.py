"""The house stands: imports go down only, nothing is in a circle, and every module has its place in the plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.house import ROOMS, ROOT, Module, Room, circles, edges, read_modules, room_of

MODULES = read_modules()


def _misplaced(module: Module, modules: dict[str, Module], rooms: tuple[Room, ...]) -> list[str]:
    """Say of each import of a module that does not go down why it does not."""
    here = room_of(module, rooms)
    if here is None:
        return []  # test_every_module_has_a_place_in_the_plan says so
    wrong = []
    for name, line in edges(module, modules).items():
        there = room_of(modules[name], rooms)
        if there is None or there is here or there.floor < here.floor:
            continue
        direction = "sideways" if there.floor == here.floor else "up"
        wrong.append(f"{module.path}:{line}: {module.short}, {here}, imports {direction}: {name}, {there}")
    return wrong


def test_every_module_has_a_place_in_the_plan() -> None:
    homeless = [module.name for module in MODULES.values() if room_of(module) is None]
    assert not homeless, (
        f"No floor is known for {', '.join(homeless)}. Add each to ROOMS in tests/architecture/house.py, on the lowest "
        "floor from which it can see what it needs, and to the drawing in docs/architecture.md."
    )


def test_every_place_in_the_plan_is_lived_in() -> None:
    lived_in = [room_of(module) for module in MODULES.values()]
    empty = [room for room in ROOMS if room not in lived_in]
    assert not empty, f"These rooms have no module; take them out of ROOMS in tests/architecture/house.py: {empty}"


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_only(name: str) -> None:
    wrong = _misplaced(MODULES[name], MODULES, ROOMS)
    assert not wrong, "\n".join(
        [*wrong, "Move what is shared to a lower floor, or hand it in through the constructor (docs/architecture.md)."]
    )


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circles(MODULES), "Move what both sides need into a third file below them."


def test_the_table_in_the_docs_is_the_plan() -> None:
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    drawn = {(int(floor), name) for floor, rooms in rows for name in re.findall(r"`([^`]+)`", rooms)}
    assert drawn == {(room.floor, name) for room in ROOMS for name in room.names}


# What follows shows that the checks above can fail: a plan is only as good as what it refuses.


@pytest.fixture
def house(tmp_path: Path) -> dict[str, Module]:
    """Build a small package that breaks the rules in every way that the checks know."""
    root = tmp_path / "secure_gateway"
    files = {
        "__init__.py": "",
        "low.py": "def late():\n    from secure_gateway import high\n",
        "high.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from secure_gateway.room.left import x\n",
        "room/__init__.py": "from .left import x\n",
        "room/left.py": "import secure_gateway.room.right\nx = 1\n",
        "room/right.py": "from . import left\nfrom secure_gateway.low import late\n",
        "attic.py": "import json\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_modules(root)


SMALL = (Room(1, "low"), Room(2, "high"), Room(2, "room.*"))


def test_an_import_in_a_function_that_goes_up_is_found(house: dict[str, Module]) -> None:
    (wrong,) = _misplaced(house["secure_gateway.low"], house, SMALL)
    assert "low.py:2" in wrong
    assert "imports up: secure_gateway.high" in wrong


def test_an_import_for_type_checking_that_goes_sideways_is_found(house: dict[str, Module]) -> None:
    (wrong,) = _misplaced(house["secure_gateway.high"], house, SMALL)
    assert "imports sideways: secure_gateway.room.left" in wrong


def test_imports_within_a_room_and_down_are_allowed(house: dict[str, Module]) -> None:
    assert not _misplaced(house["secure_gateway.room.right"], house, SMALL)


def test_a_circle_is_found_though_half_of_it_hides(house: dict[str, Module]) -> None:
    assert circles(house) == [[f"secure_gateway.{name}" for name in ("high", "low", "room.left", "room.right")]]


def test_a_module_without_a_place_is_found(house: dict[str, Module]) -> None:
    assert room_of(house["secure_gateway.attic"], SMALL) is None


def test_the_most_specific_name_gives_the_room(house: dict[str, Module]) -> None:
    exact = Room(1, "room.left")
    assert room_of(house["secure_gateway.room.left"], (*SMALL, exact)) is exact
    assert room_of(house["secure_gateway.room.right"], (*SMALL, exact)) is SMALL[2]
