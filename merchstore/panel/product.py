"""One product in the panel: what it is, what it costs where, what is left, its pictures, and where it is listed or why not."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from catalog.images import services as pictures
from catalog.models import Image, Price, Product, StockChange, Variant
from catalog.prices import set_price, withdraw_price
from catalog.queries.own_goods import own_image, own_product, own_variant
from catalog.queries.own_page import product_history, product_listings
from catalog.services import VariantFacts, activate_product, archive_product, edit_product, put_variants
from catalog.stock import set_stock_terms
from core.errors import Refused
from core.media import address_of
from core.territories import zone_of
from licensing.approvals.queries import versions_of
from merchstore.panel import goods_forms as shapes
from merchstore.panel.goods import KIND_TONES, KIND_WORDS, STATE_TONES, markets_of, stock_cell
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show

#: Bytes of a picture that the panel takes.
LARGEST_PICTURE = 20 * 1024 * 1024
_VERBS: dict[str, Callable[..., Product]] = {"activate": activate_product, "archive": archive_product}
#: Which section of the page a refusal is said in.
_FORMS = ("form", "price_form", "variant_form", "image_form")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def product(request: HttpRequest, visit: PanelVisit, product: str) -> HttpResponse:
    """The page; sent by who may change goods, what the product is."""
    found = product_of(visit, product)
    if request.method != "POST":
        return product_page(request, visit, found)
    if not visit.may(CATALOGUE):
        return show(request, visit, "not_yours", {"title": _("This is not part of your role")}, status=403)
    form = _form(visit, found, request.POST)
    if form.is_valid():
        try:
            edit_product(found, by=visit.user, **form.cleaned_data)
            return HttpResponseRedirect(visit.address("product", product))
        except Refused as refusal:
            form.add_error("sku" if refusal.code == "sku_taken" else None, refusal.sentence)
    return product_page(request, visit, product_of(visit, product), form=form, status=422)


@require_POST
@partial(page, roles=CATALOGUE)
def act(request: HttpRequest, visit: PanelVisit, product: str, verb: str) -> HttpResponse:
    found = product_of(visit, product)
    return _done(request, visit, found, lambda: _VERBS[verb](found, by=visit.user))


@require_POST
@partial(page, roles=CATALOGUE)
def price(request: HttpRequest, visit: PanelVisit, product: str) -> HttpResponse:
    """A price from an instant on, of one variant or of all: all of them or none."""
    found = product_of(visit, product)
    form = _price_form(visit, found, request.POST)
    if not form.is_valid():
        return product_page(request, visit, found, price_form=form, status=422)
    told, at = form.cleaned_data, timezone.now()
    variants = [row for row in found.variants.all() if told["variant"] in ("", row.public_id)]
    try:
        for row in variants:
            set_price(row, told["market"], told["money"], starts_at=told["starts_at"] or at, by=visit.user, at=at)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return product_page(request, visit, found, price_form=form, status=422)
    return HttpResponseRedirect(visit.address("product", product) + "#prices")


@require_POST
@partial(page, roles=CATALOGUE)
def take_price_back(request: HttpRequest, visit: PanelVisit, product: str, price: str) -> HttpResponse:
    found = product_of(visit, product)
    standing = Price.objects.filter(pk=int(price), variant__product=found).select_related("variant").first()
    if standing is None:
        raise Http404
    return _done(
        request, visit, found, lambda: withdraw_price(standing, by=visit.user, at=timezone.now()), place="#prices"
    )


@require_POST
@partial(page, roles=CATALOGUE)
def variant(request: HttpRequest, visit: PanelVisit, product: str) -> HttpResponse:
    found = product_of(visit, product)
    form = shapes.VariantForm(request.POST)
    if form.is_valid():
        facts = VariantFacts(form.cleaned_data["sku"], form.cleaned_data["options"], form.cleaned_data["gtin"], stock=0)
        if found.variants.filter(sku=facts.sku).exists():
            form.add_error("sku", Refused("variant_sku_taken", sku=facts.sku).sentence)
        else:
            put_variants(found, [facts], by=visit.user, at=timezone.now())
            return HttpResponseRedirect(visit.address("product", product) + "#stock")
    return product_page(request, visit, found, variant_form=form, status=422)


@require_POST
@partial(page, roles=CATALOGUE)
def stock_terms(request: HttpRequest, visit: PanelVisit, product: str, variant: str) -> HttpResponse:
    row = own_variant(visit.merchant, variant)
    if row is None or row.product.public_id != product:
        raise Http404
    found, form = product_of(visit, product), shapes.StockTermsForm(request.POST, auto_id=f"{variant}-%s")
    if not form.is_valid():
        return product_page(request, visit, found, terms=(variant, form), status=422)
    try:
        set_stock_terms(row, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return product_page(request, visit, found, terms=(variant, form), status=422)
    return HttpResponseRedirect(visit.address("product", product) + "#stock")


@require_POST
@partial(page, roles=CATALOGUE)
def add_image(request: HttpRequest, visit: PanelVisit, product: str) -> HttpResponse:
    found = product_of(visit, product)
    form = shapes.ImageForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data.pop("file")
        try:
            if file.size > LARGEST_PICTURE:
                raise Refused("file_too_large", most=LARGEST_PICTURE // 1024 // 1024)
            pictures.add_image(found, file.read(), by=visit.user, at=timezone.now(), **form.cleaned_data)
            return HttpResponseRedirect(visit.address("product", product) + "#pictures")
        except Refused as refusal:
            form.add_error("file", refusal.sentence)
    return product_page(request, visit, found, image_form=form, status=422)


@require_POST
@partial(page, roles=CATALOGUE)
def change_image(request: HttpRequest, visit: PanelVisit, product: str, image: str, verb: str) -> HttpResponse:
    """What is said of a picture and its place; taken off; looked at again."""
    found = product_of(visit, product)
    row = own_image(found, image)
    if row is None:
        raise Http404
    if verb == "remove":
        return _done(request, visit, found, lambda: pictures.remove_image(row, by=visit.user), place="#pictures")
    if verb == "retry":
        again = partial(pictures.retry_image, row, by=visit.user, at=timezone.now())
        return _done(request, visit, found, again, place="#pictures")
    form = shapes.ImageWordsForm(request.POST, auto_id=f"{image}-%s")
    if not form.is_valid():
        return product_page(request, visit, found, words=(image, form), status=422)
    told = form.cleaned_data

    def write() -> None:
        _move_image(visit, found, row, told["position"] - 1)
        pictures.edit_image(row, by=visit.user, alt_en=told["alt_en"], alt_zh=told["alt_zh"])

    return _done(request, visit, found, write, place="#pictures")


def _move_image(visit: PanelVisit, found: Product, row: Image, place: int) -> None:
    """Put the picture at that place; the others keep their order round it."""
    others = [one for one in found.images.all() if one.pk != row.pk]
    others.insert(min(place, len(others)), row)
    for position, one in enumerate(others):
        if one.position != position:
            pictures.edit_image(one, by=visit.user, position=position)


# -- the page ----------------------------------------------------------------------------------------


def product_of(visit: PanelVisit, public_id: str) -> Product:
    found = own_product(visit.merchant, public_id)
    if found is None or found.public_id != public_id:
        raise Http404
    return found


def product_page(
    request: HttpRequest,
    visit: PanelVisit,
    found: Product,
    *,
    terms: tuple[str, shapes.StockTermsForm] | None = None,
    words: tuple[str, shapes.ImageWordsForm] | None = None,
    changed: tuple[str, shapes.VariantForm] | None = None,
    said: str = "",
    status: int = 200,
    **forms: Any,
) -> HttpResponse:
    """Everything of a product. A constant number of queries; the forms that were sent keep what was written."""
    at, may_edit = timezone.now(), visit.may(CATALOGUE)
    variants = list(found.variants.select_related("stock").order_by("position", "pk"))

    def address(name: str, *rest: str) -> str:
        return visit.address(name, found.public_id, *rest)

    made = {
        "form": lambda: _form(visit, found, None),
        "price_form": lambda: _price_form(visit, found, None),
        "variant_form": lambda: shapes.VariantForm(auto_id="variant-%s"),
        "image_form": lambda: shapes.ImageForm(auto_id="image-%s"),
    }
    version = versions_of(visit.merchant).filter(article__sku=found.sku).order_by("-pk").first()
    context: dict[str, Any] = {
        "product": found,
        "title": found.title_in(visit.language),
        "section": "products",
        "film": found.film.title_in(visit.language),
        "state": found.get_state_display(),
        "tone": STATE_TONES[Product.State(found.state)],
        "may_edit": may_edit,
        "said": said,
        "listings": _listings(visit, found, at),
        "prices": _prices(visit, found, variants, at),
        "stocks": [_stock(visit, found, row, terms, changed) for row in variants],
        "changes": _changes(found),
        "images": [_image(visit, found, row, place, words) for place, row in enumerate(found.images.all(), 1)],
        "version_address": visit.address("approval", version.public_id) if version else "",
        "version_state": version.get_state_display() if version else "",
        "addresses": {
            "list": visit.address("products"),
            "self": address("product"),
            "preview": address("product_preview"),
            "price": address("product_price"),
            "variant": address("product_variant"),
            "image": address("product_image_new"),
            "mockups": address("product_mockups"),
            "approvals": visit.address("new_approval") if may_edit else "",
            "verb": address("product_verb", "archive" if found.state == Product.State.ACTIVE else "activate"),
        },
    }
    if may_edit:
        context |= {name: forms.get(name) or made[name]() for name in _FORMS}
    return show(request, visit, "product", context, status=status)


def _done(
    request: HttpRequest, visit: PanelVisit, found: Product, work: Callable[[], Any], *, place: str = ""
) -> HttpResponse:
    """Do it and go back to the page, or say above it what refused it."""
    try:
        work()
    except Refused as refusal:
        return product_page(request, visit, product_of(visit, found.public_id), said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("product", found.public_id) + place)


def _form(visit: PanelVisit, found: Product, data: Any) -> shapes.ProductForm:
    zone = zone_of(visit.merchant.country)
    return shapes.ProductForm(data, visit.merchant, zone=zone, language=visit.language, product=found)


def _price_form(visit: PanelVisit, found: Product, data: Any) -> shapes.PriceForm:
    return shapes.PriceForm(
        data, variants=list(found.variants.all()), markets=markets_of(visit), language=visit.language
    )


def _listings(visit: PanelVisit, found: Product, at: Any) -> list[dict[str, Any]]:
    preview = visit.address("product_preview", found.public_id)
    return [
        {
            "name": one.market.name_in(visit.language),
            "kind": KIND_WORDS[one.kind] if one.kind else _("Not listed"),
            "tone": KIND_TONES[one.kind] if one.kind else "warn",
            "reasons": [reason.sentence for reason in one.reasons],
            "preview": f"{preview}?market={one.market.code}",
        }
        for one in product_listings(found, markets_of(visit), at=at)
    ]


def _prices(visit: PanelVisit, found: Product, variants: list[Variant], at: Any) -> list[dict[str, Any]]:
    """By market: what is asked now of each variant, what was and what will be."""
    told = []
    for market, rows in product_history(found, markets_of(visit)):
        steps = [
            {
                "variant": row.sku,
                "price": step.price.in_locale(visit.language) if step.price else _("Not sold"),
                "starts_at": step.starts_at,
                "is_from_the_start": step.starts_at.year < 1980,
                "state": step.state(at),
                "withdraw": visit.address("price_withdraw", found.public_id, str(pk))
                if step.state(at) == "planned" and visit.may(CATALOGUE) else "",
            }
            for row, pk, step in rows
        ]  # fmt: skip
        told.append({
            "name": market.name_in(visit.language), "zone": market.time_zone, "currency": market.currency,
            "now": [step for step in steps if step["state"] == "in_force"],
            "planned": [step for step in steps if step["state"] == "planned"],
            "past": [step for step in steps if step["state"] == "past"][::-1][:20],
        })  # fmt: skip
    return told


def _stock(visit: PanelVisit, found: Product, row: Variant, terms: Any, changed: Any) -> dict[str, Any]:
    cell = stock_cell(visit, found, row)
    stock = cell["stock"]
    form = terms[1] if terms and terms[0] == row.public_id else shapes.StockTermsForm(
        initial={"pre_order_cap": stock.pre_order_cap, "low_at": stock.low_at}, auto_id=f"{row.public_id}-%s"
    )  # fmt: skip
    return {
        "cell": cell,
        "terms": form,
        "terms_address": visit.address("product_stock_terms", found.public_id, row.public_id),
        "is_open": bool(terms and terms[0] == row.public_id),
        "form": changed[1] if changed and changed[0] == row.public_id else shapes.VariantForm(
            standing=row, auto_id=f"{row.public_id}-of-%s"
        ),
        "is_changed": bool(changed and changed[0] == row.public_id),
        "edit": visit.address("variant_edit", found.public_id, row.public_id),
        "remove": visit.address("variant_remove", found.public_id, row.public_id),
    }  # fmt: skip


def _changes(found: Product) -> list[StockChange]:
    """The last corrections of its stock. One query."""
    rows = StockChange.objects.filter(variant__product=found).select_related("variant", "by")
    return list(rows[:20])


def _image(visit: PanelVisit, found: Product, row: Image, place: int, words: Any) -> dict[str, Any]:
    tones = {Image.State.READY: "ok", Image.State.WAITING: "info", Image.State.REFUSED: "bad"}
    initial = {"alt_en": row.alt_en, "alt_zh": row.alt_zh, "position": place}
    name = row.public_id
    sent = words[1] if words and words[0] == name else None
    return {
        "image": row,
        "state": row.get_state_display(),
        "tone": tones[Image.State(row.state)],
        "url": address_of(row.file.name) if row.file else "",
        "alt": row.alt_in(visit.language),
        "sizes": ", ".join(map(str, row.widths)),
        "form": sent or shapes.ImageWordsForm(initial=initial, auto_id=f"{name}-%s"),
        "is_open": sent is not None,
        "edit": visit.address("product_image", found.public_id, name, "edit"),
        "remove": visit.address("product_image", found.public_id, name, "remove"),
        "retry": visit.address("product_image", found.public_id, name, "retry")
        if row.state == Image.State.REFUSED and row.source else "",
    }  # fmt: skip
