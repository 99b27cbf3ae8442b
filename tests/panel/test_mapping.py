"""Saying in the panel what the columns of a table mean: from a file that nobody knows to goods."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from catalog.importing import run as importer
from catalog.importing.runs import start_import
from catalog.models import ImportRun, MappingPreset, Product
from merchants.models import Merchant
from tests.catalog.importing_goods import table
from tests.panel.conftest import signed_in

GOODS = table("A,Ferry mug,12.50,5,S,,", "B,Lantern mug,9.00,3,,,")
#: By the columns of the table: Code, Name, USD, Pieces, Size, Picture, Vendor.
CHOSEN = {
    "column-0": "product", "column-1": "title", "column-2": "price:USD", "column-3": "stock", "column-4": "option",
    "film": "the-ferryman", "category": "mugs", "is_dry_run": "on",
}  # fmt: skip

pytestmark = pytest.mark.django_db


def refused(merchant: Merchant, content: bytes = GOODS.encode(), name: str = "goods.csv") -> ImportRun:
    run = start_import(merchant, SimpleUploadedFile(name, content), {}, by=None, is_dry_run=True)
    importer.run_import(run.pk)
    return ImportRun.objects.get(pk=run.pk)


def at(run: ImportRun, *parts: str) -> str:
    return f"/panel/en/{run.merchant.slug}/imports/{run.public_id}/" + "".join(f"{part}/" for part in parts)


def test_from_a_table_that_nobody_knows_to_goods(owner: Client, merchant: Merchant) -> None:
    run = refused(merchant)
    assert at(run, "columns") in owner.get(at(run)).content.decode()
    page = owner.get(at(run, "columns")).content.decode()
    assert [word in page for word in ("Ferry mug", "Vendor", '<option value="title" selected>', "Price in USD")] == [
        True
    ] * 4

    answer = owner.post(at(run, "columns"), CHOSEN | {"preset_name": "Ours"})

    again = ImportRun.objects.exclude(pk=run.pk).get()
    assert (answer.status_code, answer["Location"], again.is_dry_run) == (302, at(again), True)
    assert again.options["mapping"] == MappingPreset.objects.get(name="Ours").content
    importer.run_import(again.pk)
    again.refresh_from_db()
    assert (again.state, again.counts["rows"]["created"]) == ("done", 2)
    owner.post(at(again, "bring-in"))
    importer.run_import(ImportRun.objects.latest("pk").pk)
    assert set(Product.objects.values_list("sku", "title_en")) == {("A", "Ferry mug"), ("B", "Lantern mug")}


def test_a_workbook_shows_its_first_rows(owner: Client, merchant: Merchant) -> None:
    book = Workbook()
    book.active.append(["Code", "Name", "Film"])
    for number in range(9):
        book.active.append([f"C{number}", f"Mug {number}", "The Ferryman"])
    content = io.BytesIO()
    book.save(content)

    run = refused(merchant, content.getvalue(), "goods.xlsx")

    page = owner.get(at(run, "columns")).content.decode()
    assert [word in page for word in ("Mug 0", "Mug 2", "Mug 3", '<option value="film" selected>')] == [
        True, True, False, True,
    ]  # fmt: skip
    assert len(run.details["sample"]["rows"]) == 5


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"column-1": ""}, "columns for sku and title"),
        ({"column-1": "product"}, "Another column means this already"),
        ({"film": ""}, "where the film and the category stand"),
        ({"film": "no-such-film"}, "not one of the available choices"),
        ({"column-2": "price:ZZZ"}, "not one of the available choices"),
    ],
)
def test_what_is_missing_is_said_and_the_choices_stay(
    owner: Client, merchant: Merchant, changes: dict[str, Any], said: str
) -> None:
    run = refused(merchant)

    answer = owner.post(at(run, "columns"), CHOSEN | {"preset_name": "Kept"} | changes)

    page = answer.content.decode()
    assert (answer.status_code, said in page, 'value="Kept"' in page) == (422, True, True)
    assert '<option value="stock" selected>' in page
    assert (ImportRun.objects.count(), MappingPreset.objects.count()) == (1, 0)


def test_only_a_run_that_was_refused_for_its_columns_is_mapped(owner: Client, merchant: Merchant) -> None:
    waiting = start_import(merchant, SimpleUploadedFile("goods.csv", GOODS.encode()), {}, by=None)
    picture = refused(merchant, b"\x89PNG\r\n\x1a\n" + b"0" * 40, "lamp.png")

    assert [owner.get(at(run, "columns")).status_code for run in (waiting, picture)] == [404, 404]
    assert [owner.post(at(run, "columns"), CHOSEN).status_code for run in (waiting, picture)] == [404, 404]


@pytest.mark.parametrize("role, status", [("catalogue", 200), ("orders", 403), ("finance", 403), ("read_only", 403)])
def test_columns_are_for_those_who_look_after_goods(merchant: Merchant, role: str, status: int) -> None:
    run, client = refused(merchant), signed_in(merchant, role)

    assert client.get(at(run, "columns")).status_code == status
    assert client.post(at(run, "columns"), CHOSEN).status_code == (302 if status == 200 else 403)


def test_a_neighbours_file_is_not_there(rival: Client, merchant: Merchant) -> None:
    run = refused(merchant)

    assert rival.get(f"/panel/en/rival/imports/{run.public_id}/columns/").status_code == 404
    assert rival.post(f"/panel/en/rival/imports/{run.public_id}/columns/", CHOSEN).status_code == 404
    assert ImportRun.objects.count() == 1
