"""What the page of an import run says. Every function is a read."""

from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.importing.diffs import shown_changes
from catalog.importing.reports import problem_of
from catalog.importing.run import notes_of
from catalog.importing.runs import refusal_of
from catalog.importing.undo import undone_counts
from catalog.models import ImportRun

State = ImportRun.State
#: Rows of each list on a page.
SAMPLE = 50
MOVING = (State.WAITING, State.RUNNING, State.UNDOING)
_OUTCOMES = (
    ("created", "sent", gettext_lazy("created")),
    ("updated", "retry", gettext_lazy("updated")),
    ("unchanged", "gone", gettext_lazy("unchanged")),
    ("refused", "failed", gettext_lazy("refused")),
)


def run_url(run: ImportRun) -> str:
    return reverse("admin:catalog_importrun_run", args=[run.pk])


def rows_in_words(run: ImportRun) -> str:
    """ "400 = 389 created, 11 refused"; nothing before the first page."""
    rows = run.counts.get("rows")
    if not rows:
        return "–"
    parts = [f"{rows[name]:,} {word}" for name, _tone, word in _OUTCOMES if rows[name]]
    return f"{rows['in']:,} = {', '.join(parts)}" if parts else f"{rows['in']:,}"


def progress(run: ImportRun, *, at: datetime) -> dict[str, Any]:
    """How far the run is: from its row alone."""
    counts = run.counts.get("rows", {})
    read = min(1000, run.bytes_read * 1000 // run.bytes_total) if run.bytes_total else 0
    if run.state in (State.DONE, State.UNDOING, State.UNDONE):
        read = 1000
    return {
        "is_moving": run.state in MOVING,
        "url": reverse("admin:catalog_importrun_progress", args=[run.pk]),
        "page_url": run_url(run),
        "state": run.get_state_display(),
        "words": _("%(percent)s %% of the file read") % {"percent": read // 10},
        "parts": _parts(counts, read),
        "counts": [{"word": word, "tone": tone, "value": f"{counts.get(name, 0):,}"} for name, tone, word in _OUTCOMES],
    }


def _parts(counts: dict[str, int], read: int) -> list[dict[str, Any]]:
    """What was read of the file, divided by what became of its rows."""
    total, parts, x = counts.get("in", 0), [], 0
    for name, tone, _word in _OUTCOMES:
        if counts.get(name):
            width = min(max(4, counts[name] * read // total), 1000 - x)
            parts.append({"tone": tone, "x": x, "width": width})
            x += width
    return parts


def run_page(run: ImportRun, *, at: datetime, shown: QueryDict) -> dict[str, Any]:
    """The whole page. Problems and changes are paged by their last row: `?problems=…`, `?changes=…`."""
    return {
        "progress": progress(run, at=at),
        "kind": _("Dry run: nothing was written") if run.is_dry_run else _("Import"),
        "figures": _figures(run),
        "refusal": refusal_of(run),
        "notes": notes_of(run.details) if run.details else [],
        "problems": _problems(run, _after(shown, "problems")),
        "changes": _changes(run, _after(shown, "changes")),
        "undone": undone_counts(run) if run.state in (State.UNDOING, State.UNDONE) else None,
        "followed_by": run.brought_in.order_by("-pk").first(),
        "report_url": reverse("admin:catalog_importrun_report", args=[run.pk]),
    }


def _after(shown: QueryDict, name: str) -> int:
    text = shown.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _figures(run: ImportRun) -> list[dict[str, Any]]:
    products = run.counts.get("products", {})
    rows = run.counts.get("rows", {})
    told = [
        (
            _("Products"),
            f"{products.get('in', 0):,}",
            _("%(count)s new") % {"count": f"{products.get('created', 0):,}"},
        ),
        (_("Rows"), f"{rows.get('in', 0):,}", rows_in_words(run)),
        (_("Refused"), f"{rows.get('refused', 0):,}", _("rows that did not land")),
        (_("Format"), run.format or "–", run.options.get("currency", "")),
    ]
    return [{"label": label, "value": value, "remark": remark} for label, value, remark in told]


def _problems(run: ImportRun, after: int) -> dict[str, Any]:
    rows = run.problems.order_by("pk")
    found = list(rows.filter(pk__gt=after)[: SAMPLE + 1])
    return {
        "rows": [
            {
                "line": row.line,
                "column": row.column,
                "code": row.code,
                "sentence": problem_of(row).sentence,
                "is_refusal": row.is_refusal,
            }
            for row in found[:SAMPLE]
        ],
        "next": f"?problems={found[SAMPLE - 1].pk}#problems" if len(found) > SAMPLE else "",
    }


def _changes(run: ImportRun, after: int) -> dict[str, Any]:
    rows = run.changes.select_related("product").order_by("pk")
    found = list(rows.filter(pk__gt=after)[: SAMPLE + 1])
    rest = max(0, run.counts.get("products", {}).get("unchanged", 0))
    return {
        "rows": shown_changes(found[:SAMPLE]),
        "next": f"?changes={found[SAMPLE - 1].pk}#changes" if len(found) > SAMPLE else "",
        "unchanged": ngettext("%(count)s product stays as it is", "%(count)s products stay as they are", rest)
        % {"count": f"{rest:,}"}
        if rest
        else "",
    }
