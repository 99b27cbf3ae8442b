"""The demo's fans: buyers with an account and what they say of the goods, and one whose account a reader may look into."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F

from accounts.models import User
from catalog.alerts import ask_for_alert
from catalog.models import Market, Price, Product, Variant
from core.money import Money
from demo.files import Row, instant, read_table
from demo.orders import live_orders
from demo.rows import Tally, write
from demo.slate import load_user
from fans.addresses import keep_address
from fans.follows import follow_as_member
from fans.models import Follow, Review, Wishlist
from fans.queries import has_received
from fans.reviews import answer_review, hide_review, show_review, write_review
from fans.wishes import add_wish, share_wishlist
from films.models import Film
from merchants.models import Member
from orders.addresses import read_address
from orders.models import Letter

#: How long a merchant takes to send, and the parcel to arrive; and the desk to read a review, where the file does not say.
_TO_SEND, _TO_ARRIVE, _TO_READ = timedelta(days=2), timedelta(days=6), timedelta(hours=20)
_CARRIERS = {"cn": "顺丰速运", "hk": "顺丰速运", "us": "USPS", "eu": "DHL"}


def fan_login() -> tuple[str, str]:
    """(user name, what for) of the fan who signs in."""
    fan = read_table("fans")["fan"]
    return fan["email"], fan["purpose"]


def load_buyers(now: datetime, password: str) -> Tally:
    """Fans with an account, and their orders. Only one of them signs in, with `password`, a hash."""
    tally, told = Tally(), read_table("fans")
    for row in told["reduced"]:
        _reduce(row, now, tally)
    fan = told["fan"]
    load_user(fan["email"], fan["name"], password, tally)
    rows = [_order_of_fan(fan, row) for row in fan["orders"]]
    merchants = dict(Product.objects.values_list("sku", "merchant__slug"))
    for number, buyer in enumerate(read_table("buyers"), start=1):
        load_user(buyer["email"], buyer["name"], make_password(None), tally)
        rows.append(_order_of_buyer(buyer, number, merchants, now))
    lived = live_orders(rows, now)
    if lived.created:
        _have_read([row["key"] for row in rows if row["email"] != fan["email"]])
    tally.add(lived)
    return tally


def load_fans(now: datetime, desk: User) -> Tally:
    """What they keep and say. It tells of orders and of what is on the shelf, so it comes after both."""
    tally, fan = Tally(), read_table("fans")["fan"]
    _keep(fan, now, tally)
    said = [(one, review) for one in (*read_table("buyers"), fan) for review in one["reviews"]]
    # The last one that was written stands first on a page.
    for author, row in sorted(said, key=lambda one: _at(one[1]["written"], now)):
        _review(author, row, now, desk, tally)
    return tally


def _have_read(keys: list[str]) -> None:
    """Letters about orders of weeks ago reached their readers then: whoever looks into the mail finds those of today."""
    Letter.objects.filter(order__checkout_key__in=keys, sent_at=None).update(sent_at=F("created_at"))


def _reduce(row: Row, now: datetime, tally: Tally) -> None:
    """A price that has come down since. What the merchant asks for later is theirs."""
    for code, amount in row["amounts"].items():
        market = Market.objects.get(code=code)
        key = {"variant": _variant(row["sku"]), "market": market, "amount": Money.parse(amount, market.currency).amount}
        write(Price, key, {}, first={"starts_at": _at(row["since"], now)}, tally=tally)


def _order_of_fan(fan: Row, row: Row) -> Row:
    """As demo/orders.py reads it, sent to one of the fan's addresses."""
    where = fan["addresses"][row["address"]]
    return {**row, "email": fan["email"], "language": fan["language"], **where}


