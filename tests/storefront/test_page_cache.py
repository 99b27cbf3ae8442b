"""The page cache: shared by everybody, and never a moment older than the shelf."""

import logging
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from catalog.epoch import read_epoch
from catalog.models import Market, ShelfBoundary
from catalog.shelf_store import turn_epoch
from core.clock import ALWAYS
from merchstore.middleware import MAX_AGE, PageCacheMiddleware
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
T = NOW + timedelta(hours=1)


class Site:
    """Stands where the rest of the site is: counts what it is asked for, answers with the number of the asking."""

    def __init__(self) -> None:
        self.asked = 0
        self.while_rendering = lambda: None

    def __call__(self, request):
        self.asked += 1
        epoch = getattr(request, "shelf_epoch", None)
        response = HttpResponse(f"page {self.asked} at {epoch.at if epoch else None}")
        if epoch is not None:
            response.shelf_epoch = epoch
            response["Shelf-Revision"] = epoch.revision
        self.while_rendering()
        return response


@pytest.fixture
def market():
    market = factories.make_market("us")
    ShelfBoundary.objects.create(market=market, at=T)
    return market


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def ask(site, clock, market):
    cache = PageCacheMiddleware(site)
    return lambda address="/us/en/", method="GET", **headers: cache(
        RequestFactory().generic(method, address, headers=headers)
    )


def test_a_page_is_made_once_and_shared(ask, site, django_assert_num_queries):
    first = ask()

    with django_assert_num_queries(1):
        second = ask()

    assert (second.content, second["ETag"], second["Shelf-Revision"]) == (
        first.content,
        first["ETag"],
        first["Shelf-Revision"],
    )
    assert site.asked == 1


def test_a_page_turns_at_the_boundary_and_not_before(ask, site, clock):
    seen = {}
    for at in (NOW, T - TICK, T, T + TICK, T + timedelta(days=9)):
        clock.at = at
        seen[at] = ask()["Shelf-Revision"], site.asked

    before, after = f"us.1.{int(ALWAYS.timestamp())}", f"us.1.{int(T.timestamp() * 1_000_000)}"
    assert list(seen.values()) == [(before, 1), (before, 1), (after, 2), (after, 2), (after, 2)]


@pytest.mark.parametrize(("before", "most"), [
    (timedelta(hours=1), MAX_AGE), (timedelta(seconds=MAX_AGE), MAX_AGE), (timedelta(seconds=9.9), 9),
    (timedelta(seconds=1), 1), (timedelta(seconds=0.5), 0), (TICK, 0),
])  # fmt: skip
def test_no_copy_is_kept_past_the_boundary(ask, clock, before, most):
    clock.at = T - before

    fresh, kept = ask(), ask()

    assert {fresh["Cache-Control"], kept["Cache-Control"]} == {f"public, max-age={most}"}


def test_a_compilation_begins_a_new_page_at_once(ask, site, market):
    ask()
    turn_epoch([market])

    assert ask().content.startswith(b"page 2")


def test_another_markets_compilation_leaves_the_page_alone(ask, site):
    ask()
    turn_epoch([factories.make_market("cn")])

    assert ask().content.startswith(b"page 1")


def test_what_commits_while_a_page_is_rendered_makes_it_be_rendered_again(ask, site, market):
    def commit():
        if site.asked == 1:
            turn_epoch([Market.objects.get(pk=market.pk)])

    site.while_rendering = commit

    answer = ask()

    now = read_epoch("us", NOW).revision
    assert (answer.content[:6], answer["Shelf-Revision"], site.asked) == (b"page 2", now, 2)
    assert (ask()["Shelf-Revision"], site.asked) == (now, 2)


def test_a_market_that_never_rests_still_answers(ask, site, market, caplog):
    site.while_rendering = lambda: turn_epoch([market])

    with caplog.at_level(logging.WARNING, "merchstore.middleware"):
        answer = ask()

    assert (answer.status_code, site.asked) == (200, 3)
    assert [record.message for record in caplog.records] == ["page.unsettled"]
    # The next reader is not shown what was made of several moments.
    site.while_rendering = lambda: None
    assert ask().content.startswith(b"page 4")


def test_who_has_the_page_is_told_so_without_a_body(ask):
    etag = ask()["ETag"]

    known, unknown = ask(**{"If-None-Match": etag}), ask(**{"If-None-Match": '"other"'})

    assert (known.status_code, known.content, known["ETag"]) == (304, b"", etag)
    assert known["Shelf-Revision"] == unknown["Shelf-Revision"]
    assert known["Cache-Control"] == unknown["Cache-Control"]
    assert (unknown.status_code, unknown.content != b"") == (200, True)


