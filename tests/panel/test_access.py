"""Who gets what of the panel: route × who × status. A route without a row fails."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from catalog.importing.runs import start_import
from catalog.models import ImportRun
from licensing.models import Statement
from merchants.models import Merchant
from merchstore.panel.urls import urlpatterns
from orders.models import Parcel, Return, Shipment
from orders.returning import announce_return
from orders.shipping import mark_delivered, ship
from tests.catalog.importing_goods import MAPPING, table
from tests.panel.conftest import signed_in

#: By the route's name: method, address, and the status for a stranger, a rival, a reader and the owner.
ACCESS = {
    "merchants": ("get", "/panel/en/", 302, 302, 302, 302),
    "sign_in": ("get", "/panel/en/sign-in/", 200, 302, 302, 302),
    "sign_out": ("post", "/panel/en/sign-out/", 302, 302, 302, 302),
    "imports": ("get", "/panel/en/{merchant}/imports/", 302, 404, 200, 200),
    "new_import": ("get", "/panel/en/{merchant}/imports/new/", 302, 404, 403, 200),
    "import": ("get", "/panel/en/{merchant}/imports/{run}/", 302, 404, 200, 200),
    "import_progress": ("get", "/panel/en/{merchant}/imports/{run}/progress/", 302, 404, 200, 200),
    "import_report": ("get", "/panel/en/{merchant}/imports/{run}/report.json", 302, 404, 200, 200),
    "orders": ("get", "/panel/en/{merchant}/orders/", 302, 404, 200, 200),
    "order_pick": ("get", "/panel/en/{merchant}/orders/pick.csv", 302, 404, 200, 200),
    "order": ("get", "/panel/en/{merchant}/orders/{parcel}/", 302, 404, 200, 200),
    "order_ship": ("post", "/panel/en/{merchant}/orders/{parcel}/ship/", 302, 404, 403, 422),
    "order_delivered": (
        "post",
        "/panel/en/{merchant}/orders/{parcel}/shipments/{shipment}/delivered/",
        302,
        404,
        403,
        422,
    ),
    "return_receive": ("post", "/panel/en/{merchant}/orders/{parcel}/returns/{returned}/receive/", 302, 404, 403, 422),
    "return_refuse": ("post", "/panel/en/{merchant}/orders/{parcel}/returns/{returned}/refuse/", 302, 404, 403, 422),
    "statements": ("get", "/panel/en/{merchant}/statements/", 302, 404, 200, 200),
    "statement": ("get", "/panel/en/{merchant}/statements/{statement}/", 302, 404, 200, 200),
    "statement_lines": ("get", "/panel/en/{merchant}/statements/{statement}/lines/0/", 302, 404, 200, 200),
    "statement_csv": ("get", "/panel/en/{merchant}/statements/{statement}.csv", 302, 404, 200, 200),
    "statement_pdf": ("get", "/panel/en/{merchant}/statements/{statement}.pdf", 302, 404, 200, 200),
    "import_verb": ("post", "/panel/en/{merchant}/imports/{run}/undo/", 302, 404, 403, 422),
}


@pytest.fixture
def run(merchant: Merchant) -> ImportRun:
    """Waits for a worker."""
    file = SimpleUploadedFile("goods.csv", table("A,Ferry mug,12.50,5,S,,").encode())
    return start_import(merchant, file, {"mapping": MAPPING}, by=None)


@pytest.fixture
def trade(parcel: Parcel) -> dict[str, str]:
    """A parcel, one piece of which has arrived and is to come back."""
    line, at = parcel.lines.get(), timezone.now()
    shipment = ship(parcel, {line: 1}, by=None, at=at)
    mark_delivered(shipment, by=None, at=at)
    returned = announce_return(parcel, {line: 1}, reason="wrong", by=None, at=at)
    return {"parcel": parcel.public_id, "shipment": shipment.public_id, "returned": returned.public_id}


def test_every_route_has_a_row() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ACCESS)


@pytest.mark.dialect
@pytest.mark.parametrize("name", ACCESS)
def test_access(
    name: str,
    merchant: Merchant,
    run: ImportRun,
    statement: Statement,
    trade: dict[str, str],
    rival: Client,
    reader: Client,
    owner: Client,
) -> None:
    method, address, *statuses = ACCESS[name]
    address = address.format(merchant=merchant.slug, run=run.public_id, statement=statement.public_id, **trade)

    answers = [getattr(who, method)(address) for who in (Client(), rival, reader, owner)]

    assert [answer.status_code for answer in answers] == statuses
    assert ImportRun.objects.get().state == "waiting"
    assert (Shipment.objects.count(), Return.objects.get().state) == (1, "requested")
    if "{merchant}" in ACCESS[name][1]:
        assert answers[0]["Location"].startswith("/panel/en/sign-in/?next=")
        assert answers[3]["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("end", ["/", "/lines/0/", ".csv", ".pdf"])
def test_a_statement_of_another_merchant_is_not_there_in_ones_own_rooms(
    rival: Client, owner: Client, statement: Statement, end: str
) -> None:
    assert rival.get("/panel/en/rival/statements/").status_code == 200
    assert rival.get(f"/panel/en/rival/statements/{statement.public_id}{end}").status_code == 404


@pytest.mark.parametrize("role, status", [("catalogue", 403), ("orders", 403), ("finance", 200), ("read_only", 200)])
def test_what_is_owed_is_for_those_who_deal_with_money(
    merchant: Merchant, statement: Statement, role: str, status: int
) -> None:
    client = signed_in(merchant, role)

    assert client.get(f"/panel/en/{merchant.slug}/statements/").status_code == status
    assert client.get(f"/panel/en/{merchant.slug}/statements/{statement.public_id}.csv").status_code == status
    links = client.get(f"/panel/en/{merchant.slug}/imports/").content.decode()
    assert (f"/panel/en/{merchant.slug}/statements/" in links) == (status == 200)


def test_a_run_of_another_merchant_is_not_there_in_ones_own_rooms(rival: Client, run: ImportRun) -> None:
    assert rival.get("/panel/en/rival/imports/").status_code == 200
    assert rival.get(f"/panel/en/rival/imports/{run.public_id}/").status_code == 404
    assert rival.post(f"/panel/en/rival/imports/{run.public_id}/undo/").status_code == 404


@pytest.mark.parametrize("address", ["imports/{run}/undo/", "imports/new/"])
def test_what_writes_needs_the_token_of_its_form(
    address: str, merchant: Merchant, run: ImportRun, owner: Client
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.cookies

    answer = strict.post(f"/panel/en/{merchant.slug}/" + address.format(run=run.public_id))

    assert answer.status_code == 403
    assert ImportRun.objects.count() == 1
