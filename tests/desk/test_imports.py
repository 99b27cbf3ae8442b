"""Imports at the desk: a file is given, looked at, brought in, watched and undone; the worker does the work."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from catalog.importing import run as importer
from catalog.importing import runs
from catalog.importing.runs import start_import
from catalog.importing.undo import go_on_undoing
from catalog.models import ImportRun, MappingPreset, Product
from merchants.models import Merchant
from tests.catalog.importing_goods import MAPPING, TOML, make_importer, table
from tests.desk.test_pages import breaches
from tests.factories import make_merchant, make_user

pytestmark = pytest.mark.django_db

GOODS = table("A,Ferry mug,12.50,5,S,,", "B,Lantern mug,0,3,,,", "C,Paper mug,4.00,3,,,")
ADD = "/desk/catalog/importrun/add/"


@pytest.fixture
def merchant() -> Merchant:
    return make_importer()


def sent(**fields: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("goods.csv", GOODS.encode(), "text/csv")
    return {"file": file, "mapping": TOML, "is_dry_run": "on"} | fields


def page_of(run: ImportRun, name: str = "run") -> str:
    return reverse(f"admin:catalog_importrun_{name}", args=[run.pk])


def verb(run: ImportRun, code: str) -> str:
    return reverse("admin:catalog_importrun_verb", args=[run.pk, code])


def brought_in(merchant: Merchant, content: str = GOODS, *, is_dry_run: bool = False) -> ImportRun:
    file = SimpleUploadedFile("goods.csv", content.encode())
    run = start_import(merchant, file, {"mapping": MAPPING}, by=None, is_dry_run=is_dry_run)
    importer.run_import(run.pk)
    return ImportRun.objects.get(pk=run.pk)


def test_from_the_file_to_the_goods_and_back(desk: Client, head: User, merchant: Merchant) -> None:
    answer = desk.post(ADD, sent(merchant=merchant.pk))
    looked_at = ImportRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(looked_at))
    assert (looked_at.is_dry_run, looked_at.by, looked_at.state) == (True, head, "waiting")

    importer.run_import(looked_at.pk)
    page = desk.get(page_of(looked_at)).content.decode()
    assert "Ferry mug" in page
    assert "A price of 0 is not a price" in page
    assert verb(looked_at, "bring-in") in page
    assert not Product.objects.exists()

    answer = desk.post(verb(looked_at, "bring-in"))
    run = ImportRun.objects.get(dry_run=looked_at)
    assert answer["Location"] == page_of(run)
    importer.run_import(run.pk)
    assert Product.objects.count() == 2
    assert verb(looked_at, "bring-in") not in desk.get(page_of(looked_at)).content.decode()

    assert desk.get(verb(run, "undo")).status_code == 200
    assert Product.objects.count() == 2
    desk.post(verb(run, "undo"))
    assert ImportRun.objects.get(pk=run.pk).state == "undoing"
    go_on_undoing(run.pk)
    run.refresh_from_db()
    assert (run.state, run.undone_by) == ("undone", head)
    assert not Product.objects.exists()
    assert "2 products are as before" in desk.get(page_of(run)).content.decode()


def test_a_verb_that_does_not_fit_the_state_is_refused_in_words(desk: Client, merchant: Merchant) -> None:
    run = brought_in(merchant)

    for code in ("bring-in", "go-on"):
        answer = desk.post(verb(run, code))
        assert answer.status_code == 422
        assert "This cannot be done while it is Done." in answer.content.decode()
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"mapping": "[columns"}, "This is no TOML"),
        ({"mapping": "", "preset_name": "x"}, "There is no mapping to save."),
        ({"mapping": "[colums]", "preset_name": "x"}, "is not known here"),
        ({"merchant": ""}, "This field is required."),
        ({"file": ""}, "This field is required."),
        ({"format": "parquet"}, "Select a valid choice"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_keeps_nothing(
    desk: Client, merchant: Merchant, fields: dict[str, Any], sentence: str
) -> None:
    answer = desk.post(ADD, sent(**{"merchant": merchant.pk} | fields))

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert not MappingPreset.objects.exists()


def test_a_file_that_is_too_large_is_refused(desk: Client, merchant: Merchant, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "LARGEST_UPLOAD", 100)

    answer = desk.post(ADD, sent(merchant=merchant.pk))

    assert answer.status_code == 422
    assert "The file is larger than" in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_mapping_is_saved_and_chosen_the_next_time_by_its_own_merchant(desk: Client, merchant: Merchant) -> None:
    desk.post(ADD, sent(merchant=merchant.pk, preset_name="wholesale"))
    preset = MappingPreset.objects.get()
    assert (preset.merchant, preset.content) == (merchant, MAPPING)

    desk.post(ADD, sent(merchant=merchant.pk, mapping="", preset=preset.pk, is_dry_run=""))
    run = ImportRun.objects.order_by("-pk")[0]
    importer.run_import(run.pk)
    assert Product.objects.count() == 2

    rival = make_merchant("rival")
    answer = desk.post(ADD, sent(merchant=rival.pk, mapping="", preset=preset.pk))
    assert answer.status_code == 422
    assert "another merchant" in answer.content.decode().replace("&#x27;", "'")


def test_progress_is_one_row_and_the_page_is_loaded_again_when_it_is_done(desk: Client, merchant: Merchant) -> None:
    file = SimpleUploadedFile("goods.csv", GOODS.encode())
    run = start_import(merchant, file, {"mapping": MAPPING}, by=None)
    ImportRun.objects.filter(pk=run.pk).update(
        state="running", bytes_read=len(GOODS) // 2,
        counts={"rows": {"in": 2, "created": 1, "updated": 0, "unchanged": 0, "refused": 1}},
    )  # fmt: skip
    desk.get(page_of(run, "progress"))

    with CaptureQueriesContext(connection) as queries:
        answer = desk.get(page_of(run, "progress"))

    assert "50 % of the file read" in answer.content.decode()
    assert 'hx-trigger="every 2s"' in answer.content.decode()
    assert "HX-Refresh" not in answer.headers
    assert [query["sql"] for query in queries if "catalog_" in query["sql"]].__len__() == 1
    ImportRun.objects.filter(pk=run.pk).update(state="done")
    answer = desk.get(page_of(run, "progress"))
    assert answer["HX-Refresh"] == "true"
    assert "hx-get" not in answer.content.decode()


def test_the_page_costs_the_same_queries_with_one_row_and_with_three(desk: Client, merchant: Merchant) -> None:
    def queries(count: int) -> int:
        good = [f"G{count}-{number},Mug,7,1,,," for number in range(count)]
        bad = [f"X{count}-{number},Mug,0,1,,," for number in range(count)]
        run = brought_in(merchant, table(*good, *bad))
        desk.get(page_of(run))
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(page_of(run)).status_code == 200
        return len(captured)

    assert queries(1) == queries(3)


def test_long_lists_are_paged_by_their_last_row(desk: Client, merchant: Merchant, monkeypatch: Any) -> None:
    monkeypatch.setattr("catalog.queries.imports.SAMPLE", 2)
    run = brought_in(merchant, table(*[f"G{number},Mug {number},7,1,,," for number in range(3)]))

    first = desk.get(page_of(run))
    second = desk.get(page_of(run) + first.context["changes"]["next"].partition("#")[0])

    assert [change.sku for change in first.context["changes"]["rows"]] == ["G0", "G1"]
    assert [change.sku for change in second.context["changes"]["rows"]] == ["G2"]
    assert second.context["changes"]["next"] == ""
    assert desk.get(page_of(run) + "?changes=x&problems=" + "9" * 40).status_code == 200


def test_the_report_is_fetched_from_the_rows(desk: Client, merchant: Merchant) -> None:
    run = brought_in(merchant)

    answer = desk.get(page_of(run, "report"))

    told = json.loads(b"".join(answer.streaming_content))
    assert told["products"] == {"in": 3, "created": 2, "updated": 0, "unchanged": 0, "refused": 1}
    assert told["refusals"]["by_code"] == {"price_zero": 1}


def test_what_a_file_says_is_text_on_the_page(desk: Client, merchant: Merchant) -> None:
    run = brought_in(merchant, table('A,"Mug ""<b onclick=x>""",7,1,,,<script>alert(1)</script>', "<script>x,M,0,1,,,"))

    answer = desk.get(page_of(run))

    assert breaches(answer.content) == []
    assert b"<script>alert" not in answer.content
    assert "unsafe-inline" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["run", "progress", "report"])
