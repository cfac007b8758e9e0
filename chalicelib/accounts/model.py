"""What an account is, what a session, an API key, an errand and a line of the audit trail are, and their rules.

Secrets are never kept as they are: passwords as argon2id (`passwords`), refresh tokens and API keys as SHA-256. Of 256
random bits a plain SHA-256 is enough; nothing can be tried out. Instants are seconds since 1970 of the wall clock.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core.callers import Role
from chalicelib.core.errors import Fault, Invalid

PREFIX = "gck_"  # so that a key that leaked is recognised for what it is
SCOPES = ("feeds:aidx", "metrics:read")
OF_AIRPORTS = ("feeds:aidx",)  # those that speak for airports; a key without one needs none
WORDING = "2026-11b"  # of the consent that is asked for (`words`): a new one where what it says changes
IDLE, LONGEST = timedelta(days=30), timedelta(days=180)  # how long a session lives unused, and at all
ON_DUTY = timedelta(hours=12)  # of operators and admins: at all (NIST SP 800-63B, AAL2)


@dataclass(frozen=True)
class Account:
    """A person who showed that the address is theirs."""

    id: str
    email: str = field(repr=False)
    role: Role
    language: str
    created_at: int
    password: str = field(repr=False)  # its argon2id hash
    password_at: int  # when it was set: links to set another that are older hold no more
    epoch: int = 1  # one more ends all sessions of before, also those that are just being made
    airlines: tuple[str, ...] = ()  # that an operator acts for: designators
    airports: tuple[str, ...] = ()
    disabled: bool = False
    revision: int = 0


@dataclass(frozen=True)
class Session:
    """One login on one device, and the family of refresh tokens that followed from it."""

    account: str
    id: str
    current: str = field(repr=False)  # hash of the refresh token that counts
    generation: int  # of that token: 1 at login, one more at every use
    rotated_at: int
    logged_in_at: int
    used_at: int
    expires: int
    client: str  # network address it was last used from
    agent: str  # what the client called itself
    epoch: int = 1  # the account's at login: another ended this session
    former: str | None = field(default=None, repr=False)  # hash of the refresh token before
    revision: int = 0


NOBODY = "nobody"  # what an event is about that concerns no account


class Task(StrEnum):
    """What is to be done after a change was committed: letters, those of `LINKS` with a link; and two that are none."""

    CONFIRM = "confirm"  # somebody wants an account with this address
    INVITE = "invite"  # an admin wants this address to have one
    RESET = "reset"  # somebody forgot the password
    NEW_ADDRESS = "new-address"  # an account wants to have this address
    PASSWORD_CHANGED = "password-changed"
    ADDRESS_ASKED = "address-asked"  # told to the present address
    ADDRESS_CHANGED = "address-changed"  # told to the former address
    DELETED = "deleted"  # told to who had the account
    MOVE = "move"  # bring along what hangs on the former address
    ERASE = "erase"  # what is left of a person


LINKS = (Task.CONFIRM, Task.INVITE, Task.RESET, Task.NEW_ADDRESS)
LETTERS = (*LINKS, Task.PASSWORD_CHANGED, Task.ADDRESS_ASKED, Task.ADDRESS_CHANGED, Task.DELETED)


@dataclass(frozen=True)
class Errand:
    """Something to be done after a change was committed, once: the table's stream calls for it.

    A letter with a link is also what the link leads to: who has it sets a password, or takes over an address.
    """

    id: str
    task: Task
    email: str = field(repr=False)  # where the letter goes; of MOVE and ERASE, the account's
    language: str
    asked_at: int
    expires: int
    account: str | None = None
    former: str | None = field(default=None, repr=False)  # MOVE: the address before; NEW_ADDRESS: the present one
    epoch: int | None = None  # NEW_ADDRESS: the account's; where that is another by now, the wish holds no more
    wording: str | None = None  # of the consent that was given in asking
    role: Role = Role.PASSENGER  # INVITE: what is given
    airlines: tuple[str, ...] = ()
    airports: tuple[str, ...] = ()
    by: str | None = None  # INVITE: the admin's account
    done: bool = False
    leased_until: int = 0
    revision: int = 0


@dataclass(frozen=True)
class Used:
    """The link of an errand was used a moment ago: who presses the button twice is told the same twice."""

    errand: str
    account: str
    expires: int


@dataclass(frozen=True)
class Consent:
    """That a person agreed, when, and to which version of the wording."""

    account: str
    wording: str
    language: str
    at: int


@dataclass(frozen=True)
class Event:
    """A line of the audit trail: who did what to whom or what, from where, when."""

    at: datetime
    what: str  # such as role-changed
    by: str | None  # the account that did it; None: nobody who is known
    about: str  # an account, or `flight:<id>`, `booking:<pnr>`, `key:<name>`
    client: str  # network address; "terminal" for a command there
    detail: tuple[tuple[str, str], ...] = ()  # no personal data: it outlives the account
    id: str = field(default_factory=lambda: secrets.token_hex(4))


@dataclass(frozen=True)
class Key:
    """An API key as kept: the hash, whose it is, what it may do, and the airports its holder speaks for."""

    hash: str
    name: str
    scopes: tuple[str, ...]
    airports: tuple[str, ...]
    made_at: datetime
    revoked: bool = False
    ends_at: int | None = None  # it was rotated: it is good until then
    revision: int = 0  # 0: it was made before keys were counted

    @property
    def id(self) -> str:
        """What names it among the keys; it tells nothing of the key."""
        return _id_of_hash(self.hash)

    def holds(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return not self.revoked and (self.ends_at is None or now.timestamp() < self.ends_at)


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, as sessions and the audit trail keep it."""

    client: str
    agent: str = ""


