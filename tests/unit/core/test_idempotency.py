"""What counts as an Idempotency-Key, and what is stored of it: no AWS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import idempotency
from chalicelib.core.errors import Invalid

UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def shown(raw: str, *, required: bool = True) -> str | None:
    return idempotency.shown({"idempotency-key": raw}, required=required)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (UUID, UUID), (f'"{UUID}"', UUID), (f"  {UUID}\t", UUID), ("a,b;c=d", "a,b;c=d"), ("!", "!"),
        (r'"a \"b\" \\c"', r'a "b" \c'), (r"a\b", r"a\b"), ("x" * 255, "x" * 255), (f'"{"x" * 255}"', "x" * 255),
    ],
)  # fmt: skip
def test_a_key_comes_bare_or_quoted(raw: str, text: str) -> None:
    """As most clients send it, and as a String of RFC 9651, which the draft asks for: the same key."""
    assert shown(raw) == text


@pytest.mark.parametrize(
    "raw",
    ["", " ", '""', "x" * 256, f'"{"x" * 256}"', "a b", "a, b", '"a', 'a"', '"a"b"', '"a\\"', r'"\a"', "\x00", "a\x7fb",
     "sch\u00f6n", '"sch\u00f6n"', "\xff", "\ud800", "a\nb", '"a";b=1'],
)  # fmt: skip
@pytest.mark.parametrize("required", [True, False])
def test_what_is_no_key_is_refused_also_where_none_is_asked_for(raw: str, required: bool) -> None:
    """Else a request would be done twice that was meant to be done once."""
    with pytest.raises(Invalid, match="Idempotency-Key") as refused:
        shown(raw, required=required)
    assert [(fault.place, fault.name) for fault in refused.value.faults] == [("header", "Idempotency-Key")]


def test_a_key_is_missing_only_where_one_is_asked_for() -> None:
    """And the refusal says what it looks like."""
    assert idempotency.shown({}, required=False) is None
    with pytest.raises(Invalid, match="UUID") as refused:
        idempotency.shown({}, required=True)
    assert refused.value.faults[0].name == "Idempotency-Key"


@given(st.text(max_size=300))
def test_any_other_header_is_a_key_or_is_refused(raw: str) -> None:
    """Whatever stands in it; what is taken is 1 to 255 printable ASCII characters."""
    try:
        text = shown(raw)
    except Invalid:
        return
    assert text
    assert len(text) <= 255
    assert text.isascii()
    assert text.isprintable()


def test_one_key_is_another_for_another_caller_or_route() -> None:
    """And parts do not run into each other."""
    names = {
        idempotency.key(text, whose, route, b"{}").name_hash
        for text, whose, route in [
            (UUID, "", "POST /a"), (UUID, "person:a", "POST /a"), (UUID, "person:b", "POST /a"),
            (UUID, "person:a", "POST /b"), ("b" + UUID, "person:a", "POST /a"), (UUID, "person:aP", "OST /a"),
        ]
    }  # fmt: skip
    assert len(names) == 6


def test_what_is_stored_of_a_request_can_not_be_guessed_from() -> None:
    """The same request has another fingerprint by another key."""
    one, same, other = (idempotency.key(text, "", "POST /a", b"{}") for text in (UUID, UUID, "k"))
    assert one == same
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint != idempotency.key(UUID, "", "POST /a", b"[]").fingerprint
    assert (len(one.name_hash), len(one.fingerprint)) == (32, 64)
