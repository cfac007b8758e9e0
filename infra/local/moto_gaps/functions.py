"""Lambda: functions are kept, and nothing is run."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

AWS_ACCOUNT = "000000000001"  # Lambda's own, which keeps everybody's packages


@dataclass(frozen=True)
class Notification:
    """What SNS would have Lambda invoke a function with."""

    function_arn: str
    topic_arn: str
    message_id: str
    message: str
    subject: str | None
    attributes: dict[str, Any]  # {name: {"Type": …, "Value": …}}


notifications: list[Notification] = []  # of this process, in the order published


def mend() -> None:
    """Mend moto in this process."""
    _mend_packages()
    _mend_configuration()
    _mend_event_sources()
    _mend_notifications()


def _mend_packages() -> None:
    """Moto keeps a package twice for each function: 21 functions of 30 MB are 1.5 GB. Here each package is kept once,
    and read once where one function after the other is given it. And nothing answers at the address where moto says a
    package can be had: here, the server's S3 does, as on AWS.
    """  # fmt: skip
    from moto.awslambda import models
    from moto.awslambda.models import LambdaFunction
    from moto.awslambda.responses import LambdaResponse
    from moto.s3.models import s3_backends

    set_code, get_code, get_function = (
        LambdaFunction._set_function_code, LambdaFunction.get_code, LambdaResponse.get_function
    )  # fmt: skip
    packages: dict[str, bytes] = {}

    def set_function_code(self: Any, updated_spec: dict[str, Any]) -> None:
        set_code(self, updated_spec)
        if updated_spec.get("DryRun") or "ZipFile" not in self.code:
            return
        self.code["ZipFile"] = ""
        self.code_bytes = packages.setdefault(self.code_digest, self.code_bytes)
        self.code["S3Key"] = f"{self.code_digest}.zip"
        s3, bucket = s3_backends[AWS_ACCOUNT][self.partition], f"awslambda-{self.region}-tasks"
        if bucket not in s3.buckets:
            s3.create_bucket(bucket, self.region)
        if self.code["S3Key"] not in s3.buckets[bucket].keys:
            s3.put_object(bucket, self.code["S3Key"], self.code_bytes)

    def code_of(self: Any) -> Any:
        told = get_code(self)
        bucket = f"awslambda-{self.region}-tasks"
        told["Code"]["Location"] = f"https://{bucket}.s3.amazonaws.com/{self.code['S3Key']}?X-Amz-Signature=moto"
        return told

    def get_function_answer(self: Any) -> Any:
        """Where the server was asked at an address of its own, its S3 has the package there."""
        address = urlsplit(self.uri)
        told = json.loads(get_function(self))
        if not (address.hostname or "").endswith("amazonaws.com"):
            package = urlsplit(told["Code"]["Location"])
            bucket = (package.hostname or "").partition(".")[0]
            told["Code"]["Location"] = f"{address.scheme}://{address.netloc}/{bucket}{package.path}?{package.query}"
        return json.dumps(told)

    for place, name, patch in (
        (models, "_zipfile_content", lru_cache(maxsize=1)(models._zipfile_content)),
        (LambdaFunction, "_set_function_code", set_function_code),
        (LambdaFunction, "get_code", code_of),
        (LambdaResponse, "get_function", get_function_answer),
    ):
        setattr(place, name, patch)


def _mend_configuration() -> None:
    """Moto does not change how a function is traced, nor what becomes of an event that it could not handle (the first
    that was put stays).
    """  # fmt: skip
    from moto.awslambda.models import LambdaBackend, LambdaFunction

    update, put = LambdaFunction.update_configuration, LambdaBackend.put_function_event_invoke_config

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
        return update(self, config_updates)

    def put_function_event_invoke_config(self: Any, function_name: str, config: dict[str, Any]) -> Any:
        self.get_function(function_name).event_invoke_config.clear()
        return put(self, function_name, config)

    for place, name, patch in (
        (LambdaFunction, "update_configuration", update_configuration),
        (LambdaBackend, "put_function_event_invoke_config", put_function_event_invoke_config),
    ):
        setattr(place, name, patch)


def _mend_event_sources() -> None:
    """Moto runs functions in containers; and where it can't, it takes all records from streams and queues as if that
    had gone well. Here a source is only noted. It lists them by the very text that they were made with: AWS knows a
    function by its name and its ARN. And what a stream's source does unasked is not told.
    """  # fmt: skip
    from moto.awslambda.models import EventSourceMapping, LambdaBackend
    from moto.dynamodb.models import dynamodb_backends
    from moto.sqs.models import sqs_backends

    create, configuration = LambdaBackend.create_event_source_mapping, EventSourceMapping.get_configuration
    list_all = LambdaBackend.list_event_source_mappings

    def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
        made = create(self, spec)
        queues: Any = sqs_backends[self.account_id][self.region_name].queues
        streams: Any = dynamodb_backends[self.account_id][self.region_name].tables
        for holder in (*queues.values(), *streams.values()):
            holder.lambda_event_source_mappings.clear()
        return made

    def list_event_source_mappings(self: Any, event_source_arn: str, function_name: str) -> Any:
        of_source = list_all(self, event_source_arn, "")
        name = (function_name or "").rpartition(":")[2]
        return [each for each in of_source if not name or each.function_arn.rpartition(":")[2] == name]

    def get_configuration(self: Any) -> dict[str, Any]:
        unasked = _OF_STREAMS if ":dynamodb:" in self.event_source_arn else _OF_QUEUES
        told: dict[str, Any] = {**unasked, **configuration(self)}
        return told

    for place, name, patch in (
        (LambdaBackend, "create_event_source_mapping", create_event_source_mapping),
        (LambdaBackend, "list_event_source_mappings", list_event_source_mappings),
        (EventSourceMapping, "get_configuration", get_configuration),
    ):
        setattr(place, name, patch)


# What AWS tells of a source that was made without these.
_OF_QUEUES: dict[str, Any] = {"MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
_OF_STREAMS = _OF_QUEUES | {
    "DestinationConfig": {"OnFailure": {}}, "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1, "ParallelizationFactor": 1, "TumblingWindowInSeconds": 0,
}  # fmt: skip


def _mend_notifications() -> None:
    """Moto would run the functions that subscribe to a topic, too. Here it is noted what they are to be told."""
    from moto.sns.models import Subscription

    publish = Subscription.publish

    def published(self: Any, message: str, message_id: str, subject: Any = None, message_attributes: Any = None,
                  *args: Any, **more: Any) -> None:  # fmt: skip
        if self.protocol != "lambda":
            publish(self, message, message_id, subject, message_attributes, *args, **more)
        elif self._filter_policy_matcher is None or self._filter_policy_matcher.matches(message_attributes, message):
            notifications.append(
                Notification(
                    self.endpoint, self.topic.arn, message_id, message, subject, dict(message_attributes or {})
                )
            )

    setattr(Subscription, "publish", published)  # noqa: B010 - for mypy, a method is not to be assigned
