"""`python -m bench gate [--products N]`: the rights gate, one article at a time and all of them at once.

One decision is measured on facts that are loaded, over every market's first country and all three actions. The set-based
twin gives the articles that are allowed in each of the four markets, in one question; it is measured beside reading the
keys of the articles once from one index. One licence in ten wants approvals, and its articles have certificates.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.goods import MADE_AT, MARKETS, make_rows, settle
from bench.report import Row, bounded, compared
from catalog.facts import FactsReader
from catalog.models import Market, Product
from catalog.queries.allowed import products_allowed_in
from core.bulk import insert_rows
from core.ids import new_public_id
from licensing.gate import Action, Article, decide
from licensing.models import Certificate, DistributionChannel, Licence, LicensedArticle
from scripts.steps import step

#: What is promised: microseconds for a decision, and index scans for the set.
DECISION, SCANS = 20, 10
#: One decision is timed over so many articles; everything is the best of so many rounds.
ARTICLES, ROUNDS = 2_000, 5
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_CHANNEL = DistributionChannel.OWN_SHOP.value


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    make_rows(products)
    with step("approving a tenth of them"):
        approve_some()
    settle()
    with step("deciding"):
        return figures(ROUNDS)


def figures(rounds: int) -> list[Row]:
    """On the products that are there."""
    countries = [market[4][0] for market in MARKETS]
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True)[:ARTICLES])
    articles = [facts.article for facts in FactsReader(list(Market.objects.all())).read(ids, lock=False)]
    asked = len(articles) * len(countries) * len(Action)
    total = Product.objects.count()
    scan = _best(rounds, _scan)
    rows = [
        bounded(
            "one decision, facts loaded", _best(rounds, lambda: _decide_all(articles, countries)) / asked * 1e6, "µs",
            most=DECISION, against=f"a fixed bound; the mean of {asked:,}",
        )
    ]  # fmt: skip
    for action in Action:
        allowed = sum(map(len, _sets(action, countries).values()))
        rows.append(
            compared(
                f"{action}, {total:,} articles × {len(countries)} markets ({allowed:,} allowed)",
                _best(rounds, lambda action=action: _sets(action, countries)) * 1_000, "ms",
                limit=scan * 1_000, against=f"the keys of {total:,} articles from one index, once", most=SCANS,
            )
        )  # fmt: skip
    return rows


def approve_some() -> None:
    """Every tenth licence wants approvals; every article under it has a certificate."""
    Licence.objects.filter(pk__in=[pk for pk in Licence.objects.values_list("pk", flat=True) if pk % 10 == 0]).update(
        needs_approval=True
    )
    asked = Product.objects.filter(licence__needs_approval=True).order_by("pk")
    rows = list(asked.values_list("merchant_id", "sku", "licence_id"))
    insert_rows(
        LicensedArticle, ("public_id", "merchant_id", "sku", "recalled_at", "recall_reason", "created_at", "updated_at"),
        ((new_public_id("art"), merchant, sku, None, "", MADE_AT, MADE_AT) for merchant, sku, _licence in rows),
    )  # fmt: skip
    made = {
        (merchant, sku): pk for pk, merchant, sku in LicensedArticle.objects.values_list("pk", "merchant_id", "sku")
    }
    insert_rows(
        Certificate,
        ("public_id", "article_id", "licence_id", "version", "issued_at", "particulars", "revoked_at", "revoke_reason"),
        (
            (new_public_id("crt"), made[merchant, sku], licence, 1, MADE_AT, "{}", None, "")
            for merchant, sku, licence in rows
        ),
    )


def _decide_all(articles: Iterable[Article], countries: Sequence[str]) -> None:
    for article in articles:
        for country in countries:
            for action in Action:
                decide(article, action, country=country, channel=_CHANNEL, at=AT)


def _sets(action: Action, countries: Sequence[str]) -> dict[str, list[int]]:
    return products_allowed_in(Product.objects.all(), action, countries=countries, channel=_CHANNEL, at=AT)


def _scan() -> None:
    list(Product.objects.order_by("pk").values_list("pk", flat=True))


def _best(rounds: int, work: Callable[[], object]) -> float:
    """Seconds, of the fastest round."""
    times = []
    for _round in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