def _order_of_buyer(buyer: Row, number: int, merchants: dict[str, str], now: datetime) -> Row:
    """One piece of each, which all came."""
    placed = _at(buyer["placed"], now)
    sent = placed + _TO_SEND
    told = {"at": sent.isoformat(), "delivered": (sent + _TO_ARRIVE).isoformat(), "carrier": _CARRIERS[buyer["market"]]}
    slugs = dict.fromkeys(merchants[sku] for sku in buyer["skus"])
    names = ("market", "country", "region", "language", "email", "phone", "placed")
    return {
        **{name: buyer[name] for name in names if name in buyer},
        "key": f"demo-{buyer['email'].partition('@')[0]}",
        "paid": buyer["placed"],
        "address": {"name": buyer["name"], **buyer["address"]},
        "items": [{"sku": sku, "pieces": 1} for sku in buyer["skus"]],
        "sent": [
            {"merchant": slug, "tracking": f"DEMO {number:03} {place:03}", **told}
            for place, slug in enumerate(slugs, 1)
        ],
    }


def _review(author: Row, row: Row, now: datetime, desk: User, tally: Tally) -> None:
    """Written, read by the desk and answered by the maker. A shop without the orders has none."""
    user, product = User.objects.get(username=author["email"]), Product.objects.get(sku=row["sku"])
    if Review.objects.filter(user=user, product=product).exists():
        tally.unchanged += 1
        return
    if not has_received(user, product):
        return
    tally.created += 1
    at = _at(row["written"], now)
    words = {name: row[name].strip() for name in ("title", "text")}
    review = write_review(
        user, product, stars=row["stars"], name=author["called"], language=author["language"], at=at, **words
    )
    state, read_at = row.get("state", Review.State.SHOWN), min(now, at + _TO_READ)
    if state == Review.State.HIDDEN:
        hide_review(review, by=desk, at=read_at, version=review.version, reason=row["reason"])
    elif state == Review.State.SHOWN:
        show_review(review, by=desk, at=read_at, version=review.version)
    if "answer" in row:
        owner = Member.objects.filter(merchant=product.merchant_id, role=Member.Role.OWNER).order_by("pk")[0].user
        at = _at(row["answered"], now)
        answer_review(review, by=owner, at=at, answer=row["answer"].strip(), version=review.version)


@transaction.atomic
def _keep(fan: Row, now: datetime, tally: Tally) -> None:
    """Addresses, follows, wishes and alerts, each of which its owner may have thrown away since: then it stays away."""
    user, language = User.objects.get(username=fan["email"]), fan["language"]
    kept = (Wishlist.objects.filter(user=user), user.addresses.all(), Follow.objects.filter(user=user))
    if any(rows.exists() for rows in kept):
        tally.unchanged += 1
        return
    for row in fan["addresses"]:
        address, wrong = read_address(row["address"], row["country"])
        assert not wrong, f"{row['address']}: {wrong}"
        keep_address(user, country=row["country"], address=address, phone=row["phone"], at=now)
    for row in fan["follows"]:
        film, market = Film.objects.get(slug=row["film"]), Market.objects.get(code=row["market"])
        follow_as_member(user, film, market, language=language, at=_at(row["since"], now))
    for row in fan["wishes"]:
        _wish(user, row, language, now)
    share_wishlist(user, name=fan["wishlist"], at=now)
    for row in fan["alerts"]:
        market = Market.objects.get(code=row["market"])
        ask_for_alert(_variant(row["sku"]), market, email=fan["email"], language=language, at=_at(row["since"], now))
    tally.created += 1


def _wish(user: User, row: Row, language: str, now: datetime) -> None:
    """The first of the file stands first on the list, where the last one kept does."""
    market = Market.objects.get(code=row["market"])
    for sku in reversed(row["skus"]):
        product = Product.objects.get(sku=sku)
        kept = add_wish(user, product, market, language=language, at=_at(row["since"], now))
        assert kept, f"{sku} was not on the shelf of {market}"


def _variant(sku: str) -> Variant:
    return Variant.objects.filter(product__sku=sku).order_by("position")[0]


def _at(text: str, now: datetime) -> datetime:
    found = instant(text, now)
    assert found is not None, "an offset or an instant"
    return found
