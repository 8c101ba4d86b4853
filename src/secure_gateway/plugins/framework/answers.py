"""What plugins answer to the two questions of the identity stage: who is this, and may they?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.frozen import FrozenDict
from secure_gateway.plugins.framework.payloads import HttpAuthCheckPermissionResultPayload
from secure_gateway.types import Principal

_SUBJECT: Final = ("sub", "subject", "email", "user_id", "username", "id")
"""Where a user's name is looked for; the first that is there counts."""
_TEXTS: Final = {"email": "email", "tenant_id": "tenant_id", "team_id": "tenant_id", "project_id": "project_id"}
_LISTS: Final = ("roles", "permissions")
_MAY_LACK: Final = ("project_id", "tenant_id", "email", "key_id", "session_id")
_OWN_TEXTS: Final = ("provider", "method", *_MAY_LACK)
_DICTS: Final = (dict, FrozenDict)
_LONGEST: Final = 1024


def principal(answer: Any) -> Principal:
    """Return the principal that a plugin vouches for: a ``Principal``, or a dict with one of ``sub email user_id username id``.

    ``roles`` and ``permissions`` are lists of texts, ``is_admin`` is a truth value; scalars under other keys become attributes.
    Raises ``AnswerError``.
    """
    if isinstance(answer, Principal):
        return _vouched(answer)
    if not isinstance(answer, Mapping):
        raise AnswerError(
            f"it answered with a {type(answer).__name__}, expected a dict that describes a user, or a Principal"
        )
    subject = _name(next((answer[key] for key in _SUBJECT if answer.get(key)), None))
    given: dict[str, Any] = {}
    for key, field in _TEXTS.items():
        value = answer.get(key)
        if isinstance(value, str):
            given.setdefault(field, value)
        elif value is not None:
            raise AnswerError(f"{key} of the user it answered with is a {type(value).__name__}, expected a text")
    for key in _LISTS:
        given[key] = _texts(answer.get(key), key)
    if not isinstance(answer.get("is_admin", False), bool):
        raise AnswerError(
            f"is_admin of the user it answered with is a {type(answer['is_admin']).__name__}, expected a truth value"
        )
    known = {*_SUBJECT, *_TEXTS, *_LISTS, "is_admin"}
    attributes = {
        key: value
        for key, value in answer.items()
        if isinstance(key, str) and key not in known and isinstance(value, str | int | float | bool)
    }
    return Principal(
        subject=subject,
        provider="",
        method="plugin",
        is_admin=answer.get("is_admin", False),
        attributes=attributes,
        **given,
    )


def _vouched(answer: Principal) -> Principal:
    """Return a principal of a plugin's own making, checked, and apart from what the plugin may keep. Raises ``AnswerError``."""
    for field in _OWN_TEXTS:
        value = getattr(answer, field)
        if type(value) is not str and not (value is None and field in _MAY_LACK):
            raise AnswerError(f"{field} of the principal it answered with is a {type(value).__name__}, expected a text")
    is_admin: Any = answer.is_admin
    attributes: Any = answer.attributes
    if type(is_admin) is not bool or type(attributes) not in _DICTS:
        raise AnswerError("the principal it answered with has no truth value as is_admin, or no dict as attributes")
    return Principal(
        **{field: getattr(answer, field) for field in _OWN_TEXTS},
        subject=_name(answer.subject),
        roles=_texts(answer.roles, "roles"),
        permissions=_texts(answer.permissions, "permissions"),
        is_admin=is_admin,
        attributes=attributes,
    )


def _name(subject: Any) -> str:
    if not isinstance(subject, str) or not subject.strip() or len(subject) > _LONGEST:
        raise AnswerError(f"the user it answered with has no name, expected a text as one of {', '.join(_SUBJECT)}")
    return str.__str__(subject)


def permission(answer: Any) -> HttpAuthCheckPermissionResultPayload:
    """Return a plugin's yes or no. Raises ``AnswerError`` for anything else."""
    if not isinstance(answer, HttpAuthCheckPermissionResultPayload):
        raise AnswerError(f"it answered with a {type(answer).__name__}, expected HttpAuthCheckPermissionResultPayload")
    if type(answer.granted) is not bool:
        raise AnswerError(f"granted is a {type(answer.granted).__name__}, expected a truth value")
    return msgspec.structs.replace(answer)


def _texts(value: Any, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise AnswerError(f"{key} of the user it answered with is no list of texts")
    return tuple(map(str.__str__, value))
