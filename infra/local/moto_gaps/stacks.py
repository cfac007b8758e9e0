"""CloudFormation: the types of infra/resources.yaml that moto lacks, and updates as AWS makes them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any


def mend() -> None:
    """Mend moto in this process."""
    _mend_reading()
    _mend_types()
    _mend_updates()
    _mend_half_read_types()
    _mend_protection()
    _mend_conditions()


def _mend_reading() -> None:
    """Moto reads every template as YAML, which JSON is too, but takes a second for 50 kB of it."""
    from types import SimpleNamespace

    import yaml
    from moto.cloudformation import models, responses

    def load(text: str, Loader: Any) -> Any:
        return json.loads(text) if text.startswith("{") else yaml.load(text, Loader)

    for place in (models, responses):
        setattr(place, "yaml", SimpleNamespace(**{**vars(yaml), "load": load}))  # noqa: B010 - for mypy


def _mend_types() -> None:
    """Moto warns of a type that it does not know, and goes on without it: what refers to it refers to nothing. Here it
    is made where moto's service has such a thing, and known by an id either way. Of what a template leaves out by its
    condition, moto tells as of nothing.
    """  # fmt: skip
    from moto.cloudformation import parsing
    from moto.cloudformation.models import Stack

    class_of = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        return _Made if resource_type in _TYPES else class_of(resource_type)

    def stack_resources(self: Any) -> list[Any]:
        return [each for each in self.resource_map.values() if each is not None]

    for place, name, patch in (
        (parsing, "resource_class_from_type", resource_class_from_type),
        (Stack, "stack_resources", property(stack_resources)),
    ):
        setattr(place, name, patch)


@dataclass
class _Made:
    """A resource of a type that moto's CloudFormation does not know, as it has to be for it."""

    type: str
    properties: dict[str, Any]
    account: str
    region: str
    whole_name: str  # the stack's id, and its name there
    physical_resource_id: str = ""
    logical_resource_id: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create_from_cloudformation_json(
        cls, _: str, resource: dict[str, Any], account: str, region: str, **known: Any
    ) -> "_Made":
        """Make it."""
        whole_name = f"{known['StackId']}/{known['LogicalId']}"
        made = cls(resource["Type"], _without_nothing(resource["Properties"]), account, region, whole_name, whole_name)
        _TYPES[made.type].put(made)
        return made

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: "_Made", cloudformation_json: dict[str, Any],
                                        **_: Any) -> "_Made":  # fmt: skip
        """Change it."""
        original_resource.properties = _without_nothing(cloudformation_json["Properties"])
        _TYPES[original_resource.type].put(original_resource)
        return original_resource

    def delete(self, account: str, region: str) -> None:  # noqa: ARG002 - its own
        """Take it away."""
        _TYPES[self.type].delete(self)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - each type has others
        """Whether !GetAtt can ask for this: cfn-lint knows better."""
        return True

    def get_cfn_attribute(self, attribute: str) -> str:
        """What !GetAtt gives."""
        return self.attributes[attribute]

    def is_created(self) -> bool:
        """At once."""
        return True

    @property
    def hash(self) -> str:
        """What ids are made of."""
        return sha256(self.whole_name.encode()).hexdigest()


def _without_nothing(value: Any) -> Any:
    """AWS::NoValue in a list is no entry."""
    match value:
        case dict():
            return {name: _without_nothing(each) for name, each in value.items()}
        case list():
            return [_without_nothing(each) for each in value if each is not None]
    return value


@dataclass(frozen=True)
class _Type:
    put: Callable[[_Made], object]
    delete: Callable[[_Made], object] = lambda _: None


def _put_subscription(made: _Made) -> None:
    from moto.sns.models import sns_backends

    sns, given = sns_backends[made.account][made.region], made.properties
    subscription = sns.subscribe(given["TopicArn"], given["Endpoint"], given["Protocol"])
    made.physical_resource_id = subscription.arn
    if given.get("RawMessageDelivery"):
        sns.set_subscription_attributes(subscription.arn, "RawMessageDelivery", "true")
    if policy := given.get("FilterPolicy"):
        sns.set_subscription_attributes(subscription.arn, "FilterPolicy", json.dumps(policy))


def _delete_subscription(made: _Made) -> None:
    from moto.sns.models import sns_backends

    sns_backends[made.account][made.region].unsubscribe(made.physical_resource_id)


