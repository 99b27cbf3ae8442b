"""The endpoints. Each reads parameters, asks one query function, and answers."""

from collections.abc import Callable
from typing import Any

from rest_framework.response import Response

from campaigns.queries.public import ListingPosition, live_listings, live_promotions, public_campaign, public_campaigns
from catalog.epoch import Epoch
from catalog.queries import lists
from catalog.queries.lists import ProductFilters
from core.paging import Page, Position
from merchstore.api import parameters as named_parameters
from merchstore.api import serializers
from merchstore.api.answers import ReadView, named
from merchstore.api.cursors import read_cursor
from merchstore.api.problems import KINDS, Problem
from merchstore.api.schema import documented

_PAGING = (named_parameters.LIMIT, named_parameters.CURSOR)
#: Of the vocabulary, which changes by hand and never with the clock.
_SLOW_MAX_AGE = 60


@documented("List markets", serializers.page_of(serializers.MarketSerializer), example="markets", failures=())
class Markets(ReadView):
    """Countries that see the same prices in one currency."""

    def get(self, _request: Any) -> Response:
        page = Page(lists.all_markets(), None)
        return self.answer(self.page("markets", page, serializers.MarketSerializer), max_age=_SLOW_MAX_AGE)


class _FilmView(ReadView):
    """Without a market, a film is shown only where no market's embargo hides it."""

    def answer_where(self, read: Callable[[list[str]], Any]) -> Response:
        if self.given["market"] is not None:
            return self.answer_of_shelf(lambda epoch: read(epoch.market.countries))
        return self.answer_of_all_markets(read([code for market in lists.all_markets() for code in market.countries]))


@documented("List films", serializers.page_of(serializers.FilmSerializer), example="films", shows_shelf=True)
class Films(_FilmView):
    """Films whose title may be known, oldest change first. Without a market: known in every market."""

    parameters = (named_parameters.MARKET, named_parameters.UPDATED_SINCE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("films", self.given["cursor"], Position)
        return self.with_link(self.answer_where(lambda countries: self._read(countries, after)))

    def _read(self, countries: list[str], after: Position | None) -> dict[str, Any]:
        page = lists.films_page(
            at=self.at,
            countries=countries,
            updated_since=self.given["updated_since"],
            after=after,
            limit=self.given["limit"],
        )
        return self.page("films", page, serializers.FilmSerializer)


@documented("Get a film", serializers.FilmSerializer, example="film", shows_shelf=True, by_name="film")
class Film(_FilmView):
    """One film, by its public id or slug."""

    parameters = (named_parameters.MARKET,)

    def get(self, _request: Any, name: str) -> Response:
        return self.answer_where(lambda countries: self._read(named(name), countries))

    def _read(self, name: str, countries: list[str]) -> dict[str, Any]:
        film = lists.visible_film(name, at=self.at, countries=countries)
        if film is None:
            raise Problem("not_found")
        return serializers.FilmSerializer(film).data


@documented("List products", serializers.page_of(serializers.ProductSerializer), example="products", shows_shelf=True)
class Products(ReadView):
    """What is on the market's shelf now, oldest change first, with its price and the rights it is sold under."""

    parameters = (
        named_parameters.REQUIRED_MARKET,
        named_parameters.FILM,
        named_parameters.CATEGORY,
        named_parameters.MERCHANT,
        named_parameters.CAMPAIGN,
        named_parameters.UPDATED_SINCE,
        *_PAGING,
    )

    def get(self, _request: Any) -> Response:
        after = read_cursor("products", self.given["cursor"], Position)
        return self.with_link(self.answer_of_shelf(lambda epoch: self._read(epoch, after)))

    def _read(self, epoch: Epoch, after: Position | None) -> dict[str, Any]:
        campaign = self.given["campaign"]
        filters = ProductFilters(
            film=self.given["film"],
            category=self.given["category"],
            merchant=self.given["merchant"],
            promotions=None if campaign is None else live_promotions(campaign, epoch.market, at=self.at),
            updated_since=self.given["updated_since"],
        )
        page = lists.products_page(epoch.market, filters, at=self.at, after=after, limit=self.given["limit"])
        return self.page("products", page, serializers.ProductSerializer)


@documented(
    "Get a product", serializers.ProductDetailSerializer, example="product", shows_shelf=True, by_name="product"
)
class Product(ReadView):
    """One product on the market's shelf, with its variants and their prices."""

    parameters = (named_parameters.REQUIRED_MARKET,)

    def get(self, _request: Any, name: str) -> Response:
        return self.answer_of_shelf(lambda epoch: self._read(named(name), epoch))

    def _read(self, name: str, epoch: Epoch) -> dict[str, Any]:
        row = lists.product_on_shelf(name, epoch.market, at=self.at)
        if row is None:
            raise Problem("not_found")
        return serializers.ProductDetailSerializer(row).data


@documented("List listings", serializers.page_of(serializers.ListingSerializer), example="listings", shows_shelf=True)
class Listings(ReadView):
    """What live campaigns list in the market now, by campaign."""

    parameters = (named_parameters.REQUIRED_MARKET, named_parameters.CAMPAIGN, named_parameters.CHANNEL, *_PAGING)

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
        )
        return self.page("listings", page, serializers.ListingSerializer)


class _CampaignView(ReadView):
    def answer_where(self, read: Callable[[Epoch | None], Any]) -> Response:
        if self.given["market"] is not None:
            return self.answer_of_shelf(read)
        return self.answer_of_all_markets(read(None))


@documented(
    "List campaigns", serializers.page_of(serializers.CampaignSerializer), example="campaigns", shows_shelf=True
)
class Campaigns(_CampaignView):
    """Campaigns that are announced or live, oldest change first."""

    parameters = (named_parameters.MARKET, named_parameters.UPDATED_SINCE, *_PAGING)

    def get(self, _request: Any) -> Response:
        after = read_cursor("campaigns", self.given["cursor"], Position)
        return self.with_link(self.answer_where(lambda epoch: self._read(epoch, after)))

    def _read(self, epoch: Epoch | None, after: Position | None) -> dict[str, Any]:
        page = public_campaigns(
            at=self.at,
            market=epoch.market if epoch else None,
            updated_since=self.given["updated_since"],
            after=after,
            limit=self.given["limit"],
        )
        return self.page("campaigns", page, serializers.CampaignSerializer)


@documented("Get a campaign", serializers.CampaignSerializer, example="campaign", shows_shelf=True, by_name="campaign")
class Campaign(_CampaignView):
    """One campaign that is announced or live, by its public id or slug."""

    parameters = (named_parameters.MARKET,)

    def get(self, _request: Any, name: str) -> Response:
        return self.answer_where(lambda epoch: self._read(named(name), epoch))

    def _read(self, name: str, epoch: Epoch | None) -> dict[str, Any]:
        campaign = public_campaign(name, at=self.at, market=epoch.market if epoch else None)
        if campaign is None:
            raise Problem("not_found")
        return serializers.CampaignSerializer(campaign).data


@documented("Explain a problem", serializers.ProblemKindSerializer, example="problem", failures=(404,))
class ProblemPage(ReadView):
    """What the `type` of a problem document leads to."""

    def get(self, _request: Any, code: str) -> Response:
        if code not in KINDS:
            raise Problem("not_found")
        kind = KINDS[code]
        row = {"code": code, "status": kind.status, "title": kind.title, "explanation": kind.explanation}
        return self.answer(serializers.ProblemKindSerializer(row).data, max_age=_SLOW_MAX_AGE)


class Nothing(ReadView):
    """Every address of the API that is none: a problem document for any method, not the site's page."""

    schema = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise Problem("not_found")
