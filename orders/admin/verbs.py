"""What staff does to an order, a parcel, a return and a refund. Each is one service, whose rule says when it may be done."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import Verb, VerbForm
from core.errors import Refused
from core.money import Money
from orders.closing import cancel_order, cancel_pieces
from orders.forms import AnnounceForm, ReceiveForm, RefuseForm, ShipForm
from orders.models import Order, OrderLine, Parcel, Refund, Return
from orders.refunds import Pieces, request_refund, try_refund_again
from orders.returning import announce_return, receive_return, refuse_return
from orders.reviewing import resolve_review
from orders.shipping import mark_delivered, ship

State = Order.State


class ReasonForm(VerbForm):
    reason = forms.CharField(label=_("Why"), max_length=200)


class NoteForm(VerbForm):
    note = forms.CharField(label=_("What was found"), max_length=200)


class LineForm(VerbForm):
    """About one line of the order."""

    line = forms.ModelChoiceField(OrderLine.objects.none(), label=_("Line"))

    def __init__(self, *args: Any, row: Order, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        field = self.fields["line"]
        field.queryset = row.lines.all()  # type: ignore[attr-defined]
        field.initial = row.lines.first()


class PiecesForm(LineForm):
    quantity = forms.IntegerField(label=_("Pieces"), min_value=1)
    reason = forms.CharField(label=_("Why"), max_length=200)


class GoodwillForm(LineForm):
    amount = forms.CharField(label=_("Amount"), max_length=20, help_text=_("With tax, in the order's currency: 12.50."))
    note = forms.CharField(label=_("Why"), max_length=200)

    def clean_amount(self) -> int:
        try:
            money = Money.parse(self.cleaned_data["amount"], self.row.currency)
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        if money.amount < 1:
            raise forms.ValidationError(_("Give an amount above zero."))
        return money.amount


def _cancel_pieces(order: Order, *, line: OrderLine, **told: Any) -> OrderLine:
    return cancel_pieces(line, told.pop("quantity"), **told)


def _refund_pieces(
    order: Order, *, line: OrderLine, quantity: int, reason: str, by: Any, at: datetime
) -> Refund | None:
    return request_refund(order, Pieces({line: quantity}), reason=Refund.Reason.GOODWILL, note=reason, by=by, at=at)


def _goodwill(order: Order, *, line: OrderLine, amount: int, note: str, by: Any, at: datetime) -> Refund | None:
    what = Pieces(amounts={line: amount})
    return request_refund(order, what, reason=Refund.Reason.GOODWILL, note=note, by=by, at=at)


def _is_paid(order: Order, _at: datetime) -> bool:
    return order.state == State.PAID


def _was_paid(order: Order, _at: datetime) -> bool:
    return order.paid_at is not None


def _has_left_to_send(order: Order, at: datetime) -> bool:
    return _is_paid(order, at) and any(line.to_ship for line in order.lines.all())


def _may_be_cancelled(order: Order, _at: datetime) -> bool:
    return order.state in (State.PENDING, State.PAID) and not order.lines.filter(shipped__gt=0).exists()


def _is_announced(returned: Return, _at: datetime) -> bool:
    return returned.state == Return.State.REQUESTED


def _announce(parcel: Parcel, **told: Any) -> Return:
    """Staff takes back what the law lets come back later too: the days are not counted."""
    return announce_return(parcel, who="shop", days=None, **told)


ORDER_VERBS = (
    Verb(
        "settle", _("Settle the review"), _("The review is settled."), resolve_review,
        lambda order, at: bool(order.review), form=NoteForm, is_main=True,
        consequence=_("The order leaves the list of those that somebody has to look at. What was found is kept."),
    ),
    Verb(
        "goodwill", _("Refund an amount"), _("The refund is on its way."), _goodwill, _was_paid, form=GoodwillForm,
        consequence=_("The money goes back the way it came. No piece is taken back and nothing is cancelled."),
    ),
    Verb(
        "refund-pieces", _("Refund pieces"), _("The refund is on its way."), _refund_pieces, _was_paid, form=PiecesForm,
        consequence=_("Their exact share goes back the way it came; the buyer keeps the pieces."),
    ),
    Verb(
        "cancel-pieces", _("Cancel pieces"), _("The pieces are cancelled."), _cancel_pieces, _has_left_to_send,
        form=PiecesForm,
        consequence=_("They are not sent, can be sold again at once, and their exact share is refunded."),
    ),
    Verb(
        "cancel", _("Cancel the order"), _("The order is cancelled."), cancel_order, _may_be_cancelled, form=ReasonForm,
        consequence=_("Nothing is sent, everything can be sold again, and what was paid is refunded, delivery included."),
        is_dangerous=True,
    ),
)  # fmt: skip

PARCEL_VERBS = (
    Verb(
        "ship", _("Send for the merchant"), _("The shipment is written down."), ship,
        lambda parcel, at: _has_left_to_send(parcel.order, at) and any(line.to_ship for line in parcel.lines.all()),
        form=cast("type[VerbForm]", ShipForm), is_main=True,
        consequence=_("The pieces leave the stock, and the buyer is written to."),
    ),
    Verb(
        "announce", _("Announce a return"), _("The return is announced."), _announce,
        lambda parcel, at: any(line.shipped > line.returned for line in parcel.lines.all()),
        form=cast("type[VerbForm]", AnnounceForm),
        consequence=_("Here the days for sending back are not counted: what is faulty may come back later."),
    ),
)  # fmt: skip

SHIPMENT_VERBS = (
    Verb(
        "delivered", _("Mark as delivered"), _("It is delivered."), mark_delivered,
        lambda shipment, at: shipment.delivered_at is None,
    ),
)  # fmt: skip

RETURN_VERBS = (
    Verb(
        "receive", _("Take it back and refund"), _("It is taken back, and the refund is on its way."), receive_return,
        _is_announced, form=cast("type[VerbForm]", ReceiveForm), is_main=True,
        consequence=_("The buyer is refunded for what came, whether it can be sold again or not."),
    ),
    Verb(
        "refuse", _("Refuse the return"), _("The return is refused."), refuse_return, _is_announced,
        form=cast("type[VerbForm]", RefuseForm), is_dangerous=True,
        consequence=_("The buyer is told the reason. Nothing is refunded."),
    ),
)  # fmt: skip

REFUND_VERBS = (
    Verb(
        "again", _("Try again"), _("The refund is tried again."), try_refund_again,
        lambda refund, at: refund.state == Refund.State.FAILED, asks_first=True, is_main=True,
        consequence=_("It is asked for again under its old number, so that nothing is given back twice."),
    ),
)  # fmt: skip