def _put_topic_policy(made: _Made) -> None:
    from moto.sns.models import sns_backends

    for topic in made.properties["Topics"]:
        policy = json.dumps(made.properties["PolicyDocument"])
        sns_backends[made.account][made.region].set_topic_attribute(topic, "Policy", policy)


def _put_queue_policy(made: _Made) -> None:
    from moto.sqs.models import sqs_backends

    for url in made.properties["Queues"]:
        policy = {"Policy": json.dumps(made.properties["PolicyDocument"])}
        sqs_backends[made.account][made.region].set_queue_attributes(url.rpartition("/")[2], policy)


def _put_bucket_policy(made: _Made) -> None:
    from moto.s3.models import s3_backends

    policy = json.dumps(made.properties["PolicyDocument"]).encode()
    s3_backends[made.account]["aws"].put_bucket_policy(made.properties["Bucket"], policy)


def _put_configuration_set(made: _Made) -> None:
    from moto.sesv2.models import sesv2_backends

    given, ses = made.properties, sesv2_backends[made.account][made.region]
    made.physical_resource_id = given["Name"]
    ses.create_configuration_set(given["Name"], {}, {}, given.get("ReputationOptions", {}), {"SendingEnabled": True},
                                 [], given.get("SuppressionOptions", {}), {})  # fmt: skip


def _delete_configuration_set(made: _Made) -> None:
    from moto.sesv2.models import sesv2_backends

    sesv2_backends[made.account][made.region].delete_configuration_set(made.physical_resource_id)


def _put_identity(made: _Made) -> None:
    from moto.sesv2.models import sesv2_backends

    ses, name = sesv2_backends[made.account][made.region], made.properties["EmailIdentity"]
    if made.physical_resource_id != name:
        made.physical_resource_id = name
        ses.create_email_identity(name, [], None, made.properties["ConfigurationSetAttributes"]["ConfigurationSetName"])


def _delete_identity(made: _Made) -> None:
    from moto.sesv2.models import sesv2_backends

    sesv2_backends[made.account][made.region].delete_email_identity(made.physical_resource_id)


def _put_alarm(made: _Made) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    given = made.properties
    made.physical_resource_id = given["AlarmName"]
    made.attributes["Arn"] = f"arn:aws:cloudwatch:{made.region}:{made.account}:alarm:{given['AlarmName']}"
    cloudwatch_backends[made.account][made.region].put_metric_alarm(
        given["AlarmName"], given.get("Namespace", ""), given.get("MetricName", ""),
        given.get("ComparisonOperator", ""), given.get("EvaluationPeriods", 1), given.get("Period", 60),
        given.get("Threshold", 0), given.get("Statistic", ""), given.get("AlarmDescription", ""),
        given.get("Dimensions", []),
        given.get("AlarmActions", []), datapoints_to_alarm=given.get("DatapointsToAlarm"),
        extended_statistic=given.get("ExtendedStatistic"), ok_actions=given.get("OKActions", []),
        treat_missing_data=given.get("TreatMissingData"), rule=given.get("AlarmRule"),
    )  # fmt: skip


def _delete_alarm(made: _Made) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    cloudwatch_backends[made.account][made.region].delete_alarms([made.physical_resource_id])


def _put_distribution(made: _Made) -> None:
    from moto.cloudfront.models import DistributionConfig, cloudfront_backends

    cloudfront, given = cloudfront_backends[made.account]["aws"], made.properties["DistributionConfig"]
    origins = [{name: each[name] for name in ("Id", "DomainName", "OriginPath") if name in each}
               for each in given["Origins"]]  # fmt: skip
    behaviour = {name: given["DefaultCacheBehavior"][name] for name in ("TargetOriginId", "ViewerProtocolPolicy")}
    config = {
        "CallerReference": made.whole_name, "Comment": given["Comment"], "Enabled": given["Enabled"],
        "Origins": {"Quantity": len(origins), "Items": origins}, "DefaultCacheBehavior": behaviour,
        "Aliases": {"Items": given.get("Aliases", [])},
    }  # fmt: skip
    if made.physical_resource_id in cloudfront.distributions:
        distribution, _ = cloudfront.get_distribution(made.physical_resource_id)
        distribution.distribution_config = DistributionConfig(config)
    else:
        distribution, _, _ = cloudfront.create_distribution(config, [])
    made.physical_resource_id, made.attributes["DomainName"] = distribution.distribution_id, distribution.domain_name


def _delete_distribution(made: _Made) -> None:
    from moto.cloudfront.models import cloudfront_backends

    del cloudfront_backends[made.account]["aws"].distributions[made.physical_resource_id]


