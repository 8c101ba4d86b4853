"""The check of the docs finds what it is there to find, and the docs pass it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.check_docs import DECISIONS, ROOT, anchors, check_decisions, check_page, pages


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "other.md").write_text("# One heading\n\n## `code`, and more!\n\n## One heading\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize("path", pages(ROOT), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_the_docs_leads_somewhere(path: Path) -> None:
    assert not list(check_page(path))


def test_every_decision_is_in_the_index() -> None:
    assert not list(check_decisions(DECISIONS))


@pytest.mark.parametrize(
    "link",
    [
        "[a](missing.md)",
        "[a](other.md#no-heading)",
        "[a](#nothing-here)",
        "[a](<missing file.md>)",
        '[a](missing.md "title")',
        "![picture](missing.png)",
        "[a `code`](missing.md)",
        "[a]: missing.md",
        "[![picture](missing.png)](other.md)",
    ],
)
def test_a_link_that_leads_nowhere_is_found_with_its_line(page: Path, link: str) -> None:
    page.write_text(f"# Title\n\n{link}\n")
    (fault,) = check_page(page)
    assert fault.startswith(f"{page}:3: ")


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)",
        "[a](other.md#one-heading-1)",
        "[a](other.md#code-and-more)",
        "[a](#title)",
        "[a](https://example.com/no-such-page)",
        "[a](mailto:a@example.com)",
        "`[a](missing.md)`",
        "```\n[a](missing.md)\n```",
    ],
)
def test_a_link_that_leads_somewhere_is_no_fault(page: Path, link: str) -> None:
    page.write_text(f"# Title\n\n{link}\n")
    assert not list(check_page(page))


def test_a_comment_in_a_code_block_is_no_heading() -> None:
    assert anchors("# Yes\n\n```sh\n# no\n```\n") == {"yes"}


def test_a_decision_that_is_not_listed_and_a_number_used_twice_are_found(tmp_path: Path) -> None:
    for name in ("README.md", "0001-one.md", "0001-other.md"):
        (tmp_path / name).write_text("[one](0001-one.md)")
    unlisted, twice = check_decisions(tmp_path)
    assert "does not list 0001-other.md" in unlisted
    assert "0001-one.md has the number 0001 already" in twice
