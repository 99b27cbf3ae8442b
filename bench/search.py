"""`python -m bench search`: what finding costs the database and the application, each beside a look-up in one index."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from django.db import connection
from django.utils import timezone

from bench.goods import CATEGORIES, MARKETS, MOTIFS, film_slugs, film_titles, make_goods
from bench.processes import spent
from bench.report import Row, bounded, compared
from catalog.epoch import Epoch, read_epoch
from catalog.models import Market, Product
from catalog.queries.facets import Filters, count_shelf, market_counts, narrowed, narrowed_page
from catalog.search import corrected, matching_products, search_product_ids, suggestions
from core.prepared import Prepared
from scripts.steps import step

#: So many questions of a kind; every figure is the least of so many goes.
QUESTIONS, ROUNDS, FEW = 200, 3, 1_000
#: Milliseconds within which nineteen of twenty answers are there.
SLOWEST = 40
#: How many look-ups by one index a question may cost the database, and the application.
MOST = (60, 20)
#: Those that do more than find: suggestions look for films and kinds too, filters are counted in the application, and what
#: a search finds is read to the last piece.
MOST_OF = {
    "suggestions": (150, 60),
    "facets, kept": (5, 200),
    "facets, filtered": (5, 200),
    "a filtered page": (250, 60),
    "facets of a search": (150, 60),
}

Ask = Callable[[], object]
_LOOKUP = Prepared(lambda *, slug: Product.objects.filter(slug=slug).values_list("pk"))


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    make_goods(products)
    with connection.cursor() as cursor:
        # Work done by helpers of the backend would not be found in its own account.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    questions, rounds = (QUESTIONS, ROUNDS) if products >= FEW else (QUESTIONS // 10, 1)
    slugs = list(Product.objects.order_by("pk").values_list("slug", flat=True)[: 10 * QUESTIONS : 10])
    with step("looking up in one index"):
        # Enough of them to be seen on a clock that ticks a hundred times a second.
        many = list(islice(cycle([partial(_LOOKUP, slug=slug) for slug in slugs]), 10 * QUESTIONS))
        database, application, _slowest = min(_cost(many, len(many)) for _round in range(rounds))
    rows = []
    for name, asks in _kinds().items():
        with step(f"asking: {name}"):
            costs = [_cost(asks, questions) for _round in range(rounds)]
        by_database, by_application = (min(cost[i] for cost in costs) for i in (0, 1))
        against = "a look-up in one index"
        most = MOST_OF.get(name, MOST)
        rows += [
            compared(f"{name}, database", by_database, "ms", limit=database, against=against, most=most[0]),
            compared(f"{name}, application", by_application, "ms", limit=application, against=against, most=most[1]),
            bounded(f"{name}, 19 of 20 within", min(cost[2] for cost in costs), "ms", most=SLOWEST, against="a fixed bound"),
        ]  # fmt: skip
    return [*rows, _first_counts()]


def _kinds() -> dict[str, list[Ask]]:
    """Questions of every kind, in each market in turn."""
    at, markets = timezone.now(), list(Market.objects.order_by("pk"))
    nouns = [noun for *_names, noun in CATEGORIES]

    def asking(find: Callable[..., object], words: Iterable[str], *more: object) -> list[Ask]:
        return [partial(find, word, market, *more) for word, market in zip(words, cycle(markets), strict=False)]

    found = partial(asking, lambda query, market: search_product_ids(query, market, at, 24))
    skus = [f"G{pk}" for pk in range(1, Product.objects.count(), 97)]
    assert len(markets) == len(MARKETS)
    return {
        "one word": found(MOTIFS),
        "two words": found(f"{motif} {noun}" for motif in MOTIFS for noun in nouns),
        "a film": found(film_titles()),
        "Chinese": found(["马克杯", "徽章", "海报", "影片", "杯子", "人偶"]),
        "pinyin": found(["makebei", "huizhang", "haibao", "yingpian", "beizi"]),
        "the beginning of a word": found([motif[:3] for motif in MOTIFS]),
        "a whole SKU": found(skus),
        "nothing": found(f"nothing{number}" for number in range(50)),
        "a typo, mended": asking(
            lambda query, market: corrected(query, market, at), [motif[0] + motif[2:] for motif in MOTIFS]
        ),
        "suggestions": asking(
            lambda query, market: suggestions(query, market, "en", at=at), [motif[:3] for motif in MOTIFS]
        ),
        **_facets(markets, at),
    }


def _facets(markets: list[Market], at: datetime) -> dict[str, list[Ask]]:
    """Lists with what they can be narrowed to: what a process keeps of an epoch, and what it adds up from that."""
    epochs = [epoch for market in markets if (epoch := read_epoch(market.code, at))]
    slugs, kinds = film_slugs(), [code for code, *_names in CATEGORIES]
    states = [
        Filters(film=(slugs[i], slugs[-i - 1]), category=(kinds[i % len(kinds)],), available=("on_sale",))
        for i in range(20)
    ]

    def in_turn(ask: Callable[[Epoch, Filters], object]) -> list[Ask]:
        return [partial(ask, epoch, state) for state, epoch in zip(states, cycle(epochs), strict=False)]

    def page(epoch: Epoch, state: Filters) -> object:
        return narrowed_page(market_counts(epoch), state, epoch.market, "en", at=at, sort="price")

    return {
        "facets, kept": in_turn(lambda epoch, _state: market_counts(epoch)),
        "facets, filtered": in_turn(lambda epoch, state: narrowed(market_counts(epoch), state, epoch.market)),
        "a filtered page": in_turn(page),
        "facets of a search": [
            partial(_search_facets, epoch, motif) for motif, epoch in zip(MOTIFS, cycle(epochs), strict=False)
        ],
    }


def _search_facets(epoch: Epoch, query: str) -> object:
    return narrowed(market_counts(epoch).of(matching_products(query)), Filters(), epoch.market)


def _first_counts() -> Row:
    """What the first visitor of an epoch waits for; everybody else finds it kept."""
    [epoch] = [epoch for epoch in [read_epoch(Market.objects.order_by("pk")[0].code, timezone.now())] if epoch]
    took = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        count_shelf(epoch)
        took.append(time.perf_counter() - started)
    return bounded("facets, once an epoch", min(took) * 1e3, "ms", most=1_000, against="a fixed bound")


def _cost(asks: list[Ask], questions: int) -> tuple[float, float, float]:
    """Milliseconds of CPU of the database and of this process for each question, and what 19 of 20 took at most."""
    for ask in islice(cycle(asks), min(20, questions)):
        ask()
    backend = connection.connection.info.backend_pid
    took = []
    began, worked = spent(backend), time.process_time()
    for ask in islice(cycle(asks), questions):
        started = time.perf_counter()
        ask()
        took.append(time.perf_counter() - started)
    worked, spent_there = time.process_time() - worked, spent(backend) - began
    return spent_there / questions * 1e3, worked / questions * 1e3, sorted(took)[len(took) * 19 // 20] * 1e3
