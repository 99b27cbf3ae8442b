"""The addresses of a member: their pages in the account, and what the checkout makes of them."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.territories import country_name
from fans.addresses import change_address, keep_address, put_first, remove_address
from fans.models import Address
from merchstore.storefront.account import account_page, framed
from merchstore.storefront.answers import see_other
from merchstore.storefront.visit import Visit
from orders.addresses import FIELDS, address_fields, address_lines, read_address

LONGEST_PHONE = 40


def wrong_phone(phone: str) -> str:
    """A sentence for what is no telephone number; empty for one, and for none."""
    if len(phone) > LONGEST_PHONE or any(letter not in "+-() /.0123456789" for letter in phone):
        return _("Write digits, such as +1 212 555 0100.")
    return ""


def lines_of(row: Address, language: str) -> list[str]:
    """As it stands on a parcel, and the country."""
    return [*address_lines(row.address), country_name(row.country, language)]


def field_rows(country: str, language: str, values: Mapping[str, str], errors: Mapping[str, str]) -> list[list[Any]]:
    """(field, what was typed, what is wrong), in rows as the country writes them: `_address_fields.html` shows them."""
    rows = address_fields(country, language)
    return [[(one, values.get(one.name, ""), errors.get(one.name, "")) for one in row] for row in rows]


def as_said(row: Address) -> dict[str, str]:
    """The address as a form would say it."""
    return {**row.address, "country": row.country, "phone": row.phone}


@account_page
def addresses(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    rows = [(row, lines_of(row, visit.language)) for row in user.addresses.all()]
    return framed(request, visit, "addresses", "addresses", {"addresses": rows})


@account_page
def new_address(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    if request.method == "POST" and "show" not in request.POST:
        return _save(request, visit, user, None)
    said = request.POST if request.method == "POST" else {"name": user.get_full_name()}
    return _form(request, visit, None, said)


@account_page
def address(request: HttpRequest, visit: Visit, user: User, own_address: str) -> HttpResponse:
    """One address: read into its form, changed, put first, thrown away."""
    row = user.addresses.filter(public_id=own_address).first()
    if row is None:
        raise Http404
    if request.method != "POST":
        return _form(request, visit, row, as_said(row))
    if "remove" in request.POST:
        remove_address(row)
    elif "first" in request.POST:
        put_first(row)
    elif "show" in request.POST:
        return _form(request, visit, row, request.POST)
    else:
        return _save(request, visit, user, row)
    return see_other(f"{visit.base}account/addresses/")


def _save(request: HttpRequest, visit: Visit, user: User, row: Address | None) -> HttpResponse:
    said = request.POST
    country = said.get("country", "")
    if country not in _countries(visit, row):
        return _form(request, visit, row, said, errors={"country": _("We do not send to this country from here.")})
    phone = said.get("phone", "").replace("\x00", "").strip()
    written, errors = read_address(said, country)
    if problem := wrong_phone(phone):
        errors["phone"] = problem
    if errors:
        return _form(request, visit, row, said, errors=errors)
    told = {"country": country, "address": written, "phone": phone, "at": visit.at, "is_first": "is_first" in said}
    try:
        if row is None:
            keep_address(user, **told)
        else:
            change_address(row, **told)
    except Refused as refusal:
        return _form(request, visit, row, said, problem=refusal.sentence)
    return see_other(f"{visit.base}account/addresses/")


def _countries(visit: Visit, row: Address | None) -> list[str]:
    """Where this market sends to; and where an address is that was written in another."""
    return list(dict.fromkeys([*visit.market.countries, *([row.country] if row else [])]))


def _form(
    request: HttpRequest,
    visit: Visit,
    row: Address | None,
    said: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
) -> HttpResponse:
    errors = errors or {}
    codes = _countries(visit, row)
    country = said.get("country", "") if said.get("country", "") in codes else codes[0]
    values = {name: str(said.get(name, "")).replace("\x00", "")[:200] for name in (*FIELDS, "phone")}
    context = {
        "row": row,
        "country": country,
        "countries": [(code, country_name(code, visit.language)) for code in codes],
        "rows": field_rows(country, visit.language, values, errors),
        "phone": values["phone"],
        "is_first": "is_first" in said,
        "errors": errors,
        "problem": problem,
        "here": request.path,
    }
    return framed(request, visit, "addresses", "address", context, status=422 if errors or problem else 200)
