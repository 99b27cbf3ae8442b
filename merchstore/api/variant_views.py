"""A merchant's own variants: the list of a product's, each of them, what it costs where, and how many there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rest_framework.response import Response

from catalog import prices as price_services
from catalog import services, stock
from catalog.models import Market, Price, Product, StockChange, Variant
from catalog.queries import own_goods
from catalog.queries.prices import PriceStep, price_histories, price_history
from catalog.services import VariantFacts
from core.errors import Refused
from core.transactions import inside
from merchants.models import PartnerKey
from merchstore.api import goods_serializers as serializers
from merchstore.api import parameters as named_parameters
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.goods_views import product_of
from merchstore.api.parameters import Parameter
from merchstore.api.problems import Problem, problem_of
from merchstore.api.schema import documented, documented_change
from merchstore.api.writing import OwnObject, given_in

Scope = PartnerKey.Scope
_JSON = "application/json"
_MARKET = (("market", "The market's code, such as `us`."),)


def variant_of(view: OwnView, name: str, *, is_locked: bool = False) -> Variant:
    """The merchant's variant of that public id. Raises `not_found`."""
    variant = own_goods.own_variant(view.merchant, named(name), is_locked=is_locked)
    if variant is None:
        raise Problem("not_found")
    return variant


@documented(
    "List own variants", serializers.OwnVariantsSerializer, example="own_variants", is_own=True, by_name="product"
)
@documented_change(
    "put",
    "Replace own variants",
    serializers.OwnVariantsSerializer,
    request=serializers.VariantsShape,
    example="own_variants",
    request_examples=((_JSON, "variants"),),
    by_name="product",
)  # fmt: skip
class OwnVariants(OwnObject):
    """The variants of a product, in order. PUT sends all of them: known ones by their SKU, others are made, and what is left out is
    deleted, unless it was ordered (409 `variant_in_use`).
    """

    http_method_names = ("get", "head", "put")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE

    def find(self, name: str, *, is_locked: bool) -> Product:
        return product_of(self, name, is_locked=is_locked)

    def body(self, row: Product) -> Mapping[str, Any]:
        return serializers.OwnVariantsSerializer({"data": row.variants.all()}).data

    def put(self, _request: Any, name: str) -> Response:
        given = given_in(self, serializers.VariantsShape)
        facts = [VariantFacts(**variant) for variant in given["variants"]]
        return self.change(name, lambda row: inside(services.replace_variants)(row, facts, by=None, at=self.at))


@documented(
    "Get an own variant", serializers.OwnVariantSerializer, example="own_variant", is_own=True, by_name="variant"
)
@documented_change(
    "patch",
    "Change an own variant",
    serializers.OwnVariantSerializer,
    request=serializers.VariantShape,
    example="own_variant",
    request_examples=((_JSON, "variant_change"),),
    by_name="variant",
)  # fmt: skip
class OwnVariant(OwnObject):
    """One variant, with what it costs now and how many there are. Prices and stock are written at addresses of their own."""

    http_method_names = ("get", "head", "patch")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE
    moving = ("prices", "stock")

    def find(self, name: str, *, is_locked: bool) -> Variant:
        return variant_of(self, name, is_locked=is_locked)

    def body(self, row: Variant) -> Mapping[str, Any]:
        now = own_goods.prices_now(row, at=self.at)
        row.now = [{"market": code, "price": money} for code, money in now.items()]  # type: ignore[attr-defined]
        row.stock_now = own_goods.stock_of(row)  # type: ignore[attr-defined]
        return serializers.OwnVariantSerializer(row).data

    def patch(self, _request: Any, name: str) -> Response:
        given = given_in(self, serializers.VariantShape, partial=True)
        return self.change(name, lambda row: inside(services.edit_variant)(row, by=None, **given))


@documented("List own prices", serializers.PricesSerializer, example="own_prices", is_own=True, by_name="variant")
class OwnPrices(OwnReadView):
    """What the variant has cost, costs and will cost regularly, market by market."""

    scope = Scope.PRODUCTS_READ

    def get(self, _request: Any, name: str) -> Response:
        variant = variant_of(self, name)
        rows = [_prices(market, steps, self.at) for market, steps in price_histories(variant)]
        return Response(serializers.PricesSerializer({"data": rows}).data)


