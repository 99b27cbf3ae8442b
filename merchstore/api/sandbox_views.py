"""A sandbox seen from outside, at the instant that its clock shows: what a market sees of it, and what would be done by then.

Its own side (products, orders, licences, statements) stands where everybody's does. What everybody reads never looks at a
key, so the shelf of sandboxes is here.
"""

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from campaigns.queries.public import ListingPosition, live_listings, live_promotions, public_campaigns
from catalog.epoch import Epoch, read_epoch
from catalog.queries import lists
from catalog.queries.lists import ProductFilters
from core.errors import Refused
from core.paging import Position
from core.territories import SANDBOX
from merchants.models import PartnerKey
from merchstore.api import parameters as named_parameters
from merchstore.api import sandbox_serializers, serializers
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.asking import MayAsk
from merchstore.api.cursors import read_cursor
from merchstore.api.idempotency import answer_once, idempotency_key
from merchstore.api.problems import Problem, problem_of
from merchstore.api.schema import documented, documented_post
from sandboxes.place import sandbox_market
from sandboxes.services import reset_sandbox, run_sandbox

Scope = PartnerKey.Scope
_PAGING = (named_parameters.LIMIT, named_parameters.CURSOR)


class IsSandbox(BasePermission):
    """The key is a sandbox's."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.auth.merchant.is_sandbox:
            raise Problem("not_a_sandbox")
        return True


class _SandboxReadView(OwnReadView):
    permission_classes = (MayAsk, IsSandbox)

    def epoch(self) -> Epoch:
        epoch = read_epoch(sandbox_market().code, self.at, is_public=False)
        assert epoch is not None  # it was made with the first sandbox
        return epoch


@documented("Get the sandbox", sandbox_serializers.SandboxSerializer, example="sandbox", is_own=True)
class Sandbox(_SandboxReadView):
    """Where the sandbox is, and what its clock shows."""

    scope = Scope.PRODUCTS_READ

    def get(self, _request: Any) -> Response:
        told = SimpleNamespace(
            merchant=self.merchant, market=sandbox_market(), country=SANDBOX, clock=self.at, now=timezone.now()
        )
        return Response(sandbox_serializers.SandboxSerializer(told).data)


@documented(
    "List sandbox products",
    serializers.page_of(serializers.ProductSerializer),
    example="products",
    is_own=True,
    failures=(503,),
)
class SandboxProducts(_SandboxReadView):
    """What of the sandbox is on its market's shelf, as `GET /products` says it of real markets."""

    scope = Scope.PRODUCTS_READ
    parameters = (named_parameters.CAMPAIGN, named_parameters.UPDATED_SINCE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("products", self.given["cursor"], Position)
        return self.with_link(self.answer_of_shelf(lambda epoch: self._read(epoch, after)))

    def _read(self, epoch: Epoch, after: Position | None) -> dict[str, Any]:
        campaign = self.given["campaign"]
        filters = ProductFilters(
            merchant=self.merchant.slug,
            promotions=None if campaign is None else live_promotions(campaign, epoch.market, at=self.at),
            updated_since=self.given["updated_since"],
        )
        page = lists.products_page(epoch.market, filters, at=self.at, after=after, limit=self.given["limit"])
        return self.page("products", page, serializers.ProductSerializer)


@documented(
    "Get a sandbox product",
    serializers.ProductDetailSerializer,
    example="product",
    is_own=True,
    by_name="product",
    failures=(503,),
)
class SandboxProduct(_SandboxReadView):
    """One product of the sandbox on its market's shelf, with its variants and their prices."""

    scope = Scope.PRODUCTS_READ

    def get(self, _request: Any, name: str) -> Response:
        return self.answer_of_shelf(lambda epoch: self._read(named(name), epoch))

    def _read(self, name: str, epoch: Epoch) -> dict[str, Any]:
        row = lists.product_on_shelf(name, epoch.market, at=self.at)
        if row is None or row.product.merchant_id != self.merchant.pk:
            raise Problem("not_found")
        return serializers.ProductDetailSerializer(row).data


@documented(
    "List sandbox campaigns",
    serializers.page_of(serializers.CampaignSerializer),
    example="campaigns",
    is_own=True,
    failures=(503,),
)
class SandboxCampaigns(_SandboxReadView):
    """The sandbox's campaigns that are live, oldest change first."""

    scope = Scope.CAMPAIGNS_READ
    parameters = (named_parameters.UPDATED_SINCE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("campaigns", self.given["cursor"], Position)
        return self.with_link(self.answer_of_shelf(lambda epoch: self._read(epoch, after)))

    def _read(self, epoch: Epoch, after: Position | None) -> dict[str, Any]:
        page = public_campaigns(
            at=self.at,
            market=epoch.market,
            updated_since=self.given["updated_since"],
            after=after,
            limit=self.given["limit"],
            merchant=self.merchant,
        )
        return self.page("campaigns", page, serializers.CampaignSerializer)


@documented(
    "List sandbox listings",
    serializers.page_of(serializers.ListingSerializer),
    example="listings",
    is_own=True,
    failures=(503,),
)
class SandboxListings(_SandboxReadView):
    """What live campaigns of the sandbox list."""

    scope = Scope.CAMPAIGNS_READ
    parameters = (named_parameters.CAMPAIGN, named_parameters.CHANNEL, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("listings", self.given["cursor"], ListingPosition)
        return self.with_link(self.answer_of_shelf(lambda epoch: self._read(epoch, after)))

    def _read(self, epoch: Epoch, after: ListingPosition | None) -> dict[str, Any]:
        page = live_listings(
            epoch.market,
            campaign=self.given["campaign"],
            channel=self.given["channel"],
            at=self.at,
            after=after,
            limit=self.given["limit"],
            merchant=self.merchant,
        )
        return self.page("listings", page, serializers.ListingSerializer)


class _SandboxVerb(OwnView):
    http_method_names = ("post",)
    permission_classes = (MayAsk, IsSandbox)
    scope = Scope.PRODUCTS_WRITE

    def post(self, request: Any) -> HttpResponse:
        idempotency_key(request)
        return answer_once(request, self.merchant, b"", self.do)


@documented_post("Run the sandbox", sandbox_serializers.RanSerializer, request=None, example="sandbox_run")
class RunSandbox(_SandboxVerb):
    """Have done in the sandbox what workers and the studio would have done by the instant of `X-Clock`: refunds are given, sales
    told to the royalty ledger, statements closed whose period is over, licences expired. Launches, prices and the end of terms
    need none of it: they are there as soon as the clock shows their instant."""

    def do(self) -> Response:
        ran = run_sandbox(self.merchant, at=self.at)
        told = SimpleNamespace(clock=self.at, **asdict(ran))
        return Response(sandbox_serializers.RanSerializer(told).data)


@documented_post("Reset the sandbox", sandbox_serializers.SandboxSerializer, request=None, example="sandbox")
class ResetSandbox(_SandboxVerb):
    """Put the sandbox back to its beginning, of today. It is another merchant behind the same keys and webhooks: what was in the
    old one is gone from all lists, and its events with it. Takes a few seconds, counts for the quota of bulk, and is done ten
    times in a day at most."""

    bucket = "bulk"

    def do(self) -> Response:
        now = timezone.now()
        try:
            made = reset_sandbox(self.merchant, by=None, at=now)
        except Refused as refusal:
            if refusal.code == "sandbox_too_often":
                raise Problem("rate_limited", problem_of(refusal).detail, headers={"Retry-After": "3600"}) from None
            raise
        told = SimpleNamespace(merchant=made, market=sandbox_market(), country=SANDBOX, clock=now, now=now)
        return Response(sandbox_serializers.SandboxSerializer(told).data)
