"""Clients that other people have written: cases made from the schema, and a client generated from it.

`make test` asks a few cases of each operation, `make fuzz` thousands.
"""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.importing.run import run_import
from catalog.importing.runs import save_preset
from catalog.models import ImportRun, Product
from licensing.approvals import reviewing
from licensing.models import ArticleVersion, Licence, Round, Statement
from merchants.models import Merchant, PartnerKey
from merchstore.api.urls import urlpatterns
from scripts.steps import BIN, ROOT
from tests.api.conftest import make_partner
from tests.catalog.importing_goods import MAPPING, table
from tests.licensing.approving import approver, member, pass_version, picture
from tests.orders.conftest import sells
from tests.panel.conftest import merchant, order_of, statement
from tests.system.everything import name_of, one_of_everything, template

__all__ = ["merchant", "statement"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

#: Cases of each operation, and those that follow from the schema's bounds; how many there have to be at least in all.
CASES = int(os.environ.get("MERCHSTORE_API_CASES", "0"))
# Two for each operation, where so many can be made up.
LEAST = 5_000 if CASES else 150
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture
def things(settings: Any) -> dict[str, str]:
    """What there is of a merchant who has one of everything; nobody is asked to wait."""
    settings.API_RATE = settings.API_BULK_RATE = (10**6, 60)
    return one_of_everything()


def test_schemathesis_finds_no_undeclared_answer(live_server: Any, things: dict[str, str], tmp_path: Path) -> None:
    """Made-up requests, good and bad, and journeys from one to the next: no 5xx, nothing that the schema does not say."""
    merchant = Merchant.objects.get(slug=things["merchant"])
    secret = make_partner(merchant, scopes=list(PartnerKey.Scope.values)).secret
    command = [
        BIN / "st", "run", f"{live_server.url}/api/v1/schema", "--header", f"Authorization:Bearer {secret}",
        "--checks", ",".join(CHECKS), "--max-examples", str(CASES or 2), "--generation-deterministic", "--no-color",
        "--phases", "examples,coverage,fuzzing,stateful" if CASES else "fuzzing,stateful", "--request-timeout", "30",
    ]  # fmt: skip
    environ = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.system.api_cases",
        "PYTHONPATH": str(ROOT),
        "MERCHSTORE_NAMES": json.dumps(names_by_address(things)),
    }
    answer = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=3_000)

    assert answer.returncode == 0, answer.stdout[-9_000:] + answer.stderr[-1_000:]
    counted = re.search(r"(\d+) generated, (\d+) passed", answer.stdout)
    assert counted is not None
    assert counted[1] == counted[2]
    assert int(counted[1]) >= LEAST
    print(counted[0])  # noqa: T201 — with -s: how many cases there were


