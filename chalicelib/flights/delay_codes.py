"""What a delay code means, in a passenger's words, and who answers for the delay.

Source: IATA Airport Handling Manual, AHM 730 (two digits or two letters), as Eurocontrol publishes it
(https://ansperformance.eu/definition/iata-delay-codes/), and AHM 731 (a letter after them, which each airline defines
for itself and which is ignored here). The manual appears yearly; it names no date from which a code's meaning holds.
Its successor AHM 732 (three letters: process, reason, stakeholder) has no public list of meanings: such a code gets a
general wording, never an invented meaning.
"""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.flights.model import DelayCode


class Responsibility(StrEnum):
    """Where the cause of a delay lies."""

    CARRIER = "carrier"
    PASSENGER = "passenger"
    WEATHER = "weather"
    AIR_TRAFFIC = "air-traffic"
    AIRPORT = "airport-or-authorities"
    SECURITY = "security"
    REACTIONARY = "reactionary"  # handed on from an earlier flight, whatever delayed that one
    EXTERNAL = "external"  # an event from outside, such as a bird strike or a strike at another company
    UNKNOWN = "unknown"


class Reason(NamedTuple):
    """A code of AHM 730: its digits, its letters, its meaning as words that follow "delayed by", and whose cause."""

    code: str
    alpha: str
    words: str
    responsibility: Responsibility


_R = Responsibility
_REASONS = (
    Reason("06", "OA", "no free gate or stand, because of the airline's own flights", _R.CARRIER),
    Reason("09", "SG", "too little time planned on the ground between two flights", _R.CARRIER),
    Reason("11", "PD", "passengers accepted after check-in had closed", _R.PASSENGER),
    Reason("12", "PL", "queues at check-in", _R.CARRIER),
    Reason("13", "PE", "an error at check-in", _R.CARRIER),
    Reason("14", "PO", "overbooking or a booking error", _R.CARRIER),
    Reason("15", "PH", "a missing passenger or a mix-up at boarding", _R.PASSENGER),
    Reason("16", "PS", "a special arrangement for passengers, VIPs or the press", _R.CARRIER),
    Reason("17", "PC", "a late or wrong catering order", _R.CARRIER),
    Reason("18", "PB", "baggage handling", _R.CARRIER),
    Reason("19", "PW", "boarding of passengers who need assistance", _R.CARRIER),
    Reason("21", "CD", "an error in the cargo documents", _R.CARRIER),
    Reason("22", "CP", "cargo brought late to the aircraft", _R.CARRIER),
    Reason("23", "CC", "cargo accepted late", _R.CARRIER),
    Reason("24", "CI", "inadequately packed cargo", _R.CARRIER),
    Reason("25", "CO", "too much cargo booked", _R.CARRIER),
    Reason("26", "CU", "cargo prepared late in the warehouse", _R.CARRIER),
    Reason("27", "CE", "an error in the documents or packing of mail", _R.CARRIER),
    Reason("28", "CL", "mail brought late to the aircraft", _R.CARRIER),
    Reason("29", "CA", "mail accepted late", _R.CARRIER),
    Reason("31", "GD", "late or wrong aircraft documents", _R.CARRIER),
    Reason("32", "GL", "loading or unloading of the aircraft", _R.CARRIER),
    Reason("33", "GE", "missing or broken loading equipment", _R.CARRIER),
    Reason("34", "GS", "missing or broken servicing equipment, such as steps", _R.CARRIER),
    Reason("35", "GC", "cleaning of the aircraft", _R.CARRIER),
    Reason("36", "GF", "fuelling of the aircraft", _R.CARRIER),
    Reason("37", "GB", "late delivery or loading of catering", _R.CARRIER),
    Reason("38", "GU", "missing or defective load containers", _R.CARRIER),
    Reason("39", "GT", "missing or broken technical equipment on the ground, such as a tug", _R.CARRIER),
    Reason("41", "TD", "a technical defect of the aircraft", _R.CARRIER),
    Reason("42", "TM", "scheduled maintenance that finished late", _R.CARRIER),
    Reason("43", "TN", "unscheduled maintenance or special checks", _R.CARRIER),
    Reason("44", "TS", "missing spare parts or maintenance equipment", _R.CARRIER),
    Reason("45", "TA", "waiting for a spare part to be carried to another airport", _R.CARRIER),
    Reason("46", "TC", "a change of aircraft for technical reasons", _R.CARRIER),
    Reason("47", "TL", "no standby aircraft, for technical reasons", _R.CARRIER),
    Reason("48", "TV", "a change of the cabin layout", _R.CARRIER),
    Reason("51", "DF", "damage in flight, such as a bird strike, lightning or a heavy landing", _R.EXTERNAL),
    Reason("52", "DG", "damage to the aircraft on the ground", _R.CARRIER),
    Reason("55", "ED", "failure of the check-in or departure computer system", _R.CARRIER),
    Reason("56", "EC", "failure of the cargo computer system", _R.CARRIER),
    Reason("57", "EF", "failure of the flight-planning computer system", _R.CARRIER),
    Reason("58", "EO", "failure of another computer system", _R.CARRIER),
    Reason("61", "FP", "a late or changed flight plan", _R.CARRIER),
    Reason("62", "FF", "operational needs, such as a change of fuel or load", _R.CARRIER),
    Reason("63", "FT", "late boarding of the crew", _R.CARRIER),
    Reason("64", "FS", "a shortage of pilots", _R.CARRIER),
    Reason("65", "FR", "a special request of the pilots", _R.CARRIER),
    Reason("66", "FL", "late boarding of the cabin crew", _R.CARRIER),
    Reason("67", "FC", "a shortage of cabin crew", _R.CARRIER),
    Reason("68", "FA", "an error or special request of the cabin crew", _R.CARRIER),
    Reason("69", "FB", "an extra security check asked for by the captain", _R.SECURITY),
    Reason("71", "WO", "weather at the departure airport", _R.WEATHER),
    Reason("72", "WT", "weather at the destination", _R.WEATHER),
    Reason("73", "WR", "weather on the way or at an alternate airport", _R.WEATHER),
    Reason("75", "WI", "de-icing of the aircraft", _R.WEATHER),
    Reason("76", "WS", "clearing snow, ice, water or sand from the airport", _R.WEATHER),
    Reason("77", "WG", "weather that hampered work on the aircraft on the ground", _R.WEATHER),
    Reason("81", "AT", "air-traffic control: not enough capacity on the route", _R.AIR_TRAFFIC),
    Reason("82", "AX", "air-traffic control: staff shortage or equipment failure on the route", _R.AIR_TRAFFIC),
    Reason("83", "AE", "air-traffic control: restrictions at the destination", _R.AIR_TRAFFIC),
    Reason("84", "AW", "air-traffic control: weather at the destination", _R.AIR_TRAFFIC),
    Reason("85", "AS", "mandatory security checks", _R.SECURITY),
    Reason("86", "AG", "immigration, customs or health checks", _R.AIRPORT),
    Reason("87", "AF", "airport facilities, such as stands, gates, lighting or buildings", _R.AIRPORT),
    Reason("88", "AD", "restrictions at the destination airport", _R.AIRPORT),
    Reason("89", "AM", "restrictions at the departure airport", _R.AIRPORT),
    Reason("91", "RL", "waiting for passengers, baggage or cargo from another flight", _R.REACTIONARY),
    Reason("92", "RT", "an error in through check-in on an earlier flight", _R.REACTIONARY),
    Reason("93", "RA", "late arrival of the aircraft from its previous flight", _R.REACTIONARY),
    Reason("94", "RS", "waiting for cabin crew from another flight", _R.REACTIONARY),
    Reason("95", "RC", "waiting for crew from another flight", _R.REACTIONARY),
    Reason("96", "RO", "re-planning of flights by the airline's operations centre", _R.REACTIONARY),
    Reason("97", "MI", "industrial action at the airline", _R.CARRIER),
    Reason("98", "MO", "industrial action outside the airline", _R.EXTERNAL),
    Reason("99", "MX", "a reason that has no code of its own", _R.UNKNOWN),
)
AHM730 = MappingProxyType({reason.code: reason for reason in _REASONS})
_BY_ALPHA = {reason.alpha: reason for reason in _REASONS}

