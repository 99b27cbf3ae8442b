"""Bringing a merchant's file of products in, a page at a time."""

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.importing import bulk, runs
from catalog.importing.ahead import ReaderEnded, read_ahead
from catalog.importing.batches import Batch, Heard, Reading, Task
from catalog.importing.columns import MENDABLE, sample_of
from catalog.importing.compare import ProductChange, plan_page
from catalog.importing.drafts import Draft
from catalog.importing.formats import notes_of as how_read
from catalog.importing.formats import open_source
from catalog.importing.layout import MappingFile, mapping_from, read_mapping
from catalog.importing.ledger import Ledger, RunReport, Superseded
from catalog.importing.load import load_known
from catalog.importing.patch import PATCH, refuse_unknown
from catalog.importing.store import PAGE, write_page
from catalog.models import ImportRun
from core.errors import Refused
from merchants.models import Merchant

logger = logging.getLogger(__name__)

State = ImportRun.State
#: How often one looks whether the merchant's other run has ended.
_TURN_SECONDS = 0.5
#: Called when the run's row says something new, while it is being worked on.
Watch = Callable[[ImportRun], None]


def import_products(
    path: Path,
    merchant: Merchant,
    *,
    by: User | None,
    format: str = "",  # noqa: A002 — what it is called on the command line
    mapping_path: Path | None = None,
    preset: str = "",
    currency: str = "",
    encoding: str = "",
    is_dry_run: bool = False,
    watch: Watch | None = None,
) -> RunReport:
    """Bring the products of a file in, here and now; each page is one transaction, so what was written stays written.

    Refuses the file as a whole (`file_unreadable`, `unknown_format`, `bad_mapping`, `currency_missing`) before
    anything is written. A bad row is reported and left out; the same file again changes nothing. Memory is bounded.
    Waits while another run of the merchant writes. Whatever becomes of it is kept as an ImportRun.
    """
    options = {"format": format, "currency": currency, "encoding": encoding, "preset": preset}
    size = path.stat().st_size if path.is_file() else 0
    run = runs.new_run(merchant, path.name, options, by=by, is_dry_run=is_dry_run, bytes_total=size)
    while (claimed := _claim(run.pk)) is None:
        ImportRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now())
        if watch:
            watch(run)
        time.sleep(_TURN_SECONDS)
    return _carry_out(claimed, path, mapping_path=mapping_path, watch=watch)


def run_import(run_id: int) -> None:
    """Bring in what came through a door: the worker's part. A run that is refused, gone, or whose turn has not come is
    left alone; one that was stopped goes on behind its last page."""
    if not ImportRun.objects.filter(pk=run_id).exclude(upload="").exists():
        return
    run = _claim(run_id)
    if run is None:
        return
    try:
        if run.options.get("edit"):
            bulk.carry_out(run)
        else:
            _carry_out(run, Path(run.upload.path))
    except Refused:
        return  # the run's row says why, or it is another process's now


def _claim(run_id: int) -> ImportRun | None:
    return runs.claim(run_id, state=State.RUNNING, leaving=frozenset({State.WAITING}), at=timezone.now())


def _carry_out(
    run: ImportRun, path: Path, *, mapping_path: Path | None = None, watch: Watch | None = None
) -> RunReport:
    """Bring the file in and close the run, however it ends. Refuses `import_stopped` when the run has become another
    process's meanwhile, or was given up."""
    outcome: dict[str, Any] = {"state": State.STOPPED}
    try:
        with _heap_at_rest():
            report = _bring_in(run, path, _mapping(run, mapping_path), watch)
        outcome = {"state": State.DONE}
    except (Superseded, ReaderEnded) as end:
        if isinstance(end, ReaderEnded):
            logger.error("import.reader_ended", extra={"run": run.public_id})
        raise Refused("import_stopped", run=run.public_id) from end
    except Refused as refusal:
        outcome = {"state": State.REFUSED, "refusal": {"code": refusal.code, **refusal.facts}}
        if refusal.code in MENDABLE:
            outcome["details"] = {"sample": sample_of(path, run.options)}
        raise
    finally:
        runs.close(run, at=timezone.now(), **outcome)
    run.refresh_from_db()
    return report


