"""Stock: each movement one conditional update, refused by name, and true with twenty buyers at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry
from catalog import stock
from catalog.models import Stock, StockAlert, StockChange, Variant
from catalog.services import VariantFacts, put_variants
from core.errors import Refused
from tests.factories import NOW, make_market, make_product, make_user


def make_stock(on_hand: int = 10, **terms: int) -> Variant:
    variant = make_product(stock=on_hand).variants.get()
    Stock.objects.filter(variant=variant).update(**terms)
    return variant


def pieces(variant: Variant) -> tuple[int, int, int]:
    """On hand, reserved, sold."""
    return Stock.objects.values_list("on_hand", "reserved", "sold").get(variant=variant)


def refusal_of(verb: Callable[..., object], *arguments: Any, **named: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as refusal:
        verb(*arguments, **named)
    assert refusal.value.sentence != refusal.value.code
    return refusal.value.code, refusal.value.facts


# -- movements --------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_pieces_go_from_the_shelf_to_the_buyer_and_back(django_assert_num_queries: Any) -> None:
    variant = make_stock(10)
    seen = []

    with django_assert_num_queries(1):
        stock.reserve(variant.pk, 4, at=NOW)
    seen.append(pieces(variant))
    stock.release(variant.pk, 1, at=NOW)
    seen.append(pieces(variant))
    with django_assert_num_queries(1):
        stock.hand_over(variant.pk, 3, at=NOW)
    seen.append(pieces(variant))
    stock.take_back(variant.pk, 2, at=NOW)
    seen.append(pieces(variant))

    assert seen == [(10, 4, 0), (10, 3, 0), (7, 0, 3), (9, 0, 1)]


@pytest.mark.django_db
def test_what_is_not_there_is_refused_by_name_and_nothing_moves() -> None:
    variant = make_stock(10, reserved=7, sold=2)

    refusals = {
        "reserve": refusal_of(stock.reserve, variant.pk, 4, at=NOW),
        "release": refusal_of(stock.release, variant.pk, 8, at=NOW),
        "hand_over": refusal_of(stock.hand_over, variant.pk, 8, at=NOW),
        "take_back": refusal_of(stock.take_back, variant.pk, 3, at=NOW),
    }

    name = {"variant": variant.public_id}
    assert refusals == {
        "reserve": ("out_of_stock", name | {"left": 3}),
        "release": ("not_reserved", name),
        "hand_over": ("not_reserved", name),
        "take_back": ("not_sold", name),
    }
    assert pieces(variant) == (10, 7, 2)


@pytest.mark.django_db
def test_a_variant_without_stock_has_none_left() -> None:
    variant = Variant.objects.create(product=make_product(), sku="new", position=5)

    assert refusal_of(stock.reserve, variant.pk, 1, at=NOW) == (
        "out_of_stock", {"variant": variant.public_id, "left": 0},
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("verb", [stock.reserve, stock.release, stock.hand_over, stock.take_back])
@pytest.mark.parametrize("count", [0, -1])
def test_pieces_are_counted_from_one(verb: Callable[..., None], count: int) -> None:
    variant = make_stock(10, reserved=5, sold=5)

    with pytest.raises(ValueError, match="counted from 1"):
        verb(variant.pk, count, at=NOW)

    assert pieces(variant) == (10, 5, 5)


@pytest.mark.django_db
def test_a_pre_order_is_promised_from_the_cap_and_sent_when_it_has_arrived() -> None:
    variant = make_stock(0, pre_order_cap=3)

    stock.reserve(variant.pk, 2, is_pre_order=True, at=NOW)
    too_many = refusal_of(stock.reserve, variant.pk, 2, is_pre_order=True, at=NOW)
    after_the_street_date = refusal_of(stock.reserve, variant.pk, 1, is_pre_order=False, at=NOW)
    not_here = refusal_of(stock.hand_over, variant.pk, 1, at=NOW)
    stock.correct_stock(variant, expected=0, to=5, reason="delivery", by=None, at=NOW)
    stock.hand_over(variant.pk, 2, at=NOW)

    assert (too_many[1]["left"], after_the_street_date[1]["left"], not_here[0]) == (1, 0, "not_reserved")
    assert pieces(variant) == (3, 0, 2)


@pytest.mark.django_db
def test_several_lines_are_promised_all_or_nothing_and_the_first_that_is_short_is_named() -> None:
    first, second, third = (make_stock(count) for count in (5, 1, 0))

    refusal = refusal_of(stock.reserve_all, {third.pk: 1, second.pk: 2, first.pk: 2}, at=NOW)
    nothing = [pieces(variant) for variant in (first, second, third)]
    stock.reserve_all({second.pk: 1, first.pk: 2}, at=NOW)

    assert refusal == ("out_of_stock", {"variant": second.public_id, "left": 1})
    assert nothing == [(5, 0, 0), (1, 0, 0), (0, 0, 0)]
    assert [pieces(variant) for variant in (first, second)] == [(5, 2, 0), (1, 1, 0)]


@pytest.mark.django_db
def test_the_database_itself_keeps_what_is_promised_within_what_is_there() -> None:
    variant = make_stock(2, pre_order_cap=1)

    for moved in ({"reserved": 4}, {"on_hand": -1}, {"reserved": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Stock.objects.filter(variant=variant).update(**moved)

    assert pieces(variant) == (2, 0, 0)


# -- corrections ------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_correction_says_why_and_is_written_down() -> None:
    variant, user = make_stock(10), make_user()

    stock.correct_stock(variant, expected=10, to=8, reason="damage", note="Wet", by=user, at=NOW)

    assert pieces(variant)[0] == 8
    change = StockChange.objects.get()
    assert (change.before, change.after, change.reason, change.note, change.by, change.at) == (
        10, 8, "damage", "Wet", user, NOW,
    )  # fmt: skip
    entry = AuditEntry.objects.get(verb="product.stock_corrected")
    assert (entry.actor, entry.changes) == (
        user, {"on_hand": [10, 8], "variant": variant.public_id, "reason": "damage", "note": "Wet"},
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "expected, to, code, facts",
    [
        (9, 8, "stock_changed", {"expected": 9, "found": 10}),
        (10, 3, "stock_promised", {"reserved": 6}),
        (10, -1, "stock_negative", {}),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(expected: int, to: int, code: str, facts: dict[str, int]) -> None:
    variant = make_stock(10, reserved=6, pre_order_cap=2)

    refusal = refusal_of(stock.correct_stock, variant, expected=expected, to=to, reason="count", by=None, at=NOW)

    assert refusal == (code, facts)
    assert pieces(variant) == (10, 6, 0)
    assert not StockChange.objects.exists()


@pytest.mark.django_db
def test_a_variant_without_stock_is_corrected_from_none() -> None:
    variant = Variant.objects.create(product=make_product(), sku="new", position=5)

    stock.correct_stock(variant, expected=0, to=3, reason="delivery", by=None, at=NOW)

    assert pieces(variant) == (3, 0, 0)


@pytest.mark.django_db
def test_a_cap_below_what_is_promised_is_refused() -> None:
    variant = make_stock(0, pre_order_cap=5, reserved=4)

    refusal = refusal_of(stock.set_stock_terms, variant, pre_order_cap=3, low_at=None, by=None, at=NOW)
    stock.set_stock_terms(variant, pre_order_cap=4, low_at=2, by=None, at=NOW)

    assert refusal == ("stock_promised", {"reserved": 4})
    assert Stock.objects.values_list("pre_order_cap", "low_at").get(variant=variant) == (4, 2)


@pytest.mark.django_db
def test_a_product_s_form_moves_the_stock_in_the_same_way() -> None:
    product = make_product(stock=10)
    variant = product.variants.get()
    Stock.objects.update(reserved=4)

    refusal = refusal_of(put_variants, product, [VariantFacts(variant.sku, stock=3)], by=None, at=NOW)
    put_variants(product, [VariantFacts(variant.sku, stock=6), VariantFacts("new", stock=2)], by=None, at=NOW)

    assert refusal == ("stock_promised", {"reserved": 4})
    assert pieces(variant) == (6, 4, 0)
    assert pieces(Variant.objects.get(sku="new")) == (2, 0, 0)
    assert StockChange.objects.values_list("before", "after", "reason").get() == (10, 6, "import")


@pytest.mark.django_db
def test_more_pieces_hurry_the_letters_of_who_waits_and_nobody_else_s(
    monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("core.jobs._send", lambda name, _arguments: sent.append(name))
    awaited, other = make_stock(0), make_stock(0)
    StockAlert.objects.create(
        variant=awaited, market=make_market("us"), email="fan@example.com", language="en", created_at=NOW
    )

    for variant in (other, awaited):
        with django_capture_on_commit_callbacks(execute=True):
            stock.correct_stock(variant, expected=0, to=1, reason="delivery", by=None, at=NOW)

    assert sent == ["catalog.send_alerts"]


# -- at once ----------------------------------------------------------------------------------------
def read_then_write(variant_id: int, count: int, *, at: Any, meeting: threading.Barrier | None = None) -> None:
    """How stock is oversold: look, then write what was seen."""
    row = Stock.objects.get(variant=variant_id)
    if row.on_hand - row.reserved < count:
        raise Refused("out_of_stock", variant=str(variant_id), left=0)
    if meeting is not None:
        meeting.wait(10)
    Stock.objects.filter(variant=variant_id).update(reserved=row.reserved + count)


def buy_at_once(buyers: list[Callable[[], None]]) -> int:
    """How many of them got their pieces. Each buys in a thread with its own connection, all at the same moment."""
    start, got, errors = threading.Barrier(len(buyers)), [], []

    def run(buy: Callable[[], None]) -> None:
        try:
            connection.ensure_connection()
            start.wait(20)
            buy()
            got.append(buy)
        except Refused:
            pass
        except Exception as error:  # noqa: BLE001 a thread's own failure is the test's
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[buy]) for buy in buyers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    return len(got)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_twenty_buyers_ten_get_the_ten_pieces() -> None:
    variant = make_stock(10)

    got = buy_at_once([lambda: stock.reserve(variant.pk, 1, at=timezone.now())] * 20)

    assert (got, pieces(variant)) == (10, (10, 10, 0))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_control_who_reads_then_writes_sells_one_piece_to_five() -> None:
    variant, meeting = make_stock(1), threading.Barrier(5)

    got = buy_at_once([lambda: read_then_write(variant.pk, 1, at=timezone.now(), meeting=meeting)] * 5)

    assert (got, pieces(variant)) == (5, (1, 1, 0))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_orders_of_several_lines_do_not_wait_for_each_other_and_sell_no_piece_twice() -> None:
    """Every order has both variants, named in opposite orders; five can be served."""
    first, second = make_stock(5), make_stock(7)
    lines = [{first.pk: 1, second.pk: 1}, {second.pk: 1, first.pk: 1}] * 6

    got = buy_at_once([lambda of=of: stock.reserve_all(of, at=timezone.now()) for of in lines])

    assert (got, pieces(first), pieces(second)) == (5, (5, 5, 0), (7, 5, 0))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_from_the_same_count_one_is_refused() -> None:
    variant = make_stock(10)

    def correct(to: int) -> None:
        stock.correct_stock(variant, expected=10, to=to, reason="count", by=None, at=timezone.now())

    got = buy_at_once([lambda: correct(8), lambda: correct(9)])

    assert got == 1
    assert StockChange.objects.get().after == pieces(variant)[0]
