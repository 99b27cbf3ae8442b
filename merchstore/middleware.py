"""What every request goes through."""

import contextlib
import hashlib
import logging
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, QueryDict
from django.utils import timezone, translation
from django.utils.http import urlencode
from redis.exceptions import RedisError

from catalog.epoch import Epoch, read_epoch
from merchstore.languages import LANGUAGES

Handler = Callable[[HttpRequest], HttpResponse]
#: A page as it is kept: body, ETag, headers.
Kept = tuple[bytes, str, list[tuple[str, str]]]

logger = logging.getLogger(__name__)


def request_id(get_response: Handler) -> Handler:
    """Every answer says which request it answers: `Request-Id`, also in problem documents and logs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.request_id = f"req_{uuid.uuid4().hex}"  # type: ignore[attr-defined]
        response = get_response(request)
        response["Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    return middleware


#: What no page of ours asks a browser for, nor any page in a frame of ours; passkeys are asked for by our own.
_PERMISSIONS = ", ".join(
    [
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
        *(f"{feature}=()" for feature in (
            "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
            "payment", "screen-wake-lock", "serial", "usb",
        )),
    ]
)  # fmt: skip


def permissions(get_response: Handler) -> Handler:
    """Every answer says what a browser need never allow here."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Permissions-Policy"] = _PERMISSIONS
        return response

    return middleware


def readable(get_response: Handler) -> Handler:
    """400 for a request that merchstore.wsgi could not read; within `request_id`, so that the answer has its number."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not getattr(request, "is_readable", True):
            raise BadRequest("the content type cannot be read")
        return get_response(request)

    return middleware


_PANEL_ADDRESS = re.compile(r"^/panel/(en|zh)/")


def panel_language(get_response: Handler) -> Handler:
    """The panel's pages are in the language of their address, also where a library answers."""

    def middleware(request: HttpRequest) -> HttpResponse:
        address = _PANEL_ADDRESS.match(request.path_info)
        if address is None:
            return get_response(request)
        with translation.override(LANGUAGES[address[1]]):
            return get_response(request)

    return middleware


#: What a kept answer says of itself. Everything else is written anew for each request, or must not be kept.
_KEPT_HEADERS = (
    "Content-Type", "Content-Language", "Content-Security-Policy", "X-Frame-Options", "Shelf-Revision", "Vary", "Link",
)  # fmt: skip
#: The only parameters that change what a page shows; what else an address carries does not make another page.
_PARAMETERS = ("after", "country", "q", "sort", "v")
#: Those that may be there several times (storefront/listing.py); their order makes no other page.
_REPEATED, _MOST_REPEATED = ("film", "category", "maker", "price", "available"), 30
#: And those of a product's options, by their beginning (storefront/choices.py); no product has more of them.
_OPTION, _MOST_OPTIONS = "o.", 8
_LONGEST_VALUE = 120
_MARKET_ADDRESS = re.compile(r"^/([a-z0-9-]{1,8})/(?:en|zh)/")
#: Seconds for which browsers and proxies may keep a page without asking, if the shelf does not turn sooner.
MAX_AGE = 15
_KEEP_SECONDS = 3600


