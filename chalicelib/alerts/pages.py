"""The pages behind the links in messages. They need no script and load nothing: whoever reads the message may act.

`pages.html` is their one template; every value is escaped.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.alerts import links, plan, words
from chalicelib.alerts.model import Interest
from chalicelib.alerts.store import Contact, Holding, Status, Subscription
from chalicelib.channels import addresses
from chalicelib.channels.model import LANGUAGES
from chalicelib.core.clock import Now
from chalicelib.core.routes import Document
from chalicelib.flights.model import Flight

if TYPE_CHECKING:
    from jinja2 import Template

_STYLE = """
:root{color-scheme:light dark;
--back:#eef1f4;--card:#fff;--ink:#1d2429;--soft:#55606a;--line:#cfd6dc;--act:#0b5cad;--on:#fff}
@media(prefers-color-scheme:dark){
:root{--back:#16181b;--card:#22262a;--ink:#eceff1;--soft:#b3bcc3;--line:#434a50;--act:#8ec5ff;--on:#10222f}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:36rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:0}
section{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:1rem 0}
section p{color:var(--soft);margin:.25rem 0 .75rem}
.notice{background:var(--card);border-inline-start:.25rem solid var(--act);padding:.75rem 1rem}
label{display:block;margin:.75rem 0}label.choice{margin:0;padding:.5rem 0}
fieldset{border:1px solid var(--line);border-radius:.5rem;margin:.75rem 0}
summary{padding:.5rem 0;cursor:pointer}
input:not([type=checkbox]),select{display:block;width:100%;font:inherit;color:inherit;background:var(--back);
border:1px solid var(--soft);border-radius:.5rem;padding:.5rem;min-height:2.75rem}
input[type=checkbox]{width:1.25rem;height:1.25rem;vertical-align:middle}
button{display:block;width:100%;font:inherit;font-weight:600;color:var(--on);background:var(--act);
border:1px solid var(--act);border-radius:.5rem;padding:.5rem 1rem;min-height:2.75rem;margin:.75rem 0;cursor:pointer}
a{color:var(--act)}.ends{display:flex;flex-wrap:wrap;gap:0 1.5rem}.ends>div{flex:1 1 12rem}
dl{margin:.25rem 0 .75rem}dt{color:var(--soft);font-size:.9rem}dd{margin:0 0 .4rem}
h3{font-size:1rem;margin:.75rem 0 .25rem}ul{margin:.25rem 0;padding-inline-start:1.25rem}
button.quiet{color:var(--act);background:transparent}
:focus-visible{outline:.2rem solid var(--act);outline-offset:.1rem}
"""
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADINGS = {"link_invalid": "heading_invalid"}
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def to_confirm(contact: Contact, subscriptions: Sequence[Subscription]) -> Document:
    """What an address is asked to agree to, with the button that agrees."""
    language = contact.language
    labels = [words.subject_label(each.subject, language) for each in subscriptions]
    return _page("confirm", language, "heading_confirm", labels=labels, address=addresses.hidden(contact.address))


def confirmed(contact: Contact, now: Now) -> Document:
    """That an address is confirmed, and where to see and change what it is told."""
    return _page(
        "confirmed",
        contact.language,
        "heading_confirmed",
        "confirmed",
        token=links.manage_token(contact.address.id, now.wall),
    )


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
    followed = [_followed(each, language, now) for each in holding.subscriptions]
    return _page(
        "manage", language, "heading_manage", notice, status, followed=followed,
        going=sum(each["going"] for each in followed) > 1, address=addresses.hidden(contact.address),
        languages=words.language_names(), due=words.due_texts(language),
    )  # fmt: skip


def said(language: str, notice: str, status: int = 200) -> Document:
    """A page that says one thing; `notice` names a text."""
    return _page("said", language, _HEADINGS.get(notice, "heading_manage"), notice, status)


def _followed(subscription: Subscription, language: str, now: Now) -> dict[str, Any]:
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
        "status": t[f"status_{subscription.status}"],
        "going": subscription.status is not Status.STOPPED,
        "rule": rule,
        "interests": [(each, t[f"interest_{each}"], each in rule.interests) for each in Interest],
        "quiet_from": quiet[0],
        "quiet_to": quiet[1],
        "states": states,
        "dues": dues,
    }


def _calendar(flight: Flight, language: str) -> str:
    """Where a flight's .ics is, as seen from a page."""
    return f"../v1/flights/{flight.leg}/calendar.ics?language={language}"


def _page(
    kind: str, language: str, heading: str, notice: str | None = None, status: int = 200, **shown: Any
) -> Document:
    language = language if language in LANGUAGES else "en"
    t = words.page_texts(language)
    body = _template().render(
        kind=kind, language=language, t=t, title=t[heading], style=_style(), notice=t[notice] if notice else None,
        **shown,
    )  # fmt: skip
    return Document(body, "text/html; charset=utf-8", status, HEADERS)


def _style() -> str:
    from markupsafe import Markup

    return Markup(_STYLE)  # ours, and hashed as it is


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("chalicelib.alerts", ".")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("pages.html")
