"""A visit: which market and language an address names, and the instant it is looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from catalog.epoch import Epoch, read_epoch
from catalog.models import Market
from core.clock import ALWAYS, FOREVER
from core.errors import Refused
from merchstore.languages import LANGUAGE_TAGS, LANGUAGES

Page = Callable[..., HttpResponse]


def region_tag(prefix: str, market: Market) -> str:
    """Whom a page is for, as search engines write it: "zh-Hans-CN"; the language alone where a market is many countries."""
    tag = LANGUAGE_TAGS[prefix]
    return f"{tag}-{market.countries[0]}" if len(market.countries) == 1 else tag


@dataclass(frozen=True, slots=True)
class Visit:
    """Read once per request, so that one answer shows one instant of one market."""

    epoch: Epoch
    language: str
    prefix: str
    is_preview: bool = False

    @property
    def market(self) -> Market:
        return self.epoch.market

    @property
    def at(self) -> datetime:
        return self.epoch.at

    @property
    def base(self) -> str:
        """Where this market and language begin: "/us/en/"."""
        return f"/{self.market.code}/{self.prefix}/"

    @property
    def tag(self) -> str:
        """The language as the page's `lang` says it: "zh-Hans"."""
        return LANGUAGE_TAGS[self.prefix]

    @property
    def other_prefix(self) -> str:
        return "en" if self.prefix == "zh" else "zh"


def page(view: Page) -> Page:
    """A page of a market: the view gets a Visit, the answer says its revision and may be kept until the shelf turns.

    It is only ever read, so other methods are refused as such, before anything is asked of a form they do not come from.
    """

    @csrf_exempt
    @require_safe
    @wraps(view)
    def wrapper(request: HttpRequest, market: str, prefix: str, **kwargs: Any) -> HttpResponse:
        visit = _visit(request, market, prefix)
        with translation.override(visit.language):
            response = view(request, visit, **kwargs)
        response["Shelf-Revision"] = visit.epoch.revision
        if visit.is_preview:
            response["Cache-Control"] = "private, no-store"
        else:
            response.shelf_epoch = visit.epoch  # type: ignore[attr-defined]
        return response

    return wrapper


def private_page(view: Page) -> Page:
    """As `page`, for what is written anew for each reader and kept nowhere; it may be posted to from anywhere."""

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def wrapper(request: HttpRequest, market: str, prefix: str, **kwargs: Any) -> HttpResponse:
        visit = _visit(request, market, prefix)
        with translation.override(visit.language):
            response = view(request, visit, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response

    return wrapper


def form_page(view: Page) -> Page:
    """A page with a form: read as every `page`, kept and shared, and posted to from this site alone.

    Kept pages are the same for everybody and set no cookie, so there is no token in their forms. What a token is for,
    that no other site makes a visitor's browser send the form, browsers say themselves: see `refuse_other_sites`.
    """
    read, posted = page(view), private_page(view)

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return read(request, **kwargs)
        refuse_other_sites(request)
        return posted(request, **kwargs)

    return wrapper


def own_page(view: Page) -> Page:
    """A page of one visitor: their basket, their checkout, their order. Read and posted to from this site alone, and kept
    nowhere. As in `form_page`, the browser says that it is this site; there is no token to go stale in an open tab."""
    private = private_page(view)

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            refuse_other_sites(request)
        return private(request, **kwargs)

    return wrapper


def refuse_other_sites(request: HttpRequest) -> None:
    """Refuses `other_site` for a form that a browser sends from elsewhere.

    `Sec-Fetch-Site` says it where the browser is recent and the site has https, `Origin` in every other browser; no script
    of another site can change either. Who sends neither is no browser, and has no visitor's standing to misuse.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        is_own = site == "same-origin"
    else:
        origin = request.headers.get("Origin")
        trusted = {urlsplit(address).netloc for address in settings.CSRF_TRUSTED_ORIGINS}
        is_own = origin is None or urlsplit(origin).netloc in {request.get_host(), *trusted}
    if not is_own:
        raise Refused("other_site")


def _visit(request: HttpRequest, market: str, prefix: str) -> Visit:
    if prefix not in LANGUAGES:
        raise Http404
    preview_at = _preview_at(request)
    if preview_at is not None:
        epoch = read_epoch(market, preview_at)
    else:
        # The page cache has looked already; nobody else reads the clock for this request.
        epoch = getattr(request, "shelf_epoch", None) or read_epoch(market, timezone.now())
    if epoch is None:
        raise Http404
    return Visit(epoch, LANGUAGES[prefix], prefix, is_preview=preview_at is not None)


def _preview_at(request: HttpRequest) -> datetime | None:
    """Staff look at another instant with ?at=2026-12-23T20:00:00+08:00. For everybody else the parameter is not there."""
    text = request.GET.get("at")
    if not text or not getattr(request, "user", None) or not request.user.is_staff:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    if at is None:
        return None
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    # Nothing is true before ALWAYS, and at the very end of the calendar there is no room left for time zones.
    return at if ALWAYS <= at < FOREVER - timedelta(days=366) else None
