"""Ctrl-C, told apart from a plugin that raises ``KeyboardInterrupt`` by itself."""

from __future__ import annotations

import signal
import threading
from asyncio import runners


def is_interrupt(error: BaseException) -> bool:
    """Tell whether ``error`` may be a SIGINT that the interpreter delivered; everything else is the failure of whoever raised it.

    Signals reach the main thread only. Where SIGINT has a handler of its own (as in a proxy, or under ``asyncio.run``), nothing but that
    handler raises: then its frame is the innermost one. Python's own handler leaves no frame, so where that is in force, the doubt counts for the user at the keyboard.
    """
    if not isinstance(error, KeyboardInterrupt) or threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == runners.__name__
