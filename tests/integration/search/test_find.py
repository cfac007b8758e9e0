"""What can be booked, as it stands at the moment one asks."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.core import aws
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.flights import ingest, timetable
from chalicelib.pricing import demand, fares
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.model import Party
from chalicelib.pricing.seats import Cabin
from chalicelib.search import find, store
from chalicelib.search.find import Found, Request
from chalicelib.search.market import Part
from chalicelib.search.ranking import Offer, Sort

from .market import DAY, TODAY, block, calls, later, legs, request, sell, tell

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No forecast is known from other tests, and moto is not atomic under threads."""
    demand._known.clear()
    monkeypatch.setattr(ingest, "WRITERS", 1)


@pytest.fixture
def quoted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The legs that a price is reckoned for."""
    asked: list[str] = []
    real = fares.quote

    def spy(scheduled: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(scheduled.leg))
        return real(scheduled, *rest, **more)

    monkeypatch.setattr(fares, "quote", spy)
    return asked


def of(found: Found, leg: Any) -> Offer | None:
    """The offer that is this leg alone."""
    return next((offer for offer in found.offers if offer.key == (str(leg.leg),)), None)


def all_of(*ways: str, **more: Any) -> Request:
    return request(*ways, limit=100, **more)


def test_a_search_asks_one_query_for_each_leg_pattern(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """New York to Los Angeles is flown from two airports. What was found is shared: the next asks for no more."""
    with calls(monkeypatch) as first:
        found = find.offers(all_of("NYC-LAX"), now)
    assert found.count == len(found.offers) == len(legs("EWR-LAX")) + len(legs("JFK-LAX"))
    assert first["Query inventory"] == 2
    with calls(monkeypatch) as second:
        again = find.offers(all_of("NYC-LAX"), later(now, seconds=60))
    assert second == {"Query inventory": 2, "BatchGetItem searches": 1, "UpdateItem searches": 1}
    assert [offer.key for offer in again.offers] == [offer.key for offer in found.offers]
    assert [(o.price, o.quotes, o.records) for o in again.offers] == [
        (o.price, o.quotes, o.records) for o in found.offers
    ]


def test_journeys_connect_where_nobody_flies_directly(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boston to Miami by each of New York's airports: a pattern for each leg of them, and date."""
    with calls(monkeypatch) as asked:
        found = find.offers(all_of("BOS-MIA"), now)
    assert {offer.journeys[0].airports[1] for offer in found.offers} == {"EWR", "JFK", "LGA"}
    assert all(offer.stops == 1 and len(offer.quotes) == 2 for offer in found.offers)
    patterns = {(leg.leg.origin, leg.destination, leg.leg.date) for o in found.offers for leg in o.journeys[0].legs}
    assert len(patterns) <= asked["Query inventory"] <= 9  # and after midnight, on what leaves New York the next day


def test_a_direct_flight_only_where_that_is_asked(now: Now) -> None:
    """No stops: nothing flies from Boston to Miami."""
    assert find.offers(request("BOS-MIA", stops=0), now).offers == []


def test_a_sale_is_never_hidden_by_what_is_shared(now: Now, quoted: list[str]) -> None:
    """Seats left, price and the offer itself follow each sale at once, within the five minutes."""
    flight = legs("EWR-LAX")[3]
    before = of(find.offers(all_of("EWR-LAX"), now), flight)
    left = sell(flight, now, left=3)
    after = of(find.offers(all_of("EWR-LAX"), later(now, seconds=1)), flight)
    assert before
    assert after
    assert (after.seats_left, left) == (3, 3)
    assert after.total > before.total
    sell(flight, now)
    assert of(find.offers(all_of("EWR-LAX"), later(now, seconds=2)), flight) is None


def test_a_seat_that_comes_back_is_never_hidden(now: Now) -> None:
    """A hold ends by the clock alone: nothing is written, and the next search has the seats."""
    flight = legs("EWR-LAX")[0]
    sell(flight, now, until=now.wall + timedelta(seconds=60))
    assert of(find.offers(all_of("EWR-LAX"), now), flight) is None
    assert of(find.offers(all_of("EWR-LAX"), later(now, seconds=59)), flight) is None
    assert of(find.offers(all_of("EWR-LAX"), later(now, seconds=60)), flight) is not None


