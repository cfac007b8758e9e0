"""REST routes of accounts: one's own, people for admins, API keys and the audit trail; and the pages behind letters."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.accounts.answers import (
    Accepted,
    AccountAnswer,
    AccountLine,
    Agreement,
    ChangeEmail,
    ChangePassword,
    ChangePerson,
    ChangeProfile,
    ConsentQuery,
    Done,
    ErasedAnswer,
    EventLine,
    Forgotten,
    Invitation,
    InvitationAnswer,
    InvitationLine,
    InvitationsAnswer,
    KeyLine,
    KeysAnswer,
    LinkQuery,
    LogIn,
    MeAnswer,
    NewKey,
    NewKeyAnswer,
    NewPassword,
    PasswordForm,
    PeopleAnswer,
    PeopleQuery,
    Refresh,
    Registration,
    SessionLine,
    SessionsAnswer,
    TakeAddress,
    TokensAnswer,
    TrailAnswer,
    TrailQuery,
    WordingAnswer,
)
from chalicelib.accounts.model import WORDING, Account, Origin, id_of
from chalicelib.channels.model import language_of
from chalicelib.core import clock
from chalicelib.core.callers import (
    ADMINS,
    ANYONE,
    RECENTLY_SIGNED_IN,
    REFRESH_TOKEN,
    SIGNED_IN,
    Person,
    Role,
)
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Forbidden, Invalid, Unauthenticated
from chalicelib.core.routes import FORM, Document, Routes
from chalicelib.core.signed import BadLink

if TYPE_CHECKING:
    from chalicelib.accounts.sessions import Tokens

routes = Routes(__name__)  # a view imports what it alone needs: every function of the app starts with this module

HTML = ("text/html",)
PAGES = {404: "A page: the link is none, was used, or is too old", 503: "A page: try again after Retry-After"}
OFTEN = "A page: too often, try again after Retry-After"
COOKIE = "__Host-gatecall-refresh"  # from this host alone, whatever other hosts of the domain set
OURS = "gatecall"  # X-Requested-With: no form has it, and no script of another site, unless we let it


@routes.get("/v1/consent", callers=ANYONE, max_age=3600)
def consent(query: ConsentQuery) -> WordingAnswer:
    """What a person who wants an account agrees to, and its version."""
    from chalicelib.accounts import words

    return WordingAnswer(version=WORDING, language=query.language, text=words.consent(query.language))


@routes.post("/v1/accounts", callers=ANYONE, status=202)
def register(body: Registration, client: str) -> Accepted:
    """Ask for an account. A letter leads on to where the password is set.

    The answer is the same whether the address has an account or not.
    """
    from chalicelib.accounts import register

    register.ask(body.email, body.language, body.consent, Origin(client), _now())
    return Accepted()


@routes.post("/v1/accounts/reset", callers=ANYONE, status=202)
def forgot_password(body: Forgotten, client: str) -> Accepted:
    """Ask for a letter with a link to set a new password. The answer is the same whether there is an account or not."""
    from chalicelib.accounts import register

    register.forgot(body.email, body.language, Origin(client), _now())
    return Accepted()


@routes.post("/v1/accounts/confirmation", callers=ANYONE)
def set_password(body: NewPassword, client: str) -> Done:
    """Set the password by the token of a letter's link: this makes the account, or ends its sessions.

    It is refused when it is shorter than 12 characters, common, easily guessed or like the address.
    """
    from chalicelib.accounts import register

    register.set_password(body.token, body.password, Origin(client), _now())
    return Done()


@routes.post("/v1/accounts/email-confirmation", callers=ANYONE, others={409: "Another account has this address"})
def take_address(body: TakeAddress, client: str) -> Done:
    """Give an account the address that the token of a letter's link was sent to; the former address is told.

    It takes the mail and the account's password: neither alone is enough.
    """
    from chalicelib.accounts import profile

    profile.take_address(body.token, body.current_password, Origin(client), _now())
    return Done()


@routes.get("/v1/accounts/me", callers=SIGNED_IN, max_age=None, others={404: "It was deleted meanwhile"})
def me(person: Person) -> MeAnswer:
    """One's own account."""
    from chalicelib.accounts import profile

    account, agreed = profile.of(person)
    return MeAnswer.with_consent(account, agreed, bool(agreed and agreed.wording == WORDING))


