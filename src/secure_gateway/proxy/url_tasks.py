"""``TaskOwners``: whose task is whose at a server behind a URL, which sees one client: us."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from secure_gateway.proxy.sessions import Owner
from secure_gateway.proxy.wire import Kind, Message, changed, keep_items

MOST_TASKS: Final = 100_000
"""Tasks of one server whose owners are remembered; of more, the oldest belong to nobody."""
_PREFIXES: Final = ("tasks/", "notifications/tasks")
_LIST: Final = "tasks/list"


class TaskOwners:
    """A task belongs to the principal whose request it was the answer to. What belongs to nobody here may not be used."""

    def __init__(self, most: int = MOST_TASKS) -> None:
        self._owners: OrderedDict[bytes, Owner] = OrderedDict()
        self._most = most

    def veiled(self, owner: Owner, message: Message) -> Message:
        """Return a client's message as the server may read it: a task of somebody else, or of nobody, is named as one that does not exist.

        So the server itself says what is to be said of such a task, in its own order of complaints, and none is touched.
        """
        params = message.params or {}
        if not message.method.startswith(_PREFIXES):
            return message
        # Any spelling: a server that ignores case would read another member than we did.
        foreign = [
            name
            for name, value in params.items()
            if name.casefold() == "taskid" and not (name == "taskId" and self._belongs(value, owner))
        ]
        if not foreign:
            return message
        return changed(message, params={**params, **dict.fromkeys(foreign, f"unknown-{secrets.token_hex(16)}")})

    def seen(self, owner: Owner, asked: Message, answer: Message) -> Message:
        """Take an answer on its way to ``owner``: remember a task that it makes, and leave tasks of others out of a list."""
        if answer.kind is not Kind.RESPONSE:
            return answer
        if asked.method == _LIST:
            return self._own(owner, answer)
        if not asked.method.startswith(_PREFIXES):
            for task_id in _made(answer.result):
                self._owners.setdefault(_hashed(task_id), owner)
            while len(self._owners) > self._most:
                self._owners.popitem(last=False)
        return answer

    def is_for(self, owner: Owner, notification: Message) -> bool:
        """Tell whether a server's notification is about no task, or about one of ``owner``."""
        named = (notification.params or {}).get("taskId")
        return not notification.method.startswith(_PREFIXES) or self._belongs(named, owner)

    def _own(self, owner: Owner, answer: Message) -> Message:
        tasks = answer.result.get("tasks")
        if type(tasks) is not list:
            return answer
        kept = [
            index for index, task in enumerate(tasks) if type(task) is dict and self._belongs(task.get("taskId"), owner)
        ]
        return answer if len(kept) == len(tasks) else keep_items(answer, "tasks", kept)

    def _belongs(self, task_id: Any, owner: Owner) -> bool:
        return type(task_id) is str and self._owners.get(_hashed(task_id)) == owner


def _made(result: dict[str, Any]) -> Iterator[str]:
    """Yield the id of the task that a result makes: within ``task`` (2025-11-25), or beside what says so (2026-07-28)."""
    for holder in (result.get("task"), result):
        if type(holder) is dict and type(holder.get("taskId")) is str:
            yield holder["taskId"]


def _hashed(task_id: str) -> bytes:
    return hashlib.sha256(task_id.encode("utf-8", "surrogatepass")).digest()
