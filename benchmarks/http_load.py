"""A web app served by uvicorn in a child process, and a load of pipelined requests over keep-alive connections."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import threading
import time

from benchmarks.harness import ROOT

CONNECTIONS = 16
BATCH = 32
SECONDS = 1.5
ROUNDS = 5


def requests_per_second() -> tuple[float, float]:
    """Return the median of the bare app's and of the protected app's requests per second, taken in turns."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.workers.web_app"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        taken: dict[str, list[float]] = {"bare": [], "ours": []}
        for number in range(ROUNDS + 1):
            for name, rates in taken.items():
                rate = _load(told[name], told["key"])
                if number:
                    rates.append(rate)
        return statistics.median(taken["bare"]), statistics.median(taken["ours"])
    finally:
        server.terminate()
        server.wait(timeout=10)


def _load(port: int, key: str) -> float:
    request = f"GET /things HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n\r\n".encode() * BATCH
    end = time.perf_counter() + SECONDS
    counts = [0] * CONNECTIONS

    def connection(index: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as stream:
            while time.perf_counter() < end:
                stream.sendall(request)
                answered = 0
                tail = b""
                while answered < BATCH:
                    data = tail + stream.recv(65536)
                    assert data, "the server closed the connection"
                    answered += data.count(b"HTTP/1.1 200")
                    assert b"HTTP/1.1 4" not in data, data[:200]
                    tail = data[-11:] if b"HTTP/1.1 200" not in data[-12:] else b""
                counts[index] += BATCH

    threads = [threading.Thread(target=connection, args=(index,)) for index in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)
