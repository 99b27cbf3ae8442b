"""A merchant's own products, whatever state they are in: read, made, changed, put on sale and taken off it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.response import Response

from campaigns.queries.partners import OwnListingPosition, known_campaign, own_listings
from catalog import services
from catalog.models import Product
from catalog.prices import amount_in
from catalog.queries import own_goods
from catalog.services import VariantFacts
from core.errors import Refused
from core.paging import Page, Position
from core.transactions import inside
from licensing.models import Category
from merchants.models import Merchant, PartnerKey
from merchstore.api import goods_serializers as serializers
from merchstore.api import parameters as named_parameters
from merchstore.api.answers import OwnReadView, OwnView
from merchstore.api.campaign_serializers import OwnListingSerializer
from merchstore.api.cursors import read_cursor
from merchstore.api.json_bodies import pointer_to
from merchstore.api.problems import Fault, Problem
from merchstore.api.schema import documented, documented_change, documented_post
from merchstore.api.serializers import page_of
from merchstore.api.writing import OwnObject, done_once, given_in, written_once

Scope = PartnerKey.Scope
_LONGEST_NAME = 80
_JSON = "application/json"


def own_name(name: str) -> str:
    """`name` when it can be a public id or a merchant's own code; else the same 404 as for what does not exist."""
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        raise Problem("not_found")
    return name


def product_of(view: OwnView, name: str, *, is_locked: bool = False) -> Product:
    """The merchant's product of that name. Raises `not_found`."""
    product = own_goods.own_product(view.merchant, own_name(name), is_locked=is_locked)
    if product is None:
        raise Problem("not_found")
    return product


class _ProductObject(OwnObject):
    """A product as the merchant sees it: with what covers it and where it is listed."""

    moving = ("covered_by", "markets")

    def find(self, name: str, *, is_locked: bool) -> Product:
        return product_of(self, name, is_locked=is_locked)

    def body(self, row: Product) -> Mapping[str, Any]:
        row.standing = own_goods.standing_of(row, at=self.at)  # type: ignore[attr-defined]
        return serializers.OwnProductDetailSerializer(row).data

    def written(self, product: Product, *, status: int = 200) -> Response:
        """The product as it is now."""
        row = product_of(self, product.public_id)
        location = reverse("api:own_product", kwargs={"name": product.public_id}) if status == 201 else ""
        return self.answer_object(row, status=status, location=location)


@documented("List own products", page_of(serializers.OwnProductSerializer), example="own_products", is_own=True)
@documented_post(
    "Create an own product",
    serializers.OwnProductDetailSerializer,
    request=serializers.ProductShape,
    example="own_product",
    request_examples=((_JSON, "new_product"),),
    status=201,
)
class OwnProducts(_ProductObject):
    """The merchant's own products, oldest change first: drafts and archived ones too.

    A new one is a draft: it is on no shelf before it is activated, and then where its licence and its prices allow it.
    """

    http_method_names = ("get", "head", "post")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE
    parameters = (
        named_parameters.PRODUCT_STATE,
        named_parameters.FILM,
        named_parameters.CATEGORY,
        named_parameters.PRODUCT_LICENCE,
        named_parameters.SKU,
        named_parameters.UPDATED_SINCE,
        named_parameters.LIMIT,
        named_parameters.CURSOR,
    )

    def get(self, _request: Any) -> Response:  # type: ignore[override]
        after = read_cursor("own_products", self.given["cursor"], Position)
        names = ("state", "film", "category", "licence", "sku", "updated_since")
        filters = own_goods.OwnFilters(**{name: self.given[name] for name in names})
        page = own_goods.own_products_page(self.merchant, filters, after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("own_products", page, serializers.OwnProductSerializer)))

    def post(self, _request: Any) -> HttpResponse:
        return written_once(self, serializers.ProductShape, self._create)

    def _create(self, given: dict[str, Any]) -> Response:
        variants = [_variant_facts(self.merchant, variant) for variant in given.pop("variants", [])]
        product = services.create_product(
            self.merchant, by=None, at=self.at, variants=variants, **resolved(self, given)
        )
        return self.written(product, status=201)


