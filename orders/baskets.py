"""Baskets: what somebody means to buy, kept under the hash of what their browser says, or under their name once they sign in.

Nothing is promised to a basket, and nothing in it is believed: what it costs and whether it can be had is decided anew each time.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from accounts.models import User
from catalog.models import Market, Variant
from core.errors import Refused
from core.prepared import Prepared, columns_of, instances
from orders.models import Basket, BasketLine

#: So many lines, and so many pieces of one thing: a basket, not a warehouse.
MOST_LINES, MOST_PIECES = 50, 99
#: A basket of a browser that nobody has touched for so long is thrown away.
KEEP = timedelta(days=60)


def new_token() -> str:
    """What a browser keeps: 160 random bits. Only their hash is stored."""
    return secrets.token_urlsafe(20)


def find_basket(market: Market, *, token: str, user: User | None, at: datetime) -> Basket | None:
    """The basket of a member, else of a browser; None where there is none yet. What a member's browser held before they signed
    in is theirs from here on, whichever door they came in by."""
    key = _key(token)
    if user is None:
        rows = _OF_BROWSER(key=key, market=market.pk) if key else []
        return _with_market(instances(Basket, _COLUMNS, rows), market)
    if key and Basket.objects.filter(key=key, market=market).exists():
        return _merge(key, market, user, at)
    return _with_market(Basket.objects.filter(user=user, market=market), market)


def open_basket(market: Market, *, token: str, user: User | None, at: datetime) -> Basket:
    """The same, made where there is none. A browser needs a token."""
    found = find_basket(market, token=token, user=user, at=at)
    if found is not None:
        return found
    owner = {"user": user} if user is not None else {"key": _key(token)}
    made, _is_new = Basket.objects.get_or_create(**owner, market=market, defaults={"created_at": at, "updated_at": at})
    return made


@transaction.atomic
def add_pieces(basket: Basket, variant: Variant, quantity: int, *, seen_amount: int, at: datetime) -> BasketLine:
    """So many pieces more. Refuses `too_many_lines`, and `too_many_in_basket` for more than anybody orders of one thing."""
    _lock(basket, at)
    line = basket.lines.filter(variant=variant).first()
    if line is None:
        if basket.lines.count() >= MOST_LINES:
            raise Refused("too_many_lines", most=MOST_LINES)
        line = BasketLine(basket=basket, variant=variant, quantity=0, added_at=at)
    line.quantity += quantity
    if not 1 <= line.quantity <= MOST_PIECES:
        raise Refused("too_many_in_basket", most=MOST_PIECES)
    line.seen_amount = seen_amount
    line.save()
    return line


@transaction.atomic
def set_pieces(basket: Basket, variant: Variant, quantity: int, *, at: datetime) -> None:
    """So many pieces of what is in the basket, none to take it out. Refuses `too_many_in_basket`."""
    _lock(basket, at)
    if not 0 <= quantity <= MOST_PIECES:
        raise Refused("too_many_in_basket", most=MOST_PIECES)
    line = basket.lines.filter(variant=variant)
    if quantity:
        line.update(quantity=quantity)
    else:
        line.delete()


def set_country(basket: Basket, country: str, *, at: datetime) -> None:
    """Where it shall go. Refuses `country_elsewhere`."""
    if country not in basket.market.countries:
        raise Refused("country_elsewhere")
    Basket.objects.filter(pk=basket.pk).update(country=country, updated_at=at)
    basket.country = country


def accept_prices(basket: Basket, amounts: dict[int, int]) -> None:
    """The buyer was shown these prices of one piece, by variant, and went on."""
    for line in basket.lines.all():
        seen = amounts.get(line.variant_id)
        if seen is not None and seen != line.seen_amount:
            basket.lines.filter(pk=line.pk).update(seen_amount=seen)


def prune_baskets(*, at: datetime) -> int:
    """Throw away what browsers left behind; returns how many. Members' baskets stay."""
    return Basket.objects.filter(user=None, updated_at__lt=at - KEEP).delete()[0]


@transaction.atomic
def _merge(key: str, market: Market, user: User, at: datetime) -> Basket:
    """Pieces of both are in one basket afterwards, at most MOST_PIECES of one thing. Two requests that do it at once wait for
    each other at the browser's basket."""
    mine, _is_new = Basket.objects.get_or_create(
        user=user, market=market, defaults={"created_at": at, "updated_at": at}
    )
    theirs = Basket.objects.select_for_update().filter(key=key, market=market).first()
    if theirs is None:
        return mine
    _lock(mine, at)
    held = {line.variant_id: line for line in mine.lines.all()}
    for line in theirs.lines.all():
        known = held.get(line.variant_id)
        if known is not None:
            known.quantity = min(known.quantity + line.quantity, MOST_PIECES)
            known.save(update_fields=["quantity"])
        elif len(held) < MOST_LINES:
            held[line.variant_id] = line
            line.basket = mine
            line.save(update_fields=["basket"])
    if theirs.country and not mine.country:
        Basket.objects.filter(pk=mine.pk).update(country=theirs.country)
        mine.country = theirs.country
    theirs.delete()
    return mine


def _with_market(found: Iterable[Basket], market: Market) -> Basket | None:
    """The one that was found, if one was; the market is known and not asked for again."""
    basket = next(iter(found), None)
    if basket is not None:
        basket.market = market
    return basket


def _lock(basket: Basket, at: datetime) -> None:
    Basket.objects.select_for_update(no_key=True).get(pk=basket.pk)
    Basket.objects.filter(pk=basket.pk).update(updated_at=at)


def _key(token: str) -> str:
    return sha256(token.encode()).hexdigest() if token else ""


_COLUMNS = columns_of(Basket)
_OF_BROWSER = Prepared(lambda *, key, market: Basket.objects.filter(key=key, market=market).values_list(*_COLUMNS))
