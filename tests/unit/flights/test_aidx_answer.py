"""The answer to an AIDX message: the standard's FlightLegRS."""

from xml.etree.ElementTree import Element, fromstring

import pytest

from chalicelib.flights.feeds.aidx import CANNOT_PROCESS, Refusal, UnreadableMessage
from chalicelib.flights.feeds.aidx.answer import respond, respond_error
from tests.unit.flights.aidx_messages import IATA, UA1545, leg, notification, time, understood, utc

NS = "{http://www.iata.org/IATA/2007/00}"
BAD = UA1545.replace("2025-09-10<", "2025-13-10<")
HEAD = (
    'TimeStamp="2025-09-10T09:00:00Z" EchoToken="&lt;&quot;é&quot;&gt;" TransactionIdentifier="T1" CorrelationID="c-1"'
)


def answer_to(document: bytes, *outcomes: Refusal) -> Element:
    return fromstring(respond(understood(document), outcomes, utc("12:00")))


def error_to(document: bytes) -> Element:
    with pytest.raises(UnreadableMessage) as caught:
        understood(document)
    return fromstring(respond_error(caught.value, utc("12:00")))


def shape(answer: Element) -> list[str]:
    return [node.tag.removeprefix(NS) for node in answer.iter()]


def storage_is_down(index: int) -> Refusal:
    return Refusal(index, "UA1545-20250910-EWR", "storage does not answer", "send it again", "", type=CANNOT_PROCESS)


def test_a_message_taken_whole_is_answered_with_success() -> None:
    """The answer is of the message's version and repeats its tokens."""
    answer = answer_to(notification(leg(), version="16.1", attributes=HEAD))
    assert shape(answer) == ["IATA_AIDX_FlightLegRS", "Success"]
    assert answer.attrib == {
        "Version": "16.1", "TimeStamp": "2025-09-10T12:00:00Z", "Target": "Production",
        "EchoToken": '<"é">', "TransactionIdentifier": "T1", "CorrelationID": "c-1",
    }  # fmt: skip


def test_a_refused_leg_is_a_warning_beside_success() -> None:
    """It names the leg, its place, the type, what is wrong and what would be right."""
    answer = answer_to(notification(leg(), leg(identifier=BAD)))
    assert shape(answer) == ["IATA_AIDX_FlightLegRS", "Success", "Warnings", "Warning"]
    warning = answer.find(f".//{NS}Warning")
    assert warning is not None
    assert warning.attrib == {
        "Language": "en", "Type": "294", "Status": "NotProcessed", "RecordID": "UA1545 EWR-IAH 2025-13-10",
        "ShortText": "OriginDate is '2025-13-10', a day on which nothing flies",
        "Tag": "/IATA_AIDX_FlightLegNotifRQ/FlightLeg[2]/LegIdentifier/OriginDate",
    }  # fmt: skip
    assert warning.text == (
        "UA1545 EWR-IAH 2025-13-10: OriginDate is '2025-13-10', a day on which nothing flies (line 20); "
        "it is the flight's first day such as 2025-09-10"
    )


def test_where_nothing_is_taken_the_answer_is_errors() -> None:
    """The standard has either Success or Errors, never both."""
    answer = answer_to(notification(leg(identifier=BAD), leg(identifier=BAD)))
    assert shape(answer) == ["IATA_AIDX_FlightLegRS", "Errors", "Error", "Error"]
    assert {node.get("Type") for node in answer[0]} == {"294"}


def test_legs_refused_after_reading_are_reported_too() -> None:
    """911: send it again later. Where all are, the answer is Errors."""
    one_of_two = answer_to(notification(leg(), leg()), storage_is_down(2))
    assert shape(one_of_two) == ["IATA_AIDX_FlightLegRS", "Success", "Warnings", "Warning"]
    assert one_of_two[1][0].get("Type") == "911"
    both = answer_to(notification(leg(), leg(identifier=BAD)), storage_is_down(1))
    assert [node.get("Type") for node in both.iter(f"{NS}Error")] == ["911", "294"]


