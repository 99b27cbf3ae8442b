"""Wishes: kept by members, shown to whoever they give the link to, and letters when one costs less or can be had again.

A task compares each wish with the shelf and the stock of this moment. What it finds is written into the wish by one conditional
update, in one transaction with the letter, so two workers at once write one letter.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.addresses import is_unconfirmed
from accounts.letters import write_letter
from accounts.models import Letter, User
from catalog.alerts import product_address
from catalog.models import Market, Product, ShelfSpan, Stock
from core.money import Money
from fans.models import Wish, Wishlist

#: Wishes of one member; and those that are looked at in one go.
MOST, PAGE = 200, 500
#: A piece that comes and goes, as baskets lapse, is told of once in this time.
QUIET = timedelta(days=1)
_SALT = "fans.wishes"
_ON_SALE, _PRE_ORDER = ShelfSpan.Kind.ON_SALE, ShelfSpan.Kind.PRE_ORDER


@transaction.atomic
def add_wish(user: User, product: Product, market: Market, *, language: str, at: datetime) -> bool:
    """Keep what is on the shelf of the market now. Again changes nothing. False where it is not there, or the list is full."""
    own = Wish.objects.filter(user=user)
    if own.filter(product=product, market=market).exists():
        return True
    span = ShelfSpan.objects.at(at).filter(market=market, product=product).first()
    if span is None or own.count() >= MOST:
        return False
    first = {"language": language, "wished_at": at, "seen_amount": span.amount, "known_amount": span.amount}
    wish, is_new = Wish.objects.get_or_create(user=user, product=product, market=market, defaults=first)
    if is_new:
        own.filter(pk=wish.pk).update(is_gone=not _as_now(at).get(pk=wish.pk).can_be_had)
    return True


@transaction.atomic
def remove_wish(user: User, public_id: str) -> bool:
    """Whether it was the member's, and is gone, with the letters about it."""
    _forget_letters(public_id if Wish.objects.filter(user=user, public_id=public_id).exists() else None)
    return Wish.objects.filter(user=user, public_id=public_id).delete()[0] > 0


def share_wishlist(user: User, *, name: str, at: datetime) -> Wishlist:
    """Whoever has its link sees the wishes from now on, under the name that was given, if any."""
    told = {"name": name, "shared_at": at}
    return Wishlist.objects.update_or_create(
        user=user, defaults=told, create_defaults=told | {"token": secrets.token_hex(16)}
    )[0]


def stop_sharing(user: User) -> None:
    """The link is dead for good; sharing again makes another."""
    Wishlist.objects.filter(user=user).delete()


def own_wishes(user: User, market: Market) -> list[Wish]:
    """A member's wishes in the market, the latest first. One query."""
    return list(Wish.objects.filter(user=user, market=market).select_related("product"))


def shared_list(token: str) -> Wishlist | None:
    """The list of this link. One query."""
    return Wishlist.objects.select_related("user").filter(token=token, user__is_active=True).first()


def is_token(token: str) -> bool:
    return _read_token(token) is not None


def stop_letters(token: str) -> None:
    """No more letters about the wish that the token names; it stays on the list. Twice is harmless."""
    name = _read_token(token)
    Wish.objects.filter(public_id=name).update(is_told=False)
    _forget_letters(name)


def tell_wishes(*, at: datetime) -> int:
    """Write to members whose wish costs less than when they kept it, or can be had again. Returns how many letters."""
    told = after = 0
    while rows := list(_changed(at).filter(pk__gt=after).order_by("pk")[:PAGE]):
        told += sum(_tell(row, at) for row in rows)
        after = rows[-1].pk
    return told


def _changed(at: datetime) -> QuerySet[Any]:
    """Wishes of which something is not as it was when it was last looked at. One query."""
    moved = Q(now_amount__isnull=False) & ~Q(now_amount=F("known_amount"))
    return _as_now(at).filter(moved | Q(can_be_had=F("is_gone"))).select_related("product", "market", "user")


def _as_now(at: datetime) -> QuerySet[Any]:
    """Each wish with what its product costs in its market at this moment, and whether a piece of it can be had."""
    span = ShelfSpan.objects.at(at).filter(market=OuterRef("market"), product=OuterRef("product"))
    wishes = Wish.objects.annotate(
        now_kind=Subquery(span.values("kind")[:1]), now_amount=Subquery(span.values("amount")[:1])
    )
    return wishes.annotate(
        can_be_had=Case(
            When(Q(now_kind=_ON_SALE) & Exists(_stock(0)), then=Value(True)),
            When(Q(now_kind=_PRE_ORDER) & Exists(_stock(F("pre_order_cap"))), then=Value(True)),
            default=Value(False),
        )
    )


def _stock(promised: Any) -> QuerySet[Stock]:
    """Of the product of a wish, where a piece is left."""
    left = F("on_hand") - F("reserved") + promised
    return Stock.objects.filter(variant__product=OuterRef("product")).annotate(left=left).filter(left__gt=0)


@transaction.atomic
def _tell(wish: Any, at: datetime) -> bool:
    """What is found becomes what is known; with a letter, where there is something to tell."""
    amount = wish.known_amount if wish.now_amount is None else wish.now_amount
    mine = Wish.objects.filter(pk=wish.pk, known_amount=wish.known_amount, is_gone=wish.is_gone)
    if not mine.update(known_amount=amount, is_gone=not wish.can_be_had):
        return False
    is_cheaper = amount < min(wish.known_amount, wish.seen_amount)
    if not wish.can_be_had or not (is_cheaper or wish.is_gone) or not _is_wanted(wish, at):
        return False
    Wish.objects.filter(pk=wish.pk).update(told_at=at)
    _write(wish, "wish_cheaper" if is_cheaper else "wish_back", amount, at)
    return True


def _is_wanted(wish: Wish, at: datetime) -> bool:
    """Whether its owner wants a letter at an address that is theirs, and had none about it lately."""
    is_early = wish.told_at is not None and at < wish.told_at + QUIET
    user = wish.user
    return wish.is_told and not is_early and user.is_active and bool(user.email) and not is_unconfirmed(user)


def _write(wish: Wish, template: str, amount: int, at: datetime) -> None:
    language, market = wish.language, wish.market
    said = {
        "title": wish.product.title_in(language),
        "price": Money(amount, market.currency).in_locale(language),
        "before": Money(wish.seen_amount, market.currency).in_locale(language),
        "address": product_address(market.code, language, wish.product.slug),
        "stop": _stop_address(wish),
    }
    write_letter(template, to=wish.user.email, language=language, said=said, about=f"{wish.public_id}:{at.isoformat()}")


def _stop_address(wish: Wish) -> str:
    prefix = "zh" if wish.language.startswith("zh") else "en"
    token = signing.Signer(salt=_SALT).sign(wish.public_id)
    return f"{settings.SITE_URL}/{wish.market.code}/{prefix}/wishes/stop/{token}/"


def _read_token(token: str) -> str | None:
    try:
        return signing.Signer(salt=_SALT).unsign(token)
    except signing.BadSignature:
        return None


def _forget_letters(name: str | None) -> None:
    if name is not None:
        Letter.objects.filter(about__startswith=f"{name}:").delete()