@documented(
    "Get an own product",
    serializers.OwnProductDetailSerializer,
    example="own_product",
    is_own=True,
    by_name="product",
)
@documented_change(
    "patch",
    "Change an own product",
    serializers.OwnProductDetailSerializer,
    request=serializers.ProductChangeShape,
    example="own_product",
    request_examples=((_JSON, "product_change"),),
    by_name="product",
)
class OwnProduct(_ProductObject):
    """One of the merchant's own products, by its public id or the merchant's own code.

    `covered_by` says under which licences it may be sold, until when, and how many units are left; `markets` says for each market
    whether it is listed there now, and if not why. `If-Match` looks at everything but these two, which move on their own.
    """

    http_method_names = ("get", "head", "patch")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE

    def patch(self, _request: Any, name: str) -> Response:
        given = given_in(self, serializers.ProductChangeShape, partial=True)
        fields = resolved(self, given)
        product = self.changed(name, lambda row: inside(services.edit_product)(row, by=None, **fields))
        return self.written(product)


class _Verb(_ProductObject):
    """What is done with a product as a whole."""

    http_method_names = ("post",)
    scope = Scope.PRODUCTS_WRITE
    act: Callable[..., Product]

    def post(self, _request: Any, name: str) -> HttpResponse:
        product = product_of(self, name)
        return done_once(self, lambda: self.written(type(self).act(product, by=None)))


def _verb(summary: str) -> Any:
    return documented_post(
        summary, serializers.OwnProductDetailSerializer, request=None, example="own_product", by_name="product"
    )


@_verb("Activate an own product")
class ActivateProduct(_Verb):
    """From draft or archived to active: from now on it is listed where its rights and prices allow it."""

    act = staticmethod(services.activate_product)


@_verb("Archive an own product")
class ArchiveProduct(_Verb):
    """Off every shelf at once. Nothing is deleted, and it can be activated again."""

    act = staticmethod(services.archive_product)


def resolved(view: OwnView, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as the services take them: names of films, categories and licences become the rows.

    Raises `invalid_body` for a name that is nobody's, or that the merchant may not know of: the two are not told apart.
    """
    look_up: dict[str, Callable[[str], Any]] = {
        "film": lambda name: own_goods.film_for(view.merchant, name, at=view.at),
        "category": lambda name: Category.objects.filter(code=name).first(),
        "licence": lambda name: own_goods.licence_for(view.merchant, name),
    }
    fields, faults = dict(given), []
    for field, find in look_up.items():
        if given.get(field) is None:
            continue
        fields[field] = find(given[field])
        if fields[field] is None:
            faults.append(Fault(pointer_to(field), "unknown", f"There is no {field} of this name."))
    if faults:
        raise Problem("invalid_body", errors=faults)
    return fields


def _variant_facts(merchant: Merchant, given: Mapping[str, Any]) -> VariantFacts:
    prices = {}
    for code, money in given.get("prices", {}).items():
        try:
            market = own_goods.market_called(merchant, code)
        except Refused as refusal:
            fault = Fault(f"/variants/prices{pointer_to(code)}", refusal.code, refusal.sentence)
            raise Problem("invalid_body", errors=[fault]) from None
        prices[market] = amount_in(market, money)
    return VariantFacts(
        given["sku"], given.get("options", {}), given.get("gtin", ""), prices=prices, stock=given.get("stock")
    )


@documented("List own listings", page_of(OwnListingSerializer), example="own_campaign_listings", is_own=True)
class OwnListings(OwnReadView):
    """The merchant's products in campaigns: each in one market through one channel, with the campaign's revision, what the channel
    took last, and which licence covers it where, until when, with how many units left. By campaign and product.
    """

    scope = Scope.CAMPAIGNS_READ
    parameters = (
        named_parameters.OF_CAMPAIGN,
        named_parameters.MARKET,
        named_parameters.CHANNEL,
        named_parameters.LISTING_STATE,
        named_parameters.LIMIT,
        named_parameters.CURSOR,
    )

    def get(self, _request: Any) -> Response:
        after = read_cursor("own_listings", self.given["cursor"], OwnListingPosition)
        name = self.given["campaign"]
        page: Page[Any] = Page([], None)
        campaign = None if name is None else known_campaign(self.merchant, name, at=self.at)
        if name is None or campaign is not None:
            wanted = {field: self.given[field] for field in ("market", "channel", "state")}
            page = own_listings(
                self.merchant, at=self.at, campaign=campaign, after=after, limit=self.given["limit"], **wanted
            )
        return self.with_link(Response(self.page("own_listings", page, OwnListingSerializer)))
