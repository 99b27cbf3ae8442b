"""What the gate reads from the database: terms as days of their zone, and the facts that only few articles have."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.clock import end_of_day
from films.models import Embargo, Tier
from licensing import facts as rights
from licensing.assets import digest_of_picture, digest_of_text, page_of
from licensing.facts import RightsFacts, load_rights_facts
from licensing.gate import Article, Finding, Flag, Reason, decide
from licensing.models import (
    ApprovedAsset,
    ArticleProperty,
    Certificate,
    InventoryLine,
    InventoryStatement,
    LicenceDocument,
    LicensedArticle,
    ScheduleLine,
    Takedown,
)
from tests import factories
from tests.factories import NOW
from tests.licensing.gating import DAY, LIST, SELL, SHIP, TICK, all_three, reasons

pytestmark = pytest.mark.django_db


def facts_of(product, *, page=None) -> Article:
    facts = load_rights_facts(
        film_ids=[product.film_id],
        merchant_ids=[product.merchant_id],
        licence_ids=[product.licence_id],
        articles=[(product.merchant_id, product.sku)],
    )
    return article_of(facts, product, page=page)


def article_of(facts: RightsFacts, product, *, page=None) -> Article:
    names = ("film_id", "merchant_id", "category_id", "licence_id", "sku", "reveals", "on_sale_at", "street_on")
    return facts.article(**{name: getattr(product, name) for name in names}, page=page)


def make(**terms):
    licence = factories.make_licence(factories.make_film(), factories.make_merchant(), **terms)
    return factories.make_product(licence=licence, on_shelf=False)


def known(product) -> LicensedArticle:
    return LicensedArticle.objects.create(merchant=product.merchant, sku=product.sku)


@pytest.mark.parametrize(
    ("zone", "first", "last", "grace_days", "starts_at", "ends_at", "grace_ends_at"),
    [
        # The last day has 25 hours: the clock goes back on 25 October.
        (
            "Europe/Berlin",
            date(2026, 1, 1),
            date(2026, 10, 25),
            1,
            (2025, 12, 31, 23),
            (2026, 10, 25, 23),
            (2026, 10, 26, 23),
        ),
        # The first day has 23 hours, and the grace of 14 days spans a change: 14 days, not 14 × 24 hours.
        (
            "America/New_York",
            date(2026, 3, 8),
            date(2026, 10, 25),
            14,
            (2026, 3, 8, 5),
            (2026, 10, 26, 4),
            (2026, 11, 9, 5),
        ),
        (
            "Asia/Shanghai",
            date(2026, 1, 1),
            date(2026, 1, 1),
            0,
            (2025, 12, 31, 16),
            (2026, 1, 1, 16),
            (2026, 1, 1, 16),
        ),
    ],
)
def test_a_term_is_whole_days_of_the_licences_zone(zone, first, last, grace_days, starts_at, ends_at, grace_ends_at):
    licence = factories.make_licence(
        factories.make_film(),
        factories.make_merchant(),
        time_zone=zone,
        starts_on=first,
        ends_on=last,
        grace_days=grace_days,
    )
    article = facts_of(factories.make_product(licence=licence, on_shelf=False))
    starts, ends, grace = (datetime(*parts, tzinfo=UTC) for parts in (starts_at, ends_at, grace_ends_at))

    assert all_three(article, at=starts - TICK) == [["TERM_NOT_STARTED"]] * 3
    assert all_three(article, at=starts) == [[], [], []]
    assert all_three(article, at=ends - TICK) == [[], [], []]
    assert reasons(article, SELL, at=ends) == ["TERM_EXPIRED"]
    assert reasons(article, SHIP, at=grace - TICK, paid_at=ends - TICK) == []
    assert reasons(article, SHIP, at=grace, paid_at=ends - TICK) == ["TERM_EXPIRED"]


def test_papers_are_valid_to_the_end_of_their_last_day_where_the_merchant_lives():
    merchant = factories.make_merchant(country="US", documents_expire_on=date(2026, 11, 1))
    licence = factories.make_licence(factories.make_film(), merchant)
    article = facts_of(factories.make_product(licence=licence, on_shelf=False))

    # New York, on the day the clock goes back: 25 hours, ending at 05:00 UTC.
    end = datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert reasons(article, LIST, at=end - TICK) == []
    assert reasons(article, LIST, at=end) == ["MERCHANT_NOT_AUTHORISED"]


def test_a_schedule_counts_where_the_licence_has_one():
    film, merchant = factories.make_film(), factories.make_merchant()
    licence = factories.make_licence(film, merchant, is_scheduled=True)
    ScheduleLine.objects.create(licence=licence, sku="ON")
    listed = factories.make_product(licence=licence, sku="ON", on_shelf=False)
    unlisted = factories.make_product(licence=licence, sku="OFF", on_shelf=False)
    free = factories.make_product(licence=factories.make_licence(film, merchant), sku="FREE", on_shelf=False)

    assert [reasons(facts_of(product), LIST) for product in (listed, unlisted, free)] == [
        [],
        ["ARTICLE_NOT_LICENSED"],
        [],
    ]


def test_the_embargoes_of_the_film_are_read():
    film = factories.make_film()
    Embargo.objects.create(film=film, tier=Tier.TITLE, country="US", lifts_at=NOW + DAY)
    licence = factories.make_licence(film, factories.make_merchant())
    article = facts_of(factories.make_product(licence=licence, on_shelf=False))

    assert reasons(article, LIST, country="US", at=NOW) == ["EMBARGO_ACTIVE"]
    assert reasons(article, LIST, country="CN", at=NOW) == []


@pytest.mark.parametrize(
    ("zone", "last", "sell_off_days", "ends_at", "sell_off_ends_at"),
    [
        # Over the end of summer time: 30 days on the calendar are 30 × 24 hours and one.
        ("Europe/Berlin", date(2026, 10, 10), 30, (2026, 10, 10, 22), (2026, 11, 9, 23)),
        # Over its beginning: an hour less.
        ("Europe/Berlin", date(2026, 3, 20), 10, (2026, 3, 20, 23), (2026, 3, 30, 22)),
        # Ending with the very day that has 25 hours.
        ("Europe/Berlin", date(2026, 10, 24), 1, (2026, 10, 24, 22), (2026, 10, 25, 23)),
        ("America/New_York", date(2026, 10, 31), 1, (2026, 11, 1, 4), (2026, 11, 2, 5)),
        ("Asia/Shanghai", date(2026, 10, 10), 30, (2026, 10, 10, 16), (2026, 11, 9, 16)),
    ],
)
def test_a_sell_off_is_so_many_days_on_the_calendar_of_the_licences_zone(
    zone, last, sell_off_days, ends_at, sell_off_ends_at
):
    product = make(time_zone=zone, starts_on=date(2026, 1, 1), ends_on=last, sell_off_days=sell_off_days, grace_days=1)
    declare(product, 5)
    article = facts_of(product)
    ends, sell_off_ends = datetime(*ends_at, tzinfo=UTC), datetime(*sell_off_ends_at, tzinfo=UTC)

    def flags(at):
        return decide(article, SELL, country="US", channel="own_shop", at=at).flags

    assert (all_three(article, at=ends - TICK), flags(ends - TICK)) == ([[], [], []], ())
    assert (all_three(article, at=ends), flags(ends)) == ([[], [], []], (Flag.SELL_OFF,))
    assert all_three(article, at=sell_off_ends - TICK) == [[], [], []]
    assert all_three(article, at=sell_off_ends) == [["SELL_OFF_ENDED"]] * 3
    grace_ends = end_of_day(last + timedelta(days=sell_off_days + 1), zone)
    assert reasons(article, SHIP, at=grace_ends - TICK, paid_at=sell_off_ends - TICK) == []
    assert reasons(article, SHIP, at=grace_ends, paid_at=sell_off_ends - TICK) == ["SELL_OFF_ENDED"]


def declare(product, declared, *, sold=0, sku=None, at=NOW):
    statement = InventoryStatement.objects.create(licence=product.licence, stated_on=at.date(), created_at=at)
    InventoryLine.objects.create(statement=statement, sku=sku or product.sku, declared=declared, sold=sold)


def sold_off(**terms):
    return make(ends_on=NOW.date() - DAY, sell_off_days=30, **terms)


def test_only_declared_stock_that_is_left_is_sold_off():
    undeclared, other, gone, left = sold_off(), sold_off(), sold_off(), sold_off()
    declare(other, 7, sku="ANOTHER")
    declare(gone, 7, sold=7)
    declare(left, 7, sold=5)

    found = [reasons(facts_of(product), SELL, at=NOW, quantity=2) for product in (undeclared, other, gone, left)]

    assert found == [
        ["SELL_OFF_NO_INVENTORY_STATEMENT"],
        ["SELL_OFF_QUANTITY_EXHAUSTED"],
        ["SELL_OFF_QUANTITY_EXHAUSTED"],
        [],
    ]
    assert reasons(facts_of(left), SELL, at=NOW, quantity=3) == ["SELL_OFF_QUANTITY_EXHAUSTED"]


def test_the_last_inventory_statement_counts():
    product = sold_off()
    declare(product, 1, at=NOW)
    declare(product, 9, at=NOW - DAY)

    assert reasons(facts_of(product), SELL, at=NOW) == []
    assert reasons(facts_of(product), SELL, at=NOW, quantity=2) == ["SELL_OFF_QUANTITY_EXHAUSTED"]


def test_payments_are_asked_after_for_licences_with_a_sell_off_alone(monkeypatch):
    asked = []

    def overdue(licence_ids):
        asked.append(list(licence_ids))
        return dict.fromkeys(licence_ids, NOW)

    monkeypatch.setattr(rights, "overdue_since", overdue)
    product = sold_off()
    declare(product, 5)

    assert reasons(facts_of(product), SELL, at=NOW - TICK) == []
    assert reasons(facts_of(product), SELL, at=NOW) == ["SELL_OFF_PAYMENTS_OVERDUE"]
    assert reasons(facts_of(make()), SELL, at=NOW) == []
    assert asked == [[product.licence_id], [product.licence_id]]


def test_a_recall_is_of_one_merchants_code():
    product = make()
    article = known(product)
    LicensedArticle.objects.create(merchant=factories.make_merchant(), sku=product.sku, recalled_at=NOW - DAY)
    LicensedArticle.objects.create(merchant=product.merchant, sku="ANOTHER", recalled_at=NOW - DAY)

    assert all_three(facts_of(product), at=NOW) == [[], [], []]
    article.recalled_at = NOW
    article.save()
    assert all_three(facts_of(product), at=NOW - TICK) == [[], [], []]
    assert all_three(facts_of(product), at=NOW) == [["ARTICLE_RECALLED"]] * 3


@pytest.mark.parametrize("touched", ["film", "merchant", "licence", "article"])
def test_a_takedown_freezes_what_it_touches(touched):
    product, bystander = make(), make()
    article = known(product)
    things = {"film": product.film, "merchant": product.merchant, "licence": product.licence, "article": article}
    takedown = Takedown.objects.create(
        claimant="Somebody", reason="A claim", starts_at=NOW, **{touched: things[touched]}
    )

    decision = decide(facts_of(product), LIST, country="US", channel="own_shop", at=NOW)
    number = product.licence.number if touched == "licence" else ""
    assert decision.findings == (Finding(Reason.LICENCE_SUSPENDED, number),)
    assert all_three(facts_of(bystander), at=NOW) == [[], [], []]
    takedown.released_at = NOW + DAY
    takedown.save()
    assert all_three(facts_of(product), at=NOW + DAY - TICK) == [["LICENCE_SUSPENDED"]] * 3
    assert all_three(facts_of(product), at=NOW + DAY) == [[], [], []]


def test_a_certificate_is_of_one_article_under_one_licence():
    product = make(needs_approval=True)
    other = factories.make_licence(product.film, product.merchant)
    article = known(product)
    Certificate.objects.create(article=article, licence=other, version=1, issued_at=NOW - DAY)

    assert all_three(facts_of(product), at=NOW) == [["APPROVAL_INCOMPLETE"]] * 3
    first = Certificate.objects.create(article=article, licence=product.licence, version=1, issued_at=NOW - 9 * DAY)
    assert all_three(facts_of(product), at=NOW) == [[], [], []]
    first.revoked_at = NOW
    first.save()
    assert all_three(facts_of(product), at=NOW) == [["APPROVAL_REVOKED"]] * 3
    Certificate.objects.create(article=article, licence=product.licence, version=2, issued_at=NOW + DAY)
    assert all_three(facts_of(product), at=NOW + DAY - TICK) == [["APPROVAL_REVOKED"]] * 3
    assert all_three(facts_of(product), at=NOW + DAY) == [[], [], []]


def test_every_picture_and_text_of_a_page_has_to_be_approved():
    product = make(needs_page_approval=True)
    article = known(product)
    page = page_of(["A mug", "马克杯", ""], [digest_of_picture(b"front"), ""])
    unapproved = [["ASSET_NOT_APPROVED"], [], []]

    def approve(sha256, at, revoked_at=None):
        ApprovedAsset.objects.create(
            article=article, licence=product.licence, sha256=sha256, approved_at=at, revoked_at=revoked_at
        )

    approve(digest_of_text("A mug"), NOW - DAY)
    approve(digest_of_text(" 马克杯\n"), NOW, NOW + DAY)
    assert all_three(facts_of(product, page=page), at=NOW) == unapproved
    approve(digest_of_picture(b"front"), NOW - DAY)
    assert all_three(facts_of(product, page=page), at=NOW - TICK) == unapproved
    assert all_three(facts_of(product, page=page), at=NOW) == [[], [], []]
    assert all_three(facts_of(product, page=page), at=NOW + DAY) == unapproved
    assert all_three(facts_of(product), at=NOW) == unapproved, "a page that nobody looked at is not approved"


def test_the_licences_documents_count_to_the_end_of_their_last_day_in_its_zone():
    product = make(time_zone="Europe/Berlin")
    for expires_on, is_required in ((date(2026, 10, 25), True), (date(2026, 12, 1), True), (date(2026, 1, 1), False)):
        LicenceDocument.objects.create(
            licence=product.licence, kind="insurance", title="Policy", expires_on=expires_on, is_required=is_required
        )
    LicenceDocument.objects.create(licence=product.licence, kind="agreement", title="Contract", is_required=True)
    end = datetime(2026, 10, 25, 23, tzinfo=UTC)

    assert all_three(facts_of(product), at=end - TICK) == [[], [], []]
    assert decide(facts_of(product), SELL, country="US", channel="own_shop", at=end).findings == (
        Finding(Reason.MERCHANT_NOT_AUTHORISED, product.licence.number),
    )


def test_every_property_of_an_article_brings_its_licence_embargo_and_takedown():
    product = make()
    article = known(product)
    film = factories.make_film()
    licence = factories.make_licence(film, product.merchant, countries=["US"], is_scheduled=True, needs_approval=True)
    ArticleProperty.objects.create(article=article, film=film, licence=licence)

    def found(country="CN"):
        return [
            (str(reason), number)
            for reason, number in decide(facts_of(product), LIST, country=country, channel="own_shop", at=NOW).findings
        ]

    number = licence.number
    assert found() == [
        ("TERRITORY_NOT_LICENSED", number), ("ARTICLE_NOT_LICENSED", number), ("APPROVAL_INCOMPLETE", number),
    ]  # fmt: skip
    ScheduleLine.objects.create(licence=licence, sku=product.sku)
    Certificate.objects.create(article=article, licence=licence, version=1, issued_at=NOW)
    assert found("US") == []
    Embargo.objects.create(film=film, tier=Tier.TITLE, country="US", lifts_at=NOW + DAY)
    Takedown.objects.create(claimant="Somebody", reason="A claim", film=film, starts_at=NOW)
    assert found("US") == [("LICENCE_SUSPENDED", ""), ("EMBARGO_ACTIVE", "")]


@pytest.mark.parametrize("wrong", ["film", "merchant"])
def test_the_licence_of_another_film_or_merchant_covers_nothing(wrong):
    product = make()
    things = {"film": product.film, "merchant": product.merchant}
    things[wrong] = factories.make_film() if wrong == "film" else factories.make_merchant()
    product.licence = factories.make_licence(things["film"], things["merchant"], state="draft")

    assert all_three(facts_of(product), at=NOW) == [["ARTICLE_NOT_LICENSED"]] * 3


def test_a_further_property_needs_a_licence_of_its_own_film():
    product = make()
    further = factories.make_licence(factories.make_film(), product.merchant)
    ArticleProperty.objects.create(article=known(product), film=factories.make_film(), licence=further)

    assert decide(facts_of(product), LIST, country="US", channel="own_shop", at=NOW).findings == (
        Finding(Reason.ARTICLE_NOT_LICENSED, further.number),
    )


@pytest.mark.parametrize("count", [1, 3])
def test_facts_cost_the_same_for_one_article_and_for_three(django_assert_num_queries, count):
    """And next to nothing for merchants that have no articles with facts of their own."""
    plain = [make() for _ in range(count)]
    special = [make() for _ in range(count)]
    for product in special:
        article = known(product)
        film = factories.make_film()
        ArticleProperty.objects.create(
            article=article, film=film, licence=factories.make_licence(film, product.merchant)
        )

    def load(products):
        return load_rights_facts(
            film_ids=[product.film_id for product in products],
            merchant_ids=[product.merchant_id for product in products],
            licence_ids=[product.licence_id for product in products],
            articles=[(product.merchant_id, product.sku) for product in products],
        )

    with django_assert_num_queries(5):
        load(plain)
    with django_assert_num_queries(5 + 5):
        facts = load(special)
    with django_assert_num_queries(0):
        facts.learn(
            film_ids=[p.film_id for p in special], merchant_ids=[p.merchant_id for p in special],
            licence_ids=[p.licence_id for p in special], articles=[(p.merchant_id, p.sku) for p in special],
        )  # fmt: skip


def test_articles_with_equal_particulars_have_equal_rights():
    product = make(needs_approval=True)
    twin, other = (factories.make_product(licence=product.licence, on_shelf=False) for _ in range(2))
    plain = make()
    for one, at in ((product, NOW), (twin, NOW), (other, NOW + DAY)):
        Certificate.objects.create(article=known(one), licence=product.licence, version=1, issued_at=at)
    everything = [product, twin, other, plain]
    facts = load_rights_facts(
        film_ids=[p.film_id for p in everything],
        merchant_ids=[p.merchant_id for p in everything],
        licence_ids=[p.licence_id for p in everything],
        articles=[(p.merchant_id, p.sku) for p in everything],
    )

    said = [facts.particulars(p.merchant_id, p.licence_id, p.sku) for p in everything]

    assert said[0] == said[1] != said[2]
    assert said[3] is None
    assert article_of(facts, product) == article_of(facts, twin) != article_of(facts, other)
    assert len({hash(one) for one in said}) == 3


def dispute(product):
    Takedown.objects.create(claimant="Somebody", reason="A claim", film=product.film, starts_at=NOW)


def dispute_of_article(product):
    Takedown.objects.create(claimant="Somebody", reason="A claim", article=known(product), starts_at=NOW)


def recall(product):
    LicensedArticle.objects.create(merchant=product.merchant, sku=product.sku, recalled_at=NOW)


def approve_and_revoke(product):
    article = known(product)
    for version, revoked_at in ((1, None), (2, NOW)):
        Certificate.objects.create(
            article=article, licence=product.licence, version=version, issued_at=NOW - 9 * DAY + version * DAY,
            revoked_at=revoked_at,
        )  # fmt: skip


def share(product):
    film = factories.make_film()
    licence = factories.make_licence(film, product.merchant, state="draft")
    ArticleProperty.objects.create(article=known(product), film=film, licence=licence)


def insure(product):
    LicenceDocument.objects.create(
        licence=product.licence, kind="insurance", title="Policy", expires_on=NOW.date() - DAY, is_required=True
    )


@pytest.mark.parametrize(
    ("terms", "happens", "queries", "expected"),
    [
        ({}, None, 2, []),
        ({"is_scheduled": True}, None, 3, ["ARTICLE_NOT_LICENSED"]),
        ({}, insure, 2, ["MERCHANT_NOT_AUTHORISED"]),
        ({}, recall, 3, ["ARTICLE_RECALLED"]),
        ({"needs_approval": True}, None, 2, ["APPROVAL_INCOMPLETE"]),
        ({"needs_approval": True}, approve_and_revoke, 3, ["APPROVAL_REVOKED"]),
        ({"sell_off_days": 30}, None, 2, []),
        ({"sell_off_days": 30, "ends_on": NOW.date() - DAY}, None, None, ["SELL_OFF_NO_INVENTORY_STATEMENT"]),
        ({}, share, None, ["LICENCE_NOT_EXECUTED"]),
        ({}, dispute, None, ["LICENCE_SUSPENDED"]),
        ({}, dispute_of_article, None, ["LICENCE_SUSPENDED"]),
    ],
)
def test_one_article_is_read_in_few_queries_and_answered_as_among_many(
    django_assert_max_num_queries, terms, happens, queries, expected
):
    """As the product's page reads it. What is rare may cost more."""
    product = make(**terms)
    if happens is not None:
        happens(product)
    papers = product.licence.documents.filter(is_required=True).first()
    marks = {
        "papers_end_on": papers.expires_on if papers else None,
        "has_facts": LicensedArticle.objects.exists(),
        "is_disputed": Takedown.objects.filter(film=product.film).exists(),
    }

    with django_assert_max_num_queries(queries or 20) as asked:
        facts = rights.rights_of(
            film_id=product.film_id,
            merchant=product.merchant,
            licence=product.licence,
            sku=product.sku,
            at=NOW,
            **marks,
        )

    assert queries in (None, len(asked))
    one, among_many = article_of(facts, product), facts_of(product)
    assert [reasons(one, action, at=NOW) for action in (SELL, SHIP)] == [expected] * 2
    assert [reasons(among_many, action, at=NOW) for action in (SELL, SHIP)] == [expected] * 2
