"""How every endpoint answers: parameters read, one instant, one epoch, caching headers, conditional requests."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.services import done_by_program
from catalog.epoch import Epoch, read_epoch
from catalog.queries.lists import all_markets, next_turn
from core.paging import Page
from merchants.models import Merchant, PartnerKey
from merchstore.api.asking import KeyAuthentication, MayAsk
from merchstore.api.clock import CLOCK, clock_of, written
from merchstore.api.cursors import write_cursor
from merchstore.api.limits import DEFAULT, Quota, take
from merchstore.api.limits import HEADERS as LIMIT_HEADERS
from merchstore.api.parameters import Parameter, looks_like_a_name, read_parameters
from merchstore.api.problems import Problem

#: Seconds an answer may be kept, and seldom more, because facts change between boundaries too.
MAX_AGE = 15
_SAFE = ("get", "head", "options")
#: How often an answer is made anew when the shelf is compiled in between.
TRIES = 5


class Negotiation(DefaultContentNegotiation):
    """By `Accept` alone: `?format=` is a parameter like any other, and no endpoint knows it."""

    settings = SimpleNamespace(URL_FORMAT_OVERRIDE=None)  # type: ignore[assignment]


class ApiView(APIView):
    """An endpoint. `at` is the one instant it speaks of, `given` its parameters."""

    http_method_names: tuple[str, ...] = ()
    content_negotiation_class = Negotiation
    parameters: tuple[Parameter, ...] = ()
    #: What the answer depends on besides the address.
    varies_on = "Accept"

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.method.lower() not in self.http_method_names:
            raise MethodNotAllowed(request.method)
        if request.method.lower() not in _SAFE and "HTTP_TRANSFER_ENCODING" in request.META:
            # Nobody has said how much comes, so Django reads none of it: what was sent would count as nothing.
            raise Problem("length_required")
        self.at: datetime = timezone.now()
        super().initial(request, *args, **kwargs)
        self.given = read_parameters(request, self.parameters_of(request.method))

    @classmethod
    def parameters_of(cls, method: str) -> tuple[Parameter, ...]:
        """What the query may name: where an address is read and written, parameters say what is read."""
        is_read = method.lower() in _SAFE
        return cls.parameters if is_read or "get" not in cls.http_method_names else ()

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Vary"] = self.varies_on
        if response.status_code >= 400:
            # Problems are JSON, also where the answer would have been something else.
            response.accepted_renderer = JSONRenderer()
        return response


class ReadView(ApiView):
    """An endpoint that reads what everybody may read."""

    http_method_names = ("get", "head")

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == 200 and request.method.lower() in _SAFE and isinstance(response, Response):
            response.add_post_render_callback(lambda rendered: _conditional(request, rendered))
        return response

    def answer(self, body: Any, *, max_age: int, epoch: Epoch | None = None) -> Response:
        response = Response(body)
        response["Cache-Control"] = f"public, max-age={max_age}"
        if epoch is not None:
            response["Shelf-Revision"] = epoch.revision
        return response

    def answer_of_shelf(self, read: Callable[[Epoch], Any]) -> Response:
        """What `read` makes of the market's shelf at `at`: never of two compilations of it.

        `read` asks several queries; when the shelf was compiled in between, it is asked again.
        """
        for _attempt in range(TRIES):
            epoch = self.epoch()
            body = read(epoch)
            after = read_epoch(epoch.market.code, self.at, is_public=epoch.market.is_public)
            if after is not None and after.revision == epoch.revision:
                return self.answer(body, max_age=epoch.max_age(MAX_AGE), epoch=epoch)
        raise Problem("busy", headers={"Retry-After": "1"})

    def answer_of_all_markets(self, body: Any) -> Response:
        """An answer that depends on the clock but on no market's prices."""
        seconds = int((next_turn(self.at) - self.at).total_seconds())
        return self.answer(body, max_age=max(0, min(MAX_AGE, seconds)))

    def epoch(self) -> Epoch:
        """The asked market's. Raises `unknown_market`."""
        epoch = read_epoch(self.given["market"], self.at)
        if epoch is None:
            codes = [market.code for market in all_markets()]
            raise Problem("unknown_market", f"There are the markets {', '.join(codes)}.", more={"markets": codes})
        return epoch

    def page(self, list_name: str, page: Page[Any], serializer: Any) -> dict[str, Any]:
        """The envelope of a list."""
        cursor = None if page.next_position is None else write_cursor(list_name, page.next_position)
        return {"data": serializer(page.rows, many=True).data, "next_cursor": cursor}

    def with_link(self, response: Response) -> Response:
        """Add `Link: rel="next"`, relative to this address, so that it never depends on a forged host."""
        cursor = response.data["next_cursor"]
        if cursor is not None:
            query = {**self.request.query_params.dict(), "cursor": cursor}
            response["Link"] = f'<{self.request.path}?{urlencode(query)}>; rel="next"'
        return response


class OwnView(ApiView):
    """What belongs to whoever asks with a key. No cache keeps it, and every row is read from `merchant` downwards."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (KeyAuthentication,)
    permission_classes = (MayAsk,)
    varies_on = "Accept, Authorization, Cookie"
    #: What the key has to be allowed; and to write, where that is another scope.
    scope: PartnerKey.Scope
    write_scope: PartnerKey.Scope | None = None
    #: Which of the key's quotas a request counts for.
    bucket = DEFAULT
    _quota: Quota | None = None
    _clock: datetime | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with done_by_program(self._key_id):
            return super().dispatch(request, *args, **kwargs)

    def _key_id(self) -> str:
        key = self.request.auth
        return key.public_id if key is not None else ""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """`at` is the sandbox's clock where one is shown; what is counted, signed and kept goes by the server's own."""
        if request.auth is not None:
            self._quota = take(request.auth, self.bucket, at=timezone.now())
            if self._quota is not None and self._quota.is_exceeded:
                raise Problem("rate_limited")
        super().initial(request, *args, **kwargs)
        self._clock = clock_of(request)
        self.at = self._clock or self.at

    @classmethod
    def scope_of(cls, method: str) -> PartnerKey.Scope:
        return cls.scope if method.lower() in _SAFE or cls.write_scope is None else cls.write_scope

    @property
    def merchant(self) -> Merchant:
        """Whose key it is."""
        return self.request.auth.merchant

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        if self._quota is not None:
            for name, value in self._quota.headers().items():
                response[name] = value
        if self._clock is not None:
            response[CLOCK] = written(self._clock)
        return response


class OwnReadView(OwnView, ReadView):
    """An endpoint that reads one's own."""


def named(name: str) -> str:
    """`name` when it can name anything at all; else the same 404 as for what does not exist."""
    if not looks_like_a_name(name):
        raise Problem("not_found")
    return name


def digest_of(content: bytes) -> str:
    """What stands for these bytes in an ETag."""
    return hashlib.sha256(content).hexdigest()[:32]


def _conditional(request: Any, response: Any) -> Any:
    if "ETag" not in response:
        response["ETag"] = quote_etag(digest_of(response.content))
    answer = get_conditional_response(request._request, etag=response["ETag"], response=response)
    if isinstance(answer, HttpResponseNotModified):
        for header in ("Shelf-Revision", "Link", CLOCK, *LIMIT_HEADERS):
            if header in response:
                answer[header] = response[header]
    return answer
