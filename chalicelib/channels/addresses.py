"""Addresses as people and programs give them, read into their one spelling, and as they may be shown again."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlsplit

from chalicelib.channels import https
from chalicelib.channels.model import Address, Channel
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid

LONGEST = {Channel.EMAIL: 254, Channel.SMS: 40, Channel.PUSH: 2048, Channel.WEBPUSH: 3000, Channel.WEBHOOK: 500}


def parse(channel: Channel, given: str) -> Address:
    """Read an address. Raises Invalid, which says what would be right.

    A webhook and a browser's push service must be in the public internet: their host is looked up. The address of an
    app is not one to send to yet: `push.register`.
    """
    given = given.strip(" ")
    if len(given) > LONGEST[channel]:
        raise _invalid(f"is longer than {LONGEST[channel]} characters")
    read = {
        Channel.EMAIL: _email,
        Channel.SMS: _number,
        Channel.PUSH: _token,
        Channel.WEBPUSH: _subscription,
        Channel.WEBHOOK: _url,
    }[channel]
    return Address(channel, read(given))


def hidden(address: Address) -> str:
    """An address as its own owner may see it: enough to know it, too little to use it."""
    value = address.value
    match address.channel:
        case Channel.EMAIL:
            return f"{value[0]}…@{value.rpartition('@')[2]}"
        case Channel.SMS:
            return f"{value[:2]}…{value[-2:]}"
        case Channel.PUSH:
            return f"app …{value[-4:]}"
        case Channel.WEBPUSH:
            value = json.loads(value)["endpoint"]
    return f"https://{urlsplit(value).netloc}/…"


def mailbox(address: Address) -> str:
    """Who most likely reads what goes to an address: ada+1@ and Ada@, or a browser whose keys are left out.

    By that is counted and refused: nobody is to fill a mailbox by asking in a hundred spellings. Google's has no dots.
    """
    if address.channel is Channel.WEBPUSH:
        return f"webpush {json.loads(address.value)['endpoint']}"
    if address.channel is not Channel.EMAIL:
        return address.id
    local, _, domain = address.value.rpartition("@")
    local = local.partition("+")[0].lower()
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _email(given: str) -> str:
    """RFC 5321, without quoted and without international local parts, which SES does not take; the domain in ASCII.

    In small letters, as no provider tells Ada@ from ada@ (section 2.4 advises against it), and keyboards write both.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(given, allow_smtputf8=False, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise _invalid("is no email address, such as ada@example.com") from None
    assert checked.ascii_email
    return checked.ascii_email.lower()


def _number(given: str) -> str:
    """E.164."""
    wanted = "is no phone number with + and the country's code, such as +1 202 555 0123"
    if not re.fullmatch(r"\+[0-9][0-9 ().-]{5,38}", given):
        raise _invalid(wanted)
    import phonenumbers
    from phonenumbers import PhoneNumberType

    try:
        number = phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        raise _invalid(wanted) from None
    if not phonenumbers.is_valid_number(number):
        raise _invalid(wanted)
    if phonenumbers.number_type(number) in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST):
        raise _invalid("is a number at a special rate, to which no SMS is sent")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _token(given: str) -> str:
    kind, _, token = given.partition(":")
    if kind == "fcm" and re.fullmatch(r"[A-Za-z0-9_:-]{32,2000}", token):
        return given
    # 32 bytes today; Apple asks not to count on that.
    if kind == "apns" and re.fullmatch(r"([0-9A-Fa-f]{2}){32,100}", token):
        return f"apns:{token.lower()}"
    raise _invalid(
        "is no app's token: fcm: and a registration token, or apns: and a device token in hexadecimal digits"
    )


def _subscription(given: str) -> str:
    """What a browser's PushSubscription gives as JSON (W3C Push API); its expirationTime is not kept."""
    wanted = "is no browser's PushSubscription as JSON, with endpoint, keys.p256dh and keys.auth"
    try:
        subscription = json.loads(given)
        endpoint, keys = subscription["endpoint"], subscription["keys"]
        p256dh, auth = _bytes(keys["p256dh"]), _bytes(keys["auth"])
        if not isinstance(endpoint, str) or len(auth) != 16 or len(p256dh) != 65:
            raise ValueError(endpoint)
        _check_point(p256dh)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _invalid(wanted) from None
    compact = {"endpoint": _url(endpoint), "keys": {"auth": _text(auth), "p256dh": _text(p256dh)}}
    return json.dumps(compact, separators=(",", ":"))


def _check_point(point: bytes) -> None:
    """Raise ValueError where it is none of P-256 (RFC 8291, section 3.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _bytes(base64url: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", base64url):
        raise ValueError(base64url)
    return urlsafe_b64decode(base64url.rstrip("=") + "==")


def _text(binary: bytes) -> str:
    return urlsafe_b64encode(binary).rstrip(b"=").decode()


def _url(given: str) -> str:
    try:
        return str(https.check(given, allow_private=config().webhooks_to == "anywhere"))
    except (https.NotAllowed, https.NoAnswer) as error:
        raise _invalid(f"{error}; it is a URL such as https://example.com/hooks/flights") from None


def _invalid(detail: str) -> Invalid:
    return Invalid(f"the address {detail}", [Fault("body", "address", detail)])
