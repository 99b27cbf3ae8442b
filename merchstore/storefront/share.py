"""Share cards: the picture that other sites show of a film, a product or a campaign. Drawn when first asked for, then a file.

What draws them is heavy, so this module is loaded when somebody first asks (urls.py).
"""

import hashlib
import hmac

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static

from artwork.cards import RECIPE, Card, draw_card
from campaigns.queries import placements_at
from catalog.queries.product import product_page
from core.media import SHARE_CARDS
from films.models import Artwork, Film
from films.queries import artworks_of, film_page, films_named
from merchstore.limits import is_too_often, who_asks
from merchstore.storefront.answers import SHARE
from merchstore.storefront.visit import Visit, page

#: New cards that one place may have drawn in a minute; each takes about a third of a second.
MOST_DRAWN, MINUTE = 30, 60
#: Seconds for which a card may be kept: what it says changes with its film or product.
KEPT = 3600
#: A card, and the stored picture on it ("" for none).
Drawn = tuple[Card, str]


@page
def card(request: HttpRequest, visit: Visit, kind: str, slug: str) -> HttpResponseBase:
    """The card of what may be seen here and now; what may not has none either."""
    found = _CARDS[kind](visit, slug)
    if found is None:
        raise Http404
    name = _name(*found)
    if not default_storage.exists(name):
        if is_too_often("share-card", who_asks(request), most=MOST_DRAWN, seconds=MINUTE, at=visit.at):
            return redirect(static(SHARE))
        _store(name, draw_card(found[0], _read(found[1])))
    response = FileResponse(default_storage.open(name), content_type="image/jpeg")
    response["Cache-Control"] = f"public, max-age={KEPT}"
    return response


def _film(visit: Visit, slug: str) -> Drawn | None:
    found = film_page(slug, at=visit.at, countries=visit.market.countries)
    if found is None:
        return None
    director = ", ".join(one.name_in(visit.language) for one in found.credits.get("director", [])[:2])
    return _of_film(found.film, found.artworks, visit, found.film.title_in(visit.language), director)


def _campaign(visit: Visit, slug: str) -> Drawn | None:
    found = next((one for one in placements_at(visit.market, visit.at, "") if one.campaign.slug == slug), None)
    if found is None:
        return None
    headline = found.headline_in(visit.language)
    if found.film is None:
        return Card(headline), ""
    art = artworks_of([found.film.pk], at=visit.at, countries=visit.market.countries).get(found.film.pk, {})
    return _of_film(found.film, art, visit, found.film.title_in(visit.language), headline)


def _of_film(film: Film, art: dict[str, Artwork], visit: Visit, title: str, under: str) -> Drawn:
    words = (film.other_title_in(visit.language), under)
    wide = art.get(Artwork.Kind.WIDE)
    return Card(title, words, film.ground, film.ink, film.voice), wide.file.name if wide else ""


def _product(visit: Visit, slug: str) -> Drawn | None:
    found = product_page(slug, visit.market, visit.language, at=visit.at)
    if found is None:
        return None
    film = films_named([found.card.film_slug], at=visit.at, countries=visit.market.countries).get(found.card.film_slug)
    look = {"ground": film.ground, "ink": film.ink} if film else {}
    image = next((one for one in found.images if one.file.name), None)
    picture = (image.channel_file or image.file).name if image else ""
    return Card(found.card.title, (found.card.film_title, found.card.maker), is_goods=True, **look), picture


_CARDS = {"films": _film, "goods": _product, "campaigns": _campaign}


def _name(card: Card, picture: str) -> str:
    """Says what the file holds, and cannot be put together by whoever has the source: as pictures of goods."""
    said = f"{RECIPE}/{card!r}/{picture}"
    digest = hmac.new(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256).hexdigest()
    return f"{SHARE_CARDS}/{digest[:2]}/{digest[:40]}.jpg"


def _read(name: str) -> bytes | None:
    """The stored picture; without it the card has words alone."""
    if not name:
        return None
    try:
        with default_storage.open(name) as file:
            return file.read()
    except FileNotFoundError:
        return None


def _store(name: str, content: bytes) -> None:
    """Two who asked at once have both drawn it: the second file is let go."""
    stored = default_storage.save(name, ContentFile(content))
    if stored != name:
        default_storage.delete(stored)
