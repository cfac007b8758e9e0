"""REST routes of alerts: following, confirming, what an address follows; and the pages behind the links in messages."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal, Self

from pydantic import ConfigDict, Field, ValidationError

from chalicelib.alerts import links
from chalicelib.alerts.model import Delivery, Interest
from chalicelib.alerts.trip_answers import TripsAnswer
from chalicelib.alerts.wishes import FollowAnswer, FollowRequest, Wishes
from chalicelib.channels.model import Address, Channel, language_of
from chalicelib.core import clock
from chalicelib.core.callers import ANYONE, SIGNED_IN, SIGNED_LINK, Holder, Person
from chalicelib.core.config import config
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.core.routes import FORM, Answer, Document, Query, Routes, Shape
from chalicelib.core.signed import BadLink
from chalicelib.flights.answers import Instant
from chalicelib.flights.identity import LegId

if TYPE_CHECKING:
    from chalicelib.alerts.store import Contact, Subscription

routes = Routes(__name__)  # a view imports what it alone needs: every function of the app starts with this module

HTML = ("text/html",)
PAGES = {404: "A page: the link is none, or holds no more", 503: "A page: try again after Retry-After"}  # of `_page`


class _Body(Shape):
    model_config = ConfigDict(extra="forbid")


class ConfirmByCode(_Body):
    """The six digits of an SMS, a push or a challenge."""

    code: str = Field(max_length=20)


class ConfirmByLink(_Body):
    """The token of the link in an email."""

    token: str = Field(max_length=1000)


class ConfirmedAnswer(Answer):
    """The address agreed. With `token` it may show and change what it follows."""

    status: Literal["confirmed"] = "confirmed"
    token: str = Field(description="as in the links of messages")

    @classmethod
    def of(cls, contact: "Contact", now: clock.Now) -> Self:
        """What whoever confirmed an address is given."""
        return cls(token=links.manage_token(contact.address.id, now.wall))


class QuietLine(Shape):
    """When not to be woken, by the clocks of the rule's zone."""

    from_: str = Field(serialization_alias="from")
    to: str


class SubscriptionLine(Shape):
    """What is followed, and the rule by which it is told of."""

    id: str
    flight: str | None = None
    number: str | None = None
    origin: str | None = None
    destination: str | None = None
    day: date = Field(serialization_alias="date")
    status: Literal["pending", "active", "stopped"]
    language: str
    zone: str
    tell: list[Interest]
    first_delay: int
    further: int
    quiet: QuietLine | None = None

    @classmethod
    def of(cls, subscription: "Subscription") -> Self:
        """A subscription as its owner sees it."""
        subject, rule = subscription.subject, subscription.rule
        origin, destination = subject.route or (None, None)
        quiet = QuietLine(from_=f"{rule.quiet.start:%H:%M}", to=f"{rule.quiet.end:%H:%M}") if rule.quiet else None
        return cls(
            id=subscription.id, flight=str(subject.leg) if subject.leg else None,
            number=str(subject.number) if subject.number else None, origin=origin, destination=destination,
            day=subject.day, status=subscription.status.value, language=rule.language, zone=rule.zone,
            tell=sorted(rule.interests, key=list(Interest).index), first_delay=rule.first_delay, further=rule.further,
            quiet=quiet,
        )  # fmt: skip


class SubscriptionAnswer(Answer, SubscriptionLine):
    """One subscription."""


class SubscriptionsAnswer(Answer):
    """What an address follows, the first flights first."""

    channel: Channel
    address: str = Field(description="enough of it to know it by")
    subscriptions: list[SubscriptionLine]


class DeliveryLine(Shape):
    """One message that was sent, or tried: what it told, and what the provider said. An SMS is accepted, no more."""

    flight: str
    version: int
    at: Instant
    channel: Channel
    matters: list[str]
    outcome: str
    id: str | None = Field(None, description="the provider's")
    reason: str | None = None

    @classmethod
    def of(cls, leg: LegId, delivery: Delivery, channel: Channel) -> Self:
        """A delivery of a flight's news."""
        return cls(
            flight=str(leg), version=delivery.version, at=delivery.at, channel=channel,
            matters=list(delivery.matters), outcome=delivery.outcome, id=delivery.id, reason=delivery.reason,
        )  # fmt: skip


class DeliveriesAnswer(Answer):
    """What a subscription was told, the newest first; of each flight the last ten."""

    deliveries: list[DeliveryLine]


class KeyAnswer(Answer):
    """The key by which a browser subscribes to web push from here (`applicationServerKey`)."""

    key: str


class CalendarQuery(Query):
    """In which language."""

    language: Literal["en", "es", "fr", "de", "zh"] = "en"


class LinkQuery(Shape):
    """The token of a link. What mail programs add to links is passed over."""

    token: str = Field("", max_length=1000)