@routes.patch("/v1/accounts/me", callers=SIGNED_IN, others={404: "It was deleted meanwhile"})
def change_me(body: ChangeProfile, person: Person) -> AccountAnswer:
    """Say in which language letters are to be."""
    from chalicelib.accounts import profile

    return _account(profile.change_language(person, body.language, _now()))


@routes.post("/v1/accounts/me/password", callers=SIGNED_IN, others={404: "It was deleted meanwhile"})
def change_password(body: ChangePassword, person: Person, client: str) -> Done:
    """Change the password, which ends all other sessions. A letter says so."""
    from chalicelib.accounts import profile

    profile.change_password(person, body.current_password, body.password, Origin(client), _now())
    return Done()


@routes.post("/v1/accounts/me/email", callers=SIGNED_IN, status=202, others={404: "It was deleted meanwhile"})
def change_email(body: ChangeEmail, person: Person, client: str) -> Accepted:
    """Ask to have another address. A letter to it leads on; once it is confirmed, a letter tells the former one."""
    from chalicelib.accounts import profile

    profile.ask_for_address(person, body.current_password, body.email, Origin(client), _now())
    return Accepted()


@routes.post("/v1/accounts/me/consents", callers=SIGNED_IN)
def agree(body: Agreement, person: Person, client: str) -> Done:
    """Agree to the wording that holds now."""
    from chalicelib.accounts import profile

    profile.agree(person, body.consent, body.language, Origin(client), _now())
    return Done()


@routes.get("/v1/accounts/me/export", callers=SIGNED_IN, max_age=None, others={404: None})
def export(person: Person, client: str) -> Document:
    """Everything that is held on the person, as JSON (GDPR, articles 15 and 20)."""
    from chalicelib.accounts import profile

    everything = json.dumps(profile.export(person, client, clock.now(config().flight_clock)), ensure_ascii=False)
    attached = {"Content-Disposition": 'attachment; filename="gatecall-export.json"'}
    return Document(everything, "application/json", headers=attached)


@routes.delete(
    "/v1/accounts/me",
    callers=RECENTLY_SIGNED_IN,
    status=200,
    others={404: "It was deleted meanwhile", 409: "It is an admin's: another admin takes the role away first"},
)
def delete_me(person: Person, client: str) -> ErasedAnswer:
    """Delete the account, and erase or anonymise everything that is held on the person (GDPR, article 17).

    What can't be erased at once is finished within minutes; what stays is named, with why and how long.
    """
    from chalicelib.accounts import profile

    return ErasedAnswer.of(profile.delete(person, client, clock.now(config().flight_clock)))


# A log-in takes no Idempotency-Key: tokens of 15 minutes are no answer for 24 hours, nor those of a session that was
# ended meanwhile. Who logs in twice has two sessions, each on the list of them.
@routes.post(
    "/v1/sessions", callers=ANYONE, status=201, others={401: "The address or the password is wrong"},
    idempotency="none",
)  # fmt: skip
def log_in(body: LogIn, client: str, headers: Mapping[str, str]) -> TokensAnswer:
    """Log in: an access token for 15 minutes, and a refresh token for the next one.

    The answer is the same whether the address has no account, the password is wrong, or the account is disabled.
    """
    from chalicelib.accounts import sessions

    return _tokens(sessions.log_in(body.email, body.password, _origin(client, headers), _now()), cookie=body.cookie)


