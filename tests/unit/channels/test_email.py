"""What an email may hold, and how many go in one call."""

import json

import pytest

from chalicelib.channels import email
from chalicelib.channels.email import Email
from chalicelib.core import config


@pytest.mark.parametrize(
    "to",
    ["a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", "A <a@example.com>", "", "ä@example.com"],
)
def test_no_second_recipient_and_no_header_in_an_address(to: str) -> None:
    """An email that could carry somebody's own header can't be made."""
    with pytest.raises(ValueError, match="header"):
        Email(to, "s", "t", "h")


@pytest.mark.parametrize(
    "link", ["https://f.test/u>\r\nBcc: b@example.com", "https://f.test/a b", "https://f.test/,<x>"]
)
def test_no_header_in_a_link(link: str) -> None:
    """The link of List-Unsubscribe is one link."""
    with pytest.raises(ValueError, match="header"):
        Email("a@example.com", "s", "t", "h", link)


def test_as_many_at_once_as_ses_takes() -> None:
    """Fifty; fewer where they are large, since a call of more than 1 MB is refused whole; one always."""
    small = Email("a@example.com", "s", "t", "h")
    assert email.at_once([]) == 0
    assert email.at_once([small] * 3) == 3
    assert email.at_once([small] * 60) == 50
    large = Email("a@example.com", "s", "t", "€" * 9_000)  # 6 bytes each, as they are sent
    assert email.at_once([large] * 50) == 18
    assert email.at_once([Email("a@example.com", "s", "t", "h" * 2_000_000)] * 2) == 1
    with pytest.raises(ValueError, match="too many"):
        email.send([small] * 51)


def test_no_more_at_once_than_go_in_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """SES throttles the rest of a call that is larger than the account's rate."""
    monkeypatch.setenv("EMAIL_RATE", "14")
    config.config.cache_clear()
    try:
        assert email.at_once([Email("a@example.com", "s", "t", "h")] * 50) == 14
    finally:
        config.config.cache_clear()


def test_an_entry() -> None:
    """One line of subject, and the headers of one click (RFC 8058) for who can unsubscribe."""
    entry = email._entry(Email("a@example.com", "a\r\nBcc: b\u2028c", "t", "<b>€</b>", "https://f.test/u?t=1"))
    data = json.loads(entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
    assert data == {"subject": "a Bcc: b c", "text": "t", "html": "<b>€</b>"}
    assert entry["ReplacementHeaders"] == [
        {"Name": "List-Unsubscribe", "Value": "<https://f.test/u?t=1>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]
    assert "ReplacementHeaders" not in email._entry(Email("a@example.com", "s", "t", "h"))


def test_who_writes_is_the_name_of_the_sender():
    """Else the domain, so that a reader knows at all."""
    assert email.brand("Example Air <flights@example.com>") == "Example Air"
    assert email.brand("flights@example.com") == "example.com"
    assert email.brand("") == "Gatecall"
