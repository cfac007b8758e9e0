"""What becomes of a message to a connection."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.core import aws
from chalicelib.live import wire
from chalicelib.live.wire import Sent, callback, post


@pytest.fixture(autouse=True)
def own_clients() -> Iterator[None]:
    """No client is shared with other tests."""
    aws._client.cache_clear()
    yield
    aws._client.cache_clear()


@contextmanager
def answering(response: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives each connection this answer, or none; gives its address, and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    request = client.recv(65536)
                    if not request:
                        continue
                    asked.append(request)
                    if response is None:
                        client.recv(1)  # until the other side gives up
                    else:
                        client.sendall(response)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield callback(f"127.0.0.1:{server.getsockname()[1]}", "test"), asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def http(status: int, body: bytes = b"", kind: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    return (head + (f"x-amzn-ErrorType: {kind}\r\n" if kind else "") + "\r\n").encode() + body


@pytest.mark.parametrize(
    ("response", "sent"),
    [
        (http(200), Sent.YES),
        (http(410, b'{"message": "410"}', "GoneException"), Sent.GONE),
        (http(410), Sent.GONE),  # API Gateway sends this one too
        (http(429, b"{}", "LimitExceededException"), Sent.FULL),
        (http(413, b"{}", "PayloadTooLargeException"), Sent.UNKNOWN),
        (http(403, b"{}", "ForbiddenException"), Sent.UNKNOWN),
        (http(500), Sent.UNKNOWN),
        (http(504, b"<html>"), Sent.UNKNOWN),
        (b"nonsense\r\n\r\n", Sent.UNKNOWN),
    ],
)
def test_answers(response: bytes, sent: Sent) -> None:
    """Each answer is understood, and the message is sent once: after an unclear answer, too, it may have arrived."""
    with answering(response) as (address, asked):
        assert post("L0SM9cOFvHcCIhw=", address, b'{"type":"pong"}') is sent
    assert len(asked) == 1
    assert asked[0].startswith(b"POST /test/@connections/L0SM9cOFvHcCIhw%3D HTTP/1.1")


def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose answer stays out is given up after its time, and not tried again."""
    monkeypatch.setattr(wire, "ANSWERS_WITHIN", 0.2)
    with answering(None) as (address, asked):
        assert post("c", address, b"{}") is Sent.UNKNOWN
    assert len(asked) == 1


def test_nobody_there() -> None:
    """An address at which nobody answers is no error of ours."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert post("c", f"http://127.0.0.1:{port}/test", b"{}") is Sent.UNKNOWN


@pytest.mark.parametrize(
    ("domain", "address"),
    [
        ("abc.execute-api.us-east-1.amazonaws.com", "https://abc.execute-api.us-east-1.amazonaws.com/dev"),
        ("live.example.com", "https://live.example.com/dev"),
        ("localhost:8001", "http://localhost:8001/dev"),
        ("127.0.0.1:8001", "http://127.0.0.1:8001/dev"),
        ("[::1]:8001", "http://[::1]:8001/dev"),
        ("localhost.example.com", "https://localhost.example.com/dev"),
    ],
)
def test_callback(domain: str, address: str) -> None:
    """A connection is called back where it came in; without TLS on this machine alone."""
    assert callback(domain, "dev") == address
