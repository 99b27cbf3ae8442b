"""The checkout: one page with one form. What it shows is what is ordered, or nothing is."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from core.errors import Refused
from core.territories import country_name
from fans.addresses import keep_address
from merchstore.limits import is_too_often, who_asks
from merchstore.storefront.addresses import as_said, field_rows, lines_of, wrong_phone
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.basket import country_of, quote_of, seen_in
from merchstore.storefront.carrier import basket_of, member, remember
from merchstore.storefront.legal import VERSIONS
from merchstore.storefront.quoted import shown_quote, words_of_problem
from merchstore.storefront.visit import Visit, own_page
from orders import baskets
from orders.addresses import FIELDS, read_address
from orders.links import order_path
from orders.models import Basket, Order
from orders.payments import offered
from orders.placing import Buyer, Terms, place_order

#: Orders from one place within an hour: more than a school's class places, fewer than a script that holds all the stock.
MOST_PER_PLACE, HOUR = 200, 3600
#: Of a gift message: what a slip has room for.
MOST_SIGNS = 300


@dataclass
class Filled:
    """The form as it was filled in, and a sentence for each field that is wrong."""

    country: str
    values: dict[str, str] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    chosen: dict[int, str] = field(default_factory=dict)
    #: The kept address that fills the fields, by its public id; and whether what they say is to be kept.
    saved: str = ""
    keeps: bool = False
    provider: str = ""
    method: str = ""


@own_page
def checkout(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The form; with POST the order is placed and its payment page comes next. An invalid form answers 422 with all that was
    typed; `show` in it asks for the form again, for another country or way of sending, and orders nothing."""
    found = basket_of(request, visit)
    if request.method != "POST":
        if found is None or not found.lines.exists():
            return HttpResponseRedirect(f"{visit.base}basket/")
        filled = _filled(request, visit, found, _remembered(request, found))
        return _form(request, visit, found, filled)
    if found is None:
        return see_other(f"{visit.base}basket/")
    # One that is empty is not asked for: a form sent twice finds it so, and its order all the same.
    filled = _filled(request, visit, found, request.POST)
    if "show" in request.POST:
        if filled.saved != request.POST.get("saved_was", ""):
            filled = _filled(request, visit, found, request.POST.dict() | _saved(request, found, filled.saved))
        return _form(request, visit, found, filled)
    _check(filled, request.POST)
    if filled.errors:
        return _form(request, visit, found, filled, status=422)
    place = who_asks(request)
    if place and is_too_often("checkout", place, most=MOST_PER_PLACE, seconds=HOUR, at=visit.at):
        return _form(request, visit, found, filled, status=429, problem=_("That was too often. Try again later."))
    return _order(request, visit, found, filled)


def _order(request: HttpRequest, visit: Visit, found: Basket, filled: Filled) -> HttpResponse:
    said = request.POST
    buyer = Buyer(
        email=filled.values["email"],
        phone=filled.values["phone"],
        language=visit.language,
        address=filled.address,
        user=member(request),
        gift_message=filled.values["gift_message"],
    )
    terms = Terms(
        country=filled.country,
        region=filled.address.get("country_area", ""),
        expected_total=int(said["total"]) if said.get("total", "").isdecimal() and len(said["total"]) < 16 else -1,
        checkout_key=_checkout_key(request),
        provider=filled.provider,
        method=filled.method,
        chosen=filled.chosen,
        consents=VERSIONS,
    )
    try:
        order = place_order(found, buyer, terms, at=visit.at)
    except Refused as refusal:
        return _form(
            request, visit, found, filled, status=422, problem=words_of_problem(refusal, visit, filled.country)
        )
    _keep_address(request, visit, filled)
    return remember(_to_payment(order, visit), found, pieces=0)


def _keep_address(request: HttpRequest, visit: Visit, filled: Filled) -> None:
    """The order stands, whether or not there is room for one more address."""
    user = member(request)
    if user is None or not filled.keeps:
        return
    with suppress(Refused):
        phone = filled.values["phone"]
        keep_address(user, country=filled.country, address=filled.address, phone=phone, at=visit.at)


def _to_payment(order: Order, visit: Visit) -> HttpResponse:
    """The order's payment page asks the provider where to pay: nobody waits here for one that is slow or away."""
    return see_other(f"{order_path(order, prefix=visit.prefix)}pay/")


# -- what was filled in ------------------------------------------------------------------------------


def _filled(request: HttpRequest, visit: Visit, found: Basket, said: Mapping[str, str]) -> Filled:
    country = said.get("country", "")
    filled = Filled(country if country in visit.market.countries else country_of(found))
    filled.values = {
        name: said.get(name, "").replace("\x00", "").strip()[:254] for name in ("email", "phone", "consent")
    }
    filled.values["gift_message"] = _message(said.get("gift_message", ""))
    filled.address = {name: said.get(name, "").replace("\x00", "")[:200] for name in FIELDS}
    filled.saved, filled.keeps = said.get("saved", "")[:24], bool(said.get("keep"))
    for name, value in said.items():
        if name.startswith("rate-") and name[5:].isdecimal() and len(name) < 24:
            filled.chosen[int(name[5:])] = value
    ways = [(provider.code, code) for provider in offered(visit.market.currency) for code, _words in provider.methods()]
    asked = tuple(said.get("pay", "").partition(":")[::2])
    filled.provider, filled.method = asked if asked in ways else ways[0] if ways else ("", "")
    return filled


