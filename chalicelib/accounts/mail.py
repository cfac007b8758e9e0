"""An account's email address in its one spelling."""

from chalicelib.channels import addresses
from chalicelib.channels.model import Channel
from chalicelib.core.errors import Fault, Invalid


def email_of(given: str) -> str:
    """An address as accounts keep it. Raises Invalid."""
    try:
        return addresses.parse(Channel.EMAIL, given).value
    except Invalid as error:
        raise Invalid(str(error), [Fault("body", "email", fault.detail) for fault in error.faults]) from None