# The refresh token is its own key: who lost the answer asks again with it.
@routes.post(
    "/v1/sessions/refresh", callers=REFRESH_TOKEN, others={403: "A cookie without X-Requested-With: gatecall"},
    idempotency="none",
)  # fmt: skip
def refresh(body: Refresh, client: str, headers: Mapping[str, str]) -> TokensAnswer:
    """The next tokens of a session, for its refresh token, which holds for once.

    Who lost the answer asks again within 10 seconds and gets the same. When a used one comes back later, somebody has a
    copy: the session ends (RFC 9700, section 4.14.2). A browser sends the cookie, the header
    `X-Requested-With: gatecall`, and an empty object.
    """
    from chalicelib.accounts import sessions

    token = _cookie(headers) if body.refresh_token is None else body.refresh_token
    if not token:
        raise Unauthenticated("this needs a refresh token, in the body or as cookie", "Bearer")
    tokens = sessions.refresh(token, _origin(client, headers), _now())
    return _tokens(tokens, cookie=body.refresh_token is None)


@routes.get("/v1/sessions", callers=SIGNED_IN, max_age=None)
def sessions(person: Person) -> SessionsAnswer:
    """One's sessions: where one is logged in, and since when."""
    from chalicelib.accounts import sessions

    found = sessions.of(person.id, _now())
    return SessionsAnswer(sessions=[SessionLine.of(each, person.session) for each in found])


@routes.delete("/v1/sessions/current", callers=SIGNED_IN)
def log_out(person: Person, client: str) -> Document:
    """Log out here: the tokens of this session hold no more."""
    from chalicelib.accounts import sessions

    sessions.end(person.id, person.session, _now(), by=person.id, client=client, why="logged-out")
    return Document("", "text/plain", 204, {"Set-Cookie": _set_cookie("", 0)})


@routes.delete("/v1/sessions/{id}", callers=SIGNED_IN)
def end_session(id: str, person: Person, client: str) -> None:
    """End one of one's sessions."""
    from chalicelib.accounts import sessions

    sessions.end(person.id, id, _now(), by=person.id, client=client)


@routes.delete("/v1/sessions", callers=SIGNED_IN)
def log_out_everywhere(person: Person, client: str) -> Document:
    """Log out everywhere, here too."""
    from chalicelib.accounts import sessions

    sessions.end_all(person.id, _now(), by=person.id, client=client)
    return Document("", "text/plain", 204, {"Set-Cookie": _set_cookie("", 0)})


@routes.get("/v1/people", callers=ADMINS, max_age=None)
def people(query: PeopleQuery) -> PeopleAnswer:
    """Accounts by role and by the beginning of their address."""
    from chalicelib.accounts import people

    roles = (query.role,) if query.role else tuple(Role)
    found, cursor = people.listed(roles, query.email, query.limit, query.cursor)
    return PeopleAnswer(people=[AccountLine.of(each) for each in found], cursor=cursor)


@routes.post("/v1/people", callers=ADMINS, status=202, others={409: "The address has an account"})
def invite(body: Invitation, person: Person, client: str) -> InvitationAnswer:
    """Invite somebody: a letter leads on to where they set a password.

    The link holds for 7 days, and as long as who invites is an admin.
    """
    from chalicelib.accounts import people

    errand = people.invite(body.email, body.role, body.airlines, body.airports, body.language, person, client, _now())
    return InvitationAnswer(**InvitationLine.of(errand).model_dump())


@routes.get("/v1/invitations", callers=ADMINS, max_age=None)
def invitations() -> InvitationsAnswer:
    """Invitations that nobody used yet."""
    from chalicelib.accounts import people

    return InvitationsAnswer(invitations=[InvitationLine.of(each) for each in people.invitations(_now())])


@routes.delete("/v1/invitations/{id}", callers=ADMINS)
def withdraw_invitation(id: str, person: Person, client: str) -> None:
    """Take an invitation back: its link opens nothing any more."""
    from chalicelib.accounts import people

    people.withdraw(id, person, client, _now())


