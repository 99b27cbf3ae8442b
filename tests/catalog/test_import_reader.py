"""Large files are read by a process of their own: the same drafts, no less and no more, and no process left behind."""

import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from openpyxl import Workbook

from catalog.importing import ahead, choices, runs
from catalog.importing import run as importer
from catalog.importing.batches import Heard, Task
from catalog.importing.formats import open_source
from catalog.importing.layout import mapping_from
from catalog.importing.load import load_known
from catalog.models import ImportRun, Product, TaxClass
from films.models import Tier
from merchants.models import Merchant
from tests.catalog.importing_goods import MAPPING, bring_in, last_run, make_importer, table
from tests.catalog.imports import shop
from tests.system.servers import ROOT

Process = subprocess.Popen[bytes]
FIXED: dict[str, Any] = {"film": {"fixed": "the-ferryman"}, "category": {"fixed": "mugs"}}


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """The processes that were started to read; files are large enough for one from their first byte on."""
    started: list[Process] = []
    start = ahead.start_reader

    def remembered() -> Process:
        started.append(start())
        return started[-1]

    monkeypatch.setattr(ahead, "LARGE", 0)
    monkeypatch.setattr(ahead, "start_reader", remembered)
    return started


def task_of(path: Path, merchant: Merchant, mapping: dict[str, Any] = MAPPING, *, size: int = 5, skip: int = 0) -> Task:
    heard = Heard()
    source = open_source(path, mapping=mapping_from(mapping), currency="USD")
    return Task(source.read(load_known(merchant, source.layout, at=timezone.now()), heard), heard, size, skip)


def goods(count: int) -> str:
    """Mugs, of which the fourth has no price that can be."""
    return table(*[f"P{number},Mug {number},{0 if number == 3 else 7},1,,,Made by hand" for number in range(count)])


def write(folder: Path, count: int) -> Path:
    path = folder / "goods.csv"
    path.write_text(goods(count))
    return path


# -- what comes -----------------------------------------------------------------------------------------
def spreadsheet(path: Path) -> Path:
    book = Workbook()
    for line in goods(12).splitlines():
        book.active.append(line.split(","))
    book.save(path)
    return path


def json_lines(path: Path) -> Path:
    good = (
        '{"sku": "M%s", "title": "Mug", "film": "the-ferryman", "category": "t-shirts", "extra": {"b": 1.5, "a": "ü"}}'
    )
    path.write_text("\n".join([*(good % number for number in range(7)), '{"sku": ']))
    return path


@pytest.mark.django_db
def test_a_process_reads_what_a_thread_reads(shared_data: Path, tmp_path: Path, readers: list[Process]) -> None:
    merchant = shop("T-shirts", "Mugs")
    files: list[tuple[Path, dict[str, Any]]] = [
        (write(tmp_path, 12), MAPPING),
        (spreadsheet(tmp_path / "goods.xlsx"), MAPPING),
        (json_lines(tmp_path / "goods.jsonl"), {}),
        (shared_data / "catalogs/spree_products.csv", FIXED),
        (shared_data / "catalogs/woocommerce_sample_products.csv", FIXED),
    ]
    for path, mapping in files:
        alone = list(task_of(path, merchant, mapping).batches())

        with ahead.read_ahead(task_of(path, merchant, mapping), size=1) as batches:
            apart = list(batches)

        assert apart == alone
        assert any(not draft.is_refused for batch in apart for draft in batch.drafts), path.name
        assert [batch.is_last for batch in apart] == [False] * (len(apart) - 1) + [True]
    assert len(readers) == len(files)


@pytest.mark.django_db
def test_what_a_stopped_run_has_done_is_passed_over(tmp_path: Path, readers: list[Process]) -> None:
    path, merchant = write(tmp_path, 12), make_importer()

    with ahead.read_ahead(task_of(path, merchant, skip=5), size=1) as batches:
        told = [([draft.key for draft in batch.drafts], batch.rows.came_in) for batch in batches]

    # A row more is read before a product is known to be whole.
    assert told == [([f"P{number}" for number in range(5, 10)], 5), (["P10", "P11"], 1)]