@documented(
    "Get own market prices",
    serializers.MarketPricesSerializer,
    example="own_market_prices",
    is_own=True,
    by_name="variant",
    also_named=_MARKET,
)
@documented_change(
    "put",
    "Set own market prices",
    serializers.MarketPricesSerializer,
    request=serializers.PriceShape,
    example="own_market_prices",
    request_examples=((_JSON, "price"),),
    by_name="variant",
    also_named=_MARKET,
)
@documented_change(
    "delete",
    "Withdraw own planned prices",
    serializers.MarketPricesSerializer,
    example="own_market_prices",
    by_name="variant",
    also_named=_MARKET,
)
class OwnMarketPrices(OwnObject):
    """The regular prices of a variant in one market. PUT sets one from `starts_at` on, in the market's currency; what has begun is
    history and stays. DELETE takes back the planned one that begins at `starts_at`.
    """

    http_method_names = ("get", "head", "put", "delete")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.PRODUCTS_WRITE

    @classmethod
    def parameters_of(cls, method: str) -> tuple[Parameter, ...]:
        return (named_parameters.STARTS_AT,) if method.lower() == "delete" else ()

    def find(self, name: str, *, is_locked: bool) -> Variant:
        return variant_of(self, name, is_locked=is_locked)

    def body(self, row: Variant) -> Mapping[str, Any]:
        market = self._market()
        return serializers.MarketPricesSerializer(_prices(market, price_history(row, market), self.at)).data

    def put(self, _request: Any, name: str, market: str) -> Response:
        given = given_in(self, serializers.PriceShape)
        starts_at = given.get("starts_at", self.at)
        return self.change(
            name,
            lambda row: inside(price_services.set_price)(
                row, self._market(), given["price"], starts_at=starts_at, by=None, at=self.at
            ),
        )

    def get(self, _request: Any, name: str, market: str) -> Response:  # type: ignore[override]
        return self.answer_object(self.find(name, is_locked=False))

    def delete(self, _request: Any, name: str, market: str) -> Response:
        return self.change(name, self._withdraw)

    def _withdraw(self, variant: Variant) -> None:
        planned = Price.objects.filter(variant=variant, market=self._market(), starts_at=self.given["starts_at"])
        price = planned.select_related("variant").first()
        if price is None:
            raise Problem("not_found")
        inside(price_services.withdraw_price)(price, by=None, at=self.at)

    def _market(self) -> Market:
        try:
            return own_goods.market_called(self.merchant, named(self.kwargs["market"]))
        except Refused:
            raise Problem("not_found") from None


@documented("Get own stock", serializers.StockSerializer, example="own_stock", is_own=True, by_name="variant")
@documented_change(
    "put",
    "Write own stock",
    serializers.StockSerializer,
    request=serializers.StockShape,
    example="own_stock",
    request_examples=((_JSON, "stock"),),
    by_name="variant",
    needs_match=False,
)
@documented_change(
    "patch",
    "Set terms of own stock",
    serializers.StockSerializer,
    request=serializers.StockTermsShape,
    example="own_stock",
    request_examples=((_JSON, "stock_terms"),),
    by_name="variant",
)  # fmt: skip
class OwnStock(OwnObject):
    """How many pieces there are.

    PUT says how many there are now and how many were expected: 409 with `current_quantity` when there are not so many any more.
    PATCH sets when the merchant is told that little is left, and how many pieces may be promised before they arrive.
    """

    http_method_names = ("get", "head", "put", "patch")
    scope, write_scope = Scope.PRODUCTS_READ, Scope.STOCK_WRITE
    moving = ("on_hand", "reserved", "available", "sold")

    def find(self, name: str, *, is_locked: bool) -> Variant:
        return variant_of(self, name, is_locked=is_locked)

    def body(self, row: Variant) -> Mapping[str, Any]:
        return serializers.StockSerializer(own_goods.stock_of(row)).data

    def put(self, _request: Any, name: str) -> Response:
        given = given_in(self, serializers.StockShape)
        variant = variant_of(self, name)
        try:
            stock.correct_stock(
                variant,
                expected=given["expected_quantity"],
                to=given["quantity"],
                reason=given.get("reason", StockChange.Reason.COUNT),
                note=given.get("note", ""),
                by=None,
                at=self.at,
            )
        except Refused as refusal:
            raise problem_of(refusal, current_quantity=own_goods.stock_of(variant).on_hand) from None
        return self.answer_object(variant)

    def patch(self, _request: Any, name: str) -> Response:
        given = given_in(self, serializers.StockTermsShape, partial=True)

        def work(variant: Variant) -> None:
            standing = own_goods.stock_of(variant)
            terms = {"pre_order_cap": standing.pre_order_cap, "low_at": standing.low_at} | given
            inside(stock.set_stock_terms)(variant, by=None, at=self.at, **terms)

        return self.change(name, work)


def _prices(market: Market, steps: Sequence[PriceStep], at: datetime) -> dict[str, Any]:
    told = [
        {"state": step.state(at), "starts_at": step.starts_at, "ends_at": step.ends_at, "price": step.price}
        for step in steps
    ]
    return {"market": market.code, "currency": market.currency, "steps": told}
