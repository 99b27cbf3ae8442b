"""The panel's first page: what needs doing, what was sold, what people wait for, and the licences over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from campaigns.queries.partners import invitations, known_campaigns
from catalog.queries.needs import people_waiting, refused_imports, stock_counts
from core.clock import end_of_day
from core.money import Money
from core.territories import zone_of
from licensing.approvals.queries import versions_of, waiting_on
from licensing.queries import calendar
from merchants.models import WebhookEndpoint
from merchstore.panel import plots
from merchstore.panel.visit import CATALOGUE, OWNER, PanelVisit, page, show
from orders import figures

#: How far the plots look back.
SPANS = (30, 90)
#: The calendar: so far back and ahead.
_BACK, _AHEAD = timedelta(days=60), timedelta(days=365)
_MOST_WAITED = 5
_MOST_WINDOWS = 6


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for somebody: in words, and where it is done."""

    words: str
    remark: str
    address: str
    tone: str


@require_safe
@page
def home(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    at, zone = timezone.now(), zone_of(visit.merchant.country)
    today = at.astimezone(ZoneInfo(zone)).date()
    days = 90 if request.GET.get("days") == "90" else 30
    waiting, waited = people_waiting(visit.merchant, most=_MOST_WAITED)
    low, out = stock_counts(visit.merchant)
    context = {
        "title": _("Dashboard"),
        "section": "home",
        "today": today,
        "needs": [*_needs(visit, at=at, today=today), *_stock_needs(visit, low, out)],
        "sales": _sales(visit, zone=zone, at=at),
        "plot": _plot(visit, zone=zone, at=at, days=days),
        "spans": [(span, f"?days={span}", span == days) for span in SPANS],
        "days": days,
        "demand": {"waiting": waiting, "rows": _waited(visit, waited), "out": out},
        "calendar": _calendar(visit, at=at, today=today),
        "addresses": {"new": visit.address("new_product"), "products": visit.address("products")},
        "may_edit": visit.may(CATALOGUE),
        "zone": zone,
    }
    return show(request, visit, "home", context)


# -- what needs doing --------------------------------------------------------------------------------


def _needs(visit: PanelVisit, *, at: datetime, today: date) -> Iterator[Need]:
    merchant = visit.merchant
    yield from _order_needs(visit, today)
    yield from _licence_needs(visit, today)
    if visit.may(CATALOGUE):
        versions = waiting_on(versions_of(merchant), "merchant").count()
        if versions:
            words = ngettext("%(n)s version waits for you", "%(n)s versions wait for you", versions)
            yield Need(
                words % {"n": versions},
                _("Drafts, and rounds that came back"),
                visit.address("approvals") + "?show=ours",
                "warn",
            )
        if refused := refused_imports(merchant, at=at):
            words = ngettext("%(n)s file with refused rows", "%(n)s files with refused rows", refused)
            yield Need(words % {"n": refused}, _("In the last 30 days"), visit.address("imports"), "warn")
        if open_to_join := invitations(merchant).filter(invites_until__gt=at, ends_at__gt=at).count():
            words = ngettext("%(n)s campaign can be joined", "%(n)s campaigns can be joined", open_to_join)
            yield Need(words % {"n": open_to_join}, "", visit.address("campaigns"), "info")
    if visit.may(OWNER):
        disabled = merchant.webhook_endpoints.filter(state=WebhookEndpoint.State.DISABLED).count()
        if disabled:
            words = ngettext("%(n)s webhook is disabled", "%(n)s webhooks are disabled", disabled)
            yield Need(words % {"n": disabled}, _("Nothing is sent to it"), visit.address("webhooks"), "bad")


def _order_needs(visit: PanelVisit, today: date) -> Iterator[Need]:
    parcels, late, returns = figures.parcels_waiting(visit.merchant, today=today)
    if parcels:
        words = ngettext("%(n)s parcel to send", "%(n)s parcels to send", parcels) % {"n": parcels}
        remark = ngettext("%(n)s is late", "%(n)s are late", late) % {"n": late} if late else ""
        yield Need(words, remark, visit.address("orders"), "bad" if late else "warn")
    if returns:
        words = ngettext("%(n)s return to receive", "%(n)s returns to receive", returns) % {"n": returns}
        yield Need(words, "", visit.address("orders") + "?show=returns", "warn")


def _licence_needs(visit: PanelVisit, today: date) -> Iterator[Need]:
    ending, first = calendar.ending_soon(visit.merchant, today=today)
    if ending and first:
        words = ngettext("%(n)s licence ends soon", "%(n)s licences end soon", ending) % {"n": ending}
        yield Need(words, _("The first on %(day)s") % {"day": _day(first)}, visit.address("rights"), "warn")
    papers, first = calendar.papers_ending(visit.merchant, today=today)
    own = visit.merchant.documents_expire_on
    if own is not None and own <= today + timedelta(days=30):
        papers, first = papers + 1, min(own, first or own)
    if papers and first:
        words = ngettext("%(n)s paper runs out", "%(n)s papers run out", papers) % {"n": papers}
        said = _("Since %(day)s nothing may be sold") if first < today else _("The last day is %(day)s")
        yield Need(words, said % {"day": _day(first)}, visit.address("rights"), "bad" if first < today else "warn")


def _stock_needs(visit: PanelVisit, low: int, out: int) -> Iterator[Need]:
    address = visit.address("products")
    if out:
        words = ngettext("%(n)s variant is sold out", "%(n)s variants are sold out", out) % {"n": out}
        yield Need(words, "", f"{address}?stock=out", "warn")
    if low:
        words = ngettext("%(n)s variant runs low", "%(n)s variants run low", low) % {"n": low}
        yield Need(words, "", f"{address}?stock=low", "warn")


# -- figures -----------------------------------------------------------------------------------------


def _sales(visit: PanelVisit, *, zone: str, at: datetime) -> dict[str, Any]:
    """By currency; money is for who may see what is owed as well as for those who send: it is the merchant's own sales."""
    found = figures.takings(visit.merchant, zone=zone, at=at)
    now, before = figures.came_back(visit.merchant, zone=zone, at=at)
    currencies = [
        {
            "currency": currency,
            "periods": [
                {
                    "label": {1: _("Today"), 7: _("7 days"), 30: _("30 days")}[one.days],
                    "amount": one.now.in_locale(visit.language),
                    "pieces": one.pieces,
                    "change": _change(one.now, one.before),
                }
                for one in periods
            ],
        }
        for currency, periods in found.items()
    ]
    pieces = sum(periods[-1].pieces for periods in found.values())
    pieces_before = sum(periods[-1].pieces_before for periods in found.values())
    return {
        "currencies": currencies,
        "pieces": pieces,
        "pieces_change": _percent(pieces, pieces_before),
        "returned": _rate(now.per_mille, visit.language),
        "returned_change": _points(now.per_mille, before.per_mille, visit.language),
    }


def _change(now: Money, before: Money) -> dict[str, str]:
    return _percent(now.amount, before.amount)


def _percent(now: int, before: int) -> dict[str, str]:
    """Against the period before, in words and whether it is good."""
    if not before:
        return {"words": _("Nothing in the period before") if now else "", "tone": ""}
    percent = round(100 * (now - before) / before)
    if percent == 0:
        return {"words": _("As in the period before"), "tone": ""}
    said = _("Up %(percent)s %% on the period before") if percent > 0 else _("Down %(percent)s %% on the period before")
    return {"words": said % {"percent": f"{abs(percent):,}"}, "tone": "ok" if percent > 0 else "bad"}


def _rate(per_mille: int | None, language: str) -> str:
    return "–" if per_mille is None else f"{formats.number_format(per_mille / 10, 1)} %"


def _points(now: int | None, before: int | None, language: str) -> dict[str, str]:
    if now is None or before is None or now == before:
        return {"words": "", "tone": ""}
    said = _("Up %(points)s points") if now > before else _("Down %(points)s points")
    points = formats.number_format(abs(now - before) / 10, 1)
    return {"words": said % {"points": points}, "tone": "bad" if now > before else "ok"}


def _plot(visit: PanelVisit, *, zone: str, at: datetime, days: int) -> dict[str, Any]:
    rows = figures.daily(visit.merchant, zone=zone, at=at, days=days)
    lines: list[tuple[str, Sequence[int]]] = [("sold", [row.pieces for row in rows])]
    if any(row.pre_orders for row in rows):
        lines.append(("pre-orders", [row.pre_orders for row in rows]))
    return {
        "drawings": plots.line_plots([row.on for row in rows], lines),
        "rows": [row for row in reversed(rows) if row.pieces],
        "total": sum(row.pieces for row in rows),
        "pre_orders": sum(row.pre_orders for row in rows),
        "busiest": max(rows, key=lambda row: row.pieces),
    }


def _waited(visit: PanelVisit, rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"row": row, "title": row.title_in(visit.language), "address": visit.address("product", row.product)}
        for row in rows
    ]


