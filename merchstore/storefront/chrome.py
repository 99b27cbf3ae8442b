"""What is the same round every page of a market and language: rendered once per process, then only put in."""

from functools import cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from merchstore.storefront.visit import Visit


def chrome(visit: Visit) -> dict[str, SafeString]:
    """The links of the head to style and script, and the footer. Call in the language of the visit."""
    # While somebody edits the templates, they want to see what they do.
    parts = _parts.__wrapped__ if settings.DEBUG else _parts
    return parts(visit.base, visit.market.code)


@cache
def _parts(base: str, market: str) -> dict[str, SafeString]:
    context = {"base": base, "market_code": market}
    return {name: render_to_string(f"storefront/_{name}.html", context) for name in ("assets", "footer")}
