"""A licence's time as a drawing: rows of bars on one axis, as geometry that a template prints into an SVG.

Two sizes, of which the page shows the one that fits: text in a drawing that shrinks would become too small to read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import formats
from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from licensing.models import Licence, LicenceDocument, Takedown
from licensing.terms import is_over_on, local_day, sell_off_ends_on

#: Documents shown; a licence with more lists them below all the same.
_MOST_DOCUMENTS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """Days from the first to the last, both included. No last day: it goes on."""

    first: date
    last: date | None
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    words: str
    bars: Sequence[Bar]
    #: A day that is marked by itself: the last one of a document.
    mark: date | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A size of the drawing. In the narrow one the words stand above their bar, in the wide one beside it."""

    width: int
    left: int
    row_height: int
    bar_offset: int


WIDE = Shape(width=1040, left=220, row_height=44, bar_offset=11)
NARROW = Shape(width=340, left=0, row_height=62, bar_offset=34)
_TOP = 30
_BAR = 22


def rows_of(
    licence: Licence,
    documents: Iterable[LicenceDocument],
    holds: Iterable[Takedown],
    trail: Iterable[AuditEntry],
    *,
    at: datetime,
) -> list[Row]:
    """What the drawing shows, in words and days."""
    sell_off_last, over_on = sell_off_ends_on(licence), is_over_on(licence)
    rows = [_row(_("Term"), licence.starts_on, licence.ends_on, "term")]
    if licence.sell_off_days:
        rows.append(_row(_("Sell-off"), licence.ends_on + timedelta(days=1), sell_off_last, "sell-off"))
    if licence.grace_days:
        rows.append(
            _row(_("Grace for shipping"), sell_off_last + timedelta(days=1), over_on - timedelta(days=1), "grace")
        )
    suspended = _suspensions(licence, trail)
    if suspended:
        rows.append(Row(_("Suspended"), _spoken(suspended), suspended, None))
    disputes = [
        Bar(
            local_day(licence, hold.starts_at),
            local_day(licence, hold.released_at) if hold.released_at else None,
            "hold",
        )
        for hold in holds
    ]
    if disputes:
        rows.append(Row(_("Taken down"), _spoken(disputes), disputes, None))
    dated = [document for document in documents if document.expires_on and document.retired_at is None]
    for document in dated[:_MOST_DOCUMENTS]:
        filed = min(local_day(licence, document.created_at), document.expires_on)
        words = _("until %(day)s") % {"day": _day(document.expires_on)}
        rows.append(Row(document.title, words, [Bar(filed, document.expires_on, "document")], document.expires_on))
    return rows


def drawing(rows: Sequence[Row], shape: Shape, *, today: date) -> dict[str, object]:
    """The rows as geometry in `shape`."""
    scale = _Scale(rows, shape, today)
    height = _TOP + len(rows) * shape.row_height
    return {
        "width": shape.width,
        "height": height,
        "left": shape.left,
        "bottom": height,
        "is_narrow": shape.left == 0,
        "rows": [_drawn(row, number, shape, scale) for number, row in enumerate(rows)],
        "ticks": scale.ticks(),
        "today": round(scale.x(today), 1),
        "today_anchor": scale.anchor(today),
    }


class _Scale:
    """Days along the axis, a little room at both ends."""

    def __init__(self, rows: Sequence[Row], shape: Shape, today: date) -> None:
        days = [day for row in rows for bar in row.bars for day in (bar.first, bar.last) if day]
        first, last = min([*days, today]), max([*days, today])
        room = max((last - first).days // 40, 7)
        self.first, self.last = first - timedelta(days=room), last + timedelta(days=room)
        self.today = today
        self.left, self.width = shape.left, shape.width - shape.left
        self.is_narrow = shape.left == 0

    def x(self, day: date) -> float:
        part = (day - self.first).days / max((self.last - self.first).days, 1)
        return self.left + self.width * min(max(part, 0), 1)

    def anchor(self, day: date) -> str:
        """Which way the word "today" goes, so that it stays inside."""
        return "end" if self.x(day) > self.left + self.width * 0.8 else "start"

    def ticks(self) -> list[dict[str, object]]:
        """The first of a month, at most eight times (four in the narrow drawing)."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        most = 4 if self.is_narrow else 8
        step = next(size for size in (1, 3, 6, 12, 24, 60, 120, 600, 6000) if months / size <= most)
        found = []
        for number in range(months + 2):
            year, month = divmod(self.first.year * 12 + self.first.month - 1 + number, 12)
            day = date(year, month + 1, 1)
            # A tick at the very end would push its word out of the drawing, and "today" has its own.
            is_inside = self.first <= day and self.x(day) < self.left + self.width * 0.94
            is_inside &= abs(self.x(day) - self.x(self.today)) > 90
            if is_inside and (year * 12 + month) % step == 0:
                words = formats.date_format(day, "Y" if step >= 12 else "YEAR_MONTH_FORMAT")
                found.append({"x": round(self.x(day), 1), "words": words})
        return found


def _drawn(row: Row, number: int, shape: Shape, scale: _Scale) -> dict[str, object]:
    top = _TOP + number * shape.row_height
    bars = []
    for bar in row.bars:
        start = scale.x(bar.first)
        end = scale.x(bar.last + timedelta(days=1)) if bar.last else scale.left + scale.width
        bars.append({"x": round(start, 1), "width": round(max(end - start, 3), 1), "tone": bar.tone})
    return {
        "label": row.label,
        "words": row.words,
        "line_y": top,
        "bar_y": top + shape.bar_offset,
        "bar_height": _BAR,
        "label_y": top + 18,
        "words_y": top + 34 if shape.left else top + 18,
        "words_x": 0 if shape.left else shape.width,
        "bars": bars,
        "mark_x": round(scale.x(row.mark), 1) if row.mark else None,
        "mark_y": top + shape.bar_offset + _BAR / 2,
    }


def _row(label: str, first: date, last: date, tone: str) -> Row:
    return Row(label, _spoken([Bar(first, last, tone)]), [Bar(first, last, tone)])


def _spoken(bars: Sequence[Bar]) -> str:
    last = bars[-1]
    if len(bars) > 1:
        return _("%(number)s times, last from %(day)s") % {"number": len(bars), "day": _day(last.first)}
    if last.last is None:
        return _("since %(day)s") % {"day": _day(last.first)}
    return _("%(first)s to %(last)s") % {"first": _day(last.first), "last": _day(last.last)}


def _suspensions(licence: Licence, trail: Iterable[AuditEntry]) -> list[Bar]:
    """From the trail: each time from a suspension to the next thing that ended it."""
    found: list[Bar] = []
    since: date | None = None
    for entry in sorted(trail, key=lambda entry: entry.pk):
        if entry.verb == "licence.suspended":
            since = local_day(licence, entry.at)
        elif since and entry.verb in {"licence.reinstated", "licence.terminated", "licence.expired"}:
            found.append(Bar(since, local_day(licence, entry.at), "hold"))
            since = None
    return [*found, Bar(since, None, "hold")] if since else found


def _day(day: date) -> str:
    return formats.date_format(day, "j M Y")
