"""Who is let in by what they show, as routes declare it."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import callers
from chalicelib.core.callers import (
    ADMINS,
    ANYONE,
    ANYONE_OR_SIGNED_IN,
    BOOKING_PARTY,
    LONGEST_NAME,
    OPERATORS,
    RECENT,
    RECENTLY_SIGNED_IN,
    REFRESH_TOKEN,
    SIGNED_IN,
    SIGNED_LINK,
    ApiKey,
    Holder,
    Machine,
    Party,
    Person,
    Role,
    admit,
    identity,
)
from chalicelib.core.errors import Forbidden, Invalid, Unauthenticated

KEY = ApiKey("feeds:aidx")


def person(role: Role, since_login: timedelta = timedelta()) -> Person:
    return Person("a1", role, "ada@example.com", "adr1", "en", "s1", since_login)


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine, a holder, and a person of each role, whose token is the role; `old` logged in long ago."""
    machines = {"good": Machine("ewr", ("feeds:aidx",), ("EWR",)), "other": Machine("lga", ("else",), ("LGA",))}
    people = {role.value: person(role) for role in Role} | {"old": person(Role.ADMIN, RECENT + timedelta(seconds=1))}
    monkeypatch.setattr(callers, "_find_machine", machines.get)
    monkeypatch.setattr(callers, "_find_holder", {"link": Holder("adr2")}.get)
    monkeypatch.setattr(callers, "_find_person", people.get)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_nobody_has_to_show_anything_where_anyone_may_call() -> None:
    """What is shown is not looked at either; a refresh token is for the view to look at."""
    for declared in (ANYONE, REFRESH_TOKEN):
        assert admit(declared, bearer("nonsense") | {"x-api-key": "nonsense"}) is None


def test_a_machine_shows_a_key_of_the_scope() -> None:
    """401 without one that is known, 403 for one of another scope."""
    found = admit(KEY, {"x-api-key": "good"})
    assert isinstance(found, Machine)
    assert found.airports == ("EWR",)
    for headers in ({}, {"x-api-key": ""}, {"x-api-key": "bad"}, bearer("good"), bearer("admin")):
        with pytest.raises(Unauthenticated) as refused:
            admit(KEY, headers)
        assert refused.value.scheme == "ApiKey"
    with pytest.raises(Forbidden, match="feeds:aidx"):
        admit(KEY, {"x-api-key": "other"})


@pytest.mark.parametrize("role", Role)
def test_a_person_is_let_in_by_role(role: Role) -> None:
    """An admin is no passenger by that alone: what counts is what the route names."""
    for declared in (SIGNED_IN, OPERATORS, ADMINS):
        if role in declared.roles:
            found = admit(declared, bearer(role.value))
            assert isinstance(found, Person)
            assert found.role is role
        else:
            with pytest.raises(Forbidden, match=str(declared)):
                admit(declared, bearer(role.value))


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, "Bearer"), ({"authorization": ""}, "Bearer"), ({"authorization": "Bearer"}, "Bearer"),
        ({"authorization": "Basic admin"}, "Bearer"), ({"authorization": "admin"}, "Bearer"),
        ({"x-api-key": "good"}, "Bearer"), (bearer("bad"), 'Bearer error="invalid_token"'),
        (bearer("link"), 'Bearer error="invalid_token"'),
        (bearer("admin, Bearer admin"), 'Bearer error="invalid_token"'),
    ],
)  # fmt: skip
def test_who_shows_no_access_token_is_told_how(headers: dict[str, str], challenge: str) -> None:
    """RFC 6750, section 3: an error only where something was shown."""
    with pytest.raises(Unauthenticated) as refused:
        admit(SIGNED_IN, headers)
    assert refused.value.scheme == challenge


def test_a_token_in_the_query_is_no_access_token() -> None:
    """RFC 6750, section 5.3: it would stand in logs; links in messages have no other place."""
    with pytest.raises(Unauthenticated):
        admit(SIGNED_IN, {}, "admin")
    with pytest.raises(Unauthenticated):
        admit(SIGNED_LINK, {}, "admin")


def test_who_logged_in_long_ago_logs_in_anew_where_that_is_asked() -> None:
    """RFC 9470: with the age that is asked for; the role counts first."""
    assert admit(SIGNED_IN, bearer("old"))
    assert admit(RECENTLY_SIGNED_IN, bearer("admin"))
    with pytest.raises(Unauthenticated) as refused:
        admit(RECENTLY_SIGNED_IN, bearer("old"))
    assert refused.value.scheme == 'Bearer error="insufficient_user_authentication", max_age=900'


def test_a_link_or_the_account_of_its_address_opens_what_the_address_follows() -> None:
    """The bearer goes before the query."""
    assert admit(SIGNED_LINK, {}, "link") == admit(SIGNED_LINK, bearer("link")) == Holder("adr2")
    found = admit(SIGNED_LINK, bearer("passenger"))
    assert isinstance(found, Holder)
    assert found.address == "adr1"
    for headers, token in (({}, None), ({}, "bad"), (bearer("bad"), None), (bearer("bad"), "link")):
        with pytest.raises(Unauthenticated) as refused:
            admit(SIGNED_LINK, headers, token)
        assert refused.value.scheme.startswith("Bearer")