def _put_of_cloudfront(made: _Made) -> None:
    made.physical_resource_id = made.attributes["Id"] = made.hash[:36]


def _put_cloudfront_function(made: _Made) -> None:
    arn = f"arn:aws:cloudfront::{made.account}:function/{made.properties['Name']}"
    made.physical_resource_id = made.attributes["FunctionARN"] = arn


_KEPT = _Type(lambda _: None)
_TYPES = {
    "AWS::CloudFront::CachePolicy": _Type(_put_of_cloudfront),
    "AWS::CloudFront::Distribution": _Type(_put_distribution, _delete_distribution),
    "AWS::CloudFront::Function": _Type(_put_cloudfront_function),
    "AWS::CloudFront::OriginAccessControl": _Type(_put_of_cloudfront),
    "AWS::CloudFront::OriginRequestPolicy": _Type(_put_of_cloudfront),
    "AWS::CloudFront::ResponseHeadersPolicy": _Type(_put_of_cloudfront),
    "AWS::CloudWatch::Alarm": _Type(_put_alarm, _delete_alarm),
    "AWS::CloudWatch::CompositeAlarm": _Type(_put_alarm, _delete_alarm),
    "AWS::S3::BucketPolicy": _Type(_put_bucket_policy),
    "AWS::SES::ConfigurationSet": _Type(_put_configuration_set, _delete_configuration_set),
    "AWS::SES::ConfigurationSetEventDestination": _KEPT,
    "AWS::SES::EmailIdentity": _Type(_put_identity, _delete_identity),
    "AWS::SNS::Subscription": _Type(_put_subscription, _delete_subscription),
    "AWS::SNS::TopicPolicy": _Type(_put_topic_policy),
    "AWS::SQS::QueuePolicy": _Type(_put_queue_policy),
}


def _mend_updates() -> None:
    """Moto compares templates as they are written, and parameters only where they are a bare Ref: a condition that now
    holds makes nothing, and what a !Sub holds does not change. Here resources are compared as they come out. And a
    parameter that was left to its default has no previous value.
    """  # fmt: skip
    from moto.cloudformation import parsing
    from moto.cloudformation.parsing import ResourceMap

    create, load = ResourceMap.create, ResourceMap.load_parameters

    def load_parameters(self: Any) -> None:
        load(self)
        for name, value in self.resolved_parameters.items():
            self.input_parameters.setdefault(name, value)

    def created(self: Any, template: dict[str, Any]) -> Any:
        ready = create(self, template)
        self.as_made = resolved(self)
        return ready

    def resolved(self: Any) -> dict[str, Any]:
        conditions = self.lazy_condition_map
        return {
            name: _without_nothing(parsing.clean_json(resource, self))
            for name, resource in self._resource_json_map.items()
            if "Condition" not in resource or conditions[resource["Condition"]]
        }

    def update(self: Any, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
        before, before_json = self.as_made, self._resource_json_map
        self._template, self._resource_json_map = template, template["Resources"]
        if parameters is not None:
            self.input_parameters = parameters
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        for name in [name for name, there in self._parsed_resources.items() if there is None and name in before_json]:
            del self._parsed_resources[name]
        holds = {name for name, each in template["Resources"].items()
                 if "Condition" not in each or self.lazy_condition_map[each["Condition"]]}  # fmt: skip
        for name in [name for name in before if name not in holds]:
            made = self._parsed_resources.pop(name)
            if before_json[name].get("DeletionPolicy") != "Retain":
                self._delete_resource(made, before_json[name])
        for name in template["Resources"]:
            _ = self[name]  # makes what is new
        for name, after in resolved(self).items():
            if name in before and before[name] != after:
                self._parsed_resources[name] = parsing.parse_and_update_resource(
                    name, template["Resources"][name], self, account_id=self._account_id, region_name=self._region_name
                )
        self.as_made = resolved(self)

    for name, patch in (("create", created), ("load_parameters", load_parameters), ("update", update)):
        setattr(ResourceMap, name, patch)


def _mend_half_read_types() -> None:
    """Moto's CloudFormation makes a bucket and a table with some of their properties, and changes no table at all. A
    key's policy is such that the key can't be described, and the key stays for ever. It does not tell what a parameter
    of SSM holds, and tells what a parameter of the stack holds that is not to be shown.
    """  # fmt: skip
    from moto.cloudformation.models import Stack
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.table import Table
    from moto.kms.models import Key, kms_backends
    from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends
    from moto.ssm.models import Parameter

    make_bucket, make_table = FakeBucket.create_from_cloudformation_json, Table.create_from_cloudformation_json
    make_key = Key.create_from_cloudformation_json

    def bucket(name: str, resource: dict[str, Any], account: str, region: str, **known: Any) -> Any:
        made, given = make_bucket(name, resource, account, region, **known), resource["Properties"]
        if blocked := given.get("PublicAccessBlockConfiguration"):
            made.public_access_block = PublicAccessBlock(
                *(blocked[each] for each in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                                             "RestrictPublicBuckets"))
            )  # fmt: skip
        if versioning := given.get("VersioningConfiguration"):
            s3_backends[account]["aws"].put_bucket_versioning(name, versioning["Status"])
        return made

    def table(name: str, resource: dict[str, Any], account: str, region: str, **known: Any) -> Any:
        made, given = make_table(name, resource, account, region, **known), resource["Properties"]
        dynamodb = dynamodb_backends[account][region]
        if lifetime := given.get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(name, lifetime)
        if recovery := given.get("PointInTimeRecoverySpecification"):
            dynamodb.update_continuous_backups(name, recovery)
        return made

    def key(name: str, resource: dict[str, Any], *of: str, **known: Any) -> Any:
        policy = json.dumps(resource["Properties"]["KeyPolicy"])
        return make_key(name, {"Properties": {**resource["Properties"], "KeyPolicy": policy}}, *of, **known)

    def delete_key(self: Any, account: str, region: str) -> None:
        kms_backends[account][region].schedule_key_deletion(self.id, 7)

    def changed_table(original_resource: Any, cloudformation_json: dict[str, Any], **_: Any) -> Any:
        protected = cloudformation_json["Properties"].get("DeletionProtectionEnabled", False)
        original_resource.deletion_protection_enabled = protected
        return original_resource

    def parameter_list(self: Any) -> list[dict[str, str]]:
        hidden = self.resource_map.no_echo_parameter_keys
        return [{"ParameterKey": name, "ParameterValue": "****" if name in hidden else value}
                for name, value in self.resource_map.resolved_parameters.items()]  # fmt: skip

    for place, name, patch in (
        (FakeBucket, "create_from_cloudformation_json", staticmethod(bucket)),
        (Key, "create_from_cloudformation_json", staticmethod(key)),
        (Key, "delete", delete_key),
        (Table, "create_from_cloudformation_json", staticmethod(table)),
        (Table, "update_from_cloudformation_json", staticmethod(changed_table)),
        (
            Parameter,
            "get_cfn_attribute",
            lambda self, attribute: {"Value": self.value, "Type": self.parameter_type}[attribute],
        ),
        (Stack, "parameter_list", property(parameter_list)),
    ):
        setattr(place, name, patch)


