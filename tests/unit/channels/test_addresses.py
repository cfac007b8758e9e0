"""Addresses are read into one spelling, or refused with what would be right."""

# ruff: noqa: RUF001 - letters that look alike are what is tested
import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.channels import addresses
from chalicelib.channels.model import Address, Channel
from chalicelib.core.errors import Invalid

POINT = (
    ec.derive_private_key(7, ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
)
TOKEN = "cK7-x_" + "Ab3:" * 36


def text(binary: bytes) -> str:
    return urlsafe_b64encode(binary).decode()


def subscription(endpoint: object = "https://push.example.com/s/1", p256dh: object = None, auth: object = None) -> str:
    keys = {"p256dh": text(POINT) if p256dh is None else p256dh, "auth": text(b"a" * 16) if auth is None else auth}
    return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})


@pytest.mark.parametrize(
    ("channel", "given", "value"),
    [
        (Channel.EMAIL, "Ada.L+x@Example.COM", "ada.l+x@example.com"),
        (Channel.EMAIL, " ada@example.com ", "ada@example.com"),
        (Channel.EMAIL, "ada@Bücher.example.com", "ada@xn--bcher-kva.example.com"),
        (Channel.SMS, "+1 (202) 555-0123", "+12025550123"),
        (Channel.SMS, "+44 7912 345678", "+447912345678"),
        (Channel.SMS, "+33612345678", "+33612345678"),
        (Channel.PUSH, f"fcm:{TOKEN}", f"fcm:{TOKEN}"),
        (Channel.PUSH, "apns:" + "AB" * 32, "apns:" + "ab" * 32),
        (Channel.WEBHOOK, "https://EXAMPLE.com:443/hook?a=B", "https://example.com/hook?a=B"),
    ],
)
def test_one_spelling(channel: Channel, given: str, value: str) -> None:
    """However it is written, and read again, it is the same address."""
    assert addresses.parse(channel, given) == Address(channel, value)
    assert addresses.parse(channel, value).value == value


