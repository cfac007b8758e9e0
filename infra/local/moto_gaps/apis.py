"""API Gateway: the Swagger that Chalice sends, what a stage keeps, and deployments of WebSocket APIs."""

import json
from typing import Any

_DEPLOYMENTS = "{0}/v2/apis/(?P<api_id>[^/]+)/deployments"


def mend() -> None:
    """Mend moto in this process."""
    _mend_swagger()
    _mend_rest_stages()
    _mend_websocket_stages()


def _mend_swagger() -> None:
    """Moto imports OpenAPI 3 with a description, and reads nothing of it but paths; AWS takes Swagger 2.0 as well, and
    its extensions and the endpoint's type. What is put in the place of another definition takes that one's gateway
    responses along. PATCH knows no minimum compression size.
    """  # fmt: skip
    from moto.apigateway.models import APIGatewayBackend, RestAPI
    from moto.apigateway.responses import APIGatewayResponse

    import_api, put_api = APIGatewayBackend.import_rest_api, APIGatewayBackend.put_rest_api
    create, patch_api = APIGatewayResponse.create_rest_api, RestAPI.apply_patch_operations

    def import_rest_api(self: Any, api_doc: dict[str, Any], fail_on_warnings: bool) -> Any:
        return import_api(self, {**api_doc, "info": {"description": "", **api_doc["info"]}}, fail_on_warnings)

    def put_rest_api(self: Any, function_id: str, api_doc: dict[str, Any], *args: Any, **more: Any) -> Any:
        document = {name: value for name, value in api_doc.items() if name != "swagger"} | {"openapi": "3.0.1"}
        api = put_api(self, function_id, document, *args, **more)
        api.binaryMediaTypes = api_doc.get("x-amazon-apigateway-binary-media-types", [])
        api.policy = api_doc.get("x-amazon-apigateway-policy")
        if more.get("mode") == "overwrite":
            api.gateway_responses.clear()
        return api

    def create_rest_api(self: Any) -> Any:
        status, headers, body = create(self)
        if kind := self._get_param("endpointConfigurationTypes"):  # of an import only
            api = self.backend.get_rest_api(json.loads(body)["id"])
            api.endpoint_configuration = {"types": [kind]}
            body = json.dumps(api.to_dict())
        return status, headers, body

    def apply_patch_operations(self: Any, patch_operations: list[dict[str, Any]]) -> None:
        for each in patch_operations:
            if each["path"] == "/minimumCompressionSize":
                self.minimum_compression_size = int(each["value"]) if each.get("value") else None
        patch_api(self, patch_operations)

    for place, name, patch in (
        (APIGatewayBackend, "import_rest_api", import_rest_api),
        (APIGatewayBackend, "put_rest_api", put_rest_api),
        (APIGatewayResponse, "create_rest_api", create_rest_api),
        (RestAPI, "apply_patch_operations", apply_patch_operations),
    ):
        setattr(place, name, patch)


def _mend_rest_stages() -> None:
    """Moto makes a stage anew with each deployment: on AWS its throttling and all else stay. And it does not read
    whether the deployment's stage is traced.
    """  # fmt: skip
    from moto.apigateway.models import RestAPI
    from moto.apigateway.responses import APIGatewayResponse

    create, answer = RestAPI.create_deployment, APIGatewayResponse.create_deployment

    def create_deployment(self: Any, name: str, description: str, stage_variables: Any = None) -> Any:
        stage = self.stages.get(name)
        deployment = create(self, name, description, stage_variables)
        if stage:
            stage.deployment_id = deployment.id
            self.stages[name] = stage
        return deployment

    def create_deployment_answer(self: Any) -> Any:
        made = answer(self)
        traced = self._get_param("tracingEnabled")
        if traced is not None:
            api = self.backend.get_rest_api(self.path.split("/")[2])
            api.stages[self._get_param("stageName")].tracing_enabled = traced
        return made

    setattr(RestAPI, "create_deployment", create_deployment)  # noqa: B010 - for mypy, a method is not to be assigned
    setattr(APIGatewayResponse, "create_deployment", create_deployment_answer)  # noqa: B010 - likewise


def _mend_websocket_stages() -> None:
    """Moto's API Gateway v2 has no deployments and no UpdateStage, and a stage does not say what is deployed there."""
    from moto.apigatewayv2 import urls
    from moto.apigatewayv2.models import Stage
    from moto.apigatewayv2.responses import ApiGatewayV2Response
    from moto.core.utils import iso_8601_datetime_without_milliseconds, utcnow
    from moto.moto_api._internal import mock_random

    to_json = Stage.to_json

    def api_of(response: Any) -> Any:
        return response.apigatewayv2_backend.get_api(response.path.split("/")[3])

    def made_of(api: Any) -> list[dict[str, Any]]:
        deployments: list[dict[str, Any]] = api.__dict__.setdefault("deployments", [])
        return deployments

    def create_deployment(self: Any) -> Any:
        api, asked = api_of(self), json.loads(self.body or "{}")
        made = {
            "autoDeployed": False, "createdDate": iso_8601_datetime_without_milliseconds(utcnow()),
            "deploymentId": mock_random.get_random_hex(6), "deploymentStatus": "DEPLOYED",
            "description": asked.get("description", ""),
        }  # fmt: skip
        if name := asked.get("stageName"):
            api.get_stage(name).config["deploymentId"] = made["deploymentId"]
        made_of(api).append(made)
        return 201, {"status": 201}, json.dumps(made)

    def get_deployments(self: Any) -> Any:
        return 200, {}, json.dumps({"items": made_of(api_of(self))})

    def update_stage(self: Any) -> Any:
        stage, asked = api_of(self).get_stage(self.path.split("/")[5]), json.loads(self.body)
        for name, attribute in _OF_STAGE.items():
            if name in asked:
                setattr(stage, attribute, asked[name])
        stage.config |= asked
        stage.updated = utcnow()
        return 200, {}, json.dumps(stage.to_json())

    def stage_to_json(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = to_json(self)
        return told | ({"deploymentId": self.config["deploymentId"]} if self.config.get("deploymentId") else {})

    urls.url_paths[f"{_DEPLOYMENTS}$"] = ApiGatewayV2Response.dispatch
    for place, name, patch in (
        (ApiGatewayV2Response, "create_deployment", create_deployment),
        (ApiGatewayV2Response, "get_deployments", get_deployments),
        (ApiGatewayV2Response, "update_stage", update_stage),
        (Stage, "to_json", stage_to_json),
    ):
        setattr(place, name, patch)


_OF_STAGE = {
    "accessLogSettings": "access_log_settings", "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id", "defaultRouteSettings": "default_route_settings",
    "description": "description", "routeSettings": "route_settings", "stageVariables": "stage_variables",
}  # fmt: skip
