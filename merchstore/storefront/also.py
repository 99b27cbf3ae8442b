"""What else may please: goods that others bought together with these, and goods that this browser has looked at.

The first are everybody's, and so part of the product's page. The others a script puts into it (static/js/seen.js). What was
looked at stands in a cookie of the browser and nowhere else. Without a script a link leads to a page that says the same.
"""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from catalog.models import Product
from catalog.queries.cards import Card, cards_of, on_shelf
from insights.queries import companions_of
from merchstore.storefront.answers import answer
from merchstore.storefront.carrier import kept_cookie
from merchstore.storefront.shown import shown_cards
from merchstore.storefront.visit import Visit, private_page

#: Public ids, the latest first.
SEEN = "seen"
MOST_SEEN, SHOWN, MONTH = 12, 4, 30 * 86400
_SEEN_FORM = re.compile(r"prd_[a-z0-9]{1,20}(?:\.prd_[a-z0-9]{1,20}){0,11}", re.ASCII)


@private_page
def also(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """What was looked at, as a page, or for htmx the part that stands below the product. The product is noted as seen."""
    spans = on_shelf(visit.market.pk, visit.at).filter(product__slug=slug)
    name = spans.values_list("product__public_id", flat=True).first()
    if name is None:
        raise Http404
    seen = [one for one in _seen_before(request) if one != name]
    context: dict[str, Any] = {"slug": slug, "seen": shown_cards(_cards(_keys_of(seen), visit), visit)}
    response = answer(request, visit, "_also" if request.htmx else "also", context)  # type: ignore[attr-defined]
    response.set_cookie(SEEN, ".".join([name, *seen][:MOST_SEEN]), httponly=True, **kept_cookie(MONTH))
    return response


def bought_together(product_ids: list[int], visit: Visit) -> list[Card]:
    """What is often bought with these, of what is on the shelf. Two queries."""
    return _cards(companions_of(product_ids, limit=3 * SHOWN), visit)


def _cards(product_ids: list[int], visit: Visit) -> list[Card]:
    return cards_of(product_ids, visit.market, visit.language, at=visit.at)[:SHOWN]


def _keys_of(names: list[str]) -> list[int]:
    found = dict(Product.objects.filter(public_id__in=names).values_list("public_id", "pk")) if names else {}
    return [found[name] for name in names if name in found]


def _seen_before(request: HttpRequest) -> list[str]:
    """What the cookie says; anything that is not of our making says nothing."""
    said = request.COOKIES.get(SEEN, "")
    return list(dict.fromkeys(said.split("."))) if _SEEN_FORM.fullmatch(said) else []
