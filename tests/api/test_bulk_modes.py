"""What a file may do with what is not there yet, runs that are stopped on the way, and the result as a table."""

import csv
import io
from typing import Any

import pytest

from accounts.models import AuditEntry
from catalog.importing import run as importer
from catalog.importing import runs
from catalog.importing.rows_csv import HEADER
from catalog.models import ImportRun, Product
from core.errors import Refused
from tests.api.test_bulk import GOODS, code, send, shop, work
from tests.catalog.importing_goods import table
from tests.factories import NOW

__all__ = ["shop"]


def skus() -> set[str]:
    return set(Product.objects.values_list("sku", flat=True))


def test_a_patch_changes_what_is_there_and_creates_nothing(shop: Any) -> None:
    work(send(shop, body=table("A,Ferry mug,12.50,5,S,,")))

    run = work(send(shop, "&mode=patch", table("A,Ferry cup,12.50,5,S,,", "C,Paper mug,4.00,3,,,")))

    told = shop.get(run).json()["progress"]
    assert told["rows"] == {"read": 2, "created": 0, "updated": 1, "unchanged": 0, "refused": 1}
    assert told["products"] == told["rows"]
    assert Product.objects.get().title_en == "Ferry cup"
    (problem,) = ImportRun.objects.order_by("pk").last().problems.all()
    assert (problem.code, problem.line, problem.facts) == ("not_there", 3, {"value": "C"})


def test_without_a_mode_what_is_not_there_is_created(shop: Any) -> None:
    work(send(shop, "&mode=upsert", table("A,Ferry mug,12.50,5,S,,")))
    work(send(shop, "", table("C,Paper mug,4.00,3,,,")))

    assert skus() == {"A", "C"}
    assert code(send(shop, "&mode=replace")) == (400, "invalid_parameters")


def test_a_dry_run_hands_its_mode_on(shop: Any) -> None:
    looked_at = work(send(shop, "&mode=patch&dry_run=true"))
    work(shop.post(f"{looked_at}/bring-in", b""))

    assert skus() == set()


def test_a_run_that_waits_is_cancelled_and_never_begins(shop: Any) -> None:
    sent = send(shop)
    run = sent["Location"].removeprefix("/api/v1/")

    cancelled = shop.post(f"{run}/cancel", b"")
    importer.run_import(ImportRun.objects.get().pk)
    again = shop.post(f"{run}/cancel", b"")

    assert "cancel" in sent.json()["links"]
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "stopped")
    assert sorted(cancelled.json()["links"]) == ["go-on", "result", "self", "undo"]
    assert code(again) == (409, "wrong_state")
    assert skus() == set()
    assert AuditEntry.objects.filter(verb="import.cancelled").count() == 1


def test_a_run_under_way_stops_before_its_next_page_and_can_be_gone_on_with(shop: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(importer, "PAGE", 1)
    do_page = importer._do_page

    def then_cancel(ledger: Any, reading: Any, batch: Any) -> None:
        do_page(ledger, reading, batch)
        if ledger.run.cursor == 1:
            runs.cancel(ledger.run, by=None, at=NOW)

    monkeypatch.setattr(importer, "_do_page", then_cancel)
    run = work(send(shop))

    stopped = shop.get(run).json()
    assert (stopped["state"], skus()) == ("stopped", {"A"})
    assert stopped["progress"]["rows"]["created"] == 1

    monkeypatch.setattr(importer, "_do_page", do_page)
    work(shop.post(f"{run}/go-on", b""))

    assert (shop.get(run).json()["state"], skus()) == ("done", {"A", "C"})


@pytest.mark.parametrize("state", ["done", "refused", "undoing", "undone", "stopped"])
def test_what_has_ended_is_not_cancelled(shop: Any, state: str) -> None:
    run = shop.merchant.import_runs.create(state=state)

    with pytest.raises(Refused):
        runs.cancel(run, by=None, at=NOW)

    run.refresh_from_db()
    assert (run.state, run.finished_at) == (state, None)


def test_the_result_as_a_table_is_in_the_order_of_the_file(shop: Any) -> None:
    run = work(send(shop, body=GOODS + "=D,Bad mug,0,3,,,\n"))

    answer = shop.get(f"{run}/result?format=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[0] == list(HEADER)
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    assert [(row[1], row[4]) for row in rows[1:]] == [
        ("created", "A"),
        ("refused", ""),
        ("created", "C"),
        ("refused", ""),
    ]
    assert not any(cell.startswith("=") for row in rows for cell in row)
