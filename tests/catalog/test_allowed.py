"""The gate's set-based twin: a product is in the set exactly when the gate allows it.

Products begin as plain ones that may be listed, sold and shipped; each gets a few changes of its facts, one for each thing
that a row of the gate looks at. The database's answer is compared with `decide` for every product, action, country,
channel and instant. So each change is met alone, and in company.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from types import SimpleNamespace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.facts import FactsReader
from catalog.models import Image, Product
from catalog.queries.allowed import products_allowed, products_allowed_in
from core.errors import Refused
from films.models import Embargo, Film, Tier
from licensing.assets import digest_of_text
from licensing.gate import Action, decide
from licensing.models import (
    ApprovedAsset,
    ArticleProperty,
    Certificate,
    Grant,
    InventoryLine,
    InventoryStatement,
    Licence,
    LicenceDocument,
    LicensedArticle,
    ScheduleLine,
    Takedown,
)
from merchants.models import Merchant
from tests import factories

pytestmark = pytest.mark.django_db

LIST, SELL, SHIP = Action
TICK = timedelta(microseconds=1)
TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
#: In the middle of the day everywhere but in the zones at the ends of the world; and as it begins in three of them.
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TURNS = [datetime(2026, 5, 31, 16, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, 4, tzinfo=UTC)]
INSTANTS = [NOON, *(turn + step for turn in TURNS for step in (-TICK, timedelta()))]
COUNTRIES = ["US", "DE", "FR", "CH", "HK"]
CHANNELS = ["own_shop", "wholesale"]
PICTURE = "a" * 64


def plain(count: int) -> list[SimpleNamespace]:
    """Products with a film, merchant and licence each, which may be listed, sold and shipped to DE and US."""
    mugs = factories.make_category("mugs")
    films = Film.objects.bulk_create(Film(slug=f"film-{n}", title_en=f"Film {n}") for n in range(count))
    merchants = Merchant.objects.bulk_create(
        Merchant(slug=f"house-{n}", name=f"House {n}", state="approved", country="CN") for n in range(count)
    )
    licences = Licence.objects.bulk_create(
        Licence(
            number=f"L-{n}", film=film, merchant=merchant, state="executed", needs_approval=False, time_zone="UTC",
            starts_on=TODAY - 30 * DAY, ends_on=TODAY + 30 * DAY,
        )
        for n, (film, merchant) in enumerate(zip(films, merchants, strict=True))
    )  # fmt: skip
    Grant.objects.bulk_create(
        Grant(licence=licence, category=mugs, countries=["US", "DE"], channels=["own_shop"]) for licence in licences
    )
    products = Product.objects.bulk_create(
        Product(
            slug=f"thing-{n}", sku=f"G{n % 2}", title_en=f"Thing {n}", state="active", film=licence.film,
            merchant=licence.merchant, licence=licence, category=mugs,
        )
        for n, licence in enumerate(licences)
    )  # fmt: skip
    return [
        SimpleNamespace(film=each.film, merchant=each.merchant, licence=each.licence, product=each) for each in products
    ]


def article(p) -> LicensedArticle:
    return LicensedArticle.objects.get_or_create(merchant=p.merchant, sku=p.product.sku)[0]


def save(thing, **values) -> None:
    for name, value in values.items():
        setattr(thing, name, value)
    thing.save()


def one(choices, n):
    return choices[n % len(choices)]


def in_state(p, n):
    save(p.licence, state=one(list(Licence.State), n))


def in_zone(p, n):
    save(p.licence, time_zone=one(["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC"], n))


def begins_today(p, n):
    starts_on = TODAY + (n % 2) * DAY
    save(p.licence, starts_on=starts_on, ends_on=max(p.licence.ends_on, starts_on))


def until(p, ends_on):
    save(p.licence, ends_on=ends_on, starts_on=min(p.licence.starts_on, ends_on))


def ends_today(p, n):
    until(p, TODAY - (n % 3) * DAY)


def sold_off(p, n):
    until(p, TODAY - (1 + n % 2) * DAY)
    save(p.licence, sell_off_days=one([1, 2, 30, 0], n))


def declared(p, n):
    for at in range(1 + n % 2):
        statement = InventoryStatement.objects.create(licence=p.licence, stated_on=TODAY, created_at=NOON + at * DAY)
        sku = p.product.sku if n % 4 < 3 else "another"
        InventoryLine.objects.create(statement=statement, sku=sku, declared=5, sold=one([5, 4, 0], n + at))


def owing(p, n):
    p.owes = one([NOON - DAY, NOON, NOON + DAY], n)


def granted(p, n):
    p.licence.grants.update(countries=one([["*"], ["DE"], ["FR", "US"], ["CH"], []], n))


def without(p, n):
    p.licence.grants.update(excluded_countries=one([["DE"], ["*"], ["US", "FR"], ["CH"]], n))


def granted_more(p, n):
    excluded, category = one([[], ["DE"], ["FR"]], n), one([None, "mugs", "pins"], n // 3)
    Grant.objects.create(
        licence=p.licence, countries=one([["FR"], ["*"], ["DE", "IT"], []], n), excluded_countries=excluded,
        channels=one([["own_shop"], ["*"], ["wholesale"]], n // 2),
        category=factories.make_category(category) if category else None,
    )  # fmt: skip


def channelled(p, n):
    p.licence.grants.update(channels=one([["*"], ["wholesale"], ["export", "own_shop"], []], n))


def of_any_category(p, n):
    p.licence.grants.update(category=one([None, factories.make_category("pins")], n))


def of_other_category(p, n):
    save(p.product, category=factories.make_category(one(["pins", "bags"], n)))


def exclusive(p, _n):
    save(p.licence, is_exclusive=True)


def scheduled(p, n):
    save(p.licence, is_scheduled=True)
    if n % 2:
        ScheduleLine.objects.get_or_create(licence=p.licence, sku=p.product.sku)


def unlicensed(p, n):
    save(p.product, licence=None)


def of_other_film(p, n):
    film = factories.make_film()
    save(one([p.product, p.licence], n), film=film)


def of_other_merchant(p, n):
    save(p.licence, merchant=factories.make_merchant())


def needs_approval(p, _n):
    save(p.licence, needs_approval=True)


def certified(p, n):
    last = Certificate.objects.filter(article=article(p), licence=p.licence).count()
    Certificate.objects.create(
        article=article(p), licence=p.licence, version=last + 1, issued_at=one([NOON - 9 * DAY, NOON, NOON + DAY], n),
        revoked_at=one([None, NOON - DAY, NOON, NOON + DAY], n // 3),
    )  # fmt: skip


def needs_page(p, n):
    save(p.licence, needs_page_approval=True)
    if n % 4:
        save(p.product, title_en="  A mug\n", title_zh="", description_en=" \n", description_zh=one(["", "杯子"], n))
    if n % 3:
        Image.objects.create(product=p.product, digest=one(["", PICTURE, PICTURE], n))


def page_approved(p, n):
    texts = [text for text in (p.product.title_en, p.product.title_zh, p.product.description_zh) if text.strip()]
    for index, sha256 in enumerate([PICTURE, *map(digest_of_text, texts)]):
        if n % 5 != index:
            ApprovedAsset.objects.get_or_create(
                article=article(p), licence=p.licence, sha256=sha256,
                defaults={
                    "approved_at": one([NOON - DAY, NOON + DAY], n // 5),
                    "revoked_at": one([None, NOON, NOON + DAY], n // 7),
                },
            )  # fmt: skip


def labelled(p, _n):
    save(p.licence, needs_labels=True)


def with_papers(p, n):
    LicenceDocument.objects.create(
        licence=p.licence, kind="insurance", title="Insurance", is_required=n < 8,
        expires_on=one([TODAY - DAY, TODAY, None, TODAY + DAY], n),
    )  # fmt: skip


def recalled(p, n):
    save(article(p), recalled_at=one([NOON, NOON + TICK, NOON - DAY], n))


def taken_down(p, n):
    touched = one(["film", "merchant", "licence", "article"], n)
    Takedown.objects.create(
        claimant="House", reason="Art", starts_at=one([NOON - DAY, NOON, NOON + TICK], n // 4),
        released_at=one([None, NOON + TICK, NOON + DAY], n // 3),
        **{touched: article(p) if touched == "article" else getattr(p, touched)},
    )  # fmt: skip


def under_embargo(p, n):
    Embargo.objects.get_or_create(
        film=p.film, tier=one(list(Tier), n), country=one(["", "DE"], n // 4),
        defaults={"lifts_at": one([NOON, NOON + TICK, NOON + DAY], n // 2)},
    )  # fmt: skip


def revealing(p, n):
    save(p.product, reveals=one(list(Tier), n))


def not_yet_on_sale(p, n):
    save(p.product, on_sale_at=one([NOON, NOON + TICK], n))


def not_yet_out(p, n):
    save(p.product, street_on=one([TODAY, TODAY + DAY], n))


def of_merchant(p, n):
    save(p.merchant, state=one(list(Merchant.State), n))


def with_merchants_papers(p, n):
    save(
        p.merchant, documents_expire_on=one([TODAY - DAY, TODAY, TODAY + DAY], n), country=one(["CN", "US"], n // 3)
    )  # fmt: skip


def of_two_properties(p, n):
    """A second film, whose licence has changes of its own: every one of the others, but those of the product itself."""
    second = SimpleNamespace(**vars(p))
    second.film = factories.make_film()
    second.licence = factories.make_licence(
        second.film, p.merchant, countries=["US", "DE"], channels=["own_shop"], time_zone="UTC",
        starts_on=TODAY - 30 * DAY, ends_on=TODAY + 30 * DAY,
    )  # fmt: skip
    ArticleProperty.objects.create(article=article(p), film=second.film, licence=second.licence)
    change = one(OF_A_LICENCE, n)
    change(second, n // len(OF_A_LICENCE))
    if change is sold_off:
        declared(second, n)
    if change is needs_approval:
        certified(second, n)
    if change is needs_page:
        page_approved(second, n)


OF_A_LICENCE = [
    in_state, in_zone, begins_today, ends_today, sold_off, granted, without, granted_more, channelled, of_any_category,
    exclusive, scheduled, of_other_merchant, needs_approval, needs_page, labelled, with_papers, taken_down, under_embargo,
]  # fmt: skip
CHANGES = [
    *OF_A_LICENCE, declared, owing, of_other_category, unlicensed, of_other_film, certified, page_approved, recalled,
    revealing, not_yet_on_sale, not_yet_out, of_merchant, with_merchants_papers, of_two_properties,
]  # fmt: skip
#: What only shows together.
COMPANY = {
    sold_off: [declared], declared: [sold_off], owing: [sold_off, declared], needs_approval: [certified],
    certified: [needs_approval], needs_page: [page_approved], page_approved: [needs_page], under_embargo: [revealing],
    revealing: [under_embargo], in_zone: [ends_today],
}  # fmt: skip

changes = st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 59)), max_size=3)


def build(world) -> list[SimpleNamespace]:
    built = plain(len(world))
    for p, wanted in zip(built, world, strict=True):
        for change, n in wanted:
            for also in COMPANY.get(change, ()):
                also(p, n)
            change(p, n)
    return built


def overdue_in(built):
    owed = {p.licence.pk: p.owes for p in built if hasattr(p, "owes")}
    return lambda ids: {pk: owed[pk] for pk in ids if pk in owed}


def answers(products, monkeypatch, *, countries, channels, at):
    """(product, action, country, channel) with what the gate says, and whether the set holds it."""
    overdue = overdue_in(products)
    monkeypatch.setattr("licensing.facts.overdue_since", overdue)
    monkeypatch.setattr("catalog.queries.allowed.overdue_since", overdue)
    facts = FactsReader([]).read([p.product.pk for p in products], lock=False)
    for channel, action in product(channels, Action):
        everywhere = products_allowed_in(Product.objects.all(), action, countries=countries, channel=channel, at=at)
        for country in countries:
            rows = products_allowed(Product.objects.all(), action, country=country, channel=channel, at=at)
            assert everywhere[country] == sorted(rows.values_list("pk", flat=True))
    for country, channel, action in product(countries, channels, Action):
        rows = products_allowed(Product.objects.all(), action, country=country, channel=channel, at=at)
        in_set = list(rows.values_list("pk", flat=True))
        assert len(in_set) == len(set(in_set))
        for each in facts:
            said = decide(each.article, action, country=country, channel=channel, at=at)
            yield (each.product_id, action, country, channel), said, each.product_id in in_set


@pytest.mark.dialect
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_thing_that_the_gate_looks_at_is_looked_at_in_the_set(monkeypatch, change):
    products = build([[(change, n)] for n in range(12)] + [[]])

    found = list(answers(products, monkeypatch, countries=["DE", "FR"], channels=["own_shop"], at=NOON))

    assert [(asked, said) for asked, said, is_in in found if said.allowed is not is_in] == []
    # Both are met, or the comparison would say little.
    assert {said.allowed for _asked, said, _is_in in found} == {True, False}
    plain_reasons = {(asked[1:], said.reasons) for asked, said, _is_in in found if asked[0] == products[-1].product.pk}
    assert any((asked[1:], said.reasons) not in plain_reasons for asked, said, _is_in in found), "it changes nothing"


worlds = st.lists(changes, min_size=6, max_size=10)
some = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def test_the_set_holds_exactly_what_the_gate_allows(monkeypatch):
    @some
    @given(worlds, st.sampled_from(COUNTRIES), st.sampled_from(CHANNELS), st.sampled_from(INSTANTS))
    def in_every_world(world, country, channel, at):
        with transaction.atomic():
            found = answers(build(world), monkeypatch, countries=[country], channels=[channel], at=at)
            assert [(asked, said) for asked, said, is_in in found if said.allowed is not is_in] == []
            transaction.set_rollback(True)

    in_every_world()


def test_an_unknown_country_is_refused():
    with pytest.raises(Refused) as refused:
        products_allowed(Product.objects.all(), LIST, country="XX", channel="own_shop", at=NOON)

    assert refused.value.code == "unknown_country"


def test_a_shop_without_licences_allows_nothing():
    factories.make_product(prices={}, on_shelf=False)
    Product.objects.update(licence=None)
    Grant.objects.all().delete()
    Licence.objects.all().delete()

    assert not products_allowed(Product.objects.all(), SELL, country="US", channel="own_shop", at=NOON).exists()


def test_it_costs_eight_queries_however_many_products(django_assert_num_queries):
    plain(3)

    for action in (LIST, SELL):
        with django_assert_num_queries(8):
            assert (
                products_allowed(Product.objects.all(), action, country="US", channel="own_shop", at=NOON).count() == 3
            )