def test_a_run_is_for_staff_with_the_permission(
    desk: Client, reader_desk: Client, fan_client: Client, client: Client, merchant: Merchant, name: str
) -> None:
    where = page_of(brought_in(merchant), name)
    without = Client()
    without.force_login(make_user("clerk", is_superuser=False))

    for who, status in ((desk, 200), (reader_desk, 200), (without, 403), (fan_client, 302), (client, 302)):
        assert who.get(where).status_code == status
    assert desk.get(reverse(f"admin:catalog_importrun_{name}", args=[999_999])).status_code == 404


def test_who_may_only_look_starts_and_undoes_nothing(reader_desk: Client, merchant: Merchant) -> None:
    run = brought_in(merchant)

    assert reader_desk.get(ADD).status_code == 403
    assert reader_desk.post(ADD, sent(merchant=merchant.pk)).status_code == 403
    assert reader_desk.post(verb(run, "undo")).status_code == 403
    assert verb(run, "undo") not in reader_desk.get(page_of(run)).content.decode()
    assert ImportRun.objects.get().state == "done"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_follows_the_worker_by_itself(
    live_server: Any, page: Page, head: User, merchant: Merchant, settings: Any
) -> None:
    file = SimpleUploadedFile("goods.csv", GOODS.encode())
    run = start_import(merchant, file, {"mapping": MAPPING}, by=head)
    client = Client()
    client.force_login(head)
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(live_server.url + page_of(run))
    expect(page.locator("#progress")).to_contain_text("Waiting")

    importer.run_import(run.pk)

    expect(page.locator("#progress")).to_contain_text("Done")
    expect(page.locator("#problems").locator("xpath=../..")).to_contain_text("A price of 0 is not a price")
    expect(page.get_by_role("link", name="Undo")).to_be_visible()
    assert timezone.now() >= ImportRun.objects.get(pk=run.pk).finished_at
