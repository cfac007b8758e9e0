"""Who is let in by what they show, as routes declare it."""

from datetime import timedelta

import pytest

from chalicelib.core import callers
from chalicelib.core.callers import (
    ADMINS,
    ANYONE,
    OPERATORS,
    RECENT,
    RECENTLY_SIGNED_IN,
    REFRESH_TOKEN,
    SIGNED_IN,
    SIGNED_LINK,
    ApiKey,
    Holder,
    Machine,
    Person,
    Role,
    admit,
)
from chalicelib.core.errors import Forbidden, Unauthenticated

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