class PageCacheMiddleware:
    """Keeps the storefront's pages under the epoch of their market: one query tells whether a kept page still holds.

    Pages hold nothing personal, so all visitors share them; what has a cookie to set or is not a 200 is never kept. A page
    is kept only if the epoch is the same before and after it was rendered, else it is rendered again: so no answer ever
    mixes what a publication that commits just then turns.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = _MARKET_ADDRESS.match(request.path_info)
        if address is None or request.method not in ("GET", "HEAD") or _may_be_preview(request):
            return self.get_response(request)
        epoch = read_epoch(address[1], timezone.now())
        if epoch is None:
            return self.get_response(request)
        key = _key(request, epoch)
        kept = _kept(key) if key else None
        if kept is None:
            response = self._render(request, epoch)
            kept = _kept_form(response)
            if kept is None:
                return response
            epoch = response.shelf_epoch  # type: ignore[attr-defined]
            if key := _key(request, epoch):
                _keep(key, kept)
        return _answer(request, kept, epoch)

    def _render(self, request: HttpRequest, epoch: Epoch) -> HttpResponse:
        """The page as of one epoch. A compilation that commits while it is rendered makes it be rendered once more."""
        for _attempt in range(3):
            request.shelf_epoch = epoch  # type: ignore[attr-defined]
            response = self.get_response(request)
            after = read_epoch(epoch.market.code, epoch.at)
            if after is None or after.revision == epoch.revision:
                return response
            epoch = after
        logger.warning("page.unsettled", extra={"path": request.path_info})
        return response


def _may_be_preview(request: HttpRequest) -> bool:
    """Staff look at another instant with ?at=; who is not signed in shares the page as it is now."""
    return "at" in request.GET and settings.SESSION_COOKIE_NAME in request.COOKIES


#: The pages this process answered last. A key names an epoch, so what is here is never too old, only no longer asked for.
_near: OrderedDict[str, Kept] = OrderedDict()


def _kept(key: str) -> Kept | None:
    """What is kept, near or in the cache; nothing while that is away: then the page is rendered, nobody is turned away."""
    kept = _near.get(key)
    if kept is not None:
        return kept
    try:
        kept = cache.get(key)
    except RedisError as error:
        logger.warning("page.cache_away", extra={"error": str(error)})
        return None
    if kept is not None:
        _keep_near(key, kept)
    return kept


def _keep(key: str, kept: Kept) -> None:
    _keep_near(key, kept)
    with contextlib.suppress(RedisError):
        cache.set(key, kept, _KEEP_SECONDS)


def _keep_near(key: str, kept: Kept) -> None:
    _near[key] = kept
    while len(_near) > settings.NEAR_PAGES:
        # Another thread may have taken the last one.
        with contextlib.suppress(KeyError):
            _near.popitem(last=False)


#: Stock moves without the shelf: the pages of single goods, which say it, are kept for so many seconds.
STOCK_SECONDS = 15


def _key(request: HttpRequest, epoch: Epoch) -> str:
    """The cache key of the page, or "" for an address that is not worth a place in the cache."""
    asked = page_parameters(request.GET) if request.GET else ""
    if asked is None:
        return ""
    is_fragment = request.META.get("HTTP_HX_REQUEST") == "true"
    said = f"{request.get_host()}{request.path_info}?{asked} {is_fragment} {settings.RELEASE}"
    if "/goods/p/" in request.path_info:
        said += f" {int(epoch.at.timestamp()) // STOCK_SECONDS}"
    return f"page:{epoch.revision}:{hashlib.blake2b(said.encode(), digest_size=16).hexdigest()}"


def page_parameters(asked: QueryDict) -> str | None:
    """The parameters that make another page, always in the same order; None when there are too many or too long ones."""
    options = sorted(name for name in asked if name.startswith(_OPTION))
    values = [(name, asked[name]) for name in (*_PARAMETERS, *options) if name in asked]
    filters = [(name, value) for name in _REPEATED for value in sorted(set(asked.getlist(name)))]
    if len(options) > _MOST_OPTIONS or len(filters) > _MOST_REPEATED:
        return None
    if any(len(name) + len(value) > _LONGEST_VALUE for name, value in (*values, *filters)):
        return None
    return urlencode([*values, *filters])


def _kept_form(response: HttpResponse) -> Kept | None:
    """(body, ETag, headers), or None for what must not be kept."""
    if response.status_code != 200 or response.streaming or response.cookies or not hasattr(response, "shelf_epoch"):
        return None
    headers = [(name, response[name]) for name in _KEPT_HEADERS if name in response]
    etag = f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
    return response.content, etag, headers


def _answer(request: HttpRequest, kept: Kept, epoch: Epoch) -> HttpResponse:
    body, etag, headers = kept
    is_known = etag in request.META.get("HTTP_IF_NONE_MATCH", "")
    response = HttpResponseNotModified() if is_known else HttpResponse(body)
    for name, value in headers:
        response[name] = value
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={epoch.max_age(MAX_AGE)}"
    return response
