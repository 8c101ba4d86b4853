"""What the HTTP door looks at before anything is judged: hosts, origins, sizes, pace, health."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import socket
import ssl
import time
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.proxy.conftest import RunningGateway, StartGateway
from tests.proxy.gateways import ADMIN_KEY
from tests.proxy.http_client import HttpClient
from tests.proxy.scripted_http import ScriptedUpstream

CALL = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}'


@pytest.fixture
def gateway(start_gateway: StartGateway, upstream: tuple[ScriptedUpstream, str]) -> RunningGateway:
    return start_gateway(
        upstream[1],
        allowed_hosts=["gateway.example", "other.example:8443"],
        allowed_origins=["https://app.example"],
        head_seconds=0.5,
        body_seconds=0.5,
        max_bytes=10_000,
    )


def _request(
    gateway: RunningGateway, *lines: str, body: bytes = CALL, path: str = "/servers/remote/mcp", method: str = "POST"
) -> bytes:
    """Send a request as it stands and return everything that comes back before the connection closes."""
    head = [f"{method} {path} HTTP/1.1", *lines, "Connection: close"]
    if method == "POST" and not any(
        "content-length" in line.lower() or "transfer-encoding" in line.lower() for line in lines
    ):
        head.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        return _rest(connection)


def _rest(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def _send_all(connection: socket.socket, parts: list[bytes], pause: float = 0) -> None:
    for part in parts:
        connection.sendall(part)
        time.sleep(pause)


def _status(response: bytes) -> int:
    return int(response.split(b" ", 2)[1])


def _usual(gateway: RunningGateway, **instead: str) -> list[str]:
    lines = {
        "Host": f"127.0.0.1:{gateway.port}",
        "Authorization": f"Bearer {ADMIN_KEY}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **{name.replace("_", "-"): value for name, value in instead.items()},
    }
    return [f"{name}: {value}" for name, value in lines.items() if value]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("[::1]:80", 200),
        ("gateway.example", 200),
        ("GATEWAY.example:99", 200),
        ("other.example:8443", 200),
        ("other.example", 421),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("localhost:80x", 421),
        ("localhost:", 421),
        ("localhost:80:80", 421),
        ("[::1]:", 421),
        ("[::1]80", 421),
        ("localhost:evil.example", 421),
        ("user@localhost", 421),
        ("", 421),
    ],
)
def test_only_our_own_hosts_are_answered(gateway: RunningGateway, host: str, status: int) -> None:
    assert _status(_request(gateway, *_usual(gateway, Host=host))) in ((status, 400) if not host else (status,))


def test_two_host_headers_are_refused(gateway: RunningGateway) -> None:
    assert _status(_request(gateway, *_usual(gateway), "Host: evil.example")) == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://app.example", 200),
        ("HTTPS://APP.example", 200),
        ("SELF", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("https://app.example.evil", 403),
        ("http://localhost:1", 403),
    ],
)
def test_only_pages_of_allowed_origins_may_call(gateway: RunningGateway, origin: str, status: int) -> None:
    origin = f"http://127.0.0.1:{gateway.port}" if origin == "SELF" else origin
    assert _status(_request(gateway, *_usual(gateway, Origin=origin))) == status


def test_a_refusal_of_host_or_origin_comes_before_the_question_who_asks(gateway: RunningGateway) -> None:
    for line in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        for method in ("POST", "GET", "DELETE", "OPTIONS"):
            response = _request(gateway, *_usual(gateway, Authorization="", **line), method=method, body=b"")
            assert _status(response) in (403, 421)


def test_a_page_of_an_allowed_origin_may_look_before_it_calls(gateway: RunningGateway) -> None:
    lines = _usual(
        gateway,
        Authorization="",
        Origin="https://app.example",
        Access_Control_Request_Headers="authorization, mcp-session-id",
    )
    response = _request(gateway, *lines, method="OPTIONS", body=b"")
    assert _status(response) == 204
    assert b"access-control-allow-origin: https://app.example" in response
    assert b"access-control-allow-headers: authorization, mcp-session-id" in response
    assert b"access-control-allow-origin" not in _request(gateway, *_usual(gateway), method="OPTIONS", body=b"")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": ""}, 415),
        ({"Content_Type": "application/json; charset=utf-16"}, 415),
        ({"Content_Type": "application/json; charset=UTF-8"}, 200),
        ({"Content_Encoding": "gzip"}, 415),
        ({"Content_Length": "10001"}, 413),
        ({"Content_Length": "9" * 300}, 413),
        ({"Authorization": f"Bearer {ADMIN_KEY}\r\nX-API-Key: {ADMIN_KEY}"}, 401),
    ],
)
def test_a_body_is_plain_json_of_a_limited_size(gateway: RunningGateway, lines: dict[str, str], status: int) -> None:
    assert _status(_request(gateway, *_usual(gateway, **lines))) in (status, 400 if "9" * 300 in str(lines) else status)


def test_a_chunked_body_is_counted_too(gateway: RunningGateway) -> None:
    body = b"".join(b"3e8\r\n" + b"x" * 1000 + b"\r\n" for _ in range(20)) + b"0\r\n\r\n"
    response = _request(gateway, *_usual(gateway, Transfer_Encoding="chunked"), body=body)
    assert _status(response) == 413
    assert json.loads(response.partition(b"\r\n\r\n")[2])["status"] == 413


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/servers/remote",
        "/servers/remote/mcp/",
        "/servers/../remote/mcp",
        "/servers/none/mcp",
        "/servers//mcp",
        "/servers/remote%2fmcp",
    ],
)
def test_there_is_nothing_at_other_paths(gateway: RunningGateway, path: str) -> None:
    assert _status(_request(gateway, *_usual(gateway), path=path)) == 404
    assert _status(_request(gateway, *_usual(gateway, Authorization=""), path=path)) == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "TRACE", "OPTIONS"])
def test_there_are_no_other_methods(gateway: RunningGateway, method: str) -> None:
    response = _request(gateway, *_usual(gateway), method=method, body=b"")
    assert _status(response) == 405
    assert b"allow: POST, GET, DELETE" in response


def test_health_and_readiness_need_nothing_and_tell_nothing(gateway: RunningGateway) -> None:
    for path in ("/healthz", "/readyz"):
        response = _request(gateway, "Host: 10.0.0.7", method="GET", path=path, body=b"")
        assert _status(response) == 200
        assert response.endswith(b'{"status":"ok"}')


def test_a_client_that_never_finishes_its_head_is_cut_off(gateway: RunningGateway) -> None:
    for said in (b"", b"POST /servers/remote/mcp HTTP/1.1\r\nHost: x\r\nX-Slow: "):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
            connection.sendall(said)
            assert _rest(connection) == b""


def test_a_client_that_drips_its_second_head_is_cut_off_too(gateway: RunningGateway) -> None:
    head = "\r\n".join(["POST /servers/remote/mcp HTTP/1.1", *_usual(gateway), f"Content-Length: {len(CALL)}"])
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + CALL)
        assert b" 200 " in connection.recv(65536)
        with pytest.raises(ConnectionError):
            _send_all(connection, [b"X"] * 200, pause=0.05)


def test_an_endless_head_is_cut_off(gateway: RunningGateway) -> None:
    lines = [b"GET / HTTP/1.1\r\n", *(f"X-{number}: {'y' * 1000}\r\n".encode() for number in range(5000))]
    address = ("127.0.0.1", gateway.port)
    with socket.create_connection(address, timeout=20) as connection, pytest.raises(ConnectionError):
        _send_all(connection, lines)


def test_a_client_that_never_finishes_its_body_is_told_so(gateway: RunningGateway) -> None:
    head = "\r\n".join(["POST /servers/remote/mcp HTTP/1.1", *_usual(gateway), "Content-Length: 5000"])
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + CALL[:20])
        assert _status(_rest(connection)) == 408


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(gateway: RunningGateway) -> None:
    head = "\r\n".join(["POST /servers/remote/mcp HTTP/1.1", *_usual(gateway), "Content-Length: 5000"])
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + CALL[:20])
    assert _status(_request(gateway, *_usual(gateway))) == 200


def test_what_follows_an_unread_body_is_not_taken_for_a_request(gateway: RunningGateway) -> None:
    hidden = f"POST /servers/remote/mcp HTTP/1.1\r\n{chr(13) + chr(10)}".encode() + CALL
    head = "\r\n".join(
        [
            "POST /servers/remote/mcp HTTP/1.1",
            *_usual(gateway, Authorization="Bearer wrong"),
            f"Content-Length: {len(hidden)}",
        ]
    )
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + hidden)
        answer = _rest(connection)
    assert answer.count(b"HTTP/1.1") == 1
    assert _status(answer) == 401


@pytest.mark.parametrize(
    "line",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: xchunked",
        "X : y",
    ],
)
def test_a_request_whose_length_is_in_doubt_is_refused(gateway: RunningGateway, line: str) -> None:
    assert _status(_request(gateway, *_usual(gateway), *line.split("\r\n"))) in (400, 413, 415)


def test_with_a_certificate_it_speaks_tls_only(
    start_gateway: StartGateway, upstream: tuple[ScriptedUpstream, str], tmp_path: Path
) -> None:
    cert, key = _certificate(tmp_path)
    gateway = start_gateway(upstream[1], cert=str(cert), key=str(key))
    assert gateway.base.startswith("https://")
    with httpx.Client(verify=ssl.create_default_context(cafile=str(cert))) as client:
        headers = {
            "authorization": f"Bearer {ADMIN_KEY}",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
        }
        assert client.post(gateway.url(), content=CALL, headers=headers).status_code == 200
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"200 OK" not in _rest(connection)


def test_an_address_that_is_taken_is_an_error_that_says_so(
    start_gateway: StartGateway, gateway: RunningGateway
) -> None:
    with pytest.raises(OSError, match=f"{gateway.port}; is the port in use"):
        start_gateway(port=gateway.port)


def test_the_gateway_ends_though_a_client_listens(
    start_gateway: StartGateway, upstream: tuple[ScriptedUpstream, str]
) -> None:
    gateway = start_gateway(upstream[1])
    with HttpClient(gateway.url()) as client:
        client.initialize()
        with client.open() as stream:
            next(stream)
            gateway.stop()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path
