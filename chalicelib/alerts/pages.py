"""The pages behind the links in messages (`core.pages`): `pages.html` is their one template."""

from collections.abc import Sequence
from typing import Any

from chalicelib.alerts import links, plan, words
from chalicelib.alerts.model import Interest
from chalicelib.alerts.store import Contact, Holding, Status, Subscription
from chalicelib.channels import addresses
from chalicelib.channels.model import LANGUAGES
from chalicelib.core import pages
from chalicelib.core.clock import Now
from chalicelib.core.routes import Document
from chalicelib.flights.model import Flight

_HEADINGS = {"link_invalid": "heading_invalid"}


def to_confirm(contact: Contact, subscriptions: Sequence[Subscription]) -> Document:
    """What an address is asked to agree to, with the button that agrees."""
    language = contact.language
    labels = [words.subject_label(each.subject, language) for each in subscriptions]
    return _page("confirm", language, "heading_confirm", labels=labels, address=addresses.hidden(contact.address))


def confirmed(holding: Holding, now: Now) -> Document:
    """That an address is confirmed, what it is told of, and where to see and change that."""
    contact = holding.contact
    assert contact
    language, token = contact.language, links.manage_token(contact.address.id, now.wall)
    followed = [
        (words.subject_label(each.subject, language), _in_the_app(each, token))
        for each in holding.subscriptions
        if each.status is not Status.STOPPED
    ]
    return _page("confirmed", language, "heading_confirmed", "confirmed", token=token, followed=followed)


def to_unsubscribe(subscription: Subscription) -> Document:
    """The button that stops a subscription."""
    language = subscription.rule.language
    return _page(
        "unsubscribe", language, "unsubscribe_button", labels=[words.subject_label(subscription.subject, language)]
    )


def to_manage(holding: Holding, now: Now, notice: str | None = None, status: int = 200) -> Document:
    """What an address follows, with all that can be changed; `notice` names what to say above it."""
    contact = holding.contact
    assert contact
    language = contact.language
    token = links.manage_token(contact.address.id, now.wall)
    followed = [_followed(each, language, token, now) for each in holding.subscriptions]
    return _page(
        "manage", language, "heading_manage", notice, status, followed=followed,
        going=sum(each["going"] for each in followed) > 1, address=addresses.hidden(contact.address),
        languages=words.language_names(), due=words.due_texts(language),
    )  # fmt: skip


def said(language: str, notice: str, status: int = 200) -> Document:
    """A page that says one thing; `notice` names a text."""
    return _page("said", language, _HEADINGS.get(notice, "heading_manage"), notice, status)


def _followed(subscription: Subscription, language: str, token: str, now: Now) -> dict[str, Any]:
    # Of a route it would take a look at every flight: whose page this is, has had a message about the one that matters.
    subject = subscription.subject
    flights = [] if subject.route else plan.flights_of(subject, now.flight)
    states = [
        (words.state_of(flight, language, now.flight, subject.number), _calendar(flight, language))
        for flight in flights
    ]
    dues = [due for flight in flights if (due := words.due_of(flight, language, now.flight))]
    t, rule = words.page_texts(language), subscription.rule
    quiet = [f"{at:%H:%M}" for at in rule.quiet] if rule.quiet else ["", ""]
    return {
        "id": subscription.id,
        "label": words.subject_label(subject, language),
        "url": _in_the_app(subscription, token),
        "status": t[f"status_{subscription.status}"],
        "going": subscription.status is not Status.STOPPED,
        "rule": rule,
        "interests": [(each, t[f"interest_{each}"], each in rule.interests) for each in Interest],
        "quiet_from": quiet[0],
        "quiet_to": quiet[1],
        "states": states,
        "dues": dues,
    }


def _in_the_app(subscription: Subscription, token: str) -> str:
    """Where the web app shows what is followed, as seen from a page. It may manage it by the token, which stands in the
    fragment: no server is sent that, and it is in no log.
    """
    leg = subscription.subject.leg
    return f"../{f'flights/{leg}' if leg else 'following'}#token={token}"


def _calendar(flight: Flight, language: str) -> str:
    """Where a flight's .ics is, as seen from a page."""
    return f"../v1/flights/{flight.leg}/calendar.ics?language={language}"


def _page(
    kind: str, language: str, heading: str, notice: str | None = None, status: int = 200, **shown: Any
) -> Document:
    language = language if language in LANGUAGES else "en"
    t = words.page_texts(language)
    return pages.page(
        "chalicelib.alerts", language, t, heading=heading, notice=notice, status=status, kind=kind, **shown
    )
