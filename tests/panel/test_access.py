"""Who gets what of the panel: route × who × status. A route without a row fails."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from campaigns.own import create_own_campaign
from catalog.importing.runs import start_import
from catalog.models import Image, ImportRun, Variant
from fans.models import Review
from licensing.approvals.drafts import add_file, start_draft
from licensing.approvals.versions import start_version
from licensing.models import Certificate, Statement
from merchants import invitations, onboarding
from merchants.keys import make_key
from merchants.letters import digest_of
from merchants.models import Merchant, Requirement
from merchants.webhooks import add_endpoint, send_test
from merchstore.panel.urls import urlpatterns
from orders.models import Parcel, Payout, Return, Shipment
from orders.returning import announce_return
from orders.shipping import mark_delivered, ship
from tests.campaigns.joining import document
from tests.catalog.importing_goods import MAPPING, table
from tests.factories import make_user
from tests.licensing.approving import picture
from tests.panel.conftest import signed_in
from tests.undoing import same_browser, undone

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
    "campaigns": ("get", "/panel/en/{merchant}/campaigns/", 302, 404, 200, 200),
    "new_campaign": ("get", "/panel/en/{merchant}/campaigns/new/", 302, 404, 403, 200),
    "campaign": ("get", "/panel/en/{merchant}/campaigns/{campaign}/", 302, 404, 200, 200),
    "campaign_edit": ("get", "/panel/en/{merchant}/campaigns/{campaign}/edit/", 302, 404, 403, 200),
    "campaign_progress": ("get", "/panel/en/{merchant}/campaigns/{campaign}/progress/", 302, 404, 200, 200),
    "campaign_offer": ("post", "/panel/en/{merchant}/campaigns/{campaign}/offer/", 302, 404, 403, 422),
    "campaign_withdraw": ("post", "/panel/en/{merchant}/campaigns/{campaign}/withdraw/", 302, 404, 403, 302),
    "campaign_send": ("post", "/panel/en/{merchant}/campaigns/{campaign}/send/", 302, 404, 403, 422),
    "campaign_ask": ("post", "/panel/en/{merchant}/campaigns/{campaign}/roll-back/", 302, 404, 403, 422),
    "orders": ("get", "/panel/en/{merchant}/orders/", 302, 404, 200, 200),
    "order_pick": ("get", "/panel/en/{merchant}/orders/pick.csv", 302, 404, 200, 200),
    "order": ("get", "/panel/en/{merchant}/orders/{parcel}/", 302, 404, 200, 200),
    "order_ship": ("post", "/panel/en/{merchant}/orders/{parcel}/ship/", 302, 404, 403, 422),
    "order_cancel": ("post", "/panel/en/{merchant}/orders/{parcel}/cancel/", 302, 404, 403, 422),
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
    "approvals": ("get", "/panel/en/{merchant}/approvals/", 302, 404, 200, 200),
    "new_approval": ("get", "/panel/en/{merchant}/approvals/new/", 302, 404, 403, 200),
    "approval": ("get", "/panel/en/{merchant}/approvals/versions/{version}/", 302, 404, 200, 200),
    "approval_draft": ("post", "/panel/en/{merchant}/approvals/versions/{version}/draft/", 302, 404, 403, 404),
    "approval_withdraw": ("post", "/panel/en/{merchant}/approvals/versions/{version}/withdraw/", 302, 404, 403, 302),
    "approval_certificate": ("get", "/panel/en/{merchant}/approvals/certificates/{certificate}/", 302, 404, 200, 200),
    "round": ("get", "/panel/en/{merchant}/approvals/rounds/{shown}/", 302, 404, 200, 200),
    "round_write": ("post", "/panel/en/{merchant}/approvals/rounds/{shown}/write/", 302, 404, 403, 302),
    "round_discard": ("post", "/panel/en/{merchant}/approvals/rounds/{shown}/discard/", 302, 404, 403, 302),
    "round_remark": ("post", "/panel/en/{merchant}/approvals/rounds/{shown}/comments/", 302, 404, 403, 422),
    "round_file": ("get", "/panel/en/{merchant}/approvals/rounds/{shown}/files/{file}/", 302, 404, 200, 200),
    "keys": ("get", "/panel/en/{merchant}/keys/", 302, 404, 403, 200),
    "new_key": ("get", "/panel/en/{merchant}/keys/new/", 302, 404, 403, 200),
    "key_replace": ("get", "/panel/en/{merchant}/keys/{key}/replace/", 302, 404, 403, 200),
    "key_revoke": ("post", "/panel/en/{merchant}/keys/{key}/revoke/", 302, 404, 403, 302),
    "sandbox": ("post", "/panel/en/{merchant}/keys/sandbox/", 302, 404, 403, 302),
    "royalties": ("get", "/panel/en/{merchant}/royalties/{licence}/", 302, 404, 200, 200),
    "payouts": ("get", "/panel/en/{merchant}/payouts/", 302, 404, 200, 200),
    "payout": ("get", "/panel/en/{merchant}/payouts/{payout}/", 302, 404, 200, 200),
    "order_sheet": ("get", "/panel/en/{merchant}/orders/pick/", 302, 404, 200, 200),
    "order_slip": ("get", "/panel/en/{merchant}/orders/{parcel}/shipments/{shipment}/slip/", 302, 404, 403, 200),
    "webhooks": ("get", "/panel/en/{merchant}/webhooks/", 302, 404, 403, 200),
    "new_webhook": ("get", "/panel/en/{merchant}/webhooks/new/", 302, 404, 403, 200),
    "webhook": ("get", "/panel/en/{merchant}/webhooks/{endpoint}/", 302, 404, 403, 200),
    "webhook_edit": ("post", "/panel/en/{merchant}/webhooks/{endpoint}/edit/", 302, 404, 403, 422),
    "webhook_rotate": ("post", "/panel/en/{merchant}/webhooks/{endpoint}/rotate/", 302, 404, 403, 200),
    "webhook_test": ("post", "/panel/en/{merchant}/webhooks/{endpoint}/test/", 302, 404, 403, 302),
    "webhook_verb": ("post", "/panel/en/{merchant}/webhooks/{endpoint}/enable/", 302, 404, 403, 422),
    "delivery": ("get", "/panel/en/{merchant}/webhooks/deliveries/{delivery}/", 302, 404, 403, 200),
    "delivery_redeliver": (
        "post",
        "/panel/en/{merchant}/webhooks/deliveries/{delivery}/redeliver/",
        302,
        404,
        403,
        422,
    ),
    "import_columns": ("get", "/panel/en/{merchant}/imports/{run}/columns/", 302, 404, 403, 404),
    "apply": ("get", "/panel/en/apply/", 200, 200, 200, 200),
    "applied": ("get", "/panel/en/apply/sent/", 200, 200, 200, 200),
    "apply_confirm": ("get", "/panel/en/apply/{application}/", 200, 200, 200, 200),
    "invitation": ("get", "/panel/en/invitations/{token}/", 200, 200, 200, 200),
    "checklist": ("get", "/panel/en/{merchant}/checklist/", 302, 404, 200, 200),
    "ask_review": ("post", "/panel/en/{merchant}/checklist/review/", 302, 404, 403, 422),
    "requirement": ("get", "/panel/en/{merchant}/checklist/{requirement}/", 302, 404, 200, 200),
    "requirement_file": ("get", "/panel/en/{merchant}/checklist/files/{submittal}/", 302, 404, 403, 200),
    "members": ("get", "/panel/en/{merchant}/members/", 302, 404, 403, 200),
    "invite": ("post", "/panel/en/{merchant}/members/invite/", 302, 404, 403, 422),
    "member_role": ("post", "/panel/en/{merchant}/members/{member}/role/", 302, 404, 403, 422),
    "member_remove": ("post", "/panel/en/{merchant}/members/{member}/remove/", 302, 404, 403, 422),
    "invitation_verb": (
        "post",
        "/panel/en/{merchant}/members/invitations/{invitation}/revoke/",
        302,
        404,
        403,
        302,
    ),
    "audit": ("get", "/panel/en/{merchant}/audit/", 302, 404, 403, 200),
    "home": ("get", "/panel/en/{merchant}/", 302, 404, 200, 200),
    "rights": ("get", "/panel/en/{merchant}/rights/", 302, 404, 200, 200),
    "products": ("get", "/panel/en/{merchant}/products/", 302, 404, 200, 200),
    "new_product": ("get", "/panel/en/{merchant}/products/new/", 302, 404, 403, 200),
    "reviews": ("get", "/panel/en/{merchant}/reviews/", 302, 404, 200, 200),
    "review_answer": ("post", "/panel/en/{merchant}/reviews/{review}/answer/", 302, 404, 403, 422),
    "size_guides": ("get", "/panel/en/{merchant}/size-guides/", 302, 404, 200, 200),
    "new_size_guide": ("get", "/panel/en/{merchant}/size-guides/new/", 302, 404, 403, 200),
    "size_guide": ("get", "/panel/en/{merchant}/size-guides/{guide}/", 302, 404, 403, 200),
    "products_edit": ("post", "/panel/en/{merchant}/products/edit/", 302, 404, 403, 422),
    "product": ("get", "/panel/en/{merchant}/products/{product}/", 302, 404, 200, 200),
    "product_mockups": ("get", "/panel/en/{merchant}/products/{product}/mockups/", 302, 404, 403, 200),
    "product_preview": ("get", "/panel/en/{merchant}/products/{product}/preview/", 302, 404, 200, 200),
    "product_price": ("post", "/panel/en/{merchant}/products/{product}/prices/", 302, 404, 403, 422),
    "price_withdraw": ("post", "/panel/en/{merchant}/products/{product}/prices/{price}/withdraw/", 302, 404, 403, 422),
    "product_variant": ("post", "/panel/en/{merchant}/products/{product}/variants/", 302, 404, 403, 422),
    "variant_edit": ("post", "/panel/en/{merchant}/products/{product}/variants/{variant}/edit/", 302, 404, 403, 422),
    "variant_remove": (
        "post",
        "/panel/en/{merchant}/products/{product}/variants/{variant}/remove/",
        302,
        404,
        403,
        422,
    ),
    "product_stock": ("post", "/panel/en/{merchant}/products/{product}/stock/{variant}/", 302, 404, 403, 422),
    "product_stock_terms": (
        "post",
        "/panel/en/{merchant}/products/{product}/stock/{variant}/limits/",
        302,
        404,
        403,
        422,
    ),
    "product_image_new": ("post", "/panel/en/{merchant}/products/{product}/images/", 302, 404, 403, 422),
    "product_image": ("post", "/panel/en/{merchant}/products/{product}/images/{image}/edit/", 302, 404, 403, 422),
    "product_verb": ("post", "/panel/en/{merchant}/products/{product}/activate/", 302, 404, 403, 422),
    "audit_csv": ("get", "/panel/en/{merchant}/audit.csv", 302, 404, 403, 200),
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


@pytest.fixture
def shelf(goods: Variant) -> dict[str, str]:
    """A product with a variant, a price that has begun and a picture."""
    image = Image.objects.create(product=goods.product, file="goods/mug.svg")
    fan = make_user("fan", is_staff=False, is_superuser=False)
    told = {"state": "shown", "decided_at": timezone.now(), "written_at": timezone.now(), "language": "en"}
    review = Review.objects.create(product=goods.product, user=fan, stars=4, title="Warm", **told)
    guide = goods.product.merchant.size_guides.create(name_en="Mugs", columns_en=["Size"], rows=[["One"]])
    return {
        "guide": guide.public_id,
        "review": review.public_id,
        "product": goods.product.public_id,
        "variant": goods.public_id,
        "price": str(goods.prices.get().pk),
        "image": image.public_id,
    }


@pytest.fixture
def papers(merchant: Merchant, owner: Client) -> dict[str, str]:
    """An article in approval with a draft, and what else a merchant has one of."""
    user, at, licence = merchant.members.get(role="owner").user, timezone.now(), merchant.licences.get()
    version = start_version(licence, "MUG-2", by=user, at=at)
    shown = start_draft(version.submissions.get(track="product"), by=user, at=at)
    paper = Certificate.objects.create(article=version.article, licence=licence, version=9, issued_at=at)
    endpoint = add_endpoint(merchant, url="https://hooks.example.com/", by=None, at=at).endpoint
    payout = Payout.objects.create(merchant=merchant, currency="USD", amount=1, reference="OUT", made_at=at)
    campaign = create_own_campaign(merchant, "mugs", document(rule={"categories": ["nothing-is-in-it"]}), by=None)
    return {
        "campaign": campaign.public_id,
        "version": version.public_id,
        "shown": shown.public_id,
        "file": add_file(shown, picture(), kind="artwork", name="a.png", by=user, at=at).public_id,
        "certificate": paper.public_id,
        "key": make_key(merchant, name="K", scopes=["orders:read"], by=None, at=at).key.public_id,
        "licence": licence.public_id,
        "payout": payout.public_id,
        "endpoint": endpoint.public_id,
        "delivery": send_test(endpoint, by=None, at=at).public_id,
    }


@pytest.fixture
def people(merchant: Merchant, owner: Client, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The owner, somebody who is invited, somebody who applies, and a paper that was handed in."""
    at, user = timezone.now(), merchant.members.get(role="owner").user
    tokens = ["a" * 43, "b" * 43]
    waiting = iter(tokens)
    for module in (invitations, onboarding):
        monkeypatch.setattr(module, "new_token", lambda: (lambda token: (token, digest_of(token)))(next(waiting)))
    asked = {"email": "lin@mill.example", "language": "en"}
    invitation = invitations.invite(merchant, **asked, role="orders", by=None, at=at)
    onboarding.apply(**asked, company="Mill", country="DE", contact="Lin", interest="", at=at)
    point = Requirement.objects.create(kind="document", name_en="Licence", name_zh="执照")
    paper = onboarding.give(merchant, point, by=user, at=at, file=("a.pdf", b"%PDF-1.7\n%%EOF\n"))
    return {
        "token": tokens[0],
        "application": tokens[1],
        "invitation": invitation.public_id,
        "member": user.public_id,
        "requirement": point.public_id,
        "submittal": paper.public_id,
    }