def test_whoever_may_be_signed_in_is_nobody_or_an_account() -> None:
    """A token that holds no more is refused: a booking would else be made without its account, and nobody told."""
    assert admit(ANYONE_OR_SIGNED_IN, {}) is None
    assert admit(ANYONE_OR_SIGNED_IN, {"authorization": "", "x-api-key": "nonsense"}, "link") is None
    for role in Role:
        assert admit(ANYONE_OR_SIGNED_IN, bearer(role.value)) == person(role)
    for shown in (bearer("bad"), bearer("link"), bearer("undefined"), bearer(""), {"authorization": "Basic admin"}):
        with pytest.raises(Unauthenticated) as refused:
            admit(ANYONE_OR_SIGNED_IN, shown)
        assert refused.value.scheme.startswith("Bearer")


@pytest.mark.parametrize(
    ("headers", "token", "party"),
    [
        (bearer("passenger"), None, Party(person(Role.PASSENGER))),
        (bearer("a.link"), None, Party(link="a.link")),
        ({}, "a.link", Party(link="a.link")),
        (bearer("a.link"), "another", Party(link="a.link")),
        (bearer("admin"), "a.link", Party(person(Role.ADMIN), link="a.link")),
        ({"x-family-name": "Garc%C3%ADa"}, None, Party(family_name="García")),
        ({"x-family-name": " O'Brien-de la Cruz "}, None, Party(family_name="O'Brien-de la Cruz")),
        ({"x-family-name": "Lee", **bearer("passenger")}, None, Party(person(Role.PASSENGER), "Lee")),
    ],
)
def test_what_is_shown_for_a_booking_is_collected(headers: dict[str, str], token: str | None, party: Party) -> None:
    """Whether link and name go with the booking, its capability sees."""
    assert admit(BOOKING_PARTY, headers, token) == party


def test_who_shows_nothing_for_a_booking_is_told_how() -> None:
    """As is who shows an access token that holds no more, and would else be taken for a bad link."""
    for headers in ({}, {"x-family-name": "  "}, {"authorization": "Basic admin"}, {"x-api-key": "good"}):
        with pytest.raises(Unauthenticated, match="X-Family-Name") as refused:
            admit(BOOKING_PARTY, headers)
        assert refused.value.scheme == "Bearer"
    with pytest.raises(Unauthenticated) as refused:
        admit(BOOKING_PARTY, {**bearer("eyJhbGciOiJFZERTQSJ9.e30.c2ln"), "x-family-name": "Lee"})
    assert refused.value.scheme == 'Bearer error="invalid_token"'


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=LONGEST_NAME))
def test_any_family_name_fits_in_the_header(name: str) -> None:
    """As a browser's encodeURIComponent writes it; blanks around it are none of it."""
    if name.strip():
        found = admit(BOOKING_PARTY, {"x-family-name": quote(name, safe="")})
        assert found == Party(family_name=name.strip())


@pytest.mark.parametrize(
    "raw", ["%", "%G1", "%ff", "%ED%A0%80", "Garc\u00eda", "a%00b", "a%0Ab", "%C2%85", "%20", "x" * 101, "\ud800"]
)
def test_a_family_name_that_is_none_is_named(raw: str) -> None:
    """Broken encoding, bytes, half of a surrogate pair, controls, nothing, too much."""
    with pytest.raises(Invalid) as refused:
        admit(BOOKING_PARTY, {"x-family-name": raw})
    assert [(fault.place, fault.name) for fault in refused.value.faults] == [("header", "X-Family-Name")]


def test_an_identity_is_who_calls_and_stays_the_same() -> None:
    """Of the account, not of the session; a family name or a link is nobody's alone."""
    assert identity(person(Role.PASSENGER)) == identity(person(Role.ADMIN, RECENT)) == "person:a1"
    assert identity(Party(person(Role.PASSENGER), "Lee")) == "person:a1"
    assert identity(Machine("a1", (), ())) == "machine:a1"
    assert identity(Holder("a1")) == "address:a1"
    assert identity(None) == identity(Party(family_name="Lee", link="a.link")) == ""


def test_callers_are_told_in_words() -> None:
    """As they stand in the table of the OpenAPI document."""
    assert [str(each) for each in (ANYONE, KEY, SIGNED_IN, OPERATORS, ADMINS, RECENTLY_SIGNED_IN)] == [
        "anyone", "an API key with scope feeds:aidx", "anyone with an account", "operator or admin", "admin",
        "anyone with an account, logged in within 15 minutes",
    ]  # fmt: skip


def test_a_person_is_shown_without_their_address() -> None:
    """What is logged by accident names an account, not a mailbox."""
    assert "example.com" not in repr(person(Role.PASSENGER))
    assert "example.com" not in repr(Holder("adr1", "ada@example.com"))
    assert repr(Party(family_name="Lee", link="a.link")) == "Party(person=None)"
