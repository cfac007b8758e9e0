"""Requests to addresses that people gave us: where they may go, and what may come back."""

# ruff: noqa: RUF001 - letters that look alike are what is tested

import socket
import threading
import time
from typing import Any

import pytest

from chalicelib.channels import https
from chalicelib.channels.https import Answer, NoAnswer, NotAllowed, resolve

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_public_addresses(address: str) -> None:
    """What is of the internet may be connected to, also when it is wrapped for IPv6 (mapped, NAT64)."""
    assert https.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
        "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:0a00:0001::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "4000::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    """Private, loopback, link-local, metadata, multicast, reserved, and each of them wrapped (mapped, 6to4, NAT64)."""
    assert not https.is_public(address)


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("https://Example.COM", "https://example.com/"),
        ("HTTPS://example.com:443/a/b?c=d", "https://example.com/a/b?c=d"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("https://example.com.?x", "https://example.com/?x"),
        ("https://93.184.215.14/", "https://93.184.215.14/"),
        ("https://[2606:2800:21F:0::1]:444/", "https://[2606:2800:21f::1]:444/"),
        ("https://xn--mnchen-3ya.example.com/a%20b", "https://xn--mnchen-3ya.example.com/a%20b"),
    ],
)
def test_urls_have_one_spelling(url: str, spelling: str) -> None:
    """The same place is the same address, however it is written."""
    target = https.read(url, allow_private=False)
    assert str(target) == spelling
    assert https.read(spelling, allow_private=False) == target


@pytest.mark.parametrize(
    "url",
    [
        "", "https://", "https:///x", "example.com", "ftp://example.com", "http://example.com", "javascript:alert(1)",
        "https://user@example.com", "https://user:word@example.com", "https://example.com/#part", "https://example.com#",
        "https://example.com/a b", "https://example.com/\r\nHost: x", "https://exam\nple.com", "https://example.com\\@x",
        "https://example.com\t", "https://münchen.de/", "https://ｅxample.com/", "https://example。com/",
        "https://2130706433/", "https://0177.0.0.1/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/",
        "https://1.2.3.256/", "https://example.1/", "https://example.com:0/", "https://example.com:99999/",
        "https://example.com:8o/", "https://[::1", "https://[fe80::1%25eth0]/", "https://a..b/", "https://-a.com/",
        "https://" + "a" * 64 + ".com/", "https://" + "a." * 130 + "com/", "https://exa%6dple.com/",
        "http://127.0.0.1/", "http://localhost/",
    ],
)  # fmt: skip
def test_what_is_no_https_url(url: str) -> None:
    """User names, fragments, line ends, other scripts, and IP addresses in spellings that some readers know."""
    with pytest.raises(NotAllowed):
        https.read(url, allow_private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://localhost:1/", "http://[::1]/"])
def test_without_tls_on_this_machine_alone(url: str) -> None:
    """For one machine; never to another, also where private networks are allowed."""
    assert str(https.check(url, allow_private=True)) == url
    for other in ("http://10.0.0.1/", "http://example.com/", "http://localhost.example.com/"):
        with pytest.raises(NotAllowed):
            https.read(other, allow_private=True)


def test_a_name_that_leads_to_a_private_network_too(names: dict[str, list[str]]) -> None:
    """All of a host's addresses must be public, not only the first."""
    names["two.example.com"] = ["93.184.215.14", "10.0.0.1"]
    with pytest.raises(NotAllowed, match="public"):
        https.check("https://two.example.com/", allow_private=False)
    https.check("https://two.example.com/", allow_private=True)
    with pytest.raises(NoAnswer, match="not known"):
        https.check("https://nowhere.example.com/", allow_private=False)


def test_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address once; a name that is not there and a name server that says nothing are no error of ours."""
    assert resolve("127.0.0.1", 443) == ["127.0.0.1"]
    assert resolve("::1", 443) == ["::1"]
    release = threading.Event()

    def say_nothing(*_: Any, **__: Any) -> Any:
        release.wait(5)
        raise socket.gaierror

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    for look_up in (fail, say_nothing):
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(https, "CONNECTS_WITHIN", 0.05)
        with pytest.raises(NoAnswer, match="not known"):
            resolve("nowhere.example.com", 443)
    release.set()


def test_rebinding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host is looked up once, and the connection goes to the address that was checked."""
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    connected: list[Any] = []

    def connect(to: Any, timeout: float) -> socket.socket:
        connected.append(to)
        raise ConnectionRefusedError

    monkeypatch.setattr(https, "resolve", lambda host, port: answers.pop(0))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NoAnswer, match="ConnectionRefused"):
        https.post("https://rebinding.example.com/", {}, b"", allow_private=False)
    assert connected == [("93.184.215.14", 443)]
    with pytest.raises(NotAllowed):
        https.post("https://rebinding.example.com/", {}, b"", allow_private=False)
    assert len(connected) == 1


