from __future__ import annotations

import asyncio
import contextlib
import signal
import threading

from secure_gateway.plugins.framework.interrupts import is_interrupt


def _raised_by_a_plugin() -> BaseException:
    try:
        raise KeyboardInterrupt  # noqa: TRY301 - caught for its traceback
    except KeyboardInterrupt as error:
        return error


def _raised_by_a_signal() -> BaseException:
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt as error:
        return error
    raise AssertionError("the signal was not delivered")


def test_where_python_itself_turns_sigint_into_an_exception_every_one_counts_as_the_users() -> None:
    assert is_interrupt(_raised_by_a_signal())
    assert is_interrupt(_raised_by_a_plugin()), "the two cannot be told apart there"


async def test_in_an_event_loop_only_the_loops_own_handler_interrupts() -> None:
    assert not is_interrupt(_raised_by_a_plugin())


def test_a_second_ctrl_c_in_an_event_loop_interrupts() -> None:
    found: list[bool] = []

    async def main() -> None:
        signal.raise_signal(signal.SIGINT)  # the first one cancels
        found.append(is_interrupt(_raised_by_a_signal()))

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(main())
    assert found == [True]


def test_no_other_thread_and_no_other_exception_interrupts() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(is_interrupt(_raised_by_a_plugin())))
    thread.start()
    thread.join()
    assert found == [False]
    assert not is_interrupt(SystemExit())
