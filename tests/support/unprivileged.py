"""Run a part of a test as a user without rights, so that a permission test means something where the tests run as root.

Root may read and write everything, so "this file cannot be read" is never true for it. :func:`run_unprivileged` forks
a child that gives up user, groups and capabilities for good and runs the function there. The child needs no readable
copy of the interpreter or the repository, for all that it uses is imported already; it can *not* import more where
those lie in a folder closed to others.
"""

from __future__ import annotations

import os
import pickle
import traceback
import warnings
from collections.abc import Callable
from typing import NoReturn, TypeVar

Result = TypeVar("Result")

NOBODY = 65534


class UnprivilegedChildError(AssertionError):
    """The child ended without an answer, or with one that cannot be handed over."""


def run_unprivileged(function: Callable[[], Result]) -> Result:
    """Call ``function`` in a forked child that has no rights; hand back its result, or raise what it raised.

    Started by an ordinary user, the child keeps that user. Results and exceptions travel pickled.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Forking beside other threads is warned of because they may hold locks; this child only runs the one function.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reader)
        _run_and_exit(function, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if not answer:
        message = f"the unprivileged child ended without an answer (wait status {status})"
        raise UnprivilegedChildError(message)
    succeeded, value = pickle.loads(answer)  # noqa: S301 - written by our own child a moment ago
    if succeeded:
        return value  # type: ignore[no-any-return]  # what the function returned, through pickle
    raise value


def drop_rights() -> None:
    """Become nobody, irrevocably; nothing to do for an ordinary user."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if os.geteuid() == 0:
        raise UnprivilegedChildError("the child is still root, so it would prove nothing")


def _run_and_exit(function: Callable[[], object], writer: int) -> NoReturn:
    try:
        drop_rights()
        answer = _pickled(succeeded=True, value=function())
    except BaseException as error:  # noqa: BLE001 - whatever ends the function is the parent's to raise, not the fork's
        answer = _pickled(succeeded=False, value=error)
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(answer)
    # Not sys.exit: the fork must not run the parent's finalisers, fixtures and reports a second time.
    os._exit(0)


def _pickled(*, succeeded: bool, value: object) -> bytes:
    try:
        answer = pickle.dumps((succeeded, value))
        pickle.loads(answer)  # noqa: S301 - some exceptions pickle, but do not unpickle
    except Exception as error:  # noqa: BLE001 - pickling runs foreign code, which may raise anything
        shown = "".join(traceback.format_exception(value)) if isinstance(value, BaseException) else repr(value)
        message = f"the child's answer cannot be handed over ({error}); it was:\n{shown}"
        return pickle.dumps((False, UnprivilegedChildError(message)))
    return answer
