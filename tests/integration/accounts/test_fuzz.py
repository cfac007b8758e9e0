"""What schemathesis makes up by the OpenAPI document, sent to every route as every role: no 5xx, every answer conforms.

Few examples here, the same each time; `make fuzz` looks long, for others each time.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import app
from chalicelib.core import openapi
from infra.local.functions import Functions
from infra.local.gateway.rest import RestApi

from .callers import Cast, cast

ROUTES = openapi.routes_of(app.app)
ROLES = ("none", "passenger", "operator", "admin", "a key")
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
SHOWN = ("authorization", "x-api-key", "cookie")  # by which a caller is known
if settings.get_current_profile_name() in ("fuzz", "long"):
    EXAMPLES = settings(suppress_health_check=list(HealthCheck))
else:
    EXAMPLES = settings(max_examples=6, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

_gateway: list[RestApi] = []


async def _api(scope: Any, receive: Any, send: Any) -> None:
    await _gateway[-1](scope, receive, send)


schema = schemathesis.openapi.from_dict(openapi.document(ROUTES, "0"))
schema.app = _api
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in schema.get_all_operations())}


@pytest.fixture(scope="module")
def everybody() -> Iterator[Cast]:
    """All callers, and the app behind an API Gateway of this process."""
    kind = type(app.app)
    with cast() as made:
        functions = Functions(app.app, set_aside=lambda *record: None)
        _gateway.append(RestApi(functions, compress_from=None))
        yield made
    app.app.__class__ = kind


def there(operation: Any, everybody: Cast) -> dict[str, str]:
    """What the parameters in a path are called that is there; what is somebody's is the passenger's."""
    place = everybody.place(operation.path)
    return {each.name: everybody.ids[place] for each in operation.path_parameters if place}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_gets_a_5xx_or_an_answer_that_is_not_documented(label: str, role: str, everybody: Cast) -> None:
    """By status, content type, headers and schema; what is made up is good or bad, and half of the ids are there."""
    operation = OPERATIONS[label]
    caller, known = everybody.caller(role), there(operation, everybody)

    @EXAMPLES
    @given(
        case=st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]).flatmap(operation.as_strategy),
        there=st.booleans(),
    )
    def conforms(case: schemathesis.Case, there: bool) -> None:
        if there:
            case.path_parameters = {**(case.path_parameters or {}), **known}
        headers = {name: value for name, value in (case.headers or {}).items() if name.lower() not in SHOWN}
        case.headers = {**headers, **caller.headers}
        answer = case.call()
        if answer.status_code == 429 or (answer.status_code < 300 and operation.method.upper() != "GET"):
            everybody.restore()
        case.validate_response(answer, checks=CHECKS)

    conforms()
