"""What templates of the storefront print."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from catalog.models import Image
from core.clock import FOREVER
from core.media import address_of
from core.territories import country_name
from licensing.gate import Reason
from merchstore.storefront import pictures
from merchstore.storefront.reasons import sentence_of

register = template.Library()

#: The cities that `city` finds in the catalogue. A zone's name is data, so makemessages would not see them otherwise.
CITIES = (
    gettext_noop("Berlin"),
    gettext_noop("Hong Kong"),
    gettext_noop("London"),
    gettext_noop("Los Angeles"),
    gettext_noop("New York"),
    gettext_noop("Paris"),
    gettext_noop("Shanghai"),
    gettext_noop("Tokyo"),
)


#: What things say in a language: {{ film|title_in:language }} prints film.title_in(language).
_SPOKEN = (
    "alt_in",
    "description_in",
    "headline_in",
    "lede_in",
    "legal_line_in",
    "name_in",
    "other_title_in",
    "synopsis_in",
    "title_in",
)


def _spoken(name: str) -> Callable[[Any, str], str]:
    return lambda thing, language: getattr(thing, name)(language)


for _name in _SPOKEN:
    register.filter(_name, _spoken(_name))


@register.simple_tag
def gallery_picture(image: Image, language: str, is_first: bool) -> SafeString:
    return pictures.gallery_picture(image, language, is_first=is_first)


@register.filter
def country(code: str, language: str) -> str:
    return country_name(code, language)


@register.filter
def reason(code: Reason) -> str:
    """A gate's reason as a sentence for shoppers."""
    return sentence_of(code)


@register.filter
def address(file: object) -> str:
    """Where a stored file is fetched."""
    return address_of(file.name) if file else ""  # type: ignore[attr-defined]


@register.filter
def pick(values: dict, key: object) -> object:
    """values[key], or nothing."""
    return values.get(key) if values else None


@register.filter
def in_zone(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


@register.filter
def city(zone: str) -> str:
    """The city that names a zone: "Shanghai" for Asia/Shanghai."""
    return str(gettext(zone.rpartition("/")[2].replace("_", " ")))


@register.filter
def day(at: date, language: str) -> str:
    """A full date: "23 December 2026". An instant without an end is not a date."""
    if isinstance(at, datetime) and at >= FOREVER:
        return ""
    on = at.date() if isinstance(at, datetime) else at
    return _dated(on, "long" if language.startswith("zh") else "d MMMM yyyy", language)


def short_day(at: date, language: str) -> str:
    """A date of these months, where there is little room: "23 Dec"."""
    on = at.date() if isinstance(at, datetime) else at
    return _dated(on, "M月d日" if language.startswith("zh") else "d MMM", language)


@lru_cache(maxsize=5_000)
def _dated(on: date, pattern: str, language: str) -> str:
    """Kept: a list says the same few days over and over, and each takes as long to write as a tile."""
    return format_date(on, pattern, locale=language.replace("-", "_"))


@register.filter
def moment(at: datetime, language: str) -> str:
    """A full date and time: "Wednesday 23 December 2026, 20:00"."""
    pattern = "y年M月d日EEEE HH:mm" if language.startswith("zh") else "EEEE d MMMM y, HH:mm"
    return format_datetime(at, pattern, locale=language.replace("-", "_"))


@register.filter
def clock(at: datetime) -> str:
    """The time of day in the zone that `at` stands in: "20:04:31". Django's own filter would go back to UTC."""
    return f"{at:%H:%M:%S}"


@register.filter
def until(ends_at: datetime, at: datetime) -> dict[str, int]:
    """What is left, as the countdown shows it."""
    seconds = max(0, int((ends_at - at).total_seconds()))
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    return {"days": days, "hours": hours, "minutes": seconds // 60, "seconds": seconds % 60}


@register.filter
def epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970, for scripts."""
    return int(at.timestamp() * 1000)