def test_a_browsers_subscription() -> None:
    """Its order, its spaces, its padding and its expiry are nothing that tells two addresses apart."""
    value = addresses.parse(Channel.WEBPUSH, subscription()).value
    assert json.loads(value) == {
        "endpoint": "https://push.example.com/s/1",
        "keys": {"auth": text(b"a" * 16).rstrip("="), "p256dh": text(POINT).rstrip("=")},
    }
    assert addresses.parse(Channel.WEBPUSH, value).value == value
    assert " " not in value


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        *[
            (Channel.EMAIL, each)
            for each in (
                "", "ada", "@example.com", "ada@", "ada@localhost", "ada@example..com", "ada@example.com\n",
                "ada\r\nBcc: eve@example.com@example.com", "ada@example.com,eve@example.com", "Ada <ada@example.com>",
                "ada@[127.0.0.1]", '"a b"@example.com', "аda@example.com", "ada\u202e@example.com",
                "ada@exam\x00ple.com",
                "a" * 65 + "@example.com", "ada@" + "a" * 60 + ".com" * 60, "a" * 10_000 + "@example.com",
                "😀@example.com",
            )
        ],
        *[
            (Channel.SMS, each)
            for each in (
                "", "+", "+1", "2025550123", "0012025550123", "+1202555012", "+1 202 555 01234567", "+999123456789",
                "+1 900 555 0123", "+44 909 879 0000", "+44 843 123 4567", "+1-202-555-0123 ext 5", "tel:+12025550123",
                "+1800FLOWERS", "+１２０２５５５０１２３", "+1\n2025550123", "+12025550123\n", "+1202555😀0123",
                "+" + "1" * 10_000, "+٣٣٦١٢٣٤٥٦٧٨",
            )
        ],
        *[
            (Channel.PUSH, each)
            for each in (
                "", TOKEN, "fcm:", "fcm:short", f"FCM:{TOKEN}", f"fcm:{TOKEN} ;", f"fcm:{TOKEN}\n",
                "fcm:" + "a" * 10_000,
                "apns:" + "ab" * 31, "apns:" + "ab" * 32 + "a", "apns:" + "xy" * 32, "apns:" + "ab" * 101,
                "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/test/1",
            )
        ],
        *[
            (Channel.WEBPUSH, each)
            for each in (
                "", "{}", "[]", "null", "1", '"x"', "[" * 2999, "{" * 10_000, subscription(endpoint=1),
                subscription(endpoint="http://push.example.com/s"), subscription(endpoint="https://10.0.0.1/s"),
                subscription(endpoint="https://nowhere.example.com/s"), subscription(p256dh=text(POINT[:-1])),
                subscription(p256dh=text(POINT[:-1] + b"x")), subscription(p256dh=text(b"\x04" + b"\0" * 64)),
                subscription(p256dh=5), subscription(auth=text(b"a" * 15)), subscription(auth="!" * 22),
                subscription(p256dh=text(POINT) + "\n"),
            )
        ],
        *[
            (Channel.WEBHOOK, each)
            for each in (
                "", "https://127.0.0.1", "https://[::ffff:10.0.0.1]", "https://169.254.169.254/latest/meta-data",
                "https://[::1]:8000/", "https://2130706433/", "https://0177.0.0.1/", "https://nowhere.example.com/",
                "http://example.com/", "https://user@example.com/", "https://example.com/#x", "https://ехample.com/",
                "https://example.com/\n", "https://example.com/" + "a" * 500, "https://" + "a" * 10_000,
            )
        ],
    ],
)  # fmt: skip
def test_what_is_no_address(channel: Channel, given: str) -> None:
    """Other scripts, line ends, far too long, special rates, private networks: refused, and said where and why."""
    with pytest.raises(Invalid) as refusal:
        addresses.parse(channel, given)
    [fault] = refusal.value.faults
    assert (fault.place, fault.name) == ("body", "address")
    assert len(fault.detail) < 200
    assert "\n" not in fault.detail


@example(Channel.EMAIL, "a\ud800@example.com")
@example(Channel.EMAIL, "a@\ud800.com")
@example(Channel.WEBPUSH, '{"endpoint": "https://\\ud800/", "keys": {"p256dh": "\\ud800", "auth": ""}}')
@example(Channel.WEBHOOK, "https://\ud800/")
@given(st.sampled_from(Channel), st.text() | st.from_regex(r"(https://|\+|fcm:|[a-z]@)[\x20-\x7e]*"))
def test_whatever_is_given(channel: Channel, given: str) -> None:
    """Any text is an address in one spelling, or Invalid: nothing else is raised."""
    try:
        address = addresses.parse(channel, given)
    except Invalid:
        return
    assert addresses.parse(channel, address.value) == address
    assert addresses.hidden(address)


@pytest.mark.usefixtures("anywhere")
def test_on_one_machine() -> None:
    """Where the setting allows it, webhooks go to this machine too; nothing is looked up."""
    for url in ("http://127.0.0.1:9000/hook", "https://nowhere.internal/hook", "https://10.0.0.1/"):
        assert addresses.parse(Channel.WEBHOOK, url).value == url
    with pytest.raises(Invalid):
        addresses.parse(Channel.WEBHOOK, "http://10.0.0.1/")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (Address(Channel.EMAIL, "ada@example.com"), "a…@example.com"),
        (Address(Channel.SMS, "+12025550189"), "+1…89"),
        (Address(Channel.PUSH, "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/test/0-a1b2"), "app …a1b2"),
        (Address(Channel.WEBHOOK, "https://example.com:444/hooks/secret"), "https://example.com:444/…"),
        (Address(Channel.WEBPUSH, subscription()), "https://push.example.com/…"),
    ],
)
def test_hidden(address: Address, shown: str) -> None:
    """Its owner knows it again; who looks over the shoulder can't use it."""
    assert addresses.hidden(address) == shown