def test_a_price_that_changes_with_the_days_is_never_hidden(now: Now) -> None:
    """A fare sold until 14 days before departure is gone a second later."""
    flight = legs("EWR-LAX")[0]
    moment = now._replace(flight=flight.scheduled_out - timedelta(days=14))
    before = of(find.offers(all_of("EWR-LAX"), moment), flight)
    after = of(find.offers(all_of("EWR-LAX"), later(moment, seconds=1)), flight)
    assert before
    assert after
    assert (before.quotes[0].booking_class, after.total) != (after.quotes[0].booking_class, before.total)
    assert after.total > before.total


def test_a_change_of_the_seats_is_never_hidden(now: Now) -> None:
    """An operator blocks an aircraft: it is not offered any more."""
    flight = legs("EWR-LAX")[0]
    assert of(find.offers(all_of("EWR-LAX"), now), flight)
    block(flight, now)
    assert of(find.offers(all_of("EWR-LAX"), later(now, seconds=1)), flight) is None


def test_a_new_forecast_is_never_hidden(now: Now, quoted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version is part of what the shared answer hangs on."""
    find.offers(request("EWR-LAX"), now)
    quoted.clear()
    real = demand.of_routes

    def newer(routes: Any, at: Now) -> Any:
        return {way: Demand(*way, version=7) for way in real(routes, at)}

    monkeypatch.setattr(demand, "of_routes", newer)
    find.offers(request("EWR-LAX"), later(now, seconds=1))
    assert len(quoted) == len(legs("EWR-LAX"))


def test_what_is_shared_saves_the_reckoning_for_five_minutes(now: Now, quoted: list[str]) -> None:
    """In whatever order it is asked for. What has expired is absent."""
    find.offers(request("EWR-LAX"), now)
    assert len(quoted) == len(legs("EWR-LAX"))
    quoted.clear()
    for sort in Sort:
        find.offers(request("EWR-LAX", sort=sort), later(now, seconds=299))
    assert quoted == []
    find.offers(request("EWR-LAX"), later(now, seconds=300))
    assert len(quoted) == len(legs("EWR-LAX"))


def test_other_cabins_and_parties_have_answers_of_their_own(now: Now) -> None:
    """First class is dearer; five need five seats."""
    flight = legs("EWR-LAX")[0]
    sell(flight, now, left=4)
    economy = of(find.offers(all_of("EWR-LAX"), now), flight)
    assert economy
    assert economy.seats_left == 4
    front = find.offers(all_of("EWR-LAX", cabin=Cabin.FIRST), now)
    assert front.offers
    assert {quote.cabin for offer in front.offers for quote in offer.quotes} == {Cabin.FIRST}
    assert min(offer.total for offer in front.offers) > economy.total
    five = find.offers(all_of("EWR-LAX", party=Party(4, 1)), now)
    assert of(five, flight) is None
    four = of(find.offers(all_of("EWR-LAX", party=Party(3, 1, 1)), now), flight)
    assert four
    assert four.total > economy.total


def test_what_is_asked_of_legs_that_fly_soon_is_one_batch(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their status counts: so it is read, of those that leave within three days only."""
    with calls(monkeypatch) as asked:
        find.offers(request("EWR-LAX", days=1), now)
    assert asked["BatchGetItem flights"] - 14 * len(legs("EWR-LAX")) // 100 - 1 == 1  # the others: of the last 14 days


def test_a_cancelled_or_hidden_flight_is_not_offered(now: Now) -> None:
    """Nor one that has left, or leaves within three quarters of an hour. What the feed says counts at once."""
    day = TODAY + timedelta(days=2)
    cancelled, hidden, gone, shown, *_ = legs("EWR-LAX", day)
    ask = request("EWR-LAX", days=2, limit=100)
    assert find.offers(ask, now).count == len(legs("EWR-LAX", day))
    tell(cancelled, now, cancelled=True)
    tell(hidden, now, shown="hidden")
    tell(gone, now, actual_out=now.flight)
    tell(shown, now, estimated_out=shown.scheduled_out + timedelta(minutes=25))
    found = find.offers(ask, later(now, seconds=1))
    assert [of(found, each) is None for each in (cancelled, hidden, gone, shown)] == [True, True, True, False]
    late = of(found, shown)
    assert late
    assert late.segments[0].expected_out == shown.scheduled_out + timedelta(minutes=25)


def test_a_flight_is_offered_until_it_is_about_to_leave(now: Now) -> None:
    """Forty-five minutes before, it is not; a late one is, by when it will leave."""
    flight = legs("EWR-LAX", TODAY)[5]
    moment = later(now, seconds=(flight.scheduled_out - now.flight).total_seconds() - 45 * 60)
    ask = request("EWR-LAX", days=0, limit=100)
    assert of(find.offers(ask, later(moment, seconds=-1)), flight)
    assert of(find.offers(ask, moment), flight) is None
    tell(flight, moment, estimated_out=flight.scheduled_out + timedelta(minutes=30))
    assert of(find.offers(ask, moment), flight)


def test_a_connection_that_a_delay_breaks_is_not_offered(now: Now) -> None:
    """The next flight is not reached any more; the one after it is."""
    ask = request("BOS-MIA", days=1, limit=100)
    tight = min(
        (offer.journeys[0] for offer in find.offers(ask, now).offers),
        key=lambda journey: journey.legs[1].scheduled_out - journey.legs[0].scheduled_in,
    )
    first = tight.legs[0]
    tell(first, now, estimated_in=first.scheduled_in + timedelta(minutes=200))
    keys = [offer.key for offer in find.offers(ask, later(now, seconds=1)).offers]
    assert tight.key not in keys


def test_nothing_is_read_twice(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all is sold, journeys with a night in between are looked for, too: among what was read."""
    for flight in legs("JFK-HNL"):
        sell(flight, now)
    with calls(monkeypatch) as asked:
        assert find.offers(request("JFK-HNL"), now).offers == []
    assert asked["Query inventory"] == 1


def test_a_full_flight_breaks_its_connections_only(now: Now) -> None:
    """What connects otherwise is still offered."""
    before = find.offers(all_of("BOS-MIA"), now)
    full = before.offers[0].journeys[0].legs[1]
    sell(full, now)
    after = find.offers(all_of("BOS-MIA"), later(now, seconds=1))
    assert after.offers
    assert not any(str(full.leg) in offer.key for offer in after.offers)


def test_there_and_back(now: Now) -> None:
    """Both ways together, the best combinations first; each leaves after the one before has arrived."""
    found = find.offers(all_of("NYC-LAX", "LAX-NYC", sort=Sort.PRICE), now)
    assert found.offers
    for offer in found.offers:
        there, back = offer.journeys
        assert there.in_ < back.out
        assert (len(offer.quotes), len(offer.segments), len(offer.records)) == (2, 2, 2)
        assert offer.price == fares_of(offer, Party(1), now)
    totals = [offer.total for offer in found.offers]
    assert totals == sorted(totals)
    cheapest = [find.offers(request(way, sort=Sort.PRICE), now).offers[0] for way in ("NYC-LAX",)]
    assert totals[0] > cheapest[0].total


def fares_of(offer: Offer, party: Party, now: Now) -> Any:
    from chalicelib.pricing import charges

    return charges.price(offer.quotes, party, (), now.flight.date())


def test_several_cities(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three journeys, one of them with a connection; still a Query for each leg pattern."""
    with calls(monkeypatch) as asked:
        found = find.offers(all_of("NYC-LAX", "LAX-CHI", "CHI-NYC"), now)
    assert {len(offer.journeys) for offer in found.offers} == {3}
    assert [journey.stops for journey in found.offers[0].journeys] == [0, 1, 0]
    assert asked["BatchGetItem searches"] <= 2
    assert asked["PutItem searches"] <= 3 + asked["Query inventory"]


def test_a_search_is_counted_without_a_person(now: Now) -> None:
    """By route, date and days ahead, however an airport is spelled; the kind of trip. One write each."""
    find.offers(request("NYC-LAX"), now)
    find.offers(request("NYC-KLAX"), now)
    find.offers(request("NYC-LAX", "LAX-NYC"), now)
    find.offers(request("NYC-LAX", "LAX-CHI"), now)
    table = boto3.resource("dynamodb").Table("gatecall-test-searches")
    item = table.get_item(Key={"pk": "searched#NYC-LAX", "sk": f"{DAY:%Y%m%d}#020"})["Item"]
    assert {name: item[name] for name in ("one_way", "round_trip", "several")} == {
        "one_way": 2, "round_trip": 1, "several": 1,
    }  # fmt: skip
    assert set(item) == {"pk", "sk", "one_way", "round_trip", "several", "expires"}


def test_a_search_is_found_without_its_table(now: Now) -> None:
    """Neither the count, nor the shared answer, nor the records of punctuality can fail a search."""
    wanted = [offer.key for offer in find.offers(request("NYC-LAX"), now).offers]
    boto3.client("dynamodb").delete_table(TableName="gatecall-test-searches")
    assert [offer.key for offer in find.offers(request("NYC-LAX"), now).offers] == wanted


def test_nothing_is_offered_where_nobody_knows_what_is_sold(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the search fails, and says so."""

    def busy(*_: Any, **__: Any) -> Any:
        raise Unavailable("the tables are busy")

    monkeypatch.setattr("chalicelib.pricing.store.of_route", busy)
    with pytest.raises(Unavailable):
        find.offers(request("NYC-LAX"), now)


def test_the_next_flights_with_seats_stand_in_for_one(now: Now) -> None:
    """By arrival, for a whole party, from an instant on; none that is full, or has left."""
    day = legs("EWR-LAX", TODAY)
    after = day[6].scheduled_out
    full = next(each for each in day if each.scheduled_out >= after)
    sell(full, now, left=1)
    found = find.alternatives("EWR", "LAX", after=after, party=2, cabin=Cabin.ECONOMY, now=now, limit=5)
    assert len(found) == 5
    arrivals = [offer.segments[-1].expected_in for offer in found]
    assert arrivals == sorted(arrivals)
    assert all(offer.journeys[0].out >= after and offer.seats_left >= 2 for offer in found)
    assert str(full.leg) not in [offer.key[0] for offer in found]


def test_they_are_sought_on_the_next_days_too(now: Now) -> None:
    """After the last flight of a day, those of the next."""
    last = max(each.scheduled_out for each in legs("EWR-LAX", TODAY))
    found = find.alternatives(
        "EWR", "LAX", after=last + timedelta(minutes=1), party=1, cabin=Cabin.ECONOMY, now=now, limit=3
    )
    assert [offer.journeys[0].legs[0].leg.date for offer in found] == [TODAY + timedelta(days=1)] * 3
    assert find.alternatives("EWR", "XXX", after=last, party=1, cabin=Cabin.ECONOMY, now=now, limit=3) == []


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([Part("NYC", "LAX", DAY)], []),
        ([Part("XXX", "LAX", DAY)], [(0, "origin")]),
        ([Part("NYC", "?", DAY)], [(0, "destination")]),
        ([Part("NYC", "EWR", DAY)], [(0, "destination")]),
        ([Part("EWR", "JFK", DAY)], []),
        ([Part("NYC", "LAX", TODAY - timedelta(days=1))], [(0, "day")]),
        ([Part("NYC", "LAX", TODAY + timedelta(days=60))], []),
        ([Part("NYC", "LAX", TODAY + timedelta(days=61))], [(0, "day")]),
        ([Part("NYC", "LAX", date.min)], [(0, "day")]),
        ([Part("NYC", "LAX", date.max)], [(0, "day")]),
        ([Part("NYC", "LAX", DAY), Part("LAX", "NYC", DAY - timedelta(days=1))], [(1, "day")]),
    ],
)
def test_what_cannot_be_searched_is_said(parts: list[Part], wrong: list[tuple[int, str]], now: Now) -> None:
    """Which journey, which of its ends, and why."""
    assert [(each.part, each.field) for each in find.mistakes(parts, now)] == wrong


def test_the_day_that_counts_is_the_one_where_the_journey_begins(now: Now) -> None:
    """Two in the morning in New York, it is still the day before in Honolulu, and flights of it are to leave."""
    night = now._replace(flight=now.flight.replace(hour=6))
    yesterday = timetable.today(night.flight) - timedelta(days=1)
    assert find.mistakes([Part("HNL", "NYC", yesterday)], night) == []
    assert [each.field for each in find.mistakes([Part("NYC", "HNL", yesterday)], night)] == ["day"]


def test_what_expired_is_absent_on_every_read(now: Now) -> None:
    """The broom may not have come yet."""
    store.keep("a", {"journeys": []}, now.wall)
    assert store.found(["a", "b"], later(now, seconds=299).wall) == {"a": {"journeys": []}}
    assert store.found(["a"], later(now, seconds=300).wall) == {}
    assert aws.client("dynamodb").get_item(
        TableName="gatecall-test-searches", Key={"pk": {"S": "found#a"}, "sk": {"S": "answer"}}
    )["Item"]
