"""Files of goods through the API: the same importer, looked at, brought in, watched and undone."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

from catalog.importing import run as importer
from catalog.importing.reports import report_pieces
from catalog.importing.runs import save_preset
from catalog.importing.undo import go_on_undoing
from catalog.models import ImportRun, Product
from merchants.models import IdempotentRequest, PartnerKey
from merchstore.api import bulk_views
from merchstore.api.documents import openapi_document
from tests.api.conftest import Partner, make_partner
from tests.catalog.importing_goods import MAPPING, make_importer, table

GOODS = table("A,Ferry mug,12.50,5,S,,", "B,Lantern mug,0,3,,,", "C,Paper mug,4.00,3,,,")
TYPE = {"content_type": "text/csv"}


@pytest.fixture
def shop(db: None, clock: Any) -> Partner:
    """A partner with a licence for the goods, and the meaning of its columns saved as `mugs`."""
    shop = make_partner(make_importer())
    save_preset(shop.merchant, "mugs", MAPPING, by=None)
    return shop


def send(shop: Partner, told: str = "", body: Any = GOODS, **more: Any) -> Any:
    return shop.post(f"bulk/products?preset=mugs{told}", body, **TYPE | more)


def form(shop: Partner, key: str = "k", **fields: Any) -> Any:
    headers = {"authorization": f"Bearer {shop.secret}", "idempotency-key": key}
    return shop.client.post("/api/v1/bulk/products", fields, headers=headers)


def work(answer: Any) -> str:
    """What the worker does with the run of a 202. Gives the run's address."""
    assert answer.status_code == 202, answer.content
    importer.run_import(ImportRun.objects.get(public_id=answer.json()["id"]).pk)
    return answer["Location"].removeprefix("/api/v1/")


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_from_the_file_to_the_goods_and_back(shop: Partner) -> None:
    sent = send(shop, "&dry_run=true&file_name=mugs.csv")
    assert (sent.json()["state"], sent.json()["file_name"]) == ("waiting", "mugs.csv")
    dry = work(sent)

    told = shop.get(dry).json()
    assert (told["state"], told["is_dry_run"], told["problems"]) == ("done", True, {"refusals": 1, "warnings": 0})
    assert told["progress"]["rows"] == {"read": 3, "created": 2, "updated": 0, "unchanged": 0, "refused": 1}
    assert sorted(told["links"]) == ["bring-in", "result", "self"]
    result = shop.get(f"{dry}/result")
    body = b"".join(result.streaming_content)
    assert body == b"".join(report_pieces(ImportRun.objects.get()))
    assert [change["sku"] for change in json.loads(body)["changes"]] == ["A", "C"]
    assert not Product.objects.exists()

    brought = shop.post(f"{dry}/bring-in", b"")
    run = work(brought)
    assert set(Product.objects.values_list("sku", flat=True)) == {"A", "C"}
    assert shop.get(dry).json()["followed_by"] == brought.json()["id"]
    assert code(shop.post(f"{dry}/bring-in", b"")) == (409, "already_done")
    assert code(shop.post(f"{run}/go-on", b"")) == (409, "wrong_state")

    undone = shop.post(f"{run}/undo", b"")
    assert (undone.status_code, undone.json()["state"]) == (202, "undoing")
    go_on_undoing(ImportRun.objects.get(public_id=brought.json()["id"]).pk)
    assert shop.get(run).json()["state"] == "undone"
    assert not Product.objects.exists()


def test_the_same_request_again_is_the_same_run(shop: Partner) -> None:
    first, again = send(shop, idempotency_key="k"), send(shop, idempotency_key="k")

    assert (again.content, again["Location"], again["Idempotent-Replayed"]) == (
        first.content,
        first["Location"],
        "true",
    )
    assert code(send(shop, body=GOODS + "D,Mug,1,1,,,\n", idempotency_key="k")) == (422, "idempotency_key_reused")
    assert ImportRun.objects.count() == 1


def test_a_form_has_a_mapping_beside_its_file(shop: Partner) -> None:
    fields = {"mapping": json.dumps(MAPPING)}
    first = form(shop, file=SimpleUploadedFile("mugs.csv", GOODS.encode()), **fields)
    again = form(shop, file=SimpleUploadedFile("mugs.csv", GOODS.encode()), **fields)
    other = form(
        shop, file=SimpleUploadedFile("mugs.csv", GOODS.encode()), mapping=json.dumps(MAPPING | {"prices": {}})
    )
    work(first)

    assert again["Idempotent-Replayed"] == "true"
    assert code(other) == (422, "idempotency_key_reused")
    assert set(Product.objects.values_list("sku", flat=True)) == {"A", "C"}


def test_json_lines(shop: Partner) -> None:
    answer = shop.post("bulk/products?dry_run=true", '{"sku": 5}\n', content_type="application/x-ndjson")
    told = shop.get(work(answer)).json()

    assert (told["format"], told["file_name"], told["state"]) == ("jsonl", "products.jsonl", "done")
    assert told["progress"]["rows"]["refused"] == 1


