"""Takes a picture of every page of the web app on a phone and on a desktop, by day and by night: build/screenshots.

`python -m tests.screenshots` starts a local cloud of its own. `--readme` takes the README's picture only.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooSlow
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra import webapp
from tests.e2e.conftest import ROOT, starting
from tests.e2e.web.conftest import PATIENCE, Account, Site, find_chromium, is_live, settle
from tests.e2e.web.test_languages import of_passengers

OUT = ROOT / "build" / "screenshots"
README = ROOT / ".github" / "board.png"
BOARD = "/airports/EWR/departures"
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}  # fmt: skip
SCHEMES = ("light", "dark")


class Pages:
    """What pictures are taken of: the paths, by name, on a cloud that is prepared for them."""

    def __init__(self, site: Site):
        self.site = site
        self.admin = site.admin()
        self.operator = site.person("ops", "operator", self.admin.token, airports=["EWR"])
        self.passenger = site.passenger("ada")
        rows = site.board() + site.board("arrivals")
        self._by_phase = {row["phase"]: row["id"] for row in rows}
        self._diverted = next((row["id"] for row in rows if row.get("diverted_to")), None)
        self.late = self._make_late(site.own_flight()["id"])
        self._trips = of_passengers(site)
        for row in rows[-12::4]:
            wish = {"flight": row["id"], "channel": "email", "address": self.passenger.email}
            site.ask("POST", "/v1/subscriptions", wish)
        token = site.letter(self.passenger.email, "/follow/confirm").partition("token=")[2]
        site.ask("POST", "/v1/confirmations", {"token": token})
        site.ask(
            "POST", "/v1/keys", {"name": "ewr-aodb", "scopes": ["feeds:aidx"], "airports": ["EWR"]}, self.admin.token
        )

    def _make_late(self, id: str) -> str:
        """A flight that an operator said is late: at another gate, for a reason, with a note."""
        leaves = datetime.fromisoformat(self.site.flight(id)["departure"]["scheduled_out"])
        update = {
            "departure_gate": "C84", "estimated_out": f"{leaves + timedelta(minutes=50):%Y-%m-%dT%H:%M:%SZ}",
            "delay_codes": [{"code": "41"}], "note": "A bus takes you to the aircraft.",
        }  # fmt: skip
        self.site.ask("POST", f"/v1/flights/{id}/updates", update, self.operator.token)
        return id

    def of(self, account: str) -> dict[str, str]:
        """The pages that somebody sees: `guest`, `passenger`, `operator` or `admin`."""
        late = f"/flights/{self.late}"
        number, date, _ = self.late.split("-")
        me = self.site.ask("GET", "/v1/accounts/me", token=self.admin.token)["id"]
        phases = {f"flight-{phase}": f"/flights/{id}" for phase, id in self._by_phase.items()}
        diverted = {"flight-diverted": f"/flights/{self._diverted}"} if self._diverted else {}
        return {
            "guest": {
                "home": "/", "departures": BOARD, "arrivals": "/airports/EWR/arrivals",
                "search": f"{BOARD}?q=los", "no-flight-matches": f"{BOARD}?q=nowhere", "wall": f"{BOARD}?wall=true",
                "no-such-airport": "/airports/QQQ/departures", "flight-late": late, **phases, **diverted,
                "flight-unknown": "/flights/UA1-20200101-EWR",
                "flights": f"/flights?number={number}&date={date[:4]}-{date[4:6]}-{date[6:]}",
                "flights-none": "/flights", "following-nothing": "/following", "login": "/login",
                "register": "/register", "forgot": "/forgot", "not-found": "/no/such/page", **self._trips,
            },
            "passenger": {"following": "/following", "profile": "/profile", "not-for-you": "/admin/people"},
            "operator": {"operate": late},
            "admin": {
                "people": "/admin/people", "person": f"/admin/people/{me}", "invitations": "/admin/invitations",
                "keys": "/admin/keys", "audit": "/admin/audit",
            },
        }[account]  # fmt: skip


def main() -> int:
    """Take the pictures. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="only the README's picture, .github/board.png")
    parser.add_argument("--only", default="", metavar="PAGE", help="only pages whose name holds this")
    asked = parser.parse_args()
    console = Console()
    chromium = find_chromium()
    if not chromium:
        console.print("Chromium is not installed: chromium, chromium-browser or google-chrome on the PATH", style="red")
        return 1
    with ExitStack() as stack:
        with webapp.telling(console) as say:
            webapp.build(say)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with console.status("Starting a local cloud …"):
            cloud = stack.enter_context(starting(directory, AIRPORTS="EWR,JFK,LGA"))
            cloud.wait_until_it_says("Ctrl-C ends it")
        playwright = stack.enter_context(sync_playwright())
        browser = stack.enter_context(playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]))
        if asked.readme:
            take_readme(browser, Site(cloud), console)
        else:
            with console.status("Making accounts, and a flight late …"):
                pages = Pages(Site(cloud))
            take_all(browser, pages, asked.only, console)
    return 0


