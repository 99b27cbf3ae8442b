"""Nonsense to every address: never a 5xx, always words. The addresses are read from the URLconf, so a new one is covered."""

import json
import re
from urllib.parse import quote

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client

from accounts.models import User
from tests.system.crawler import text_of
from tests.system.everything import one_of_everything, routes, template
from tests.undoing import undone

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

#: As they stand in an address: already quoted, so that broken bytes are possible.
NASTY = {
    "nul": "%00", "nul_inside": "a%00b", "broken_utf8": "%FF%FE", "surrogate": "%ED%A0%80", "overlong": "%C0%AF",
    "long": "a" * 10_000, "huge": "9" * 400, "beyond_bigint": "9223372036854775808", "negative": "-1", "zero": "0",
    "float": "1e309", "nan": "NaN", "unicode_digits": quote("１２３"), "arabic_digits": quote("٣"), "empty": "", "space": "%20",
    "sql": quote("' OR 1=1; DROP TABLE catalog_product;--", safe=""), "html": quote("<script>alert(1)</script>", safe=""),
    "template": quote("{{ 7*7 }}{% now %}"), "path": quote("../../etc/passwd", safe=""), "format": "%25s%25d", "newline": "a%0d%0aX-Evil:1",
    "json": quote('{"a":[1]}'), "emoji": quote("🎬"), "right_to_left": quote("\u202eabc"), "star": "*", "ampersand": "%26", "percent": "%25",
    "bad_date": "2026-13-45", "half_date": "2026-11", "naive_date": "2026-11-22T12:00:00", "year_0": "0000-01-01T00:00:00Z",
    "year_10000": "10000-01-01T00:00:00Z", "date_at_the_end": "9999-12-31T23:59:59-23:59", "base64": "eyJhIjogMX0=", "base64_nul": "AAAA", "base64_deep": "W1tbW1tbW10=",
}  # fmt: skip
#: Of these, what is asked of a page that is drawn anew for each, and of one thing in the API: its lists are asked all.
HARSHEST = ("nul_inside", "broken_utf8", "surrogate", "long", "huge", "negative", "unicode_digits", "empty", "html", "bad_date",
            "year_10000", "base64_deep")  # fmt: skip
#: What is asked under a name that nobody reads: that its bytes are read at all is the same for every door.
UNREAD = ("nul_inside", "broken_utf8")
#: What the doors read, and one name that none of them does. The API refuses every name that it does not know.
FIELDS = {
    "/api": [
        "campaign",
        "category",
        "channel",
        "cursor",
        "film",
        "limit",
        "market",
        "merchant",
        "updated_since",
        "other",
    ],
    "/{market}": ["after", "at", "country", "options", "q", "sort", "v", "other"],
    "": ["q", "other"],
}
THINGS = {"/goods/p/": "product", "/products/": "product", "/campaigns/": "campaign"}
METHODS = ["post", "put", "patch", "delete", "options", "trace"]
HEADERS = [
    {"Accept": "application/x-nonsense"}, {"Accept": "*/*;q=nan"}, {"Accept": "," * 500}, {"Accept": "\xff\xfe"},
    {"If-None-Match": '"unclosed'}, {"If-None-Match": "*"}, {"If-None-Match": "W/" * 3000}, {"If-Modified-Since": "yesterday"},
    {"If-Modified-Since": "Sun, 99 Nov 9999 99:99:99 GMT"}, {"Accept-Language": "xx-" + "y" * 5000}, {"Accept-Language": "\xff;q=,,;"},
    {"Accept-Encoding": "gzip;q=zero"}, {"Cookie": "sessionid=\x01; =; csrftoken=" + "x" * 5000}, {"HX-Request": "\xff"},
    {"Range": "bytes=9-1"}, {"Authorization": "Bearer \x00"}, {"Content-Type": "text/nonsense; charset=utf-99"}, {"Content-Length": "-1"},
    {"X-Forwarded-For": "%00, <b>"}, {"Idempotency-Key": "x" * 9000}, {"Accept-Charset": "klingon"},
]  # fmt: skip
HOSTS = ["evil.example", "localhost:99999", "testserver\x00", "a" * 300, "[::1", "test server", ""]


TEMPLATES = sorted({template(route) for route in routes()})


@pytest.fixture
def good(db) -> dict[str, str]:
    """A value for each name in an address under which something is found."""
    return one_of_everything()


def visitor(address: str = "/panel/") -> Client:
    """Nobody, but in the panel the merchant's owner: a stranger gets no further than the door."""
    client = Client(raise_request_exception=False)
    if address.startswith("/panel/"):
        client.force_login(User.objects.get(username="owner"))
    return client


