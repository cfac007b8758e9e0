"""Passports: what is taken, how they are kept, and when they go."""

import os
from dataclasses import replace
from datetime import date

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.booking import documents
from chalicelib.booking.documents import Document
from chalicelib.core import aws, vault
from chalicelib.core.errors import Invalid, TooLarge, Unavailable

# The specimen of Doc 9303-4, appendix A.
FIRST = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
SECOND = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
FLIGHT = date(2012, 4, 15)
SPECIMEN = Document("L898902C3", "UTO", "UTO", date(1974, 8, 12), date(2012, 4, 15), "F")


@pytest.mark.parametrize(
    ("text", "digit"), [("520727", 3), ("AB2134<<<", 5), ("L898902C3", 6), ("740812", 2), ("ZE184226B<<<<<", 1)]
)
def test_check_digits_are_those_of_doc_9303(text, digit):
    """The examples of part 3, section 4.9, and of the specimen."""
    assert documents.check_digit(text) == digit


def test_a_passport_is_read_from_its_two_lines():
    """ICAO's specimen, on the last day it is valid; spaces of a scanner do not matter."""
    assert documents.of_machine_readable(FIRST, SECOND, FLIGHT) == SPECIMEN
    assert documents.of_machine_readable(FIRST.lower(), f" {SECOND[:10]} {SECOND[10:]}", FLIGHT) == SPECIMEN


@pytest.mark.parametrize("place", [*range(10), *range(13, 20), *range(21, 44)])
def test_one_misread_character_is_noticed(place):
    """Wherever a check digit covers it."""
    wrong = "7" if SECOND[place] != "7" else "8"
    with pytest.raises(Invalid) as raised:
        documents.of_machine_readable(FIRST, SECOND[:place] + wrong + SECOND[place + 1 :], FLIGHT)
    assert raised.value.faults[0].name == "machine_readable_zone"


@pytest.mark.parametrize(
    ("first", "second"),
    [("", ""), (FIRST, SECOND[:-1]), ("V" + FIRST[1:], SECOND), (FIRST, SECOND[:-1] + "É"), (SECOND, FIRST)],
)
def test_what_is_no_passport_is_not_read(first, second):
    """It says what a line has."""
    with pytest.raises(Invalid, match="can't be read"):
        documents.of_machine_readable(first, second, FLIGHT)


@pytest.mark.parametrize(("written", "year"), [("110412", 2011), ("120414", 2012), ("120415", 1912), ("740812", 1974)])
def test_a_person_is_born_before_flying(written, year):
    """Of the centuries that a year of two digits may be in, the last before the flight."""
    second = f"L898902C36UTO{written}{documents.check_digit(written)}F1204159ZE184226B<<<<<1"
    second += str(documents.check_digit(second[0:10] + second[13:20] + second[21:43]))
    assert documents.of_machine_readable(FIRST, second, FLIGHT).date_of_birth.year == year


def test_a_typed_passport_is_checked_whole():
    """Every fault at once, by its field."""
    with pytest.raises(Invalid) as raised:
        documents.passport(
            number="№1", issuing_state="U5A", nationality="", date_of_birth=date(2026, 7, 10),
            expires_on=date(2026, 7, 9), sex="?", last_flight_on=date(2026, 7, 10),
        )  # fmt: skip
    assert [fault.name for fault in raised.value.faults] == [
        "number", "issuing_state", "nationality", "sex", "date_of_birth", "expires_on",
    ]  # fmt: skip
    typed = documents.passport(
        number=" l898-902c3", issuing_state="uto", nationality="UTO ", date_of_birth=SPECIMEN.date_of_birth,
        expires_on=FLIGHT, sex="f", last_flight_on=FLIGHT,
    )  # fmt: skip
    assert typed == SPECIMEN


def test_lists_show_the_end_of_a_number():
    """Enough for its holder."""
    assert SPECIMEN.ending == "******2C3"
    assert replace(SPECIMEN, number="AB12").ending == "***2"


def test_a_document_is_sealed_for_one_passenger(cloud):
    """What is kept shows nothing of it, and opens for nobody else, not even of the same booking."""
    sealed = documents.seal(SPECIMEN, "K3M9TZ", 0)
    assert b"L898902C3" not in sealed
    assert documents.unseal(sealed, "K3M9TZ", 0) == SPECIMEN
    for pnr, passenger in (("K3M9TZ", 1), ("K3M9TY", 0)):
        with pytest.raises(Invalid, match="not sealed here"):
            documents.unseal(sealed, pnr, passenger)


def test_what_is_damaged_does_not_open(cloud):
    """Nor what was never sealed."""
    sealed = vault.seal("text", {"a": "b"})
    with pytest.raises(Invalid, match="not sealed here"):
        vault.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), {"a": "b"})


def test_sealing_has_the_limit_of_kms(cloud):
    """4 KB of text in UTF-8."""
    assert vault.unseal(vault.seal("é" * 2048, {"a": "b"}), {"a": "b"}) == "é" * 2048
    with pytest.raises(TooLarge, match="4097"):
        vault.seal("é" * 2048 + "e", {"a": "b"})


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "Encrypt"),
        ClientError({"Error": {"Code": "KMSInvalidStateException"}}, "Encrypt"),
        EndpointConnectionError(endpoint_url="https://kms"),
    ],
)
def test_a_key_that_does_not_answer_is_no_answer(monkeypatch, error):
    """Nothing is lost: the caller may try again."""

    class Silent:
        def encrypt(self, **arguments):
            raise error

        decrypt = encrypt

    monkeypatch.setattr(aws, "client", lambda service: Silent())
    for use in (lambda: vault.seal("text", {}), lambda: vault.unseal(b"sealed", {})):
        with pytest.raises(Unavailable):
            use()


def test_without_a_key_nothing_is_sealed(cloud):
    """It is not made up on the way."""
    boto3.client("kms").delete_alias(AliasName=f"alias/gatecall-{os.environ['GATECALL_STAGE']}-passengers")
    with pytest.raises(Unavailable, match="NotFoundException"):
        vault.seal("text", {})
