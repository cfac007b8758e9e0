"""What messages leave by: SES, SNS."""

from email.utils import parseaddr
from typing import Any

from infra.doctor.stage import Finding, Findings, Stage

NOT_RAISED = 1.0  # US dollars a month: what SNS spends on SMS where nobody asked for more


def email(stage: Stage) -> Findings:
    """May this account send email, to anybody, as fast as it is told to?"""
    sender = stage.settings["EMAIL_SENDER"]
    if not sender:
        if stage.replays:
            yield Finding("No email is sent: EMAIL_SENDER is empty, as it should be while FEEDS has replay.")
        else:
            yield Finding(
                "EMAIL_SENDER is empty: no email is sent, so nobody can have an account or follow by email.",
                'Set it in .chalice/config.json, such as "Example Air <flights@example.com>". '
                f"Then run: {stage.again('deploy')}",
            )
        return
    yield from _account(stage)
    if "@" in (address := parseaddr(sender)[1]):
        yield from _identity(stage, address)
    else:
        yield Finding(f"SES is not asked about {sender!r}, which is no address.")  # stack.sense says what to do


def _account(stage: Stage) -> Findings:
    account = stage.client("sesv2").get_account()
    region = stage.client("sesv2").meta.region_name
    wrong = []
    if not account.get("ProductionAccessEnabled"):
        wrong.append(Finding(
            f"SES is in its sandbox in {region}: only addresses that you verified get email.",
            "Ask for production access: SES console, Account dashboard, Request production access; or aws sesv2 "
            "put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url https://…",
        ))  # fmt: skip
    if not account.get("SendingEnabled") or account.get("EnforcementStatus", "HEALTHY") == "SHUTDOWN":
        wrong.append(Finding(
            "SES does not let this account send.",
            "See why in the SES console, Account dashboard; if you paused it: aws sesv2 put-account-sending-attributes "
            "--sending-enabled",
        ))  # fmt: skip
    rate, allowed = float(stage.settings["EMAIL_RATE"]), account["SendQuota"]["MaxSendRate"]
    if rate > allowed:
        wrong.append(Finding(
            f"EMAIL_RATE is {rate:g} recipients a second, and SES allows {allowed:g}: email is throttled, and late.",
            f"Set it to {allowed:g} in .chalice/config.json and run: {stage.again('deploy')}; or ask for more: Service "
            "Quotas console, Amazon SES, Sending rate",
        ))  # fmt: skip
    yield from wrong or [Finding(f"SES sends, to anybody, {allowed:g} a second.")]


def _identity(stage: Stage, address: str) -> Findings:
    ses = stage.client("sesv2")
    for name in (address, address.partition("@")[2]):  # an address counts before its domain
        try:
            found = ses.get_email_identity(EmailIdentity=name)
        except ses.exceptions.NotFoundException:
            continue
        yield from _verified(name, found)
        return
    yield Finding(f"SES does not know the sender: there is no identity {address}, nor one of its domain.",
                  f"Run: {stage.again('provision')}; it makes one of EMAIL_SENDER. Then look again.")  # fmt: skip


def _verified(name: str, found: dict[str, Any]) -> Findings:
    if found.get("VerifiedForSendingStatus"):
        yield Finding(f"SES has verified {name}.")
    elif "@" in name:
        yield Finding(f"SES has not verified {name}.",
                      f"Open the link in the letter that AWS sent there; for another one: aws sesv2 "
                      f"delete-email-identity --email-identity {name}, then create-email-identity.")  # fmt: skip
    else:
        dkim = found.get("DkimAttributes", {})
        host = dkim.get("SigningHostedZone", "dkim.amazonses.com")
        records = "; ".join(f"{token}._domainkey.{name} CNAME {token}.{host}" for token in dkim.get("Tokens", ()))
        yield Finding(f"SES has not verified {name}.",
                      f"Put these records into its DNS: {records}. SES sees them within 72 hours." if records else
                      "Put the records that the SES console shows (Identities) into its DNS. SES sees them within 72 "
                      "hours.")  # fmt: skip


def sms(stage: Stage) -> Findings:
    """May this account send SMS, to anybody, for more than a dollar a month?"""
    if stage.replays:
        yield Finding("SMS are not looked at: while FEEDS has replay, nobody is to get any.")
        return
    sns = stage.client("sns")
    wrong = []
    if sns.get_sms_sandbox_account_status()["IsInSandbox"]:
        wrong.append(Finding(
            "SNS is in its SMS sandbox: only numbers that you verified get SMS.",
            "SNS console, Text messaging (SMS), Exit SMS sandbox.",
        ))  # fmt: skip
    limit = float(sns.get_sms_attributes()["attributes"].get("MonthlySpendLimit", NOT_RAISED))
    if limit <= NOT_RAISED:
        wrong.append(Finding(
            f"SNS spends at most ${limit:g} a month on SMS, then sends none.",
            "Ask AWS for more (Support Center, Service limit increase, SNS text messaging); then: aws sns "
            "set-sms-attributes --attributes MonthlySpendLimit=500",
        ))  # fmt: skip
    if (number := stage.settings["SMS_SENDER"]).startswith("+"):
        wrong += _number(stage, number)
    yield from wrong or [Finding(f"SNS sends SMS, to anybody, for up to ${limit:g} a month.")]


def _number(stage: Stage, number: str) -> list[Finding]:
    pages = stage.client("pinpoint-sms-voice-v2").get_paginator("describe_phone_numbers").paginate()
    ours = {each["PhoneNumber"]: each for page in pages for each in page["PhoneNumbers"]}
    if number not in ours:
        return [Finding(f"SMS_SENDER is {number}, which is no number of this account here.",
                        "AWS End User Messaging console, Phone numbers: request it, or set SMS_SENDER to one that is "
                        f"there. Then run: {stage.again('deploy')}")]  # fmt: skip
    topic = stage.settings["SMS_REPLIES_TOPIC_ARN"]
    if ours[number].get("TwoWayChannelArn") != topic:
        return [Finding(f"What people answer to {number} does not reach us: STOP is honoured within the hour only.",
                        "Run: aws pinpoint-sms-voice-v2 update-phone-number --two-way-enabled --two-way-channel-arn "
                        f"{topic} --phone-number-id {ours[number].get('PhoneNumberId', 'ID')}")]  # fmt: skip
    return []


def push(stage: Stage) -> Findings:
    """Are the applications there that app push goes by?"""
    sns = stage.client("sns")
    wrong, good = [], []
    for name in ("FCM_APPLICATION_ARN", "APNS_APPLICATION_ARN"):
        if not (arn := stage.settings[name]):
            continue
        try:
            attributes = sns.get_platform_application_attributes(PlatformApplicationArn=arn)["Attributes"]
        except sns.exceptions.NotFoundException:
            wrong.append(Finding(f"{name} is {arn}, which is not there.",
                                 "SNS console, Mobile, Push notifications: make it, and put its ARN into "
                                 f".chalice/config.json. Then run: {stage.again('deploy')}"))  # fmt: skip
            continue
        if attributes.get("Enabled", "true") == "false":
            wrong.append(Finding(
                f"SNS has disabled {arn}: its credentials are refused, or have ended.",
                f"Give it new ones, then: aws sns set-platform-application-attributes --platform-application-arn {arn} "
                "--attributes Enabled=true",
            ))  # fmt: skip
        good.append(name)
    yield from wrong or [Finding(f"App push: {' and '.join(good) if good else 'none is set, none is sent'}.")]
