"""Where a stage is to be had: what deploying wrote, and what links in messages begin with."""

from dataclasses import replace

import boto3
import pytest

from chalicelib.core import aws, config, urls
from chalicelib.core.errors import Unavailable

WRITTEN = {
    "web": "https://flights.example.com",
    "rest": "https://abc.execute-api.us-east-1.amazonaws.com/test",
    "websocket": "wss://flights.example.com/ws",
}


@pytest.fixture
def unset(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage whose admin has not set PUBLIC_URL."""
    settings = replace(config.config(), public_url="")
    monkeypatch.setattr(urls, "config", lambda: settings)
    monkeypatch.setattr(urls, "_known", {})


def write(**addresses: str) -> None:
    for name, url in addresses.items():
        boto3.client("ssm").put_parameter(Name=f"/gatecall/test/{name}-url", Type="String", Value=url, Overwrite=True)


def test_links_begin_with_the_address_that_deploying_wrote(unset: None) -> None:
    """It is asked for once, with the others."""
    write(**WRITTEN)
    assert urls.public_url() == "https://flights.example.com"
    write(web="https://elsewhere.example.com")
    assert urls.urls() == urls.Urls(**WRITTEN)


def test_a_stage_that_is_being_deployed_looks_again(unset: None) -> None:
    """Nothing is known until everything was written; that is not kept."""
    assert urls.public_url() == ""
    write(**WRITTEN)
    assert urls.public_url() == "https://flights.example.com"


def test_an_admins_setting_goes_before_it(cloud: None) -> None:
    """PUBLIC_URL is for a domain that stands before this one."""
    write(**WRITTEN)
    assert urls.public_url() == "https://flights.test"


def test_addresses_that_can_not_be_read_are_a_reason_to_come_again(
    unset: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message with a broken link is worse than a later one."""
    nobody = aws.client("ssm", "http://127.0.0.1:9", retries=False)
    monkeypatch.setattr(urls.aws, "client", lambda _: nobody)
    with pytest.raises(Unavailable, match="addresses"):
        urls.public_url()