@routes.get("/v1/people/{id}", callers=ADMINS, max_age=None)
def one_of_the_people(id: str) -> AccountAnswer:
    """One account."""
    from chalicelib.accounts import people

    return _account(people.one(id))


@routes.patch("/v1/people/{id}", callers=ADMINS, others={409: "It is one's own"})
def change_person(id: str, body: ChangePerson, person: Person, client: str) -> AccountAnswer:
    """Give or take a role, bind an operator to airlines or airports, disable or enable. It holds at once."""
    from chalicelib.accounts import people

    return _account(
        people.change(
            id, person, client, _now(), role=body.role, airlines=body.airlines, airports=body.airports,
            disabled=body.disabled,
        )
    )  # fmt: skip


@routes.delete("/v1/people/{id}", callers=ADMINS, status=200, others={409: "It is one's own"})
def delete_person(id: str, person: Person, client: str) -> ErasedAnswer:
    """Delete an account, and erase what is held on the person."""
    from chalicelib.accounts import people

    return ErasedAnswer.of(people.delete(id, person, client, clock.now(config().flight_clock)))


@routes.get("/v1/people/{id}/sessions", callers=ADMINS, max_age=None)
def sessions_of_person(id: str) -> SessionsAnswer:
    """Where somebody is logged in."""
    from chalicelib.accounts import people, sessions

    found = sessions.of(people.one(id).id, _now())
    return SessionsAnswer(sessions=[SessionLine.of(each, None) for each in found])


@routes.delete("/v1/people/{id}/sessions", callers=ADMINS)
def end_sessions_of_person(id: str, person: Person, client: str) -> None:
    """Log somebody out everywhere."""
    from chalicelib.accounts import people, sessions

    sessions.end_all(people.one(id).id, _now(), by=person.id, client=client)


@routes.get("/v1/audit", callers=ADMINS, max_age=None)
def trail(query: TrailQuery) -> TrailAnswer:
    """The audit trail: every change by an operator or an admin, and every security event. It is kept for 400 days."""
    from chalicelib.accounts import audit

    events, cursor = audit.trail(query.about, query.by, query.day, query.limit, query.cursor, _now())
    return TrailAnswer(events=[EventLine.of(each) for each in events], cursor=cursor)


@routes.get("/v1/keys", callers=ADMINS, max_age=None)
def api_keys() -> KeysAnswer:
    """The API keys of machines, by name."""
    from chalicelib.accounts import keys

    now = _now()
    return KeysAnswer(keys=[KeyLine.of(each, now) for each in keys.every()])


@routes.post("/v1/keys", callers=ADMINS, status=201)
def make_key(body: NewKey, person: Person, client: str) -> NewKeyAnswer:
    """Make an API key. It is seen this once."""
    from chalicelib.accounts import keys

    key = keys.make(body.name, body.scopes, body.airports, _now(), by=person.id, client=client)
    return NewKeyAnswer(key=key, id=id_of(key), name=body.name)


@routes.post("/v1/keys/{id}/rotation", callers=ADMINS, consumes=(), status=201, others={409: "It holds no more"})
def rotate_key(id: str, person: Person, client: str) -> NewKeyAnswer:
    """Make a key that may do the same; the former one opens for 7 days more. It is seen this once."""
    from chalicelib.accounts import keys

    secret, key = keys.rotate(id, _now(), by=person.id, client=client)
    return NewKeyAnswer(key=secret, id=key.id, name=key.name)


@routes.delete("/v1/keys/{id}", callers=ADMINS)
def revoke_key(id: str, person: Person, client: str) -> None:
    """Revoke an API key: it opens nothing any more."""
    from chalicelib.accounts import keys

    keys.revoke(id, _now(), by=person.id, client=client)


@routes.get("/account/password", callers=ANYONE, max_age=None, produces=HTML, others=PAGES)
def password_page(query: LinkQuery) -> Document:
    """The page on which a password is set. To read it sets nothing, and uses no link up: scanners follow links."""
    from chalicelib.accounts import pages, register

    return _page(lambda: pages.to_set_password(register.asked(query.token, _now())))


