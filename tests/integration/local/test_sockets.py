"""The WebSocket API in the place of API Gateway, and AWS's interfaces beside it."""

import json
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from botocore.config import Config
from botocore.session import get_session
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def client(toy, service):
    session = get_session()
    session.set_credentials("local", "local")
    address = toy.websocket.replace("ws:", "http:") + ("/local" if service == "apigatewaymanagementapi" else "")
    settings = Config(retries={"total_max_attempts": 1})
    return session.create_client(service, region_name="us-east-1", endpoint_url=address, config=settings)


@pytest.fixture
def management(toy):
    return client(toy, "apigatewaymanagementapi")


def happened(toy, kind, number=1):
    """The events of a kind, once there are as many."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if len(found := [e for e in toy.happened if e["requestContext"]["eventType"] == kind]) >= number:
            return found
        time.sleep(0.01)
    raise AssertionError(f"no {kind} in {toy.happened}")


def test_a_connections_life_as_api_gateway_tells_it(toy):
    """The app is told of a connection, of each message, and of its end with code and reason."""
    with connect(f"{toy.websocket}?token=t", user_agent_header="me") as socket:
        socket.send("hello")
        [message] = happened(toy, "MESSAGE")
        socket.close(4000, "enough")
    [start], [end] = happened(toy, "CONNECT"), happened(toy, "DISCONNECT")
    assert start["requestContext"]["routeKey"] == "$connect"
    assert start["queryStringParameters"] == {"token": "t"}
    assert start["headers"]["user-agent"] == "me"
    assert message["body"] == "hello"
    assert message["requestContext"]["messageId"]
    assert message["requestContext"]["stage"] == "local"
    assert f"ws://{message['requestContext']['domainName']}" == toy.websocket
    assert (end["requestContext"]["disconnectStatusCode"], end["requestContext"]["disconnectReason"]) == (
        4000,
        "enough",
    )
    assert len({e["requestContext"]["connectionId"] for e in (start, message, end)}) == 1


def test_the_app_may_refuse_a_connection(toy):
    """An answer to $connect that is not 2xx is the client's answer."""
    with pytest.raises(InvalidStatus) as refused, connect(f"{toy.websocket}?refuse=1"):
        pass
    assert refused.value.response.status_code == 401
    assert len(toy.happened) == 1


def test_a_message_that_fails_is_told_to_the_client(toy):
    """The client of a failing handler gets API Gateway's words, and the connection goes on."""
    with connect(toy.websocket) as socket:
        for _ in range(2):
            socket.send("fail")
            told = json.loads(socket.recv(timeout=5))
            assert told["message"] == "Internal server error"
            assert told.keys() == {"message", "connectionId", "requestId"}


def test_the_management_api_sends_looks_and_closes(toy, management):
    """botocore's client can send to a connection in order, look at it and close it; then it is gone."""
    with connect(toy.websocket, user_agent_header="me") as socket:
        name = happened(toy, "CONNECT")[0]["requestContext"]["connectionId"]
        socket.send("go")  # so that the connection is open for sure
        happened(toy, "MESSAGE")
        for number in range(50):
            management.post_to_connection(ConnectionId=name, Data=str(number).encode())
        assert [socket.recv(timeout=5) for _ in range(50)] == [str(number) for number in range(50)]
        told = management.get_connection(ConnectionId=name)
        assert told["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "me"}
        assert told["ConnectedAt"] <= told["LastActiveAt"]
        management.delete_connection(ConnectionId=name)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=name, Data=b"x")
    happened(toy, "DISCONNECT")


def test_an_unknown_connection_is_gone(management):
    """410, as botocore's GoneException, for every operation."""
    for call in (management.get_connection, management.delete_connection):
        with pytest.raises(management.exceptions.GoneException):
            call(ConnectionId="L0SM9cOFvHcCIhw=")


def test_what_is_sent_has_a_limit(toy, management):
    """More than 128 KB to a connection is refused as too large."""
    with connect(toy.websocket, max_size=None) as socket:
        name = happened(toy, "CONNECT")[0]["requestContext"]["connectionId"]
        socket.send("go")
        happened(toy, "MESSAGE")
        management.post_to_connection(ConnectionId=name, Data=b"x" * 131072)
        assert len(socket.recv(timeout=5)) == 131072
        with pytest.raises(management.exceptions.PayloadTooLargeException):
            management.post_to_connection(ConnectionId=name, Data=b"x" * 131073)


