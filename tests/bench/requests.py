"""The requests that are measured, as API Gateway hands them to the app."""

from typing import Any

import app
from chalicelib.flights.identity import LegId
from infra.local import events
from infra.local.functions import Functions
from tests.bench import NOON

functions = Functions(app.app, set_aside=lambda *of: None)


def get(path: str, resource: str, query: str = "", **parameters: str) -> dict[str, Any]:
    """The event of a GET."""
    return events.rest("GET", path, at=NOON, resource=resource, path_parameters=parameters, query=query)


def reads(leg: LegId) -> dict[str, dict[str, Any]]:
    """Reading requests by what they are called in the tables; those of one flight ask for `leg`."""
    number = f"number={leg.flight}&date={leg.date}"
    return {
        "a board, 100 rows": get(
            "/v1/airports/EWR/departures", "/v1/airports/{iata}/departures", "limit=100", iata="EWR"
        ),
        "one flight": get(f"/v1/flights/{leg}", "/v1/flights/{id}", id=str(leg)),
        "flights by number and date": get("/v1/flights", "/v1/flights", number),
        "a flight's history": get(f"/v1/flights/{leg}/history", "/v1/flights/{id}/history", id=str(leg)),
        "airport suggestion": get("/v1/airports", "/v1/airports", "q=lon"),
    }


def answer(event: dict[str, Any]) -> dict[str, Any]:
    """The app's answer. Raises RuntimeError for an answer that is none, so that no error is measured by mistake."""
    told: dict[str, Any] = functions.invoke("", event)
    if told["statusCode"] != 200:
        raise RuntimeError(f"{event['httpMethod']} {event['path']}: {told}")
    return told