def new_id() -> str:
    """What names an account, a session or an errand: 96 bits, so that it can't be guessed either."""
    return secrets.token_hex(12)


def new_secret() -> str:
    """A key no one can guess: 256 bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """The hash by which a key or a token is kept."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def id_of(secret: str) -> str:
    """What names a key among the keys."""
    return _id_of_hash(hash_of(secret))


def _id_of_hash(hash: str) -> str:
    return hash[:16]


def check_wording(wording: str) -> None:
    """See that it is the wording of the consent that holds now. Raises Invalid."""
    if wording != WORDING:
        wrong = f"is not the version that holds now, {WORDING}; GET /v1/consent says what it says"
        raise Invalid(f"consent {wrong}", [Fault("body", "consent", wrong)])


def check_name(name: str) -> str:
    """A key's name, which its feed is known by on boards. Raises Invalid."""
    if not (name.isascii() and name.replace("-", "").isalnum() and name == name.lower() and len(name) <= 40):
        wrong = "is not a key's name; one is of small letters, digits and hyphens, such as wsi-aodb"
        raise Invalid(f"{name!r} {wrong}", [Fault("body", "name", wrong)])
    return name


def check_mandate(role: Role, airlines: Sequence[str], airports: Sequence[str]) -> None:
    """See that an operator is bound to airlines or airports, and nobody else. Raises Invalid."""
    faults = [Fault("body", "airlines", f"{a!r} is no designator, such as UA or UAL")
              for a in airlines if not re.fullmatch("[A-Z0-9]{2}|[A-Z]{3}", a)]  # fmt: skip
    faults += [Fault("body", "airports", f"{a!r} is no code, such as EWR")
               for a in airports if not re.fullmatch("[A-Z0-9_]{3,4}", a)]  # fmt: skip
    bound = [*airlines, *airports]
    if role is Role.OPERATOR and not bound:
        faults.append(Fault("body", "airlines", "or airports: an operator acts for some"))
    if role is not Role.OPERATOR and bound:
        faults.append(Fault("body", "role", f"{role} is bound to no airlines or airports; operator is"))
    if faults:
        raise Invalid("this role can't be given: " + "; ".join(f"{f.name} {f.detail}" for f in faults), faults)


def lives_until(role: Role, logged_in_at: int, now: datetime) -> int:
    """When a session that is used now ends: left unused, or at the latest."""
    longest = ON_DUTY if role is not Role.PASSENGER else LONGEST
    return min(int((now + IDLE).timestamp()), logged_in_at + int(longest.total_seconds()))


def stands(account: Account, session: Session, now: datetime) -> bool:
    """Whether a session still logs its account in, by what both are now; some roles last less than others."""
    lasts = lives_until(account.role, session.logged_in_at, now) > now.timestamp()
    return lasts and session.epoch == account.epoch and not account.disabled
