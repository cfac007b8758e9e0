"""A push service of the tests' own: what the system pushes to a browser goes through it, encrypted as in the wild.

Chromium's own push service is Google's, which no test may need. So a page's `PushManager` gives out subscriptions of
this one, with the keys of a browser whose private half is here: what is posted is decrypted as a browser does
(RFC 8291), and handed to the real service worker by the protocol of the developer tools. Only
`PushManager` is not real.

    push = PushService()
    browsing = browse(service_workers="allow")
    push.serve(browsing.context)          # before the first page: permission, and subscriptions of this service
    ... press Follow ...
    told = push.deliver(browsing.page)    # waits for the next push and hands it over; what it said
    assert push.shown(browsing.page)[0]["title"] == "..."
    push.close()
"""

import hashlib
import hmac
import json
import threading
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Page

WITHIN = 60.0  # seconds for a push to leave; a machine that runs all tests at once is slow
# Subscriptions of this service in the place of Chromium's; one lasts as a browser's does, until it is ended.
_PUSH_MANAGER = """
(() => {
  const { endpoint, p256dh, auth } = %s;
  const key = "test.push";
  const of = (number) => ({
    endpoint: `${endpoint}/${number}`,
    expirationTime: null,
    options: { userVisibleOnly: true },
    toJSON() {
      return { endpoint: this.endpoint, expirationTime: null, keys: { p256dh, auth } };
    },
    async unsubscribe() {
      localStorage.removeItem(key);
      return true;
    },
  });
  PushManager.prototype.getSubscription = async () => {
    const number = localStorage.getItem(key);
    return number && of(number);
  };
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || !options.applicationServerKey) throw new DOMException("", "InvalidStateError");
    const number = localStorage.getItem(key) ?? String(Date.now());
    localStorage.setItem(key, number);
    return of(number);
  };
})();
"""
_SHOWN = """async () => {
  const { getNotifications } = ServiceWorkerRegistration.prototype;
  const shown = await getNotifications.call(await navigator.serviceWorker.ready);
  return shown.map(({ title, body, tag, lang, data }) => ({ title, body, tag, lang, data }));
}"""


class PushService:
    """Takes pushes for browsers, and delivers them when a test says so."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._auth = hashlib.sha256(self._public).digest()[:16]
        self._came: Queue[tuple[str, bytes]] = Queue()
        self._gone: set[str] = set()
        service = self

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                known = self.headers["Authorization"].startswith("vapid t=") and self.path not in service._gone
                if known:
                    service._came.put((self.path, service._decrypted(body)))
                self.send_response(201 if known else 410)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve(self, context: BrowserContext) -> None:
        """Be the push service of a browser that allows notifications. Before its first page opens."""
        context.grant_permissions(["notifications"])
        subscription = {"endpoint": self.url, "p256dh": _text(self._public), "auth": _text(self._auth)}
        context.add_init_script(_PUSH_MANAGER % json.dumps(subscription))

    def deliver(self, page: Page, within: float = WITHIN) -> dict[str, Any]:
        """Hand the next push to the service worker of a page, once it has come. Returns what it says."""
        _, payload = self._came.get(timeout=within)
        self.hand_over(page, payload.decode())
        told: dict[str, Any] = json.loads(payload)
        return told

    def hand_over(self, page: Page, payload: str) -> None:
        """Hand anything to the service worker of a page, as if it had been pushed."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        page.evaluate("navigator.serviceWorker.ready.then(() => {})")
        session = page.context.new_cdp_session(page)
        registered: list[dict[str, Any]] = []
        session.on("ServiceWorker.workerRegistrationUpdated", lambda told: registered.extend(told["registrations"]))
        session.send("ServiceWorker.enable")
        while not (ours := [each for each in registered if each["scopeURL"] == f"{origin}/" and not each["isDeleted"]]):
            page.wait_for_timeout(50)
        session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": origin, "registrationId": ours[-1]["registrationId"], "data": payload},
        )
        session.detach()

    def shown(self, page: Page) -> list[dict[str, Any]]:
        """The notifications that the service worker shows now: title, body, tag, lang, and data with its `url`."""
        found: list[dict[str, Any]] = page.evaluate(_SHOWN)
        return found

    def forget(self, page: Page) -> None:
        """The browser's subscription is gone: what is pushed to it from now on finds nobody (410)."""
        self._gone.add(f"/{page.evaluate('localStorage[`test.push`]')}")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _decrypted(self, body: bytes) -> bytes:
        """RFC 8188, section 2, with the keys of RFC 8291, section 3.4."""
        salt, length = body[:16], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = _hkdf(self._auth, shared, b"WebPush: info\0" + self._public + sender, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        opened = AESGCM(key).decrypt(_hkdf(salt, secret, b"Content-Encoding: nonce\0", 12), sealed, None)
        return opened.rstrip(b"\0")[:-1]


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, of up to 32 bytes."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")[:length]


def _text(binary: bytes) -> str:
    return urlsafe_b64encode(binary).rstrip(b"=").decode()