def test_every_route_has_a_row() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ACCESS)


def test_access(
    subtests: pytest.Subtests,
    merchant: Merchant,
    run: ImportRun,
    statement: Statement,
    trade: dict[str, str],
    papers: dict[str, str],
    people: dict[str, str],
    shelf: dict[str, str],
    rival: Client,
    reader: Client,
    owner: Client,
) -> None:
    names = {"merchant": merchant.slug, "run": run.public_id, "statement": statement.public_id}
    names |= trade | papers | people | shelf
    for name in ACCESS:
        with subtests.test(name), undone():
            _access(name, names, merchant, [Client(), *(same_browser(who) for who in (rival, reader, owner))])


def _access(name: str, names: dict[str, str], merchant: Merchant, clients: list[Client]) -> None:
    method, address, *statuses = ACCESS[name]
    answers = [getattr(who, method)(address.format(**names)) for who in clients]
    for answer in answers:
        if answer.streaming:
            b"".join(answer.streaming_content)  # read to its end, its file is closed

    assert [answer.status_code for answer in answers] == statuses
    assert ImportRun.objects.get().state == "waiting"
    mine = {"parcel__merchant": merchant}
    assert (Shipment.objects.filter(**mine).count(), Return.objects.get(**mine).state) == (1, "requested")
    if "{merchant}" in address:
        assert answers[0]["Location"].startswith("/panel/en/sign-in/?next=")
        assert statuses[3] == 404 or answers[3]["Cache-Control"] == "private, no-store"


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
