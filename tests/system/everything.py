"""A merchant who has one of everything, for tests that walk over all addresses; and what the addresses are."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from campaigns import services, staging
from campaigns.models import Placement
from campaigns.own import create_own_campaign
from catalog.alerts import token_of
from catalog.importing.runs import start_import
from catalog.models import Image, Price, Product, SizeGuide
from fans.addresses import keep_address
from fans.models import Review
from licensing.approvals.drafts import add_file, start_draft
from licensing.approvals.versions import start_version
from licensing.ledger.sales import record_sales
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Certificate, Licence
from merchants.invitations import invite
from merchants.keys import make_key
from merchants.models import Merchant, Requirement
from merchants.onboarding import give
from merchants.webhooks import add_endpoint, send_test
from orders.links import order_token
from orders.models import Payout, Return, Shipment
from orders.papers import issue_invoice
from orders.placing import place_lines
from orders.quoting import Wanted
from tests import factories
from tests.campaigns.joining import document as own_document
from tests.catalog.importing_goods import MAPPING
from tests.factories import NOW
from tests.licensing.approving import picture
from tests.orders.conftest import ADDRESS, buyer, sells, terms
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


def each_verb(route: str) -> list[str]:
    """The route once for each of its verbs: `(?P<verb>enable|disable)/` is two addresses."""
    verbs = re.search(r"\(\?P<verb>([-\w|]+)\)", route)
    if verbs is None:
        return [route]
    return [route.replace(verbs[0], verb) for verb in verbs[1].split("|")]


def template(route: str) -> str:
    """`^(?P<market>[a-z]{1,8})/films/$` and `films/<str:name>` as `{market}/films/` and `films/{name}`."""
    # The shop names a product and a campaign by slug, the panel by public id.
    route = route.replace("(?P<product>prd_", "(?P<own_product>prd_").replace(
        "(?P<campaign>cmp_", "(?P<own_campaign>cmp_"
    )
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
        "market": "us", "prefix": "en", "code": product.category.code, "is_packed": "", "part": "0", "country": "US", "kind": "films", "film": film.slug,
        "product": product.slug, "campaign": campaign.slug, "token": token_of("tel_0000000000000000"),
        "own_product": product.public_id, "variant": product.variants.get().public_id,
        "price": str(Price.objects.filter(variant__product=product).order_by("pk")[0].pk),
        "image": Image.objects.create(product=product, file="goods/a.svg").public_id,
        "merchant": merchant.slug, "licence": licence.public_id, "run": run.public_id, "verb": "undo", "statement": statement_of(licence), "group": "0",
        **papers_of(licence), **people_of(merchant), "own_campaign": own_campaign_of(licence), "track": "product", "uidb36": "1", "pk": "1",
        "guide": size_guide_of(product), "review": review_of(product), "own_address": address_of(merchant), "passkey": "1",
        "provider": "sandbox", "trade": f"sbx{'0' * 24}", "text": "terms", **order_of(licence),
    }  # fmt: skip


def size_guide_of(product: Product) -> str:
    guide = SizeGuide.objects.create(merchant=product.merchant, name_en="Mugs", columns_en=["Size"], rows=[["One"]])
    Product.objects.filter(pk=product.pk).update(size_guide=guide)
    return guide.public_id


def review_of(product: Product) -> str:
    told = {"state": "shown", "decided_at": NOW, "written_at": NOW, "language": "en"}
    fan = factories.make_user("reviewer", is_staff=False, is_superuser=False)
    return Review.objects.create(product=product, user=fan, stars=4, title="Warm", **told).public_id


def address_of(merchant: Merchant) -> str:
    """The owner buys here, too."""
    user = merchant.members.get(role="owner").user
    return keep_address(user, country="US", address=ADDRESS, phone="", at=NOW).public_id


def papers_of(licence: Licence) -> dict[str, str]:
    """An article in approval with a draft and its file, a certificate, a key, a payout, and an address that is told of events."""
    merchant = licence.merchant
    user, now = merchant.members.get(role="owner").user, timezone.now()
    version = start_version(licence, "EVERYTHING", by=user, at=now)
    shown = start_draft(version.submissions.get(track="product"), by=user, at=now)
    certificate = Certificate.objects.create(article=version.article, licence=licence, version=9, issued_at=now)
    payout = Payout.objects.create(merchant=merchant, currency="USD", amount=1, reference="EVERYTHING", made_at=now)
    endpoint = add_endpoint(merchant, url="https://hooks.example.com/", by=None, at=now).endpoint
    return {
        "version": version.public_id,
        "shown": shown.public_id,
        "file": add_file(shown, picture(), kind="artwork", name="a.png", by=user, at=now).public_id,
        "certificate": certificate.public_id,
        "key": make_key(merchant, name="Everything", scopes=["orders:read"], by=None, at=now).key.public_id,
        "payout": payout.public_id,
        "endpoint": endpoint.public_id,
        "event": merchant.events.order_by("pk")[0].public_id,
        "delivery": send_test(endpoint, by=None, at=now).public_id,
    }


def people_of(merchant: Merchant) -> dict[str, str]:
    """A second member, somebody invited, and a point of the checklist with what was handed in."""
    owner, now = merchant.members.get(role="owner").user, timezone.now()
    hand = factories.make_user("hand", is_staff=False, is_superuser=False)
    merchant.members.create(user=hand, role="orders")
    requirement = Requirement.objects.create(
        kind="document", name_en="Register", name_zh="登记", has_expiry=False, is_required=False
    )
    submittal = give(merchant, requirement, file=("a.png", picture()), by=owner, at=now)
    invited = invite(merchant, email="new@merchant.example", role="orders", language="en", by=owner, at=now)
    return {
        "member": hand.public_id,
        "requirement": requirement.public_id,
        "submittal": submittal.public_id,
        "invitation": invited.public_id,
    }


def own_campaign_of(licence: Licence) -> str:
    document = own_document(rule={"films": [licence.film.slug]})
    return create_own_campaign(licence.merchant, "everything", document, by=None).public_id


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


def name_of(route: str, things: dict[str, str]) -> str:
    """What `{name}` is in a route of the API."""
    return things[next(kind for start, kind in NAMES if route.startswith(start))]


#: By how a route's name begins, the longer ones first.
NAMES = (
    ("licence", "licence"), ("statement", "statement"), ("bulk", "run"), ("own_product", "own_product"), ("own_image", "own_product"),
    ("own_variants", "own_product"), ("own_variant", "variant"), ("own_prices", "variant"), ("own_market_prices", "variant"),
    ("own_stock", "variant"), ("own_campaign", "own_campaign"), ("entries", "own_campaign"), ("order", "parcel"), ("shipments", "parcel"),
    ("shipment", "shipment"), ("return", "returned"), ("submission", "version"), ("draft", "version"), ("event", "event"),
    ("webhook", "endpoint"), ("sandbox", "own_product"), ("film", "film"), ("product", "product"), ("campaign", "campaign"), ("problem", "code"),
)  # fmt: skip
