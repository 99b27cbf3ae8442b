"""The life of an import run: begun through a door or on the command line, waiting its turn, worked on, stopped, gone on with.

Runs of one merchant that write follow each other; dry runs wait for nobody. A run belongs to the process that claimed it
last: whoever had it before finds out with the next page and writes nothing more (ledger.py).
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.services import record
from catalog.importing.layout import mapping_from
from catalog.models import ImportRun, MappingPreset
from core.errors import Refused
from core.jobs import enqueue
from merchants.events import emit
from merchants.models import Merchant

logger = logging.getLogger(__name__)

#: A process that has not said anything for so long is gone. A page takes a second, reading a large file through a minute.
SILENT_FOR = timedelta(minutes=3)
#: The largest file that comes through a door.
LARGEST_UPLOAD = 256 * 1024 * 1024

State = ImportRun.State
WORKING = (State.RUNNING, State.UNDOING)
#: What somebody asks for, and what it is when nothing is said. `edit`: a change to many products (bulk.py), without a file.
OPTIONS: Mapping[str, Any] = {
    "format": "",
    "currency": "",
    "encoding": "",
    "mapping": None,
    "preset": "",
    "mode": "",
    "edit": None,
}


@transaction.atomic(durable=True)
def start_import(
    merchant: Merchant, upload: File, options: Mapping[str, Any], *, by: User | None, is_dry_run: bool = False
) -> ImportRun:
    """Keep the file and bring it in by the worker: what every door calls. Refuses `file_too_large` and a bad mapping.

    `options` are some of OPTIONS; a mapping is the content of a mapping file.
    """
    if upload.size > LARGEST_UPLOAD:
        raise Refused("file_too_large", most=LARGEST_UPLOAD // 1024 // 1024)
    run = new_run(
        merchant, upload.name or "", options, by=by, is_dry_run=is_dry_run, bytes_total=upload.size, save=False
    )
    run.upload.save(f"{run.public_id}.bin", upload, save=False)
    run.save()
    record("import.started", run, by=by, file=run.file_name, dry_run=is_dry_run)
    enqueue("catalog.run_import", run_id=run.pk)
    return run


def new_run(
    merchant: Merchant,
    file_name: str,
    options: Mapping[str, Any],
    *,
    by: User | None,
    is_dry_run: bool,
    bytes_total: int = 0,
    save: bool = True,
) -> ImportRun:
    """A run that waits, its file somewhere else."""
    if unknown := options.keys() - OPTIONS.keys():
        raise TypeError(f"no options of an import: {sorted(unknown)}")
    run = ImportRun(
        merchant=merchant,
        by=by,
        file_name=Path(file_name).name[:200],
        options={**OPTIONS, **options},
        is_dry_run=is_dry_run,
        bytes_total=bytes_total,
    )
    if save:
        run.save()
    return run


@transaction.atomic(durable=True)
def bring_in_dry_run(dry_run: ImportRun, *, by: User | None, at: datetime) -> ImportRun:
    """Bring in the file that a dry run has looked at, with the same options. Refuses `wrong_state` and a second time."""
    dry_run = ImportRun.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=dry_run.pk)
    if not dry_run.is_dry_run or dry_run.state != State.DONE or not dry_run.upload:
        raise Refused("wrong_state", state=dry_run.get_state_display())
    if dry_run.brought_in.exclude(state=State.REFUSED).exists():
        raise Refused("already_done")
    run = new_run(
        dry_run.merchant, dry_run.file_name, dry_run.options, by=by, is_dry_run=False,
        bytes_total=dry_run.bytes_total, save=False,
    )  # fmt: skip
    run.upload, run.dry_run = dry_run.upload.name, dry_run
    run.save()
    record("import.started", run, by=by, file=run.file_name, dry_run=False)
    enqueue("catalog.run_import", run_id=run.pk)
    return run


@transaction.atomic(durable=True)
def map_again(refused: ImportRun, mapping: Mapping[str, Any], *, by: User | None, is_dry_run: bool) -> ImportRun:
    """Look at a refused file again, now that somebody has said what its columns mean. Refuses `wrong_state` and `bad_mapping`."""
    mapping_from(dict(mapping))
    refused = ImportRun.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=refused.pk)
    if refused.state != State.REFUSED or not refused.upload:
        raise Refused("wrong_state", state=refused.get_state_display())
    options = refused.options | {"format": "", "mapping": dict(mapping), "preset": ""}
    run = new_run(
        refused.merchant, refused.file_name, options, by=by, is_dry_run=is_dry_run,
        bytes_total=refused.bytes_total, save=False,
    )  # fmt: skip
    run.upload = refused.upload.name
    run.save()
    record("import.started", run, by=by, file=run.file_name, dry_run=is_dry_run)
    enqueue("catalog.run_import", run_id=run.pk)
    return run


@transaction.atomic(durable=True)
def go_on(run: ImportRun, *, by: User | None, at: datetime) -> ImportRun:
    """A stopped run waits again for a worker, which goes on behind the last page. Refuses `wrong_state`."""
    stopped = ImportRun.objects.filter(pk=run.pk, state=State.STOPPED).exclude(upload="")
    if not stopped.update(state=State.WAITING):
        raise Refused("wrong_state", state=run.get_state_display())
    record("import.resumed", run, by=by)
    enqueue("catalog.run_import", run_id=run.pk)
    return ImportRun.objects.get(pk=run.pk)


@transaction.atomic(durable=True)
def cancel(run: ImportRun, *, by: User | None, at: datetime) -> ImportRun:
    """A run that waits never begins, and one that is under way stops before its next page: what was written stays, and no
    page is written by half. Refuses `wrong_state` for any other."""
    open_ones = ImportRun.objects.filter(pk=run.pk, state__in=(State.WAITING, State.RUNNING))
    # Who works on it finds out when it books its next page (ledger.py), and says so that the next one may begin.
    if not open_ones.update(state=State.STOPPED, finished_at=at):
        raise Refused("wrong_state", state=ImportRun.objects.get(pk=run.pk).get_state_display())
    record("import.cancelled", run, by=by)
    return ImportRun.objects.get(pk=run.pk)


@transaction.atomic
def claim(run_id: int, *, state: str, leaving: frozenset[str], at: datetime) -> ImportRun | None:
    """The run, now in `state` and this process's own; None when it is in none of the states `leaving`, or another run of
    the merchant is being worked on. Locks the merchant, then the run."""
    merchant_id = ImportRun.objects.values_list("merchant_id", flat=True).get(pk=run_id)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant_id)
    run = ImportRun.objects.select_for_update(of=("self",)).select_related("merchant", "by").get(pk=run_id)
    if run.state not in leaving:
        return None
    stop_silent(at=at, merchant_id=merchant_id)
    others = ImportRun.objects.filter(merchant=merchant_id, state__in=WORKING, is_dry_run=False).exclude(pk=run.pk)
    if not run.is_dry_run and others.exists():
        return None
    run.state, run.heartbeat_at, run.attempt = state, at, run.attempt + 1
    run.started_at = run.started_at or at
    if state == State.RUNNING:
        run.finished_at = None
    run.save()
    return run


def close(run: ImportRun, *, state: str, at: datetime, **fields: Any) -> bool:
    """End the run, unless it is no longer this process's. The next run of its merchant may begin."""
    mine = ImportRun.objects.filter(pk=run.pk, attempt=run.attempt, state__in=(*WORKING, state))
    with transaction.atomic():
        if not mine.update(**{"state": state, "finished_at": at, **fields}):
            return False
        emit(run.merchant_id, "import.ended", run, at=at, state=str(state), is_dry_run=run.is_dry_run)
    logger.info("import.closed", extra={"run": run.public_id, "state": str(state)})
    if following := _waiting().filter(merchant=run.merchant_id).order_by("pk").first():
        enqueue("catalog.run_import", run_id=following.pk)
    return True


