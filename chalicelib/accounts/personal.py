"""What is held on a person, over all capabilities: for export and erasing (GDPR, articles 15, 17 and 20).

Each capability that holds something on people is a `Keeper`, which app.py puts on the list.

Erasing begins with one transaction: the account and its claim of the address go, and an errand is left that names what
is to be done. From then on nobody can log in. What hangs on the person is erased within the request, as far as it goes;
the errand finishes the rest, and goes itself: so the address is kept no longer than that takes.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.channels.model import Address, Channel
from chalicelib.core.clock import Now, instant
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.telemetry import logger

if TYPE_CHECKING:
    from chalicelib.accounts.model import Account, Errand, Event

LONGEST = 8.0  # seconds that a request erases; the errand does what is left
ERASE_KEPT = timedelta(days=14)  # as long as a dead letter: an errand that failed can be done again
AT_ONCE = 50  # items that go in one transaction
# An export is one answer, of at most 6 MB (Lambda), and anybody may add 50 failed logins an hour to anybody's trail.
MOST_READ, MOST_LINES, MOST_FAILED = 5_000, 2_000, 100  # lines: looked at; in an export; of failed logins among them
PAGE = 500  # lines that are looked at in one go


class Owner(NamedTuple):
    """Whose data it is: an account's id, and its verified email address."""

    account: str
    email: str

    @property
    def address(self) -> Address:
        """The address as channels know it."""
        return Address(Channel.EMAIL, self.email)


class Kept(NamedTuple):
    """What stays after erasing, in words for the person: what, why, and how long."""

    what: str
    why: str
    until: str


@dataclass(frozen=True)
class Keeper:
    """A capability that holds something on people: by their email address, but accounts itself.

    Erasing and moving take what was there at an instant, and leave what came since: it is of whoever has the address
    then. An errand may be done days late. All of it may be done again, and raises Unavailable.
    """

    name: str  # of the part of the export
    export: Callable[[Owner, Now], dict[str, Any]]  # everything, as JSON; of what has no end, the newest
    erase: Callable[[Owner, datetime | None, Now], None]  # what was there then (wall clock); None: all of it
    move: Callable[[Owner, Owner, datetime, Now], None]  # from the address before to the one now; what can't, goes
    kept: tuple[Kept, ...] = ()


KEEPERS: list[Keeper] = []  # app.py fills it, once


class Erased(NamedTuple):
    """What came of erasing: whose part is done, whose goes on without the person, and what stays."""

    done: tuple[str, ...]
    continues: tuple[str, ...]
    kept: tuple[Kept, ...]


def export(owner: Owner, now: Now) -> dict[str, Any]:
    """All that is held on a person, as JSON. Raises Unavailable."""
    return {"made_at": instant(now.wall), **{keeper.name: keeper.export(owner, now) for keeper in _keepers()}}


def erase(
    account: "Account", *, by: str | None, client: str, now: Now, watch: Callable[[], float] = time.monotonic
) -> Erased:
    """Delete an account and all that is held on the person; `by` is the account that does it, `watch` gives seconds.

    Raises NotFound where it is gone already, Unavailable where nothing is done yet.
    """
    from chalicelib.accounts import store

    keepers = _keepers()
    errand = store.persist(lambda: _delete(account.id, by, client, now.wall))
    owner, began, done = Owner(account.id, errand.email), watch(), []
    for keeper in keepers:
        if watch() - began > LONGEST:
            break
        try:
            keeper.erase(owner, None, now)
            done.append(keeper.name)
        except Exception:  # the account is gone, whatever comes: the errand does this again, and is loud about it
            logger.warning("erasing goes on in the queue", account=account.id, keeper=keeper.name, exc_info=True)
    continues = tuple(keeper.name for keeper in keepers if keeper.name not in done)
    if not continues:
        with suppress(Exception):  # then it is done again, by itself
            store.save(gone=[errand], now=now.wall)
    return Erased(tuple(done), continues, tuple(kept for keeper in keepers for kept in keeper.kept))


def go_on_erasing(errand: "Errand", now: Now) -> None:
    """Finish what `erase` began (an errand ERASE), which then is gone. May be done again. Raises Unavailable.

    Whoever has got an account with that address since keeps what hangs on it; a guest, what they asked for since.
    """
    from chalicelib.accounts import store

    owner = Owner(errand.account or "", errand.email)
    taken = store.account_with(errand.email) is not None
    for keeper in _keepers():
        if keeper is KEEPER or not taken:
            keeper.erase(owner, _asked_at(errand), now)
    if left := store.errand(errand.id, now.wall):
        with suppress(Conflict):  # somebody else is done, too
            store.save(gone=[left], now=now.wall)


def move(errand: "Errand", now: Now) -> None:
    """Bring along what hangs on an account's former address (an errand MOVE). May be done again. Raises Unavailable.

    To the address it has by now, which may be another again; and if the account is gone by now, nothing is to be left.
    Only what was there when the address changed is the account's: what somebody asked for since, at the former one,
    stays.
    """
    from chalicelib.accounts import store

    id, here = errand.account or "", errand.former or ""
    homes = [here, errand.email]
    while (account := store.account(id)) and account.email != here:
        if store.account_with(here):
            return  # it is somebody else's by now, and so is what hangs on it
        for keeper in _keepers():
            keeper.move(Owner(id, here), Owner(id, account.email), _asked_at(errand), now)
        here = account.email
        homes.append(here)
    if account is None:
        for home in dict.fromkeys(homes):
            if store.account_with(home) is None:
                for keeper in _keepers():
                    keeper.erase(Owner(id, home), _asked_at(errand), now)


