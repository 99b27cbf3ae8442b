"""Every import is kept: what it was asked, what became of each row, and how it went on after it was stopped."""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from catalog.importing import run as importer
from catalog.importing import runs
from catalog.importing.diffs import Difference, shown_changes
from catalog.importing.reports import write_report
from catalog.importing.runs import bring_in_dry_run, go_on, save_preset, start_import, tend
from catalog.models import Image, ImportChange, ImportRun, MappingPreset, Price, Product, Stock, StockChange
from core.errors import Refused
from merchants.models import Merchant
from tests.catalog.importing_goods import MAPPING, TOML, bring_in, last_run, make_importer, table
from tests.factories import make_licence, make_merchant, make_user

pytestmark = pytest.mark.django_db

GOODS = table(
    "A,Ferry mug,12.50,5,S,https://pictures.example/a.jpg,Creek",
    "A,,13.50,6,M,https://pictures.example/b.jpg,Creek",
    "B,Lantern mug,9.00,3,,,Creek",
    "C,No price mug,9.999,3,,,Creek",
)


@pytest.fixture
def merchant() -> Merchant:
    return make_importer()


def outcome(run: ImportRun) -> tuple[str, dict[str, int]]:
    return run.state, run.counts["rows"]


def upload(content: str = GOODS, name: str = "goods.csv") -> ContentFile:
    return ContentFile(content.encode(), name=name)


# -- what is kept -------------------------------------------------------------------------------------
def test_a_run_keeps_what_was_asked_and_what_became_of_each_row(tmp_path: Path, merchant: Merchant) -> None:
    person = make_user("buyer")

    bring_in(tmp_path, merchant, GOODS, by=person, currency="USD")

    run = last_run()
    assert outcome(run) == ("done", {"in": 4, "created": 3, "updated": 0, "unchanged": 0, "refused": 1})
    assert run.counts["products"] == {"in": 3, "created": 2, "updated": 0, "unchanged": 0, "refused": 1}
    assert (run.merchant, run.by, run.file_name, run.format, run.is_dry_run) == (
        merchant, person, "goods.csv", "csv", False
    )  # fmt: skip
    assert run.options == {**runs.OPTIONS, "currency": "USD", "mapping": MAPPING}
    assert run.details["columns"]["kept"] == ["Vendor"]
    assert run.bytes_read == run.bytes_total == len(GOODS)
    assert run.started_at <= run.finished_at
    assert list(run.problems.values_list("is_refusal", "line", "column", "code", "facts")) == [
        (True, 5, "USD", "price_decimals", {"value": "9.999", "currency": "USD"})
    ]
    assert [(change.sku, change.is_creation, change.lines) for change in run.changes.all()] == [
        ("A", True, [2, 3]),
        ("B", True, [4]),
    ]
    assert [change.product for change in run.changes.all()] == list(Product.objects.order_by("sku"))


