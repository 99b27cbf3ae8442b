"""What is not a page: pictures, feeds, the films' colours, what robots are told."""

import mimetypes

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from campaigns.channels.google_feed import feed_file
from catalog.epoch import read_epoch
from films.queries import film_colours as coloured_films
from merchstore.middleware import MAX_AGE
from merchstore.storefront.visit import Visit, page

#: Files are named after their content, so a copy never gets old.
FOREVER = "public, max-age=31536000, immutable"
_XML = "application/xml; charset=utf-8"


@csrf_exempt
@require_safe
def media(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture. In production the proxy in front serves these."""
    if ".." in name or name.startswith("/"):
        raise Http404
    try:
        file = default_storage.open(name)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise Http404 from None
    response = FileResponse(file, content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
    response["Cache-Control"] = FOREVER
    response["X-Content-Type-Options"] = "nosniff"
    return response


@csrf_exempt
@require_safe
def google_feed(request: HttpRequest, market: str, is_packed: str | None = None) -> HttpResponseBase:
    """The market's product feed as of now: plain, or gzipped when asked for as .gz or by Accept-Encoding."""
    at = timezone.now()
    epoch = read_epoch(market, at)
    if epoch is None:
        raise Http404
    feed = feed_file(epoch.market, at=at)
    packs = bool(is_packed) or "gzip" in request.headers.get("Accept-Encoding", "")
    etag = f'"{feed.etag}{"-gz" if packs else ""}"'
    modified = int(feed.written_at.timestamp())
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag, last_modified=modified)
    if response is None or response.status_code == 200:
        path = feed.gzip_path if packs else feed.path
        kind = "application/gzip" if is_packed else _XML
        response = FileResponse(path.open("rb"), content_type=kind)
        if packs and not is_packed:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(modified)
    response["Vary"] = "Accept-Encoding"
    response["Shelf-Revision"] = feed.revision
    response["Cache-Control"] = f"public, max-age={epoch.max_age(MAX_AGE)}"
    return response


@page
def film_colours(request: HttpRequest, visit: Visit) -> HttpResponse:
    """One class per visible film with its two colours, since the content security policy forbids style attributes."""
    films = coloured_films(at=visit.at, countries=visit.market.countries)
    rules = [f".film-{film.slug}{{--film-ground:{film.ground};--film-ink:{film.ink}}}" for film in films]
    return HttpResponse("\n".join(rules), content_type="text/css; charset=utf-8")


@csrf_exempt
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /desk/",
        "Disallow: /*/search/",
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
