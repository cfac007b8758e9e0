"""A resolver that asks nobody, and servers on this machine."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.channels import https
from chalicelib.core import config

NAME = "hooks.example.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What host names lead to; a test changes it. IP addresses lead to themselves, all else nowhere."""
    known = {"example.com": ["93.184.215.14"], "push.example.com": ["2606:2800:21f::1", "93.184.215.15"]}

    def resolve(host: str, _: int) -> list[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            return known.get(host, [])

    monkeypatch.setattr(https, "resolve", resolve)
    return known


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """WEBHOOKS_TO is "anywhere"."""
    monkeypatch.setenv("WEBHOOKS_TO", "anywhere")
    config.config.cache_clear()
    yield
    config.config.cache_clear()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hooks.example.com, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


Serve = Callable[[socket.socket], None]


@pytest.fixture
def server(certificate: Path, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """`with server(answer) as at:` serves hooks.example.com by TLS; at.url, and at.asked: what it was asked."""
    names[NAME] = ["127.0.0.1"]
    trust = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(https, "_trust", lambda: trust)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    @contextmanager
    def serving(
        answer: bytes | Serve, *, with_tls: bool = True, address: str = "127.0.0.1"
    ) -> Iterator[SimpleNamespace]:
        asked: list[bytes] = []

        def serve_one(plain: socket.socket) -> None:
            client = tls.wrap_socket(plain, server_side=True) if with_tls else plain
            with client:
                client.settimeout(5)
                asked.append(_request(client))
                if callable(answer):
                    answer(client)
                else:
                    client.sendall(answer)

        def serve(listening: socket.socket) -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                with plain:
                    try:
                        serve_one(plain)
                    except OSError:  # it has gone
                        continue

        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.create_server((address, 0), family=family) as listening:
            thread = threading.Thread(target=serve, args=[listening], daemon=True)
            thread.start()
            port = listening.getsockname()[1]
            scheme, host = ("https", NAME) if with_tls else ("http", f"[{address}]" if ":" in address else address)
            yield SimpleNamespace(url=f"{scheme}://{host}:{port}/hook?a=b", asked=asked, port=port)
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    return serving


def _request(client: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += client.recv(65536) or b"\r\n\r\n"
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(line.split()[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")), 0)
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