def names_in(address: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", address)


def fill(address: str, good: dict[str, str], **bad: str) -> str:
    """The address of something that is there, with `bad` parts."""
    thing = next((good[kind] for part, kind in THINGS.items() if part in address), good["film"])
    token = good["order" if "/orders/" in address else "token"]
    return address.format(**good | {"slug": thing, "name": thing, "token": token} | bad)


def check(response, what: str) -> None:
    """Below 500, and a refusal that says in words what is wrong."""
    body = text_of(response).partition("\n\n")[2]
    close(response)
    assert response.status_code < 500, f"{response.status_code} for {what[:300]}"
    if response.status_code >= 400 and response.status_code != 405:
        assert re.search(r"[A-Za-z]{3,} [a-z]|[一-龥]{3}", body), (
            f"{response.status_code} without words for {what[:300]}"
        )
        assert "Traceback" not in body
        if response["Content-Type"].startswith("application/problem+json"):
            assert {"type", "title", "status"} <= set(json.loads(body))
    assert "X-Evil" not in response


def close(response) -> None:
    """The client closes answers itself, but not those that stream; the connection with the test's transaction stays."""
    if response.streaming:
        request_finished.disconnect(close_old_connections)
        response.close()
        request_finished.connect(close_old_connections)


def raw(client: Client, method: str, address: str, **extra):
    """The address as it is, byte for byte: the client would quote it."""
    path, _, query = address.partition("?")
    return client.generic(method.upper(), "/", PATH_INFO=unquoted(path), QUERY_STRING=query, **extra)


def unquoted(path: str) -> str:
    """As a server hands it to WSGI: bytes read as Latin-1."""
    found = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), path.encode())
    return found.decode("latin-1")


def test_the_walk_finds_the_routes():
    assert len(TEMPLATES) >= 25
    assert {"/{market}/{prefix}/goods/p/{slug}/", "/api/v1/products/{name}", "/health/"} <= set(TEMPLATES)


def test_nonsense_in_the_address(subtests, good):
    for address in TEMPLATES:
        with subtests.test(address), undone():
            client = visitor(address)
            for name in names_in(address):
                for kind, value in NASTY.items():
                    filled = fill(address, good, **{name: value})
                    check(raw(client, "get", filled), f"{filled} ({kind})")


def test_nonsense_in_the_query(subtests, good):
    for address in TEMPLATES:
        with subtests.test(address), undone():
            ask_nonsense(visitor(address), address, fill(address, good))


def ask_nonsense(client: Client, address: str, filled: str) -> None:
    kinds = NASTY if address.startswith("/api") and "{" not in address else HARSHEST
    for field in next(fields for start, fields in FIELDS.items() if address.startswith(start)):
        for kind in UNREAD if field == "other" else kinds:
            value = NASTY[kind]
            asked = f"{filled}?{field}={value}" + (
                "&market=us" if filled.startswith("/api") and field != "market" else ""
            )
            check(raw(client, "get", asked), f"{asked} ({kind})")
    for query in (
        "q[]=1&q[a]=2",
        "q=1&q=2",
        "&&&=&=",
        "limit=1&limit=2",
        "%00=1",
        "%FF=%FF",
        "&".join(f"a{n}=1" for n in range(3_000)),
        "?" * 999,
    ):
        check(raw(client, "get", f"{filled}?{query}"), f"{filled}?{query}")


def test_wrong_methods_bodies_and_headers(subtests, good):
    for address in TEMPLATES:
        with subtests.test(address), undone():
            send_nonsense(visitor(address), fill(address, good))


def send_nonsense(client: Client, filled: str) -> None:
    for method in METHODS:
        check(raw(client, method, filled), f"{method} {filled}")
    for body, kind in ((b"{", "application/json"), (b"\xff\x00", "application/json"), (b"[" * 5_000, "application/json"),
                       (b"a=%FF&b=%00", "application/x-www-form-urlencoded"), (b"--x", "multipart/form-data; boundary=x"),
                       (b"--x", "multipart/form-data"), (b"x", "nonsense")):  # fmt: skip
        response = client.generic("POST", filled, body, content_type=kind)
        check(response, f"POST {kind} {filled}")
    for headers in HEADERS:
        check(client.get(filled, headers=headers), f"{filled} {headers}")
    for host in HOSTS:
        check(client.get(filled, headers={"Host": host}), f"{filled} at {host!r}")


def test_good_addresses_are_good(good):
    """The control: what the tests above fill in does reach the pages."""
    found, client = {}, visitor()
    for address in TEMPLATES:
        response = client.get(fill(address, good) + ("?market=us" if address.startswith("/api/v1/") else ""))
        found[address] = response.status_code
        close(response)

    assert found["/{market}/{prefix}/films/{slug}/"] == found["/{market}/{prefix}/goods/p/{slug}/"] == 200
    assert (
        found["/{market}/{prefix}/campaigns/{slug}/"]
        == found["/api/v1/campaigns/{name}"]
        == found["/api/v1/films/{name}"]
        == 200
    )
    assert found["/{market}/{prefix}/goods/{code}/"] == found["/api/v1/products/{name}"] == 200
    assert found["/api/v1/listings"] == found["/{market}/{prefix}/"] == 200
    run = "/panel/{prefix}/{merchant}/imports/{run}/"
    assert found[run] == found[f"{run}progress/"] == found[f"{run}report.json"] == 200
    statement = "/panel/{prefix}/{merchant}/statements/{statement}"
    assert [found[statement + end] for end in ("/", "/lines/{group}/", ".csv", ".pdf")] == [200] * 4
    order = "/{market}/{prefix}/orders/{token}/"
    ends = ("", "cancel/", "return/{parcel}/", "papers/{document}.pdf")
    assert [found[order + end] for end in ends] == [200] * 4
    assert found["/{market}/{prefix}/legal/{text}/"] == found["/{market}/{prefix}/basket/"] == 200
    tell_me = "/{market}/{prefix}/goods/p/{slug}/tell-me/"
    assert found[tell_me] == found[f"{tell_me}done/"] == found["/{market}/{prefix}/tell-me/stop/{token}/"] == 200
