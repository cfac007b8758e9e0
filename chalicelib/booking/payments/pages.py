"""The page of the simulated payment service's bank, where a payer passes its 3-D Secure challenge: `pages.html`.

In English alone: it stands in the place of a page that is not ours.
"""

from urllib.parse import urlsplit

from chalicelib.booking.payments import Outcome, simulated
from chalicelib.booking.payments.simulated import Challenge
from chalicelib.core import pages
from chalicelib.core.clock import wall_now
from chalicelib.core.routes import Document

_TEXTS = {
    "dir": "ltr",
    "heading": "Approve your payment",
    "simulated": "This bank is simulated: no money moves.",
    "payment": "Payment",
    "approve": "Approve",
    "decline": "Decline",
    "back": "Back to your booking",
    "approved": "This payment is approved.",
    "declined": "This payment is declined.",
    "link_invalid": "There is no such payment to approve.",
    "try_later": "This can't be answered now. Try again in a moment.",
}
# Decimals of ISO 4217 currencies that do not have two.
_DECIMALS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def challenge(reference: str, key: str) -> Document:
    """What is to be paid, with the buttons that approve and decline it; or what became of it."""
    return pages.page_or_why_not(lambda: _page(simulated.challenge(reference, key, wall_now())), _said)


def answered(reference: str, key: str, *, approve: bool) -> Document:
    """Answer a challenge, and go back to the page that the payer came from."""

    def go_back() -> Document:
        found = simulated.answer(reference, key, approve, wall_now())
        headers = {**pages.HEADERS, "Location": found.return_url}
        return Document("", "text/html; charset=utf-8", 303, headers)

    return pages.page_or_why_not(go_back, _said)


def _page(found: Challenge) -> Document:
    charged = found.charged
    waits = charged.outcome is Outcome.CHALLENGE
    page = _shown(
        "simulated" if waits else charged.outcome.value, 200,
        amount=_money(charged.amount, charged.currency), reference=charged.reference, waits=waits,
        return_url=found.return_url,
    )  # fmt: skip
    # Chromium holds the redirect after a form to form-action, too; where the API has a host of its own, the way back
    # leads to another.
    parts = urlsplit(found.return_url)
    origin = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    policy = page.headers["Content-Security-Policy"].replace("form-action 'self'", f"form-action 'self'{origin}")
    return Document(page.body, page.content_type, page.status, {**page.headers, "Content-Security-Policy": policy})


def _said(notice: str, status: int) -> Document:
    return _shown(notice, status, amount="", reference="", waits=False, return_url="")


def _shown(notice: str, status: int, **shown: object) -> Document:
    return pages.page(
        "chalicelib.booking.payments", "en", _TEXTS, heading="heading", notice=notice, status=status, **shown
    )


def _money(amount: int, currency: str) -> str:
    """An amount of minor units as people write it: 123.45 USD."""
    decimals = _DECIMALS.get(currency, 2)
    return f"{amount / 10**decimals:,.{decimals}f} {currency}"
