"""What the template of a stage keeps to: infra/resources.yaml, which CloudFormation makes a stack of."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

import app as the_map
from chalicelib.accounts import personal
from chalicelib.core.callers import Anyone
from chalicelib.core.metrics import CRITICAL_ROUTES
from chalicelib.core.routes import DECLARED, Route
from infra import functions, resources
from infra.deploy import provision

STAGE = "test"
RESOURCES = resources.template(STAGE)
LARGEST = 48_000  # bytes; CloudFormation takes 51,200 of a template that is sent along
ROUTES: list[Route] = [
    getattr(entry.view_function, DECLARED) for methods in the_map.app.routes.values() for entry in methods.values()
]
DEPLOYED = ("Stage=prod", "RestApi=a1b2c3d4e5", "WebSocketApi=f6a7b8c9d0", "FrontKey=secret")
ALL = (
    *DEPLOYED, "EmailIdentity=example.com", "AlarmsTo=ops@example.com", "Domain=flights.example.com",
    "Certificate=arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
)  # fmt: skip


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical name."""
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


def test_the_first_template_is_small_enough_to_be_sent_along() -> None:
    """There is no bucket to take it from before it is made; and it makes that bucket."""
    first = provision.first()
    assert len(json.dumps(first, separators=(",", ":")).encode()) < LARGEST
    assert {"Bucket", "BucketPolicy"} <= first["Resources"].keys()


def test_what_the_first_template_leaves_out_nobody_refers_to() -> None:
    """Alarms and the dashboard only watch: all else is the same in both, and stands without them."""
    first, whole = provision.first(), resources.document()
    left_out = whole["Resources"].keys() - first["Resources"].keys()
    assert {RESOURCES[name]["Type"] for name in left_out} == {
        "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Dashboard",
    }  # fmt: skip
    assert whole == {**first, "Resources": {**first["Resources"], **{n: whole["Resources"][n] for n in left_out}}}
    assert not set(re.findall(r"\w+", json.dumps(first))) & left_out


