"""The law of the shelf: at every instant, the span says exactly what the facts say.

Random licences, sell-offs, approvals, disputes, recalls, embargoes, papers, dates, prices, holds, offers and overlapping
campaigns are written to the database and compiled; then the spans at random instants and at every boundary ± 1 µs are
compared with the pointwise decision.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import shelf
from catalog.facts import FactsReader
from catalog.models import Market, Offer, Price, Product, Promotion, ShelfBoundary, ShelfSpan, Variant
from catalog.shelf import LOW_PRICE_WINDOW, ShelfState, shelf_state
from catalog.shelf_store import recompile_products
from core.clock import ALWAYS, FOREVER, start_of_day
from films.models import Embargo, Tier
from licensing import gate
from licensing.assets import digest_of_text
from licensing.models import (
    ApprovedAsset,
    Certificate,
    Grant,
    InventoryLine,
    InventoryStatement,
    Licence,
    LicenceDocument,
    LicensedArticle,
    Takedown,
)
from tests import factories

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
START = datetime(2026, 11, 1, tzinfo=UTC)

# Few distinct instants, so that they meet: two campaigns that touch, a price that changes as an embargo lifts.
instants = st.integers(0, 12).map(lambda n: START + n * 5 * DAY + timedelta(hours=7))
days = st.integers(0, 60).map(lambda n: date(2026, 11, 1) + timedelta(days=n))


def mostly(usual, *others):
    """`usual` nine times out of ten: a product that is never seen proves little."""
    return st.sampled_from([usual] * 9 * len(others) + list(others))


licences = st.fixed_dictionaries(
    {
        "state": mostly(Licence.State.EXECUTED, Licence.State.DRAFT, Licence.State.SUSPENDED, Licence.State.TERMINATED),
        "starts_on": days.map(lambda d: d - timedelta(days=45)),
        "length": st.integers(0, 120),
        "is_scheduled": mostly(False, True),
        "grants": st.lists(
            st.fixed_dictionaries(
                {
                    "countries": mostly(["*"], ["DE"], ["DE", "FR", "US"], ["US"], []),
                    "excluded_countries": mostly([], ["DE"], ["DE", "FR", "IT"], ["US"]),
                    "channels": mostly(["*"], ["own_shop"], ["wholesale"]),
                    "is_other_category": mostly(False, True),
                }
            ),
            min_size=1,
            max_size=2,
        ),
    }
)
#: What only some articles have. Each instant is when it begins, and when it ends or None.
periods = st.tuples(instants, st.none() | st.integers(1, 8).map(lambda n: n * 5 * DAY))
particulars = st.fixed_dictionaries(
    {},
    optional={
        "sell_off_days": mostly(30, 0, 5),
        "declared": mostly(3, 0),
        "certificates": st.lists(periods, max_size=2),
        "recalled_at": instants,
        "takedowns": st.lists(st.tuples(st.sampled_from(["film", "licence", "article"]), periods), max_size=2),
        "page": periods,
        "insured_until": days,
    },
)
products = st.fixed_dictionaries(
    {
        "state": mostly(Product.State.ACTIVE, Product.State.DRAFT),
        "listing": st.sampled_from(list(Product.Listing)),
        "reveals": st.sampled_from(list(Tier)),
        "on_sale_at": st.none() | instants,
        "street_on": st.none() | days,
    }
)
#: (market, which variant, from, minor units); the first of a market and variant holds from the beginning.
prices = st.lists(
    st.tuples(
        st.sampled_from(["us", "eu"]), st.integers(0, 1), instants, mostly(900, None, 1, 5000) | st.integers(1, 5000)
    ),
    min_size=2,
    max_size=7,
    unique_by=lambda price: price[:3],
)
offers = st.one_of(
    st.tuples(st.just(Offer.Kind.PERCENT), st.integers(0, 10_000)),
    st.tuples(st.sampled_from([Offer.Kind.AMOUNT, Offer.Kind.FIXED]), st.integers(0, 5000)),
    st.just((Offer.Kind.NONE, 0)),
)
promotions = st.lists(
    st.fixed_dictionaries(
        {
            "priority": st.integers(0, 1),
            "starts_at": instants,
            "length": st.integers(1, 12),
            "is_published": mostly(True, False),
            "since": instants,
            "is_held": mostly(False, True),
            "offers": st.fixed_dictionaries({}, optional={"us": offers, "eu": offers}),
        }
    ),
    max_size=3,
)
embargoes = st.lists(
    st.tuples(st.sampled_from(list(Tier)), st.sampled_from(["", "DE", "US"]), instants),
    max_size=2,
    unique_by=lambda e: e[:2],
)


def write_particulars(
    thing: Product,
    *,
    sell_off_days=0,
    declared=None,
    certificates=None,
    recalled_at=None,
    takedowns=(),
    page=None,
    insured_until=None,
) -> None:
    """Everything that licensing may know of one article besides its licence."""
    terms = thing.licence
    article = LicensedArticle.objects.create(merchant=thing.merchant, sku=thing.sku, recalled_at=recalled_at)
    terms.sell_off_days, terms.needs_approval = sell_off_days, certificates is not None
    terms.needs_page_approval = page is not None
    terms.save()
    if declared is not None:
        statement = InventoryStatement.objects.create(licence=terms, stated_on=START.date(), created_at=START)
        InventoryLine.objects.create(statement=statement, sku=thing.sku, declared=declared)
    for version, (at, length) in enumerate(certificates or (), start=1):
        Certificate.objects.create(
            article=article, licence=terms, version=version, issued_at=at, revoked_at=length and at + length
        )
    for touched, (at, length) in takedowns:
        subject = {"film": thing.film, "licence": terms, "article": article}[touched]
        Takedown.objects.create(
            claimant="House", reason="Art", starts_at=at, released_at=length and at + length, **{touched: subject}
        )
    if page is not None:
        at, length = page
        for sha256 in map(digest_of_text, (thing.title_en, thing.title_zh)):
            ApprovedAsset.objects.create(
                article=article, licence=terms, sha256=sha256, approved_at=at, revoked_at=length and at + length
            )
    if insured_until is not None:
        LicenceDocument.objects.create(
            licence=terms, kind="insurance", title="Insurance", is_required=True, expires_on=insured_until
        )


def write_facts(licence, product, prices, promotions, embargoes, papers_until, particulars) -> Product:
    film = factories.make_film()
    merchant = factories.make_merchant(documents_expire_on=papers_until)
    category, other = factories.make_category("mugs"), factories.make_category("pins")
    terms = factories.make_licence(
        film,
        merchant,
        state=licence["state"],
        is_scheduled=licence["is_scheduled"],
        starts_on=licence["starts_on"],
        ends_on=licence["starts_on"] + timedelta(days=licence["length"]),
    )
    terms.grants.all().delete()
    for grant in licence["grants"]:
        values = dict(grant)
        Grant.objects.create(licence=terms, category=other if values.pop("is_other_category") else category, **values)
    for tier, country, lifts_at in embargoes:
        Embargo.objects.create(film=film, tier=tier, country=country, lifts_at=lifts_at)
    thing = factories.make_product(licence=terms, category=category, prices={}, on_shelf=False, **product)
    if particulars:
        write_particulars(thing, **particulars)
    variants = [thing.variants.get(), Variant.objects.create(product=thing, sku="second")]
    first = set()
    for code, index, starts_at, amount in prices:
        market = Market.objects.get(code=code)
        if (code, index) not in first:
            first.add((code, index))
            starts_at = ALWAYS
        Price.objects.create(variant=variants[index], market=market, starts_at=starts_at, amount=amount)
    for values in promotions:
        promotion = Promotion.objects.create(
            priority=values["priority"],
            starts_at=values["starts_at"],
            ends_at=values["starts_at"] + values["length"] * 3 * DAY,
            is_published=values["is_published"],
            since=values["since"],
        )
        if values["is_held"]:
            promotion.held_markets.add(Market.objects.get(code="us"))
        for code, (kind, value) in values["offers"].items():
            Offer.objects.create(
                promotion=promotion, product=thing, market=Market.objects.get(code=code), kind=kind, value=value
            )
    return thing


def seen_on_the_shelf(spans: list[ShelfSpan], at: datetime) -> ShelfState | None:
    """What the spans say at `at`; more than one at a time would be a breach of its own."""
    running = [span for span in spans if span.starts_at <= at < span.ends_at]
    assert len(running) < 2
    return state_of(running[0]) if running else None


def state_of(span: ShelfSpan | None) -> ShelfState | None:
    return ShelfState(span.kind, span.amount, span.top_amount, span.was_amount, span.promotion_id) if span else None


def oracle(product: Product, market: Market) -> Callable[[datetime], ShelfState | None]:
    """The pointwise decision of the product in the market, from facts read once."""
    [facts] = FactsReader([market]).read([product.pk], lock=False)
    if not facts.is_active:
        return lambda _at: None
    prices, offers = facts.prices.get(market.pk, []), facts.offers.get(market.pk, [])
    return lambda at: shelf_state(
        facts.article, market.countries, prices, offers, needs_campaign=facts.needs_campaign, at=at
    )


def lowest_by_the_facts(
    said: Callable[[datetime], ShelfState | None], at: datetime, moments: list[datetime]
) -> int | None:
    """The lowest price seen in the window before the reduction that runs at `at`, by walking back through `moments`."""
    earlier = [m for m in moments if m <= at]
    began = at
    for moment in reversed(earlier):
        state = said(moment)
        if state is None or state.was_amount is None:
            break
        began = moment
    opens = began - LOW_PRICE_WINDOW
    looked_at = [m for m in moments if opens < m < began] + [opens]
    seen = [s.amount for m in looked_at if (s := said(m)) is not None]
    return min(seen, default=None)


def check_the_law(licence, product, prices, promotions, embargoes, papers_until, particulars, others) -> None:
    ShelfBoundary.objects.all().delete()
    markets = [factories.make_market("us"), factories.make_market("eu")]
    thing = write_facts(licence, product, prices, promotions, embargoes, papers_until, particulars)

    recompile_products([thing.pk])

    facts = {e.lifts_at for e in thing.film.embargoes.all()} | {
        at for p in Promotion.objects.all() for at in (p.starts_at, p.ends_at)
    }
    facts |= {start_of_day(day, "UTC") + DAY / 2 for day in (thing.licence.starts_on, thing.licence.ends_on)}
    facts |= set(Takedown.objects.values_list("starts_at", flat=True))
    facts |= set(Certificate.objects.values_list("issued_at", flat=True))
    for market in markets:
        said = oracle(thing, market)
        spans = list(ShelfSpan.objects.filter(product=thing, market=market).order_by("starts_at"))
        turns = {at for span in spans for at in (span.starts_at, span.ends_at) if ALWAYS < at < FOREVER}
        assert turns <= set(market.boundaries.values_list("at", flat=True))
        moments = sorted({at + step for at in turns | facts | {*others, ALWAYS} for step in (-TICK, timedelta(), TICK)})
        for at in moments:
            assert seen_on_the_shelf(spans, at) == said(at), at
        for at in others:
            [row] = [*ShelfSpan.objects.at(at).in_market(market).filter(product=thing)] or [None]
            assert state_of(row) == said(at), at
        for span in spans:
            if span.was_amount is not None:
                assert span.low_amount == lowest_by_the_facts(said, span.starts_at, moments), span


strategies = (
    licences, products, prices, promotions, embargoes, st.none() | days, particulars, st.lists(instants, max_size=3)
)  # fmt: skip
many = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.django_db
def test_every_span_says_what_the_facts_say():
    many(given(*strategies)(check_the_law))()


#: Two campaigns on goods whose maker's papers run out while the second is on: each lie below shows on them.
TELLING = {
    "licence": {
        "state": Licence.State.EXECUTED,
        "starts_on": date(2026, 9, 1),
        "length": 200,
        "is_scheduled": False,
        "grants": [
            {"countries": ["*"], "excluded_countries": [], "channels": ["*"], "is_other_category": False},
        ],
    },
    "product": {
        "state": Product.State.ACTIVE,
        "listing": Product.Listing.OPEN,
        "reveals": Tier.TITLE,
        "on_sale_at": None,
        "street_on": None,
    },
    "prices": [("us", 0, START, 900)],
    "promotions": [
        {
            "priority": 0,
            "starts_at": START + 20 * DAY,
            "length": 10,
            "is_published": True,
            "since": START + number * DAY,
            "is_held": False,
            "offers": {"us": (Offer.Kind.PERCENT, points)},
        }
        for number, points in enumerate((1000, 5000))
    ],
    "embargoes": [],
    "papers_until": date(2026, 12, 10),
    "particulars": {
        "certificates": [(START - 60 * DAY, None), (START + 5 * DAY, 50 * DAY)],
        "takedowns": [("article", (START + 12 * DAY, 2 * DAY))],
    },
    "others": [START + 60 * DAY],
}


@pytest.mark.django_db
def test_the_telling_goods_keep_the_law():
    check_the_law(**TELLING)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "breach", ["one campaign forgotten", "papers forgotten", "dispute forgotten", "lowest price forgotten"]
)
def test_the_law_catches_a_compiler_that_breaks_it(monkeypatch, breach):
    """The control: small lies, each found."""
    if breach == "one campaign forgotten":
        honest = shelf.compile_spans
        monkeypatch.setattr(
            "catalog.facts.compile_spans",
            lambda rights, prices, offers, **rest: honest(rights, prices, offers[:1], **rest),
        )
    elif breach == "papers forgotten":
        points = gate.turning_points
        monkeypatch.setattr(
            shelf, "turning_points", lambda article, countries: points(article, countries) - {article.papers_end_at}
        )
    elif breach == "dispute forgotten":
        points = gate.turning_points
        monkeypatch.setattr(
            shelf,
            "turning_points",
            lambda article, countries: points(article, countries) - {hold.starts_at for hold in article.holds},
        )
    else:
        monkeypatch.setattr(shelf, "_lowest_before", lambda *_facts: None)

    with pytest.raises(AssertionError):
        check_the_law(**TELLING)
