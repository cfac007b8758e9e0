"""Boarding passes: their symbol, read back by a scanner's library, and what they say."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.booking import bcbp, boarding
from chalicelib.pricing.model import TravellerKind
from tests.unit.booking.test_bcbp import FOUR, ISSUE, ISSUES, LEGS, LUC_WITH_BAGS, NAMES, TWO

SCALE = 4  # dots to a module
MARGIN = 8


def scanned(rows):
    """What a scanner reads of a symbol's squares, drawn dark on light."""
    width = len(rows) * SCALE + 2 * MARGIN
    edge = bytes([255] * width) * MARGIN
    side = bytes([255] * MARGIN)
    lines = [side + b"".join(bytes([0 if dark else 255] * SCALE) for dark in row) + side for row in rows]
    picture = edge + b"".join(line * SCALE for line in lines) + edge
    found = zxingcpp.read_barcodes(memoryview(picture).cast("B", (width, width)))
    assert len(found) == 1
    assert "Aztec" in str(found[0].format)
    return found[0].text


def drawn(svg):
    """The squares that an SVG draws dark: its second path is of rectangles one high."""
    root = ET.fromstring(svg)
    size = int(root.attrib["viewBox"].split()[2])
    rows = [[False] * size for _ in range(size)]
    for run in root[1].attrib["d"].removesuffix("z").split("z"):
        x, y = run.removeprefix("M").partition("h")[0].split()
        for column in range(int(x), int(x) + int(run.partition("h")[2].partition("v")[0])):
            rows[int(y)][column] = True
    return rows


@example("DESMARAIS/LUC", [LUC_WITH_BAGS], ISSUE)
@settings(max_examples=30, deadline=None)
@given(NAMES, st.lists(LEGS, min_size=1, max_size=4), ISSUES)
def test_a_scanner_reads_every_pass(name, legs, issue):
    """Of any name, with one to four legs: to the letter."""
    text = bcbp.encode(name, legs, issue)
    assert scanned(boarding.modules(text)) == text


def test_the_picture_is_the_symbol():
    """The SVG draws the very squares, scales to any size, and says what it is to who can't see it."""
    for text in (TWO, FOUR):
        picture = boarding.svg(text, 'Boarding pass of "LUC" & Co')
        assert scanned(drawn(picture)) == text
        assert ET.fromstring(picture).attrib["aria-label"] == 'Boarding pass of "LUC" & Co'
        assert "width" not in ET.fromstring(picture).attrib
        assert boarding.svg(text, 'Boarding pass of "LUC" & Co') == picture
    assert len(boarding.svg(TWO)) < 20_000


def test_a_damaged_symbol_is_still_read():
    """A corner torn off the data: that is what the error correction is for."""
    rows = boarding.modules(TWO)
    for y in range(6):
        rows[y][-6:] = [False] * 6
    assert scanned(rows) == TWO


def test_a_pass_says_who_boards():
    """By the codes of item 15: the crew looks for an infant's belt and life jacket by them."""
    told = [str(boarding.description(kind)) for kind in TravellerKind]
    assert told == ["0", "3", "4"]
    assert boarding.description(TravellerKind.ADULT, with_infant=True) == "6"


def test_a_pass_says_when_to_be_at_the_gate():
    """Boarding and closing by the departure that is known, with all that stands on a paper pass."""
    leaves = datetime(2011, 11, 22, 12, tzinfo=UTC)
    made = boarding.boarding_pass("DESMARAIS/LUC", LUC_WITH_BAGS, ISSUE, leaves, "business")
    assert made.flight == "AC834"
    assert (made.origin, made.destination, made.seat, made.sequence) == ("YUL", "FRA", "3A", 27)
    assert (made.boarding_at, made.gate_closes_at) == (leaves - timedelta(minutes=40), leaves - timedelta(minutes=15))
    assert made.ticket == "0141234567890"
    assert made.text.startswith("M1DESMARAIS/LUC       EAB12C3 ")
