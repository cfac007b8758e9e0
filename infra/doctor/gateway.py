"""What stands before the functions: API Gateway, CloudFront, and what they answer."""

import json
from datetime import timedelta

from chalicelib import __version__
from infra.deploy import tuning
from infra.deploy.remains import unless_gone
from infra.deploy.tune import holds
from infra.doctor.stage import Finding, Findings, Stage, join

RENEWED = timedelta(days=30)  # before its end, ACM has long renewed a certificate; it begins 60 days before


def tuned(stage: Stage) -> Findings:
    """Does API Gateway answer in our words what it answers by itself, and bound how much it lets in?"""
    rest, websocket = stage.parameters.get("RestApi"), stage.parameters.get("WebSocketApi")
    tune = f"Run: {stage.again('tune')}"
    if not rest or not websocket:
        yield Finding("The stack does not know the APIs, so there is no CloudFront before them.", tune)
        return
    gateway, sockets = stage.client("apigateway"), stage.client("apigatewayv2")
    if gone := list(_gone(stage, rest, websocket)):
        yield from gone
        return
    wrong = []
    there = {each["responseType"]: each for each in gateway.get_gateway_responses(restApiId=rest, limit=500)["items"]}
    answers = tuning.gateway_responses(stage.settings["CORS_ORIGIN"])
    if other := [kind for kind, response in answers.items() if not holds(there.get(kind), response)]:
        wrong.append(Finding(f"API Gateway answers {join(other)} in words of its own.", tune))
    methods = gateway.get_stage(restApiId=rest, stageName=stage.name).get("methodSettings", {})
    routes = tuning.method_settings()
    if other := [f"{method} {path}" for (path, method), wanted in routes.items()
                 if not holds(methods.get(f"{path.replace('/', '~1')}/{method}"), wanted)]:  # fmt: skip
        wrong.append(Finding(
            f"The REST API is not throttled, or not measured as its alarms need it: {join(other)}.", tune
        ))  # fmt: skip
    socket = sockets.get_stage(ApiId=websocket, StageName=stage.name)
    if not holds(socket.get("DefaultRouteSettings"), tuning.route_settings()):
        wrong.append(Finding("The WebSocket API lets in as much as the account does: it is not throttled.", tune))
    yield from wrong or [Finding("API Gateway answers as problem+json what it answers by itself, and is throttled.")]


def _gone(stage: Stage, rest: str, websocket: str) -> Findings:
    """What of the APIs was deleted: Chalice makes another API where the one that it noted is gone."""
    gateway, sockets = stage.client("apigateway"), stage.client("apigatewayv2")
    if not unless_gone(gateway.get_rest_api, restApiId=rest):
        yield Finding(
            f"The REST API {rest} is gone: nothing but the web app's files and WebSockets is answered.",
            f"Run: {stage.again('deploy')}; it makes another. CloudFront's address stays, API Gateway's own is new.",
        )
    elif not unless_gone(gateway.get_stage, restApiId=rest, stageName=stage.name):
        yield Finding(f"The stage {stage.name} of the REST API {rest} is gone.", f"Run: {stage.again('deploy')}")
    if not unless_gone(sockets.get_api, ApiId=websocket):
        yield Finding(f"The WebSocket API {websocket} is gone.", f"Run: {stage.again('deploy')}; it makes another.")
    elif not unless_gone(sockets.get_stage, ApiId=websocket, StageName=stage.name):
        yield Finding(f"The stage {stage.name} of the WebSocket API {websocket} is gone.",
                      f"Run: {stage.again('tune')}")  # fmt: skip


def pages(stage: Stage) -> Findings:
    """Whose pages may call?"""
    origin = stage.settings["CORS_ORIGIN"]
    if origin.startswith("http://") and not stage.replays:
        yield Finding(
            f"CORS_ORIGIN is {origin}: pages on whatever runs there on a visitor's machine may call the API.",
            f"Take it out of .chalice/config.json. Then run: {stage.again('deploy')}",
        )
        return
    yield Finding(f"Pages that may call the API: {origin or 'its own'}.")


def health(stage: Stage) -> Findings:
    """Does the stage answer over HTTPS?"""
    for name in ("WebUrl", "RestUrl"):
        if not (url := stage.outputs.get(name)):
            continue  # `tuned` says so
        asked = f"{url}/v1/health"
        look = f"See why: aws logs tail /aws/lambda/gatecall-{stage.name} --since 15m"
        try:
            status, body = stage.answer_of(asked)
        except OSError as problem:
            dns = f", and that {stage.parameters['Domain']} leads there" if stage.parameters.get("Domain") else ""
            yield Finding(f"{asked} does not answer: {problem}.",
                          f"See that this machine reaches it{dns}. {look}")  # fmt: skip
            continue
        if status != 200:
            yield Finding(f"{asked} answers {status}.", look)
            continue
        version = json.loads(body).get("version")
        here = "" if version == __version__ else f" (this checkout: {__version__})"
        yield Finding(f"{asked} answers; version {version}{here}.")


def domain(stage: Stage) -> Findings:
    """Is the domain's certificate good, for this domain and for long enough?"""
    name, arn = stage.parameters.get("Domain"), stage.parameters.get("Certificate")
    if not name or not arn:
        yield Finding("The stage has no domain of its own: CloudFront's name and certificate.")
        return
    acm = stage.client("acm", region_name="us-east-1")  # where CloudFront looks
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    wrong = []
    if certificate["Status"] != "ISSUED":
        records = [o["ResourceRecord"] for o in certificate.get("DomainValidationOptions", ()) if "ResourceRecord" in o]
        listed = "; ".join(f"{r['Name']} {r['Type']} {r['Value']}" for r in records)
        todo = f": {listed}" if listed else " the records that ACM's console shows in us-east-1"
        wrong.append(Finding(f"The certificate of {name} is not good: {certificate['Status']}.",
                             f"Put into the domain's DNS{todo}."))  # fmt: skip
    named = {certificate["DomainName"], *certificate.get("SubjectAlternativeNames", ())}
    if not {name, f"*.{name.partition('.')[2]}"} & named:
        wrong.append(Finding(
            f"The certificate is for {join(sorted(named))}, not for {name}.",
            "Ask for one: aws acm request-certificate --region us-east-1 --validation-method DNS "
            f"--domain-name {name}; then run: {stage.again('provision')} --domain {name} --certificate ARN",
        ))  # fmt: skip
    if (ends := certificate.get("NotAfter")) and ends - stage.now < RENEWED:
        wrong.append(Finding(
            f"The certificate of {name} ends at {ends:%Y-%m-%d %H:%M} UTC, and ACM has not renewed it.",
            "See that the DNS records that ACM asked for are still there: aws acm describe-certificate --region "
            f"us-east-1 --certificate-arn {arn}",
        ))  # fmt: skip
    yield from wrong or [Finding(f"The certificate of {name} is good.")]
