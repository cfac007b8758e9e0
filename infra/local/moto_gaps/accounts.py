"""What an AWS account is allowed: moto does not say. Here it is one that sends to everybody."""

import json
from typing import Any


def mend() -> None:
    """Mend moto in this process: SES v2 GetAccount, Lambda's GetAccountSettings, SNS's GetSMSSandboxAccountStatus."""
    from moto.awslambda import urls as lambda_urls
    from moto.awslambda.responses import LambdaResponse
    from moto.core.responses import ActionResult
    from moto.sesv2 import urls as ses_urls
    from moto.sesv2.responses import SESV2Response
    from moto.sns.responses import SNSResponse

    def get_account(_: Any) -> str:
        quota = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0}
        return json.dumps({"ProductionAccessEnabled": True, "SendingEnabled": True, "EnforcementStatus": "HEALTHY",
                           "DedicatedIpAutoWarmupEnabled": False, "SendQuota": quota})  # fmt: skip

    def get_account_settings(_: Any) -> str:
        at_once = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
        sizes = {"TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800}
        return json.dumps({"AccountLimit": at_once | sizes, "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": 0}})

    def get_sms_sandbox_account_status(_: Any) -> ActionResult:
        return ActionResult({"IsInSandbox": False})

    ses_urls.url_paths["{0}/v2/email/account$"] = SESV2Response.dispatch
    lambda_urls.url_paths["{0}/2016-08-19/account-settings/?$"] = LambdaResponse.dispatch
    for place, name, patch in (
        (SESV2Response, "get_account", get_account),
        (LambdaResponse, "get_account_settings", get_account_settings),
        (SNSResponse, "get_sms_sandbox_account_status", get_sms_sandbox_account_status),
    ):
        setattr(place, name, patch)