def _message(text: str) -> str:
    """As it was written, line by line, without what no printer prints; far too long ones are cut before anybody counts."""
    lines = text.replace("\r\n", "\n")[: 4 * MOST_SIGNS].split("\n")
    return "\n".join("".join(sign for sign in line if sign.isprintable()).rstrip() for line in lines).strip()


def _remembered(request: HttpRequest, found: Basket) -> dict[str, str]:
    """The address that a member keeps for this, else what they wrote the last time."""
    user = member(request)
    if user is None:
        return {}
    kept = user.addresses.filter(country__in=found.market.countries).first()
    if kept is not None:
        return {"email": user.email, "saved": kept.public_id, **as_said(kept)}
    last = Order.objects.filter(user=user).order_by("-pk").first()
    if last is None or last.country not in found.market.countries:
        return {"email": user.email, "name": user.get_full_name()}
    return {**last.address, "email": last.email, "phone": last.phone, "country": last.country}


def _saved(request: HttpRequest, found: Basket, name: str) -> dict[str, str]:
    """What a kept address fills in; another one empties the fields. Nobody else's address is there."""
    if not name:
        return dict.fromkeys((*FIELDS, "phone"), "")
    user = member(request)
    kept = user.addresses.filter(public_id=name, country__in=found.market.countries).first() if user else None
    if kept is None:
        raise Http404
    return dict.fromkeys(FIELDS, "") | as_said(kept)


def _check(filled: Filled, said: Mapping[str, str]) -> None:
    """Fill in the sentences for what is wrong, and the address as it is stored where nothing is."""
    try:
        validate_email(filled.values["email"])
    except ValidationError:
        filled.errors["email"] = _("Write an e-mail address like name@example.com.")
    if problem := wrong_phone(filled.values["phone"]):
        filled.errors["phone"] = problem
    if len(filled.values["gift_message"]) > MOST_SIGNS:
        filled.errors["gift_message"] = _("This is longer than %(most)s letters.") % {"most": MOST_SIGNS}
    address, errors = read_address(said, filled.country)
    filled.errors |= errors
    if not errors:
        filled.address = address
    if not filled.values["consent"]:
        filled.errors["consent"] = _("Tick this to order.")
    if not filled.provider:
        filled.errors["pay"] = _("There is no way to pay at the moment.")


def _checkout_key(request: HttpRequest) -> str:
    """The form's own; a browser that leaves it out gets one, and then no help against a double click."""
    key = request.POST.get("checkout_key", "")
    return key if 20 <= len(key) <= 64 and key.isascii() and key.replace("-", "").replace("_", "").isalnum() else (
        secrets.token_urlsafe(24)
    )  # fmt: skip


# -- the page ----------------------------------------------------------------------------------------


def _form(
    request: HttpRequest, visit: Visit, found: Basket, filled: Filled, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    quoted = quote_of(
        found, visit, country=filled.country, region=filled.address.get("country_area", ""), chosen=filled.chosen
    )
    if quoted is None:
        return see_other(f"{visit.base}basket/")
    shown = shown_quote(quoted, visit, seen=seen_in(found))
    if request.method == "POST":
        unit_amounts = {line.wanted.variant_id: line.unit_amount for line in quoted.lines if line.unit_amount}
        baskets.accept_prices(found, unit_amounts)
    key = request.POST.get("checkout_key", "") if "show" in request.POST or status != 200 else ""
    user = member(request)
    context: dict[str, Any] = {
        "quote": shown,
        "filled": filled,
        "rows": field_rows(filled.country, visit.language, filled.address, filled.errors),
        "addresses": [
            (row.public_id, ", ".join(lines_of(row, visit.language)))
            for row in (user.addresses.filter(country__in=visit.market.countries) if user else ())
        ],
        "errors": filled.errors,
        "countries": [(code, country_name(code, visit.language)) for code in visit.market.countries],
        "ways": _ways(visit, filled),
        "checkout_key": key or secrets.token_urlsafe(24),
        "problem": problem,
        "most_signs": MOST_SIGNS,
        "is_member": user is not None,
    }
    response = answer(request, visit, "checkout", context)
    response.status_code = status
    return response


def _ways(visit: Visit, filled: Filled) -> list[tuple[str, str, str, bool]]:
    """(value, the provider's name, the way's, is chosen)."""
    return [
        (f"{provider.code}:{code}", provider.name(), words, (provider.code, code) == (filled.provider, filled.method))
        for provider in offered(visit.market.currency)
        for code, words in provider.methods()
    ]
