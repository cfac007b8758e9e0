"""Creates or updates a stage's stack on AWS, and tells the app and Chalice what it made.

`infra/resources.yaml` becomes the CloudFormation stack `gatecall-<stage>`; the outputs that are settings of the app
become the stage's environment in .chalice/config.json, where `chalice deploy` finds them. Run again, it changes
nothing.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from chalicelib.core import config
from infra import resources, secrets, stages
from infra.deploy import Refused, checks, remains, stacks
from infra.deploy.stacks import NotProvisioned, name_of

NAMES_KEPT = 61.0  # seconds until a deleted queue's name can be had again (SQS API reference, DeleteQueue: 60)

# An update that would replace or take away what data is in fails, whatever else it does.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
STACK_POLICY = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["Update:Replace", "Update:Delete"],
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::DynamoDB::Table", "AWS::S3::Bucket"]}},
        },
    ]
}


def provision(
    stage: str,
    console: Console,
    *,
    alarms_to: str | None = None,
    domain: str | None = None,
    certificate: str | None = None,
) -> None:
    """Create or update the stack, the secrets, the policies, the stage's settings, and Chalice's record of the stage.

    What is None stays as it is. Raises Refused, and NotProvisioned where CloudFormation could not do it.
    """
    import boto3

    from infra import policies
    from infra.deploy import recorded

    stacks.check_name(stage)
    us = boto3.client("sts").get_caller_identity()  # first: it asks for no permission, so it tells who we are
    cloudformation = boto3.client("cloudformation")
    region = cloudformation.meta.region_name
    console.print(f"{name_of(stage)}: account {us['Account']}, {region}", highlight=False, soft_wrap=True)
    wanted = {"AlarmsTo": alarms_to, "Domain": domain, "Certificate": certificate}
    given = {name: value for name, value in wanted.items() if value is not None}
    checks.asked(alarms_to, domain)
    _refuse_half_a_domain(stage, given, cloudformation)
    checks.settings(stage)
    checks.concurrency(stage)
    given |= _email_identity(stage, cloudformation, boto3.client("sesv2"))
    _apply(stage, console, cloudformation, given)
    made = stacks.outputs(stage, cloudformation)
    for name in secrets.make(stage, boto3.client("ssm")):
        console.print(f"{name} made.", highlight=False, soft_wrap=True)
    partition = us["Arn"].split(":")[1]
    policies.write(stage, stages.CONFIG.parent, partition=partition, region=region, account=us["Account"])
    if _tell_the_app(stage, made, policies.files(stage)):
        console.print(f"{stages.CONFIG.name} knows the stage {stage} as it is now.", highlight=False, soft_wrap=True)
    console.print(recorded.restore(stage, made["Bucket"], boto3.client("s3")), highlight=False, soft_wrap=True)


def update(stage: str, console: Console, **parameters: str) -> bool:
    """Give the stack other parameters; what is not named stays. True where something changed. Raises Refused."""
    import boto3

    cloudformation = boto3.client("cloudformation")
    stacks.outputs(stage, cloudformation)  # raises where there is no stack
    return _apply(stage, console, cloudformation, parameters)


def _apply(stage: str, console: Console, cloudformation: Any, given: Mapping[str, str]) -> bool:
    """Create the stack, or update it. True where something changed."""
    stack = stacks.settle(stage, cloudformation, console)
    if stack and stack["StackStatus"] in stacks.NEVER_CAME_UP:
        _clear_away(stage, stack, cloudformation, console)
        stack = None
    if stack is None:
        checks.other_region(stage)
        _refuse_leftovers(stage)
        chosen = {"Stage": stage, **given}
        _change(
            stage, console, cloudformation, cloudformation.create_stack, None,
            TemplateBody=json.dumps(first(), separators=(",", ":")), EnableTerminationProtection=True,
            StackPolicyBody=json.dumps(STACK_POLICY),
            Parameters=[{"ParameterKey": key, "ParameterValue": chosen[key]} for key in chosen],
        )  # fmt: skip
        stack = stacks.describe(stage, cloudformation) or {}
    _refuse_broken(stage, stack)
    _protect(name_of(stage), cloudformation)
    had = {each["ParameterKey"] for each in stack.get("Parameters", ())}
    parameters = [_parameter(key, given, had) for key in resources.document()["Parameters"]
                  if key in had or key in given]  # fmt: skip
    since = stacks.last_event(stack["StackId"], cloudformation)
    return _change(
        stage, console, cloudformation, cloudformation.update_stack, since,
        Parameters=parameters, **_template(stage, cloudformation),
    )  # fmt: skip


def first() -> dict[str, Any]:
    """What a stack is made of at first: the template without what only watches.

    CloudFormation takes 51,200 bytes of a template that is sent along, and 1 MB of one that lies in a bucket: once the
    stage has its bucket, the stack is updated to the whole.
    """
    template = resources.document()
    for name, each in resources.document()["Resources"].items():
        if each["Type"].startswith("AWS::CloudWatch::"):
            del template["Resources"][name]
    return template


def _template(stage: str, cloudformation: Any) -> dict[str, Any]:
    """What an update is told of the template: that it stays, or where the new one lies, by its version."""
    import boto3

    template = resources.document()
    if cloudformation.get_template(StackName=name_of(stage))["TemplateBody"] == template:
        return {"UsePreviousTemplate": True}
    bucket, s3 = stacks.outputs(stage, cloudformation)["Bucket"], boto3.client("s3")
    body = json.dumps(template, separators=(",", ":")).encode()
    version = s3.put_object(Bucket=bucket, Key="template.json", Body=body, ContentType="application/json")["VersionId"]
    region = s3.meta.region_name
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return {"TemplateURL": f"https://{bucket}.s3.{region}.{suffix}/template.json?versionId={version}"}


def _change(
    stage: str, console: Console, cloudformation: Any, change: Callable[..., Any], since: str | None, **request: Any
) -> bool:
    """Have CloudFormation create or update the stack, and wait for it. True where something changed."""
    name = name_of(stage)
    try:
        capabilities = ["CAPABILITY_NAMED_IAM"] if _makes_roles(resources.document()) else []
        started = change(StackName=name, Capabilities=capabilities, **request)["StackId"]
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            console.print(f"{name}: nothing to do.", highlight=False, soft_wrap=True)
            return False
        if error.response["Error"]["Code"] in {"ValidationError", "AlreadyExistsException", "LimitExceededException"}:
            raise NotProvisioned(f"CloudFormation refused {name}: {error.response['Error']['Message']}") from error
        raise
    failures = stacks.follow(started, cloudformation, console, since)
    status = (stacks.describe(stage, cloudformation) or {"StackStatus": "DELETE_COMPLETE"})["StackStatus"]
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise NotProvisioned(f"{name} is {status}: {'; '.join(failures) or 'CloudFormation does not say why'}. What "
                             "was there before is as it was; mend the cause and run this again")  # fmt: skip
    console.print(f"{name}: {status}", highlight=False, soft_wrap=True)
    return True


def _parameter(key: str, given: Mapping[str, str], had: set[str]) -> dict[str, Any]:
    if key in given or key not in had:
        return {"ParameterKey": key, "ParameterValue": given[key]}
    return {"ParameterKey": key, "UsePreviousValue": True}


def _makes_roles(template: dict[str, Any]) -> bool:
    return any(each["Type"].startswith("AWS::IAM::") for each in template["Resources"].values())


def _protect(name: str, cloudformation: Any) -> None:
    policy = cloudformation.get_stack_policy(StackName=name).get("StackPolicyBody") or "{}"
    if json.loads(policy) != STACK_POLICY:
        cloudformation.set_stack_policy(StackName=name, StackPolicyBody=json.dumps(STACK_POLICY))


def _refuse_broken(stage: str, stack: dict[str, Any]) -> None:
    name, status = name_of(stage), stack["StackStatus"]
    if "RestApi" not in {each["ParameterKey"] for each in stack.get("Parameters", ())}:
        raise NotProvisioned(f"{name} was deployed by CloudFormation only, of what `package` made: this would take its "
                             "functions away. Package it again, and deploy that")  # fmt: skip
    if status == "UPDATE_ROLLBACK_FAILED":
        raise NotProvisioned(f"{name} is {status}: CloudFormation could not go back from an update. Mend what its "
                             "events name, run `aws cloudformation continue-update-rollback --stack-name "
                             f"{name}`, and then this again")  # fmt: skip
    if status == "DELETE_FAILED":
        raise NotProvisioned(f"{name} is {status}: somebody began to take it away; run: .venv/bin/python -m infra "
                             f"destroy --stage {stage}")  # fmt: skip


def _clear_away(stage: str, stack: dict[str, Any], cloudformation: Any, console: Console) -> None:
    """Delete a stack that never came up, and what it had made and kept, as long as nothing is in it."""
    console.print(f"{name_of(stage)} is {stack['StackStatus']}: it never came up. Deleting it, and making it anew.",
                  highlight=False, soft_wrap=True)  # fmt: skip
    stacks.delete(stage, stack, cloudformation, console)
    gone = [(kind, name) for kind, name in remains.retained(stage) if remains.is_empty(kind, name)]
    for kind, name in gone:
        remains.take_away(kind, name)
    if any(kind == "AWS::SQS::Queue" for kind, _ in gone):
        with console.status("Waiting a minute: SQS keeps the names of deleted queues"):
            time.sleep(NAMES_KEPT)


def _refuse_leftovers(stage: str) -> None:
    """Raises NotProvisioned where a former stage's tables are still here: CloudFormation can't take them over."""
    if left := [name for _, name in remains.retained(stage)]:
        raise NotProvisioned(
            f"there is no stack {name_of(stage)}, but of a former one there are: {', '.join(left)}. To keep them, "
            "import them into a stack of that name (in CloudFormation: create stack, with existing resources). To be "
            f"rid of them and all that they hold: .venv/bin/python -m infra destroy --stage {stage}"
        )


def _parameters(stage: str, cloudformation: Any) -> dict[str, str]:
    """What the stack was given; nothing where there is none that stands."""
    stack = stacks.describe(stage, cloudformation)
    if stack is None or stack["StackStatus"] in stacks.NEVER_CAME_UP:
        return {}
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())}


def _refuse_half_a_domain(stage: str, given: Mapping[str, str], cloudformation: Any) -> None:
    """Raises Refused: CloudFront takes a name and its certificate together, and a certificate of us-east-1 only."""
    chosen = {**_parameters(stage, cloudformation), **given}
    domain, certificate = chosen.get("Domain", ""), chosen.get("Certificate", "")
    if bool(domain) != bool(certificate):
        raise Refused(f"--domain {domain or 'is missing'}, --certificate {certificate or 'is missing'}: give both, or "
                      'neither ("" takes one back)')  # fmt: skip
    if certificate and not re.fullmatch(r"arn:[\w-]+:acm:us-east-1:\d{12}:certificate/.+", certificate):
        raise Refused(f"--certificate {certificate}: CloudFront takes the ARN of one of ACM's in us-east-1")


def _email_identity(stage: str, cloudformation: Any, ses: Any) -> dict[str, str]:
    """The parameter of the domain that the stack is to make an identity of: EMAIL_SENDER's.

    "" where SES knows the sender already: it is used as it is. Without a sender, what the stack has made stays.
    """
    sender = _sender(stage)
    domain = sender.rpartition("@")[2]
    had = _parameters(stage, cloudformation)
    if not domain:
        return {}
    if had.get("EmailIdentity") == domain:
        return {"EmailIdentity": domain}  # the stack made it
    labels = domain.split(".")  # an identity of example.com is one of mail.example.com too
    for identity in (sender, *(".".join(labels[first:]) for first in range(len(labels) - 1))):
        try:
            ses.get_email_identity(EmailIdentity=identity)
        except ses.exceptions.NotFoundException:
            continue
        return {"EmailIdentity": ""}
    return {"EmailIdentity": domain}


def _sender(stage: str) -> str:
    """The address of EMAIL_SENDER."""
    settings = stages.written()
    of_stage = settings["stages"].get(stage, {}).get("environment_variables", {})
    written = {**settings["environment_variables"], **of_stage}.get("EMAIL_SENDER", "")
    return parseaddr(written)[1].lower()


def _tell_the_app(stage: str, made: Mapping[str, str], policies: Mapping[str, str]) -> bool:
    """Write the stage's settings, and where each function's policy is. True where the file changed."""
    text = stages.CONFIG.read_text()
    settings = stages.written()
    of_stage = settings["stages"].setdefault(stage, {"api_gateway_stage": stage})
    told = {resources.setting(name): value for name, value in made.items()}
    told = {name: value for name, value in told.items() if name in config.names()}
    of_stage.setdefault("environment_variables", {}).update(GATECALL_STAGE=stage, **told)
    functions = of_stage.setdefault("lambda_functions", {})
    for name, file in policies.items():
        functions.setdefault(name, {})["iam_policy_file"] = file
    if settings == json.loads(text):
        return False
    stages.CONFIG.write_text(json.dumps(settings, indent=2) + "\n")
    return True
