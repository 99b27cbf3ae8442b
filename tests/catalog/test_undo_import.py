"""Undoing an import: every table as before, except for history that was true and what somebody has changed since."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.importing import undo
from catalog.importing.undo import go_on_undoing, order_undo, undo_import
from catalog.models import (
    Image,
    ImportRun,
    Offer,
    Price,
    Product,
    Promotion,
    SearchDocument,
    ShelfSpan,
    Stock,
    StockChange,
    Variant,
)
from catalog.services import edit_product
from core.errors import Refused
from merchants.models import Merchant
from tests.catalog.importing_goods import bring_in, last_run, make_importer, table
from tests.factories import NOW, make_market, make_product, make_user

pytestmark = pytest.mark.django_db

GOODS = table(
    "A,Ferry mug,12.50,5,S,https://pictures.example/a.jpg,Creek",
    "A,,13.50,6,M,,Creek",
    "B,Lantern mug,9.00,3,,,Creek",
)
MORE = table(
    "A,Big ferry mug,15.00,5,S,https://pictures.example/c.jpg,River",
    "A,,13.50,2,M,,River",
    "A,,16.00,1,L,,River",
    "B,Lantern mug,9.00,3,,,Creek",
    "C,New mug,4.00,8,,https://pictures.example/d.jpg,Creek",
)


@pytest.fixture
def merchant() -> Merchant:
    make_product(on_shelf=True)  # somebody else's, which nothing here may touch
    return make_importer()


def everything(*, but: dict[type, tuple[str, ...]] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every row of the catalogue's own tables, without the columns that are meant to move."""
    left_out = {Product: ("updated_at",), Stock: ("updated_at",), ShelfSpan: ("id",)} | (but or {})
    told = {}
    for model in (Product, Variant, Price, Stock, Image, SearchDocument, ShelfSpan):
        names = [
            column.attname for column in model._meta.concrete_fields if column.attname not in left_out.get(model, ())
        ]
        rows = model.objects.order_by(
            *[name for name in ("product_id", "market_id", "starts_at", "pk") if name in [*names, "pk"]]
        )
        told[model.__name__] = list(rows.values(*names))
    return told


def now_seen() -> list[tuple[str, str, int]]:
    at = timezone.now()
    return list(ShelfSpan.objects.at(at).order_by("product__sku").values_list("product__sku", "market__code", "amount"))


def test_what_a_run_created_is_gone_from_every_table(tmp_path: Path, merchant: Merchant) -> None:
    before = everything()
    bring_in(tmp_path, merchant, GOODS)
    assert everything() != before
    assert ("A", "us", 1250) in now_seen()

    run = undo_import(last_run(), by=make_user("buyer"))

    assert everything() == before
    assert (run.state, run.undone_by.username) == ("undone", "buyer")
    assert [(change.sku, change.is_undone, change.kept) for change in run.changes.all()] == [
        ("A", True, []),
        ("B", True, []),
    ]
    assert AuditEntry.objects.filter(verb__startswith="import.undone").count() == 1
    assert AuditEntry.objects.get(verb="import.undone").changes == {"file": "goods.csv", "undone": 2, "kept": 0}


