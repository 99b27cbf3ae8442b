"""What the page of an import run says, at the desk and in the panel. The doors add their addresses."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.importing.diffs import shown_changes
from catalog.importing.reports import problem_of
from catalog.importing.run import notes_of
from catalog.importing.runs import refusal_of
from catalog.importing.undo import undone_counts
from catalog.models import ImportRun
from core.paging import Page
from merchants.models import Merchant

State = ImportRun.State
#: Rows of each list on a page.
SAMPLE = 50
MOVING = (State.WAITING, State.RUNNING, State.UNDOING)
#: How good a state is, as the pages colour it.
_TONES: dict[str, str] = {
    State.WAITING: "info", State.RUNNING: "info", State.DONE: "ok", State.UNDOING: "info", State.REFUSED: "bad",
    State.STOPPED: "warn", State.UNDONE: "",
}  # fmt: skip
_OUTCOMES = (
    ("created", "sent", gettext_lazy("created")),
    ("updated", "retry", gettext_lazy("updated")),
    ("unchanged", "gone", gettext_lazy("unchanged")),
    ("refused", "failed", gettext_lazy("refused")),
)


def import_list(merchant: Merchant, *, after: str) -> dict[str, Any]:
    """A merchant's runs, the newest first, behind the one called `after`. Two queries, however many."""
    runs = merchant.import_runs.select_related("by").order_by("-pk")
    if last := merchant.import_runs.filter(public_id=after).values_list("pk", flat=True).first() if after else None:
        runs = runs.filter(pk__lt=last)
    found = list(runs[: SAMPLE + 1])
    rows = [
        {
            "run": run,
            "state": run.get_state_display(),
            "tone": _TONES[run.state],
            "kind": _("Dry run") if run.is_dry_run else _("Import"),
            "rows": rows_in_words(run),
        }
        for run in found[:SAMPLE]
    ]
    return {"rows": rows, "next": found[SAMPLE - 1].public_id if len(found) > SAMPLE else ""}


class RunPosition(NamedTuple):
    """Where a page of runs ended."""

    pk: int


def runs_page(merchant: Merchant, *, after: RunPosition | None, limit: int) -> Page[ImportRun]:
    """A merchant's runs, the newest first, with what each follows and is followed by. Two queries, however many."""
    rows = merchant.import_runs.select_related("dry_run").prefetch_related("brought_in").order_by("-pk")
    if after is not None:
        rows = rows.filter(pk__lt=after.pk)
    found = list(rows[: limit + 1])
    position = RunPosition(found[limit - 1].pk) if len(found) > limit else None
    return Page(found[:limit], position)


def own_run(merchant: Merchant, public_id: str) -> ImportRun | None:
    """The merchant's run of that public id, with what it follows and is followed by."""
    runs = merchant.import_runs.select_related("merchant", "dry_run").prefetch_related("brought_in")
    return runs.filter(public_id=public_id).first()


def problem_counts(run: ImportRun) -> dict[str, int]:
    """How many rows were refused and how many warnings there are."""
    refusals = run.problems.filter(is_refusal=True).count()
    return {"refusals": refusals, "warnings": run.problems.filter(is_refusal=False).count()}


def offered_verbs(run: ImportRun) -> list[str]:
    """What may be done with the run as it stands: `bring-in`, `go-on`, `undo`."""
    offered = []
    if run.is_dry_run and run.state == State.DONE and not run.brought_in.exists():
        offered.append("bring-in")
    if run.state == State.STOPPED and run.upload:
        offered.append("go-on")
    if not run.is_dry_run and run.state in (State.DONE, State.STOPPED):
        offered.append("undo")
    return offered


def rows_in_words(run: ImportRun) -> str:
    """ "400 = 389 created, 11 refused"; nothing before the first page."""
    rows = run.counts.get("rows")
    if not rows:
        return "–"
    parts = [f"{rows[name]:,} {word}" for name, _tone, word in _OUTCOMES if rows[name]]
    return f"{rows['in']:,} = {', '.join(parts)}" if parts else f"{rows['in']:,}"


def import_progress(run: ImportRun) -> dict[str, Any]:
    """How far the run is: from its row alone."""
    counts = run.counts.get("rows", {})
    read = min(1000, run.bytes_read * 1000 // run.bytes_total) if run.bytes_total else 0
    if run.state in (State.DONE, State.UNDOING, State.UNDONE):
        read = 1000
    return {
        "is_moving": run.state in MOVING,
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


def import_page(run: ImportRun, shown: Mapping[str, str]) -> dict[str, Any]:
    """The whole page. Problems and changes are paged by their last row: `?problems=…`, `?changes=…` in what is `shown`."""
    return {
        "progress": import_progress(run),
        "kind": _("Dry run: nothing was written") if run.is_dry_run else _("Import"),
        "figures": _figures(run),
        "refusal": refusal_of(run),
        "notes": notes_of(run.details) if run.details else [],
        "problems": _problems(run, _after(shown, "problems")),
        "changes": _changes(run, _after(shown, "changes")),
        "undone": undone_counts(run) if run.state in (State.UNDOING, State.UNDONE) else None,
        "followed_by": run.brought_in.order_by("-pk").first(),
    }


def _after(shown: Mapping[str, str], name: str) -> int:
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
