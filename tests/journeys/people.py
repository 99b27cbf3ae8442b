"""Who walks over the pages, and what they look at: a guest with something in the basket, a member with orders behind them,
somebody who has said the password and not yet the code."""

from typing import Any
from uuid import uuid4

from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.alerts import ask_for_alert
from catalog.models import Market, Product, Stock, Variant
from catalog.shelf_store import recompile_products
from demo.orders import _Story
from fans.addresses import keep_address
from fans.follows import follow_as_member
from fans.models import Wish
from fans.wishes import add_wish, share_wishlist
from films.models import Film
from merchants.models import Merchant
from orders.links import order_token
from orders.models import Order
from tests import factories
from tests.journeys.pages import BUYER, GUEST, HALFWAY, MEMBER

PASSWORD = "a-ferry-at-night"
FILM, CAMPAIGN, MAKER = "the-ferryman", "the-ferryman-ten-years", "lantern-and-loom"
#: A T-shirt in sizes, a mug, prints that are sold out, a bag whose licence leaves Canada out.
SIZED, PLAIN, SOLD_OUT, REFUSED = "LL-FER-TEE-02", "K19-FER-MUG-01", "HPW-FER-PRINT-01", "JOURNEY-BAG"
ADDRESS = {
    "name": "Lin Wei", "street_address": "41 Division Street", "postal_code": "10002", "city": "New York",
    "country_area": "NY",
}  # fmt: skip
_ORDER = {
    "market": "us", "country": "US", "region": "NY", "language": "en", "email": "wei@fan.example", "phone": "",
    "address": ADDRESS, "items": [{"sku": SIZED, "pieces": 1}],
}  # fmt: skip
_DELIVERED = {
    "placed": "-6d", "paid": "-6d",
    "sent": [{"merchant": MAKER, "at": "-5d", "carrier": "USPS", "tracking": "9400 1", "delivered": "-2d"}],
}  # fmt: skip


def slug_of(sku: str) -> str:
    return Product.objects.get(sku=sku).slug


def make_member() -> User:
    """A fan with an account."""
    name = f"wei-{uuid4().hex[:8]}@fan.example"
    return User.objects.create_user(name, name, PASSWORD)


def make_order(user: User | None = None, **story: Any) -> Order:
    """An order of one T-shirt, as far as `story` says; delivered unless it says anything."""
    key = f"journey-{uuid4().hex[:8]}"
    _Story(_ORDER | (story or _DELIVERED) | {"key": key}, timezone.now()).live()
    order = Order.objects.get(checkout_key=key)
    if user is not None:
        order.user = user
        order.save(update_fields=["user"])
    return order


def make_refused() -> None:
    """A bag in a market of two countries, and a licence for one of them. (Within Europe what may be sold in one country may be
    sent to the others, so no page of the demo refuses.)"""
    factories.make_market("na", name_en="North America", name_zh="北美", countries=["US", "CA"])
    licence = factories.make_licence(Film.objects.get(slug=FILM), Merchant.objects.get(slug=MAKER), excluded=["CA"])
    factories.make_product(
        licence=licence, category=factories.make_category("bags"), prices={"na": 2600}, sku=REFUSED, slug="river-bag",
        title_en="River bag", title_zh="河袋",
    )  # fmt: skip


def sell_out(sku: str) -> None:
    product = Product.objects.get(sku=sku)
    Stock.objects.filter(variant__product=product).update(on_hand=0, reserved=0)
    recompile_products([product.pk])


class World:
    """What stands in the addresses of pages.py, and the cookies of each who looks at them."""

    def __init__(self) -> None:
        member = make_member()
        order = make_order(member)
        sell_out(SOLD_OUT)
        self.names = {
            "wishlist": _full_account(member),
            "film": FILM,
            "campaign": CAMPAIGN,
            "maker": MAKER,
            "product": slug_of(SIZED),
            "sold_out": slug_of(SOLD_OUT),
            "refused": slug_of(REFUSED),
            "order": order_token(order),
            "parcel": order.parcels.get().public_id,
            "pay": order_token(make_order(placed="+0s")),
        }
        self.cookies = {GUEST: {}, BUYER: _with_basket(), MEMBER: _signed_in(member), HALFWAY: _halfway()}


def _full_account(member: User) -> str:
    """Something on each page of the account; the token of the member's shared list."""
    now, market = timezone.now(), Market.objects.get(code="us")
    follow_as_member(member, Film.objects.get(slug=FILM), market, language="en", at=now)
    for product in Product.objects.filter(sku__in=(PLAIN, SOLD_OUT)):
        add_wish(member, product, market, language="en", at=now)
    Wish.objects.filter(user=member).update(seen_amount=9900)
    keep_address(member, country="US", address=ADDRESS, phone="", at=now)
    ask_for_alert(Variant.objects.filter(product__sku=SOLD_OUT)[0], market, email=member.email, language="en", at=now)
    return share_wishlist(member, name="Wei", at=now).token


def _with_basket() -> dict[str, str]:
    client = Client()
    for variant in Variant.objects.filter(product__sku__in=(SIZED, PLAIN), position=0):
        client.post("/us/en/basket/add/", {"v": variant.public_id, "quantity": 2}, headers={"Host": "localhost"})
    return {name: morsel.value for name, morsel in client.cookies.items()}


def _signed_in(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def _halfway() -> dict[str, str]:
    user, client = make_member(), Client()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client.post("/us/en/sign-in/", {"email": user.email, "password": PASSWORD}, headers={"Host": "localhost"})
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
