"""The web app in the place of CloudFront: each path where it goes on AWS, and the files as a bucket's."""

import gzip
import json
import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import app as the_map
from chalicelib.core import openapi
from infra import resources
from infra.deploy import web as deployed
from infra.local.functions import Functions
from infra.local.gateway import web
from infra.local.gateway.serving import listening, serving

from .conftest import toy_app

SCRIPT = "export const answer = 42;\n" * 100
FILES = {
    "index.html": "<!doctype html><title>Gatecall</title>",
    "assets/index-Bx1f09_q.js": SCRIPT,
    "assets/index-DEdkl-2_.css": "p{}" * 1000,
    "manifest.webmanifest": "{}",
    "sw.js": "cache()",
    "a picture.png": "png" * 1000,
}
PAGES = ("/", "/airports/EWR/departures", "/flights/UA1545-20130710-EWR", "/following", "/nothing/", "/x%2Ejs")


@pytest.fixture
def directory(tmp_path):
    for name, text in FILES.items():
        (tmp_path / "dist" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dist" / name).write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "dist"


@pytest.fixture
def happened():
    return []


@pytest.fixture
def site(directory, happened):
    """The toy app with a web app beside it; its address."""
    with ExitStack() as stack:
        rest, websocket = (stack.enter_context(listening(name, 0)) for name in ("PORT", "WS_PORT"))
        functions = Functions(toy_app(happened), set_aside=lambda *_: None)
        stack.enter_context(serving(functions, rest, websocket, compress_from=1000, web_app=directory))
        yield f"http://localhost:{rest.getsockname()[1]}"


def test_every_route_of_the_api_stays_the_apis():
    """But "/", which is the web app's: as CloudFront has it."""
    for route in openapi.routes_of(the_map.app):
        path = re.sub(r"{\w+}", "x", route.path)
        assert web.origin(path) == ("web" if path == "/" else "rest"), path


def test_paths_go_where_cloudfront_has_them_go():
    """By the template itself: who adds a behaviour there adds it here."""
    behaviours = resources.document()["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["CacheBehaviors"]
    assert len(behaviours) >= 6
    for each in behaviours:
        assert web.origin(each["PathPattern"].replace("*", "/a/b")) == each["TargetOriginId"]
    for path in (*PAGES, "/assets/index-Bx1f09_q.js", "/v2/flights", "/follower", "/login"):
        assert web.origin(path) == "web"


def test_every_path_of_its_own_is_the_web_apps(site):
    """Whatever page somebody opens or reloads, the web app comes, and shows it."""
    for path in PAGES:
        answer = httpx.get(site + path)
        assert (answer.status_code, answer.text) == (200, FILES["index.html"]), path
    assert httpx.get(f"{site}/a%20picture.png").content == FILES["a picture.png"].encode()


def test_what_is_a_page_and_what_a_file_is_decided_as_on_aws():
    """By the very function that runs in CloudFront, where there is a node to run it."""
    node = shutil.which("node")
    if not node:
        assert not os.environ.get("CI")
        pytest.skip("node is not installed")
    paths = (*PAGES, "/index.html", "/sw.js", "/a.b/c", "/a/b.", "/.well-known/x", "/assets/x-1.css", "/a/..", "//x.y/")
    code = resources.document()["Resources"]["WebRequests"]["Properties"]["FunctionCode"]
    program = f"{code}\nfor (const uri of {json.dumps(paths)}) console.log(handler({{ request: {{ uri }} }}).uri)"
    asked = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True).stdout.split("\n")
    here = web.WebApp(directory=Path(__file__).parent)
    for path, there in zip(paths, asked, strict=False):
        page = here.get_path({"raw_path": path.encode(), "path": path, "root_path": ""}) == "index.html"
        assert page == (there == "/index.html"), path


def test_answers_have_the_headers_that_cloudfront_adds(site):
    """The same policy as in production, so that what breaks it breaks here; HSTS alone is for HTTPS."""
    template = yaml.safe_load(re.sub(r"![A-Z]\w+", "", resources.TEMPLATE.read_text()))
    policy = template["Resources"]["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    csp, _ = policy.pop("ContentSecurityPolicy")["ContentSecurityPolicy"]
    wanted = {
        "content-security-policy": csp.replace("${Host}", ""),
        "referrer-policy": policy.pop("ReferrerPolicy")["ReferrerPolicy"],
    }
    assert policy.pop("ContentTypeOptions")
    wanted["x-content-type-options"] = "nosniff"
    assert policy.keys() == {"StrictTransportSecurity"}, "what else CloudFront adds is to be added here too"
    for path in ("/", "/sw.js", "/assets/index-Bx1f09_q.js", "/nothing.js"):
        told = httpx.get(site + path).headers
        assert {name: told.get(name) for name in wanted} == wanted
        assert "strict-transport-security" not in told
    of_the_api = httpx.get(f"{site}/v1/x").headers["content-security-policy"]
    assert of_the_api != wanted["content-security-policy"], "what the API says of its answers stays"


def test_files_are_served_as_they_are_uploaded(site):
    """What they are, and how long a browser may keep them: for ever what is named by its content, else not at all."""
    for name in FILES:
        told = httpx.get(f"{site}/{name}").headers
        assert told["content-type"] == deployed.content_type(name)
        assert told["cache-control"] == deployed.cache_control(name)
    assert "immutable" in httpx.get(f"{site}/assets/index-Bx1f09_q.js").headers["cache-control"]
    assert httpx.get(f"{site}/airports/EWR/departures").headers["cache-control"] == "no-cache"


def test_text_is_compressed_for_who_takes_it(site):
    """As CloudFront does: from 1,000 bytes on, and no picture."""
    with httpx.stream("GET", f"{site}/assets/index-Bx1f09_q.js", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(raw) == int(answer.headers["content-length"]) < len(SCRIPT)
    assert gzip.decompress(raw) == SCRIPT.encode()
    for path, accepted in (("/assets/index-Bx1f09_q.js", "br"), ("/sw.js", "gzip"), ("/a%20picture.png", "gzip")):
        assert "content-encoding" not in httpx.get(site + path, headers={"Accept-Encoding": accepted}).headers


def test_what_a_browser_has_it_need_not_get_again(site, directory):
    """304 for the page it has, compressed or not; the new one as soon as another is built."""
    address = f"{site}/assets/index-Bx1f09_q.js"
    for accepted in ("gzip", "identity"):
        first = httpx.get(address, headers={"Accept-Encoding": accepted})
        again = httpx.get(address, headers={"If-None-Match": first.headers["etag"], "Accept-Encoding": accepted})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == first.headers["cache-control"]
    (directory / "assets" / "index-Bx1f09_q.js").write_text(SCRIPT + "// another")
    assert httpx.get(address, headers={"If-None-Match": first.headers["etag"]}).text.endswith("// another")


def test_there_is_nothing_but_the_web_apps_files(site):
    """What is not there is 404, whatever way a path takes; and nothing can be written."""
    for path in (b"/nothing.js", b"/assets/index-C0ffee42.js", b"/../secret.txt", b"/%2e%2e/secret.txt", b"/assets.d/",
                 b"/..%2fsecret.txt", b"/assets/../../secret.txt", b"/assets/..%5c..%5csecret.txt", b"//etc/a.conf",
                 b"/a\x2e%00.js"):  # fmt: skip
        answer = httpx.get(httpx.URL(site).copy_with(raw_path=path))
        assert "secret" not in answer.text
        assert answer.status_code == (200 if path.endswith(b"/") else 404), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert httpx.request(method, f"{site}/index.html").status_code == 403
    head = httpx.head(f"{site}/")
    assert (head.status_code, head.content) == (200, b"")


def test_the_websocket_is_at_the_same_host(site, happened):
    """At /ws; the app is told its own address there, by which it can answer the connection."""
    address = site.replace("http", "ws")
    with connect(f"{address}/ws?token=t") as socket:
        socket.send("fail")
        assert json.loads(socket.recv(timeout=5))["message"] == "Internal server error"
    start = happened[0]
    assert start["queryStringParameters"] == {"token": "t"}
    assert start["requestContext"]["domainName"] != site.removeprefix("http://")
    assert httpx.get(f"http://{start['requestContext']['domainName']}/local/@connections/x").status_code == 403
    for path in ("/", "/v1/x"):
        with pytest.raises(InvalidStatus) as refused, connect(address + path):
            pass
        assert refused.value.response.status_code == 403
    assert httpx.get(f"{site}/ws").status_code == 403