def test_an_update_is_kept_with_what_was_and_what_is(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    product = Product.objects.get(sku="A")
    small, medium = product.variants.order_by("position")

    bring_in(
        tmp_path,
        merchant,
        table(
            "A,Big ferry mug,12.50,5,S,,Creek",
            "A,,14.00,9,M,https://pictures.example/c.jpg,Creek",
            "B,Lantern mug,9.00,3,,,",
        ),
    )

    change = last_run().changes.get()
    assert outcome(last_run()) == ("done", {"in": 3, "created": 0, "updated": 2, "unchanged": 1, "refused": 0})
    market = str(Price.objects.first().market_id)
    assert change.before == {
        "title_en": "Ferry mug",
        "variants": {str(medium.pk): {"prices": {market: 1350}, "stock": 6}},
    }
    assert change.after == {
        "title_en": "Big ferry mug",
        "variants": {str(medium.pk): {"prices": {market: 1400}, "stock": 9}},
        "images": ["https://pictures.example/c.jpg"],
    } | {name: told for name, told in change.after.items() if name.startswith("extra.")}
    assert small.prices.count() == 1
    assert list(StockChange.objects.values_list("variant", "before", "after", "reason")) == [
        (medium.pk, 6, 9, "import")
    ]


def test_pictures_wait_for_the_worker_and_come_once(tmp_path: Path, merchant: Merchant) -> None:
    before = timezone.now()
    bring_in(tmp_path, merchant, GOODS)
    bring_in(tmp_path, merchant, GOODS)

    rows = Image.objects.order_by("position").values_list("product__sku", "source", "state", "position")
    assert list(rows) == [
        ("A", "https://pictures.example/a.jpg", "waiting", 0),
        ("A", "https://pictures.example/b.jpg", "waiting", 1),
    ]
    assert Image.objects.filter(try_at__gte=before).count() == 2
    assert "_images" not in Product.objects.get(sku="A").extra
    assert outcome(last_run())[1]["unchanged"] == 3


def test_every_problem_is_kept_however_many(tmp_path: Path, merchant: Merchant, monkeypatch: Any) -> None:
    monkeypatch.setattr("core.importing.report.LISTED", 3)
    rows = [f"X{number},Mug,0,1,,," for number in range(8)]

    report = bring_in(tmp_path, merchant, table(*rows))

    assert len(report.refusals.listed) == 3
    assert last_run().problems.filter(is_refusal=True, code="price_zero").count() == 8


def test_a_refused_file_is_a_run_too(tmp_path: Path, merchant: Merchant) -> None:
    with pytest.raises(Refused, match="empty"):
        bring_in(tmp_path, merchant, "")

    run = last_run()
    assert (run.state, run.refusal["code"], run.counts) == ("refused", "file_unreadable", {})
    assert "empty" in runs.refusal_of(run)
    assert run.finished_at is not None


def test_a_mapping_that_cannot_be_used_is_a_refused_run(tmp_path: Path, merchant: Merchant) -> None:
    (tmp_path / "bad.toml").write_text("[columns")
    with pytest.raises(Refused):
        bring_in(tmp_path, merchant, GOODS, mapping_path=tmp_path / "bad.toml")

    assert (last_run().state, last_run().refusal["code"]) == ("refused", "bad_mapping")


def test_the_report_of_an_old_run_is_written_again_from_its_rows(tmp_path: Path, merchant: Merchant) -> None:
    (tmp_path / "goods.csv").write_text(GOODS)
    (tmp_path / "map.toml").write_text(TOML)
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    with pytest.raises(CommandError) as end:
        call_command(
            "import_products", tmp_path / "goods.csv", merchant="suzhou-creek", map=tmp_path / "map.toml", report=first
        )
    assert end.value.returncode == 1

    call_command("import_report", last_run().public_id, report=again)

    assert again.read_text() == first.read_text()
    told = json.loads(again.read_text())
    assert told["rows"] == {"in": 4, "created": 3, "updated": 0, "unchanged": 0, "refused": 1}
    assert told["refusals"]["by_code"] == {"price_decimals": 1}
    assert [row["line"] for row in told["refusals"]["listed"]] == [5]
    assert [(row["sku"], row["outcome"]) for row in told["changes"]] == [("A", "created"), ("B", "created")]


def test_a_report_has_more_than_memory_lists(tmp_path: Path, merchant: Merchant, monkeypatch: Any) -> None:
    monkeypatch.setattr("core.importing.report.LISTED", 1)
    report = bring_in(tmp_path, merchant, table("A,Mug,1,1,,,", "B,Mug,2,1,,,", "C,Mug,0,1,,,", "D,Mug,0,1,,,"))
    out = io.StringIO()

    write_report(last_run(), out)

    told = json.loads(out.getvalue())
    assert (len(report.changes), len(told["changes"]), len(told["refusals"]["listed"])) == (1, 2, 2)


# -- a dry run ----------------------------------------------------------------------------------------
def test_a_dry_run_shows_what_would_change_and_touches_no_product(
    tmp_path: Path, merchant: Merchant, capsys: Any
) -> None:
    bring_in(tmp_path, merchant, GOODS)
    standing = list(Product.objects.order_by("pk").values()), Price.objects.count(), Image.objects.count()

    changed = table("A,Big mug,15.00,5,S,,Creek", "N,New mug,7.00,1,,,", "B,Lantern mug,9.00,3,,,", "Z,Mug,-1,1,,,")
    bring_in(tmp_path, merchant, changed, is_dry_run=True)

    run = last_run()
    assert run.counts["products"] == {"in": 4, "created": 1, "updated": 1, "unchanged": 1, "refused": 1}
    update, creation = shown_changes(run.changes.select_related("product"))
    assert (update.sku, update.title, update.is_creation) == ("A", "Big mug", False)
    assert Difference("Title", "Ferry mug", "Big mug") in update.differences
    assert Difference("Price in US", "US$12.50", "US$15.00") in update.differences or [
        one for one in update.differences if one.label == "Price in US"
    ] == [Difference("Price in US", "$12.50", "$15.00")]
    assert (creation.sku, creation.title, creation.is_creation) == ("N", "New mug", True)
    assert (list(Product.objects.order_by("pk").values()), Price.objects.count(), Image.objects.count()) == standing
    assert not StockChange.objects.exists()


def test_the_command_prints_the_difference(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    (tmp_path / "goods.csv").write_text(table("A,Big mug,12.50,5,S,,Creek", "N,New mug,7.00,1,,,"))
    out = io.StringIO()

    call_command(
        "import_products", tmp_path / "goods.csv", merchant="suzhou-creek", map=tmp_path / "mapping.toml",
        dry_run=True, stdout=out,
    )  # fmt: skip

    assert "update: line 2: A: Big mug" in out.getvalue()
    assert "Title: Ferry mug → Big mug" in out.getvalue()
    assert "create: line 3: N: New mug" in out.getvalue()


def test_a_dry_run_is_brought_in_once_with_the_same_file_and_options(merchant: Merchant) -> None:
    person = make_user("buyer")
    looked_at = start_import(merchant, upload(), {"mapping": MAPPING}, by=person, is_dry_run=True)
    importer.run_import(looked_at.pk)

    run = bring_in_dry_run(ImportRun.objects.get(pk=looked_at.pk), by=person, at=timezone.now())
    importer.run_import(run.pk)

    looked_at, run = ImportRun.objects.get(pk=looked_at.pk), ImportRun.objects.get(pk=run.pk)
    assert run.counts == looked_at.counts
    assert (run.state, run.options, run.dry_run) == ("done", looked_at.options, looked_at)
    assert Product.objects.count() == 2
    with pytest.raises(Refused) as refusal:
        bring_in_dry_run(looked_at, by=person, at=timezone.now())
    assert refusal.value.code == "already_done"
    assert ImportRun.objects.count() == 2


# -- doors, presets ---------------------------------------------------------------------------------
def test_an_upload_is_kept_where_no_address_leads(merchant: Merchant, settings: Any, client: Client) -> None:
    run = start_import(merchant, upload(name="../../secret.csv"), {"mapping": MAPPING}, by=None)

    path = Path(run.upload.path)
    assert path.is_relative_to(settings.UPLOAD_ROOT)
    assert not path.is_relative_to(settings.MEDIA_ROOT)
    assert run.file_name == "secret.csv"
    assert path.read_text() == GOODS
    for address in (f"/media/{run.upload.name}", f"/uploads/{run.upload.name}", f"/{run.upload.name}"):
        assert client.get(address).status_code == 404


def test_a_file_that_is_too_large_is_refused_before_it_is_kept(merchant: Merchant, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "LARGEST_UPLOAD", len(GOODS) - 1)

    with pytest.raises(Refused) as refusal:
        start_import(merchant, upload(), {}, by=None)

    assert refusal.value.code == "file_too_large"
    assert not ImportRun.objects.exists()


def test_a_preset_is_saved_by_name_and_used_by_it(tmp_path: Path, merchant: Merchant) -> None:
    save_preset(merchant, "wholesale", MAPPING, by=None)
    save_preset(merchant, "wholesale", MAPPING | {"missing": ["-"]}, by=None)

    bring_in(tmp_path, merchant, GOODS, mapping_path=None, preset="wholesale")

    assert MappingPreset.objects.get().content["missing"] == ["-"]
    assert last_run().options["mapping"] == MAPPING | {"missing": ["-"]}
    assert Product.objects.count() == 2
    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, make_importer_besides(), GOODS, mapping_path=None, preset="wholesale")
    assert refusal.value.code == "unknown_preset"


def make_importer_besides() -> Merchant:
    return Merchant.objects.create(slug="rival", name="Rival", state="approved", country="CN")


def test_a_bad_preset_is_not_saved(merchant: Merchant) -> None:
    with pytest.raises(Refused):
        save_preset(merchant, "odd", {"colums": {}}, by=None)

    assert not MappingPreset.objects.exists()


# -- stopped and gone on with ---------------------------------------------------------------------------
@pytest.fixture
def small_pages(monkeypatch: Any) -> None:
    monkeypatch.setattr(importer, "PAGE", 2)


def many(count: int) -> str:
    """Every third one refused, and a row without a code now and then."""
    rows = []
    for number in range(count):
        rows.append(f"P{number:03},Mug {number},{0 if number % 3 == 2 else 7},1,,,")
        rows += [",Nobody's,1,1,,,"] if number % 4 == 1 else []
    return table(*rows)


class Killed(BaseException):
    """What no handler of the importer may catch."""


def killed_at_page(monkeypatch: Any, number: int) -> None:
    """Die before the page `number` is booked, without a word: nothing is closed."""
    booked = importer.Ledger.book
    calls = iter(range(1, 100))

    def book(self: Any, *arguments: Any, **named: Any) -> None:
        if next(calls) == number:
            raise Killed
        booked(self, *arguments, **named)

    monkeypatch.setattr(importer.Ledger, "book", book)
    monkeypatch.setattr(runs, "close", lambda *arguments, **named: False)


@pytest.mark.parametrize("page", [1, 2, 4, 5, 6])
def test_a_run_that_was_killed_is_said_to_be_stopped_and_goes_on_with_right_counts(
    merchant: Merchant, small_pages: None, page: int
) -> None:
    content, twin = many(10), make_importer_twin(merchant)
    whole = start_import(twin, upload(content), {"mapping": MAPPING}, by=None)
    importer.run_import(whole.pk)
    run = start_import(merchant, upload(content), {"mapping": MAPPING}, by=None)
    with pytest.MonkeyPatch.context() as patched:
        killed_at_page(patched, page)
        with pytest.raises(Killed):
            importer.run_import(run.pk)
    assert ImportRun.objects.get(pk=run.pk).state == "running"
    assert Product.objects.filter(merchant=merchant).count() == _landed((page - 1) * 2)
    # Nobody goes on with it while it may still be alive, and beat says in the end that it is not.
    importer.run_import(run.pk)
    assert tend(at=timezone.now()) == 0
    tend(at=timezone.now() + runs.SILENT_FOR + timedelta(seconds=1))
    assert ImportRun.objects.get(pk=run.pk).state == "stopped"

    go_on(run, by=None, at=timezone.now())
    importer.run_import(run.pk)

    run, whole = ImportRun.objects.get(pk=run.pk), ImportRun.objects.get(pk=whole.pk)
    assert (run.state, run.counts, run.details, run.cursor) == ("done", whole.counts, whole.details, whole.cursor)
    assert told(run) == told(whole)
    assert run.counts["rows"]["refused"] == run.problems.filter(is_refusal=True).count() == 6


def make_importer_twin(merchant: Merchant) -> Merchant:
    twin = make_merchant("twin")
    make_licence(merchant.licences.get().film, twin)
    return twin


def _landed(products: int) -> int:
    return sum(number % 3 != 2 for number in range(products))


def told(run: ImportRun) -> tuple[list, list]:
    problems = run.problems.values_list("line", "code", "is_refusal").order_by("line", "pk")
    return list(problems), list(run.changes.values_list("sku", "lines", "is_creation").order_by("pk"))


def test_who_was_superseded_writes_nothing_more(merchant: Merchant, small_pages: None, monkeypatch: Any) -> None:
    run = start_import(merchant, upload(many(10)), {"mapping": MAPPING}, by=None)
    done = importer._do_page
    pages = iter(range(1, 100))

    def do_page(*arguments: Any) -> None:
        if next(pages) == 2:  # it slept so long that it was given up, and another process has the run
            ImportRun.objects.filter(pk=run.pk).update(attempt=7)
        done(*arguments)

    monkeypatch.setattr(importer, "_do_page", do_page)
    importer.run_import(run.pk)

    run = ImportRun.objects.get(pk=run.pk)
    assert (run.state, run.attempt, run.cursor) == ("running", 7, 2)
    assert Product.objects.count() == ImportChange.objects.count() == 2


def test_an_interrupted_run_is_stopped_at_once(tmp_path: Path, merchant: Merchant, small_pages: None) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(importer, "plan_page", lambda *_args, **_named: interrupt())
        with pytest.raises(KeyboardInterrupt):
            bring_in(tmp_path, merchant, many(4), is_dry_run=True)

    assert last_run().state == "stopped"


def interrupt() -> None:
    raise KeyboardInterrupt


def test_a_finished_run_is_run_no_second_time(merchant: Merchant) -> None:
    run = start_import(merchant, upload(), {"mapping": MAPPING}, by=None)
    importer.run_import(run.pk)
    before = ImportRun.objects.values().get(pk=run.pk)

    importer.run_import(run.pk)
    importer.run_import(999_999)

    assert ImportRun.objects.values().get(pk=run.pk) == before
    assert Stock.objects.count() == 3


def test_a_second_run_of_the_merchant_waits_its_turn_and_a_rivals_does_not(merchant: Merchant) -> None:
    first = start_import(merchant, upload(), {"mapping": MAPPING}, by=None)
    second = start_import(merchant, upload(), {"mapping": MAPPING}, by=None)
    rival = start_import(make_importer_twin(merchant), upload(), {"mapping": MAPPING}, by=None)
    look = start_import(merchant, upload(), {"mapping": MAPPING}, by=None, is_dry_run=True)
    ImportRun.objects.filter(pk=first.pk).update(state="running", heartbeat_at=timezone.now(), attempt=1)

    for run in (second, rival, look):
        importer.run_import(run.pk)

    states = dict(ImportRun.objects.values_list("pk", "state"))
    assert states == {first.pk: "running", second.pk: "waiting", rival.pk: "done", look.pk: "done"}
    runs.close(ImportRun.objects.get(pk=first.pk), state="stopped", at=timezone.now())
    importer.run_import(second.pk)
    assert ImportRun.objects.get(pk=second.pk).state == "done"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_claims_at_once_give_the_run_to_one(merchant: Merchant) -> None:
    run = start_import(merchant, upload(), {"mapping": MAPPING}, by=None)
    together = threading.Barrier(2)

    def claim(_number: int) -> bool:
        together.wait()
        try:
            return importer._claim(run.pk) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(claim, range(2)))

    assert sorted(won) == [False, True]
    assert ImportRun.objects.get(pk=run.pk).attempt == 1
