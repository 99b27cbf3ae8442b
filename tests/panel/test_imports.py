"""Imports in the panel: a merchant gives a file, sees what would change, brings it in, and takes it back."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.importing import run as importer
from catalog.importing.runs import start_import
from catalog.importing.undo import go_on_undoing
from catalog.models import ImportRun, MappingPreset, Product
from merchants.models import Merchant
from tests.catalog.importing_goods import MAPPING, TOML, table
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

GOODS = table("A,Ferry mug,12.50,5,S,,", "B,Lantern mug,0,3,,,", "C,Paper mug,4.00,3,,,")


def sent(**fields: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("goods.csv", GOODS.encode(), "text/csv")
    return {"file": file, "mapping": TOML, "is_dry_run": "on"} | fields


def at(merchant: Merchant, *parts: str) -> str:
    return f"/panel/en/{merchant.slug}/imports/" + "".join(f"{part}/" for part in parts)


def looked_at(merchant: Merchant) -> ImportRun:
    run = start_import(
        merchant, SimpleUploadedFile("goods.csv", GOODS.encode()), {"mapping": MAPPING}, by=None, is_dry_run=True
    )
    importer.run_import(run.pk)
    return ImportRun.objects.get(pk=run.pk)


def test_from_the_file_to_the_goods_and_back(owner: Client, merchant: Merchant) -> None:
    answer = owner.post(at(merchant, "new"), sent())
    dry = ImportRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, at(merchant, dry.public_id))
    assert (dry.merchant, dry.is_dry_run, dry.by.username) == (merchant, True, f"owner-of-{merchant.slug}")
    assert 'hx-trigger="every 2s"' in owner.get(at(merchant, dry.public_id)).content.decode()

    importer.run_import(dry.pk)
    page = owner.get(at(merchant, dry.public_id)).content.decode()
    assert "Ferry mug" in page
    assert "A price of 0 is not a price" in page
    assert owner.get(at(merchant, dry.public_id, "progress"))["HX-Refresh"] == "true"
    assert not Product.objects.exists()

    answer = owner.post(at(merchant, dry.public_id, "bring-in"))
    run = ImportRun.objects.get(dry_run=dry)
    assert answer["Location"] == at(merchant, run.public_id)
    importer.run_import(run.pk)
    assert set(Product.objects.values_list("sku", flat=True)) == {"A", "C"}

    owner.post(at(merchant, run.public_id, "undo"))
    go_on_undoing(run.pk)
    assert not Product.objects.exists()
    page = owner.get(at(merchant, run.public_id)).content.decode()
    assert "2 products are as before" in page
    assert f"{run.public_id}/undo/" not in page


def test_a_dry_run_is_brought_in_once(owner: Client, merchant: Merchant) -> None:
    dry = looked_at(merchant)

    answers = [owner.post(at(merchant, dry.public_id, "bring-in")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 422]
    assert 'role="alert"' in answers[1].content.decode()
    assert ImportRun.objects.count() == 2


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"mapping": "= ="}, "This is no TOML"),
        ({"file": ""}, "This field is required"),
        ({"preset_name": "mine", "mapping": ""}, "There is no mapping to save"),
        ({"mapping": "[columns]\nhat = 3", "preset_name": "mine"}, "mapping"),
    ],
)
def test_a_bad_order_is_said_at_the_form_and_writes_nothing(
    owner: Client, merchant: Merchant, fields: dict[str, Any], said: str
) -> None:
    answer = owner.post(at(merchant, "new"), sent(**fields))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_mapping_is_saved_and_chosen_but_never_a_neighbours(owner: Client, merchant: Merchant) -> None:
    owner.post(at(merchant, "new"), sent(preset_name="my shop"))
    mine = MappingPreset.objects.get(merchant=merchant)
    theirs = MappingPreset.objects.create(merchant=make_merchant("other"), name="their shop", content=MAPPING)

    page = owner.get(at(merchant, "new")).content.decode()
    assert "my shop" in page
    assert "their shop" not in page
    assert owner.post(at(merchant, "new"), sent(mapping="", preset=mine.pk)).status_code == 302
    assert owner.post(at(merchant, "new"), sent(mapping="", preset=theirs.pk)).status_code == 422
    assert ImportRun.objects.count() == 2


def test_the_list_costs_the_same_for_one_run_and_for_three(owner: Client, merchant: Merchant) -> None:
    counts = []
    for more in (1, 2):
        for _number in range(more):
            looked_at(merchant)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = owner.get(at(merchant)).content.decode()
        counts.append(len(queries))

    assert page.count("Dry run") == 3
    assert counts[0] == counts[1]


def test_older_runs_follow_behind_the_last(owner: Client, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.queries.imports.SAMPLE", 2)
    runs = [looked_at(merchant) for _ in range(3)]

    first = owner.get(at(merchant)).content.decode()
    second = owner.get(at(merchant) + f"?after={runs[1].public_id}").content.decode()

    assert [run.public_id in first for run in runs] == [False, True, True]
    assert [f"{run.public_id}/" in second for run in runs] == [True, False, False]


def test_the_report_holds_every_row(owner: Client, merchant: Merchant) -> None:
    dry = looked_at(merchant)

    report = b"".join(owner.get(f"{at(merchant, dry.public_id)}report.json").streaming_content).decode()

    assert '"zero_price"' in report or "A price of 0" in report


def test_signing_in_leads_to_ones_only_merchant_and_back_out(merchant: Merchant, owner: Client) -> None:
    person = merchant.members.get().user
    person.set_password("a long enough secret")
    person.save()
    client = Client()

    wrong = client.post("/panel/zh/sign-in/", {"login": person.username, "password": "no"})
    right = client.post(
        "/panel/zh/sign-in/?next=//elsewhere.example/",
        {"login": person.username, "password": "a long enough secret", "next": "//elsewhere.example/"},
    )

    assert wrong.status_code == 422
    assert 'lang="zh-Hans"' in wrong.content.decode()
    assert right["Location"] == "/panel/zh/"
    assert client.get("/panel/zh/")["Location"] == f"/panel/zh/{merchant.slug}/"
    assert client.post("/panel/zh/sign-out/")["Location"] == "/panel/zh/sign-in/"
    assert client.get(at(merchant)).status_code == 302
