from __future__ import annotations

import pytest

from secure_gateway.errors import PolicyDenied
from secure_gateway.pipeline.schemas import ToolSchemas

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "loud": {"type": "boolean"}},
    "required": ["city"],
    "additionalProperties": False,
}


def test_null_for_an_optional_argument_counts_as_left_out_and_for_a_required_one_does_not() -> None:
    schemas = ToolSchemas()
    assert schemas.learn("s", "t", SCHEMA) == ""
    schemas.check("s", "t", {"city": "Bern", "loud": None})
    for arguments in ({"city": None}, {"city": "Bern", "loud": "yes"}, {"city": "Bern", "loud": [None]}):
        with pytest.raises(PolicyDenied):
            schemas.check("s", "t", arguments)
