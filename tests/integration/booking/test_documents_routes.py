"""Passports and papers over the REST API: sealed, erased after the flight; PDF, calendar, and why it costs that."""

import json
from base64 import b64encode
from dataclasses import replace
from io import BytesIO
from typing import Any

import boto3
import icalendar
import pytest
from pypdf import PdfReader

import app
from chalicelib.booking import changes, documents, passports, store
from chalicelib.booking.model import By, Change, Changed
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from infra.local import events

from . import shop
from .desk import Desk, adults

PASSPORT = {
    "number": "C01X00T47", "issuing_state": "USA", "nationality": "USA", "date_of_birth": "1984-06-03",
    "expires_on": "2030-06-02", "sex": "F",
}  # fmt: skip
EXPIRY = f"320415{documents.check_digit('320415')}"
LOWER = f"L898902C36UTO7408122F{EXPIRY}ZE184226B<<<<<1"
ERIKSSON = [  # of ICAO Doc 9303-4, but that it holds until 2032
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    LOWER + str(documents.check_digit(LOWER[0:10] + LOWER[13:20] + LOWER[21:43])),
]


def give(desk: Desk, pnr: str, *, key: str | None = None, **body: Any):
    return desk.post(f"/v1/bookings/{pnr}/documents", body, key=key)


def told(desk: Desk, pnr: str) -> None:
    """What the reader of the stream does for documents."""
    passports.note(desk.booking(pnr), desk.now)


def everything() -> str:
    items = boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
    return json.dumps(items, default=str)


def test_a_passport_is_sealed(desk: Desk) -> None:
    """The answer says that there is one, and no table holds it in the clear; the key gets its answer again."""
    pnr = desk.ticketed(shop.leg(), passengers=adults(2))
    given = give(desk, pnr, passenger=1, passport=PASSPORT, key="k")
    assert [each["document"] for each in given.json["passengers"]] == [False, True]
    assert "C01X00T47" not in given.body.decode() + everything() + str(desk.booking(pnr).journal)
    assert passports.opened(desk.booking(pnr), 1).number == "C01X00T47"
    assert give(desk, pnr, passenger=1, passport=PASSPORT, key="k").body == given.body
    assert give(desk, pnr, passenger=0, passport=PASSPORT, key="k").status == 422


def test_the_lines_of_a_passport_will_do(desk: Desk) -> None:
    """The example of ICAO Doc 9303-4, with its check digits; one misread character is named."""
    pnr = desk.ticketed(shop.leg())
    assert give(desk, pnr, machine_readable_zone=ERIKSSON).status == 200
    assert passports.opened(desk.booking(pnr), 0).number == "L898902C3"
    misread = [ERIKSSON[0], ERIKSSON[1].replace("7408122", "7408123")]
    refused = give(desk, pnr, machine_readable_zone=misread)
    assert (refused.status, "check digit" in refused.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ""), ({"passport": PASSPORT, "machine_readable_zone": ERIKSSON}, ""),
        ({"passport": {**PASSPORT, "expires_on": "2026-07-11"}}, "expires_on"),
        ({"passport": {**PASSPORT, "nationality": "U5A"}}, "nationality"),
        ({"passport": PASSPORT, "passenger": 3}, "passenger"),
        ({"passport": {**PASSPORT, "date_of_birth": "1990-01-01"}}, "date_of_birth"),
        ({"passport": PASSPORT, "passenger": 2}, "date_of_birth"),
        ({"passport": {**PASSPORT, "date_of_birth": "2018-01-01"}, "passenger": 1}, "date_of_birth"),
        ({"passport": {**PASSPORT, "date_of_birth": "1864-06-03"}, "passenger": 1}, "date_of_birth"),
        ({"passport": {**PASSPORT, "expires_on": "2203-01-01"}}, "expires_on"),
    ],
)  # fmt: skip
def test_what_is_no_passport_for_that_flight_is_named(body: dict[str, Any], named: str, desk: Desk) -> None:
    """Expired by then, of nobody in the booking, of somebody of another age than booked."""
    party = [
        {"family_name": "Smith", "given_name": "Ann", "date_of_birth": "1984-06-03"},
        {"family_name": "Smith", "given_name": "Cy"},
        {"kind": "child", "family_name": "Smith", "given_name": "Ben", "date_of_birth": "2018-01-01"},
    ]
    pnr = desk.ticketed(shop.leg(), passengers=party)
    refused = give(desk, pnr, **body)
    assert refused.status == 400
    assert named in {fault["name"] for fault in refused.json["errors"]}
    assert desk.booking(pnr).documents == {}