def test_what_a_run_changed_is_as_before_and_prices_keep_their_history(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    before, seen = everything(), now_seen()
    bring_in(tmp_path, merchant, MORE)
    history = list(Price.objects.filter(variant__product__sku__in="AB").order_by("pk").values())
    assert now_seen() != seen

    undo_import(last_run(), by=None)

    after = everything()
    assert now_seen() == seen
    for name in ("Product", "Variant", "Stock", "Image", "SearchDocument"):
        assert after[name] == before[name], name
    rows = list(Price.objects.filter(variant__product__sku__in="AB").order_by("pk").values())
    # The price that was asked for a while is still told; the new row says what it is from now on. That of the new
    # variant went with the variant.
    small = Variant.objects.get(product__sku="A", options={"size": "S"})
    assert [row["amount"] for row in rows if row["variant_id"] == small.pk] == [1250, 1500, 1250]
    assert [row for row in history if row["variant_id"] == small.pk] == [
        row for row in rows if row["variant_id"] == small.pk
    ][:2]
    assert list(StockChange.objects.order_by("pk").values_list("before", "after")) == [(6, 2), (2, 6)]


def test_the_lowest_price_of_thirty_days_stays_true(tmp_path: Path, merchant: Merchant) -> None:
    """The mistaken price was asked, so a later reduction has to be measured against it."""
    bring_in(tmp_path, merchant, table("A,Mug,10.00,5,,,"))
    bring_in(tmp_path, merchant, table("A,Mug,6.00,5,,,"))

    undo_import(last_run(), by=None)

    amounts = list(
        Price.objects.filter(variant__product__sku="A").order_by("starts_at").values_list("amount", flat=True)
    )
    assert amounts == [1000, 600, 1000]


def test_a_price_where_there_was_none_ends(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, table("A,Mug,,5,,,"))
    assert now_seen_of("A") == []
    bring_in(tmp_path, merchant, table("A,Mug,6.00,5,,,"))
    assert now_seen_of("A") == [600]

    undo_import(last_run(), by=None)

    assert now_seen_of("A") == []
    assert list(Price.objects.filter(variant__product__sku="A").values_list("amount", flat=True)) == [600, None]


def now_seen_of(sku: str) -> list[int]:
    return [amount for code, _market, amount in now_seen() if code == sku]


def test_what_somebody_has_changed_since_is_kept_and_named(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    bring_in(tmp_path, merchant, MORE)
    run = last_run()
    product = Product.objects.get(sku="A")
    edit_product(product, by=None, title_en="The desk's own title")
    edit_product(Product.objects.get(sku="C"), by=None, title_en="The desk likes it")
    Stock.objects.filter(variant__product=product, variant__options={"size": "M"}).update(on_hand=40)
    Price.objects.create(
        variant=product.variants.get(options={"size": "S"}),
        market=make_market("us"),
        amount=1600,
        starts_at=timezone.now(),
    )

    undo_import(run, by=None)

    product.refresh_from_db()
    assert product.title_en == "The desk's own title"
    assert product.extra["Vendor"] == "Creek"  # nobody has touched this one
    small, medium = product.variants.get(options={"size": "S"}), product.variants.get(options={"size": "M"})
    assert Stock.objects.get(variant=medium).on_hand == 40
    assert small.prices.order_by("starts_at").last().amount == 1600
    kept = dict(run.changes.values_list("sku", "kept"))
    market = make_market("us").pk
    assert sorted(kept["A"]) == sorted(
        ["title_en", f"variant.{small.sku}.price.{market}", f"variant.{medium.sku}.stock"]
    )
    assert kept["C"] == ["product"]
    assert Product.objects.get(sku="C").title_en == "The desk likes it"


def test_what_a_later_run_built_on_is_kept(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    first = last_run()
    bring_in(tmp_path, merchant, MORE)

    undo_import(first, by=None)

    assert set(Product.objects.filter(merchant=merchant).values_list("sku", flat=True)) == {"A", "C"}
    assert dict(first.changes.values_list("sku", "kept")) == {"A": ["product"], "B": []}


def test_a_product_that_something_refers_to_is_archived(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    product = Product.objects.get(sku="A")
    promotion = Promotion.objects.create(starts_at=NOW, ends_at=NOW.replace(year=2030), since=NOW, is_published=True)
    Offer.objects.create(promotion=promotion, product=product, market=make_market("us"), kind="percent", value=1000)

    undo_import(last_run(), by=None)

    product.refresh_from_db()
    assert product.state == "archived"
    assert now_seen_of("A") == []
    assert product.variants.count() == 2
    assert not Product.objects.filter(sku="B").exists()


def test_what_was_sold_or_promised_is_archived(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    Stock.objects.filter(variant__product__sku="B").update(reserved=1)

    undo_import(last_run(), by=None)

    assert list(Product.objects.filter(merchant=merchant).values_list("sku", "state")) == [("B", "archived")]


def test_undone_twice_changes_nothing(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    bring_in(tmp_path, merchant, MORE)
    run = undo_import(last_run(), by=None)
    before = everything(), AuditEntry.objects.count()

    with pytest.raises(Refused) as refusal:
        undo_import(run, by=None)

    assert refusal.value.code == "wrong_state"
    go_on_undoing(run.pk)
    assert (everything(), AuditEntry.objects.count()) == before


def test_a_dry_run_and_a_refused_one_cannot_be_undone(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS, is_dry_run=True)
    with pytest.raises(Refused):
        undo_import(last_run(), by=None)
    with pytest.raises(Refused):
        bring_in(tmp_path, merchant, "")
    with pytest.raises(Refused):
        undo_import(last_run(), by=None)

    assert set(ImportRun.objects.values_list("state", flat=True)) == {"done", "refused"}


def test_while_another_run_is_under_way_nothing_is_undone(tmp_path: Path, merchant: Merchant) -> None:
    bring_in(tmp_path, merchant, GOODS)
    run = last_run()
    ImportRun.objects.create(merchant=merchant, file_name="b.csv", state="running", heartbeat_at=timezone.now())
    before = everything()

    with pytest.raises(Refused) as refusal:
        undo_import(run, by=None)

    assert refusal.value.code == "importing"
    assert (everything(), ImportRun.objects.get(pk=run.pk).state) == (before, "done")


def test_an_undo_that_was_stopped_goes_on(tmp_path: Path, merchant: Merchant, monkeypatch: Any) -> None:
    before = everything()
    bring_in(tmp_path, merchant, table(*[f"P{number},Mug {number},7,1,,," for number in range(5)]))
    run = last_run()
    monkeypatch.setattr(undo, "PAGE", 2)
    order_undo(run, by=None, at=timezone.now())
    with monkeypatch.context() as patched:
        pages = iter(range(1, 100))
        page = undo._undo_page
        patched.setattr(undo, "_undo_page", lambda run: page(run) if next(pages) < 2 else interrupt())
        with pytest.raises(KeyboardInterrupt):
            go_on_undoing(run.pk)
    assert Product.objects.filter(merchant=merchant).count() == 3
    go_on_undoing(run.pk)  # it may still be alive
    assert Product.objects.filter(merchant=merchant).count() == 3
    ImportRun.objects.filter(pk=run.pk).update(heartbeat_at=NOW)

    go_on_undoing(run.pk)

    assert everything() == before
    assert AuditEntry.objects.filter(verb="import.undone").count() == 1


def interrupt() -> None:
    raise KeyboardInterrupt


def test_the_command_undoes_and_names_what_it_kept(tmp_path: Path, merchant: Merchant, capsys: Any) -> None:
    bring_in(tmp_path, merchant, GOODS)
    edit_product(Product.objects.get(sku="A"), by=None, title_en="The desk's own title")

    call_command("undo_import", last_run().public_id)

    told = capsys.readouterr().out
    assert "1 products as before, 1 with something kept" in told
    assert "kept: A: product" in told
    with pytest.raises(CommandError, match="unknown_import"):
        call_command("undo_import", "imp_nobody")