class ManageForm(Shape):
    """A button of the page that manages, with the fields beside it."""

    action: Literal["save", "stop", "stop_all"]
    id: str = Field("", max_length=100)
    tell: str | list[str] = Field([], max_length=1000)
    first_delay: str = Field("", max_length=10)
    further: str = Field("", max_length=10)
    quiet_from: str = Field("", max_length=10)
    quiet_to: str = Field("", max_length=10)
    zone: str = Field("", max_length=60)
    language: str = Field("", max_length=10)

    def wishes(self) -> Wishes:
        """What is to be changed. Raises ValidationError."""
        quiet = {"from": self.quiet_from, "to": self.quiet_to} if self.quiet_from or self.quiet_to else None
        return Wishes.model_validate({
            "tell": [self.tell] if isinstance(self.tell, str) else self.tell,
            "first_delay": self.first_delay, "further": self.further, "zone": self.zone, "language": self.language,
            "quiet": quiet,
        })  # fmt: skip


@routes.post("/v1/subscriptions", callers=ANYONE, status=202)
def follow(body: FollowRequest, headers: Mapping[str, str], client: str) -> FollowAnswer:
    """Follow a flight, a flight number on a date, or a route on a date.

    One message asks the address to confirm; until then nothing else goes there. The answer is the same whether the
    address is known or not. Asking again sends no second message within
    ten minutes while one is open, and none after three a day or five in 30 days.
    """
    from chalicelib.alerts import follow

    return follow.follow(body, _now(), client, headers.get("accept-language", ""))


@routes.post("/v1/subscriptions/{id}/confirmation", callers=ANYONE, others={404: None})
def confirm_by_code(id: str, body: ConfirmByCode, client: str) -> ConfirmedAnswer:
    """Confirm an address by the code that was sent there: it holds for 15 minutes, and five tries of each client."""
    from chalicelib.alerts import confirm

    now = _now()
    return ConfirmedAnswer.of(confirm.by_code(id, body.code, now, client), now)


@routes.post("/v1/confirmations", callers=ANYONE)
def confirm_by_link(body: ConfirmByLink) -> ConfirmedAnswer:
    """Confirm an address by the token of the link that was sent there: it holds for 48 hours."""
    from chalicelib.alerts import confirm

    now = _now()
    return ConfirmedAnswer.of(confirm.by_link(body.token, now), now)


@routes.get(
    "/v1/subscriptions", callers=SIGNED_LINK, max_age=None,
    others={404: "The address of the link follows nothing any more"},
)  # fmt: skip
def subscriptions(holder: Holder) -> SubscriptionsAnswer:
    """What the address of the link, or of the account, follows."""
    from chalicelib.alerts import manage
    from chalicelib.channels import addresses

    contact, found = manage.held(holder.address, _now())
    address = contact.address if contact else Address(Channel.EMAIL, holder.email) if holder.email else None
    if address is None:
        raise NotFound("this address follows nothing any more")
    return SubscriptionsAnswer(
        channel=address.channel,
        address=addresses.hidden(address),
        subscriptions=[SubscriptionLine.of(each) for each in found],
    )


@routes.get("/v1/subscriptions/{id}", callers=SIGNED_LINK, max_age=None)
def subscription(id: str, holder: Holder) -> SubscriptionAnswer:
    """One subscription of the address of the link."""
    from chalicelib.alerts import manage

    return SubscriptionAnswer.of(manage.one(holder.address, id, _now()))


@routes.patch("/v1/subscriptions/{id}", callers=SIGNED_LINK)
def change_subscription(id: str, body: Wishes, holder: Holder) -> SubscriptionAnswer:
    """Change what is told and how; what is not mentioned stays, and `quiet: null` ends the quiet hours."""
    from chalicelib.alerts import manage

    return SubscriptionAnswer.of(manage.change(holder.address, id, body.applied_to, _now()))


@routes.delete("/v1/subscriptions/{id}", callers=SIGNED_LINK)
def stop_subscription(id: str, holder: Holder) -> None:
    """Stop a subscription; to stop a stopped one does no harm."""
    from chalicelib.alerts import manage

    now = _now()
    manage.one(holder.address, id, now)
    manage.stop(id, now.wall)


@routes.get("/v1/subscriptions/{id}/deliveries", callers=SIGNED_LINK, max_age=None)
def deliveries(id: str, holder: Holder) -> DeliveriesAnswer:
    """What was sent to a subscription, when, and what came of it."""
    from chalicelib.alerts import manage

    channel, found = manage.deliveries(holder.address, id, _now())
    return DeliveriesAnswer(deliveries=[DeliveryLine.of(leg, delivery, channel) for leg, delivery in found])


@routes.get("/v1/trips", callers=SIGNED_IN, max_age=None)
def trips_of(person: Person) -> TripsAnswer:
    """One's bookings and what else one follows, together: what comes first, then what is over; and what to do next."""
    from chalicelib.alerts import trips

    now = _now()
    return TripsAnswer.of(trips.of(person, now), now)


@routes.get("/v1/webpush/key", callers=ANYONE, max_age=3600)
def webpush_key() -> KeyAnswer:
    """The key by which a browser subscribes to web push from here."""
    from chalicelib.channels import webpush

    return KeyAnswer(key=webpush.public_key())