def test_a_large_body_goes_to_a_file_in_pieces(shop: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []
    monkeypatch.setattr(
        TemporaryUploadedFile, "write", lambda self, piece: (pieces.append(len(piece)), self.file.write(piece))
    )
    body = GOODS.encode() + b"\n" * 300_000

    answer = send(shop, body=body)

    assert (sum(pieces), max(pieces)) == (len(body), 1 << 16)
    with ImportRun.objects.get().upload.open() as file:
        assert file.read() == body
    assert answer.json()["progress"]["bytes_total"] == len(body)


def test_a_file_has_a_most(shop: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_views, "MOST_BYTES", len(GOODS))

    assert send(shop).status_code == 202
    assert code(send(shop, body=GOODS + "\n")) == (413, "body_too_large")
    assert code(form(shop, file=SimpleUploadedFile("mugs.csv", GOODS.encode() + b"\n"))) == (413, "body_too_large")
    assert ImportRun.objects.count() == 1


def test_how_far_a_run_is(shop: Partner) -> None:
    send(shop)
    counts = {"rows": {"in": 7, "created": 4, "updated": 2, "unchanged": 1, "refused": 0}}
    ImportRun.objects.update(state="running", bytes_read=50, bytes_total=200, counts=counts)

    told = shop.get(f"bulk/{ImportRun.objects.get().public_id}").json()

    assert (told["state"], sorted(told["links"])) == ("running", ["cancel", "result", "self"])
    assert (told["progress"]["bytes_read"], told["progress"]["bytes_total"]) == (50, 200)
    assert told["progress"]["rows"] == {"read": 7, "created": 4, "updated": 2, "unchanged": 1, "refused": 0}


def test_a_rivals_run_is_none_and_a_key_needs_the_scope(shop: Partner) -> None:
    run = ImportRun.objects.get(public_id=send(shop, "&dry_run=true").json()["id"])
    importer.run_import(run.pk)
    rival = make_partner()
    narrow = make_partner(shop.merchant, scopes=[s for s in PartnerKey.Scope if s != "products:write"])
    before = IdempotentRequest.objects.count()
    reads = [f"bulk/{run.public_id}", f"bulk/{run.public_id}/result"]
    verbs = [f"bulk/{run.public_id}/{verb}" for verb in ("bring-in", "go-on", "undo")]

    for who, wanted in ((rival, 404), (narrow, 403)):
        answers = [who.get(address) for address in reads] + [who.post(address, b"") for address in verbs]
        assert [answer.status_code for answer in answers] == [wanted] * 5
    assert rival.get("bulk").json()["data"] == []
    assert send(rival).json()["errors"][0]["pointer"] == "/query/preset"
    assert (ImportRun.objects.count(), IdempotentRequest.objects.count()) == (1, before + 1)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_however_long(shop: Partner, rows: int, django_assert_num_queries: Any) -> None:
    for _number in range(rows + 1):
        send(shop)
    shop.get("bulk")

    with django_assert_num_queries(3):
        page = shop.get(f"bulk?limit={rows}")

    rest = shop.get(f"bulk?cursor={page.json()['next_cursor']}").json()
    ids = [row["id"] for row in page.json()["data"] + rest["data"]]
    assert ids == list(ImportRun.objects.order_by("-pk").values_list("public_id", flat=True))


@pytest.mark.parametrize(
    "query, name",
    [
        ("dry_run=yes", "dry_run"), ("format=xls", "format"), ("currency=usd", "currency"), ("encoding=zip", "encoding"),
        ("preset=none", "preset"), ("preset=%00", "preset"), ("file_name=%07", "file_name"), ("mode=replace", "mode"),
        ("file_name=" + "x" * 501, "file_name"),
    ],
)  # fmt: skip
def test_bad_parameters_by_name(shop: Partner, query: str, name: str) -> None:
    answer = shop.post(f"bulk/products?{query}", GOODS, **TYPE)

    assert code(answer) == (400, "invalid_parameters")
    assert answer.json()["errors"][0]["pointer"] == f"/query/{name}"
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "x", "application/x-www-form-urlencoded"])
def test_types_that_are_not_read(shop: Partner, kind: str) -> None:
    assert code(send(shop, content_type=kind)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["text/csv", "multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_body_without_a_file(shop: Partner, kind: str) -> None:
    assert code(send(shop, body=b"", content_type=kind)) == (400, "invalid_body")


@pytest.mark.parametrize(
    "mapping",
    ["{", "[]", '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 50_000, '{"a": NaN}', '{"columns": 5}', '{"a":1}'],
)
def test_a_mapping_that_is_none(shop: Partner, mapping: str) -> None:
    answer = form(shop, file=SimpleUploadedFile("mugs.csv", GOODS.encode()), mapping=mapping)

    assert code(answer) == (400, "invalid_body")
    assert not ImportRun.objects.exists()


def test_a_form_with_something_else_in_it(shop: Partner) -> None:
    file = SimpleUploadedFile("mugs.csv", GOODS.encode())

    assert code(form(shop, file=file, colour="red")) == (400, "invalid_body")
    assert code(form(shop, file="no file")) == (400, "invalid_body")


@pytest.mark.parametrize("body", [b"\x00" * 100, b"\xff\xfe\x00", b"PK\x03\x04broken", b"[" * 10_000, b'"a'])
def test_a_hostile_file_is_refused_by_the_worker(shop: Partner, body: bytes) -> None:
    answer = shop.post("bulk/products", body, content_type="application/octet-stream")
    address = work(answer)

    told = shop.get(address).json()
    assert told["state"] == "refused"
    assert told["refusal"]["code"]
    assert json.loads(b"".join(shop.get(f"{address}/result").streaming_content))["refused"]["sentence"]


def test_the_examples_of_what_is_sent_are_taken(shop: Partner) -> None:
    body = openapi_document()["paths"]["/api/v1/bulk/products"]["post"]["requestBody"]["content"]
    found = {}
    for kind in ("text/csv", "application/x-ndjson"):
        (example,) = body[kind]["examples"].values()
        answer = shop.post("bulk/products?dry_run=true&currency=USD", example["value"], content_type=kind)
        told = shop.get(work(answer)).json()
        found[kind] = told["format"], told["state"], told["progress"]["products"]["read"]
        assert told["refusal"] is None

    assert found == {"text/csv": ("shopify", "done", 1), "application/x-ndjson": ("jsonl", "done", 1)}
    assert told["progress"]["products"]["created"] == 1
