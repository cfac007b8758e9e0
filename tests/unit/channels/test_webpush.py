"""Web Push: read again by what stands in the RFCs, not by the library that wrote it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chalicelib.channels import addresses, webpush
from chalicelib.channels.model import Channel, Outcome, Receipt
from chalicelib.core import config
from chalicelib.core.errors import Unavailable

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
SERVER = ec.derive_private_key(3, ec.SECP256R1())
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

# RFC 8291, section 5 and appendix A.
BROWSER_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
BROWSER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
OF_THE_RFC = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def hkdf(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def decrypt(body: bytes) -> tuple[bytes, int]:
    """RFC 8188, section 2, with the keys of RFC 8291, section 3.4. Returns the text, and the record size."""
    salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
    sender, sealed = body[21 : 21 + length], body[21 + length :]
    private = ec.derive_private_key(int.from_bytes(raw(BROWSER_PRIVATE)), ec.SECP256R1())
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    key = hkdf(raw(AUTH), shared, b"WebPush: info\0" + raw(BROWSER_PUBLIC) + sender, 32)
    opened = AESGCM(hkdf(salt, key, b"Content-Encoding: aes128gcm\0", 16)).decrypt(
        hkdf(salt, key, b"Content-Encoding: nonce\0", 12), sealed, None
    )
    text, delimiter = opened.rstrip(b"\0")[:-1], opened.rstrip(b"\0")[-1:]
    assert delimiter == b"\2"  # the last record
    return text, size


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployment's VAPID key."""
    pem = SERVER.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    monkeypatch.setattr(webpush, "secret", {"vapid-key": pem}.__getitem__)


def subscription(url: str) -> str:
    given = {"endpoint": url, "keys": {"p256dh": BROWSER_PUBLIC, "auth": AUTH}}
    return addresses.parse(Channel.WEBPUSH, json.dumps(given)).value


def send(url: str, payload: bytes = b"{}", topic: str = "t") -> Receipt:
    return webpush.send(subscription(url), payload, topic=topic, urgent=True, now=NOW)


def test_the_reader_of_these_tests() -> None:
    """It reads the example of RFC 8291, so what it reads below is right."""
    assert decrypt(raw(OF_THE_RFC)) == (b"When I grow up, I want to be a watermelon", 4096)


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("payload", [b"", b'{"title":"Gate B7"}', b"x" * webpush.LARGEST])
def test_a_browser_reads_it(server: Any, payload: bytes) -> None:
    """Encrypted for this browser alone, at most 4096 bytes; no two messages are encrypted alike."""
    with server(CREATED) as at:
        assert send(at.url, payload) == Receipt(Outcome.ACCEPTED)
        assert send(at.url, payload) == Receipt(Outcome.ACCEPTED)
    one, other = (asked.partition(b"\r\n\r\n")[2] for asked in at.asked)
    assert decrypt(one) == decrypt(other) == (payload, 4096)
    assert one != other
    assert one[:86] != other[:86]
    assert len(one) <= 4096


@pytest.mark.usefixtures("anywhere")
def test_the_server_shows_who_it_is(server: Any) -> None:
    """VAPID: a token for this push service's origin, for less than a day, with a contact, by the key browsers know."""
    with server(CREATED) as at:
        send(at.url, topic="UA1545-20260710-EWR")
    headers = dict(line.split(": ", 1) for line in at.asked[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
    token, shown = headers["Authorization"].removeprefix("vapid t=").split(", k=")
    assert shown == webpush.public_key()
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(webpush.public_key()))
    assert key == SERVER.public_key()
    origin = f"https://hooks.example.com:{at.port}"
    claims = jwt.decode(token, key, algorithms=["ES256"], audience=origin, options={"verify_exp": False})
    assert claims["sub"] == "mailto:flights@example.com"
    assert timedelta() < datetime.fromtimestamp(claims["exp"], UTC) - NOW < timedelta(hours=24)
    assert headers["Content-Encoding"] == "aes128gcm"
    assert (headers["Urgency"], headers["Topic"]) == ("high", "UA1545-20260710-EWR")
    assert int(headers["TTL"]) > 0


@pytest.mark.usefixtures("anywhere")
def test_a_deployment_without_email(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its contact is its own address in the web."""
    monkeypatch.setenv("EMAIL_SENDER", "")
    config.config.cache_clear()
    with server(CREATED) as at:
        send(at.url)
    token = at.asked[0].split(b"vapid t=")[1].split(b",")[0].decode()
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == "https://flights.test"


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED), (201, Outcome.ACCEPTED), (202, Outcome.ACCEPTED), (302, Outcome.REFUSED),
        (400, Outcome.REFUSED), (403, Outcome.REFUSED), (404, Outcome.GONE), (410, Outcome.GONE),
        (413, Outcome.REFUSED), (429, Outcome.LATER), (500, Outcome.LATER), (503, Outcome.LATER),
    ],
)  # fmt: skip
def test_answers(server: Any, status: int, outcome: Outcome) -> None:
    """Each status of a push service is understood, and nothing is sent twice."""
    with server(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: /m/1\r\n\r\n".encode()) as at:
        assert send(at.url).outcome is outcome
    assert len(at.asked) == 1


@pytest.mark.usefixtures("anywhere")
def test_topics(server: Any) -> None:
    """Any topic makes a header of at most 32 characters that RFC 8030 allows; the same for the same."""
    with server(CREATED) as at:
        for topic in ("a b", "x" * 33, "é\r\nX: y", "a b"):
            send(at.url, topic=topic)
    topics = [asked.split(b"Topic: ")[1].split(b"\r\n")[0].decode() for asked in at.asked]
    assert all(len(topic) == 32 and topic.replace("-", "").replace("_", "").isalnum() for topic in topics)
    assert topics[0] == topics[3]
    assert len(set(topics)) == 3


def test_too_large() -> None:
    """A payload that push services need not take is not sent."""
    assert send("https://push.example.com/s", b"x" * (webpush.LARGEST + 1)).outcome is Outcome.REFUSED


def test_a_push_service_in_a_private_network(names: dict[str, list[str]]) -> None:
    """It was public when it was given, and nothing goes there now."""
    to = subscription("https://push.example.com/s")
    names["push.example.com"] = ["169.254.169.254"]
    assert webpush.send(to, b"", topic="t", urgent=False, now=NOW).outcome is Outcome.REFUSED
    names["push.example.com"] = []
    assert webpush.send(to, b"", topic="t", urgent=False, now=NOW).outcome is Outcome.LATER


def test_a_key_that_is_padded_is_the_same_address() -> None:
    """Some browsers' libraries pad base64url."""
    padded = {"endpoint": "https://push.example.com/s", "keys": {"p256dh": BROWSER_PUBLIC + "=", "auth": AUTH + "=="}}
    assert addresses.parse(Channel.WEBPUSH, json.dumps(padded)).value == subscription("https://push.example.com/s")
    assert urlsafe_b64encode(raw(AUTH)).decode() == AUTH + "=="


def test_a_key_that_cant_be_read_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message may be taken later."""

    def secret(name: str) -> str:
        raise Unavailable(f"the secret {name} can't be read")

    monkeypatch.setattr(webpush, "secret", secret)
    assert send("https://push.example.com/s").outcome is Outcome.LATER
