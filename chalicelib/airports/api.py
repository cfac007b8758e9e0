"""REST routes of airports: suggestions as one types, and the airports that a stage is at home at."""

from dataclasses import asdict

from pydantic import Field

from chalicelib.airports.cities import cities_begun
from chalicelib.airports.lookup import home
from chalicelib.airports.suggest import suggest
from chalicelib.core.callers import ANYONE
from chalicelib.core.config import config
from chalicelib.core.routes import Answer, Query, Routes, Shape

routes = Routes(__name__)


class SuggestQuery(Query):
    """What was typed so far."""

    q: str = Field(
        "",
        max_length=200,
        description="part of a code, a name or a city; accents do not matter. Without it: the home airports",
    )
    limit: int = Field(10, ge=1, le=50)


class AirportLine(Shape):
    """One airport."""

    iata: str | None = None
    icao: str
    name: str
    city: str
    subdivision: str
    country: str
    zone: str
    lat: float
    lon: float


class CityLine(Shape):
    """A city under whose code several airports are sold."""

    code: str
    name: str
    country: str
    airports: list[str]


class AirportsAnswer(Answer):
    """Airports, the most likely first; and the cities with several airports that were meant, perhaps."""

    airports: list[AirportLine]
    cities: list[CityLine]


@routes.get("/v1/airports", callers=ANYONE, max_age=86400)
def airports_suggested(query: SuggestQuery) -> AirportsAnswer:
    """The airports a person most likely means, by code, name or city; the home airports where nothing was typed."""
    found = suggest(query.q, query.limit) if query.q else home(config().airports)[: query.limit]
    return AirportsAnswer(
        airports=[AirportLine.model_validate(airport, from_attributes=True) for airport in found],
        cities=[CityLine.model_validate(asdict(city)) for city in cities_begun(query.q)],
    )
