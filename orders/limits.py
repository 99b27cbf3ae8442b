"""So many pieces per person, where a product says so.

A person is a member and an address: who signs in and orders as a guest beside it has one allowance, not two.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256

from django.db.models import F

from catalog.models import Product
from core.errors import Refused
from orders.models import Order, PersonCount


def persons_of(order: Order) -> list[str]:
    """The names under which the buyer is counted, in their order."""
    mail = sha256(order.email.strip().lower().encode()).hexdigest()
    return [f"mail:{mail}", *([f"user:{order.user_id}"] if order.user_id else [])]


def count_persons(order: Order, pieces_of: Mapping[Product, int]) -> None:
    """Count what the order takes of products that allow each person so many. Refuses `per_person_reached`, naming how many
    are left to this person; then the caller's transaction has to be given up. A row that is new and one update for each."""
    limited = sorted((product for product in pieces_of if product.per_person is not None), key=lambda one: one.pk)
    for product in limited:
        for person in persons_of(order):
            pieces, most = pieces_of[product], product.per_person
            assert most is not None  # `limited` holds no other
            PersonCount.objects.bulk_create([PersonCount(product=product, person=person)], ignore_conflicts=True)
            counted = PersonCount.objects.filter(product=product, person=person)
            if not counted.filter(pieces__lte=most - pieces).update(pieces=F("pieces") + pieces):
                has = counted.values_list("pieces", flat=True).get()
                raise Refused("per_person_reached", title=product.title_en, most=most, left=max(most - has, 0))


def uncount_persons(order: Order, pieces_of: Iterable[tuple[int, int]]) -> None:
    """Give the person back (product, pieces) that the order gave up. What was never counted stays so. Locks the rows in the
    order in which they are counted; one query where no product is limited."""
    given_up = Counter[int]()
    for product_id, pieces in pieces_of:
        given_up[product_id] += pieces
    counted = PersonCount.objects.filter(product__in=list(given_up), person__in=persons_of(order))
    for count in counted.order_by("product_id", "person").select_for_update(no_key=True):
        if count.pieces >= given_up[count.product_id]:
            count.pieces -= given_up[count.product_id]
            count.save(update_fields=["pieces"])
