"""How every walk ends: with a record that is handed to the sinks before anybody is answered."""

from __future__ import annotations

from secure_gateway.errors import ErrorCode, RequestDenied, RequestError, SecureGatewayException
from secure_gateway.pipeline.run import Run, raised_at


def _ours(error: BaseException, run: Run) -> BaseException:
    """Return the exception to raise: verdicts, faults, cancellations and the upstream's own pass; a fault of ours is wrapped."""
    request_id = run.request.request_id
    if isinstance(error, RequestDenied | RequestError):
        error.request_id = error.request_id or request_id
        return error
    if not isinstance(error, Exception) or run.upstream_failed:
        return error
    code = error.code if isinstance(error, SecureGatewayException) and hasattr(error, "code") else ErrorCode.INTERNAL
    return RequestError(code, f"a fault of the gateway itself: {raised_at(error)}", request_id=request_id)


async def record_failure(run: Run, error: BaseException) -> None:
    """Record the failure, so that ``error`` may be raised on. Raises what is to be raised in its place where it is a fault of ours."""
    raised = _ours(error, run)
    await deliver(run, raised)
    if raised is not error:
        raise raised from None


class Recorded:
    """Around the work on a request: however that ends, the record of it is handed over. What is raised is that of ``record_failure`` and ``deliver``."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    async def __aenter__(self) -> None:
        """Nothing is done before the work."""

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            await deliver(self._run, None)
        else:
            await record_failure(self._run, error)


async def deliver(run: Run, error: BaseException | None) -> None:
    """Hand the record to every sink. Raises ``RequestError`` when a required sink cannot take or keep it."""
    record = run.finish(error)
    failed = ""
    for sink in run.snapshot.sinks:  # all of them: one that fails must not blind those behind it
        if not (sink.emit(record) and (not sink.durable or await sink.committed())) and sink.required:
            failed = failed or sink.name
    if failed and (error is None or isinstance(error, SecureGatewayException)):
        message = f"the record could not be kept by {failed!r}, which the configuration requires"
        raise RequestError(ErrorCode.UNAVAILABLE, message, request_id=record.request_id)