@routes.post(
    "/account/password", callers=ANYONE, consumes=(FORM,), produces=HTML, idempotency="none",  # a form sends no header
    others={**PAGES, 400: "A page: the password is refused", 429: OFTEN},
)  # fmt: skip
def password_button(query: LinkQuery, body: PasswordForm, client: str) -> Document:
    """Set the password: this makes the account, or ends its sessions."""
    from chalicelib.accounts import links, pages, register

    def act() -> Document:
        now = _now()
        try:
            account = register.set_password(query.token, body.password, Origin(client), now)
        except BadLink:
            raise
        except Invalid:
            errand = links.to_set_password(query.token, now)
            return pages.to_set_password(errand, "password_refused", 400)
        return pages.said(account.language, "password_set")

    return _page(act)


@routes.get("/account/email", callers=ANYONE, max_age=None, produces=HTML, others=PAGES)
def email_page(query: LinkQuery) -> Document:
    """The page on which an address is taken over. To read it changes nothing."""
    from chalicelib.accounts import pages, profile

    return _page(lambda: pages.to_take_address(profile.asked(query.token, _now())))


@routes.post(
    "/account/email", callers=ANYONE, consumes=(FORM,), produces=HTML, idempotency="none",
    others={**PAGES, 400: "A page: the password is wrong", 409: "A page: another account has this address", 429: OFTEN},
)  # fmt: skip
def email_button(query: LinkQuery, body: PasswordForm, client: str) -> Document:
    """Give an account, by its password, the address that the link was sent to."""
    from chalicelib.accounts import links, pages, profile

    def act() -> Document:
        now = _now()
        try:
            account = profile.take_address(query.token, body.password, Origin(client), now)
        except profile.WrongPassword:
            return pages.to_take_address(links.to_take_address(query.token, now), "password_wrong", 400)
        except Conflict:
            errand = links.to_take_address(query.token, now)
            return pages.said(errand.language, "address_in_use", 409)
        return pages.said(account.language, "address_changed")

    return _page(act)


def _page(make: Callable[[], Document]) -> Document:
    """A page, or one that says to a person why not, in the language of the browser."""
    from chalicelib.accounts import pages
    from chalicelib.core.pages import page_or_why_not

    language = language_of(routes.current_request.headers.get("accept-language", ""))
    return page_or_why_not(make, lambda notice, status: pages.said(language, notice, status))


def _account(account: Account) -> AccountAnswer:
    return AccountAnswer(**AccountLine.of(account).model_dump())


def _tokens(tokens: "Tokens", *, cookie: bool) -> TokensAnswer:
    left = tokens.session.expires - int(_now().timestamp())
    return TokensAnswer(
        access_token=tokens.access, expires_in=tokens.expires_in, refresh_token=None if cookie else tokens.refresh,
        session=tokens.session.id, account=AccountLine.of(tokens.account),
        cookie=_set_cookie(tokens.refresh, left) if cookie else None,
    )  # fmt: skip


def _set_cookie(value: str, seconds: int) -> str:
    """Set-Cookie (RFC 6265bis): no script reads it, and no other site sends it."""
    return f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict"


def _cookie(headers: Mapping[str, str]) -> str | None:
    """The refresh token of a browser's cookie. Raises Forbidden where it may come from another site (OWASP, CSRF)."""
    found = re.search(rf"(?:^|; ?){COOKIE}=([\w.-]+)", headers.get("cookie", ""), re.ASCII)
    if found is None:
        return None
    if headers.get("x-requested-with") != OURS or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden(
            f"a cookie counts only with the header X-Requested-With: {OURS}, from a page of the same origin"
        )
    return found[1]


def _origin(client: str, headers: Mapping[str, str]) -> Origin:
    agent = "".join(letter for letter in headers.get("user-agent", "") if letter.isprintable())
    return Origin(client, agent[:200])


def _now() -> datetime:
    return clock.wall_now()