def _mend_protection() -> None:
    """Moto notes that a stack is not to be deleted, and deletes it; and the note can't be changed."""
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.responses import CloudFormationResponse
    from moto.core.responses import ActionResult

    delete = CloudFormationResponse.delete_stack

    def delete_stack(self: Any) -> Any:
        name = self._get_param("StackName")
        for stack in self.cloudformation_backend.stacks.values():
            if name in {stack.name, stack.stack_id} and stack.enable_termination_protection:
                raise ValidationError(
                    message=f"Stack [{name}] cannot be deleted while TerminationProtection is enabled"
                )
        return delete(self)

    def update_termination_protection(self: Any) -> ActionResult:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection", False)
        return ActionResult({"StackId": stack.stack_id})

    for name, patch in (
        ("delete_stack", delete_stack),
        ("update_termination_protection", update_termination_protection),
    ):
        setattr(CloudFormationResponse, name, patch)


def _mend_conditions() -> None:
    """Moto denies where a statement's conditions are not met, and takes those for met that it does not know, such as
    aws:SecureTransport. A statement whose conditions are not met says nothing.
    """  # fmt: skip
    from moto.iam.access_control import IAMPolicyStatement, PermissionResult

    is_permitted = IAMPolicyStatement.is_action_permitted

    def is_action_permitted(self: Any, action: str, resource: str = "*", principal: str | None = None,
                            incoming_condition_values: Any = None) -> PermissionResult:  # fmt: skip
        if self._statement.get("Condition") and not incoming_condition_values:
            return PermissionResult.NEUTRAL
        result: PermissionResult = is_permitted(self, action, resource, principal, incoming_condition_values)
        return result

    setattr(IAMPolicyStatement, "is_action_permitted", is_action_permitted)  # noqa: B010 - for mypy
