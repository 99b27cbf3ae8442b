"""Calendar files (RFC 5545): a launch, a film's first day in a country. Put in once, a calendar reminds by itself."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from campaigns.queries import placements_at
from core.territories import country_name
from films.queries import film_page
from merchstore.storefront.visit import Visit, page

#: How long a launch stands in the calendar, and how long before it the calendar speaks up.
LONG, EARLY = timedelta(minutes=30), timedelta(minutes=15)
#: Octets of a line, its end not counted.
_LONGEST = 75
Line = tuple[str, str]


@page
def launch(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """The instant at which an announced campaign opens. One that is open has no entry any more."""
    found = next((one for one in placements_at(visit.market, visit.at, "") if one.campaign.slug == slug), None)
    if found is None or found.is_live:
        raise Http404
    address = f"{settings.SITE_URL}{visit.base}campaigns/{slug}/"
    said = _("%(campaign)s opens") % {"campaign": found.headline_in(visit.language)}
    # In UTC: the same instant on every calendar, wherever its reader travels.
    when = [("DTSTART", _utc(found.starts_at)), ("DTEND", _utc(found.starts_at + LONG))]
    return _answer(_event(visit, f"campaign-{slug}", said, address, when, early=EARLY), visit)


@page
def release(request: HttpRequest, visit: Visit, slug: str, country: str) -> HttpResponse:
    """The day on which a film opens in a country: a day of its calendar, not an instant."""
    found = film_page(slug, at=visit.at, countries=visit.market.countries)
    opens = next((one for one in found.releases if one.country == country), None) if found else None
    if found is None or opens is None or not is_ahead(opens.opens_on, opens.zone, visit.at):
        raise Http404
    address = f"{settings.SITE_URL}{visit.base}films/{slug}/"
    place = country_name(country, visit.language)
    said = _("%(film)s in cinemas (%(country)s)") % {"film": found.film.title_in(visit.language), "country": place}
    when = [
        ("DTSTART;VALUE=DATE", f"{opens.opens_on:%Y%m%d}"),
        ("DTEND;VALUE=DATE", f"{opens.opens_on + timedelta(days=1):%Y%m%d}"),
    ]
    return _answer(_event(visit, f"release-{slug}-{country}", said, address, when), visit)


def is_ahead(day: date, zone: str, at: datetime) -> bool:
    """Whether a day of a zone has not begun there."""
    return day > at.astimezone(ZoneInfo(zone)).date()


def _event(
    visit: Visit, name: str, said: str, address: str, when: Iterable[Line], *, early: timedelta | None = None
) -> list[Line]:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    alarm = []
    if early is not None:
        before = f"-PT{int(early.total_seconds()) // 60}M"
        alarm = [("BEGIN", "VALARM"), ("ACTION", "DISPLAY"), ("DESCRIPTION", _text(said)), ("TRIGGER", before)]
        alarm.append(("END", "VALARM"))
    return [
        ("BEGIN", "VEVENT"),
        # The same entry in both languages: taken a second time, it takes the place of the first.
        ("UID", f"{name}-{visit.market.code}@{host}"),
        ("DTSTAMP", _utc(visit.at)),
        *when,
        ("SUMMARY", _text(said)),
        ("DESCRIPTION", _text(address)),
        ("URL", address),
        ("TRANSP", "TRANSPARENT"),
        *alarm,
        ("END", "VEVENT"),
    ]


def _answer(event: Iterable[Line], visit: Visit) -> HttpResponse:
    head = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", f"-//merchstore//{visit.tag}"),
        ("METHOD", "PUBLISH"),
    ]
    lines = [*head, *event, ("END", "VCALENDAR")]
    body = "".join(_folded(f"{name}:{value}") for name, value in lines)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Language"] = visit.tag
    return response


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    for sign in "\\;,":
        words = words.replace(sign, f"\\{sign}")
    return " ".join(words.split())


def _folded(line: str) -> str:
    """A line of at most 75 octets, going on behind a space; no character is cut in two."""
    parts, part = [], ""
    for sign in line:
        if len((part + sign).encode()) > _LONGEST:
            parts.append(part)
            part = " "
        part += sign
    return "\r\n".join([*parts, part]) + "\r\n"
