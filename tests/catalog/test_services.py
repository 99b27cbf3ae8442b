"""The verbs of the catalogue: what they write, what they refuse, and that the shelf follows at once."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from catalog import services
from catalog.models import Product, SearchDocument, ShelfSpan, Stock
from catalog.services import VariantFacts
from core.errors import Refused
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts() -> dict[str, Any]:
    """What a new product needs: a merchant with a licence, a film and a category."""
    merchant, film = make_merchant("suzhou-creek"), make_film("the-ferryman")
    licence = make_licence(film, merchant)
    return {"merchant": merchant, "film": film, "category": make_category("mugs"), "licence": licence}


def create(facts: dict[str, Any], **overrides: Any) -> Product:
    defaults = {"sku": "mug-1", "title_en": "River mug", "state": "active", "by": None, "at": timezone.now()}
    return services.create_product(**facts | defaults | overrides)


def amounts() -> list[int]:
    return list(ShelfSpan.objects.at(timezone.now()).order_by("pk").values_list("amount", flat=True))


# -- products ---------------------------------------------------------------------------------------
def test_a_new_product_is_on_the_shelf_found_and_written_down(facts: dict[str, Any]) -> None:
    us, user = make_market("us"), make_user()
    variants = [VariantFacts("mug-1-w", {"colour": "White"}, prices={us: 1900}, stock=7), VariantFacts("mug-1-b")]

    product = create(facts, variants=variants, by=user)

    assert product.slug == "river-mug"
    assert list(product.variants.values_list("sku", "options", "position")) == [
        ("mug-1-w", {"colour": "White"}, 0),
        ("mug-1-b", {}, 1),
    ]
    assert Stock.objects.get().on_hand == 7
    assert amounts() == [1900]
    assert "river" in SearchDocument.objects.get(product=product).terms
    entry = AuditEntry.objects.get(verb="product.created")
    assert (entry.actor, entry.subject_id) == (user, product.public_id)


def test_a_product_without_variants_gets_one(facts: dict[str, Any]) -> None:
    assert list(create(facts).variants.values_list("sku", flat=True)) == ["mug-1"]


def test_addresses_are_unique_and_do_not_follow_the_title(facts: dict[str, Any]) -> None:
    first, second = create(facts), create(facts, sku="mug-2")
    third = create(facts, sku="mug-3", title_en="摆渡人")

    services.edit_product(first, by=None, title_en="Creek mug")

    assert Product.objects.get(pk=first.pk).slug == "river-mug"
    assert (second.slug, third.slug) == ("river-mug-mug-2", third.public_id[4:])


def test_a_code_that_the_merchant_has_is_refused(facts: dict[str, Any]) -> None:
    create(facts)

    with pytest.raises(Refused) as refusal:
        create(facts)

    assert "mug-1" in refusal.value.sentence
    assert Product.objects.count() == 1


def test_an_edit_writes_what_moved_and_nothing_else(facts: dict[str, Any]) -> None:
    product = create(facts)

    services.edit_product(product, by=None, title_en="Creek mug", category=make_category("cups"))
    services.edit_product(product, by=None, title_en="Creek mug")

    entry = AuditEntry.objects.get(verb="product.edited")
    assert entry.changes == {"title_en": ["River mug", "Creek mug"], "category": ["mugs", "cups"]}
    assert "creek" in SearchDocument.objects.get().terms


def test_a_field_that_is_none_of_theirs_is_a_fault(facts: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="slug"):
        services.edit_product(create(facts), by=None, slug="mine")


def test_variants_are_put_by_their_code(facts: dict[str, Any]) -> None:
    us = make_market("us")
    product = create(facts, variants=[VariantFacts("a", prices={us: 1900})])

    services.put_variants(
        product, [VariantFacts("a", {"size": "M"}), VariantFacts("b", prices={us: 1500})], by=None, at=timezone.now()
    )

    assert list(product.variants.values_list("sku", "options", "position")) == [("a", {"size": "M"}, 0), ("b", {}, 1)]
    assert amounts() == [1500]


# -- states -----------------------------------------------------------------------------------------
def test_a_product_leaves_the_shelf_and_comes_back() -> None:
    product = make_product()

    services.archive_product(product, by=None)
    gone = amounts()
    services.activate_product(product, by=None)

    assert (gone, amounts()) == ([], [3800])
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "product.archived",
        "product.active",
    ]


def test_a_state_is_not_left_twice() -> None:
    product = make_product()

    with pytest.raises(Refused) as refusal:
        services.activate_product(product, by=None)

    assert refusal.value.code == "wrong_state"
    assert not AuditEntry.objects.exists()
