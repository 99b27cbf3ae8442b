"""The law of the shelf: at every instant, the span says exactly what the facts say.

Random licences, embargoes, papers, dates, prices, holds, offers and overlapping campaigns are written to the database
and compiled; then the spans at random instants and at every boundary ± 1 µs are compared with the pointwise decision.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.facts import FactsReader
from catalog.models import Market, Offer, Price, Product, Promotion, ShelfBoundary, ShelfSpan, Variant
from catalog.shelf import LOW_PRICE_WINDOW, ShelfState, shelf_state
from catalog.shelf_store import recompile_products
from core.clock import ALWAYS
from films.models import Embargo, Tier
from licensing.models import Grant, Licence
from tests import factories

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
START = datetime(2026, 11, 1, tzinfo=UTC)

# Few distinct instants, so that they meet: two campaigns that touch, a price that changes as an embargo lifts.
instants = st.integers(0, 12).map(lambda n: START + n * 5 * DAY + timedelta(hours=7))
days = st.integers(0, 60).map(lambda n: date(2026, 11, 1) + timedelta(days=n))
countries = st.lists(st.sampled_from(["DE", "FR", "US", "*"]), min_size=0, max_size=3, unique=True)

licences = st.fixed_dictionaries(
    {
        "state": st.sampled_from([*[Licence.State.EXECUTED] * 5, *Licence.State]),
        "starts_on": days.map(lambda d: d - timedelta(days=40)),
        "length": st.integers(0, 90),
        "is_scheduled": st.sampled_from([False, False, True]),
        "grants": st.lists(
            st.fixed_dictionaries(
                {
                    "countries": st.one_of(st.just(["*"]), countries),
                    "excluded_countries": st.sampled_from([[], [], ["DE"], ["DE", "FR"]]),
                    "channels": st.sampled_from([["*"], ["own_shop"], ["wholesale"]]),
                    "is_other_category": st.sampled_from([False, False, True]),
                }
            ),
            min_size=1,
            max_size=2,
        ),
    }
)
products = st.fixed_dictionaries(
    {
        "state": st.sampled_from([Product.State.ACTIVE] * 4 + [Product.State.DRAFT]),
        "listing": st.sampled_from(list(Product.Listing)),
        "reveals": st.sampled_from(list(Tier)),
        "on_sale_at": st.none() | instants,
        "street_on": st.none() | days,
    }
)
prices = st.lists(
    st.tuples(st.sampled_from(["us", "eu"]), st.integers(0, 1), st.just(ALWAYS) | instants, st.none() | st.integers(1, 5000)),
    max_size=6,
    unique_by=lambda p: p[:3],
)
promotions = st.lists(
    st.fixed_dictionaries(
        {
            "priority": st.integers(0, 1),
            "starts_at": instants,
            "length": st.integers(1, 8),
            "is_published": st.sampled_from([True, True, True, False]),
            "since": instants,
            "is_held": st.sampled_from([False, False, True]),
            "offers": st.dictionaries(
                st.sampled_from(["us", "eu"]),
                st.one_of(
                    st.tuples(st.just(Offer.Kind.PERCENT), st.integers(0, 10_000)),
                    st.tuples(st.sampled_from([Offer.Kind.AMOUNT, Offer.Kind.FIXED]), st.integers(0, 5000)),
                    st.just((Offer.Kind.NONE, 0)),
                ),
                max_size=2,
            ),
        }
    ),
    max_size=3,
)
embargoes = st.lists(
    st.tuples(st.sampled_from(list(Tier)), st.sampled_from(["", "DE", "US"]), instants), max_size=3, unique_by=lambda e: e[:2]
)


def write_facts(licence, product, prices, promotions, embargoes, papers_until) -> Product:
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
    variants = [thing.variants.get(), Variant.objects.create(product=thing, sku="second")]
    for code, index, starts_at, amount in prices:
        market = Market.objects.get(code=code)
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


def seen_on_the_shelf(product: Product, market: Market, at: datetime) -> ShelfState | None:
    span = ShelfSpan.objects.at(at).in_market(market).filter(product=product).first()
    if span is None:
        return None
    return ShelfState(span.kind, span.amount, span.top_amount, span.was_amount, span.promotion_id)


def oracle(product: Product, market: Market) -> Callable[[datetime], ShelfState | None]:
    """The pointwise decision of the product in the market, from facts read once."""
    [facts] = FactsReader([market]).read([product.pk], lock=False)
    if not facts.is_active:
        return lambda _at: None
    prices, offers = facts.prices.get(market.pk, []), facts.offers.get(market.pk, [])
    return lambda at: shelf_state(
        facts.article, market.countries, prices, offers, needs_campaign=facts.needs_campaign, at=at
    )


def lowest_by_the_facts(said: Callable[[datetime], ShelfState | None], at: datetime, moments: list[datetime]) -> int | None:
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


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(licences, products, prices, promotions, embargoes, st.none() | days, st.lists(instants, max_size=4))
def test_every_span_says_what_the_facts_say(licence, product, prices, promotions, embargoes, papers_until, others):
    ShelfBoundary.objects.all().delete()
    markets = [factories.make_market("us"), factories.make_market("eu")]
    thing = write_facts(licence, product, prices, promotions, embargoes, papers_until)

    recompile_products([thing.pk])

    for market in markets:
        said = oracle(thing, market)
        spans = list(ShelfSpan.objects.filter(product=thing, market=market).order_by("starts_at"))
        boundaries = {at for span in spans for at in (span.starts_at, span.ends_at)} | {*market.boundaries.values_list("at", flat=True)}
        facts = {e.lifts_at for e in thing.film.embargoes.all()} | {p.starts_at for p in Promotion.objects.all()}
        moments = sorted({at + step for at in boundaries | facts | {*others} for step in (-TICK, timedelta(), TICK) if at.year < 9999})
        for at in moments:
            assert seen_on_the_shelf(thing, market, at) == said(at), at
        for span in spans:
            if span.was_amount is not None:
                assert span.low_amount == lowest_by_the_facts(said, span.starts_at, moments), span
        for earlier, later in zip(spans, spans[1:], strict=False):
            assert earlier.ends_at <= later.starts_at
        turns = {span.starts_at for span in spans} | {span.ends_at for span in spans}
        inner = {at for at in turns if ALWAYS < at and at.year < 9999}
        assert inner <= set(market.boundaries.values_list("at", flat=True))
