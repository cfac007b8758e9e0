"""Payments: the port that bookings are paid through, with one module for each payment service behind it.

The words are those of card services (Stripe's Payment Intents, Adyen's Checkout): a charge is taken at once, or once
the payer has passed a challenge of 3-D Secure; refunds go against a charge. Card data never reach us: the service's own
form in the browser gives a token, which stands for a card.

Every call is idempotent by a reference that we make, so it may be repeated whenever its answer was lost.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from chalicelib.core import errors
from chalicelib.core.config import Misconfigured, config
from chalicelib.core.errors import Fault, Invalid, Unavailable
from chalicelib.core.urls import public_url


class Outcome(StrEnum):
    """What became of a charge. Approved and declined are final."""

    APPROVED = "approved"  # the money is ours
    DECLINED = "declined"
    CHALLENGE = "challenge"  # the payer has to show at the challenge's URL who they are; nothing is taken yet


class Reason(StrEnum):
    """Why a charge was declined, as far as the payer may be told."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    NOT_AUTHENTICATED = "not_authenticated"  # the challenge was not passed, or not in time
    CANCELLED = "cancelled"  # by us, before it was approved
    CARD_DECLINED = "card_declined"  # all else: a thief is not told that the card is known as stolen


@dataclass(frozen=True)
class Decline:
    """Why a charge was declined: for the payer, and in the service's own code, which is for records only."""

    reason: Reason
    text: str  # English, fit for the payer
    code: str


@dataclass(frozen=True)
class Charged:
    """A charge as the service knows it."""

    reference: str
    amount: int  # minor units
    currency: str  # ISO 4217
    outcome: Outcome
    payment: str  # the service's id of it
    decline: Decline | None = None  # where it was declined
    challenge_url: str | None = None  # where a challenge waits
    refunded: int = 0  # minor units, all refunds together


@dataclass(frozen=True)
class Refunded:
    """What became of a refund. One that is not taken may be asked for again by the same reference."""

    reference: str  # of the charge
    refund_reference: str
    amount: int  # minor units
    taken: bool
    reason: str | None = None  # in the service's words, where it is not taken


@dataclass(frozen=True)
class Method:
    """A card that one may pay with where no form of the service's is needed; `what` says what it does."""

    token: str = field(repr=False)
    label: str
    what: str


class TimedOut(Unavailable):
    """The service did not answer. What was asked may be done or not: ask `status`, or the same again."""


class AtWork(errors.AtWork):
    """The service is still at work on this charge; it will say what became of it a little later."""


class Service(Protocol):
    """What a payment service is to us. `now` is wall time.

    Every call raises Unavailable where the service can't be asked; for a charge or a refund that means, as TimedOut
    does, that nobody knows whether it was taken.
    """

    def charge(
        self, reference: str, *, amount: int, currency: str, token: str, return_url: str, now: datetime
    ) -> Charged:
        """Take an amount (minor units) from the card that a token stands for.

        After a challenge the payer is sent to `return_url`. Raises TimedOut; AtWork; Conflict where the reference was
        used for something else; Invalid for a token the service does not know and for a page that is not ours.
        """
        ...

    def status(self, reference: str, now: datetime) -> Charged | None:
        """What became of a charge; None: it never arrived. Raises AtWork."""
        ...

    def cancel(self, reference: str, now: datetime) -> Charged:
        """Decline for good what is not approved: what waits for its challenge, and what has not even arrived.

        What is approved stays so, and is to be refunded. Raises AtWork.
        """
        ...

    def refund(self, reference: str, refund_reference: str, amount: int, now: datetime) -> Refunded:
        """Give back an amount (minor units) of a charge; all refunds together never exceed it.

        Raises TimedOut; NotFound for a charge that never arrived; Conflict where it was not approved, has not that
        much left, or where the refund's reference was used for another amount.
        """
        ...

    def callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The reference of the charge that something became of. Callbacks come at least once, and in any order.

        `headers` has names in lower case. Raises Unauthenticated where the service did not sign it, or not lately;
        Invalid.
        """
        ...

    def methods(self) -> Sequence[Method]:
        """The cards to choose from; none where the service's own form asks for one."""
        ...


def service() -> Service:
    """The payment service of this deployment (setting PAYMENTS). Raises Unavailable where it has none."""
    match config().payments:
        case "simulated":
            from chalicelib.booking.payments import simulated

            return simulated
        case "":
            raise Unavailable("no payments are taken here", retry_after=3600)
        case other:
            raise Misconfigured(f"PAYMENTS is {other!r}; it is simulated, or empty where nothing is sold")


# What may follow our own origin: ASCII that shows, but no backslash, as browsers take it for a slash (WHATWG URL). A
# second slash at the start would name another host.
_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")
_LONGEST = 2000  # characters


def page_of_ours(url: str) -> str:
    """The page to send a payer back to, as a whole URL: given as a path, or beginning with our public URL.

    Raises Invalid for any other, so that nobody is sent on to a stranger's page by ours.
    """
    ours = public_url()
    path = url.removeprefix(ours) if ours else url
    if len(url) > _LONGEST or not _PATH.fullmatch(path):
        expected = f"is a path such as /trips, or begins with {ours}/" if ours else "is a path such as /trips"
        raise Invalid("the page to return to is not one of ours", [Fault("body", "return_url", expected)])
    return ours + path
