"""How a booking's journal is written: JSON, compressed with a dictionary, since its size is what a write costs.

A booking of one traveller and one flight stays below 1 KB so.
"""

import zlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from chalicelib.booking.model import Event

if TYPE_CHECKING:
    from pydantic import TypeAdapter

# What journals have in common, the most common last. It is part of the format: never change it.
_COMMON = (
    b'"what":"closed""what":"unanswered""what":"challenged""what":"overpaid""what":"declined","reason":"what":"expired""what":"lapsed"'
    b'"what":"documented","sealed":"what":"refunded","reference":"what":"cancelled","refund":0,"by":"airline","why":"'
    b'"what":"offered","instead_of":"why":"delayed""what":"changed","change":{"segments":[],"lines":[],"due":0,"until":'
    b'"what":"change_held""what":"checked_in","sequence":{"what":"reseated","by":"passenger""what":"waitlisted"'
    b'"url":"https://"cabin":"business""cabin":"first""kind":"infant""kind":"child","date_of_birth":"20'
    b'{"at":"2026-12-,"attempt":1,"payment":"","amount":,"tickets":["016","token":"","key":{"key":"","fingerprint":""},'
    b'"what":"ticketed"}]{"kind":"ssr","code":"{"kind":"bag","code":"{"kind":"seat","code":"{"kind":"fee","code":"XF",'
    b'"amount":450,"traveller":0,"segment":0},{"kind":"tax","code":"AY","amount":560,"traveller":0,"segment":0},'
    b'{"kind":"tax","code":"ZP","amount":530,"traveller":0,"segment":0},{"kind":"tax","code":"US","amount":,"traveller":'
    b'0,"segment":0},{"kind":"fare","code":"","amount":,"traveller":0,"segment":0}],"extras":[],"currency":"USD",'
    b'"contact":{"email":"@example.com","phone":"+1","language":"en"},"account":"","key":[""],"what":"held"}]'
    b'[{"at":"2026-12-01T00:00:00Z","until":"2026-12-01T00:00:00Z","travellers":[{"kind":"adult","family_name":"",'
    b'"given_name":"","date_of_birth":null,"lap_of":null}],"segments":[{"leg":[["UA",1545,""],"2026-12-01","EWR"],'
    b'"destination":"LAX","scheduled_out":"2026-12-01T00:00:00Z","scheduled_in":"2026-12-01T00:00:00Z","cabin":"economy",'
    b'"booking_class":"Y","fare_basis":"","seats":["12A"],"fare":""}],"lines":['
)


def encode(journal: Sequence[Event]) -> bytes:
    """A journal as bytes."""
    compressor = zlib.compressobj(9, zdict=_COMMON)
    return compressor.compress(_journal().dump_json(tuple(journal))) + compressor.flush()


def decode(data: bytes) -> tuple[Event, ...]:
    """The journal of bytes."""
    journal: tuple[Event, ...] = _journal().validate_json(zlib.decompressobj(zdict=_COMMON).decompress(data))
    return journal


@cache
def _journal() -> "TypeAdapter[Any]":
    from pydantic import Field, TypeAdapter

    return TypeAdapter(tuple[Annotated[Event, Field(discriminator="what")], ...])
