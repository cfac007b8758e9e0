"""The web app in a stage's bucket."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import boto3
import pytest
from moto import mock_aws

from infra import webapp
from infra.deploy import Refused, web

from .conftest import Screen

BUCKET = "gatecall-test"
WRITING = ("PutObject", "DeleteObjects")


@pytest.fixture
def s3() -> Any:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="releases.json", Body=b"{}")
        yield s3


@pytest.fixture
def calls(s3: Any) -> list[str]:
    """What was written, in order: PutObject and the key, or DeleteObjects."""
    made: list[str] = []
    s3.meta.events.register(
        "before-parameter-build.s3",
        lambda params, model, **_: (
            model.name in WRITING and made.append(f"{model.name} {params.get('Key', '')}".strip())
        ),
    )
    return made


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A web app as Vite builds it."""
    for name, text in {
        "index.html": '<script type="module" src="/assets/index-Bx1f09_q.js"></script>',
        "assets/index-Bx1f09_q.js": "run()",
        "assets/index-DEdkl-2_.css": "p{}",
        "manifest.webmanifest": "{}",
        "sw.js": "cache()",
        "icon-precomposed.png": "png",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def keys(s3: Any) -> set[str]:
    return {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def test_every_file_is_there_as_what_it_is(s3: Any, app: Path) -> None:
    """A browser runs no script that is called something else, and keeps for ever only what is named by its content."""
    assert web.upload(BUCKET, s3, app) == 6
    forever = "public, max-age=31536000, immutable"
    for name, content_type, cache_control in (
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("assets/index-Bx1f09_q.js", "text/javascript; charset=utf-8", forever),
        ("assets/index-DEdkl-2_.css", "text/css; charset=utf-8", forever),
        ("manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("sw.js", "text/javascript; charset=utf-8", "no-cache"),
        ("icon-precomposed.png", "image/png", "no-cache"),
    ):
        there = s3.get_object(Bucket=BUCKET, Key=f"web/{name}")
        assert there["Body"].read() == (app / name).read_bytes()
        assert (there["ContentType"], there["CacheControl"]) == (content_type, cache_control), name


def test_what_did_not_change_is_not_sent_again(s3: Any, app: Path, calls: list[str]) -> None:
    """Run again, it writes nothing."""
    web.upload(BUCKET, s3, app)
    calls.clear()
    assert web.upload(BUCKET, s3, app) == 0
    assert calls == []
    (app / "sw.js").write_text("cache(2)")
    assert web.upload(BUCKET, s3, app) == 1
    assert calls == ["PutObject web/sw.js"]


def test_no_page_names_what_is_not_there(s3: Any, app: Path, calls: list[str]) -> None:
    """New files come before the page that names them; old ones go after it. What is not the web app's stays."""
    web.upload(BUCKET, s3, app)
    calls.clear()
    (app / "assets" / "index-Bx1f09_q.js").rename(app / "assets" / "index-C0ffee42.js")
    (app / "index.html").write_text('<script type="module" src="/assets/index-C0ffee42.js"></script>')
    assert web.upload(BUCKET, s3, app) == 3
    assert calls == ["PutObject web/assets/index-C0ffee42.js", "PutObject web/index.html", "DeleteObjects"]
    assert "web/assets/index-Bx1f09_q.js" not in keys(s3)
    assert "releases.json" in keys(s3)


def test_more_files_go_than_s3_takes_at_once(s3: Any, app: Path) -> None:
    """It deletes at most 1,000 by one call."""
    for n in range(1003):
        s3.put_object(Bucket=BUCKET, Key=f"web/assets/old-{n:08}.js", Body=b"")
    web.upload(BUCKET, s3, app)
    assert not [key for key in keys(s3) if "old-" in key]


def without_node(say: webapp.Say) -> bool:
    raise webapp.NoNode("node is not installed; get node 22.12 or newer: https://nodejs.org")


def test_a_stage_gets_the_web_app_as_it_is_built_now(s3: Any, web_app: Path, screen: Screen) -> None:
    """In the place of whatever it had."""
    s3.put_object(Bucket=BUCKET, Key="web/start.css", Body=b"")
    assert web.renew(BUCKET, s3, screen.console) == 3
    assert keys(s3) == {"releases.json", "web/index.html", "web/assets/index-Bx1f09_q.js"}
    assert web.renew(BUCKET, s3, screen.console) == 0
    assert screen.text == ""


def test_a_machine_without_node_leaves_a_stage_the_web_app_that_it_has(
    s3: Any, web_app: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was built here before is not for this code: nothing is uploaded, and one line says so."""
    s3.put_object(Bucket=BUCKET, Key="web/index.html", Body=b"the web app, as another machine deployed it")
    monkeypatch.setattr(webapp, "build", without_node)
    assert web.renew(BUCKET, s3, screen.console) == 0
    assert s3.get_object(Bucket=BUCKET, Key="web/index.html")["Body"].read().startswith(b"the web app, as another")
    [line] = screen.text.splitlines()
    assert line.startswith("web app: not built, the one that is there stays: node is not installed; get node")


def test_a_machine_without_node_gives_a_stage_without_a_web_app_a_page_that_says_so(
    s3: Any, web_app: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is deployed by a machine that has node."""
    build = webapp.build
    monkeypatch.setattr(webapp, "build", without_node)
    assert web.renew(BUCKET, s3, screen.console) == 2
    assert keys(s3) == {"releases.json", "web/index.html", "web/start.css"}
    [line] = screen.text.splitlines()
    assert line.startswith("web app: not built, a page in its place is shown: node is not installed")
    monkeypatch.setattr(webapp, "build", build)
    web.renew(BUCKET, s3, screen.console)
    assert keys(s3) == {"releases.json", "web/index.html", "web/assets/index-Bx1f09_q.js"}


def test_a_web_app_that_fails_to_build_is_refused(
    s3: Any, web_app: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API would be of one version, the web app of another, and nobody would see it."""

    def fails(say: webapp.Say) -> bool:
        raise webapp.NotBuilt("npm ci failed: it said why")

    monkeypatch.setattr(webapp, "build", fails)
    with pytest.raises(Refused, match="the web app can't be built: npm ci failed: it said why"):
        web.renew(BUCKET, s3, screen.console)
    assert keys(s3) == {"releases.json"}


def test_the_page_in_the_web_apps_place_keeps_to_the_sites_policy() -> None:
    """CSP default-src 'self': no script, no style in it, nothing of another host; and it leads to what there is."""
    page = (web.START / "index.html").read_text()
    assert "<script" not in page
    assert "<style" not in page
    assert "style=" not in page
    # XML but for what HTML never closes.
    body = ElementTree.fromstring(page[page.index("<body") : page.index("</body>") + len("</body>")])
    links = {each.get("href") for each in body.iter("a")}
    assert links == {"/docs", "/v1/health"}
    assert "/ws" in page
    assert '<html lang="en">' in page
    for name in (*links, "/start.css"):
        assert not urlsplit(str(name)).netloc
    assert 'href="/start.css"' in page
    assert (web.START / "start.css").is_file()