def stop_silent(*, at: datetime, merchant_id: int | None = None) -> int:
    """Say of the runs whose process is gone that they were stopped. Their pages stay. Returns how many."""
    silent = ImportRun.objects.filter(state=State.RUNNING, heartbeat_at__lt=at - SILENT_FOR)
    # On the command line nobody but the process that waits would ever begin it.
    abandoned = ImportRun.objects.filter(state=State.WAITING, upload="", created_at__lt=at - SILENT_FOR).exclude(
        heartbeat_at__gte=at - SILENT_FOR
    )
    stopped = 0
    for runs in (silent, abandoned):
        if merchant_id is not None:
            runs = runs.filter(merchant=merchant_id)
        stopped += runs.update(state=State.STOPPED, finished_at=at)
    return stopped


def tend(*, at: datetime) -> int:
    """What beat calls: stopped runs are said to be stopped, and what waits or was being undone is sent again. Returns how
    many were sent."""
    stop_silent(at=at)
    sent = 0
    for run in _waiting().order_by("pk")[:100]:
        enqueue("catalog.run_import", run_id=run.pk)
        sent += 1
    nobody = Q(heartbeat_at=None) | Q(heartbeat_at__lt=at - SILENT_FOR)
    for run in ImportRun.objects.filter(nobody, state=State.UNDOING)[:100]:
        enqueue("catalog.undo_import", run_id=run.pk)
        sent += 1
    return sent


def _waiting() -> Any:
    """Runs that a worker may begin: of each merchant that no worker is busy for."""
    busy = ImportRun.objects.filter(state__in=WORKING, is_dry_run=False).values("merchant")
    return ImportRun.objects.filter(state=State.WAITING).exclude(upload="").exclude(merchant__in=busy, is_dry_run=False)


def run_called(public_id: str) -> ImportRun:
    """Refuses `unknown_import`."""
    run = ImportRun.objects.filter(public_id=public_id).first()
    if run is None:
        raise Refused("unknown_import", run=public_id)
    return run


def refusal_of(run: ImportRun) -> str:
    """Why the whole file was refused, in the reader's language."""
    facts = dict(run.refusal)
    return Refused(facts.pop("code"), **facts).sentence if facts else ""


# -- presets ------------------------------------------------------------------------------------------


def preset_of(merchant: Merchant, name: str) -> MappingPreset:
    """The merchant's saved mapping of that name. Refuses `unknown_preset`."""
    preset = MappingPreset.objects.filter(merchant=merchant, name=name).first()
    if preset is None:
        raise Refused("unknown_preset", preset=name)
    return preset


@transaction.atomic(durable=True)
def save_preset(merchant: Merchant, name: str, content: dict[str, Any], *, by: User | None) -> MappingPreset:
    """Keep a mapping under a name, in place of the one that has it. Refuses `bad_mapping`."""
    mapping_from(content)
    preset, is_new = MappingPreset.objects.update_or_create(merchant=merchant, name=name, defaults={"content": content})
    record("import.preset_saved", preset, by=by, name=name, new=is_new)
    return preset