def _asked_at(errand: "Errand") -> datetime:
    return datetime.fromtimestamp(errand.asked_at, UTC)


def _keepers() -> list[Keeper]:
    assert KEEPERS, "app.py has not said who holds something on people"
    return KEEPERS


def _delete(id: str, by: str | None, client: str, now: datetime) -> "Errand":
    """Delete the account itself, all or nothing. Returns the errand as it is kept. Raises NotFound, Conflict."""
    from chalicelib.accounts import links, store
    from chalicelib.accounts.model import Errand, Event, Task, new_id

    account = store.account(id)
    if account is None:
        raise NotFound("this account was deleted")
    at, email, language = int(now.timestamp()), account.email, account.language
    errand = Errand(new_id(), Task.ERASE, email, language, at, int((now + ERASE_KEPT).timestamp()), account=id)
    letter = Errand(new_id(), Task.DELETED, email, language, at, int((now + links.NOTICE_KEPT).timestamp()))
    event = Event(now, "deleted", by, id, client)
    store.save(errand, letter, event, gone=[account], now=now)
    return replace(errand, revision=1)


def _export(owner: Owner, now: Now) -> dict[str, Any]:
    from chalicelib.accounts import store

    account = store.account(owner.account)
    if account is None:
        raise NotFound("this account was deleted")
    return {
        "account": {
            "id": account.id, "email": account.email, "role": account.role.value, "language": account.language,
            "created_at": _instant(account.created_at), "password_at": _instant(account.password_at),
            "airlines": list(account.airlines), "airports": list(account.airports), "disabled": account.disabled,
        },
        "sessions": [
            {
                "id": each.id, "logged_in_at": _instant(each.logged_in_at), "used_at": _instant(each.used_at),
                "expires": _instant(each.expires), "client": each.client, "agent": each.agent,
            }
            for each in store.sessions(account.id, now.wall)
        ],
        "consents": [
            {"wording": each.wording, "language": each.language, "at": _instant(each.at)}
            for each in store.consents(account.id)
        ],
        "audit": _trail(account.id, now.wall),
    }  # fmt: skip


def _trail(account: str, now: datetime) -> dict[str, Any]:
    """The newest lines of the audit trail that are about an account or that it left elsewhere, the last first.

    Failed logins but the newest are counted, so that who tries passwords does not push out what happened else.
    """
    from chalicelib.accounts import store

    about, cursor = store.events_about(account, now, PAGE, None)
    while cursor and len(about) < MOST_READ:
        further, cursor = store.events_about(account, now, PAGE, cursor)
        about += further
    counted = [each for each in about if each.what == "login-failed"][MOST_FAILED:]
    found = {*about, *store.events_by(account, now, MOST_LINES + 1)}.difference(counted)
    lines = sorted(found, key=lambda each: (each.at, each.id), reverse=True)
    return {
        "lines": [_event(each, account) for each in lines[:MOST_LINES]],
        "failed_logins_not_listed": len(counted),
        "more": cursor is not None or len(lines) > MOST_LINES,
        "ask": f"whoever runs this Gatecall: an admin reads all of it by GET /v1/audit?about={account}",
    }


def _event(event: "Event", owner: str) -> dict[str, Any]:
    """A line, without what it holds on somebody else (GDPR, article 15(4)): nobody but admins acts on others."""
    own = event.by in (None, owner)
    return {
        "id": event.id, "at": instant(event.at), "what": event.what, "by": event.by if own else "an admin",
        "about": event.about, "client": event.client if own else None, "detail": dict(event.detail),
    }  # fmt: skip


def _erase(owner: Owner, _: datetime | None, now: Now) -> None:
    """All that hangs on the account's id, which nobody else ever gets."""
    from chalicelib.accounts import store

    def attempt() -> None:
        left: list[store.Item] = [*store.sessions(owner.account, None), *store.consents(owner.account)]
        for first in range(0, len(left), AT_ONCE):
            store.save(gone=left[first : first + AT_ONCE], now=now.wall)

    store.persist(attempt)


def _stay(before: Owner, after: Owner, until: datetime, now: Now) -> None:
    """All of it hangs on the account's id."""


def _instant(seconds: int) -> str:
    return instant(datetime.fromtimestamp(seconds, UTC))


KEEPER = Keeper(
    "accounts",
    _export,
    _erase,
    _stay,
    (
        Kept(
            "the audit trail: what was done, when, and from which network address, by the account's random number "
            "alone",
            "security, and legal claims (GDPR, articles 6(1)(f), 17(3)(b) and (e))",
            "400 days after each line",
        ),
        Kept(
            "the letter that tells of the deletion, and letters that were asked for before, with the address",
            "so that they reach you",
            "2 days; an invitation 7 days",
        ),
        Kept(
            "your address on the list of those that Amazon SES does not write to, where it bounced or complained",
            "so that nobody writes to it again (GDPR, article 6(1)(f))",
            "until you ask for its removal",
        ),
        Kept(
            "changes that functions still read, and records that one of them could not handle",
            "so that no change of the system is lost; nobody is told or found by them",
            "changes 24 hours, records 14 days",
        ),
        Kept("backups of the tables", "so that the system can be restored (GDPR, article 32(1)(c))", "35 days"),
        Kept("logs, with random numbers and no address", "to find faults and attacks", "30 days"),
    ),
)
