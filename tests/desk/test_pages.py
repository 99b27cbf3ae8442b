"""Every page of the desk opens for staff, and for nobody else; none needs what the security policy forbids."""

from decimal import Decimal
from html.parser import HTMLParser

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.services import record
from campaigns.models import Campaign, Listing, Placement
from catalog.models import Image, ImportRun, MappingPreset, Product, ShelfSpan
from catalog.tax import set_tax_rate
from catalog.upkeep import catch_up_shelf
from fans.models import Review
from films.models import Artwork, Credit
from films.services import set_embargo, set_release
from licensing.approvals.drafts import start_draft
from licensing.approvals.versions import start_version
from licensing.articles import article_of
from licensing.ledger.fx import RateRow, add_rates
from licensing.ledger.payments import adjust, record_payment
from licensing.ledger.sales import record_sales
from licensing.ledger.terms import set_terms
from licensing.models import Certificate, Licence
from licensing.takedowns import release_takedown, start_takedown
from merchants import onboarding
from merchants.keys import make_key
from merchants.models import Requirement
from merchants.services import add_member
from orders.models import (
    Document,
    Order,
    OrderLine,
    Parcel,
    Payment,
    PaymentEvent,
    Payout,
    PayoutLine,
    Refund,
    Return,
    SaleFact,
    Shipment,
    ShippingRate,
)
from tests.factories import NOW, make_market, make_user
from tests.undoing import undone

MODELS = sorted((model._meta.app_label, model._meta.model_name) for model in admin.site._registry)


