"""The REST API in the place of API Gateway."""

import base64
import gzip
from concurrent.futures import ThreadPoolExecutor

import httpx


def test_an_event_round_trip(toy):
    """A request arrives as API Gateway's proxy event: many-valued query and headers, the route, who asks."""
    answer = httpx.get(f"{toy.rest}/echo/a?x=1&x=2&empty=", headers=[("X-Two", "1"), ("X-Two", "2")]).json()
    assert answer["name"] == "a"
    assert answer["resource"] == answer["requestContext"]["resourcePath"] == "/echo/{name}"
    assert answer["multiValueQueryStringParameters"] == {"x": ["1", "2"], "empty": [""]}
    assert answer["queryStringParameters"] == {"x": "2", "empty": ""}
    assert answer["multiValueHeaders"]["x-two"] == ["1", "2"]
    assert answer["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert answer["requestContext"]["requestId"]
    assert answer["body"] is None


def test_paths_come_undecoded(toy):
    """A path's parameters are handed over as they came, as API Gateway does; an encoded slash separates nothing."""
    answer = httpx.get(f"{toy.rest}/echo/UA%201545%2Fx").json()
    assert answer["pathParameters"] == {"name": "UA%201545%2Fx"}
    assert answer["path"] == "/echo/UA%201545%2Fx"


def test_a_literal_path_goes_before_a_parameter(toy):
    """Where both would match, the route without a parameter answers; a slash at the end changes nothing."""
    assert httpx.get(f"{toy.rest}/echo/literal/").json() == {"literal": True}


def test_what_matches_no_route_is_api_gateways_404(toy):
    """An unknown path, and an undeclared method of a known one, are refused as API Gateway refuses them."""
    for method, path in (
        ("GET", "/nothing"),
        ("GET", "/between//end"),
        ("DELETE", "/echo/a"),
        ("OPTIONS", "/large"),
        ("HEAD", "/large"),
    ):
        answer = httpx.request(method, toy.rest + path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert method == "HEAD" or "there is nothing at this address" in answer.json()["detail"]


def test_browsers_may_ask_first(toy):
    """A route with CORS answers the preflight request without calling the app."""
    answer = httpx.options(f"{toy.rest}/open")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://example.test"
    assert answer.headers["access-control-allow-methods"] == "GET,OPTIONS"


def test_binary_bodies_go_in_base64(toy):
    """A body of a binary type arrives byte for byte; any other as text."""
    raw = bytes(range(256))
    answer = httpx.post(f"{toy.rest}/echo/a", content=raw, headers={"Content-Type": "application/octet-stream"}).json()
    assert answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == raw
    answer = httpx.post(f"{toy.rest}/echo/a", content="é".encode(), headers={"Content-Type": "text/plain"}).json()
    assert (answer["isBase64Encoded"], answer["body"]) == (False, "é")


def test_binary_answers_come_as_bytes(toy):
    """What the app answers in base64 reaches the client as bytes."""
    answer = httpx.get(f"{toy.rest}/picture", headers={"Accept": "image/png"})
    assert answer.content == bytes(range(256))


def test_large_answers_are_compressed_for_who_takes_it(toy):
    """From minimum_compression_size on, for a client that accepts gzip, and for no other."""
    with httpx.stream("GET", f"{toy.rest}/large", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
        raw = b"".join(answer.iter_raw())
        assert len(raw) == int(answer.headers["content-length"]) < 100
        assert gzip.decompress(raw) == b"x" * 5000
    for accepted in ("identity", "gzip;q=0", "br"):
        answer = httpx.get(f"{toy.rest}/large", headers={"Accept-Encoding": accepted})
        assert "content-encoding" not in answer.headers
        assert len(answer.content) == 5000
    assert "content-encoding" not in httpx.get(f"{toy.rest}/echo/literal").headers


def test_compressed_requests_are_handed_over_decompressed(toy):
    """A gzip body is unpacked before the app sees it; one that only says so is a bad request."""
    url, headers = f"{toy.rest}/echo/a", {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    answer = httpx.post(url, content=gzip.compress(b"hello"), headers=headers).json()
    assert answer["body"] == "hello"
    assert "content-encoding" not in answer["headers"]
    assert httpx.post(url, content=b"hello", headers=headers).status_code == 400
    assert httpx.post(url, content=gzip.compress(bytes(11_000_000)), headers=headers).status_code == 413


def test_payloads_have_a_limit(toy):
    """More than API Gateway takes, or Lambda does, is refused before the app sees it."""
    for size in (10 * 1024 * 1024 + 1, 7 * 1024 * 1024):
        answer = httpx.post(f"{toy.rest}/echo/a", content=b"x" * size, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 413


def test_requests_run_beside_each_other(toy):
    """Two requests under way at once each see their own current_request."""
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda name: httpx.get(f"{toy.rest}/who/{name}").json(), ("a", "b")))
    assert answers == [{"asked": "a", "told": "a"}, {"asked": "b", "told": "b"}]


def test_what_takes_too_long_is_ended(toy):
    """An answer that does not come in time, half a second here, is API Gateway's 503; what it would be is lost."""
    answer = httpx.get(f"{toy.rest}/slow")
    assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
    assert int(answer.headers["retry-after"]) > 0
