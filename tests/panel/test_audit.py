"""Who did what, as a merchant's owners read it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import AuditEntry
from accounts.services import record
from accounts.trail import path_to_merchant
from catalog.models import Price, Product, Variant
from licensing.models import Licence, LicensedArticle, Statement
from merchants.models import Merchant, PartnerKey
from merchants.services import edit_merchant
from merchstore.panel.audit_words import WORDS
from tests.factories import make_film, make_licence, make_merchant, make_product, make_user
from tests.panel.conftest import signed_in


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant("mill")


def shown(client: Client, query: str = "") -> list[tuple[str, str]]:
    return [
        (entry.verb, who)
        for entry, who, _words, _facts in client.get(f"/panel/en/mill/audit/{query}").context["entries"]
    ]


@pytest.mark.parametrize(
    "model, path",
    [
        (PartnerKey, ("merchant",)),
        (Licence, ("merchant",)),
        (LicensedArticle, ("merchant",)),
        (Product, ("licence", "merchant")),
        (Variant, ("product", "licence", "merchant")),
        (Price, ("variant", "product", "licence", "merchant")),
        (Statement, ("licence", "merchant")),
    ],
)
def test_whose_business_something_is_follows_from_what_it_is_part_of(model: Any, path: tuple[str, ...]) -> None:
    found = path_to_merchant(model)

    assert found is not None
    assert found[-1] == "merchant"
    assert len(found) <= len(path)


def test_a_merchant_sees_what_was_done_to_its_own_things_alone(merchant: Merchant, owner: Client) -> None:
    other = make_merchant("rival")
    person = merchant.members.get().user
    studio = make_user("reviewer", is_staff=True)
    for one in (merchant, other):
        product = make_product(licence=make_licence(make_film(f"film-of-{one.slug}"), one))
        record("product.edited", product, by=person if one == merchant else None, title_en=["a", "b"])
    edit_merchant(merchant, by=studio, city="Suzhou")

    assert shown(owner) == [("merchant.edited", "The studio"), ("product.edited", str(person))]


def test_what_has_no_words_is_not_shown(merchant: Merchant, owner: Client) -> None:
    record("round.commented", merchant, by=None, is_internal=True)
    record("merchant.edited", merchant, by=None)

    assert shown(owner) == [("merchant.edited", "The shop")]
    assert "round.commented" not in WORDS


def test_entries_are_chosen_by_person_verb_and_day(merchant: Merchant, owner: Client) -> None:
    person = merchant.members.get().user
    record("merchant.edited", merchant, by=person)
    record("merchant.invited", merchant, by=None, key="key_1")
    AuditEntry.objects.filter(verb="merchant.invited").update(at=timezone.now() - timedelta(days=3))
    today = timezone.now().astimezone().date()

    assert shown(owner, f"?person={person.public_id}") == [("merchant.edited", str(person))]
    assert shown(owner, "?verb=merchant.invited") == [("merchant.invited", "A program with the key key_1")]
    assert shown(owner, f"?day={today + timedelta(days=9)}") == []
    assert len(shown(owner, "?day=nonsense&after=x")) == 2


def test_the_file_holds_the_same_and_runs_no_formula(merchant: Merchant, owner: Client) -> None:
    record("merchant.edited", merchant, by=None, name=["=1+1", "+2"])

    answer = owner.get("/panel/en/mill/audit.csv")

    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert rows[0] == ["at", "who", "verb", "subject", "facts"]
    assert [row[2] for row in rows[1:]] == ["merchant.edited"]
    assert not any(cell.startswith(("=", "+")) for cell in rows[1])


def test_the_file_speaks_the_language_of_its_address_to_its_end(merchant: Merchant, owner: Client) -> None:
    """It is written when the view is over."""
    edit_merchant(merchant, by=None, name="Silver Mill")

    found = {}
    for prefix in ("en", "zh"):
        answer = owner.get(f"/panel/{prefix}/mill/audit.csv")
        rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
        found[prefix] = rows[1][1]

    assert found == {"en": "The shop", "zh": "商店"}
    assert translation.get_language() == "en"


def test_the_list_costs_the_same_with_many_entries(
    merchant: Merchant, owner: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        record("merchant.edited", merchant, by=None, number=number)

    with django_assert_max_num_queries(9):
        page = owner.get("/panel/en/mill/audit/")

    assert len(page.context["entries"]) == 50
    rest = owner.get(f"/panel/en/mill/audit/?after={page.context['next']}")
    assert (len(rest.context["entries"]), rest.context["next"]) == (10, None)


@pytest.mark.parametrize("role", ["catalogue", "orders", "finance", "read_only"])
def test_the_trail_is_for_owners(role: str, merchant: Merchant) -> None:
    client = signed_in(merchant, role)

    assert [client.get(f"/panel/en/mill/{page}").status_code for page in ("audit/", "audit.csv")] == [403, 403]