# -- the calendar ------------------------------------------------------------------------------------


def _calendar(visit: PanelVisit, *, at: datetime, today: date) -> dict[str, Any]:
    """Licences from a little ago to a year ahead. Five queries, however many."""
    first, last = today - _BACK, today + _AHEAD
    terms = calendar.terms_over(visit.merchant, since=first, until=last)
    films = sorted({term.licence.film_id for term in terms})
    zone = zone_of(visit.merchant.country)
    marks = [*_street_marks(visit, films, first, last), *_embargo_marks(visit, films, at, last, zone)]
    windows = _windows(visit, at, first, last, zone)
    return {
        "drawing": plots.calendar_plot(terms, marks, windows, first=first, last=last, today=today),
        "list": [
            {
                "term": term,
                "film": term.licence.film.title_in(visit.language),
                "marks": [mark for mark in marks if mark.film_id == term.licence.film_id],
            }
            for term in terms
        ],
        "windows": windows,
        "address": visit.address("rights"),
    }


def _street_marks(visit: PanelVisit, films: Sequence[int], first: date, last: date) -> list[plots.Mark]:
    dated = visit.merchant.products.filter(film__in=films, street_on__gte=first, street_on__lte=last)
    rows = dated.values_list("film_id", "street_on").annotate(one=Min("pk")).order_by("street_on", "film_id")
    words = _("Street date %(day)s")
    return [plots.Mark(film, day, words % {"day": _day(day)}, "street") for film, day, _one in rows]


def _embargo_marks(visit: PanelVisit, films: Sequence[int], at: datetime, last: date, zone: str) -> list[plots.Mark]:
    rows = calendar.embargoes_of(list(films), at=at, until=end_of_day(last, zone))
    words = _("Embargo lifts %(day)s")
    found = {}
    for row in rows:
        day = row.lifts_at.astimezone(ZoneInfo(zone)).date()
        found[row.film_id, day] = plots.Mark(row.film_id, day, words % {"day": _day(day)}, "embargo")
    return list(found.values())


def _windows(visit: PanelVisit, at: datetime, first: date, last: date, zone: str) -> list[plots.Window]:
    tz = ZoneInfo(zone)
    rows = known_campaigns(visit.merchant, at=at).filter(
        starts_at__lt=end_of_day(last, zone), ends_at__gt=end_of_day(first, zone)
    )
    return [
        plots.Window(
            row.name_in(visit.language), row.starts_at.astimezone(tz).date(), row.ends_at.astimezone(tz).date(),
            visit.address("campaign", row.public_id),
        )
        for row in rows.order_by("starts_at", "pk")[:_MOST_WINDOWS]
    ]  # fmt: skip


def _day(day: date) -> str:
    return str(formats.date_format(day, "DATE_FORMAT"))
