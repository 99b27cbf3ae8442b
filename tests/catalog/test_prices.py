"""Regular prices: set, planned, withdrawn, kept as history; and the lowest price before a reduction, of any variant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from campaigns import services
from campaigns.staging import stage_revision
from catalog.lows import Stretch, lowest_before
from catalog.models import Market, Offer, Price, Product, Promotion, PromotionRun, ShelfSpan, Variant
from catalog.prices import set_price, withdraw_price
from catalog.promotions import KEEP_RUNS, hold_promotion, prune_runs, publish_promotion, withdraw_promotion
from catalog.queries.prices import PriceStep, price_history
from catalog.queries.product import product_page
from catalog.shelf import LOW_PRICE_WINDOW, PastOffer, offered_amount
from catalog.shelf_store import recompile_products
from core.clock import ALWAYS
from core.errors import Refused
from core.money import Money
from tests.factories import NOW, make_campaign, make_market, make_product, make_user

DAY = timedelta(days=1)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def refusal_of(verb: Any, *arguments: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        verb(*arguments, **named)
    return refusal.value


@pytest.fixture
def us() -> Market:
    return make_market("us")


@pytest.fixture
def variant(us: Market) -> Variant:
    return make_product().variants.get()


def steps() -> list[tuple[int | None, datetime]]:
    return list(Price.objects.order_by("starts_at").values_list("amount", "starts_at"))


def amount_at(at: datetime) -> list[int]:
    return list(ShelfSpan.objects.at(at).values_list("amount", flat=True))


# -- regular prices ---------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_price_holds_from_its_instant_history_stays_and_the_shelf_follows(variant: Variant, us: Market) -> None:
    user = make_user()

    set_price(variant, us, usd(3500), starts_at=NOW, by=user, at=NOW)
    set_price(variant, us, usd(3000), starts_at=NOW + 2 * DAY, by=user, at=NOW)
    set_price(variant, us, usd(3500), starts_at=NOW + DAY, by=user, at=NOW)

    assert steps() == [(3800, ALWAYS), (3500, NOW), (3000, NOW + 2 * DAY)]
    moments = (NOW - DAY, NOW, NOW + 2 * DAY)
    assert [amount_at(at) for at in moments] == [[3800], [3500], [3000]]
    entry = AuditEntry.objects.filter(verb="product.price_set").earliest("pk")
    assert (entry.actor, entry.changes["amount"], entry.changes["market"]) == (user, [3800, 3500], "us")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "money, starts_at, code",
    [
        (Money(3500, "CNY"), NOW, "wrong_currency"),
        (usd(0), NOW, "price_not_positive"),
        (usd(-1), NOW, "price_not_positive"),
        (usd(3500), NOW - timedelta(microseconds=1), "price_in_past"),
        (usd(3500), datetime(9999, 12, 31, tzinfo=UTC), "date_out_of_range"),
    ],
)
def test_what_is_no_price_is_refused_and_nothing_changes(
    variant: Variant, us: Market, money: Money, starts_at: datetime, code: str
) -> None:
    refusal = refusal_of(set_price, variant, us, money, starts_at=starts_at, by=None, at=NOW)

    assert refusal.code == code
    assert steps() == [(3800, ALWAYS)]
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_wrong_currency_is_named(variant: Variant, us: Market) -> None:
    refusal = refusal_of(set_price, variant, us, Money(1, "EUR"), starts_at=NOW, by=None, at=NOW)

    assert refusal.sentence == "US sells in USD, not in EUR."


@pytest.mark.django_db
def test_no_price_is_not_sold_there(variant: Variant, us: Market) -> None:
    set_price(variant, us, None, starts_at=NOW, by=None, at=NOW)

    assert (amount_at(NOW - DAY), amount_at(NOW)) == ([3800], [])


@pytest.mark.django_db
def test_a_first_price_may_have_begun_in_the_past(variant: Variant) -> None:
    eu = make_market("eu")

    set_price(variant, eu, Money(3500, "EUR"), starts_at=NOW - DAY, by=None, at=NOW)

    assert (
        refusal_of(set_price, variant, eu, Money(1, "EUR"), starts_at=NOW - DAY, by=None, at=NOW).code
        == "price_in_past"
    )
    assert Price.objects.get(market=eu).starts_at == NOW - DAY


@pytest.mark.django_db
def test_a_planned_price_is_changed_and_withdrawn_until_it_begins(variant: Variant, us: Market) -> None:
    planned = set_price(variant, us, usd(3000), starts_at=NOW + DAY, by=None, at=NOW)
    set_price(variant, us, usd(2900), starts_at=NOW + DAY, by=None, at=NOW)
    changed = steps()

    begun = refusal_of(withdraw_price, planned, by=None, at=NOW + DAY)
    withdraw_price(planned, by=None, at=NOW + DAY - timedelta(microseconds=1))
    again = refusal_of(withdraw_price, planned, by=None, at=NOW)

    assert changed == [(3800, ALWAYS), (2900, NOW + DAY)]
    assert (begun.code, again.code) == ("price_begun", "already_done")
    assert steps() == [(3800, ALWAYS)]
    assert amount_at(NOW + 2 * DAY) == [3800]
    assert AuditEntry.objects.filter(verb="product.price_withdrawn").get().changes["amount"] == [2900, None]


@pytest.mark.django_db
def test_the_history_of_a_price_says_what_held_from_when_to_when(
    variant: Variant, us: Market, django_assert_num_queries: Any
) -> None:
    set_price(variant, us, None, starts_at=NOW, by=None, at=NOW)
    set_price(variant, us, usd(3000), starts_at=NOW + DAY, by=None, at=NOW)

    with django_assert_num_queries(1):
        history = price_history(variant, us)

    assert history == [
        PriceStep(ALWAYS, NOW, usd(3800)), PriceStep(NOW, NOW + DAY, None), PriceStep(NOW + DAY, None, usd(3000)),
    ]  # fmt: skip
    assert [step.state(NOW) for step in history] == ["past", "in_force", "planned"]


# -- the lowest price before a reduction --------------------------------------------------------------
def promote(product: Product, market: Market, percent: int, *, starts_at: datetime, days: int = 7) -> Promotion:
    """A promotion that is published as it starts."""
    promotion = Promotion.objects.create(starts_at=starts_at, ends_at=starts_at + days * DAY, since=starts_at)
    Offer.objects.create(
        promotion=promotion, product=product, market=market, kind=Offer.Kind.PERCENT, value=percent * 100
    )
    publish_promotion(promotion, at=starts_at)
    recompile_products([product.pk])
    return promotion


def lows_at(product: Product, market: Market, at: datetime) -> list[int | None]:
    """The lowest price before the reduction, of the card, then of each variant."""
    page = product_page(product.slug, market, "en", at=at)
    assert page is not None
    return [low.amount if low else None for low in (page.card.low, *(choice.low for choice in page.variants))]


@pytest.mark.django_db
def test_each_variant_has_its_own_lowest_price(us: Market) -> None:
    product = make_product(variants=2)
    cheap, dear = product.variants.order_by("position")
    set_price(dear, us, usd(3700), starts_at=NOW - 20 * DAY, by=None, at=NOW - 20 * DAY)
    set_price(dear, us, usd(5000), starts_at=NOW - 10 * DAY, by=None, at=NOW - 10 * DAY)
    set_price(cheap, us, usd(3600), starts_at=NOW - 40 * DAY, by=None, at=NOW - 40 * DAY)

    promote(product, us, 20, starts_at=NOW)

    assert lows_at(product, us, NOW) == [3600, 3600, 3700]


@pytest.mark.django_db
def test_what_a_promotion_had_asked_counts_and_what_is_thirty_days_past_does_not(us: Market) -> None:
    product = make_product(variants=2)
    promote(product, us, 50, starts_at=NOW - 45 * DAY, days=5)
    promote(product, us, 20, starts_at=NOW - 20 * DAY)

    promote(product, us, 10, starts_at=NOW)

    assert lows_at(product, us, NOW) == [3040, 3040, 3120]


@pytest.mark.django_db
def test_a_reduction_that_goes_on_is_compared_with_what_was_before_it_began(us: Market) -> None:
    product = make_product()
    promote(product, us, 20, starts_at=NOW - 5 * DAY, days=5)

    promote(product, us, 40, starts_at=NOW)

    assert lows_at(product, us, NOW) == [3800, 3800]


@pytest.mark.django_db
def test_a_variant_that_was_not_to_be_had_has_no_price_before(us: Market) -> None:
    product = make_product(variants=2)
    Price.objects.filter(variant=product.variants.last()).update(starts_at=NOW)

    promote(product, us, 20, starts_at=NOW)

    assert lows_at(product, us, NOW) == [3800, 3800, None]


@pytest.mark.django_db
@pytest.mark.parametrize("is_remembered", [True, False])
def test_what_a_promotion_asked_before_it_was_withdrawn_is_not_forgotten(us: Market, is_remembered: bool) -> None:
    """The control forgets the run: then a price is named that is higher than what was asked a week before."""
    product = make_product(variants=2)
    withdraw_promotion(promote(product, us, 50, starts_at=NOW - 7 * DAY), at=NOW - 5 * DAY)
    if not is_remembered:
        PromotionRun.objects.all().delete()

    promote(product, us, 10, starts_at=NOW)

    assert lows_at(product, us, NOW) == ([1900, 1900, 1950] if is_remembered else [3800, 3800, 3900])


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["cancel_campaign", "pause_campaign", "roll_back_campaign", "hold_market"])
def test_a_campaign_that_is_taken_away_has_asked_what_it_asked(us: Market, verb: str, monkeypatch: Any) -> None:
    now = [NOW]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now[0])
    product = make_product()

    def launch(percent: str, at: datetime) -> Any:
        now[0] = at
        window = {"starts_at": at, "ends_at": at + 7 * DAY}
        campaign = make_campaign(product.film, discount={"kind": "percent", "percent": percent}, **window)
        stage_revision(services.schedule_campaign(campaign, by=None, at=at).pk)
        return campaign

    first = launch("50", NOW)
    market = {"market": us} if verb == "hold_market" else {}
    getattr(services, verb)(first, **market, by=None, at=NOW + 2 * DAY)
    launch("10", NOW + 5 * DAY)

    assert lows_at(product, us, NOW + 5 * DAY) == [1900, 1900]


@pytest.mark.django_db
def test_a_promotion_held_in_one_market_is_remembered_there_alone(us: Market) -> None:
    eu = make_market("eu")
    product = make_product(prices={"us": 3800, "eu": 3500})
    promotion = promote(product, us, 50, starts_at=NOW - 7 * DAY)

    hold_promotion(promotion, us, at=NOW - 5 * DAY)
    hold_promotion(promotion, us, at=NOW - 4 * DAY)

    runs = PromotionRun.objects.values_list("market", "starts_at", "ends_at")
    assert list(runs) == [(us.pk, NOW - 7 * DAY, NOW - 5 * DAY)]
    withdraw_promotion(promotion, at=NOW)
    assert [market for market, *_window in runs.order_by("pk")] == [us.pk, eu.pk]


@pytest.mark.django_db
def test_a_promotion_that_was_never_on_asked_nothing(us: Market) -> None:
    product = make_product()
    promotion = promote(product, us, 50, starts_at=NOW)

    withdraw_promotion(promotion, at=NOW)

    assert not PromotionRun.objects.exists()


@pytest.mark.django_db
def test_promotions_long_past_are_forgotten(us: Market) -> None:
    promotion = promote(make_product(), us, 50, starts_at=NOW - KEEP_RUNS - 2 * DAY)
    withdraw_promotion(promotion, at=NOW - KEEP_RUNS - DAY)
    withdraw_promotion(promote(make_product(), us, 50, starts_at=NOW - DAY), at=NOW)

    assert (prune_runs(at=NOW), PromotionRun.objects.count()) == (1, 1)


# -- the same, against a calculation by the hour -----------------------------------------------------
HOURS = st.integers(0, 1_500)
RULES = st.sampled_from([None, ("percent", 1000), ("percent", 5000), ("fixed", 700)])
START = datetime(2026, 10, 1, tzinfo=UTC)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.dictionaries(HOURS, st.one_of(st.none(), st.integers(600, 3000)), min_size=1, max_size=5),
    st.lists(st.tuples(HOURS, RULES, st.booleans()), min_size=1, max_size=6, unique_by=lambda cut: cut[0]),
    st.lists(st.tuples(HOURS, st.integers(1, 100)), max_size=2),
    HOURS,
)
def test_the_lowest_price_is_what_looking_at_every_hour_finds(
    prices: dict[int, int | None], cuts: list[tuple[int, Any, bool]], runs: list[tuple[int, int]], now: int
) -> None:
    price_steps = [(hour(at), amount) for at, amount in sorted(prices.items())]
    cuts.sort()
    ends = [at for at, _rule, _seen in cuts[1:]] + [2_000]
    spans = [(at, end, rule) for (at, rule, is_seen), end in zip(cuts, ends, strict=True) if is_seen and at <= now]
    past = [PastOffer(hour(at), hour(at + length), "percent", 6000) for at, length in runs]

    def asked(at: int) -> tuple[int, bool] | None:
        rule = next((rule for starts, end, rule in spans if starts <= at < end), "absent")
        begun = [amount for begins, amount in sorted(prices.items()) if begins <= at]
        if rule == "absent" or not begun or begun[-1] is None:
            return None
        amount = offered_amount(begun[-1], *rule) if rule else begun[-1]
        return amount, amount < begun[-1]

    def asked_once(at: int) -> list[int]:
        begun = [amount for begins, amount in sorted(prices.items()) if begins <= at]
        is_on = any(starts <= at < starts + length for starts, length in runs)
        return [offered_amount(begun[-1], "percent", 6000)] if is_on and begun and begun[-1] is not None else []

    expected, since = None, now
    if (here := asked(now)) is not None and here[1]:
        while (before := asked(since - 1)) is not None and before[1]:
            since -= 1
        window = range(since - LOW_PRICE_WINDOW.days * 24, since)
        seen = [price[0] for at in window if (price := asked(at))] + [one for at in window for one in asked_once(at)]
        expected = min(seen, default=None)

    stretches = [Stretch(hour(at), hour(end), rule) for at, end, rule in spans]
    assert lowest_before(price_steps, stretches, past, at=hour(now)) == expected