def test_a_tickets_number_does_for_the_locator(desk: Desk) -> None:
    """As it stands on receipts; with a family name, as always. A number that was never given names nothing."""
    pnr = desk.ticketed(shop.leg())
    number = desk.get(f"/v1/bookings/{pnr}").json["passengers"][0]["ticket"]
    assert desk.get(f"/v1/bookings/{number}").json["pnr"] == pnr
    assert desk.get(f"/v1/bookings/{number[:3]}-{number[3:]}").json["pnr"] == pnr
    assert desk.get(f"/v1/bookings/{number}", name="Jones").status == 404
    assert desk.get(f"/v1/bookings/{int(number) ^ 1:013}").status in (400, 404)


def test_passports_are_erased_a_day_after_the_last_arrival(desk: Desk) -> None:
    """Not before; no version tells of it, and the answer to the key stays one."""
    leg = shop.leg(days=2)
    pnr = desk.ticketed(leg)
    give(desk, pnr, passport=PASSPORT)
    told(desk, pnr)
    before = store.booking(pnr, desk.now.wall)
    assert before
    sealed = before.booking.documents[0]
    desk.now = desk.now._replace(flight=leg.scheduled_in)
    desk.wait(hours=23, minutes=59)
    assert passports.sweep(desk.now) == 0
    desk.wait(minutes=1)
    assert passports.sweep(desk.now) == 1
    after = store.booking(pnr, desk.now.wall)
    assert after
    assert after.booking.documents == {}
    assert sealed not in str(after.booking.journal)
    assert (after.booking.version, after.revision) == (before.booking.version, before.revision + 1)
    assert passports.sweep(desk.now) == 0
    assert store.erasings(desk.now.flight.date(), desk.now.wall) == []


def test_one_that_can_not_be_erased_keeps_no_other_however_long_nothing_ran(desk: Desk) -> None:
    """It is said so, and tried again; the others are erased, also weeks after they were due."""
    leg = shop.leg(days=2)
    damaged, sound = sorted((desk.ticketed(leg), desk.ticketed(leg)))
    for pnr in (damaged, sound):
        give(desk, pnr, passport=PASSPORT)
        told(desk, pnr)
    boto3.client("dynamodb").update_item(
        TableName=config().bookings_table, Key={"pk": {"S": f"booking#{damaged}"}, "sk": {"S": "booking"}},
        UpdateExpression="SET journal = :none", ExpressionAttributeValues={":none": {"B": b"none"}},
    )  # fmt: skip
    desk.now = desk.now._replace(flight=leg.scheduled_in)
    desk.wait(days=50)
    with pytest.raises(Unavailable, match=damaged):
        passports.sweep(desk.now)
    assert desk.booking(sound).documents == {}
    with pytest.raises(Unavailable, match=damaged):  # it was not forgotten
        passports.sweep(desk.now)


def test_the_hourly_schedule_erases(desk: Desk) -> None:
    """Through its handler, with what its policy allows."""
    leg = shop.leg(days=2)
    pnr = desk.ticketed(leg)
    give(desk, pnr, passport=PASSPORT)
    told(desk, pnr)
    desk.now = desk.now._replace(flight=leg.scheduled_in)
    desk.wait(hours=24)
    app.erase_documents(events.schedule("erase_documents", desk.now.wall), events.context("erase_documents", 60))
    assert desk.booking(pnr).documents == {}


def test_a_flight_that_is_late_keeps_them_longer_and_a_cancelled_booking_does_not(desk: Desk) -> None:
    """What counts is when it arrives, and whether anybody flies."""
    leg = shop.leg(days=2)
    late, over = desk.ticketed(leg), desk.ticketed(leg)
    for pnr in (late, over):
        give(desk, pnr, passport=PASSPORT)
        told(desk, pnr)
    desk.post(f"/v1/bookings/{over}/cancel")
    told(desk, over)
    assert passports.sweep(desk.now) == 1
    assert desk.booking(over).documents == {}
    desk.until(leg, hours=2)
    desk.now = desk.now._replace(flight=leg.scheduled_in)
    desk.fly(leg, actual_in=leg.scheduled_in + (leg.scheduled_in - leg.scheduled_out) * 3)
    desk.wait(hours=25)
    assert passports.sweep(desk.now) == 0
    desk.wait(hours=24)
    assert passports.sweep(desk.now) == 1


def test_who_changes_to_an_earlier_flight_is_erased_earlier(desk: Desk) -> None:
    """The reader of the stream notes the day with each version."""
    far, near = shop.leg(days=20), shop.leg(days=3)
    pnr = desk.ticketed(far)
    give(desk, pnr, passport=PASSPORT)
    told(desk, pnr)
    desk.post(f"/v1/bookings/{pnr}/change", {"flights": [{"flight": str(near.leg)}]})
    if desk.booking(pnr).change:
        desk.pay(pnr)
    told(desk, pnr)
    desk.now = desk.now._replace(flight=near.scheduled_in)
    desk.wait(hours=24)
    assert passports.sweep(desk.now) == 1


