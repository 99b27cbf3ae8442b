"""Who did what to a merchant's things: the audit trail as its owners may read it."""

import csv
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import AuditEntry
from accounts.trail import entries_of
from core.clock import end_of_day, start_of_day
from core.territories import zone_of
from merchstore.panel.audit_words import WORDS
from merchstore.panel.visit import OWNER, PanelVisit, page, show

PAGE = 50
#: Entries of one CSV file.
MOST_ROWS = 20_000


def audit(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    rows = list(_found(request, visit, before=_number(request.GET.get("after", "")))[: PAGE + 1])
    shown = rows[:PAGE]
    context = {
        "title": _("Who did what"),
        "section": "audit",
        "entries": [(entry, _who(entry), str(WORDS[entry.verb]), _facts(entry)) for entry in shown],
        "next": shown[-1].pk if len(rows) > PAGE else None,
        "people": [(one.user.public_id, one.user) for one in visit.merchant.members.select_related("user")],
        "verbs": sorted((str(words), verb) for verb, words in WORDS.items()),
        "asked": {name: request.GET.get(name, "")[:60] for name in ("person", "verb", "day")},
        "query": "&".join(
            f"{name}={request.GET[name]}" for name in ("person", "verb", "day") if _is_plain(request, name)
        ),
        "csv": visit.address("audit_csv"),
    }
    return show(request, visit, "audit", context)


def as_csv(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    """The same list as a file, the newest first."""
    answer = StreamingHttpResponse(_lines(request, visit), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{visit.merchant.slug}-trail.csv"'
    return answer


class _Echo:
    def write(self, text: str) -> str:
        return text


def _lines(request: HttpRequest, visit: PanelVisit) -> Iterator[str]:
    write = csv.writer(_Echo()).writerow
    yield "\ufeff" + write(["at", "who", "verb", "subject", "facts"])
    found = _found(request, visit).iterator(chunk_size=500)
    for entry in islice(found, MOST_ROWS):
        # The view is over when this is read, and the language with it.
        with translation.override(visit.language):
            cells = [entry.at.isoformat(), _who(entry), entry.verb, entry.subject_id, _facts(entry)]
        yield write([_plain(cell) for cell in cells])


def _found(request: HttpRequest, visit: PanelVisit, before: int | None = None) -> Any:
    asked = request.GET
    verb = asked.get("verb", "")
    day = _day(asked.get("day", ""))
    zone = zone_of(visit.merchant.country)
    return entries_of(
        visit.merchant.pk,
        [verb] if verb in WORDS else WORDS,
        actor=asked.get("person", "")[:24].replace("\x00", ""),
        since=start_of_day(day, zone) if day else None,
        until=end_of_day(day, zone) if day else None,
        before=before,
    )


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 1970 <= day.year < 2200 else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _is_plain(request: HttpRequest, name: str) -> bool:
    return bool(request.GET.get(name)) and all(sign.isalnum() or sign in "-_." for sign in request.GET[name])


def _who(entry: AuditEntry) -> str:
    """People of the studio are the studio: which of them it was is its own business."""
    if entry.actor is not None:
        return _("The studio") if entry.actor.is_staff else str(entry.actor)
    if key := entry.changes.get("key"):
        return _("A program with the key %(key)s") % {"key": key}
    return _("The shop")


def _facts(entry: AuditEntry) -> str:
    """The facts of an entry as they were written down: `name: old → new`."""
    return "; ".join(f"{name}: {_fact(value)}" for name, value in entry.changes.items() if name != "key")[:400]


def _fact(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_one(value[0])} → {_one(value[1])}"
    return _one(value)


def _one(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name} {_one(one)}" for name, one in value.items()]
    if isinstance(value, list):
        value = ", ".join(map(_one, value))
    return "–" if value in (None, "") else str(value)


def _plain(cell: str) -> str:
    """No spreadsheet runs it as a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


audit = require_safe(page(audit, OWNER))
as_csv = require_safe(page(as_csv, OWNER))
