"""Taking back: a buyer announces what comes back, the merchant says what came, and exactly that is refunded.

A return is announced, then received or refused, each once. Locks: order, stock by variant, licences.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import record
from catalog.stock import take_back
from core.errors import Refused
from merchants.events import emit
from orders.holding import give_units_back
from orders.letters import write_letter
from orders.models import Order, OrderLine, Parcel, Refund, Return, ReturnLine, ShipmentLine
from orders.moving import moved
from orders.refunds import Pieces, ask_for_refund

#: So long after it arrived (or, where nobody said when, after it left) a piece may be announced. The law of the European
#: Union asks for 14 days from arrival; the rest is room for the way there.
RETURN_DAYS = 30

#: Of a line: how many came, and how many of those can be sold again.
Received = tuple[int, int]


@transaction.atomic(durable=True)
def announce_return(
    parcel: Parcel,
    pieces: Mapping[OrderLine, int],
    *,
    reason: str,
    note: str = "",
    by: User | None,
    who: str = "",
    days: int | None = RETURN_DAYS,
    at: datetime,
) -> Return:
    """Somebody (`who`: buyer or shop) says that `pieces` of the parcel's lines come back.

    Refuses `nothing_to_return`, `too_many_pieces` for more than were sent and have not been announced or come back, and
    `return_too_late` after `days`. Staff may leave the days out: what is faulty may come back long after.
    """
    order = _locked(parcel)
    lines = {line.pk: line for line in parcel.lines.all()}
    wanted = {line.pk: number for line, number in pieces.items() if number}
    if not wanted:
        raise Refused("nothing_to_return")
    most = returnable(lines.values())
    in_time = most if days is None else returnable(lines.values(), since=at - timedelta(days=days))
    for pk, number in wanted.items():
        if number < 0 or number > most.get(pk, 0):
            raise Refused("too_many_pieces", left=most.get(pk, 0), title=lines[pk].title_en if pk in lines else "")
        if number > in_time[pk]:
            raise Refused("return_too_late", days=days)
    made = Return.objects.create(parcel=parcel, reason=reason, note=note.strip(), requested_at=at)
    ReturnLine.objects.bulk_create(ReturnLine(of=made, line=lines[pk], quantity=wanted[pk]) for pk in sorted(wanted))
    told = {lines[pk].public_id: number for pk, number in wanted.items()}
    _record(
        "order.return_announced", order, made, by, who=who or ("shop" if by else "buyer"), reason=reason, pieces=told
    )
    write_letter(order, "return_announced", about=made.public_id)
    emit(parcel.merchant_id, "return.announced", made, at=at, parcel=parcel.public_id, reason=reason)
    return made


def returnable(lines: Iterable[OrderLine], *, since: datetime | None = None) -> dict[int, int]:
    """Pieces of each line that may still be announced: sent, neither come back nor announced. With `since`, no more than
    arrived (or left, where nobody said when they arrived) from then on. Two queries."""
    found = {line.pk: line.shipped - line.returned for line in lines}
    announced = ReturnLine.objects.filter(line__in=found, of__state=Return.State.REQUESTED)
    for pk, number in announced.values_list("line", "quantity"):
        found[pk] -= number
    if since is None:
        return found
    recent = dict.fromkeys(found, 0)
    sent = ShipmentLine.objects.filter(line__in=found).values_list(
        "line", "quantity", "shipment__delivered_at", "shipment__shipped_at"
    )
    for pk, number, delivered_at, shipped_at in sent:
        if (delivered_at or shipped_at) >= since:
            recent[pk] += number
    return {pk: min(number, recent[pk]) for pk, number in found.items()}


@transaction.atomic(durable=True)
def receive_return(
    returned: Return, received: Mapping[OrderLine, Received], *, by: User | None, at: datetime
) -> Refund | None:
    """What came of an announced return, and what of it can be sold again: that goes back into stock. What came is refunded with
    exact shares, and the delivery too once nothing of the parcel was kept; its units no longer count under the licence.

    Refuses `already_done`, `too_many_pieces` for more than were announced, `bad_resaleable` for more fit to be sold than
    came, and `nothing_received`; then nothing changes.
    """
    order = _locked(returned.parcel)
    if not Return.objects.filter(pk=returned.pk, state=Return.State.REQUESTED).update(
        state=Return.State.RECEIVED, settled_at=at
    ):
        raise Refused("already_done")
    announced = {
        one.line_id: one for one in returned.lines.select_related("line").order_by("line__variant_id", "line_id")
    }
    came = _checked(announced, received)
    for line_id, (number, fit) in came.items():
        ReturnLine.objects.filter(pk=announced[line_id].pk).update(received=number, resaleable=fit)
        sent = OrderLine.objects.filter(pk=line_id, shipped__gte=F("returned") + number)
        if not sent.update(returned=F("returned") + number):
            raise Refused("too_many_pieces", left=0, title=announced[line_id].line.title_en)
    for variant_id, fit in sorted(_by_variant(announced, came).items()):
        take_back(variant_id, fit, at=at)
    # As they stand now: what was read before the lock may be old.
    parcel = Parcel.objects.get(pk=returned.parcel_id)
    lines = {line.pk: line for line in parcel.lines.order_by("variant_id", "pk")}
    give_units_back([(lines[pk], number) for pk, (number, _fit) in came.items()], at=at)
    told = {lines[pk].public_id: number for pk, (number, _fit) in came.items()}
    fit_of = {lines[pk].public_id: fit for pk, (_number, fit) in came.items()}
    _record("order.return_received", order, returned, by, pieces=told, resaleable=fit_of)
    write_letter(order, "return_received", about=returned.public_id)
    emit(parcel.merchant_id, "return.ended", returned, at=at, parcel=parcel.public_id, state="received")
    nothing_kept = all(line.cancelled + line.returned == line.quantity for line in lines.values())
    returned.state, returned.settled_at = Return.State.RECEIVED, at
    # Pieces that were given back before they came, by goodwill, are not given back again.
    owed = {
        lines[pk]: min(number, lines[pk].quantity - lines[pk].refunded_quantity) for pk, (number, _) in came.items()
    }
    what = Pieces(
        {line: number for line, number in owed.items() if number},
        parcels=[parcel] if nothing_kept and parcel.refunded_amount < parcel.total_amount else [],
    )
    return ask_for_refund(order, what, reason=Refund.Reason.RETURNED, by=by, at=at, note=returned.public_id)


@transaction.atomic(durable=True)
def refuse_return(returned: Return, *, reason: str, by: User | None, at: datetime) -> Return:
    """The merchant does not take it back, and says why. Refuses `reason_missing` and `already_done`."""
    if not reason.strip():
        raise Refused("reason_missing")
    order = _locked(returned.parcel)
    if not Return.objects.filter(pk=returned.pk, state=Return.State.REQUESTED).update(
        state=Return.State.REFUSED, settled_at=at, answer=reason.strip()
    ):
        raise Refused("already_done")
    _record("order.return_refused", order, returned, by, reason=reason.strip())
    write_letter(order, "return_refused", about=returned.public_id)
    parcel = returned.parcel
    emit(parcel.merchant_id, "return.ended", returned, at=at, parcel=parcel.public_id, state="refused")
    returned.state, returned.settled_at, returned.answer = Return.State.REFUSED, at, reason.strip()
    return returned


def _locked(parcel: Parcel) -> Order:
    return Order.objects.select_for_update(no_key=True, of=("self",)).get(pk=parcel.order_id)


def _checked(announced: Mapping[int, ReturnLine], received: Mapping[OrderLine, Received]) -> dict[int, Received]:
    """By line, in the order of variants; those of which nothing came are left out."""
    told = {line.pk: pair for line, pair in received.items() if pair != (0, 0)}
    for pk, (number, fit) in told.items():
        one = announced.get(pk)
        if number < 0 or one is None or number > one.quantity:
            title = one.line.title_en if one else ""
            raise Refused("too_many_pieces", left=one.quantity if one else 0, title=title)
        if not 0 <= fit <= number:
            raise Refused("bad_resaleable", received=number, resaleable=fit)
    if not any(number for number, _fit in told.values()):
        raise Refused("nothing_received")
    return {pk: told[pk] for pk in announced if pk in told}


def _by_variant(announced: Mapping[int, ReturnLine], came: Mapping[int, Received]) -> dict[int, int]:
    """Pieces fit to be sold again."""
    fit_of: dict[int, int] = {}
    for pk, (_number, fit) in came.items():
        variant_id = announced[pk].line.variant_id
        if fit and variant_id is not None:
            fit_of[variant_id] = fit_of.get(variant_id, 0) + fit
    return fit_of


def _record(verb: str, order: Order, returned: Return, by: User | None, **facts: object) -> None:
    told = {name: fact for name, fact in facts.items() if fact}
    merchant = Parcel.objects.select_related("merchant").get(pk=returned.parcel_id).merchant
    record(verb, order, by=by, of=merchant, **{"return": returned.public_id, "merchant": merchant.name}, **told)
    moved(returned.parcel)
