"""What the routes of accounts take and answer."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from chalicelib.accounts.model import SCOPES, Account, Consent, Errand, Event, Key, Session
from chalicelib.core.callers import Role
from chalicelib.core.clock import instant
from chalicelib.core.routes import Answer, Body, Query, Shape

if TYPE_CHECKING:
    from chalicelib.accounts.personal import Erased

Language = Literal["en", "es", "fr", "de", "zh"]
Moment = Annotated[datetime, PlainSerializer(instant, return_type=str)]
Email = Annotated[str, Field(max_length=254, examples=["ada@example.com"])]
Password = Annotated[str, Field(max_length=1000)]
Token = Annotated[str, Field(max_length=1000, description="of the link in the letter")]
Codes = Annotated[list[Annotated[str, Field(max_length=4)]], Field(max_length=50)]


def _since_1970(given: Any) -> Any:
    return datetime.fromtimestamp(given, UTC) if isinstance(given, int) else given


Seconds = Annotated[Moment, BeforeValidator(_since_1970)]


class Registration(Body):
    """Somebody wants an account."""

    email: Email
    consent: str = Field(max_length=20, description="the version of the wording that is agreed to: GET /v1/consent")
    language: Language = "en"


class Forgotten(Body):
    """Somebody forgot the password of this address."""

    email: Email
    language: Language = "en"


class NewPassword(Body):
    """The password that is to hold, by the link of a letter."""

    token: Token
    password: Password = Field(description="12 to 200 characters, not easily guessed")


class TakeAddress(Body):
    """The address that a letter was sent to is to be the account's, whose password shows that it is wanted."""

    token: Token
    current_password: Password


class LinkQuery(Shape):
    """The token of a link. What mail programs add to links is passed over."""

    token: str = Field("", max_length=1000)


class PasswordForm(Shape):
    """The field of the pages that set a password, or ask for it."""

    password: str = Field("", max_length=1000)


class LogIn(Body):
    """An address and its password."""

    email: Email
    password: Password
    cookie: bool = Field(False, description="true, in a browser: the refresh token comes as a cookie, not in the body")


class Refresh(Body):
    """The refresh token; a browser leaves it out, and sends the cookie and the header `X-Requested-With: gatecall`."""

    refresh_token: str | None = Field(None, min_length=1, max_length=1000)


class ChangePassword(Body):
    """The password that holds, and the one that is to hold."""

    current_password: Password
    password: Password


class ChangeEmail(Body):
    """The address that is wanted."""

    current_password: Password
    email: Email


class ChangeProfile(Body):
    """What is to be otherwise."""

    language: Language


class Agreement(Body):
    """The version of the wording that is agreed to."""

    consent: str = Field(max_length=20)
    language: Language = "en"


class Invitation(Body):
    """Who is to have an account, and what they may do."""

    email: Email
    role: Role
    airlines: Codes = Field([], description="designators that an operator acts for, such as UA")
    airports: Codes = Field([], description="codes likewise, such as EWR")
    language: Language = "en"


class InvitationLine(Shape):
    """An invitation whose link was not used."""

    id: str
    email: str
    role: Role
    airlines: list[str]
    airports: list[str]
    by: str | None = Field(None, description="the admin's account; none: it was made on a terminal")
    expires: Seconds

    @classmethod
    def of(cls, errand: Errand) -> Self:
        """An invitation as admins see it."""
        return cls(
            id=errand.id, email=errand.email, role=errand.role, airlines=list(errand.airlines),
            airports=list(errand.airports), by=errand.by, expires=errand.expires,
        )  # fmt: skip


class InvitationAnswer(Answer, InvitationLine):
    """One invitation."""


class InvitationsAnswer(Answer):
    """Invitations whose link was not used, by address."""

    invitations: list[InvitationLine]


class ChangePerson(Body):
    """What is to be otherwise; what is not mentioned stays."""

    role: Role | None = None
    airlines: Codes | None = None
    airports: Codes | None = None
    disabled: bool | None = None


class NewKey(Body):
    """Which machine gets a key, what it may do, and the airports it speaks for."""

    name: str = Field(max_length=40, description="which boards name its feed by, such as wsi-aodb")
    scopes: list[Literal[SCOPES]] = Field(min_length=1, max_length=10)  # type: ignore[valid-type] # what there is
    airports: Codes = Field([], description="such as EWR; a key that feeds flights speaks for some")


class Accepted(Answer):
    """A letter follows, where one is due."""

    status: Literal["accepted"] = "accepted"


class Done(Answer):
    """It is done."""

    status: Literal["done"] = "done"


class ConsentQuery(Query):
    """In which language."""

    language: Language = "en"


class WordingAnswer(Answer):
    """What a person with an account agrees to, and its version."""

    version: str
    language: Language
    text: str


