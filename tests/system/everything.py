"""A merchant who has one of everything, for tests that walk over all addresses; and what the addresses are."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from campaigns import services, staging
from campaigns.models import Placement
from catalog.alerts import token_of
from catalog.importing.runs import start_import
from licensing.ledger.sales import record_sales
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Licence
from orders.links import order_token
from orders.models import Return, Shipment
from orders.papers import issue_invoice
from orders.placing import place_lines
from orders.quoting import Wanted
from tests import factories
from tests.catalog.importing_goods import MAPPING
from tests.factories import NOW
from tests.orders.conftest import buyer, sells, terms
from tests.orders.test_results import tell


def routes(patterns=None, prefix="") -> Iterator[str]:
    """Every address of the storefront and the API as a template with {names}. The desk has its own tests."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        part = str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not part.startswith("desk"):
                yield from routes(entry.url_patterns, prefix + part)
        elif isinstance(entry, URLPattern):
            yield prefix + part


def template(route: str) -> str:
    """`^(?P<market>[a-z]{1,8})/films/$` and `films/<str:name>` as `{market}/films/` and `films/{name}`."""
    route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) if "(?P" not in route else route
    route = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)\??", r"{\1}", route)
    return "/" + route.replace("^", "").replace("$", "").replace("\\", "")


def one_of_everything() -> dict[str, str]:
    """A merchant who has one of everything that an address can name: the value for each name. Its owner signs in as `owner`."""
    film = factories.make_film("night-ferry")
    merchant = factories.make_merchant()
    licence = factories.make_licence(film, merchant)
    product = factories.make_product(licence=licence, prices={"us": 3800, "cn": 100}, stock=0)
    campaign = factories.make_campaign(film, starts_at=NOW - timedelta(days=1))
    Placement.objects.create(
        campaign=campaign, slot="home_hero", headline_en="Now", announced_at=NOW - timedelta(days=9)
    )
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    merchant.members.create(user=factories.make_user("owner", is_staff=False, is_superuser=False), role="owner")
    file = SimpleUploadedFile("goods.csv", b"sku\n")
    run = start_import(merchant, file, {"mapping": MAPPING}, by=None, is_dry_run=True)
    return {
        "market": "us", "prefix": "en", "code": product.category.code, "is_packed": "", "part": "0", "film": film.slug,
        "product": product.slug, "campaign": campaign.slug, "token": token_of("tel_0000000000000000"),
        "merchant": merchant.slug, "licence": licence.public_id, "run": run.public_id, "verb": "undo", "statement": statement_of(licence), "group": "0",
        "provider": "sandbox", "trade": f"sbx{'0' * 24}", "text": "terms", **order_of(licence),
    }  # fmt: skip


def order_of(licence: Licence) -> dict[str, str]:
    """An order with a parcel that was sent, a return on its way, and an invoice."""
    product = factories.make_product(licence=licence)
    market = sells(product).market
    wanted = [Wanted(product.variants.get().pk, 2)]
    order = place_lines(wanted, market, buyer(), terms(market, wanted), at=NOW)
    tell(order.payments.get())
    parcel = order.parcels.get()
    line = order.lines.get()
    line.shipped = 1
    line.save()
    shipment = Shipment.objects.create(parcel=parcel, shipped_at=NOW)
    shipment.lines.create(line=line, quantity=1)
    returned = Return.objects.create(parcel=parcel, reason="faulty", requested_at=NOW)
    returned.lines.create(line=line, quantity=1)
    document = issue_invoice(order, at=NOW)
    return {
        "order": order_token(order), "parcel": parcel.public_id, "shipment": shipment.public_id,
        "returned": returned.public_id, "document": document.public_id,
    }  # fmt: skip


def statement_of(licence: Licence) -> str:
    """A quarter with one sale in it."""
    set_terms(licence, {"currency": "USD", "zone": "UTC", "rate": "10%"}, by=None)
    sale = {"id": "s1", "date": "2026-01-10", "article": "MUG", "quantity": 1, "unit_price": "9.00", "territory": "US"}
    at = datetime(2026, 3, 31, tzinfo=UTC)
    assert [result.outcome for result in record_sales(licence, [sale], source="csv", by=None, at=at)] == ["created"]
    return compute_statement(licence, "2026-Q1", at=at).public_id
