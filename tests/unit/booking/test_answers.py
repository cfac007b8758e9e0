"""What is shown of a booking hangs on what one has shown for it."""

import pytest

from chalicelib.booking.answers import ContactShown
from chalicelib.booking.model import Contact


@pytest.mark.parametrize(
    ("contact", "email", "phone"),
    [
        (Contact("ann@example.com", "+12025550123"), "a…@example.com", "+1…23"),
        (Contact("ann@example.com"), "a…@example.com", None),
        (Contact("", None), "", None),  # whose account was erased
    ],
)
def test_addresses_are_hidden_from_who_knows_locator_and_name(contact: Contact, email: str, phone: str | None) -> None:
    """Enough is left to know them; an erased one is no error."""
    shown = ContactShown.of(contact, whole=False)
    assert (shown.email, shown.phone) == (email, phone)
    assert ContactShown.of(contact, whole=True).email == contact.email
