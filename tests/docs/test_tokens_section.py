"""The section about tokens: its configuration is loaded, and each row of its table is a call."""

from __future__ import annotations

import json
import re
from pathlib import Path

from secure_gateway.bootstrap import load_parts
from secure_gateway.plugins.guardrails.pii_vault import MOST_TOKENS, NUMBERS_KEPT
from tests.plugins.guardrails.test_pii_sessions import MASTER, People, key

_PAGE = (Path(__file__).parents[2] / "docs" / "guardrails.md").read_text()
_SECTION = _PAGE.split("<!-- tokens -->")[1].split("<!-- end of tokens -->")[0]


def _rows() -> list[list[str]]:
    lines = [line for line in _SECTION.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


async def test_every_call_of_the_table_ends_as_it_says(tmp_path: Path) -> None:
    found = re.search(r"```json\n(.*?)```", _SECTION, re.DOTALL)
    assert found is not None
    config = json.loads(found[1])
    config["plugins"]["auth"] = {"provider": "people"}
    config |= {
        "roles": {"all": {"tools": ["*"]}},
        "state": {"url": "sqlite:///./state.db"},
        "master_key": "env://MASTER",
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    file.chmod(0o600)
    parts = load_parts(file, env={"HOME": str(tmp_path), "MASTER": MASTER}, register=[People])
    rows = _rows()
    assert len(rows) == 6
    for caller, place, says, gets, answers, back in rows:
        server, tool = place.split(", ")

        def upstream(given: dict[str, str], gets: str = gets, answers: str = answers) -> str:
            assert given == {"text": gets}
            return answers

        shown = await parts.gateway.call(tool, {"text": says}, upstream, server=server, credentials=key(caller))
        assert shown == back
    parts.services.store.close()


def test_the_limits_are_those_of_the_vault() -> None:
    assert f"at most {MOST_TOKENS:,} of a" in _PAGE
    assert f"until it has rested for {NUMBERS_KEPT / 86_400:.0f} days" in _PAGE
