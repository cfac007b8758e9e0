"""The one place from which requests go to addresses that people gave us: webhooks, and browsers' push services.

Such an address must not lead into our own network, nor to the cloud's metadata (server-side request forgery). So a host
is looked up once, every address it has must be public, and the connection goes to the very address that was checked:
a name that leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are not followed; no proxy, no
cookies.
"""

import http.client
import ipaddress
import re
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import Thread, Timer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECTS_WITHIN = 3  # seconds
ANSWERS_WITHIN = 15  # seconds, in all (Standard Webhooks: 15 to 30)
MOST_OF_AN_ANSWER = 4096  # bytes
MOST_ADDRESSES = 4  # of one host that are tried

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PORTS = {"https": 443, "http": 80}


class NotAllowed(Exception):
    """No request may go to this address; the message says why."""


class NoAnswer(Exception):
    """The host is not known, can't be reached, breaks off or takes too long. It may have got the request."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes  # its beginning


class Target(NamedTuple):
    """A URL in its parts; str() gives its one spelling."""

    scheme: str
    host: str  # lower case; an IPv6 address without brackets
    port: int
    path: str  # with the query

    @property
    def authority(self) -> str:
        """The host as URLs and the Host header have it: with its port, unless it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def check(url: str, *, allow_private: bool) -> Target:
    """Read a URL, and see that its host is known and public. Raises NotAllowed, NoAnswer.

    With `allow_private` nothing is looked up: an address in any network will do.
    """
    target = read(url, allow_private=allow_private)
    if not allow_private:
        locate(target, allow_private=False)
    return target


def read(url: str, *, allow_private: bool) -> Target:
    """Read a URL. Raises NotAllowed. Without TLS it is one only with `allow_private`, and on this machine."""
    # urlsplit forgives much (it drops line ends), and what one reader forgives another reads differently.
    if not re.fullmatch(r"[!-~]+", url) or re.search(r'[\\"<>^`{|}]', url):
        raise NotAllowed("holds characters that no URL has; an international domain is written as xn--…")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("is no URL") from None
    host = _host(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private and _is_this_machine(host)):
        raise NotAllowed("does not begin with https://")
    if "@" in parts.netloc or "#" in url:
        raise NotAllowed("holds a user name, a password or a fragment (#)")
    if port == 0:
        raise NotAllowed("has no port that can be used")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def locate(target: Target, *, allow_private: bool) -> list[str]:
    """The IP addresses of a host. Raises NotAllowed where one of them is not public, NoAnswer where there is none."""
    addresses = resolve(target.host, target.port)
    if not addresses:
        raise NoAnswer("leads to a host that is not known")
    if not allow_private and not all(map(is_public, addresses)):
        raise NotAllowed("does not lead to a public network")
    return addresses[:MOST_ADDRESSES]


def resolve(host: str, port: int) -> list[str]:
    """Look a host up, for 3 seconds at most. Raises NoAnswer."""
    found: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(address[0]) for *_, address in answers)))
        except (OSError, UnicodeError) as error:
            found.set_exception(error)

    Thread(target=look_up, daemon=True).start()  # getaddrinfo knows no time-out
    try:
        return found.result(CONNECTS_WITHIN)
    except (OSError, UnicodeError, TookTooLong):
        raise NoAnswer("leads to a host that is not known") from None


def is_public(address: str) -> bool:
    """Whether an IP address, and each IPv4 address that is wrapped in it, is one of the internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            wrapped.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        inner = [each for each in wrapped if each]
        if inner:
            return all(is_public(str(each)) for each in inner)
        if int(ip) >> 125 != 1:  # outside of 2000::/3 nothing is given out (RFC 4291, section 2.4; IANA)
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def post(url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool) -> Answer:
    """Send a POST; every status is an answer. Raises NotAllowed, NoAnswer."""
    target = read(url, allow_private=allow_private)
    end = time.monotonic() + ANSWERS_WITHIN
    addresses = locate(target, allow_private=allow_private)
    try:
        with closing(_connect(addresses, target.port, end)) as plain, _cut_off(plain, end):
            plain.settimeout(_left(end))
            sock = _trust().wrap_socket(plain, server_hostname=target.host) if target.scheme == "https" else plain
            with closing(sock):
                connection = http.client.HTTPConnection(target.host, target.port)
                connection.sock = sock  # so that it opens none by itself
                head = {"User-Agent": "Gatecall", **headers, "Host": target.authority}
                connection.request("POST", target.path, body, head)
                with closing(connection.getresponse()) as response:
                    return Answer(response.status, _beginning(response))
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer("it took too long" if _left(end) < 0.01 else type(error).__name__) from None


def _connect(addresses: list[str], port: int, end: float) -> socket.socket:
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), min(CONNECTS_WITHIN, _left(end)))
    return socket.create_connection((addresses[-1], port), min(CONNECTS_WITHIN, _left(end)))


@contextmanager
def _cut_off(sock: socket.socket, end: float) -> Iterator[None]:
    """End a connection at that time, whatever goes on: time-outs of sockets are for one read only, and who sends a byte
    now and then would hold us for hours.
    """  # fmt: skip
    with closing(sock.dup()) as same:  # TLS takes the socket away
        watch = Timer(_left(end), lambda: _shut(same))
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            watch.join()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it has ended
        sock.shutdown(socket.SHUT_RDWR)


def _beginning(response: http.client.HTTPResponse) -> bytes:
    with suppress(OSError, http.client.HTTPException):  # the status has said it
        return response.read(MOST_OF_AN_ANSWER)
    return b""


def _left(end: float) -> float:
    return max(end - time.monotonic(), 0.001)


@cache
def _trust() -> Any:
    """Certificates are checked against the system's roots, and names against the certificates."""
    import ssl

    return ssl.create_default_context()


def _host(host: str) -> str:
    """A host in its one spelling. Raises NotAllowed."""
    host = host.lower().removesuffix(".")
    with suppress(ValueError):
        ip = ipaddress.ip_address(host)
        if "%" not in host:
            return str(ip)
    labels = host.split(".")
    # "Ends in a number" (WHATWG URL, section 3.5): 2130706433, 0177.0.0.1 and 0x7f.1 are IPv4 addresses to some.
    is_name = len(host) <= 253 and all(map(_LABEL.fullmatch, labels))
    if not is_name or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise NotAllowed("has no host, or one that is written in no usual way")
    return host


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