def test_the_template_passes_cfn_lint(tmp_path: Path) -> None:
    """With no rule switched off, neither there nor here; before the app is deployed, after, and with all settings."""
    assert "cfn-lint" not in resources.TEMPLATE.read_text()
    files = []
    for number, given in enumerate((("Stage=dev",), DEPLOYED, ALL)):
        named = [dict(zip(("ParameterKey", "ParameterValue"), each.split("=", 1), strict=True)) for each in given]
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(named))
    lint = Path(sys.executable).with_name("cfn-lint")
    run = subprocess.run(
        [lint, resources.TEMPLATE, "--parameter-files", *files], cwd=resources.TEMPLATE.parents[1],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (run.stdout + run.stderr, run.returncode) == ("", 0)


# Tables, queues, topics and the bucket


def test_every_table_says_who_answers_for_the_personal_data_in_it() -> None:
    """So that nothing is left out of an export, or left behind by erasing: `none`, or a Keeper on app.py's list."""
    said = {name: RESOURCES[name].get("Metadata", {}).get("PersonalData") for name in of_type("AWS::DynamoDB::Table")}
    keepers = {keeper.name for keeper in personal.KEEPERS}
    assert {name: who for name, who in said.items() if who not in {"none", *keepers}} == {}
    assert keepers - set(said.values()) == set(), "who holds nothing in any table"


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_a_table_that_is_kept_is_kept_whatever_happens(name: str) -> None:
    """By the stack's end, by whoever deletes it, and by whoever writes nonsense into it; the others hold nothing."""
    table, of = RESOURCES[name], RESOURCES[name]["Properties"]
    kept = table["DeletionPolicy"] == "Retain"
    assert kept == (name not in {"LiveTable", "LimitsTable", "SearchesTable"})
    assert table["UpdateReplacePolicy"] == table["DeletionPolicy"]
    assert of.get("DeletionProtectionEnabled", False) is kept
    assert of.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False) is kept


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_every_table_is_on_demand_and_encrypted_and_forgets(name: str) -> None:
    """By the time that its items say."""
    of = RESOURCES[name]["Properties"]
    assert of["BillingMode"] == "PAY_PER_REQUEST"
    assert of["SSESpecification"] == {"SSEEnabled": True}
    assert of["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_every_topic_and_queue_is_encrypted() -> None:
    """With a key of ours where another service publishes: it can't use AWS's own for SNS."""
    keys = {name: of["KmsMasterKeyId"] for name, of in of_type("AWS::SNS::Topic").items()}
    ours = {"Ref": "AnswersKey"}
    assert {keys.pop(name) for name in ("FlightChangesTopic", "BookingChangesTopic")} == {"alias/aws/sns"}
    assert keys == dict.fromkeys(["EmailEventsTopic", "SmsRepliesTopic", "AlarmsTopic"], ours)
    assert all(of["SqsManagedSseEnabled"] is True for of in of_type("AWS::SQS::Queue").values())
    may = [
        service
        for statement in RESOURCES["AnswersKey"]["Properties"]["KeyPolicy"]["Statement"]
        for service in aslist(statement["Principal"].get("Service", []))
    ]
    assert sorted(may) == ["cloudwatch.amazonaws.com", "ses.amazonaws.com", "sms-voice.amazonaws.com"]


def test_what_comes_too_often_from_a_queue_goes_to_the_dead_letters() -> None:
    """From every queue but these themselves."""
    queues = of_type("AWS::SQS::Queue")
    assert "RedrivePolicy" not in queues.pop("DeadLettersQueue")
    assert RESOURCES["DeadLettersQueue"]["DeletionPolicy"] == "Retain"
    dead = {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}
    assert {name: of["RedrivePolicy"]["deadLetterTargetArn"] for name, of in queues.items()} == dict.fromkeys(
        queues, dead
    )


def test_no_bucket_is_public() -> None:
    """Private, encrypted, versioned; over TLS only; and CloudFront alone reads the web app."""
    assert list(of_type("AWS::S3::Bucket")) == ["Bucket"]
    bucket = of_type("AWS::S3::Bucket")["Bucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "AES256" in json.dumps(bucket["BucketEncryption"])
    assert RESOURCES["Bucket"]["DeletionPolicy"] == "Retain"
    tls, deployed = RESOURCES["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    condition, read, otherwise = deployed["Fn::If"]
    assert (condition, otherwise) == ("Deployed", {"Ref": "AWS::NoValue"})
    assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert read["Action"] == ["s3:GetObject", "s3:ListBucket"]  # the second makes a missing file 404, not 403
    assert read["Resource"] == [{"Fn::Sub": "${Bucket.Arn}/web/*"}, {"Fn::GetAtt": ["Bucket", "Arn"]}]
    assert DISTRIBUTION["Origins"][0]["OriginPath"] == "/web", "so nobody can ask for the bucket itself"
    assert "AWS:SourceArn" in read["Condition"]["StringEquals"]


# CloudFront

DISTRIBUTION = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
BEHAVIOURS = [*DISTRIBUTION["CacheBehaviors"], {"PathPattern": "*", **DISTRIBUTION["DefaultCacheBehavior"]}]


def behaviour(path: str) -> dict[str, Any]:
    """The one that CloudFront takes for a path: the first that fits."""
    return next(each for each in BEHAVIOURS if fnmatchcase(path, each["PathPattern"]))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_reached_through_cloudfront(route: Route) -> None:
    """By its method; "/" alone is the web app's there."""
    found = behaviour(re.sub(r"\{\w+\}", "x", route.path))
    assert found["TargetOriginId"] == ("web" if route.path == "/" else "rest")
    assert route.method in found.get("AllowedMethods", ["GET", "HEAD"])


def test_a_preflight_request_reaches_the_api() -> None:
    """OPTIONS, which API Gateway answers by CORS_ORIGIN."""
    assert "OPTIONS" in behaviour("/v1/flights")["AllowedMethods"]


def test_the_web_app_and_the_websocket_are_at_the_same_host() -> None:
    """Paths that nobody else has are the web app's."""
    assert [behaviour(path)["TargetOriginId"] for path in ("/", "/index.html", "/flights/UA1", "/assets/a.js")] == [
        "web"
    ] * 4
    assert behaviour("/ws")["TargetOriginId"] == "websocket"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.max_age is not None], ids=lambda route: f"{route.method} {route.path}"
)
def test_only_what_is_the_same_for_all_may_be_kept(route: Route) -> None:
    """A shared cache hands an answer to the next who asks for that path and query, whoever it is."""
    assert isinstance(route.callers, Anyone)
    assert route.parameters & {"machine", "holder", "person", "client", "headers"} == set()
    assert route.method == "GET"


def test_cloudfront_keeps_what_the_answer_says_and_no_error() -> None:
    """Of itself it keeps nothing; errors it would keep for 10 s, whatever they say (CloudFront Developer Guide)."""
    caching = RESOURCES["RestCaching"]["Properties"]["CachePolicyConfig"]
    assert (caching["MinTTL"], caching["DefaultTTL"]) == (0, 0)
    assert caching["MaxTTL"] >= max(route.max_age or 0 for route in ROUTES)
    key = caching["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert key["HeadersConfig"]["Headers"] == ["Authorization"]
    to_the_api = [each for each in BEHAVIOURS if each["TargetOriginId"] == "rest"]
    assert {json.dumps(each["CachePolicyId"]) for each in to_the_api} == {'{"Ref": "RestCaching"}'}
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in DISTRIBUTION["CustomErrorResponses"]}
    assert kept == dict.fromkeys([404, 405, 414, 500, 501, 502, 503, 504], 0)


def test_nothing_goes_over_http() -> None:
    """Neither to CloudFront nor from there on, and with TLS 1.2 at least."""
    assert {each["ViewerProtocolPolicy"] for each in BEHAVIOURS} <= {"https-only", "redirect-to-https"}
    assert behaviour("/v1/sessions")["ViewerProtocolPolicy"] == "https-only"
    assert behaviour("/ws")["ViewerProtocolPolicy"] == "https-only"
    for origin in DISTRIBUTION["Origins"]:
        asked = origin.get("CustomOriginConfig")
        assert origin["Id"] == "web" or asked == {
            "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"],
        }  # fmt: skip
    condition, own, _ = DISTRIBUTION["ViewerCertificate"]["Fn::If"]
    assert (condition, own["MinimumProtocolVersion"]) == ("HasDomain", "TLSv1.2_2021")
    headers = RESOURCES["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    policy, names = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    assert "default-src 'self'; connect-src 'self'${Host};" in policy
    assert "wss://${Domain}" in json.dumps(names)
    assert "unsafe" not in policy


# Alarms and the dashboard

ALARMS = {**of_type("AWS::CloudWatch::Alarm"), **of_type("AWS::CloudWatch::CompositeAlarm")}


def aslist(value: Any) -> list[Any]:
    """A list of what may be one or many."""
    return value if isinstance(value, list) else [value]


def watched(of: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The metrics that an alarm looks at: namespace, name, dimensions."""
    for each in [query["MetricStat"]["Metric"] for query in of.get("Metrics", ()) if "MetricStat" in query] or [of]:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in each.get("Dimensions", ())}
        yield each.get("Namespace", ""), each.get("MetricName", ""), dimensions


def test_whatever_an_operator_must_know_has_an_alarm() -> None:
    """Fault test F24, and what issue 5 names."""
    seen = {f"{namespace} {metric}" for of in ALARMS.values() for namespace, metric, _ in watched(of)}
    assert seen - {" "} == {
        "AWS/ApiGateway 5XXError",
        "AWS/ApiGateway Latency",
        "AWS/Lambda Errors",
        "AWS/Lambda IteratorAge",
        "AWS/Lambda Throttles",
        "AWS/SES Reputation.BounceRate",
        "AWS/SES Reputation.ComplaintRate",
        "AWS/SQS ApproximateAgeOfOldestMessage",
        "AWS/SQS ApproximateNumberOfMessagesVisible",
        f"gatecall/{STAGE} LongestFeedSilence",
    }


def test_every_function_is_watched_for_errors() -> None:
    """Each in one alarm, and none that is no more."""
    seen = [
        dimensions["FunctionName"]
        for of in ALARMS.values()
        for _, metric, dimensions in watched(of)
        if metric == "Errors"
    ]
    assert sorted(seen) == sorted(function.full_name(STAGE) for function in functions.declared())


def test_every_queue_and_every_stream_is_watched_for_how_old_what_waits_is() -> None:
    """Of the dead letters, for being there at all."""
    queues = [dimensions["QueueName"]["Fn::GetAtt"][0] for _, _, dimensions in watched(ALARMS["QueuesBehind"])]
    assert sorted([*queues, "DeadLettersQueue"]) == sorted(of_type("AWS::SQS::Queue"))
    readers = [dimensions["FunctionName"] for _, _, dimensions in watched(ALARMS["StreamsBehind"])]
    assert sorted(readers) == sorted(
        function.full_name(STAGE) for function in functions.declared() if function.kind == "stream"
    )
    [(_, _, dead)] = watched(ALARMS["DeadLetters"])
    assert dead == {"QueueName": {"Fn::GetAtt": ["DeadLettersQueue", "QueueName"]}}
    assert (ALARMS["DeadLetters"]["ComparisonOperator"], ALARMS["DeadLetters"]["Threshold"]) == (
        "GreaterThanThreshold", 0,
    )  # fmt: skip


def test_the_critical_routes_that_are_watched_are_the_apps() -> None:
    """By the method, the path and the stage that API Gateway knows them by; `tune` has it measure the same."""
    there = {f"{route.method} {route.path}" for route in ROUTES}
    seen = {
        name: {
            f"{dimensions['Method']} {dimensions['Resource']}"
            for _, metric, dimensions in watched(of)
            if metric == "Latency" and dimensions["ApiName"] == the_map.app.app_name
        }
        for name, of in ALARMS.items()
        if name.startswith("RoutesSlow")
    }
    assert seen == {"RoutesSlow": set(CRITICAL_ROUTES), "RoutesSlow6h": set(CRITICAL_ROUTES)}
    assert set(CRITICAL_ROUTES) <= there


def test_the_error_budget_burns_at_the_rates_of_the_workbook() -> None:
    """Of the month's 0.1 %, 14.4 times as much in an hour and still in 5 minutes, or 6 times in 6 h and 30 min."""
    rates = {
        name.removeprefix("RequestsFailing"): (of["Period"], round(of["Threshold"] / 0.001, 3))
        for name, of in ALARMS.items()
        if re.fullmatch(r"RequestsFailing\d+[hm]", name)
    }
    assert rates == {"1h": (3600, 14.4), "5m": (300, 14.4), "6h": (21600, 6), "30m": (1800, 6)}
    rule = "".join(ALARMS["RequestsFailing"]["AlarmRule"]["Fn::Sub"].split())
    assert rule == (
        'ALARM("${RequestsFailingMany}")AND('
        '(ALARM("${RequestsFailing1h}")ANDALARM("${RequestsFailing5m}"))OR'
        '(ALARM("${RequestsFailing6h}")ANDALARM("${RequestsFailing30m}")))'
    )


@pytest.mark.parametrize(("name", "times", "minutes"), [("RoutesSlow", 14.4, 30), ("RoutesSlow6h", 6, 360)])
def test_what_may_be_late_burns_at_the_same_rates(name: str, times: float, minutes: int) -> None:
    """Of the 1 % that may take over 300 ms: so many times as much is above that percentile, all the while."""
    of = ALARMS[name]
    asked = [query["MetricStat"] for query in of["Metrics"] if "MetricStat" in query]
    assert {each["Stat"] for each in asked} == {f"p{100 - times:g}"}
    assert {each["Period"] * of["EvaluationPeriods"] for each in asked} == {minutes * 60}
    assert (of["ComparisonOperator"], of["Threshold"]) == ("GreaterThanThreshold", 300)
    assert "DatapointsToAlarm" not in of  # all of them


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_says_what_to_do_and_tells_somebody(name: str) -> None:
    """Itself, or by the one that it is a part of; silence is no alarm."""
    of = ALARMS[name]
    assert re.fullmatch(rf"gatecall-{STAGE}-[a-z0-9-]+", of["AlarmName"])
    assert 20 < len(of["AlarmDescription"]) < 300
    rules = [each["AlarmRule"]["Fn::Sub"] for each in ALARMS.values() if "AlarmRule" in each]
    part = any(f"${{{name}}}" in rule for rule in rules)
    assert of.get("AlarmActions", []) == ([] if part else [{"Ref": "AlarmsTopic"}])
    assert "AlarmRule" in of or of["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", of_type("AWS::CloudWatch::Alarm"))
def test_an_alarm_is_one_that_cloudwatch_takes(name: str) -> None:
    """At most ten metrics, of one period; a day at most, or a week of hours (PutMetricAlarm)."""
    of = ALARMS[name]
    asked = [query["MetricStat"] for query in of.get("Metrics", ()) if "MetricStat" in query]
    assert len(asked) <= 10
    [period] = {each["Period"] for each in asked or [of]}
    assert period * of["EvaluationPeriods"] <= (86_400 if period < 3600 else 604_800)
    assert all(query["ReturnData"] is False for query in of.get("Metrics", ()) if "MetricStat" in query)


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_is_in_the_readme(name: str) -> None:
    """Whoever gets one finds there what it means."""
    readme = (resources.TEMPLATE.parents[1] / "README.md").read_text()
    short = ALARMS[name]["AlarmName"].removeprefix(f"gatecall-{STAGE}-")
    assert f"`{short}`" in readme


def dashboard() -> list[dict[str, Any]]:
    """The dashboard's widgets, as CloudWatch is told of them."""
    text, names = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    values = {"Stage": STAGE, **dict.fromkeys(names, "x")}
    widgets: list[dict[str, Any]] = json.loads(re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text))[
        "widgets"
    ]
    return widgets


def test_the_dashboard_shows_every_alarm_that_tells_somebody_first() -> None:
    """Those that are parts of another would only repeat it."""
    first = dashboard()[0]
    assert first["type"] == "alarm"
    shown = [arn.removeprefix("x-") for arn in first["properties"]["alarms"]]
    telling = [of["AlarmName"] for of in ALARMS.values() if "AlarmActions" in of]
    assert sorted(shown) == sorted(name.removeprefix(f"gatecall-{STAGE}-") for name in telling)


def test_the_dashboards_rows_are_whole_and_its_widgets_can_be_drawn() -> None:
    """24 columns to a row, from left to right; each widget has a region, a title, and searches of 1,024 characters."""
    column = 0
    for widget in dashboard():
        width = widget.get("width", 6)
        assert column + width <= 24
        column = (column + width) % 24
        of = widget["properties"]
        assert of["title"]
        if widget["type"] == "metric":
            assert of["region"]
            searches = [m[0]["expression"] for m in of["metrics"] if isinstance(m[0], dict)]
            assert all(len(search) <= 1024 and "\n" not in search for search in searches)
    assert column == 0