def take_readme(browser: Browser, site: Site, console: Console) -> None:
    """The board on a desktop, by night."""
    context = opened(browser, "desktop", "dark")
    page = shown(context, f"{site.url}{BOARD}")
    is_live(page)
    page.screenshot(path=README)
    console.print(f"{README.relative_to(ROOT)}: {README.stat().st_size / 1000:.0f} kB")


def take_all(browser: Browser, pages: Pages, only: str, console: Console) -> None:
    """Each page on each device in each scheme."""
    OUT.mkdir(parents=True, exist_ok=True)
    site = pages.site
    accounts = {"guest": None, "passenger": pages.passenger, "operator": pages.operator, "admin": pages.admin}
    work = [(who, name, path) for who in accounts for name, path in pages.of(who).items() if only in name]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(work) * len(DEVICES) * len(SCHEMES))
        for device in DEVICES:
            for who, account in accounts.items():
                context = opened(browser, device, SCHEMES[0])
                if account:
                    log_in(context, site, account)
                for name, path in [(name, path) for whose, name, path in work if whose == who]:
                    progress.update(task, description=f"{name}, {device}")
                    page = shown(context, f"{site.url}{path}", say=progress.console.print)
                    if name not in ("departures", "arrivals", "wall"):  # of a board what is seen first
                        whole = page.evaluate("Math.max(innerHeight, document.scrollingElement.scrollHeight)")
                        page.set_viewport_size({**DEVICES[device]["viewport"], "height": whole})
                    for scheme in SCHEMES:
                        page.emulate_media(color_scheme=scheme)
                        page.wait_for_timeout(250)  # all of it is painted anew
                        page.screenshot(path=OUT / f"{name}-{device}-{scheme}.png")
                        progress.advance(task)
                    page.close()
                context.close()
    console.print(f"{len(work) * len(DEVICES) * len(SCHEMES)} pictures are in {OUT.relative_to(ROOT)}")


def opened(browser: Browser, device: str, scheme: str) -> BrowserContext:
    """A browser of a kind, where nothing turns while its picture is taken."""
    context = browser.new_context(
        **DEVICES[device], color_scheme=scheme, reduced_motion="reduce", locale="en-GB", timezone_id="America/New_York",
        service_workers="block",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE)
    return context


def shown(context: BrowserContext, url: str, say: Callable[[str], Any] = print) -> Page:
    """A page as it is once all of it is there."""
    page = context.new_page()
    page.goto(url)
    try:
        settle(page)
        page.wait_for_load_state("networkidle", timeout=5_000)
    except (TooSlow, AssertionError):
        say(f"{url} was not all there")
    return page


def log_in(context: BrowserContext, site: Site, account: Account) -> None:
    """Log in, as a browser keeps it."""
    body = {"email": account.email, "password": account.password, "cookie": True}
    answer = context.request.post(f"{site.url}/v1/sessions", data=body)
    assert answer.ok, answer.text()
    context.add_init_script("localStorage.setItem('gatecall.signed-in', 'yes')")


if __name__ == "__main__":
    sys.exit(main())