def test_a_post(server: Any) -> None:
    """It comes with its own name (TLS and Host), its headers and its body; no cookies, and no name of a library."""
    with server(OK) as at:
        answer = https.post(at.url, {"X-A": "b"}, b"\x00body", allow_private=True)
    assert answer == Answer(200, b"OK")
    [asked] = at.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hook?a=b HTTP/1.1"
    assert {f"Host: hooks.example.com:{at.port}", "X-A: b", "User-Agent: Gatecall", "Content-Length: 5"} <= set(lines)
    assert not [line for line in lines if line.lower().startswith("cookie")]
    assert body == b"\x00body"


@pytest.mark.parametrize("url", ["https://[2606:2800:21f::1]/a", "https://[2606:2800:21f::face]:8443/a"])
def test_a_host_that_is_an_ipv6_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last group is no port; with the usual port and with another."""
    ours, theirs = socket.socketpair()
    connected: list[Any] = []

    class Plain:
        def wrap_socket(self, plain: socket.socket, server_hostname: str) -> socket.socket:
            connected.append(server_hostname)
            return plain

    monkeypatch.setattr(https, "_trust", Plain)
    monkeypatch.setattr(socket, "create_connection", lambda to, timeout: connected.append(to) or ours)
    with theirs:
        theirs.sendall(OK)
        assert https.post(url, {}, b"body", allow_private=False) == Answer(200, b"OK")
        head = theirs.recv(65536).decode().split("\r\n")
    target = https.read(url, allow_private=False)
    assert connected == [(target.host, target.port), target.host]
    assert (head[0], f"Host: {target.authority}" in head) == ("POST /a HTTP/1.1", True)


def test_a_post_over_ipv6(server: Any) -> None:
    """The whole way, where this machine knows IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")
    with server(OK, with_tls=False, address="::1") as at:
        assert https.post(at.url, {}, b"", allow_private=True).status == 200
    assert f"Host: [::1]:{at.port}".encode() in at.asked[0]


def test_the_second_address_where_the_first_takes_nothing(server: Any, names: dict[str, list[str]]) -> None:
    """A host with IPv6 that does not work from here is still reached."""
    names["hooks.example.com"] = ["127.0.0.2", "127.0.0.1"]
    with server(OK) as at:
        assert https.post(at.url, {}, b"", allow_private=True).status == 200


def test_a_certificate_of_another_name(server: Any, names: dict[str, list[str]]) -> None:
    """Nothing is sent to a server that is not the one that was meant."""
    names["other.example.com"] = ["127.0.0.1"]
    with server(OK) as at, pytest.raises(NoAnswer, match="Cert"):
        https.post(at.url.replace("hooks.", "other."), {}, b"", allow_private=True)
    assert at.asked == []


def test_a_redirect_is_not_followed(server: Any) -> None:
    """It is an answer like any other: what it points at is never asked."""
    with server(b"HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n") as at:
        assert https.post(at.url, {}, b"", allow_private=True).status == 302
    assert len(at.asked) == 1


def test_proxies_of_the_environment_are_not_used(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up again."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with server(OK) as at:
        assert https.post(at.url, {}, b"", allow_private=True).status == 200


def test_an_answer_without_end(server: Any) -> None:
    """Only its first 4 KB are read."""

    def endless(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            client.sendall(b"x" * 65536)

    with server(endless) as at:
        assert https.post(at.url, {}, b"", allow_private=True) == Answer(200, b"x" * 4096)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 "])
def test_a_byte_now_and_then(server: Any, first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who keeps a connection busy without ever answering is cut off when the time is over."""
    monkeypatch.setattr(https, "ANSWERS_WITHIN", 0.3)

    def drip(client: socket.socket) -> None:
        client.sendall(first)
        while True:
            client.sendall(b"x")
            time.sleep(0.02)

    with server(drip) as at, pytest.raises(NoAnswer, match="too long"):
        https.post(at.url, {}, b"", allow_private=True)


def test_a_status_is_an_answer_though_the_rest_stays_out(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that took the message and then hangs has taken it."""
    monkeypatch.setattr(https, "ANSWERS_WITHIN", 0.3)

    def hang(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbeg")
        client.recv(1)

    with server(hang) as at:
        assert https.post(at.url, {}, b"", allow_private=True).status == 200


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 99999]
)
def test_what_is_no_http(server: Any, answer: bytes) -> None:
    """Nonsense is no answer, and no error of ours."""
    with server(answer) as at, pytest.raises(NoAnswer):
        https.post(at.url, {}, b"", allow_private=True)


def test_nobody_there() -> None:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(NoAnswer):
        https.post(f"http://127.0.0.1:{port}/", {}, b"", allow_private=True)


def test_a_header_that_would_add_another(server: Any) -> None:
    """Line ends in a header are an error, not a second header."""
    with server(OK) as at, pytest.raises(ValueError, match="header"):
        https.post(at.url, {"X-A": "b\r\nX-C: d"}, b"", allow_private=True)
    assert not any(b"X-C" in asked for asked in at.asked)
