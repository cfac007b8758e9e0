"""An account's email address in its one spelling."""

from chalicelib.channels import addresses
from chalicelib.channels.model import Channel


def email_of(given: str) -> str:
    """An address as accounts keep it: what RFC 5321 lets a mailbox tell apart by case, no provider does.

    Raises Invalid.
    """
    return addresses.parse(Channel.EMAIL, given).value.lower()
