"""The port of payments: where a payer may be sent back to, and how the bank's page shows a charge."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.booking import payments
from chalicelib.booking.payments import Charged, Outcome, Reason, pages, simulated
from chalicelib.booking.payments.simulated import Challenge
from chalicelib.core import config
from chalicelib.core.errors import Invalid, Unavailable

OURS = "https://flights.test"  # tests/conftest.py
CHARGED = Charged("K3M9TZ-1", 123456, "USD", Outcome.CHALLENGE, "sim_1", challenge_url=f"{OURS}/v1/payments/x")


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("/", f"{OURS}/"),
        ("/trips/K3M9TZ?step=paid#seats", f"{OURS}/trips/K3M9TZ?step=paid#seats"),
        (f"{OURS}/trips/K3M9TZ", f"{OURS}/trips/K3M9TZ"),
    ],
)
def test_a_page_of_ours_is_a_path_or_begins_with_our_url(url: str, page: str) -> None:
    """Both give the whole URL."""
    assert payments.page_of_ours(url) == page


@pytest.mark.parametrize(
    "url",
    [
        "", "trips", " /trips", "/trips/é", "//evil.example/", "/\\evil.example/", "\\\\evil.example",
        "https://evil.example/", f"{OURS}.evil.example/", f"{OURS}@evil.example/", f"{OURS}:444/", "http://flights.test/",
        f"{OURS}//evil.example", "javascript:alert(1)", "data:text/html,x", "/trips\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "/" + "a" * 2000,
    ],
)  # fmt: skip
def test_no_other_page_is_returned_to(url: str) -> None:
    """Strangers' hosts, other schemes, what breaks headers, and what browsers read in another way."""
    with pytest.raises(Invalid) as refused:
        payments.page_of_ours(url)
    assert [fault.name for fault in refused.value.faults] == ["return_url"]


@given(st.text(alphabet=st.sampled_from("/\\@:.?#%a\t\r\n é") | st.characters()).map(lambda text: text[:60]))
@example("/..//evil.example")
@example("/%2f/evil.example")
def test_whatever_is_asked_for_nobody_is_sent_to_a_stranger(text: str) -> None:
    """What is taken is on our host, and of characters that a header may hold."""
    for url in (text, f"/{text}", f"{OURS}{text}", f"{OURS}/{text}"):
        try:
            page = payments.page_of_ours(url)
        except Invalid:
            continue
        assert urlsplit(page)[:2] == ("https", "flights.test")
        assert page.isascii()
        assert page.isprintable()


def test_where_no_service_is_set_nothing_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said as something that may come."""
    set_to = config.config()
    monkeypatch.setattr(payments, "config", lambda: replace(set_to, payments=""))
    with pytest.raises(Unavailable):
        payments.service()
    monkeypatch.setattr(payments, "config", lambda: replace(set_to, payments="fortune"))
    with pytest.raises(config.Misconfigured, match="fortune"):
        payments.service()


def test_there_is_a_card_for_everything_that_can_become_of_a_payment() -> None:
    """Each says what it does, and no two look alike."""
    cards = simulated.methods()
    assert {card.token for card in cards} >= {
        "tok_approve", "tok_decline", "tok_decline_stolen", "tok_timeout", "tok_timeout_lost", "tok_challenge",
        "tok_duplicate", "tok_refund_fails", "tok_refund_timeout", "tok_slow",
    }  # fmt: skip
    assert len({card.label for card in cards}) == len(cards)
    assert all(card.what.endswith(".") for card in cards)
    assert all(card.token not in repr(card) for card in cards)


def test_a_payer_is_not_told_that_a_card_is_known_as_stolen() -> None:
    """Its reason is that of any card; only the service's own code says more."""
    stolen = simulated._DECLINES["stolen_card"]
    assert stolen.reason is Reason.CARD_DECLINED
    assert "stolen" not in stolen.text


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(123456, "USD", "1,234.56 USD"), (5, "EUR", "0.05 EUR"), (1234, "JPY", "1,234 JPY"), (1234, "KWD", "1.234 KWD")],
)
def test_the_page_shows_an_amount_by_its_currencys_decimals(amount: int, currency: str, shown: str) -> None:
    """ISO 4217: most have two, some none or three."""
    page = pages._page(Challenge(replace(CHARGED, amount=amount, currency=currency), f"{OURS}/trips"))
    assert f"<h2>{shown}</h2>" in page.body


def test_the_page_escapes_whatever_it_shows() -> None:
    """Also what should never have got as far."""
    hostile = '"><script>alert(1)</script>'
    charged = replace(CHARGED, reference=hostile, currency=hostile)
    for outcome in Outcome:
        body = pages._page(Challenge(replace(charged, outcome=outcome), f"{OURS}/{hostile}")).body
        assert "<script" not in body
        assert hostile not in body


def test_the_page_lets_a_form_lead_back_to_ours_and_nowhere_else() -> None:
    """Chromium holds redirects to form-action, too."""
    page = pages._page(Challenge(CHARGED, f"{OURS}/trips/K3M9TZ"))
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["form-action"] == f"'self' {OURS}"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"


def test_what_is_decided_has_no_buttons() -> None:
    """But a way back."""
    for outcome in (Outcome.APPROVED, Outcome.DECLINED):
        body = pages._page(Challenge(replace(CHARGED, outcome=outcome), f"{OURS}/trips/K3M9TZ")).body
        assert "<button" not in body
        assert f'href="{OURS}/trips/K3M9TZ"' in body
