"""How payments look in the REST API, and what it takes for them."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from chalicelib.booking.payments import Method
from chalicelib.core.routes import Answer, Shape


class MethodLine(Shape):
    """A card of the service to choose from."""

    token: str = Field(description="stands for the card in POST /v1/bookings/{pnr}/payments")
    label: str
    what: str = Field(description="what becomes of a payment by it")


class MethodsAnswer(Answer):
    """Who takes payments, and the cards to choose from: none where the service's own form asks for one."""

    service: str
    methods: list[MethodLine]

    @classmethod
    def of(cls, service: str, methods: Sequence[Method]) -> Self:
        """The cards of a service."""
        return cls(
            service=service,
            methods=[MethodLine(token=each.token, label=each.label, what=each.what) for each in methods],
        )


class ChallengeQuery(Shape):
    """The key of a challenge, as its URL has it."""

    key: str = Field("", max_length=100)


class ChallengeForm(Shape):
    """The button of the challenge's page that was pressed."""

    answer: Literal["approve", "decline"]
