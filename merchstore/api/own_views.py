"""What a merchant's own programs read and report. Every row is reached from the key's merchant, so nobody else's is there."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.response import Response

from catalog.models import Product
from catalog.queries.rights import product_named, rights_answer
from core.errors import Refused
from core.paging import Position
from licensing.gate import Action
from licensing.models import Licence as LicenceRow
from licensing.queries.licences import LicenceFilters, licences_page, own_licence, own_licences
from licensing.queries.statements import StatementPosition, own_statement, statements_page
from merchants.models import PartnerKey
from merchstore.api import own_serializers as serializers
from merchstore.api import parameters as named_parameters
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.asking import KeyAuthentication, StaffSession
from merchstore.api.cursors import read_cursor
from merchstore.api.idempotency import answer_once, idempotency_key
from merchstore.api.problems import Problem
from merchstore.api.row_bodies import read_body, read_rows
from merchstore.api.sales import record_rows
from merchstore.api.schema import documented, documented_post
from merchstore.api.serializers import page_of

_PAGING = (named_parameters.LIMIT, named_parameters.CURSOR)
Scope = PartnerKey.Scope
#: Of a body of sales. So much is read and recorded while the program waits; more is sent in parts.
MOST_BYTES, MOST_ROWS = 10_000_000, 50_000


@documented(
    "Ask for rights",
    PolymorphicProxySerializer(
        "GateAnswer", [serializers.DecisionSerializer, serializers.DecisionsSerializer], resource_type_field_name=None
    ),
    example="rights",
    is_own=True,
    failures=(404, 409),
)
class Rights(OwnReadView):
    """May the product be listed, sold or shipped to a country, through a channel, at an instant; and if not, why.

    The same object as `manage.py rights_check --json` (docs/gate.md): with `action` that action's decision, without it one for each
    in `decisions`. A key asks about its merchant's own products, the studio's staff about all.
    """

    scope = Scope.RIGHTS_READ
    authentication_classes = (KeyAuthentication, StaffSession)
    parameters = (
        named_parameters.PRODUCT,
        named_parameters.COUNTRY,
        named_parameters.SALES_CHANNEL,
        named_parameters.ACTION,
        named_parameters.AT,
        named_parameters.PAID_AT,
        named_parameters.QUANTITY,
        named_parameters.LABELLED,
        named_parameters.MERCHANT_OF_PRODUCT,
    )

    def get(self, request: Any) -> Response:
        given = self.given
        with override("en"):
            answer = rights_answer(
                self._product(request),
                country=given["country"],
                channel=given["channel"],
                at=given["at"] or self.at,
                actions=[Action(given["action"])] if given["action"] else tuple(Action),
                paid_at=given["paid_at"],
                quantity=given["quantity"],
                is_labelled=given["labelled"],
            )
        return Response(answer)

    def _product(self, request: Any) -> Product:
        products = Product.objects.all() if request.auth is None else self.merchant.products.all()
        if (merchant := self.given["merchant"]) is not None:
            products = products.filter(Q(merchant__slug=merchant) | Q(merchant__public_id=merchant))
        try:
            return product_named(self.given["product"], products=products)
        except Refused as refusal:
            if refusal.code == "sku_of_several":
                merchants = str(refusal.facts["merchants"]).split(", ")
                raise Problem("several_products", more={"merchants": merchants}) from None
            raise Problem("not_found") from None


@documented("List licences", page_of(serializers.LicenceSerializer), example="licences", is_own=True)
class Licences(OwnReadView):
    """The merchant's own licences, oldest change first: what they grant, their term, what is left. Drafts are not listed."""

    scope = Scope.LICENCES_READ
    parameters = (
        named_parameters.FILM,
        named_parameters.LICENCE_STATE,
        named_parameters.UPDATED_SINCE,
        *_PAGING,
    )

    def get(self, _request: Any) -> Response:
        after = read_cursor("licences", self.given["cursor"], Position)
        filters = LicenceFilters(
            film=self.given["film"], state=self.given["state"], updated_since=self.given["updated_since"]
        )
        page = licences_page(self.merchant, filters, after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("licences", page, serializers.LicenceSerializer)))


@documented("Get a licence", serializers.LicenceDetailSerializer, example="licence", is_own=True, by_name="licence")
class Licence(OwnReadView):
    """One of the merchant's own licences, with its schedule."""

    scope = Scope.LICENCES_READ

    def get(self, _request: Any, name: str) -> Response:
        row = own_licence(self.merchant, named(name))
        if row is None:
            raise Problem("not_found")
        return Response(serializers.LicenceDetailSerializer(row).data)


@documented_post(
    "Report sales",
    serializers.SalesResultSerializer,
    request={"application/json": serializers.SaleRowSerializer(many=True), "text/csv": OpenApiTypes.STR},
    example="sales_result",
    request_examples=(("application/json", "sale"), ("application/json", "return"), ("text/csv", "table")),
)
class Sales(OwnView):
    """Sales, returns and deductions made elsewhere: a JSON array of rows, or a CSV table with a header, of 10 MB at most.

    The fields of a row are those of a line in docs/royalties.md, with `licence` where the parameter does not say it. Each row is
    counted once by its `id`: the same row again is `unchanged`, another one under the same id is refused. Rows that are refused
    keep no other row out.
    """

    http_method_names = ("post",)
    scope = Scope.SALES_WRITE
    parameters = (named_parameters.LICENCE,)

    def post(self, request: Any) -> HttpResponse:
        idempotency_key(request)
        licence = self._licence()
        body = read_body(request, most_bytes=MOST_BYTES)
        return answer_once(request, self.merchant, body, lambda: self._record(request, body, licence))

    def _licence(self) -> LicenceRow | None:
        name = self.given["licence"]
        if name is None:
            return None
        licence = own_licences(self.merchant).filter(public_id=name).first()
        if licence is None:
            raise Problem("not_found")
        return licence

    def _record(self, request: Any, body: bytes, licence: LicenceRow | None) -> Response:
        rows = read_rows(request, body, most_rows=MOST_ROWS)
        return Response(record_rows(self.merchant, rows, licence=licence))


@documented("List statements", page_of(serializers.StatementSerializer), example="statements", is_own=True)
class Statements(OwnReadView):
    """The royalty statements of the merchant's licences, by licence and period. An open one is as it was computed last."""

    scope = Scope.STATEMENTS_READ
    parameters = (named_parameters.OF_LICENCE, named_parameters.STATEMENT_STATE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("statements", self.given["cursor"], StatementPosition)
        page = statements_page(
            self.merchant,
            licence=self.given["licence"],
            state=self.given["state"],
            after=after,
            limit=self.given["limit"],
        )
        return self.with_link(Response(self.page("statements", page, serializers.StatementSerializer)))


@documented(
    "Get a statement", serializers.StatementDetailSerializer, example="statement", is_own=True, by_name="statement"
)
class Statement(OwnReadView):
    """One of the merchant's own statements, with every figure of it."""

    scope = Scope.STATEMENTS_READ

    def get(self, _request: Any, name: str) -> Response:
        row = own_statement(self.merchant, named(name))
        if row is None:
            raise Problem("not_found")
        return Response(serializers.StatementDetailSerializer(row).data)