# By the first digit, for codes AHM 730 leaves open. 00-05 each airline defines for itself.
_GROUPS = {
    "0": ("a reason the airline has a code of its own for", _R.UNKNOWN),
    "1": ("handling of passengers or baggage", _R.CARRIER),
    "2": ("handling of cargo or mail", _R.CARRIER),
    "3": ("preparing the aircraft on the ground", _R.CARRIER),
    "4": ("a technical matter with the aircraft", _R.CARRIER),
    "5": ("damage to the aircraft or a computer failure", _R.UNKNOWN),
    "6": ("flight operations or the crew", _R.CARRIER),
    "7": ("weather", _R.WEATHER),
    "8": ("air-traffic control, the airport or authorities", _R.UNKNOWN),
    "9": ("an earlier flight or another reason", _R.UNKNOWN),
}
_SCHEMES = ("AHM730", "AHM731", "")  # those whose codes this table explains
_DIGITS = re.compile(r"([0-9]{2})[A-Z]?|([0-9])")
_LETTERS = re.compile(r"([A-Z]{2})[0-9]?")
_SHOWABLE = re.compile(r"[A-Z0-9]{1,4}")


def reason(code: DelayCode) -> Reason | None:
    """The reason AHM 730 gives a code; None for a code it does not have, or one of another scheme.

    Written as digits (`93`), letters (`RA`), with an airline's sub-code (`93A`); case and spaces do not matter.
    """
    text = _normal(code.code)
    if _normal(code.scheme) not in _SCHEMES:
        return None
    if digits := _DIGITS.fullmatch(text):
        return AHM730.get((digits[1] or digits[2]).zfill(2))
    letters = _LETTERS.fullmatch(text)
    return _BY_ALPHA.get(letters[1]) if letters else None


def plain_words(code: DelayCode) -> str:
    """What delayed the flight, in a passenger's words; a truthful general wording where the code is not known."""
    if known := reason(code):
        return known.words
    if group := _group(code):
        return group[0]
    text = _normal(code.code)
    return f"a reason the airline reports as code {text}" if _SHOWABLE.fullmatch(text) else "a reason not yet explained"


def responsibility(code: DelayCode) -> Responsibility:
    """Where the cause lies; UNKNOWN where the code does not say."""
    if known := reason(code):
        return known.responsibility
    group = _group(code)
    return group[1] if group else Responsibility.UNKNOWN


def _group(code: DelayCode) -> tuple[str, Responsibility] | None:
    text = _normal(code.code)
    digits = _DIGITS.fullmatch(text) if _normal(code.scheme) in _SCHEMES else None
    return _GROUPS[(digits[1] or digits[2]).zfill(2)[0]] if digits else None


def _normal(text: str) -> str:
    return re.sub(r"[\s._/-]", "", text).upper()
