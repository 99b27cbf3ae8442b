"""One item of a Google Merchant product feed: the rules of the field, said once.

Source of the limits: Google's product data specification, as of November 2026.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from core.money import Money

TITLE_LIMIT = 150
DESCRIPTION_LIMIT = 5_000
BRAND_LIMIT = 70
ID_LIMIT = 50
#: Items expire by themselves after 30 days without a refresh; a pre-order may lie at most a year ahead.
EXPIRES_AFTER = timedelta(days=30)
PRE_ORDER_LIMIT = timedelta(days=365)
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif")
SMALLEST_IMAGE = 500
MOST_PIXELS = 64_000_000
PROMOTION_WORDS = ("free shipping", "% off", "on sale now", "best price", "buy one get one", "包邮", "特价", "促销")

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Item:
    """A variant as the feed tells it. `price` is the regular price, `sale_price` what an offer makes of it."""

    id: str
    item_group_id: str
    title: str
    description: str
    link: str
    image_link: str
    image_width: int
    image_height: int
    availability: str
    availability_date: datetime | None
    price: Money
    sale_price: Money | None
    sale_from: datetime | None
    sale_until: datetime | None
    brand: str
    gtin: str
    product_type: str
    expiration_date: datetime
    size: str = ""
    colour: str = ""


def problems_of(item: Item, *, at: datetime) -> list[str]:
    """Why Google would refuse the item, as sentences; empty when it is valid."""
    checks = [
        (0 < len(item.id) <= ID_LIMIT, f"The id has more than {ID_LIMIT} characters."),
        (1 <= len(item.title) <= TITLE_LIMIT, f"The title has to have 1 to {TITLE_LIMIT} characters."),
        (not _advertises(item.title), "The title holds promotional text."),
        (
            1 <= len(item.description) <= DESCRIPTION_LIMIT,
            f"The description has to have 1 to {DESCRIPTION_LIMIT} characters.",
        ),
        (1 <= len(item.brand) <= BRAND_LIMIT, f"The brand has to have 1 to {BRAND_LIMIT} characters."),
        (bool(item.image_link), "There is no picture."),
        (
            not item.image_link or item.image_link.lower().endswith(IMAGE_ENDINGS),
            "The picture is not JPEG, PNG, WebP or GIF.",
        ),
        (
            not item.image_link or min(item.image_width, item.image_height) >= SMALLEST_IMAGE,
            f"The picture is smaller than {SMALLEST_IMAGE} × {SMALLEST_IMAGE} px.",
        ),
        (item.image_width * item.image_height <= MOST_PIXELS, "The picture has more than 64 megapixels."),
        (item.price.amount > 0, "The price is not above zero."),
        (not item.gtin or has_valid_check_digit(item.gtin), "The GTIN's check digit is wrong."),
        (
            item.availability not in ("preorder", "backorder") or item.availability_date is not None,
            "A pre-order needs the day from which it is delivered.",
        ),
        (
            item.availability_date is None or item.availability_date <= at + PRE_ORDER_LIMIT,
            "The pre-order's day is more than a year ahead.",
        ),
    ]
    return [problem for is_fine, problem in checks if not is_fine]


def has_valid_check_digit(gtin: str) -> bool:
    """GTIN-8, 12, 13 or 14 with the check digit of GS1 (weights 3 and 1 from the right)."""
    if len(gtin) not in (8, 12, 13, 14) or not (gtin.isascii() and gtin.isdigit()):
        return False
    body, check = gtin[:-1], int(gtin[-1])
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(body)))
    return (10 - total % 10) % 10 == check


def to_xml(item: Item) -> str:
    """The item as RSS 2.0 with Google's namespace, prefix g."""
    fields = [
        ("g:id", item.id),
        ("g:item_group_id", item.item_group_id),
        ("g:title", item.title),
        ("g:description", item.description),
        ("g:link", item.link),
        ("g:image_link", item.image_link),
        ("g:availability", item.availability),
        ("g:availability_date", _instant(item.availability_date)),
        ("g:price", _money(item.price)),
        ("g:sale_price", _money(item.sale_price)),
        ("g:sale_price_effective_date", _period(item)),
        ("g:expiration_date", _instant(item.expiration_date)),
        ("g:brand", item.brand),
        ("g:gtin", item.gtin),
        ("g:identifier_exists", "" if item.gtin else "no"),
        ("g:condition", "new"),
        ("g:product_type", item.product_type),
        ("g:size", item.size),
        ("g:color", item.colour),
    ]
    lines = "".join(f"<{name}>{escape(_printable(value))}</{name}>" for name, value in fields if value)
    return f"<item>{lines}</item>\n"


def _advertises(title: str) -> bool:
    lowered = title.lower()
    return any(word in lowered for word in PROMOTION_WORDS)


def _money(money: Money | None) -> str:
    return f"{money} {money.currency}" if money else ""


def _instant(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S%z") if at else ""


def _period(item: Item) -> str:
    if item.sale_price is None or item.sale_from is None or item.sale_until is None:
        return ""
    return f"{_instant(item.sale_from)}/{_instant(item.sale_until)}"


def _printable(text: str) -> str:
    """XML 1.0 has no place for control characters, surrogates and the two that are no characters at all."""
    return _NOT_IN_XML.sub("", text)