def test_nobody_needs_documents_for_what_is_over(desk: Desk) -> None:
    """A booking that is cancelled takes none."""
    pnr = desk.ticketed(shop.leg())
    desk.post(f"/v1/bookings/{pnr}/cancel")
    assert give(desk, pnr, passport=PASSPORT).status == 409


def test_the_itinerary_is_a_pdf_that_any_gateway_hands_on(desk: Desk) -> None:
    """Text from end to end, with tickets, flights and the sum; none before it is paid. A ticket is of all flights."""
    legs = [shop.leg(*sorted(("EWR", "LAX"), reverse=bool(n % 2)), days=15 + 5 * n) for n in range(8)]
    pnr = desk.hold(*legs, passengers=adults(2)).json["pnr"]
    assert desk.get(f"/v1/bookings/{pnr}/itinerary.pdf").status == 409
    paid = desk.pay(pnr).json
    made = desk.get(f"/v1/bookings/{pnr}/itinerary.pdf")
    assert (made.status, made.headers["content-type"]) == (200, "application/pdf")
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(made.body)).pages)
    assert pnr in text
    assert len({each["ticket"] for each in paid["passengers"]}) == 2
    assert all(text.count(each["ticket"][3:]) == 1 for each in paid["passengers"])
    assert all(str(each.leg.flight) in text for each in legs)
    assert f"{paid['total']['amount'] / 100:,.2f}" in text
    assert made.body.decode().encode() == made.body


def test_the_flights_go_into_a_calendar_and_out_of_it(desk: Desk) -> None:
    """As they stand; those of a cancelled booking are cancelled, by a higher number."""
    leg = shop.leg()
    pnr = desk.ticketed(leg, seats=["20A"])
    first = icalendar.Calendar.from_ical(desk.get(f"/v1/bookings/{pnr}/itinerary.ics").body).walk("VEVENT")
    assert [(each["dtstart"].dt, str(each["status"])) for each in first] == [(leg.scheduled_out, "CONFIRMED")]
    desk.post(f"/v1/bookings/{pnr}/cancel")
    [gone] = icalendar.Calendar.from_ical(desk.get(f"/v1/bookings/{pnr}/itinerary.ics").body).walk("VEVENT")
    assert (str(gone["status"]), gone["uid"]) == ("CANCELLED", first[0]["uid"])
    assert gone["sequence"] > first[0]["sequence"]


def test_a_flight_that_was_left_for_another_goes_out_of_the_calendar(desk: Desk) -> None:
    """Cancelled under the UID that it had, by a higher number, though it was known how the flight stood."""
    leg, other = shop.leg(), shop.leg(days=21)
    pnr = desk.ticketed(leg)
    desk.until(leg, hours=30)
    desk.fly(leg)

    def entries() -> dict[str, Any]:
        calendar = icalendar.Calendar.from_ical(desk.get(f"/v1/bookings/{pnr}/itinerary.ics").body)
        return {str(each["uid"]): each for each in calendar.walk("VEVENT")}

    [(uid, first)] = entries().items()
    before = desk.booking(pnr)
    change = Change((replace(before.segments[0], leg=other.leg),), before.lines, 0, None)
    kept = store.booking(pnr, desk.now.wall)
    assert kept
    store.save(kept, before.then(Changed(desk.now.wall, change, By.PASSENGER, None)))
    after = entries()
    assert [str(each["status"]) for each in after.values()] == ["CONFIRMED", "CANCELLED"]
    assert str(after[uid]["status"]) == "CANCELLED"
    assert after[uid]["sequence"] > first["sequence"]


def test_every_price_is_explained(desk: Desk) -> None:
    """Each flight's fare from its inputs, and lines that add up to what was paid."""
    pnr = desk.ticketed(shop.leg(), passengers=adults(2), seats=["20A", "20B"], extras=[{"code": "BAG"}])
    shown = desk.get(f"/v1/bookings/{pnr}/fare/explain").json
    booking = desk.booking(pnr)
    assert sum(line["amount"] for line in shown["lines"]) == shown["total"]["amount"] == booking.total
    assert shown["flights"][0]["booking_class"] == booking.segments[0].booking_class
    fares = {line["amount"] for line in shown["lines"] if line["kind"] == "fare"}
    assert fares == {shown["flights"][0]["fare"]["amount"]}
    assert all(line["label"] != line["code"] for line in shown["lines"])


def test_the_stream_notes_what_is_due(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the record of each version."""
    noted = []
    monkeypatch.setattr(passports, "note", lambda booking, now: noted.append(booking.locator))
    pnr = desk.ticketed(shop.leg())
    [item] = [
        each for each in boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
        if each["pk"]["S"] == f"booking#{pnr}"
    ]  # fmt: skip
    item["journal"]["B"] = b64encode(item["journal"]["B"]).decode()  # as Lambda hands it over
    changes.tell_record({"dynamodb": {"NewImage": item}}, desk.now)
    assert noted == [pnr]
