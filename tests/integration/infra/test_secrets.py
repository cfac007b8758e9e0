"""The secrets of a stage, in moto's Parameter Store."""

import json
from base64 import b64decode
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core.errors import NotFound
from infra import __main__ as command
from infra import secrets

NAMES = ("link-keys", "token-keys", "front-key", "vapid-key", "payments-callback", "locator-key", "ticket-key")


@pytest.fixture
def ssm() -> Any:
    with mock_aws():
        yield boto3.client("ssm")


def value(ssm: Any, name: str) -> str:
    return ssm.get_parameter(Name=f"/gatecall/dev/{name}", WithDecryption=True)["Parameter"]["Value"]


def test_a_stages_secrets_are_made_once(ssm: Any) -> None:
    """Encrypted, and each of the kind that its readers expect; making them again overwrites nothing."""
    paths = [f"/gatecall/dev/{name}" for name in NAMES]
    assert secrets.make("dev", ssm) == paths
    kinds = {each["Name"]: each["Type"] for each in ssm.describe_parameters()["Parameters"]}
    assert kinds == dict.fromkeys(paths, "SecureString")
    made = [value(ssm, name) for name in NAMES]
    link_keys, token_keys, front_key, vapid_key, callback_key, locator_key, ticket_key = made
    assert all(len(key) >= 43 for key in (*json.loads(link_keys), front_key))  # 256 bits in base64
    assert len(set(json.loads(link_keys))) == 2
    first, second = json.loads(token_keys)
    assert first["kid"] != second["kid"]
    assert first["refresh"] != second["refresh"]
    assert len(first["refresh"]) >= 43
    assert (first["jwk"]["kty"], first["jwk"]["crv"]) == ("OKP", "Ed25519")
    assert first["jwk"]["d"] != second["jwk"]["d"]
    assert vapid_key.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert len(b64decode(callback_key.removeprefix("whsec_"))) == 24  # Standard Webhooks: 24 to 64 bytes
    assert callback_key.startswith("whsec_")
    assert len({*(bytes.fromhex(key) for key in (locator_key, ticket_key))}) == 2
    assert len(locator_key) == len(ticket_key) == 64
    assert secrets.make("dev", ssm) == []
    assert [value(ssm, name) for name in NAMES] == made


def test_what_is_missing_is_made_and_what_is_there_is_kept(ssm: Any) -> None:
    """A stage of before accounts keeps its links' keys, and gets what accounts need."""
    ssm.put_parameter(Name="/gatecall/dev/link-keys", Type="SecureString", Value='["ours"]')
    assert secrets.make("dev", ssm) == [f"/gatecall/dev/{name}" for name in NAMES[1:]]
    assert value(ssm, "link-keys") == '["ours"]'


def test_a_stage_has_secrets_of_its_own(ssm: Any) -> None:
    """What is signed in one opens nothing in another."""
    secrets.make("dev", ssm)
    secrets.make("prod", ssm)
    assert value(ssm, "link-keys") != ssm.get_parameter(Name="/gatecall/prod/link-keys")["Parameter"]["Value"]


@pytest.mark.parametrize("name", ["link-keys", "token-keys"])
def test_the_key_that_begins_to_sign_was_known_before(ssm: Any, name: str) -> None:
    """A function that still holds the old list verifies what another signs by the new; the last key still verifies."""
    secrets.make("dev", ssm)
    before = json.loads(value(ssm, name))
    secrets.rotate("dev", name, ssm)
    after = json.loads(value(ssm, name))
    assert after[0] == before[1]
    assert before[0] in after
    assert after[1] not in before
    secrets.rotate("dev", name, ssm)
    again = json.loads(value(ssm, name))
    assert again[0] == after[1]
    assert before[0] not in again


def test_a_list_of_one_key_is_rotated_too(ssm: Any) -> None:
    """As an earlier version made it: what it signed still verifies, and from now on there is a second."""
    ssm.put_parameter(Name="/gatecall/dev/link-keys", Type="SecureString", Value='["ours"]')
    secrets.rotate("dev", "link-keys", ssm)
    after = json.loads(value(ssm, "link-keys"))
    assert (len(set(after)), after[2]) == (3, "ours")


def test_nothing_is_rotated_where_nothing_was_made(ssm: Any) -> None:
    """And what to do is said."""
    with pytest.raises(NotFound, match="python -m infra provision --stage dev"):
        secrets.rotate("dev", "token-keys", ssm)


def test_rotate_keys_on_the_command_line(ssm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m infra rotate-keys --stage dev`: links' and tokens'; nothing that browsers or CloudFront hold."""
    monkeypatch.setattr(command.stages, "enter", lambda stage: None)
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(command, "_tell", lambda what, stage: told.append((what, stage)))
    secrets.make("dev", ssm)
    before = {name: value(ssm, name) for name in NAMES}
    assert command.main(["rotate-keys", "--stage", "dev"]) == 0
    changed = [name for name in NAMES if value(ssm, name) != before[name]]
    assert changed == ["link-keys", "token-keys"]
    assert told == [("keys-rotated", "dev")]
