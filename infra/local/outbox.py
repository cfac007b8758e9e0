"""What leaves Gatecall on this machine: taken from moto, which stands in the place of SES and SNS, and from the one
function that calls other servers. The last messages are kept, for the page at /local/outbox and for the terminal.
"""  # fmt: skip

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any

from chalicelib.core.clock import wall_now
from infra.local import events, motoserver

KEPT = 500  # messages
LOOK_EVERY = 0.1  # seconds between looks at what moto was given
log = logging.getLogger(__name__)

ICONS = {"email": "✉", "sms": "💬", "push": "📱", "webpush": "🔔", "webhook": "🌐"}


@dataclass(frozen=True)
class Message:
    """One message as it left."""

    number: int  # in the order they left, from 1
    at: datetime
    channel: str  # as channels.model.Channel has it
    to: str
    title: str  # its subject, or its first line
    text: str  # as it was sent; JSON in readable lines
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    about: str = ""  # what a text takes, what a server answered

    def __str__(self) -> str:
        return f"{ICONS[self.channel]} {self.channel} to {self.to}: {self.title}"


class Outbox:
    """The last messages that left. `tell` is given each as it leaves."""

    def __init__(self, tell: Callable[[Message], Any], now: Callable[[], datetime] = wall_now):
        self._tell = tell
        self._now = now
        self._one = threading.Lock()
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._number = 0

    def note(self, channel: str, to: str, title: str, text: str, **more: Any) -> None:
        """Keep a message that leaves now."""
        with self._one:
            self._number += 1
            message = Message(self._number, self._now(), channel, to, title, text, **more)
            self._messages.append(message)
            self._tell(message)

    def messages(self, after: int = 0) -> list[Message]:
        """Those of a higher number, the newest first."""
        with self._one:
            return [message for message in reversed(self._messages) if message.number > after]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Notice what leaves, until the context ends."""
        from chalicelib.channels import https, webpush

        ended = threading.Event()

        def look() -> None:
            while not ended.wait(LOOK_EVERY):
                try:
                    self.take()
                except Exception:
                    log.exception("a message could not be read, and is not in the outbox")

        post, send = https.post, webpush.send
        for place, name, function in ((https, "post", self._noting(post)), (webpush, "send", self._peeking(send))):
            setattr(place, name, function)
        thread = threading.Thread(target=look, name="outbox", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(1)
            for place, name, function in ((https, "post", post), (webpush, "send", send)):
                setattr(place, name, function)

    def take(self) -> None:
        """Take what moto was given to send, and holds; it is moto's no more."""
        from moto.ses.models import ses_backends
        from moto.sns.models import sns_backends

        with motoserver.alone():
            ses = ses_backends[events.ACCOUNT][events.REGION]
            sns = sns_backends[events.ACCOUNT][events.REGION]
            emails, ses.sent_messages = ses.sent_messages, []
            texts = list(sns.sms_messages.values())
            sns.sms_messages.clear()
            sns.sms_message_objects.clear()
            pushes = [(each, message) for each in sns.platform_endpoints.values() for message in each.messages.values()]
            for endpoint, _ in pushes:
                endpoint.messages.clear()
        for email in emails:
            self._email(email)
        for number, text in texts:
            self._sms(number, text)
        for endpoint, message in pushes:
            self._push(endpoint, message)

    def _email(self, email: Any) -> None:
        """One of SendBulkEmail (moto_gaps.BulkEmail), or of SendEmail as moto has it."""
        to = getattr(email, "to", None) or ", ".join(each for kind in email.destinations.values() for each in kind)
        headers = {"From": email.source, "To": to, "Subject": email.subject, **getattr(email, "headers", {})}
        html = getattr(email, "html", "")
        self.note("email", to, email.subject, getattr(email, "text", "") or email.body, html=html, headers=headers)

    def _sms(self, number: str, text: str) -> None:
        from chalicelib.channels.sms import segments

        takes = segments(text)
        units = "septets" if takes.encoding == "GSM-7" else "units"
        about = f"{takes.count} segment{'s' * (takes.count != 1)} · {takes.encoding} · {takes.units} {units}"
        self.note("sms", number, _first_line(text), text, about=about)

    def _push(self, endpoint: Any, message: str) -> None:
        platform = endpoint.application.platform
        payload = json.loads(json.loads(message)[platform])
        shown = payload["fcmV1Message"]["message"]["notification"] if platform == "GCM" else payload["aps"]["alert"]
        text = f"{shown['title']}\n{shown['body']}\n\n{_readable(payload)}"
        kind = "FCM" if platform == "GCM" else "APNs"
        self.note("push", f"{kind} {endpoint.token[:24]}", shown["title"], text)

    def _noting(self, post: Callable[..., Any]) -> Callable[..., Any]:
        """https.post, which notes what goes out and what comes back."""

        @wraps(post)
        def noting(url: str, headers: Mapping[str, str], body: bytes, **more: Any) -> Any:
            about = "no answer"
            try:
                answer = post(url, headers, body, **more)
                about = f"answered {answer.status}"
                return answer
            except Exception as problem:
                about = f"no good answer: {problem}"
                raise
            finally:
                if headers.get("Content-Encoding") == "aes128gcm":
                    payload = getattr(_in_hand, "payload", b"")
                    about += f" · {len(body)} bytes, encrypted for the browser; here as they were before"
                    self.note("webpush", url, _title(payload), _readable(payload), headers=dict(headers), about=about)
                else:
                    self.note("webhook", url, _title(body), _readable(body), headers=dict(headers), about=about)

        return noting

    def _peeking(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """webpush.send, of whose payload nothing can be read once it is encrypted."""

        @wraps(send)
        def peeking(subscription: str, payload: bytes, **more: Any) -> Any:
            _in_hand.payload = payload
            return send(subscription, payload, **more)

        return peeking


_in_hand = threading.local()


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _title(body: bytes) -> str:
    """What a JSON body is about, as far as it can be read: its title, or its type with the flight and what happened."""
    try:
        told = json.loads(body)
        data = told.get("data", {})
        flight = data.get("flight") if isinstance(data, dict) else None
        number = flight.get("number", "") if isinstance(flight, dict) else ""
        matters = ", ".join(data.get("matters", ())) if flight else ""
        return str(told.get("title") or " ".join(filter(None, (told["type"], number, matters))))
    except (ValueError, TypeError, KeyError, AttributeError):
        return _first_line(body.decode(errors="replace"))[:80]


def _readable(body: bytes | Mapping[str, Any]) -> str:
    """JSON in lines; any other body as it is."""
    if isinstance(body, bytes):
        try:
            body = json.loads(body)
        except ValueError:
            assert isinstance(body, bytes)
            return body.decode(errors="replace")
    return json.dumps(body, indent=2, ensure_ascii=False)
