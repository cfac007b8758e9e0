"""What an airport is, and how far two of them lie apart."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088  # the mean radius R1 (IUGG): a sphere is within 0.5 % of the ellipsoid's distances


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport or landing strip.

    `iata` is None where it has no such code. `icao` is the ICAO code or, where it has none, a code of the same length
    that no other has: the national one of a small field, else "_" and the IATA code. `city` and `subdivision` (state,
    province, region) are "" where not known. `country` is the ISO 3166-1 alpha-2 code (XK: Kosovo), `lat` and `lon`
    are degrees north and east, `zone` is the name of the IANA time zone.
    """

    iata: str | None
    icao: str
    name: str
    city: str
    subdivision: str
    country: str
    lat: float
    lon: float
    zone: str


def distance_km(a: Airport, b: Airport) -> float:
    """The great-circle distance in kilometres (haversine formula)."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    chord = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