def _mapping(run: ImportRun, mapping_path: Path | None) -> MappingFile | None:
    """What the merchant says of the columns; it is kept with the run, so that the run can be gone on with."""
    if mapping_path is not None:
        mapping = read_mapping(mapping_path)
    elif run.options["mapping"] is not None:
        mapping = mapping_from(run.options["mapping"])
    elif preset := run.options.get("preset"):
        mapping = mapping_from(runs.preset_of(run.merchant, preset).content)
    else:
        return None
    run.options["mapping"] = mapping.content
    ImportRun.objects.filter(pk=run.pk).update(options=run.options)
    return mapping


@contextmanager
def _heap_at_rest() -> Iterator[None]:
    """What the process holds anyway is left alone by the collector, which otherwise goes through all of it again and again
    for the many small values of a page: a fifth of the worker's time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _bring_in(run: ImportRun, path: Path, mapping: MappingFile | None, watch: Watch | None) -> RunReport:
    report, heard = RunReport(run.file_name, "products", run.is_dry_run, run=run), Heard()
    source = open_source(
        path.absolute(), mapping=mapping, **{name: run.options[name] for name in ("format", "currency", "encoding")}
    )
    report.format, report.read_as = source.format, source.details
    known = load_known(run.merchant, source.layout, at=timezone.now())
    reading = source.read(known, heard)
    if run.cursor:
        report.restore(run)
    ledger = Ledger(run, report, known.markets)
    with read_ahead(Task(reading, heard, PAGE, run.cursor), size=run.bytes_total) as batches:
        for batch in batches:
            _do_page(ledger, reading, batch)
            if watch:
                watch(run)
    report.check_balance()
    report.details = _details(reading, report)
    report.notes = notes_of(report.details)
    return report


def _do_page(ledger: Ledger, reading: Reading, batch: Batch) -> None:
    if ledger.run.options.get("mode") == PATCH:
        refuse_unknown(ledger.run.merchant, batch.drafts)
    good = ledger.take(batch)
    told = {
        "products": len(batch.drafts),
        "bytes_read": ledger.run.bytes_total if batch.is_last else batch.bytes_read,
        "details": _details(reading, ledger.report),
        "state": State.DONE if batch.is_last else State.RUNNING,
    }
    for attempt in range(4):
        try:
            changes = _write(ledger, good, told)
            break
        except IntegrityError:
            # Somebody else took an address or a code between the look and the write: it is looked at again.
            if attempt == 3:
                raise
    ledger.close_page(changes, products=len(batch.drafts))


@transaction.atomic(durable=True)
def _write(ledger: Ledger, good: list[Draft], told: dict[str, Any]) -> list[ProductChange]:
    run, at = ledger.run, timezone.now()
    if run.is_dry_run:
        changes = plan_page(run.merchant, good, at=at, lock=False)
    else:
        changes = write_page(run.merchant, good, by=run.by, at=at, source=run.file_name)
    ledger.book(changes, **told)
    return changes


def _details(reading: Reading, report: RunReport) -> dict[str, Any]:
    """What else somebody should read: prices that went nowhere, columns that were only kept."""
    return {
        "columns": {
            "used": [column for column in reading.header if column in reading.used],
            "kept": [column for column in reading.header if column not in reading.used],
        },
        "without_market": [
            {
                "column": price.column,
                "currency": price.currency,
                "values": report.homeless[price.column, price.currency],
            }
            for price, market in reading.markets.items()
            if market is None
        ],
        "partly_refused_products": report.partly_refused,
        "without_price": dict(report.unpriced),
        "read_as": report.read_as,
    }


def notes_of(details: dict[str, Any]) -> list[str]:
    """The details in words, a line each."""
    notes = how_read(details.get("read_as", {})) + [
        _("%(column)s: %(values)s prices were not taken, because no market sells in %(currency)s") % told
        for told in details.get("without_market", [])
    ]
    if kept := details.get("columns", {}).get("kept"):
        notes.append(_("kept with the product as they are: %(columns)s") % {"columns": ", ".join(kept)})
    notes += [
        _("products without a price in %(market)s, which stay off its shelf: %(count)s")
        % {"market": code.upper(), "count": count}
        for code, count in details.get("without_price", {}).items()
    ]
    if count := details.get("partly_refused_products"):
        notes.append(_("products of which only some rows landed: %(count)s") % {"count": count})
    return notes