@pytest.mark.django_db
def test_a_small_file_and_what_asks_the_database_start_no_process(
    tmp_path: Path, readers: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant = make_importer()
    (tmp_path / "words.csv").write_text("slug,locale,name,description\nmug,en,Mug,\n")
    bring_in(tmp_path, merchant, goods(3))
    assert len(readers) == 1

    bring_in(tmp_path, merchant, (tmp_path / "words.csv").read_text(), mapping_path=None)
    monkeypatch.setattr(ahead, "LARGE", 10_000)
    bring_in(tmp_path, merchant, goods(3))

    assert len(readers) == 1
    assert [run.state for run in ImportRun.objects.all()] == ["done"] * 3


@pytest.mark.pure
def test_the_reader_loads_no_models_and_knows_what_they_allow() -> None:
    modules = "reader, reading, jsonlines, own, shopify, spree, woocommerce"
    program = f"import sys; from catalog.importing import {modules}; print([n for n in sys.modules if 'models' in n])"

    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={}, capture_output=True, text=True)

    assert (loaded.stdout, loaded.stderr) == ("[]\n", "")
    assert set(Product.State.values) == choices.STATES
    assert set(Product.Listing.values) == choices.LISTINGS
    assert set(Tier.values) == choices.REVEALS
    assert set(TaxClass.values) == choices.TAX_CLASSES


# -- how it ends ----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_error_in_the_reader_arrives_with_its_place(tmp_path: Path, readers: list[Process]) -> None:
    path = write(tmp_path, 12)
    task = task_of(path, make_importer())
    path.unlink()

    with pytest.raises(FileNotFoundError, match=r"goods\.csv") as raised, ahead.read_ahead(task, size=1) as batches:
        list(batches)

    assert 'records.py", line' in raised.value.__notes__[0]
    assert [reader.returncode is not None for reader in readers] == [True]


@pytest.mark.django_db
def test_a_reader_ends_with_the_run_that_it_reads_for(tmp_path: Path, readers: list[Process]) -> None:
    task = task_of(write(tmp_path, 5_000), make_importer(), size=2)

    def fail() -> None:
        with ahead.read_ahead(task, size=1) as batches:
            next(batches)
            assert readers[0].poll() is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert readers[0].returncode == -signal.SIGKILL


@pytest.mark.django_db
def test_a_reader_ends_when_its_worker_is_killed(tmp_path: Path) -> None:
    task, process = task_of(write(tmp_path, 5_000), make_importer(), size=500), ahead.start_reader()
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, process:
        pickle.dump(task, process.stdin)
        process.stdin.flush()
        process.stdout.read(1)  # and no more: it stands still at the rest
        assert process.poll() is None

        process.stdin.close()  # as the system does for a process that is gone

        assert process.wait(timeout=30) == 1


@pytest.mark.django_db
def test_a_reader_leaves_ctrl_c_to_the_worker(tmp_path: Path, readers: list[Process]) -> None:
    with ahead.read_ahead(task_of(write(tmp_path, 5_000), make_importer(), size=500), size=1) as batches:
        read = len(next(batches).drafts)
        readers[0].send_signal(signal.SIGINT)
        read += sum(len(batch.drafts) for batch in batches)

    assert read == 5_000


@pytest.mark.django_db
def test_a_run_whose_reader_was_killed_stops_and_goes_on(
    readers: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant, book = make_importer(), importer.Ledger.book
    run = runs.start_import(merchant, ContentFile(goods(900).encode(), name="goods.csv"), {"mapping": MAPPING}, by=None)
    monkeypatch.setattr(importer, "PAGE", 100)

    def killing(self: Any, *arguments: Any, **named: Any) -> None:
        readers[0].kill()
        readers[0].wait()
        book(self, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(importer.Ledger, "book", killing)
        importer.run_import(run.pk)
    run.refresh_from_db()
    assert run.state == "stopped"
    assert 0 < run.cursor == Product.objects.count() + 1 < 900

    runs.go_on(run, by=None, at=timezone.now())
    importer.run_import(run.pk)

    run = last_run()
    assert (run.state, run.cursor, len(readers)) == ("done", 900, 2)
    assert run.counts["rows"] == {"in": 900, "created": 899, "updated": 0, "unchanged": 0, "refused": 1}
    assert (Product.objects.count(), run.problems.count(), run.changes.count()) == (899, 1, 899)