def names_by_address(things: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each address of the API what its parts are, so that something is found there."""
    found = {}
    for pattern in urlpatterns:
        address = template("api/v1/" + str(pattern.pattern))
        if "{name}" in address:
            found[address] = things | {"name": name_of(pattern.name, things)}
    return found


@pytest.fixture
def api(live_server: Any, tmp_path: Path) -> Iterator[Any]:
    """The client that openapi-python-client makes of the schema; `api("products.create_own_product")` is one of its verbs."""
    schema, config, name = tmp_path / "schema.json", tmp_path / "config.yaml", "generated_client"
    asked = subprocess.run(["curl", "-sf", f"{live_server.url}/api/v1/schema"], capture_output=True, check=True)
    schema.write_bytes(asked.stdout)
    config.write_text("post_hooks: []\n")
    command = [BIN / "openapi-python-client", "generate", "--path", schema, "--meta", "none", "--config", config]
    subprocess.run([*command, "--output-path", tmp_path / name], capture_output=True, check=True)
    sys.path.insert(0, str(tmp_path))
    yield lambda module: import_module(f"{name}.{module}")
    sys.path.remove(str(tmp_path))
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def test_a_generated_client_goes_the_whole_way(
    api: Any, live_server: Any, merchant: Merchant, statement: Statement
) -> None:
    """List films, create a product, bring a file in, submit it, see the rights, send an order, read a statement."""
    partner = make_partner(merchant, scopes=list(PartnerKey.Scope.values))
    with api("client").AuthenticatedClient(base_url=live_server.url, token=partner.secret) as client:
        go(api, client, merchant, statement)


def submit(api: Any, client: Any, merchant: Merchant) -> None:
    """The lamp on its way to approval: by program as far as a merchant goes, decided by the licensor's people. How the stages
    after the first are passed is told elsewhere (tests/api/test_submissions.py)."""
    shapes, licence = api("models"), merchant.licences.get()

    def done(verb: str, *where: str, status: int, **told: Any) -> Any:
        answer = api(f"api.submissions.{verb}").sync_detailed(*where, client=client, **told)
        assert answer.status_code == status, answer.content
        return answer

    wanted = shapes.NewSubmissionShape(licence=licence.public_id, sku="LAMP")
    begun = done("start_submission", status=201, body=wanted, idempotency_key="begin").parsed
    draft = (begun.id, "product")
    etag = done("start_draft_of_submission", *draft, status=201, idempotency_key="draft").headers["ETag"]
    spec = shapes.SpecShape(description="A lamp", art="Lantern, p. 12")
    text = shapes.DraftShape(spec=spec, legal_line_en="© 2016 the owners")
    done("write_the_draft_of_submission", *draft, status=200, body=text, if_match=etag)
    file = api("types").File(payload=io.BytesIO(picture()), file_name="lamp.png", mime_type="image/png")
    form = shapes.EvidenceForm(file=file, kind=shapes.EvidenceKindEnum("artwork"))
    done("add_file_to_the_draft_of_submission", *draft, status=201, body=form, idempotency_key="art")
    submitted = done("submit_the_draft_of_submission", *draft, status=200, idempotency_key="submit").parsed
    assert submitted.tracks[0].waits_for == "licensor"

    people, shown = approver(), Round.objects.get(submission__version__public_id=begun.id, state="submitted")
    at = timezone.now()
    reviewing.approve(reviewing.open_round(shown, by=people, at=at), by=people, at=at)
    version = ArticleVersion.objects.get(public_id=begun.id)
    pass_version(version, member(licence), people)
    assert api("api.submissions.get_submission").sync(begun.id, client=client).state == "final_approved"


def go(api: Any, client: Any, merchant: Merchant, statement: Statement) -> None:
    shapes = api("models")
    Licence.objects.update(needs_approval=True, legal_line_en="© 2016 the owners")

    films = api("api.films.list_films").sync(client=client)
    assert [film.slug for film in films.data] == ["the-ferryman"]

    price = shapes.Money(amount="12.50", currency="USD")
    prices = shapes.NewVariantShapePrices()
    prices.additional_properties = {"us": price}
    variant = shapes.NewVariantShape(sku="LAMP", prices=prices, stock=5)
    wanted = shapes.ProductShape(
        sku="LAMP", film="the-ferryman", category="mugs", title_en="Ferry lamp", variants=[variant],
        licence=merchant.licences.get().public_id,
    )  # fmt: skip
    made = api("api.products.create_own_product").sync_detailed(client=client, body=wanted, idempotency_key="lamp")
    assert made.status_code == 201, made.content
    lamp = made.parsed
    activated = api("api.products.activate_own_product").sync_detailed(
        lamp.id, client=client, idempotency_key="activate"
    )
    assert (activated.status_code, activated.parsed.state) == (200, "active")

    save_preset(merchant, "shop", MAPPING, by=None)
    file = api("types").File(payload=io.BytesIO(table("A,Ferry mug,12.50,5,S,,").encode()), file_name="goods.csv")
    sent = api("api.products.bring_in_products").sync_detailed(
        client=client, body=file, preset="shop", format_=shapes.BringInProductsFormat("csv"), idempotency_key="file"
    )
    assert sent.status_code == 202, sent.content
    run_import(ImportRun.objects.get(public_id=sent.parsed.id).pk)
    run = api("api.runs.get_bulk_run").sync(sent.parsed.id, client=client)
    assert (run.state, run.progress.products.created) == ("done", 1)

    def may_be_sold() -> list[bool]:
        asked = api("api.rights.ask_for_rights").sync(client=client, product=lamp.id, country="US")
        return [decision.allowed for decision in asked.decisions]

    assert may_be_sold() == [False] * 3
    submit(api, client, merchant)
    assert may_be_sold() == [True] * 3

    product = Product.objects.get(public_id=lamp.id)
    sells(product)
    parcel = order_of(product.variants.get(), 2).parcels.get()
    orders = api("api.orders.list_orders").sync(client=client)
    assert [order.id for order in orders.data] == [parcel.public_id]
    body = shapes.ShipmentShape(lines=[shapes.PiecesShape(pieces=2, sku="LAMP")], carrier="SF", tracking_number="SF1")
    shipped = api("api.orders.send_pieces_of_order").sync_detailed(
        parcel.public_id, client=client, body=body, idempotency_key="ship"
    )
    assert shipped.status_code == 201, shipped.content
    order = api("api.orders.get_order").sync(parcel.public_id, client=client)
    assert [(line.ordered, line.sent) for line in order.lines] == [(2, 2)]

    statements = api("api.statements.list_statements").sync(client=client)
    assert [row.id for row in statements.data] == [statement.public_id]
    assert api("api.statements.get_statement").sync(statement.public_id, client=client).id == statement.public_id