def test_a_client_that_does_not_read_is_bounded(toy, management):
    """When as much waits as may wait, LimitExceeded is answered at once; nobody waits for the slow client."""
    with connect(toy.websocket, max_size=None, max_queue=1) as socket:
        name = happened(toy, "CONNECT")[0]["requestContext"]["connectionId"]
        socket.send("go")
        happened(toy, "MESSAGE")

        def send_many():
            for _ in range(1000):
                management.post_to_connection(ConnectionId=name, Data=b"x" * 131072)

        with pytest.raises(management.exceptions.LimitExceededException):
            send_many()
        management.delete_connection(ConnectionId=name)
        with suppress(ConnectionClosed):
            while socket.recv(timeout=5):
                pass


def test_what_comes_in_has_limits(toy):
    """A frame above 32 KB, or a message above 128 KB, ends the connection with 1009."""
    with connect(toy.websocket) as socket:
        socket.send(["x" * 32768] * 4)
        assert len(happened(toy, "MESSAGE")[0]["body"]) == 131072
        socket.send("x" * 32769)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert closed.value.rcvd.code == 1009
    with connect(toy.websocket) as socket:
        with suppress(ConnectionClosed):  # it may close before the last part is sent
            socket.send(["x" * 32768] * 4 + ["x"])
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
        assert closed.value.rcvd.code == 1009
    assert len(happened(toy, "DISCONNECT", 2)) == 2


@pytest.mark.parametrize(("limit", "pause"), [("idle", None), ("longest", 0.1)])
def test_a_silent_connection_ends_and_so_does_a_long_one(hasty_toy, limit, pause):
    """After the idle time without a message, and after the longest time in any case: 1001."""

    def stay(socket):
        while True:
            with suppress(TimeoutError):
                socket.recv(timeout=pause)
            socket.send("still here")

    with hasty_toy(**{limit: timedelta(seconds=1)}) as toy, connect(toy.websocket) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            stay(socket)
        assert closed.value.rcvd.code == 1001


def test_functions_can_be_invoked_by_name(toy):
    """Lambda's Invoke calls any declared function, by name or ARN, and tells its failure as Lambda does."""
    functions = client(toy, "lambda")
    for name in ("toy-local-double", "arn:aws:lambda:us-east-1:123456789012:function:toy-local-double"):
        answer = functions.invoke(FunctionName=name, Payload=b'{"number": 21}')
        assert json.loads(answer["Payload"].read()) == {"twice": 42, "function": "toy-local-double"}
    answer = functions.invoke(FunctionName="toy-local-double", Payload=b'{"fail": true}')
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {"errorMessage": "it was asked to fail", "errorType": "ValueError"}
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="toy-local-triple")
    with pytest.raises(functions.exceptions.InvalidRequestContentException):
        functions.invoke(FunctionName="toy-local-double", Payload=b"{")


def test_an_asynchronous_invocation_is_retried_then_set_aside(toy):
    """InvocationType Event answers at once; a failing function is tried three times, then its records are kept."""
    functions = client(toy, "lambda")
    event = {"fail": True, "Records": [{"n": 1}, {"n": 2}]}
    answer = functions.invoke(FunctionName="toy-local-double", InvocationType="Event", Payload=json.dumps(event))
    assert answer["StatusCode"] == 202
    deadline = time.monotonic() + 5
    while len(toy.set_aside) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(name, record) for name, record, _ in toy.set_aside] == [("double", {"n": 1}), ("double", {"n": 2})]
    assert toy.pauses == [1, 5]


def test_only_signed_requests_manage(toy):
    """What no page in a browser can send unasked, a signature, is needed to send to connections and to invoke."""
    import httpx

    address = toy.websocket.replace("ws:", "http:")
    for path in ("/local/@connections/x", "/2015-03-31/functions/toy-local-double/invocations"):
        assert httpx.post(address + path, content=b"{}").status_code == 403