def test_parameters_that_change_nothing_share_the_page(ask, site):
    for address in ("/us/en/goods/", "/us/en/goods/?utm_source=x", "/us/en/goods/?at=2030-01-01T00:00Z&x=1"):
        ask(address)

    assert site.asked == 1


def test_parameters_that_change_the_page_have_one_of_their_own(ask, site):
    addresses = ["/us/en/goods/", "/us/en/goods/?sort=price", "/us/en/goods/?after=1-2", "/us/en/search/?q=a", "/us/en/search/?q=b",
                 "/us/zh/goods/", "/us/en/goods/?country=US", "/us/en/goods/?v=var_1", "/us/en/"]  # fmt: skip
    for address in addresses * 2:
        ask(address)

    assert site.asked == len(addresses)


def test_each_host_has_pages_of_its_own(ask, site):
    for host in ("localhost", "127.0.0.1", "localhost"):
        ask(host=host)

    assert site.asked == 2


def test_endless_words_take_no_place_in_the_cache(ask, site):
    for _ in range(2):
        ask(f"/us/en/search/?q={'a' * 121}")

    assert site.asked == 2


@pytest.mark.parametrize("spoil", [
    lambda response: response.set_cookie("who", "me"),
    lambda response: setattr(response, "status_code", 404),
    lambda response: delattr(response, "shelf_epoch"),
])  # fmt: skip
def test_what_is_personal_or_no_page_is_never_kept(site, clock, market, spoil):
    def spoilt(request):
        response = site(request)
        spoil(response)
        return response

    cache = PageCacheMiddleware(spoilt)
    answers = [cache(RequestFactory().get("/us/en/")) for _ in range(2)]

    assert site.asked == 2
    assert [answer.has_header("ETag") for answer in answers] == [False, False]


def test_only_reading_is_served_from_the_cache(ask, site):
    ask()

    assert [ask(method=method).content[:6] for method in ("POST", "HEAD", "GET")] == [b"page 2", b"page 1", b"page 1"]


def test_a_new_release_begins_with_an_empty_cache(ask, site, settings):
    ask()
    settings.RELEASE += "-next"
    ask()

    assert site.asked == 2


def test_other_addresses_are_none_of_its_business(ask, site, django_assert_num_queries):
    with django_assert_num_queries(0):
        for address in ("/", "/api/v1/films", "/desk/", "/us/", "/usa-and-beyond/en/"):
            assert "Cache-Control" not in ask(address)


def test_through_the_whole_site_a_kept_page_says_all_that_a_fresh_one_says(clock, settings):
    factories.make_product(slug="pin")
    client = Client()

    fresh, kept = client.get("/us/en/goods/p/pin/"), client.get("/us/en/goods/p/pin/")
    head = client.head("/us/en/goods/p/pin/")

    said = {name: value for name, value in fresh.items() if name != "Request-Id"}
    assert {name: value for name, value in kept.items() if name != "Request-Id"} == said
    assert {
        "Content-Security-Policy",
        "X-Frame-Options",
        "X-Content-Type-Options",
        "ETag",
        "Shelf-Revision",
    } <= said.keys()
    assert fresh["Request-Id"] != kept["Request-Id"]
    assert not kept.cookies
    assert (head.content, head["ETag"], head.status_code) == (b"", fresh["ETag"], 200)


def test_a_stranger_cannot_look_ahead_and_staff_can(clock):
    factories.make_product(slug="pin", on_sale_at=T)
    factories.make_product(slug="mug", prices={"us": 900})
    staff, shopper = Client(), Client()
    staff.force_login(factories.make_user("desk"))
    shopper.force_login(factories.make_user("fan", is_staff=False, is_superuser=False))
    address = f"/us/en/goods/?at={T.isoformat().replace('+', '%2B')}"

    now = {who: client.get(address) for who, client in (("nobody", Client()), ("shopper", shopper))}
    ahead = staff.get(address)

    assert ['class="flag">On sale ' in answer.content.decode() for answer in now.values()] == [True, True]
    assert 'class="flag">On sale ' not in ahead.content.decode()
    assert ahead["Cache-Control"] == "private, no-store"
    # Nor does what staff saw stay behind for others.
    assert 'class="flag">On sale ' in Client().get("/us/en/goods/").content.decode()
    for odd in ("", "x", "2030-13-01", "2030-01-01T00:00", "0001-01-01T00:00Z", "%00"):
        assert staff.get(f"/us/en/goods/?at={odd}").status_code == 200
