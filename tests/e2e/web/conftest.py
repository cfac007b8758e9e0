"""The web app in a real Chromium, against a local cloud that runs as the clock does.

Each person of a test has a browser of their own (`browse`). A test fails when anything went wrong in any of them: a
message on the console, an exception, an answer or a request that failed and that the test did not expect.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright
from playwright.sync_api import Error as BrowserError

from infra import webapp

from ..conftest import ROOT, LocalCloud, shared

T = TypeVar("T")

PATIENCE = 60_000  # milliseconds for whatever is to appear; a machine that runs all tests at once is slow
PASSWORD = "a tram to the harbour"
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "narrow": {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True},
}
_MAKE_ADMIN = """
import sys
from chalicelib.accounts import links, people
from chalicelib.core.clock import wall_now
print(links.url(people.make_admin(sys.argv[1], "en", "terminal", wall_now())))
"""


def find_chromium() -> str | None:
    """Where this machine has a Chromium."""
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, found), None)


def _missing(reason: str) -> None:
    """A machine without Chromium or node runs the other tests; CI has both."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


# One Chromium for all tests of a worker. Playwright runs an event loop in the main thread for as long as it is open,
# beside which no other test could have one: it ends with the last test of this directory.

_open = ExitStack()


@cache
def _chromium() -> Browser:
    path = find_chromium()
    if not path:
        _missing("Chromium is not installed: chromium, chromium-browser or google-chrome on the PATH")
    playwright = _open.enter_context(sync_playwright())
    return _open.enter_context(playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close Chromium when the next test is none of this directory's."""
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        _open.close()
        _chromium.cache_clear()


@pytest.fixture(scope="session")
def web_app() -> None:
    """The web app as its sources stand, built once for all workers."""
    try:
        webapp.build()
    except webapp.NoNode as reason:
        _missing(str(reason))


class Account(NamedTuple):
    """Somebody who can log in."""

    email: str
    token: str  # for calls of the API beside the pages
    password: str = PASSWORD


@dataclass
class Site:
    """Where the web app and the API are, and what a test asks of the API beside the pages."""

    cloud: LocalCloud

    @property
    def url(self) -> str:
        return self.cloud.rest

    def ask(self, method: str, path: str, body: object = None, token: str | None = None) -> Any:
        """What the API answers; it is never refused."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def board(self, direction: str = "departures") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask("GET", f"/v1/airports/EWR/{direction}?limit=500")["flights"]
        return rows

    def flight(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/v1/flights/{id}")
        return found

    def own_flight(self, direction: str = "departures", phase: str = "scheduled") -> dict[str, Any]:
        """A flight that no other test takes: they would change it beneath one another."""
        taken = self.cloud.directory / "taken"
        taken.mkdir(exist_ok=True)
        for row in reversed(self.board(direction)):
            with suppress(FileExistsError):
                if row["phase"] == phase:
                    (taken / row["id"]).touch(exist_ok=False)
                    return row
        raise AssertionError(f"there are no more {direction} that are {phase}")

    def outbox(self, to: str) -> list[dict[str, Any]]:
        """What left for an address, the newest first."""
        messages = httpx.get(f"{self.url}/local/outbox.json", timeout=60).json()
        return [message for message in messages if message["to"] == to]

    def letter(self, to: str, link: str) -> str:
        """The newest link of a kind in what an address was sent, once it is in the outbox."""
        wanted = re.compile(rf"https?://[^\s\"<>]*{link}[^\s\"<>]*")

        def found() -> str | None:
            texts = (message["text"] for message in self.outbox(to))
            return next((match[0] for text in texts if (match := wanted.search(text))), None)

        return eventually(found)

    def person(self, name: str, role: str, token: str, **mandate: object) -> Account:
        """Somebody whom an admin invited, and who set a password."""
        email = f"{name}.{os.getpid()}@example.com"
        self.ask("POST", "/v1/people", {"email": email, "role": role, **mandate}, token)
        return self._with_password(email, self.letter(email, "/account/password"))

    def passenger(self, name: str) -> Account:
        """Somebody who registered, and set a password."""
        email = f"{name}.{os.getpid()}.{time.monotonic_ns()}@example.com"
        self.ask("POST", "/v1/accounts", {"email": email, "consent": self.ask("GET", "/v1/consent")["version"]})
        return self._with_password(email, self.letter(email, "/account/password"))

    def admin(self) -> Account:
        """An admin, made at the terminal."""
        email = f"admin.{os.getpid()}@example.com"
        environment = {**os.environ, **self.cloud.environment}
        run = subprocess.run(
            [sys.executable, "-c", _MAKE_ADMIN, email], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return self._with_password(email, run.stdout.strip())

    def _with_password(self, email: str, link: str) -> Account:
        confirmation = {"token": link.partition("token=")[2], "password": PASSWORD}
        self.ask("POST", "/v1/accounts/confirmation", confirmation)
        answer = self.ask("POST", "/v1/sessions", {"email": email, "password": PASSWORD})
        return Account(email, answer["access_token"])


@pytest.fixture(scope="session")
def site(web_app: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The web app on a cloud that all workers share: EWR's flights as the clock runs, some changes in a minute."""
    with shared(tmp_path_factory, "web", SPEED="1", AIRPORTS="EWR") as cloud:
        yield Site(cloud)


@pytest.fixture(scope="session")
def admin(site: Site) -> Account:
    """An admin of this worker's own."""
    return site.admin()


@pytest.fixture(scope="session")
def operator(site: Site, admin: Account) -> Account:
    """An operator of this worker's own, for all flights from and to EWR."""
    return site.person("ops", "operator", admin.token, airports=["EWR"])


def until(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page. Playwright's own way of waiting is what our CSP forbids: eval."""
    eventually(lambda: page.evaluate(expression))


def is_live(page: Page) -> None:
    """Wait until the page says that what it shows is live."""
    page.get_by_text("Live", exact=True).filter(visible=True).first.wait_for()


def is_lost(page: Page) -> None:
    """Wait until the page says that its connection is lost."""
    page.get_by_text("Reconnecting").filter(visible=True).first.wait_for()


def settle(page: Page) -> None:
    """Wait until what the page is for is there: no skeleton is left."""
    page.get_by_role("heading", level=1).first.wait_for()
    until(page, "!document.querySelector('[class*=skeleton]') && document.fonts.status === 'loaded'")


def eventually(look: Callable[[], T | None], within: float = PATIENCE / 1000) -> T:
    """What there is to be seen once it is there; it is looked for again and again."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"not seen within {within:.0f} seconds"
        time.sleep(0.1)
    return found


@dataclass
class Browsing:
    """One person's browser: `page`, and others of the same person. `wrong` is all that went wrong in them."""

    context: BrowserContext
    url: str
    wrong: list[str] = field(default_factory=list)
    _expected: list[tuple[int, re.Pattern[str]]] = field(default_factory=list)
    _cut: bool = False

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE)
        self.context.set_default_navigation_timeout(PATIENCE)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.wrong.append(f"exception: {error.error}"))
        self.context.on("response", self._answered)
        self.context.on("requestfailed", self._failed)
        self.page = self.context.new_page()

    def open(self, path: str) -> Page:
        """The person's page, at a path of the site; its heading is there."""
        self.page.goto(f"{self.url}{path}")
        self.page.get_by_role("heading", level=1).first.wait_for()
        return self.page

    def log_in(self, account: Account) -> Page:
        """Log in on the page for it."""
        page = self.open("/login")
        page.get_by_label("Email address").fill(account.email)
        page.get_by_label("Password", exact=True).fill(account.password)
        page.get_by_role("main").get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: urlsplit(url).path != "/login")
        return page

    def expect_refusal(self, status: int, path: str) -> None:
        """A path (a regular expression) may be answered so."""
        self._expected.append((status, re.compile(path)))

    def lose_network(self) -> None:
        """Requests fail from here on, and may."""
        self._cut = True

    def check(self) -> None:
        """Nothing went wrong, but for what was expected."""
        assert self.wrong == []

    def _said(self, message: ConsoleMessage) -> None:
        text = message.text
        answered = text.startswith("Failed to load resource")  # which `_answered` and `_failed` judge
        blocked = text == "Service Worker registration blocked by Playwright"
        dropped = self._cut and "WebSocket connection to" in text
        letter = text.startswith(f"Blocked script execution in '{self.url}/local/outbox/")  # one that Playwright brings
        if message.type in ("error", "warning") and not (answered or blocked or dropped or letter):
            self.wrong.append(f"{message.type} on {urlsplit(message.page.url).path if message.page else ''}: {text}")

    def _answered(self, response: Response) -> None:
        if response.status < 400:
            return
        path = response.url.removeprefix(self.url)
        if not any(response.status == status and of.search(path) for status, of in self._expected):
            self.wrong.append(f"{response.status} of {response.request.method} {path}")

    def _failed(self, request: Request) -> None:
        if not self._cut and request.failure != "net::ERR_ABORTED":  # a page that was left, or asks for something newer
            self.wrong.append(f"failed: {request.method} {request.url.removeprefix(self.url)}: {request.failure}")


