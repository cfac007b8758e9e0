"""AIDX messages for tests, written by hand after the standard."""

from datetime import UTC, datetime

from chalicelib.flights.feeds.aidx import LegRead, Message, read
from chalicelib.flights.model import Change, Flight, Kind, apply

RECEIVED = datetime(2025, 9, 10, 12, 0, tzinfo=UTC)
IATA = 'xmlns="http://www.iata.org/IATA/2007/00"'
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
SENT = 'TimeStamp="2025-09-10T09:00:00Z"'

UA1545 = """
      <Airline CodeContext="3">UA</Airline>
      <FlightNumber>1545</FlightNumber>
      <DepartureAirport CodeContext="3">EWR</DepartureAirport>
      <ArrivalAirport CodeContext="3">IAH</ArrivalAirport>
      <OriginDate>2025-09-10</OriginDate>"""


def leg(data: str = "", *, identifier: str = UA1545, action: str = "", extension: str = "") -> str:
    """A FlightLeg, UA1545 EWR-IAH unless told otherwise."""
    return f"""
  <FlightLeg>
    <LegIdentifier>{identifier}
    </LegIdentifier>{action}
    <LegData>{data}</LegData>{extension}
  </FlightLeg>"""


def notification(*legs: str, version: str = "22.1", attributes: str = SENT) -> bytes:
    """A FlightLegNotifRQ with these legs, its root's attributes as told."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<IATA_AIDX_FlightLegNotifRQ {IATA} {XSI} Version="{version}" {attributes}>
  <Originator CompanyShortName="EWR AODB"/>{"".join(legs)}
</IATA_AIDX_FlightLegNotifRQ>""".encode()


def understood(document: bytes, received_at: datetime = RECEIVED) -> Message:
    """What is read of a document, the ICAO codes of EWR and IAH being known."""
    iata = {"KEWR": "EWR", "KIAH": "IAH", "KORD": "ORD"}
    return read(document, source="aidx:ewr", received_at=received_at, iata_of=iata.get)


def only_leg(document: bytes) -> LegRead:
    """The one leg of a message of which nothing is refused."""
    message = understood(document)
    assert not message.refused
    (read_leg,) = message.legs
    return read_leg


def observed(data: str = "", **more: str) -> dict[str, object]:
    """The values observed of a leg with this LegData."""
    return {name: o.value for name, o in only_leg(notification(leg(data, **more))).update.observed.items()}


def utc(text: str) -> datetime:
    """An instant of 10 September 2025, as `10:25` or `11T00:05` (the 11th)."""
    day, _, time = text.rpartition("T")
    hour, minute = time.split(":")
    return datetime(2025, 9, int(day or 10), int(hour), int(minute), tzinfo=UTC)


def time(qualifier: str, kind: str, value: str, context: str = "9750") -> str:
    """An OperationTime; `10:25` is that of 10 September 2025, UTC."""
    value = f"2025-09-10T{value}:00Z" if len(value) == 5 and value[2] == ":" else value
    attributes = f'OperationQualifier="{qualifier}" CodeContext="{context}" TimeType="{kind}"'
    return f"<OperationTime {attributes}>{value}</OperationTime>"


def nil(qualifier: str, kind: str) -> str:
    """An OperationTime that takes the former one back."""
    return f'<OperationTime OperationQualifier="{qualifier}" CodeContext="9750" TimeType="{kind}" xsi:nil="true"/>'


def status(*codes: str, context: str = "2005") -> str:
    """OperationalStatus elements in that order."""
    return "".join(
        f'<OperationalStatus CodeContext="{context}" RepeatIndex="{n}">{code}</OperationalStatus>'
        for n, code in enumerate(codes, 1)
    )


def fids(code: str) -> str:
    """The extension in which Amadeus' airport system says what is displayed."""
    return f"""
    <TPA_Extension>
      <x:Ext xmlns:x="http://example.org/esb"><x:Statuses>
        <x:Status><x:Qualifier>Internal</x:Qualifier><x:Value>BST</x:Value></x:Status>
        <x:Status><x:Qualifier>FIDS</x:Qualifier><x:Value>{code}</x:Value></x:Status>
      </x:Statuses></x:Ext>
    </TPA_Extension>"""


def sent(flight: Flight | None, at: str, data: str, identifier: str = UA1545) -> tuple[Flight, list[Change]]:
    """A flight after a message sent at that time of 10 September 2025, and what it changed."""
    document = notification(leg(data, identifier=identifier), attributes=f'TimeStamp="2025-09-10T{at}:00Z"')
    return apply(flight, only_leg(document).update)


def kinds(changes: list[Change]) -> list[Kind]:
    """What the changes are about."""
    return [change.kind for change in changes]
