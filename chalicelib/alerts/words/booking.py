"""What a booking tells its passengers, as an email and as an SMS: what happened, what was done, what they can do.

The texts of each language stand in `bookings/`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from chalicelib.alerts import facts
from chalicelib.alerts.facts import Fact
from chalicelib.alerts.words.sms import in_gsm_7
from chalicelib.alerts.words.texts import day_words, moment, said, texts, which
from chalicelib.booking import words as booking_words
from chalicelib.booking.model import Booking, Changed, Disrupted, Offered, Reseated, Segment, replay
from chalicelib.channels import frame
from chalicelib.channels import texts as files
from chalicelib.channels.texts import Texts
from chalicelib.core.clock import Now

_HERE = Path(__file__).parent / "bookings"
_GRAVE = {Fact.OFFERED, Fact.NO_SEATS, Fact.CANCELLED_BY_AIRLINE, Fact.DROPPED, Fact.TOO_LATE}
_WITH_PAPERS = {Fact.TICKETS, Fact.CHANGED, Fact.REBOOKED}


@dataclass(frozen=True)
class BookingLinks:
    """What a letter links to, as whole URLs."""

    booking: str
    calendar: str
    receipt: str
    rebook: str | None = None  # the page whose button takes what is offered


@dataclass(frozen=True)
class BookingWords:
    """One fact of a booking in one language, for whoever is told of it."""

    booking: Booking
    fact: Fact
    name: str  # of the fact
    links: BookingLinks
    now: Now
    language: str = field(default="en")

    @cached_property
    def email(self) -> tuple[str, str, str]:
        """Subject, text and HTML."""
        t, content = self._said, self._content
        others = list(self._others())
        lines = [self._line(segment) for segment in self._segments]
        text = "\n\n".join([
            content["happened"], content["done"], f"{content['do']}\n{content['button']}: {self._link}",
            *(["\n".join(lines)] if lines else []),
            *(["\n".join(f"{label}: {url}" for label, url in others)] if others else []),
            f"-- \n{content['reference']}\n{content['why']}\n",
        ])  # fmt: skip
        page = frame.html(
            "chalicelib.alerts.words", "booking.html", t=t, language=self.language, link=self._link, lines=lines,
            others=others, grave=self.fact in _GRAVE, **content,
        )  # fmt: skip
        return content["subject"], text, page

    @cached_property
    def sms(self) -> str:
        """What happened, what was done, and the link. It may take several segments: its link opens a booking."""
        content = self._content
        between = self._said["beside"]["between"]
        text = between.join((content["happened"], content["done"])) + f" {content['button']}: {self._link}"
        return text if self.language == "zh" else in_gsm_7(text)

    @cached_property
    def _said(self) -> Texts:
        return texts(self.language)

    @cached_property
    def _texts(self) -> Texts:
        return files.texts(_HERE, self.language)

    @property
    def _link(self) -> str:
        return self.links.rebook or self.links.booking if self.fact is Fact.OFFERED else self.links.booking

    def _others(self) -> Iterator[tuple[str, str]]:
        letter = self._texts["letter"]
        if self.fact is Fact.OFFERED:
            yield letter["refund"], self.links.booking
        if self.fact in _WITH_PAPERS:
            yield letter["receipt"], self.links.receipt
            yield letter["calendar"], self.links.calendar

    @cached_property
    def _event(self) -> Any:
        return None if facts.leg_of(self.name) else self.booking.journal[int(self.name) - 1]

    @cached_property
    def _before(self) -> Booking:
        """The booking as it was before the event."""
        return replay(self.booking.locator, self.booking.journal[: int(self.name) - 1])

    @cached_property
    def _segments(self) -> Sequence[Segment]:
        """The flights that the letter is about: those that are new to the passengers come alone."""
        event, booking = self._event, self.booking
        if self.fact in (Fact.TICKETS, Fact.CHANGED, Fact.SEATS_FOUND):
            return booking.segments
        if isinstance(event, Offered | Changed) and self.fact is not Fact.DROPPED:
            before = {
                segment.leg for segment in replay(booking.locator, booking.journal[: int(self.name) - 1]).segments
            }
            return [each for each in event.change.segments if each.leg not in before] or list(event.change.segments)
        leg = event.leg if isinstance(event, Reseated) else facts.leg_of(self.name)
        return [segment for segment in booking.segments if segment.leg == leg]

    @cached_property
    def _content(self) -> Mapping[str, str]:
        """Each text of the fact, filled in."""
        own, letter = self._texts[self.fact], self._texts["letter"]
        values = self._values()
        content = {name: said(text, **values) for name, text in own.items() if name in ("happened", "done", "do")}
        if self.fact is Fact.CANCELLED and not self._event.refund:
            content["done"] = own["done_nothing"]
        subject = said(own["subject"], happened=content["happened"], **values)
        return {
            **content,
            "subject": subject.rstrip(".\N{IDEOGRAPHIC FULL STOP}"),
            "button": own["button"],
            "reference": said(letter["reference"], **values),
            "why": said(letter["why"], **values),
        }

    def _values(self) -> dict[str, str]:
        values = {"pnr": self.booking.locator}
        if segment := next(iter(self._segments), None):
            code, out = segment.leg.origin, segment.scheduled_out
            time = moment(self._said, out, code, self.now.flight)
            values |= {"flight": self._flight(segment), "day": day_words(self._said, segment.leg.date), "time": time}
            values["first"] = said(self._texts["letter"]["first"], flight=segment.leg.flight, time=time)
            if until := self._until():
                values["until"] = moment(self._said, until, code, self.now.wall)
        if isinstance(self._event, Offered | Disrupted):
            values["why"] = self._why()
        if (amount := self._amount()) is not None:
            t = booking_words.texts(self.language)
            values["amount"] = booking_words.money(t, amount, self.booking.currency)
        return values

    def _why(self) -> str:
        """What is wrong with the flight that others are offered for."""
        event = self._event
        leg = event.instead_of if isinstance(event, Offered) else event.leg
        segment = next((each for each in self._before.segments if each.leg == leg), None)
        flight = self._flight(segment) if segment else str(leg.flight)
        return said(self._texts["letter"][event.why], flight=flight, day=day_words(self._said, leg.date))

    def _until(self) -> datetime | None:
        until: datetime | None = self._event.change.until if isinstance(self._event, Offered) else self.booking.until
        return until

    def _amount(self) -> int | None:
        match self.fact:
            case Fact.TICKETS | Fact.REFUNDED | Fact.TOO_LATE:
                return int(self._event.amount)
            case Fact.SEATS_FOUND:
                return self.booking.total
            case Fact.CANCELLED | Fact.CANCELLED_BY_AIRLINE:
                return int(self._event.refund)
            case Fact.DROPPED:
                return max(0, -int(self._event.change.due))
        return None

    def _flight(self, segment: Segment) -> str:
        origin, destination = (which(self._said, code) for code in (segment.leg.origin, segment.destination))
        return f"{segment.leg.flight} {said(self._said['beside']['route'], origin=origin, destination=destination)}"

    def _line(self, segment: Segment) -> str:
        """A flight with its times by the clocks of each airport, and the seats."""
        t, letter = self._said, self._texts["letter"]
        line = said(
            letter["line"], flight=segment.leg.flight, origin=which(t, segment.leg.origin),
            out=moment(t, segment.scheduled_out, segment.leg.origin, self.now.flight),
            destination=which(t, segment.destination),
            in_=moment(t, segment.scheduled_in, segment.destination, self.now.flight),
        )  # fmt: skip
        seats = ", ".join(segment.taken)
        return f"{line}. {said(letter['seats'], seats=seats)}" if seats else line