def test_what_was_passed_over_is_told() -> None:
    """The leg was taken, without the detail; warnings about the head stand beside."""
    answer = answer_to(notification(leg(time("BST", "ACT", "soon")), attributes=""))
    of_leg, of_head = answer[1]
    assert of_leg.get("RecordID") == "UA1545-20250910-EWR"
    assert of_leg.get("Status") == "Incomplete"
    assert of_leg.get("Type") is None
    assert of_leg.text == "LegData/OperationTime[1]: BST ACT is 'soon', no date and time; passed over"
    assert of_head.text == "@TimeStamp: missing; the time of receipt counts"


def test_a_report_in_place_of_legs_is_acknowledged() -> None:
    """A warning 911 of the airport's own is repeated as understood."""
    inner = '<Success/><Warnings><Warning Type="911">try in 590 seconds</Warning></Warnings>'
    document = f'<IATA_AIDX_FlightLegRS {IATA} Version="16.1" TimeStamp="2025-09-10T09:00:00Z">{inner}'
    answer = answer_to(f"{document}</IATA_AIDX_FlightLegRS>".encode())
    assert shape(answer) == ["IATA_AIDX_FlightLegRS", "Success", "Warnings", "Warning"]
    assert answer[1][0].text == "the message reports warning 911: try in 590 seconds"


@pytest.mark.parametrize(
    "envelope", ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"]
)
def test_who_asks_in_an_envelope_is_answered_in_one(envelope: str) -> None:
    """Of the same SOAP version; refusals of the whole message too."""
    for version, child in (("22.1", "Success"), ("99", "Errors")):
        bare = notification(leg(), version=version, attributes=HEAD).decode().partition("?>")[2]
        wrapped = f'<s:Envelope xmlns:s="{envelope}"><s:Body>{bare}</s:Body></s:Envelope>'.encode()
        answer = (answer_to if version == "22.1" else error_to)(wrapped)
        (message,) = answer.findall(f"{{{envelope}}}Body/{NS}IATA_AIDX_FlightLegRS")
        assert answer.tag == f"{{{envelope}}}Envelope"
        assert message.get("EchoToken") == '<"é">'
        assert message[0].tag == NS + child


def test_a_document_that_is_no_message_is_answered_with_an_error() -> None:
    """In the newest version where it named none that is taken."""
    answer = error_to(b"<html/>")
    assert answer.get("Version") == "22.1"
    assert shape(answer) == ["IATA_AIDX_FlightLegRS", "Errors", "Error"]
    error = answer[0][0]
    assert error.get("Type") == "294"
    assert error.text == (
        "the root element is 'html' (line 1); it is IATA_AIDX_FlightLegNotifRQ or IATA_AIDX_FlightLegRS"
    )


def test_what_a_sender_wrote_is_escaped() -> None:
    """Their markup comes back as text, and short."""
    evil = UA1545.replace(">UA<", "><![CDATA[<script>alert(1)</script>&]]><").replace(">IAH<", f">{'&lt;' * 5000}<")
    answer = answer_to(notification(leg(identifier=evil)))
    error = answer[0][0]
    assert not list(error)
    assert "'<script>alert(1)</script>&'" in (error.text or "")
    assert len(error.text or "") < 300
    assert len(error.get("RecordID") or "") <= 32
    assert len(error.get("ShortText") or "") <= 64


def test_the_short_text_is_short() -> None:
    """The schema allows 64 characters; the text says it in full."""
    error = answer_to(notification(leg(time("ONB", "EST", "whenever the aircraft happens to arrive at last"))))[0][0]
    assert len(error.get("ShortText") or "") == 64
    assert "no date and time" in (error.text or "")


def test_characters_that_xml_forbids_do_not_break_the_answer() -> None:
    """Whatever storage says of a leg."""
    outcome = Refusal(1, "UA1\x00", "bad \x1b[31m\ud800", "try\x0b again", "/\ufffe", type=CANNOT_PROCESS)
    assert answer_to(notification(leg()), outcome)[0][0].text == "UA1?: bad ?[31m?; try? again"


def test_a_thousand_refusals_are_counted_not_listed() -> None:
    """The schema allows 99."""
    answer = answer_to(notification(leg(), *(leg(identifier=BAD) for _ in range(1000))))
    assert len(answer[1]) == 99
    assert answer[1][98].text == "and 902 more"
