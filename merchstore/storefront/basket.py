"""The basket's page, and what is done to it. Every act is a form that leads back to the page."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from catalog.models import Variant
from catalog.queries.sale import sale_terms
from core.errors import Refused
from core.territories import country_name
from merchstore.storefront.also import bought_together
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.carrier import basket_for, basket_of, remember
from merchstore.storefront.quoted import shown_quote, words_of_problem
from merchstore.storefront.shown import shown_cards
from merchstore.storefront.visit import Visit, own_page
from orders import baskets
from orders.again import left_out
from orders.links import order_of_token
from orders.models import Basket
from orders.quoting import Quote, Wanted, quote


@own_page
def basket(request: HttpRequest, visit: Visit) -> HttpResponse:
    if request.method == "POST":
        return _see(visit)
    found = basket_of(request, visit)
    missing = _missing(request.GET.get("again", ""), visit, found)
    return remember(basket_page(request, visit, found, missing=missing), found)


def _missing(token: str, visit: Visit, found: Basket | None) -> list[str]:
    """What of an order that somebody wanted again (storefront/orders.py) is not in the basket."""
    order = order_of_token(token[:120]) if token else None
    if order is None or order.market_id != visit.market.pk:
        return []
    return list(dict.fromkeys(line.title_in(visit.language) for line in left_out(found, order)))


@own_page
def add(request: HttpRequest, visit: Visit) -> HttpResponse:
    """`v` names the variant, `quantity` how many more, `country` where it shall go. What cannot be sold there is put in all the
    same, and said: another country may help."""
    if request.method != "POST":
        return _see(visit)
    variant = _variant(request.POST.get("v", ""))
    found, token = basket_for(request, visit)
    country = request.POST.get("country", "")
    if country in visit.market.countries and country != found.country:
        baskets.set_country(found, country, at=visit.at)
    terms = sale_terms([variant.pk], visit.market, country=country_of(found), at=visit.at).get(variant.pk)
    if terms is None or terms.amount is None:
        raise Http404
    try:
        baskets.add_pieces(found, variant, _quantity(request), seen_amount=terms.amount, at=visit.at)
    except Refused as refusal:
        return remember(basket_page(request, visit, found, refusal=refusal), found, token)
    return remember(_see(visit), found, token)


@own_page
def change(request: HttpRequest, visit: Visit) -> HttpResponse:
    """So many pieces of `v`, none to take it out; or another `country`."""
    found = basket_of(request, visit)
    if request.method != "POST" or found is None:
        return _see(visit)
    try:
        if "country" in request.POST:
            baskets.set_country(found, request.POST["country"], at=visit.at)
        if "v" in request.POST:
            pieces = 0 if "remove" in request.POST else _quantity(request, least=0)
            baskets.set_pieces(found, _variant(request.POST["v"]), pieces, at=visit.at)
    except Refused as refusal:
        return remember(basket_page(request, visit, found, refusal=refusal), found)
    return remember(_see(visit), found)


def basket_page(
    request: HttpRequest,
    visit: Visit,
    found: Basket | None,
    *,
    refusal: Refused | None = None,
    missing: Sequence[str] = (),
) -> HttpResponse:
    quoted = quote_of(found, visit) if found is not None else None
    context: dict[str, Any] = {
        "quote": shown_quote(quoted, visit, seen=seen_in(found)) if quoted is not None and found is not None else None,
        "countries": [(code, country_name(code, visit.language)) for code in visit.market.countries],
        "country": country_of(found) if found is not None else visit.market.countries[0],
        "most": baskets.MOST_PIECES,
        "missing": missing,
        "together": shown_cards(bought_together(products_in(found), visit), visit) if found is not None else [],
        "refusal": words_of_problem(refusal, visit, "") if refusal else "",
    }
    response = answer(request, visit, "basket", context)
    response.status_code = 422 if refusal else 200
    return response


def quote_of(found: Basket, visit: Visit, **chosen: Any) -> Quote | None:
    """What the basket costs now; None for an empty one."""
    wanted = [Wanted(variant_id, pieces) for variant_id, pieces in found.lines.values_list("variant_id", "quantity")]
    if not wanted:
        return None
    return quote(wanted, visit.market, country=chosen.pop("country", country_of(found)), at=visit.at, **chosen)


def seen_in(found: Basket) -> dict[int, int]:
    """The prices of one piece that the buyer saw."""
    return dict(found.lines.values_list("variant_id", "seen_amount"))


def products_in(found: Basket) -> list[int]:
    return list(found.lines.values_list("variant__product", flat=True).distinct())


def country_of(found: Basket) -> str:
    """Where the basket goes: as was chosen, else the market's main country."""
    countries: list[str] = found.market.countries
    return found.country if found.country in countries else countries[0]


def _variant(public_id: str) -> Variant:
    found = Variant.objects.filter(public_id=public_id.replace("\x00", "")).first()
    if found is None:
        raise Http404
    return found


def _quantity(request: HttpRequest, *, least: int = 1) -> int:
    """A whole number within what a form offers; anything else is refused as too many."""
    text = request.POST.get("quantity", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    if number < least:
        raise Refused("too_many_in_basket", most=baskets.MOST_PIECES)
    return number


def _see(visit: Visit) -> HttpResponse:
    return see_other(f"{visit.base}basket/")
