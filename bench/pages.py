"""`python -m bench pages`: what a page costs in CPU, application and database together, beside a bare view."""

import http.client
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from bench.goods import CATEGORIES, MARKETS, MOTIFS, film_slugs, film_titles, make_goods, make_rare
from bench.processes import Server, cpu_seconds, serving
from bench.report import Row, compared
from catalog.models import Market, Product, ShelfSpan
from merchstore.storefront.cursors import write_cursor
from scripts.steps import Failed, step

#: Every figure is the least of so many goes: whatever else the machine did made the others more. With so few products
#: that nothing is proved, one is enough.
ROUNDS, FEW = 3, 1_000
#: How far down the long list begins.
DEPTH = 12_000
_DUMMY = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
_COLD_TARGETS = {"product": 5, "home": 6, "film": 6, "list of 24": 6, "list of 24, 12,000 down": 6, "search": 8}


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    make_goods(products)
    rare = {count: make_rare(count) for count in (1, 3)}
    with connection.cursor() as cursor:
        # Work done by helpers of a backend would not be found in its own account.
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET max_parallel_workers_per_gather = 0')
    addresses = _addresses(products)
    few, many, rounds = min(120, products), min(1_500, products), ROUNDS if products >= FEW else 1
    bare = [f"/bare/{pk}/" for pk in range(1, products + 1, max(1, products // 300))]
    with step("asking the bare view"), serving(folder, settings="bench.settings_bare", workers=1, threads=1) as site:
        unit = _least(site, bare, requests=many, rounds=rounds)
    cold, warm = {}, {}
    with step("asking cold pages"), serving(folder, settings="bench.settings_cold", workers=1, threads=1) as site:
        for name, of_page in addresses.items():
            cold[name] = _least(site, of_page, requests=few, rounds=rounds)
    with step("asking warm pages"), serving(folder, workers=1, threads=1) as site:
        for name, of_page in addresses.items():
            _ask(site, of_page, len(of_page))  # now every one of them is kept
            warm[name] = _least(site, of_page, requests=many, rounds=rounds)
    with (
        step("asking the bare view again"),
        serving(folder, settings="bench.settings_bare", workers=1, threads=1) as site,
    ):
        unit = min(unit, _least(site, bare, requests=many, rounds=rounds))
    against = "bare view, one query and a template"
    rows = [
        compared(f"{name}, cold", cost, "ms", limit=unit, against=against, most=_COLD_TARGETS[name])
        for name, cost in cold.items()
    ]
    rows += [compared(f"{name}, warm", cost, "ms", limit=unit, against=against, most=1) for name, cost in warm.items()]
    return rows + _query_rows(rare)


def _addresses(products: int) -> dict[str, list[str]]:
    """Many different addresses of every kind of page, so that nothing is fast because it was just asked for."""
    bases = [f"/{code}/{language}/" for code, *_rest in MARKETS for language in ("en", "zh")]
    wanted = range(1, products + 1, max(1, products // 400))
    slugs = dict(Product.objects.filter(pk__in=wanted).values_list("pk", "slug"))
    shown = ShelfSpan.objects.at(timezone.now()).for_products(wanted).values_list("product_id", "market__code")
    words = [f"{motif} {noun}" for motif in MOTIFS for *_names, noun in CATEGORIES[:4]] + film_titles()
    return {
        "product": [f"/{market}/en/goods/p/{slugs[pk]}/" for pk, market in shown.order_by("pk")][:400],
        "home": bases,
        "film": [f"{base}films/{slug}/" for slug, base in zip(film_slugs(), cycle(bases), strict=False)],
        "list of 24": [f"{base}goods/{place}" for base in bases for place in ("", *(f"{code}/" for code, *_rest in CATEGORIES))],
        "list of 24, 12,000 down": _deep_addresses(),
        "search": [f"{base}search/?q={quote(word)}" for word, base in zip(words, cycle(bases), strict=False)],
    }  # fmt: skip


def _deep_addresses() -> list[str]:
    """Lists that go on where a reader is who has paged so far, by age and by price."""
    found = []
    for market in Market.objects.all():
        shelf = ShelfSpan.objects.at(timezone.now()).in_market(market)
        depth = min(DEPTH, shelf.count() // 2)
        for sort in ("newest", "price"):
            for amount, pk in shelf.sorted_by(sort).values_list("amount", "product_id")[depth : depth + 240 : 24]:
                found.append(f"/{market.code}/en/goods/?sort={sort}&after={write_cursor(amount, pk)}")
    return found


def _least(site: Server, addresses: Sequence[str], *, requests: int, rounds: int) -> float:
    """CPU milliseconds per request, of application and database."""
    _ask(site, addresses, min(20, requests))
    costs = []
    for _round in range(rounds):
        began = cpu_seconds(site)
        _ask(site, addresses, requests)
        costs.append((cpu_seconds(site) - began) / requests * 1000)
    return min(costs)


def _ask(site: Server, addresses: Sequence[str], requests: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    for _number, address in zip(range(requests), cycle(addresses), strict=False):
        client.request("GET", address)
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise Failed(f"{address} answered {answer.status}")
    client.close()


def _query_rows(rare: dict[int, dict[str, str]]) -> list[Row]:
    """The same page with one row and with three asks the database the same number of times."""
    client = Client()

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(address)
        if answer.status_code != 200:
            raise Failed(f"{address} answered {answer.status_code}")
        return len(seen)

    with override_settings(CACHES=_DUMMY, NEAR_PAGES=0):
        return [_query_row(page, rare, queries) for page in rare[1]]


def _query_row(page: str, rare: dict[int, dict[str, str]], queries: Callable[[str], int]) -> Row:
    queries(rare[1][page])  # what a process learns once does not count
    one, three = queries(rare[1][page]), queries(rare[3][page])
    return Row(
        f"queries, {page}, 3 rows", three, "queries", three / one, f"the same page, 1 row: {one}", "= 1 ×", one == three
    )