@routes.get("/v1/flights/{id}/calendar.ics", callers=ANYONE, max_age=60, produces=("text/calendar",))
def flight_calendar(id: str, query: CalendarQuery) -> Document:
    """A flight as it now stands, for a calendar (RFC 5545)."""
    from chalicelib.alerts import calendar
    from chalicelib.flights import read

    now = _now().flight
    body = calendar.ics(read.flight(LegId.parse(id), now), now, query.language)
    return Document(body, "text/calendar; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})


@routes.get(
    "/s/{code}", callers=ANYONE, max_age=None, produces=HTML, status=303,
    others={**PAGES, 429: "A page: too often, try again after Retry-After"},
)  # fmt: skip
def short_link(code: str, client: str) -> Document:
    """Lead from the short link of an SMS to the page it is for."""
    from chalicelib.alerts import manage
    from chalicelib.core.pages import HEADERS

    def lead() -> Document:
        url = manage.page_of_code(code, _now(), client)
        return Document("", "text/html; charset=utf-8", 303, {**HEADERS, "Location": url})

    return _page(lead)


@routes.get("/follow/confirm", callers=ANYONE, max_age=None, produces=HTML, others=PAGES)
def confirm_page(query: LinkQuery) -> Document:
    """The page whose button confirms an address. To read it confirms nothing: scanners follow links."""
    from chalicelib.alerts import confirm, pages

    return _page(lambda: pages.to_confirm(*confirm.asked(query.token, _now())))


# The buttons of pages: a form sends no header of its own, and what they do, done again, changes nothing more.
@routes.post("/follow/confirm", callers=ANYONE, consumes=(), produces=HTML, others=PAGES, idempotency="none")
def confirm_button(query: LinkQuery) -> Document:
    """Confirm an address."""
    from chalicelib.alerts import confirm, manage, pages

    now = _now()
    return _page(lambda: pages.confirmed(manage.held(confirm.by_link(query.token, now).address.id, now), now))


@routes.get("/follow/unsubscribe", callers=ANYONE, max_age=None, produces=HTML, others=PAGES)
def unsubscribe_page(query: LinkQuery) -> Document:
    """The page whose button stops a subscription. To read it stops nothing (RFC 8058)."""
    from chalicelib.alerts import pages, store

    def show() -> Document:
        now = _now().wall
        found = store.subscription(links.unsubscribed_by(query.token, now), now)
        if found is None or found.status is store.Status.STOPPED:
            return pages.said(found.rule.language if found else "en", "unsubscribed")
        return pages.to_unsubscribe(found)

    return _page(show)


@routes.post("/follow/unsubscribe", callers=ANYONE, consumes=(), produces=HTML, others=PAGES, idempotency="none")
def unsubscribe(query: LinkQuery) -> Document:
    """Stop a subscription: by the page's button, or by a mail program in one click (RFC 8058).

    The token is all that counts: what else is posted (`List-Unsubscribe=One-Click`) is not looked at.
    """
    from chalicelib.alerts import manage, pages, store

    def stop() -> Document:
        now = _now().wall
        id = links.unsubscribed_by(query.token, now)
        manage.stop(id, now)
        found = store.subscription(id, now)
        return pages.said(found.rule.language if found else "en", "unsubscribed")

    return _page(stop)


@routes.get("/follow/manage", callers=ANYONE, max_age=None, produces=HTML, others=PAGES)
def manage_page(query: LinkQuery) -> Document:
    """What an address follows, with buttons to change and stop it."""
    return _page(lambda: _managed(query.token, None))


@routes.post(
    "/follow/manage", callers=ANYONE, consumes=(FORM,), produces=HTML, idempotency="none",
    others={**PAGES, 400: "A page: what was wished is not saved"},
)  # fmt: skip
def manage_button(query: LinkQuery, body: ManageForm) -> Document:
    """Change or stop what an address follows."""
    from chalicelib.alerts import manage

    def act() -> Document:
        now = _now()
        address = _holder(query.token, now).address
        if body.action == "stop_all":
            manage.stop_all(address, now.wall)
            return _managed(query.token, "stopped_all")
        if body.action == "stop":
            manage.one(address, body.id, now)
            manage.stop(body.id, now.wall)
            return _managed(query.token, "stopped")
        try:
            manage.change(address, body.id, body.wishes().applied_to, now)
        except (ValidationError, Invalid):
            return _managed(query.token, "not_saved", 400)
        return _managed(query.token, "saved")

    return _page(act)


def _managed(token: str, notice: str | None, status: int = 200) -> Document:
    from chalicelib.alerts import manage, pages

    now = _now()
    holding = manage.held(_holder(token, now).address, now)
    if holding.contact is None:
        raise BadLink
    return pages.to_manage(holding, now, notice, status)


def _holder(token: str, now: clock.Now) -> Holder:
    found = links.holder(token, now.wall)
    if found is None:
        raise BadLink
    return found


def _page(make: Callable[[], Document]) -> Document:
    """A page, or one that says to a person why not, in the language of the browser."""
    from chalicelib.alerts import pages
    from chalicelib.core.pages import page_or_why_not

    language = language_of(routes.current_request.headers.get("accept-language", ""))
    return page_or_why_not(make, lambda notice, status: pages.said(language, notice, status))


def _now() -> clock.Now:
    return clock.now(config().flight_clock)