class AccountLine(Shape):
    """An account."""

    id: str
    email: str
    role: Role
    airlines: list[str]
    airports: list[str]
    language: str
    disabled: bool
    created_at: Seconds

    @classmethod
    def of(cls, account: Account) -> Self:
        """An account as its owner and admins see it."""
        return cls(
            id=account.id, email=account.email, role=account.role, airlines=list(account.airlines),
            airports=list(account.airports), language=account.language, disabled=account.disabled,
            created_at=account.created_at,
        )  # fmt: skip


class AccountAnswer(Answer, AccountLine):
    """One account."""


class ConsentLine(Shape):
    """What was agreed to, when; `holds`: it is the version that holds now."""

    version: str
    at: Seconds
    holds: bool


class MeAnswer(AccountAnswer):
    """One's own account."""

    consent: ConsentLine | None = None

    @classmethod
    def with_consent(cls, account: Account, consent: Consent | None, holds: bool) -> Self:
        """An account, and what was agreed to last."""
        line = ConsentLine(version=consent.wording, at=consent.at, holds=holds) if consent else None
        return cls(**AccountLine.of(account).model_dump(), consent=line)


class PeopleAnswer(Answer):
    """Accounts, and where to read on."""

    people: list[AccountLine]
    cursor: str | None = None


class TokensAnswer(Answer):
    """A session's tokens (RFC 6749, section 5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds that the access token holds")
    refresh_token: str | None = Field(None, description="for once; the next answer has another. None: it is the cookie")
    session: str
    account: AccountLine
    cookie: str | None = Field(None, exclude=True)

    def headers(self) -> Mapping[str, str]:
        """The cookie, in a browser."""
        return {"Set-Cookie": self.cookie} if self.cookie else {}


class SessionLine(Shape):
    """A login on a device; `current`: the one that asks."""

    id: str
    current: bool
    logged_in_at: Seconds
    used_at: Seconds
    expires: Seconds
    client: str = Field(description="the network address it was last used from")
    agent: str = Field(description="what the client called itself")

    @classmethod
    def of(cls, session: Session, current: str | None) -> Self:
        """A session; `current` is the id of the one that asks."""
        return cls(
            id=session.id, current=session.id == current, logged_in_at=session.logged_in_at, used_at=session.used_at,
            expires=session.expires, client=session.client, agent=session.agent,
        )  # fmt: skip


class SessionsAnswer(Answer):
    """The sessions of an account, the last used first."""

    sessions: list[SessionLine]


class KeptLine(Shape):
    """What stays after erasing, and why."""

    what: str
    why: str
    until: str


class ErasedAnswer(Answer):
    """What was erased, what is being finished, and what stays."""

    erased: list[str]
    continues: list[str]
    kept: list[KeptLine]

    @classmethod
    def of(cls, erased: "Erased") -> Self:
        """What became of a person's data."""
        kept = [KeptLine(**each._asdict()) for each in erased.kept]
        return cls(erased=list(erased.done), continues=list(erased.continues), kept=kept)


class PeopleQuery(Query):
    """Which people."""

    role: Role | None = None
    email: str = Field("", max_length=254, description="the beginning of the address, or all of it")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=1000)


class TrailQuery(Query):
    """Which part of the audit trail."""

    about: str | None = Field(
        None, max_length=100, description="an account's id, flight:<id>, booking:<pnr>, key:<name>, invitation:<id>"
    )
    by: str | None = Field(None, max_length=40, description="the account that did it")
    day: date | None = Field(None, alias="date", description="UTC; today where nothing is said")
    limit: int = Field(100, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1000)


class EventLine(Shape):
    """Who did what to whom or what, from where, when."""

    at: Moment
    what: str
    by: str | None = None
    about: str
    client: str
    detail: dict[str, str]

    @classmethod
    def of(cls, event: Event) -> Self:
        """A line of the audit trail."""
        return cls(at=event.at, what=event.what, by=event.by, about=event.about, client=event.client,
                   detail=dict(event.detail))  # fmt: skip


class TrailAnswer(Answer):
    """The audit trail, the last first."""

    events: list[EventLine]
    cursor: str | None = None


class KeyLine(Shape):
    """An API key; the key itself is seen once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    airports: list[str]
    made_at: Moment
    state: Literal["good", "ending", "revoked", "ended"]
    ends_at: Seconds | None = None

    @classmethod
    def of(cls, key: Key, now: datetime) -> Self:
        """A key as admins see it."""
        state: Any = "ending" if key.ends_at else "good"
        if not key.holds(now):
            state = "revoked" if key.revoked else "ended"
        return cls(id=key.id, name=key.name, scopes=list(key.scopes), airports=list(key.airports),
                   made_at=key.made_at, state=state, ends_at=key.ends_at)  # fmt: skip


class KeysAnswer(Answer):
    """All keys, by name."""

    keys: list[KeyLine]


class NewKeyAnswer(Answer):
    """A key, seen this once."""

    key: str
    id: str
    name: str
