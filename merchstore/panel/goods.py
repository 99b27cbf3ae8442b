"""The merchant's products as a list, with what is left of each; and new ones."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import Market, Product, ShelfSpan, StockChange, Variant
from catalog.queries.own_goods import own_variant, stock_of
from catalog.queries.own_list import NAMES, ListRow, own_list
from catalog.services import VariantFacts, create_product
from catalog.stock import correct_stock
from core.errors import Refused
from core.media import address_of
from core.territories import zone_of
from licensing.models import Category
from licensing.queries.licences import own_licences
from merchstore.panel.bulk_forms import BulkForm
from merchstore.panel.goods_forms import NewProductForm, StockForm
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show
from orders.figures import pieces_by_product

SOLD_DAYS = 30
STATE_TONES = {Product.State.ACTIVE: "ok", Product.State.DRAFT: "", Product.State.ARCHIVED: ""}
KIND_WORDS = {
    ShelfSpan.Kind.ON_SALE: gettext_lazy("On sale"),
    ShelfSpan.Kind.PRE_ORDER: gettext_lazy("Pre-order"),
    ShelfSpan.Kind.COMING_SOON: gettext_lazy("Coming soon"),
}
KIND_TONES = {ShelfSpan.Kind.ON_SALE: "ok", ShelfSpan.Kind.PRE_ORDER: "info", ShelfSpan.Kind.COMING_SOON: "info"}


@require_safe
@page
def products(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    return list_page(request, visit)


def list_page(
    request: HttpRequest, visit: PanelVisit, *, bulk: BulkForm | None = None, said: str = "", status: int = 200
) -> HttpResponse:
    """The list as the address narrows it, with the form for many at once."""
    at = timezone.now()
    filters = {name: request.GET.get(name, "").replace("\x00", "")[:160] for name in NAMES}
    found = own_list(visit.merchant, filters, after=request.GET.get("after", "")[:40], at=at)
    since = at - timedelta(days=SOLD_DAYS)
    sold = pieces_by_product([row.product.pk for row in found.rows], since=since)
    most = max(sold.values(), default=0)
    markets = markets_of(visit)
    shown_in = next((row for row in markets if row.code == filters["market"]), markets[0] if markets else None)
    given = {name: value for name, value in filters.items() if value}
    context = {
        "title": _("Products"),
        "section": "products",
        "rows": [_row(visit, row, shown_in, sold, most) for row in found.rows],
        "market": shown_in.name_in(visit.language) if shown_in else "",
        "next": f"?{urlencode(given | {'after': found.next})}" if found.next else "",
        "filters": _filters(visit, filters, markets),
        "q": filters["q"],
        "is_filtered": bool(given),
        "may_edit": visit.may(CATALOGUE),
        "bulk": bulk or BulkForm(None, merchant=visit.merchant, language=visit.language, filters=given),
        "is_bulk_open": bulk is not None,
        "said": said,
        "chosen": set(request.POST.getlist("product")),
        "addresses": {
            "new": visit.address("new_product"),
            "imports": visit.address("imports"),
            "sizes": visit.address("size_guides"),
            "bulk": visit.address("products_edit") + (f"?{urlencode(given)}" if given else ""),
            "list": visit.address("products"),
        },
    }
    return show(request, visit, "products", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def new_product(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    form = NewProductForm(
        request.POST or None, visit.merchant, markets=markets_of(visit), zone=zone_of(visit.merchant.country),
        language=visit.language,
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                product = _create(visit, form)
            except Refused as refusal:
                form.add_error("sku" if refusal.code == "sku_taken" else None, refusal.sentence)
            else:
                return HttpResponseRedirect(visit.address("product", product.public_id))
    context = {"form": form, "title": _("New product"), "section": "products", "back": visit.address("products")}
    return show(request, visit, "product_new", context, status=status)


def _create(visit: PanelVisit, form: NewProductForm) -> Product:
    told = dict(form.cleaned_data)
    first = VariantFacts(told["sku"], prices=form.prices(), stock=told.pop("stock"))
    for market in form.markets:
        told.pop(f"price_{market.code}")
    return create_product(visit.merchant, by=visit.user, at=timezone.now(), variants=[first], **told)


@require_POST
@partial(page, roles=CATALOGUE)
def stock(request: HttpRequest, visit: PanelVisit, product: str, variant: str) -> HttpResponse:
    """So many pieces are on the shelf. Where somebody bought or counted meanwhile nothing is written, and the number that is
    there now is said."""
    found = own_variant(visit.merchant, variant)
    if found is None or found.product.public_id != product:
        raise Http404
    form = StockForm(request.POST)
    said, error, typed = "", "", request.POST.get("to", "")[:20]
    if not form.is_valid():
        error = next((str(message) for messages in form.errors.values() for message in messages), "")
    else:
        try:
            correct_stock(
                found, expected=form.cleaned_data["expected"], to=form.cleaned_data["to"],
                reason=StockChange.Reason.COUNT, by=visit.user, at=timezone.now(),
            )  # fmt: skip
            said, typed = _("Saved"), ""
        except Refused as refusal:
            error = refusal.sentence
    status = 422 if error else 200
    cell = stock_cell(visit, found.product, found, said=said, error=error, typed=typed)
    if "HX-Request" in request.headers:
        return show(request, visit, "_stock", {"cell": cell, "may_edit": True, "is_fragment": True}, status=status)
    if not error:
        return HttpResponseRedirect(visit.address("product", product) + "#stock")
    context = {
        "cell": cell,
        "may_edit": True,
        "title": found.product.title_in(visit.language),
        "section": "products",
        "back": visit.address("product", product),
    }
    return show(request, visit, "stock", context, status=422)


def stock_cell(
    visit: PanelVisit, product: Product, variant: Variant, *, said: str = "", error: str = "", typed: str = ""
) -> dict[str, Any]:
    """What the little form of a variant's stock shows."""
    row = stock_of(variant) if said or error or not hasattr(variant, "stock") else variant.stock
    return {
        "variant": variant,
        "label": ", ".join(map(str, variant.options.values())) or variant.sku,
        "stock": row,
        "left": max(row.on_hand - row.reserved, 0),
        "typed": typed or row.on_hand,
        "said": said,
        "error": error,
        "address": visit.address("product_stock", product.public_id, variant.public_id),
    }