@pytest.fixture
def one_of_each(scheduled: Campaign, head: User) -> Campaign:
    """A row for every model that the desk shows."""
    film = scheduled.film
    set_embargo(film, by=head, tier="plot", lifts_at=NOW)
    set_release(film, by=head, country="CN", opens_on=NOW.date())
    Credit.objects.create(film=film, role="director", name_en="Zhang Jiajia")
    Artwork.objects.create(film=film, kind="wide", file="art/a.png", width=10, height=10)
    product = Product.objects.get(title_en="Ferry model 0")
    Image.objects.create(product=product, file="goods/a.png", width=10, height=10)
    Placement.objects.create(campaign=scheduled, slot="home_hero", headline_en="Soon", announced_at=NOW)
    add_member(product.merchant, head, role="owner", by=head)
    onboarding.apply(
        company="Mill", country="DE", contact="Lin", email="lin@mill.example", interest="", language="en", at=NOW
    )
    point = Requirement.objects.create(kind="tax", name_en="Tax", name_zh="税务")
    onboarding.give(product.merchant, point, by=head, at=NOW, values={"tax_number": "DE 123456789"})
    TOTP.activate(head, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    make_key(product.merchant, name="Till", scopes=["rights:read"], by=head, at=NOW)
    record("tested", film, by=head)
    catch_up_shelf(at=NOW)
    Group.objects.create(name="Desk")
    set_tax_rate(make_market("us"), "US", Decimal(0), starts_on=NOW.date(), by=head)
    ImportRun.objects.create(merchant=product.merchant, file_name="goods.csv")
    MappingPreset.objects.create(merchant=product.merchant, name="wholesale", content={})
    version = start_version(product.licence, product.sku, by=head, at=NOW)
    start_draft(version.submissions.get(track="product"), by=head, at=NOW)
    Certificate.objects.create(article=version.article, licence=product.licence, version=1, issued_at=NOW)
    royalties_of(product.licence, head)
    article = article_of(product.merchant, product.sku)
    release_takedown(start_takedown(article, claimant="A", reason="B", by=head, at=NOW), outcome="C", by=head, at=NOW)
    paid_out(product)
    Review.objects.create(product=product, user=head, stars=4, title="Warm hands", language="en", written_at=NOW)
    return scheduled


def paid_out(product: Product) -> None:
    """An order's line that its merchant was paid for."""
    order = Order.objects.create(
        market=make_market("us"), number="AAA-BBB-CCC", currency="USD", country="US", language="en", email="a@example.com",
        address={}, checkout_key="key", placed_at=NOW, expires_at=NOW, prices_include_tax=True, goods_amount=100,
        delivery_amount=0, tax_amount=0, total_amount=100,
    )  # fmt: skip
    parcel = Parcel.objects.create(order=order, merchant=product.merchant, amount=0, total_amount=0)
    line = OrderLine.objects.create(
        order=order, parcel=parcel, merchant=product.merchant, position=0, variant=product.variants.get(), product=product,
        sku=product.sku, title_en=product.title_en, quantity=1, regular_amount=100, unit_amount=100, amount=100,
        total_amount=100,
    )  # fmt: skip
    fact = SaleFact.objects.create(line=line, kind="sale", quantity=1, amount=100, happened_at=NOW)
    payout = Payout.objects.create(merchant=product.merchant, currency="USD", amount=80, reference="T-1", made_at=NOW)
    PayoutLine.objects.create(payout=payout, fact=fact, amount=80)
    paid_and_sent(order, parcel)


def paid_and_sent(order: Order, parcel: Parcel) -> None:
    """What else an order leaves behind."""
    payment = Payment.objects.create(order=order, provider="sandbox", currency="USD", amount=100, created_at=NOW)
    PaymentEvent.objects.create(provider="sandbox", payment=payment, source="query", key="k", status="pending", at=NOW)
    Refund.objects.create(payment=payment, order=order, amount=1, reason="goodwill", requested_at=NOW)
    Shipment.objects.create(parcel=parcel, shipped_at=NOW)
    Return.objects.create(parcel=parcel, reason="wrong", requested_at=NOW)
    Document.objects.create(order=order, kind="invoice", number="US-1", issued_at=NOW, content={})
    ShippingRate.objects.create(merchant=parcel.merchant, market=order.market, amount=600)


def royalties_of(licence: Licence, by: User) -> None:
    """Terms, a rate of exchange, a line with its journal, a payment and an adjustment: their statement opens by itself."""
    day = licence.starts_on
    set_terms(licence, {"currency": "USD", "rate": "10%"}, by=by)
    add_rates([RateRow("ECB", "USD", "EUR", day, "1.0845")], by=by)
    told = {"id": "o1", "date": day.isoformat(), "amount": "100"}
    assert [result.outcome for result in record_sales(licence, [told], source="order", by=by)] == ["created"]
    record_payment(licence, amount=100, paid_on=day, reference="bank 7", by=by)
    adjust(licence, amount=-100, reason="Audit", by=by)


def address(app: str, model: str, page: str, *args: object) -> str:
    return reverse(f"admin:{app}_{model}_{page}", args=args)


class Breaches(HTMLParser):
    """What `script-src 'self'; style-src 'self'` would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        data = names.get("type") in {"application/json", "application/ld+json"}
        self._is_open = (tag == "script" and "src" not in names and not data) or tag == "style"
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._is_open and data.strip():
            self.found.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        self._is_open = False


def breaches(body: bytes) -> list[str]:
    reader = Breaches()
    reader.feed(body.decode())
    return reader.found


def test_the_search_for_breaches_finds_them() -> None:
    assert breaches(b'<p style="a" onclick="b"></p><script>c()</script><style>d</style>') == [
        "p style",
        "p onclick",
        "c()",
        "d",
    ]


def test_staff_see_list_and_row(subtests: pytest.Subtests, desk: Client, one_of_each: Campaign) -> None:
    for app, model in MODELS:
        row = _first(app, model)
        for page in (address(app, model, "changelist"), address(app, model, "change", row.pk)):
            with subtests.test(page):
                answer = desk.get(page)

                assert answer.status_code == 200
                assert breaches(answer.content) == []
                policy = answer["Content-Security-Policy"]
                assert "style-src 'self'" in policy
                assert "unsafe-inline" not in policy


def _first(app: str, model: str) -> models.Model:
    found = next(m for m in admin.site._registry if (m._meta.app_label, m._meta.model_name) == (app, model))
    return found._default_manager.all()[0]


@pytest.mark.parametrize(
    "app, model",
    [
        ("accounts", "user"),
        ("campaigns", "campaign"),
        ("campaigns", "placement"),
        ("catalog", "importrun"),
        ("catalog", "taxrate"),
        ("films", "embargo"),
        ("films", "film"),
        ("films", "release"),
        ("licensing", "articleversion"),
        ("licensing", "category"),
        ("licensing", "licence"),
        ("licensing", "licensedarticle"),
        ("licensing", "takedown"),
        ("licensing", "adjustment"),
        ("licensing", "fxrate"),
        ("licensing", "royaltypayment"),
        ("licensing", "royaltyterms"),
        ("merchants", "member"),
        ("merchants", "merchant"),
        ("merchants", "partnerkey"),
        ("merchants", "requirement"),
        ("orders", "shippingrate"),
    ],
)
def test_staff_may_add_what_a_service_creates(desk: Client, app: str, model: str) -> None:
    answer = desk.get(address(app, model, "add"))

    assert answer.status_code == 200
    assert breaches(answer.content) == []


CATALOGUE = [pair for pair in MODELS if pair[0] == "catalog" and pair[1] not in ("importrun", "taxrate")]
WRITTEN_BY_THE_SYSTEM = [*CATALOGUE, ("campaigns", "listing"), ("campaigns", "due"), ("accounts", "auditentry")]
WRITTEN_BY_THE_SYSTEM += [("licensing", "journal"), ("licensing", "saleline"), ("licensing", "statement")]


def test_nobody_adds_or_deletes_what_the_system_writes(
    subtests: pytest.Subtests, desk: Client, one_of_each: Campaign
) -> None:
    for app, model in WRITTEN_BY_THE_SYSTEM:
        row = _first(app, model)
        with subtests.test(f"{app} {model}"), undone():
            assert desk.post(address(app, model, "add")).status_code == 403
            assert desk.post(address(app, model, "delete", row.pk), {"post": "yes"}).status_code == 403
            assert desk.post(address(app, model, "change", row.pk), {}).status_code == 403


def test_nothing_is_deleted_by_the_admin_itself(subtests: pytest.Subtests, desk: Client, one_of_each: Campaign) -> None:
    for app, model in (pair for pair in MODELS if pair[0] != "auth"):
        row = _first(app, model)
        with subtests.test(f"{app} {model}"), undone():
            assert desk.post(address(app, model, "delete", row.pk), {"post": "yes"}).status_code == 403
            assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_others_are_sent_to_the_login(
    subtests: pytest.Subtests, client: Client, fan_client: Client, one_of_each: Campaign
) -> None:
    for app, model in MODELS:
        row = _first(app, model)
        for page in (address(app, model, "changelist"), address(app, model, "change", row.pk)):
            for stranger in (client, fan_client):
                with subtests.test(page):
                    answer = stranger.get(page)

                    assert answer.status_code == 302
                    assert answer["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("page", ["desk", "plan", "progress", "colours"])
def test_a_campaign_page_is_for_staff_with_the_permission(
    desk: Client, reader_desk: Client, fan_client: Client, client: Client, scheduled: Campaign, page: str
) -> None:
    where = address("campaigns", "campaign", page, scheduled.pk)
    without = Client()
    without.force_login(make_user("clerk", is_superuser=False))

    assert desk.get(where).status_code == 200
    assert reader_desk.get(where).status_code == 200
    assert without.get(where).status_code == 403
    assert fan_client.get(where).status_code == 302
    assert client.get(where).status_code == 302
    assert desk.get(address("campaigns", "campaign", page, 999_999)).status_code == 404


def test_the_desk_has_its_own_name(desk: Client) -> None:
    assert "merchstore desk" in desk.get(reverse("admin:index")).content.decode()


def test_large_tables_are_not_counted(desk: Client, scheduled: Campaign) -> None:
    for model in (ShelfSpan, Listing):
        with CaptureQueriesContext(connection) as queries:
            desk.get(address(model._meta.app_label, model._meta.model_name, "changelist"))

        counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
        assert counts
        assert all("LIMIT 5000" in sql for sql in counts)
