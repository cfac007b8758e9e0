"""The payloads of pushes to apps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels import push
from chalicelib.channels.push import LARGEST, Push

SHAPES = [push._fcm, push._apns]


def test_fcm() -> None:
    """FCM v1, in the envelope that SNS asks for; an earlier push of the topic is replaced."""
    message = push._fcm(Push("UA1545", "Gate B7", {"flight": "x"}, urgent=True, topic="UA1545-EWR"))["fcmV1Message"][
        "message"
    ]
    assert message["notification"] == {"title": "UA1545", "body": "Gate B7"}
    assert message["data"] == {"flight": "x"}
    assert message["android"]["priority"] == "high"
    assert message["android"]["collapse_key"] == message["android"]["notification"]["tag"] == "UA1545-EWR"


def test_apns() -> None:
    """What can't wait breaks through a focus, where the app may."""
    payload = push._apns(Push("UA1545", "Gate B7", {"flight": "x", "aps": "y"}, urgent=False, topic="t"))
    assert payload["aps"]["alert"] == {"title": "UA1545", "body": "Gate B7"}
    assert (payload["aps"]["interruption-level"], payload["flight"]) == ("active", "x")
    assert push._apns(Push("t", "b", {}, urgent=True, topic="t"))["aps"]["interruption-level"] == "time-sensitive"


@pytest.mark.parametrize("shape", SHAPES)
@given(body=st.text(max_size=6000) | st.text(st.sampled_from('文"\\😀\n'), min_size=2000, max_size=6000))
def test_a_payload_fits(shape: push.Callable[[Push], dict[str, object]], body: str) -> None:
    """4096 bytes; where the text is too long it is cut, and no more than it must be."""
    body = body.encode(errors="replace").decode()
    payload = push._fitting(Push("t", body, {}, urgent=True, topic="t"), shape)
    assert payload is not None
    assert len(payload.encode()) <= LARGEST
    whole = push._json(shape(Push("t", body, {}, urgent=True, topic="t")))
    if len(whole.encode()) <= LARGEST:
        assert payload == whole
    else:
        assert "…" in payload
        assert json.loads(payload)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cut_takes_what_it_must(shape: push.Callable[[Push], dict[str, object]]) -> None:
    """Of plain text nearly all the room is used."""
    payload = push._fitting(Push("t", "x" * 6000, {}, urgent=True, topic="t"), shape)
    assert payload is not None
    assert LARGEST - 20 < len(payload.encode()) <= LARGEST


def test_data_that_is_too_large() -> None:
    """It is not cut: an app would misread it."""
    assert push._fitting(Push("t", "b", {"x": "y" * 5000}, urgent=True, topic="t"), push._fcm) is None