def markets_of(visit: PanelVisit) -> list[Market]:
    """The markets that the merchant's goods are for, in their order."""
    return list(Market.objects.filter(is_public=not visit.merchant.is_sandbox).order_by("position", "pk"))


def _row(visit: PanelVisit, row: ListRow, market: Market | None, sold: dict[int, int], most: int) -> dict[str, Any]:
    product = row.product
    pieces = sold.get(product.pk, 0)
    low, high = row.prices.get(market.code, (None, None)) if market else (None, None)
    price = low.in_locale(visit.language) if low else "–"
    if low and high and high.amount > low.amount:
        price = _("from %(price)s") % {"price": price}
    return {
        "row": row,
        "product": product,
        "title": product.title_in(visit.language),
        "film": product.film.title_in(visit.language),
        "address": visit.address("product", product.public_id),
        "image": address_of(row.image.file.name) if row.image else "",
        "state": product.get_state_display(),
        "tone": STATE_TONES[Product.State(product.state)],
        "pills": _pills(row),
        "reasons": row.reasons,
        "cells": [stock_cell(visit, product, variant) for variant in row.variants],
        "sold": pieces,
        "bar": round(96 * pieces / most) if most else 0,
        "price": price,
        "ends_on": product.licence.ends_on if product.licence else None,
    }


def _pills(row: ListRow) -> list[dict[str, str]]:
    """Where it is listed: the markets of each kind together."""
    by_kind: dict[str, list[str]] = {}
    for code, kind in row.kinds.items():
        by_kind.setdefault(kind, []).append(code.upper())
    return [
        {"words": str(KIND_WORDS[ShelfSpan.Kind(kind)]), "where": ", ".join(codes), "tone": KIND_TONES[ShelfSpan.Kind(kind)]}
        for kind, codes in by_kind.items()
    ]  # fmt: skip


def _filters(visit: PanelVisit, given: dict[str, str], markets: list[Market]) -> list[dict[str, Any]]:
    licences = list(own_licences(visit.merchant).select_related("film").order_by("number"))
    films = sorted({(row.film.slug, row.film.title_in(visit.language)) for row in licences}, key=lambda row: row[1])
    categories = Category.objects.filter(products__merchant=visit.merchant).distinct()
    choices: list[tuple[str, str, list[tuple[str, Any]]]] = [
        ("state", _("State"), [("", _("Every state")), *Product.State.choices]),
        ("film", _("Film"), [("", _("Every film")), *films]),
        ("category", _("Category"), [("", _("Every category")), *((row.code, row.name_in(visit.language)) for row in categories)]),
        ("licence", _("Licence"), [("", _("Every licence")), *((row.number, row.number) for row in licences)]),
        ("stock", _("Stock"), [("", _("Any stock")), ("low", _("Low")), ("out", _("Sold out"))]),
        ("market", _("Market"), [("", _("Every market")), *((row.code, row.name_in(visit.language)) for row in markets)]),
        ("listed", _("Listed there"), [("", _("Listed or not")), ("yes", _("Listed")), ("no", _("Not listed"))]),
    ]  # fmt: skip
    return [{"name": name, "label": label, "value": given[name], "choices": rows} for name, label, rows in choices]
