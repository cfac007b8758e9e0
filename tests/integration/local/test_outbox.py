"""The outbox: what leaves Gatecall on this machine, kept, told and shown."""

import json
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from botocore.config import Config
from botocore.session import get_session
from chalice import Chalice

from chalicelib.channels import https, webpush
from infra.local import motoserver, outbox
from infra.local.functions import Functions
from infra.local.gateway.outbox import application
from infra.local.gateway.serving import listening, serving
from infra.local.outbox import Outbox

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def client():
    """Makes clients of moto's server, which runs in this process as in `make run`."""
    session = get_session()
    session.set_credentials("local", "local")
    settings = Config(account_id_endpoint_mode="disabled")
    with motoserver.running() as address:
        yield lambda service: session.create_client(
            service, region_name="us-east-1", endpoint_url=address, config=settings
        )


@pytest.fixture
def told():
    return []


@pytest.fixture
def box(told):
    return Outbox(told.append, lambda: NOON)


@pytest.fixture
def page(box):
    """The outbox beside an app's REST API, as it is served."""
    app = Chalice("toy")
    app.route("/v1/health")(lambda: {"well": True})
    with ExitStack() as stack:
        rest, websocket = (stack.enter_context(listening("PORT", 0)) for _ in range(2))
        functions = Functions(app, set_aside=print)
        stack.enter_context(serving(functions, rest, websocket, compress_from=None, local=application(box)))
        yield stack.enter_context(httpx.Client(base_url=f"http://localhost:{rest.getsockname()[1]}"))


def test_emails_are_kept_as_they_were_sent(client, box, told):
    """Each of a bulk call: its subject, both parts, its headers; and as one line for the terminal."""
    ses = client("sesv2")
    ses.create_email_identity(EmailIdentity="flights@gatecall.test")
    parts = {"Subject": "{{subject}}", "Text": "{{text}}", "Html": "{{html}}"}

    def entry(to):
        data = {"subject": f"UA1545 is cancelled, {to}", "text": "Your flight", "html": "<p>Your flight</p>"}
        return {
            "Destination": {"ToAddresses": [to]},
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": json.dumps(data)}},
            "ReplacementHeaders": [{"Name": "List-Unsubscribe", "Value": f"<http://localhost/{to}>"}],
        }

    ses.send_bulk_email(
        FromEmailAddress="Gatecall <flights@gatecall.test>",
        DefaultContent={"Template": {"TemplateContent": parts, "TemplateData": "{}"}},
        BulkEmailEntries=[entry("a@example.com"), entry("b@example.com")],
    )
    box.take()
    later, first = box.messages()
    assert (first.number, later.number) == (1, 2)
    assert (first.channel, first.to, first.at) == ("email", "a@example.com", NOON)
    assert (first.text, first.html) == ("Your flight", "<p>Your flight</p>")
    assert first.headers["From"] == "Gatecall <flights@gatecall.test>"
    assert first.headers["List-Unsubscribe"] == "<http://localhost/a@example.com>"
    assert str(told[0]) == "✉ email to a@example.com: UA1545 is cancelled, a@example.com"
    box.take()
    assert len(told) == 2  # moto holds them no more


def test_texts_are_kept_with_what_they_take(client, box):
    """Segments and encoding, as the provider counts them."""
    for text in ("UA1545 is late", "UA1545 航班取消" * 10):
        client("sns").publish(PhoneNumber="+12015550123", Message=text)
    box.take()
    long, short = box.messages()
    assert (short.channel, short.to, short.text) == ("sms", "+12015550123", "UA1545 is late")
    assert short.about == "1 segment · GSM-7 · 14 septets"
    assert long.about == "2 segments · UCS-2 · 110 units"


@pytest.mark.parametrize(
    ("platform", "payload", "to"),
    [
        ("GCM", {"fcmV1Message": {"message": {"notification": {"title": "Late", "body": "By an hour"}}}}, "FCM token"),
        ("APNS", {"aps": {"alert": {"title": "Late", "body": "By an hour"}}}, "APNs token"),
    ],
)
def test_pushes_are_kept_with_what_the_phone_shows_and_gets(client, box, platform, payload, to):
    """Title and body, and the payload as FCM or APNs has it."""
    sns, attributes = client("sns"), {"PlatformCredential": "x", "PlatformPrincipal": "x"}
    made = sns.create_platform_application(Name="outbox", Platform=platform, Attributes=attributes)
    endpoint = sns.create_platform_endpoint(
        PlatformApplicationArn=made["PlatformApplicationArn"], Token=f"token-{platform}"
    )
    message = json.dumps({"default": "Late", platform: json.dumps(payload)})
    sns.publish(TargetArn=endpoint["EndpointArn"], MessageStructure="json", Message=message)
    box.take()
    [push] = box.messages()
    assert (push.channel, push.to, push.title) == ("push", f"{to}-{platform}", "Late")
    assert push.text.startswith("Late\nBy an hour\n\n")
    assert json.loads(push.text.partition("\n\n")[2]) == payload


