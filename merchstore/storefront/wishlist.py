"""The wishlist: a button on each product's page, a page of the account, and a link for others.

The product's page is the same for all, so htmx puts the button into it; without a script a link leads to a page that says the same.
"""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from catalog.models import Market, Product, StockAlert
from catalog.queries.cards import cards_of, on_shelf
from core.money import Money
from fans import wishes
from fans.models import Wish, Wishlist
from merchstore.signing_in import is_unconfirmed
from merchstore.storefront.account import account_page, framed
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.carrier import member
from merchstore.storefront.shown import Tile, shown_cards
from merchstore.storefront.stopping import stop_page
from merchstore.storefront.visit import Visit, own_page, private_page

_LONGEST_NAME = 40


@own_page
def wish(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """Keep a product; who is not signed in does that first and comes back."""
    product = _on_shelf(visit, slug)
    user, here, status = member(request), f"{visit.base}goods/p/{slug}/wish/", 200
    sign_in = f"{visit.base}sign-in/?{urlencode({'next': here})}"
    if request.method == "POST":
        if user is None:
            return HttpResponseClientRedirect(sign_in) if request.htmx else see_other(sign_in)  # type: ignore[attr-defined]
        if not wishes.add_wish(user, product, visit.market, language=visit.language, at=visit.at):
            status = 422
        elif not request.htmx:  # type: ignore[attr-defined]
            return see_other(here)
    is_kept = user is not None and Wish.objects.filter(user=user, product=product, market=visit.market).exists()
    context = {
        "slug": slug, "title": product.title_in(visit.language), "is_kept": is_kept, "is_full": status == 422,
        "sign_in": "" if user else sign_in,
    }  # fmt: skip
    response = answer(request, visit, "_wish" if request.htmx else "wish", context)  # type: ignore[attr-defined]
    # htmx shows no answer of 4xx.
    response.status_code = 200 if request.htmx else status  # type: ignore[attr-defined]
    return response


def _on_shelf(visit: Visit, slug: str) -> Product:
    found = on_shelf(visit.market.pk, visit.at).filter(product__slug=slug).values("product")
    product = Product.objects.filter(pk__in=found).first()
    if product is None:
        raise Http404
    return product


@account_page
def wishlist(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """A member's wishes in this market. A form takes one off, or shares the list, or ends that."""
    if request.method == "POST":
        _act(request, visit, user)
        return see_other(f"{visit.base}account/wishlist/")
    found = wishes.own_wishes(user, visit.market)
    shared = Wishlist.objects.filter(user=user).first()
    context: dict[str, Any] = {
        "rows": _rows(found, visit),
        "shared": shared,
        "link": f"{settings.SITE_URL}{visit.base}wishlist/{shared.token}/" if shared else "",
    }
    return framed(request, visit, "wishlist", "wishlist", context)


def _act(request: HttpRequest, visit: Visit, user: User) -> None:
    given = {name: value.replace("\x00", "") for name, value in request.POST.items()}
    if "share" in given:
        name = given.get("name", "").strip()[:_LONGEST_NAME]
        wishes.share_wishlist(user, name=name, at=visit.at)
    elif "unshare" in given:
        wishes.stop_sharing(user)
    elif not wishes.remove_wish(user, given.get("wish", "")):
        raise Http404


def _rows(found: list[Wish], visit: Visit) -> list[dict[str, Any]]:
    """Each wish with its tile, if it is on the shelf now; and what it cost when it was kept, if that is not what it costs now."""
    cards = cards_of([one.product_id for one in found], visit.market, visit.language, at=visit.at)
    tiles = dict(zip([card.product_id for card in cards], shown_cards(cards, visit), strict=True))
    prices = {card.product_id: card.price for card in cards}
    return [
        {
            "wish": one,
            "title": one.product.title_in(visit.language),
            "cards": [_marked(tiles[one.product_id], one.is_gone)] if one.product_id in tiles else [],
            "before": _before(one, prices.get(one.product_id), visit),
        }
        for one in found
    ]


def _marked(tile: Tile, is_gone: bool) -> Tile:
    return tile._replace(flag=_("Sold out"), is_cut=False) if is_gone else tile


def _before(wish: Wish, price: Money | None, visit: Visit) -> str:
    then = Money(wish.seen_amount, visit.market.currency)
    return "" if price is None or price == then else then.in_locale(visit.language)


@private_page
def shared(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """What somebody shows to others: what of it is on the shelf of this market, and no word of who it is but the name they gave."""
    found = wishes.shared_list(token)
    if found is None:
        raise Http404
    kept = Wish.objects.filter(user=found.user)
    ids = list(dict.fromkeys(kept.values_list("product", flat=True)[: wishes.MOST]))
    # Of what was kept in another market nobody has looked whether it can be had in this one.
    gone = set(kept.filter(market=visit.market, is_gone=True).values_list("product", flat=True))
    cards = cards_of(ids, visit.market, visit.language, at=visit.at)
    tiles = zip(cards, shown_cards(cards, visit), strict=True)
    marked = [_marked(tile, card.product_id in gone) for card, tile in tiles]
    return answer(request, visit, "wishlist", {"cards": marked, "name": found.name})


stop = stop_page("wish_stop", is_token=wishes.is_token, end=wishes.stop_letters)


@account_page
def alerts(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """Which letters a member gets: about stock, at the address of the account once it is confirmed, and about wishes."""
    mine = not is_unconfirmed(user) and user.email
    asked = StockAlert.objects.filter(email=user.email.lower()) if mine else StockAlert.objects.none()
    own = Wish.objects.filter(user=user, is_told=True)
    if request.method == "POST":
        name = request.POST.get("alert", "").replace("\x00", "")
        if not (asked.filter(public_id=name).delete()[0] or own.filter(public_id=name).update(is_told=False)):
            raise Http404
        return see_other(f"{visit.base}account/alerts/")
    waiting = asked.filter(sent_at=None).select_related("variant__product", "market").order_by("-pk")[: wishes.MOST]
    context = {
        "is_unconfirmed": not mine,
        "asked": [(one, one.variant.product.title_in(visit.language), _where(one.market, visit)) for one in waiting],
        "own": [
            (one, one.product.title_in(visit.language), _where(one.market, visit))
            for one in own.select_related("product", "market")
        ],
    }
    return framed(request, visit, "alerts", "alerts", context)


def _where(market: Market, visit: Visit) -> str:
    return market.name_in(visit.language)
