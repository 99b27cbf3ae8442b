"""Bringing a merchant's file of products in, a page at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.importing.drafts import Draft, DraftReader
from catalog.importing.groups import GroupReader
from catalog.importing.known import load_known
from catalog.importing.layout import Layout, MappingFile, check_columns, check_currency, read_mapping
from catalog.importing.shopify import is_shopify, shopify_layout
from catalog.importing.store import PAGE, ProductChange, plan_page, write_page
from core.bulk import in_pages
from core.errors import Refused
from core.importing import files
from core.importing.report import Outcome, Problem, Report
from merchants.models import Merchant


def import_products(
    path: Path,
    merchant: Merchant,
    *,
    by: User | None,
    format: str = "",  # noqa: A002 — what it is called on the command line
    mapping_path: Path | None = None,
    currency: str = "",
    is_dry_run: bool = False,
) -> Report:
    """Bring the products of a file in; each page is one transaction, so what was written stays written.

    Refuses the file as a whole (`file_unreadable`, `unknown_format`, `bad_mapping`, `currency_missing`) before
    anything is written. A bad row is reported and left out; the same file again changes nothing. Memory is bounded.
    """
    mapping = read_mapping(mapping_path) if mapping_path else MappingFile({})
    if currency:
        check_currency(currency)
    table = _open(path, mapping)
    layout = _layout(table, mapping, format, currency, is_mapped=mapping_path is not None)
    known = load_known(merchant, layout, at=timezone.now())
    markets = {price.column: known.market_of(price) for price in layout.prices}
    report = Report(path.name, "products", is_dry_run, layout.format)
    reader = DraftReader(layout, known, markets)
    progress = _Progress(report)
    drafts = progress.good_drafts(reader.read(group) for group in GroupReader(table, layout, report))
    for page in in_pages(drafts, PAGE):
        now = timezone.now()
        if is_dry_run:
            progress.note(plan_page(merchant, page, at=now, lock=False))
        else:
            progress.note(write_page(merchant, page, by=by, at=now, source=path.name))
    report.check_balance()
    _add_details(report, table.header, layout, reader, progress)
    return report


def _open(path: Path, mapping: MappingFile) -> files.Table:
    kind = files.recognise(path)
    if kind is not files.Kind.TABLE:
        raise Refused("unknown_format", problem=_("it is %(kind)s, and products come as CSV") % {"kind": kind.upper()})
    return files.open_table(path)


def _layout(table: files.Table, mapping: MappingFile, wanted: str, currency: str, *, is_mapped: bool) -> Layout:
    if wanted == "shopify" or (not wanted and is_shopify(table.header)):
        layout = shopify_layout(table.header, mapping=mapping, currency=currency)
        check_columns(layout, table.header)
        return layout
    if not is_mapped:
        columns = ", ".join(table.header)[:300]
        problem = _(
            "its columns are not Shopify's, so a mapping file has to say what they mean (--map); it has %(columns)s"
        )
        raise Refused("unknown_format", problem=problem % {"columns": columns})
    return mapping.layout_for(table.header)


class _Progress:
    """Counts what became of rows and products as pages go by."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.homeless: Counter[str] = Counter()
        self.partly_refused = 0

    def good_drafts(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        for draft in drafts:
            for problem in draft.refusals:
                self.report.refuse(problem)
            self.report.warn(self._worth_telling(draft))
            self.homeless.update(draft.homeless)
            if draft.is_refused:
                self.report.subjects.add(Outcome.REFUSED)
                continue
            self.partly_refused += bool(draft.refusals)
            yield draft

    def _worth_telling(self, draft: Draft) -> list[Problem]:
        """Nobody has to look at the warnings of a row that was refused."""
        refused = {problem.line for problem in draft.refusals}
        return [warning for warning in draft.warnings if not draft.is_refused and warning.line not in refused]

    def note(self, changes: Iterable[ProductChange]) -> None:
        for change in changes:
            self.report.subjects.add(change.outcome)
            for outcome in change.row_outcomes():
                self.report.rows.add(outcome)
            self.report.warn(change.warnings)
            if change.outcome is not Outcome.UNCHANGED:
                self.report.note_change(change.as_plain())


def _add_details(report: Report, header: list[str], layout: Layout, reader: DraftReader, progress: _Progress) -> None:
    """What else somebody should read: prices that went nowhere, columns that were only kept."""
    currencies = {price.column: price.currency for price in layout.prices}
    homeless = [
        {"column": column, "currency": currencies[column], "values": progress.homeless[column]}
        for column, market in reader.markets.items()
        if market is None
    ]
    kept = [column for column in header if column not in reader.used]
    report.details = {
        "columns": {"used": [column for column in header if column in reader.used], "kept": kept},
        "without_market": homeless,
        "partly_refused_products": progress.partly_refused,
    }
    for told in homeless:
        report.notes.append(
            _("%(column)s: %(values)s prices were not taken, because no market sells in %(currency)s") % told
        )
    if kept:
        report.notes.append(_("kept with the product as they are: %(columns)s") % {"columns": ", ".join(kept)})
    if progress.partly_refused:
        report.notes.append(
            _("products of which only some rows landed: %(count)s") % {"count": progress.partly_refused}
        )
