"""Coming in as a merchant: the application, the checklist, the review, in the panel and at the desk."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.letters import send_letters
from accounts.models import AuditEntry, Letter
from merchants.models import Application, Merchant, Requirement, Submittal
from tests.factories import make_merchant, make_user
from tests.panel.conftest import signed_in

PASSWORD = "a long enough secret"
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
APPLICATION = {
    "company": "Silver Mill", "country": "DE", "contact": "Ming", "email": "Ming@mill.example", "interest": "Mugs",
}  # fmt: skip


def requirement(kind: str, **fields: Any) -> Requirement:
    names = {"name_en": kind.title(), "name_zh": "要求"}
    return Requirement.objects.create(kind=kind, **names | fields)


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant("mill", state="applied", country="DE")


def letter(pattern: str) -> str:
    send_letters(at=timezone.now())
    found = re.search(r"http://[^/]+(/panel/(?:en|zh)/" + pattern + r"/\S+/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_an_application_becomes_a_merchant_when_its_letter_is_followed(client: Client, db: None) -> None:
    sent = client.post("/panel/zh/apply/", APPLICATION)
    nothing_yet = Merchant.objects.count()
    link = letter("apply")
    page = client.get(link)
    looked = Merchant.objects.count()
    confirmed = client.post(link)
    done = client.post(confirmed["Location"], {"name": "Ming", "password": PASSWORD})

    assert sent["Location"] == "/panel/zh/apply/sent/"
    assert (nothing_yet, page.status_code, looked) == (0, 200, 0)
    merchant = Merchant.objects.get()
    assert (merchant.slug, merchant.state, merchant.country) == ("silver-mill", "applied", "DE")
    assert merchant.members.get().role == "owner"
    assert done["Location"] == "/panel/zh/silver-mill/checklist/"
    assert client.get(done["Location"]).status_code == 200
    assert client.get("/panel/zh/silver-mill/orders/")["Location"] == "/panel/zh/silver-mill/checklist/"
    assert client.post(link).status_code == 404


def test_nobody_learns_from_an_application_who_has_an_account(client: Client, db: None) -> None:
    make_merchant("mill").members.create(user=signed_in_user("ming@mill.example"), role="owner")

    known = client.post("/panel/en/apply/", APPLICATION)
    unknown = client.post("/panel/en/apply/", APPLICATION | {"email": "new@mill.example"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert Application.objects.count() == 2


def signed_in_user(email: str) -> Any:
    return make_user("ming", is_staff=False, is_superuser=False, email=email)


def test_one_address_is_not_flooded(client: Client, db: None) -> None:
    answers = [client.post("/panel/en/apply/", APPLICATION)["Location"] for _ in range(5)]

    assert set(answers) == {"/panel/en/apply/sent/"}
    assert Letter.objects.count() == 3


def test_the_checklist_is_given_returned_given_again_and_approved(
    merchant: Merchant, owner: Client, admin_client: Client
) -> None:
    company, paper = requirement("company"), requirement("document", has_expiry=True)
    requirement("tax", countries=["CN"])
    told = {"legal_name": "Silver Mill GmbH", "registration_number": "HRB 1", "address": "Ufer 2"}
    at = "/panel/en/mill/checklist/"

    early = owner.post(f"{at}review/")
    owner.post(f"{at}{company.public_id}/", told)
    upload = SimpleUploadedFile("licence.pdf", PDF)
    given = owner.post(f"{at}{paper.public_id}/", {"file": upload, "expires_on": "2030-01-31"})
    asked = owner.post(f"{at}review/")
    merchant.refresh_from_db()
    rows = {row.requirement_id: row for row in Submittal.objects.all()}
    refused = admin_client.post(f"/desk/merchants/merchant/{merchant.pk}/do/approve/", {"reason": ""})
    for row in rows.values():
        admin_client.post(f"/desk/merchants/submittal/{row.pk}/do/accept/")
    approved = admin_client.post(f"/desk/merchants/merchant/{merchant.pk}/do/approve/", {"reason": "Welcome"})

    assert (early.status_code, given.status_code, asked.status_code) == (422, 302, 302)
    assert merchant.state == "in_review"
    assert refused.status_code in (409, 422)
    assert approved.status_code == 302
    merchant.refresh_from_db()
    assert (merchant.state, str(merchant.documents_expire_on)) == ("approved", "2030-01-31")
    assert owner.get("/panel/en/mill/orders/").status_code == 200


def test_what_is_returned_comes_with_a_reason_and_a_letter(
    merchant: Merchant, owner: Client, admin_client: Client
) -> None:
    merchant.members.get().user.__class__.objects.update(email="ming@mill.example")
    company = requirement("company")
    address = f"/panel/en/mill/checklist/{company.public_id}/"
    owner.post(address, {"legal_name": "X", "registration_number": "1", "address": "Y"})
    row = Submittal.objects.get()

    without = admin_client.post(f"/desk/merchants/submittal/{row.pk}/do/return/", {"reason": " "})
    admin_client.post(f"/desk/merchants/submittal/{row.pk}/do/return/", {"reason": "The full name, please."})

    assert without.status_code == 422
    row.refresh_from_db()
    assert (row.state, row.reason) == ("returned", "The full name, please.")
    assert "The full name, please." in owner.get("/panel/en/mill/checklist/").content.decode()
    assert Letter.objects.get(template="merchant_requirement_returned").to == "ming@mill.example"


def test_numbers_are_sealed_shown_masked_and_never_in_the_trail(
    merchant: Merchant, owner: Client, admin_client: Client
) -> None:
    bank = requirement("bank")
    iban = "DE89370400440532013000"
    told = {"account_holder": "Silver Mill", "bank": "Sparkasse", "account_number": iban}

    owner.post(f"/panel/en/mill/checklist/{bank.public_id}/", told)

    row = Submittal.objects.get()
    shown = owner.get(f"/panel/en/mill/checklist/{bank.public_id}/").content.decode()
    assert iban not in shown
    assert "•••• 3000" in shown
    assert iban not in f"{row.values}{row.sealed}"
    assert iban not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert iban in admin_client.get(f"/desk/merchants/submittal/{row.pk}/change/").content.decode()
    assert (
        "3000" not in signed_in(merchant, "finance").get(f"/panel/en/mill/checklist/{bank.public_id}/").content.decode()
    )


@pytest.mark.parametrize(
    "content", [b"<svg onload=alert(1)>", b"MZ\x90\x00", b"%PDF-1.7 cut off", b"\x89PNG\r\n\x1a\nbroken"]
)
def test_a_file_is_what_its_bytes_say(content: bytes, merchant: Merchant, owner: Client) -> None:
    paper = requirement("document")

    answer = owner.post(
        f"/panel/en/mill/checklist/{paper.public_id}/", {"file": SimpleUploadedFile("paper.pdf", content)}
    )

    assert answer.status_code == 422
    assert not Submittal.objects.exists()


def test_a_paper_is_saved_never_shown_and_its_own_merchants(merchant: Merchant, owner: Client, rival: Client) -> None:
    paper = requirement("document")
    owner.post(f"/panel/en/mill/checklist/{paper.public_id}/", {"file": SimpleUploadedFile("a.pdf", PDF)})
    row = Submittal.objects.get()

    own = owner.get(f"/panel/en/mill/checklist/files/{row.public_id}/")
    theirs = [rival.get(f"/panel/en/{slug}/checklist/files/{row.public_id}/") for slug in ("mill", "rival")]

    assert b"".join(own.streaming_content) == PDF  # type: ignore[attr-defined]
    assert own["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert own["Content-Type"] == "application/octet-stream"
    assert [answer.status_code for answer in theirs] == [404, 404]


def test_a_new_version_of_an_agreement_is_accepted_anew(merchant: Merchant, owner: Client) -> None:
    text = requirement("agreement", text_en="We sell nothing that is not licensed.")
    address = f"/panel/en/mill/checklist/{text.public_id}/"
    owner.post(address, {"accepted": "on"})
    Submittal.objects.update(state="accepted")

    before = owner.get("/panel/en/mill/checklist/").context["items"][0]["item"].is_done
    Requirement.objects.update(version=2)
    after = owner.get("/panel/en/mill/checklist/").context["items"][0]["item"].is_done

    assert (before, after) == (True, False)
    assert owner.post(address, {}).status_code == 422


@pytest.mark.parametrize("role", ["catalogue", "orders", "finance", "read_only"])
def test_only_owners_hand_in(role: str, merchant: Merchant) -> None:
    company = requirement("company")
    client = signed_in(merchant, role)
    told = {"legal_name": "X", "registration_number": "1", "address": "Y"}

    assert client.get("/panel/en/mill/checklist/").status_code == 200
    assert client.post(f"/panel/en/mill/checklist/{company.public_id}/", told).status_code == 403
    assert client.post("/panel/en/mill/checklist/review/").status_code == 403
    assert not Submittal.objects.exists()
