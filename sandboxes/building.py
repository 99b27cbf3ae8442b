"""What a new sandbox has: two licences, goods on the shelf, a campaign of tomorrow, orders in every state, an open statement.

Made by the services that do it for everybody, so a sandbox can be in no state that a real merchant could not be in.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from campaigns.drafts import create_campaign
from campaigns.models import Campaign, Channel
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Product, Variant
from catalog.services import VariantFacts, create_product
from core.territories import SANDBOX
from licensing.ledger.statements import prepare_statements
from licensing.ledger.terms import set_terms
from licensing.models import Licence
from licensing.services import GrantTerms, create_licence, execute_licence
from merchants.models import Merchant
from orders.facts import tell_licensing
from orders.models import Order, Parcel, PaymentEvent, Return, ShippingRate
from orders.payments import PRETEND, provider_named
from orders.placing import Buyer, Terms, place_lines
from orders.quoting import Wanted, quote
from orders.results import apply_result
from orders.returning import announce_return
from orders.shipping import mark_delivered, ship
from sandboxes import place

#: How long after the sandbox was made its campaign starts, and its second licence ends.
LAUNCH_IN, EXPIRY_IN = timedelta(days=1), timedelta(days=20)
_STOCK = 200


def build(merchant: Merchant, *, at: datetime) -> None:
    """Give a new merchant all of it. Several transactions, so call it for one that nobody sees yet."""
    market = place.sandbox_market()
    ShippingRate.objects.create(merchant=merchant, market=market, amount=500, further_amount=100)
    lasting = _licence(merchant, "1", at=at, ends_in=timedelta(days=400), unit_cap=1_000)
    ending = _licence(merchant, "2", at=at, ends_in=EXPIRY_IN)
    goods = [
        _product(lasting, "SBX-TEE", "Sandbox T-shirt", 3_000, at=at),
        _product(lasting, "SBX-MUG", "Sandbox mug", 1_500, at=at),
        _product(ending, "SBX-PRINT", "Sandbox print", 4_500, at=at),
    ]
    _product(lasting, "SBX-BADGE", "Sandbox badge", 800, at=at, listing=Product.Listing.CAMPAIGN)
    for licence in (lasting, ending):
        set_terms(licence, {"currency": place.CURRENCY, "rate": "10%"}, by=None)
    _campaign(merchant, at=at)
    _order(merchant, goods[0], 2, at=at - timedelta(hours=3))
    _brought_back(_order(merchant, goods[1], 1, at=at - timedelta(days=6)), at=at)
    tell_licensing(at=at, merchant=merchant)
    prepare_statements(at=at, merchant=merchant)


def _licence(merchant: Merchant, number: str, *, at: datetime, ends_in: timedelta, **terms: Any) -> Licence:
    licence = create_licence(
        by=None,
        grants=[GrantTerms(category=None, countries=[SANDBOX])],
        number=f"SBX-{merchant.public_id.removeprefix('mer_')}-{number}",
        merchant=merchant,
        film=place.sandbox_film(),
        starts_on=(at - timedelta(days=45)).date(),
        ends_on=(at + ends_in).date(),
        time_zone="UTC",
        is_exclusive=False,
        needs_approval=False,
        **terms,
    )
    return execute_licence(licence, by=None)


def _product(licence: Licence, sku: str, title: str, amount: int, *, at: datetime, **fields: Any) -> Product:
    variant = VariantFacts(f"{sku}-1", prices={place.sandbox_market(): amount}, stock=_STOCK)
    # On sale for a while, so that something has been ordered of it.
    return create_product(
        licence.merchant, film=licence.film, category=place.sandbox_category(), licence=licence, sku=sku, title_en=title,
        by=None, at=at - timedelta(days=30), variants=[variant], state=Product.State.ACTIVE, **fields,
    )  # fmt: skip


def _campaign(merchant: Merchant, *, at: datetime) -> Campaign:
    named = {"name": "Sandbox", "adapter": "storefront", "takes_merchants": False}
    channel = Channel.objects.get_or_create(code=place.channel_code(), defaults=named)[0]
    campaign = create_campaign(
        by=None,
        slug=f"sandbox-{merchant.public_id.removeprefix('mer_')}",
        own_slug="launch",
        merchant=merchant,
        name_en="Sandbox launch",
        name_zh="沙盒首发",
        markets=[place.sandbox_market()],
        channels=[channel],
        starts_at=at + LAUNCH_IN,
        ends_at=at + LAUNCH_IN + timedelta(days=14),
        time_zone="UTC",
        rule={"films": [place.sandbox_film().slug]},
        discount={"kind": "percent", "percent": "20"},
        needs_approval=False,
    )
    stage_revision(schedule_campaign(campaign, by=None, at=at).pk)
    return campaign


def _order(merchant: Merchant, product: Product, pieces: int, *, at: datetime) -> Order:
    market = place.sandbox_market()
    wanted = [Wanted(Variant.objects.get(product=product).pk, pieces)]
    found = quote(wanted, market, country=SANDBOX, region="", chosen={}, at=at)
    address = {"name": "Robin Sand", "street_address": "1 Sandbox Street", "city": "Sandbox", "postal_code": "00000"}
    buyer = Buyer(email="robin@sandbox.invalid", language="en", address=address)
    terms = Terms(
        country=SANDBOX, expected_total=found.total_amount, checkout_key=secrets.token_hex(16), provider=PRETEND
    )
    order = place_lines(wanted, market, buyer, terms, at=at)
    result = provider_named(PRETEND).query(order.payments.get())
    apply_result(PRETEND, result, source=PaymentEvent.Source.QUERY, at=at)
    order.refresh_from_db()
    return order


def _brought_back(order: Order, *, at: datetime) -> Return:
    """Sent, arrived, and on its way back."""
    parcel: Parcel = order.parcels.get()
    pieces = {line: line.quantity for line in parcel.lines.all()}
    shipment = ship(parcel, pieces, carrier="Sandbox Post", tracking="SBX0001", by=None, at=at - timedelta(days=5))
    mark_delivered(shipment, by=None, at=at - timedelta(days=2))
    return announce_return(parcel, pieces, reason=Return.Reason.WITHDRAWAL, by=None, at=at - timedelta(hours=1))
