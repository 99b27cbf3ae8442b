"""Pictures as pages show them. Each is put together once: a name says the content, so its markup never changes."""

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.images.names import sources_of
from catalog.models import Image
from core.media import address_of

#: How wide a picture stands on a page, by static/css/layout.css and pages.css.
_TILE = "(max-width: 48rem) 50vw, (max-width: 60rem) 33vw, 22rem"
_LEAD_TILE = "(max-width: 48rem) 100vw, (max-width: 60rem) 66vw, 45rem"
_FIRST = "(max-width: 48rem) 88vw, (max-width: 60rem) 100vw, 52rem"
_FURTHER = "(max-width: 48rem) 88vw, (max-width: 60rem) 50vw, 26rem"


@lru_cache(maxsize=20_000)
def tile_picture(address: str, is_lead: bool) -> SafeString:
    """A list's: beside its title, which says what it shows. The tile is a square whatever the picture's shape."""
    return _picture(address, "", (1000, 1000), _LEAD_TILE if is_lead else _TILE, is_first=False)


def gallery_picture(image: Image, language: str, *, is_first: bool) -> SafeString:
    """One of a product's page; the first is fetched before what stands below it."""
    size = (image.width, image.height)
    return _picture(
        address_of(image.file.name), image.alt_in(language), size, _FIRST if is_first else _FURTHER, is_first=is_first
    )


def _picture(address: str, alt: str, size: tuple[int, int], sizes: str, *, is_first: bool) -> SafeString:
    if not address:
        return SafeString("")
    when = SafeString(' fetchpriority="high"' if is_first else ' loading="lazy"')
    sources = sources_of(address)
    if sources is None:
        return format_html('<img src="{}" alt="{}" width="{}" height="{}"{}>', address, alt, *size, when)
    return format_html(
        '<picture><source type="image/avif" srcset="{avif}" sizes="{sizes}">'
        '<source type="image/webp" srcset="{webp}" sizes="{sizes}">'
        '<img src="{plain}" srcset="{jpeg}" sizes="{sizes}" alt="{alt}" width="{width}" height="{height}"{when}></picture>',
        **sources._asdict(), sizes=sizes, alt=alt, width=size[0], height=size[1], when=when,
    )  # fmt: skip
