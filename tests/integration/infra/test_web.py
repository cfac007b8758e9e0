"""The web app in a stage's bucket."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import boto3
import pytest
from moto import mock_aws

from infra.deploy import web

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


def test_a_stage_has_a_page_before_it_has_a_web_app(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And the web app takes its place, as soon as it is built."""
    start = Path(web.__file__).parents[1] / "web" / "start"
    monkeypatch.setattr(web, "_WEB", tmp_path)
    assert web.directory() == tmp_path / "start"
    (tmp_path / "dist").mkdir()
    assert web.directory() == tmp_path / "start", "half built is not built"
    (tmp_path / "dist" / "index.html").write_text("the app")
    assert web.directory() == tmp_path / "dist"
    web.upload(BUCKET, s3, start)
    assert keys(s3) == {"releases.json", "web/index.html", "web/start.css"}
    web.upload(BUCKET, s3, tmp_path / "dist")
    assert keys(s3) == {"releases.json", "web/index.html"}


def test_the_page_in_the_web_apps_place_keeps_to_the_sites_policy() -> None:
    """CSP default-src 'self': no script, no style in it, nothing of another host; and it leads to what there is."""
    start = Path(web.__file__).parents[1] / "web" / "start"
    page = (start / "index.html").read_text()
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
    assert (start / "start.css").is_file()
