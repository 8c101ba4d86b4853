"""From an exception to one readable paragraph and an exit code. No traceback, no secret, no escape sequence."""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict, dataclass

import click

from secure_gateway.cli.escaping import safe, safe_block
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.errors import (
    ConfigError,
    ErrorCode,
    GatewayError,
    MissingDependencyError,
    Problem,
    ProviderContractError,
    RequestDenied,
    RequestError,
    SecretError,
)
from secure_gateway.native import ChoiceError

_NOT_REACHED = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.UPSTREAM_ERROR, ErrorCode.UPSTREAM_TIMEOUT})


_BY_CODE = {ErrorCode.INVALID_REQUEST: ExitCode.REFUSED, ErrorCode.UNAVAILABLE: ExitCode.UNAVAILABLE}


class CommandError(Exception):
    """A command cannot do what it was asked for. The message says what was found, what was expected and what to do."""

    def __init__(self, message: str, code: ExitCode = ExitCode.REFUSED) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ended: what to say, and with which code."""

    code: ExitCode
    message: str
    problems: tuple[Problem, ...] = ()
    request_id: str = ""


def failure_of(error: BaseException) -> Failure:
    """Return what ``error`` means to who typed the command."""
    match error:
        case CommandError():
            return Failure(error.code, str(error))
        case KeyboardInterrupt() | click.Abort() | EOFError():
            return Failure(ExitCode.INTERRUPTED, "Interrupted.")
        case click.UsageError():
            return Failure(ExitCode.USAGE, _usage(error))
        case click.ClickException():
            return Failure(ExitCode.USAGE, error.format_message())
        case ConfigError():
            return Failure(ExitCode.CONFIGURATION, str(error), error.problems)
        case MissingDependencyError() | SecretError() | ProviderContractError() | ChoiceError():
            return Failure(ExitCode.CONFIGURATION, str(error))
        case RequestDenied():
            return Failure(ExitCode.REFUSED, _of_request(error, "Denied"), request_id=error.request_id)
        case RequestError():
            code = ExitCode.UNAVAILABLE if error.code in _NOT_REACHED else ExitCode.FAILED
            return Failure(code, _of_request(error, "Failed"), request_id=error.request_id)
        case GatewayError():
            return Failure(_BY_CODE.get(error.code, ExitCode.FAILED), str(error))
        case OSError():
            return Failure(ExitCode.FAILED, _of_system(error))
        case _:
            return Failure(ExitCode.FAILED, _of_ours(error))


def show_failure(failure: Failure, *, as_json: bool) -> None:
    """Print ``failure`` to stderr."""
    if as_json:
        document = {
            "error": {
                "exit_code": int(failure.code),
                "kind": failure.code.name.lower(),
                "message": failure.message,
                "request_id": failure.request_id,
                "problems": [asdict(problem) for problem in failure.problems],
            }
        }
        click.echo(json.dumps(document, indent=2), err=True)
    else:
        click.echo(safe_block(failure.message), err=True)


def show_traceback(error: BaseException) -> None:
    """Print where ``error`` was raised, for ``--debug``."""
    click.echo(safe_block("".join(traceback.format_exception(error))), err=True, nl=False)


def leave_quietly() -> ExitCode:
    """Whoever read our output has gone (``| head``): say nothing, also not when the interpreter flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.OK


def _of_request(error: RequestDenied | RequestError, verb: str) -> str:
    by = f" by {error.plugin}" if error.plugin else ""
    explained = f" `secure-gateway explain {error.request_id}` shows each step." if error.request_id else ""
    return f"{verb}{by}: {safe(error.reason)} ({error.code.value}).{explained}"


def _of_system(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    return f"The system refused: {error.strerror or type(error).__name__}{place}."


def _of_ours(error: BaseException) -> str:
    trace = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(trace[-1].filename)}:{trace[-1].lineno}" if trace else ""  # noqa: PTH119 - a name, no file
    return (
        f"This is a fault of secure-gateway itself: {type(error).__name__}{place}. "
        "Please report it; `secure-gateway --debug …` shows where it came from."
    )


def _usage(error: click.UsageError) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()  # the whole help, which begins with the usage
    usage = f"{error.ctx.get_usage()}\n" if error.ctx is not None else ""
    helped = f" Try `{error.ctx.command_path} --help`." if error.ctx is not None else ""
    message = error.format_message()
    return f"{usage}{message}{'' if message.endswith(('.', '?')) else '.'}{helped}"
