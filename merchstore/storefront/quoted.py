"""A quote as pages show it: parcels with their lines, sums, and what cannot be had in words. No decision left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from babel.numbers import format_percent
from django.utils.translation import gettext as _

from core.errors import Refused
from core.media import address_of
from core.money import Money
from core.territories import country_in_sentence
from licensing.gate import Reason
from merchstore.storefront.choices import variant_name
from merchstore.storefront.reasons import sentence_of
from merchstore.storefront.templatetags.storefront import day
from merchstore.storefront.visit import Visit
from orders.quoting import Quote, QuoteLine, QuoteParcel


@dataclass(frozen=True, slots=True)
class ShownLine:
    variant: str
    title: str
    options: str
    address: str
    image: str
    quantity: int
    amount: str
    #: What it was when it went into the basket, where that was another price.
    note: str
    problem: str


@dataclass(slots=True)
class ShownParcel:
    merchant_id: int
    maker: str
    arrives: str
    lines: list[ShownLine] = field(default_factory=list)
    #: (public id, name, days, price, is chosen).
    rates: list[tuple[str, str, str, str, bool]] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ShownQuote:
    parcels: list[ShownParcel]
    pieces: int
    goods: str
    delivery: str
    tax_label: str
    tax: str
    tax_is_included: bool
    total: str
    total_minor: int
    can_be_ordered: bool


def shown_quote(found: Quote, visit: Visit, *, seen: Mapping[int, int] | None = None) -> ShownQuote:
    """`seen`: the price of one piece that the reader was shown before, by variant."""
    parcels = [_parcel(parcel, found, visit) for parcel in found.parcels]
    by_merchant = {parcel.merchant_id: parcel for parcel in parcels}
    for line in found.lines:
        assert line.terms is not None  # a basket's variants exist
        merchant = line.terms.product.merchant
        shown = by_merchant.get(merchant.pk)
        if shown is None:
            shown = by_merchant[merchant.pk] = ShownParcel(merchant.pk, merchant.name_in(visit.language), "")
            parcels.append(shown)
        shown.lines.append(_line(line, found, visit, (seen or {}).get(line.wanted.variant_id)))
    return ShownQuote(
        parcels=parcels,
        pieces=sum(line.wanted.quantity for line in found.lines),
        goods=_money(found.goods_amount, found, visit),
        delivery=_money(found.delivery_amount, found, visit),
        tax_label=_tax_label(found, visit),
        tax=_money(found.tax_amount, found, visit),
        tax_is_included=found.prices_include_tax,
        total=_money(found.total_amount, found, visit),
        total_minor=found.total_amount,
        can_be_ordered=found.is_sellable,
    )


def words_of_problem(problem: Refused, visit: Visit, country: str) -> str:
    """Why this cannot be ordered, and what would help."""
    if problem.code == "not_to_this_country":
        place = {"country": country_in_sentence(country, visit.language)}
        sentence = sentence_of(Reason(problem.facts["reason"]))
        return _("Not to %(country)s.") % place + " " + sentence + " " + _("Choose another country, or take it out.")
    if problem.code == "out_of_stock":
        left = problem.facts.get("left", 0)
        if not left:
            return _("Sold out. Take it out to order the rest.")
        return _("Only %(left)s are left. Order fewer.") % {"left": left}
    if problem.code == "not_for_sale":
        return _("This is not sold here at the moment. Take it out to order the rest.")
    return problem.sentence


def _line(line: QuoteLine, found: Quote, visit: Visit, seen: int | None) -> ShownLine:
    terms = line.terms
    assert terms is not None  # as above
    note = ""
    if seen is not None and line.unit_amount and seen != line.unit_amount:
        note = _("Price was %(price)s when you added it") % {"price": _money(seen, found, visit)}
    elif terms.street_on is not None:
        note = _("Pre-order: it is sent from %(day)s on.") % {"day": day(terms.street_on, visit.language)}
    return ShownLine(
        variant=terms.variant.public_id,
        title=terms.product.title_in(visit.language),
        options=variant_name(terms.variant.options),
        address=f"{visit.base}goods/p/{terms.product.slug}/?v={terms.variant.public_id}",
        image=address_of(terms.image) if terms.image else "",
        quantity=line.wanted.quantity,
        amount=_money(line.amount, found, visit) if line.amount else "",
        note=note,
        problem=words_of_problem(line.problem, visit, found.country) if line.problem else "",
    )


def _parcel(parcel: QuoteParcel, found: Quote, visit: Visit) -> ShownParcel:
    shown = ShownParcel(parcel.merchant.pk, parcel.merchant.name_in(visit.language), "")
    if parcel.problem is not None:
        shown.problem = words_of_problem(parcel.problem, visit, found.country)
    for choice in parcel.rates:
        days = _days(choice, visit)
        is_chosen = choice is parcel.chosen
        price = _money(choice.amount, found, visit) if choice.amount else _("Free")
        name = str(choice.rate.get_code_display())  # type: ignore[attr-defined]
        shown.rates.append((choice.rate.public_id, name, days, price, is_chosen))
        if is_chosen:
            shown.arrives = days
    return shown


def _days(choice: Any, visit: Visit) -> str:
    days = {"first": day(choice.arrives_from, visit.language), "last": day(choice.arrives_to, visit.language)}
    return _("%(first)s to %(last)s") % days


def _tax_label(found: Quote, visit: Visit) -> str:
    """Named with its rate where all has one; where none is known nothing is said."""
    rates = {line.tax_rate for line in found.lines if line.problem is None}
    # Delivery may be taxed where the goods are not: what is in the sum is named.
    rates |= {parcel.tax_rate for parcel in found.parcels if parcel.tax_amount}
    if not rates or rates == {None}:
        return ""
    label = _("Includes tax") if found.prices_include_tax else _("Sales tax")
    [rate] = rates if len(rates) == 1 else [None]
    if rate is None:
        return label
    percent = format_percent(rate, locale=visit.language.replace("-", "_"), decimal_quantization=False)
    return _("%(tax)s, %(percent)s") % {"tax": label, "percent": percent}


def _money(amount: int, found: Quote, visit: Visit) -> str:
    return Money(amount, found.currency).in_locale(visit.language)
