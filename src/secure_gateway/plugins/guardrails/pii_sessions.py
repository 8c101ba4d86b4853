"""Whose tokens a request's are: what makes two requests those of one session."""

from __future__ import annotations

import json
from typing import Final

from secure_gateway.plugins.framework.context import GlobalContext
from secure_gateway.types import ANONYMOUS

CALLER: Final = "caller"
LOGIN: Final = "login"
REQUEST: Final = "request"
SESSIONS: Final = (CALLER, LOGIN, REQUEST)


def session_of(facts: GlobalContext, scope: str) -> str:
    """Return the name of the session of a request, an empty text where the request is one of its own: an anonymous caller's always is.

    ``caller``: who, as which provider says it, in which project and tenant, and in which conversation where the app that calls names one;
    ``login``: that, with one credential or session of the provider. Names stand in JSON, where none can run into the next.
    """
    principal = facts.principal
    if scope == REQUEST or principal is None or not principal.subject:
        return ""
    if principal.provider == ANONYMOUS and not principal.method:
        return ""
    named = facts.session_id or None
    who = [scope, principal.provider, principal.project_id, principal.tenant_id, principal.subject, named]
    if scope == CALLER:
        return _joined(who)
    return _joined([*who, principal.session_id]) if principal.session_id else ""


def _joined(names: list[str | None]) -> str:
    return json.dumps(names, ensure_ascii=False)  # escapes would make two halves of a character equal to the whole
