"""Which names could be taken for each other, and which are not what they seem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.tool_trust.names import disguise, skeleton

LIKE_SEND_EMAIL = [
    "SEND_EMAIL",
    "sendEmail",
    "send-email",
    "send.email",
    "send email",
    "send_emaiI",
    "send_emai1",
    "s\u0435nd_email",
    "send_\u0435m\u0430il",
    "send\u200b_email",
    "send_email\u2060",
    "\uff53end_email",
    "\U0001d42cend_email",
    "se\u0301nd_email",
]


@pytest.mark.parametrize("name", LIKE_SEND_EMAIL)
def test_names_that_read_alike_have_one_skeleton(name: str) -> None:
    assert skeleton(name) == skeleton("send_email")


@pytest.mark.parametrize("name", ["send_mail", "read_email", "send_emails", "resend_email", "send_e_mail_2"])
def test_names_that_read_otherwise_have_another(name: str) -> None:
    assert skeleton(name) != skeleton("send_email")


@pytest.mark.parametrize(
    "name", ["send\u200b_email", "a\u202eb", "a\ufe0fb", "a\x00b", "a\u00adb", "a\U000e0041b", "a\u3000b", "a\nb"]
)
def test_a_name_with_characters_that_cannot_be_seen_is_disguised(name: str) -> None:
    assert "cannot be seen" in disguise(name)


@pytest.mark.parametrize("name", ["s\u0435nd", "\u0441\u043e\u0440\u0443", "\uff53end", "\U0001d42cend", "s\u03bfrt"])
def test_a_name_in_another_script_that_reads_as_a_latin_one_is_disguised(name: str) -> None:
    assert "look like Latin" in disguise(name)


@pytest.mark.parametrize(
    "name",
    [
        "send_email",
        "get.weather/v1",
        "поиск",
        "søg",
        "größe",
        "gro\u0308ße",
        "naïve",
        "検索",
        "αναζήτηση",
        "بحث",
        "a b",
    ],
)
def test_an_honest_name_is_not(name: str) -> None:
    assert disguise(name) == ""


@given(st.text(max_size=300))
def test_every_name_has_a_skeleton_that_its_disguises_share(name: str) -> None:
    assert skeleton(name) == skeleton(name.replace("o", "0")) == skeleton("\u200b" + name)
    assert isinstance(disguise(name), str)