@pytest.fixture
def server():
    """Another's server, which answers 204; its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *said):
            """Nothing: the outbox says what came."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}/hook"
    listening.shutdown()
    listening.server_close()


def test_what_goes_to_other_servers_is_kept_with_their_answer(box, server):
    """Body and headers, signature and all; nothing is noticed any more once the outbox is closed."""
    body = json.dumps({"type": "flight.changed", "data": {"flight": {"number": "UA1545"}, "matters": ["gate"]}})
    headers = {"Content-Type": "application/json", "webhook-signature": "v1,abc"}
    with box.watching():
        assert https.post(server, headers, body.encode(), allow_private=True).status == 204
    https.post(server, headers, body.encode(), allow_private=True)
    [message] = box.messages()
    assert (message.channel, message.to, message.title) == ("webhook", server, "flight.changed UA1545 gate")
    assert json.loads(message.text) == json.loads(body)
    assert message.headers["webhook-signature"] == "v1,abc"
    assert message.about == "answered 204"


def test_a_server_that_does_not_answer_is_kept_too(box):
    """And the sender learns of it as ever."""
    with box.watching(), pytest.raises(https.NoAnswer):
        https.post("http://127.0.0.1:1/hook", {}, b"not JSON", allow_private=True)
    [message] = box.messages()
    assert message.about.startswith("no good answer: ")
    assert (message.title, message.text) == ("not JSON", "not JSON")


def test_a_web_push_is_shown_as_it_was_before_it_was_encrypted(box, monkeypatch):
    """What leaves can be read by the browser alone."""

    def send(subscription, payload, **more):
        https.post("http://127.0.0.1:1/push", {"Content-Encoding": "aes128gcm"}, b"\0" * 90, allow_private=True)

    monkeypatch.setattr(webpush, "send", send)
    with box.watching(), pytest.raises(https.NoAnswer):
        webpush.send("{}", b'{"title": "Late", "body": "By an hour"}', topic="t", urgent=True, now=NOON)
    [message] = box.messages()
    assert (message.channel, message.title) == ("webpush", "Late")
    assert json.loads(message.text)["body"] == "By an hour"
    assert "90 bytes, encrypted" in message.about


def test_the_last_messages_are_kept(box):
    """500 of them, the newest first."""
    for number in range(outbox.KEPT + 20):
        box.note("sms", "+12015550123", f"text {number}", "")
    kept = box.messages()
    assert len(kept) == outbox.KEPT
    assert (kept[0].title, kept[-1].title) == ("text 519", "text 20")
    assert [message.title for message in box.messages(after=518)] == ["text 519", "text 518"]


def test_the_page_shows_messages_and_takes_none_of_them_for_html(box, page):
    """Whatever a message, an address or a header holds is text; addresses of pages are links."""
    box.note("sms", EVIL, EVIL, f"{EVIL} http://localhost:8000/s/abc.", about=EVIL, headers={EVIL: EVIL})
    text = page.get("/local/outbox").text
    assert "alert(1)</script>" not in text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")
    assert text.count("&lt;script&gt;") == 6
    assert (
        '<a href="http://localhost:8000/s/abc" target="_blank" rel="noopener">http://localhost:8000/s/abc</a>.' in text
    )


def test_no_script_of_an_email_runs(box, page):
    """Its HTML stands in a frame of its own, sandboxed by the frame and by its own policy; links open beside it."""
    html = f"<!doctype html><html><head><title>x</title></head><body>{EVIL}</body></html>"
    box.note("email", "me@example.com", "Subject", "text", html=html)
    text = page.get("/local/outbox").text
    assert 'src="/local/outbox/1.html"' in text
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in text
    email = page.get("/local/outbox/1.html")
    assert email.text == html.replace("<head>", '<head><base target="_blank">')
    policy = email.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert page.get("/local/outbox/2.html").status_code == 404


def test_the_page_asks_for_what_came_since(box, page):
    """Articles to put before those it has; as JSON for programs, everything."""
    for number in range(3):
        box.note("sms", "+12015550123", f"text {number}", "")
    newer = page.get("/local/outbox?after=1").text
    assert "<html" not in newer
    assert [f'data-number="{number}"' in newer for number in (1, 2, 3)] == [False, True, True]
    assert page.get("/local/outbox?after=3").text == ""
    assert page.get("/local/outbox?after=²").text.startswith("<!doctype html>")  # a digit to some, and no number
    told = page.get("/local/outbox.json").json()
    assert [(each["number"], each["title"]) for each in told] == [(3, "text 2"), (2, "text 1"), (1, "text 0")]
    assert told[0]["at"] == "2026-07-10T12:00:00+00:00"


def test_only_this_machine_is_answered(page):
    """A page elsewhere whose name leads here (DNS rebinding) reads nothing."""
    assert page.get("/local/outbox.json").status_code == 200
    assert page.get("/local/outbox.json", headers={"Host": "evil.example:8000"}).status_code == 400


def test_everything_else_goes_to_the_rest_api(page):
    """And what there is not below /local/ is no part of the app either."""
    assert page.get("/v1/health").json() == {"well": True}
    assert page.get("/local/nothing").status_code == 404