_BROWSING = pytest.StashKey[list[Browsing]]()


@pytest.fixture
def browse(site: Site, request: pytest.FixtureRequest) -> Iterator[Callable[..., Browsing]]:
    """Give somebody a browser of their own: `browse()`, `browse("phone", color_scheme="dark")`.

    They sit in Madrid, so that an airport's times can only be its own. No service worker, unless it is asked for: each
    would load the whole app beside the page.
    """
    everybody = request.node.stash.setdefault(_BROWSING, [])

    def somebody(device: str = "desktop", url: str = site.url, **settings: Any) -> Browsing:
        usual = {"locale": "en-GB", "timezone_id": "Europe/Madrid", "service_workers": "block"}
        context = _chromium().new_context(**{**usual, **DEVICES[device], **settings})
        context.tracing.start(snapshots=True)
        everybody.append(browsing := Browsing(context, url))
        return browsing

    yield somebody
    for each in everybody:
        with suppress(BrowserError):  # it is closed already
            each.context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test in whose browsers something went wrong, and keep what they showed."""
    everybody: list[Browsing] = item.stash.setdefault(_BROWSING, [])
    try:
        yield
        for each in everybody:
            each.check()
    except Exception as failure:
        for number, each in enumerate(everybody, 1):
            kept = item.funcargs["tmp_path_factory"].mktemp(f"browser-{number}")
            for place, page in enumerate(each.context.pages, 1):
                with suppress(BrowserError):
                    page.screenshot(path=kept / f"page-{place}.png")
            with suppress(BrowserError):
                each.context.tracing.stop(path=kept / "trace.zip")
            failure.add_note(f"Browser {number}: {kept} (playwright show-trace {kept / 'trace.zip'})")
            failure.add_note("\n".join(f"  {wrong}" for wrong in each.wrong))
        raise


class Wire:
    """What is between a browser and the cloud, and can be cut: no packet passes, and connections are lost."""

    def __init__(self, to: str):
        self._to = urlsplit(to).port
        self._whole = True
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Drop every connection, and each new one."""
        self._whole = False
        for end in list(self._ends):
            _close(end)

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                here, _ = self._listener.accept()
                if not self._whole:
                    _close(here)
                    continue
                there = socket.create_connection(("127.0.0.1", self._to))
                self._ends |= {here, there}
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            self._ends.discard(end)
            _close(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@pytest.fixture
def wire(site: Site) -> Iterator[Wire]:
    """A way to the cloud that can be cut."""
    made = Wire(site.url)
    yield made
    made.close()
