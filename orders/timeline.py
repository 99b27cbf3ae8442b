"""What happened to an order, who did it and when: the audit trail of the order in words, for its buyer and for the shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AuditEntry
from core.money import Money
from orders.models import Order, Refund


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    who: str
    what: str


def timeline(order: Order, language: str, *, for_buyer: bool) -> list[Moment]:
    """In order of time. A buyer reads "the shop" where staff reads a name. Two queries, whatever happened."""
    entries = AuditEntry.objects.filter(subject_type=order._meta.label_lower, subject_id=order.public_id)
    return [
        Moment(entry.at, _who(entry, for_buyer=for_buyer), _what(entry, order, language))
        for entry in entries.select_related("actor").order_by("id")
        if not (for_buyer and entry.verb in _INSIDE)
    ]


#: What is no concern of the buyer.
_INSIDE = ("order.reviewed", "order.refund_tried_again")


def _who(entry: AuditEntry, *, for_buyer: bool) -> str:
    who = entry.changes.get("who", "")
    if who == "buyer":
        return _("You") if for_buyer else _("The buyer")
    if entry.actor is not None and not for_buyer:
        return entry.actor.get_full_name() or entry.actor.get_username()
    if who == "provider":
        return _("The payment provider")
    return _("The shop")


def _what(entry: AuditEntry, order: Order, language: str) -> str:
    facts = entry.changes
    sentence = _sentences(facts, order, language).get(entry.verb.removeprefix("order."))
    return sentence or entry.verb


def _sentences(facts: Mapping[str, Any], order: Order, language: str) -> dict[str, str]:
    amount = facts.get("amount", facts.get("total", 0))
    money = {"amount": Money(amount if isinstance(amount, int) else 0, order.currency).in_locale(language)}
    said: dict[str, str] = {name: str(value) for name, value in facts.items()}
    pieces = facts.get("pieces", 0)
    count = {"pieces": pieces if isinstance(pieces, int) else sum(pieces.values()) if isinstance(pieces, dict) else 0}
    reason = dict(Refund.Reason.choices).get(said.get("reason", ""), said.get("reason", ""))
    return {
        "placed": _("Ordered for %(amount)s") % money,
        "paid": _("Paid %(amount)s") % money,
        "payment_failed": _("A payment was refused"),
        "cancelled": _("Cancelled"),
        "pieces_cancelled": ngettext("%(pieces)s piece cancelled", "%(pieces)s pieces cancelled", count["pieces"])
        % count,
        "expired": _("Not paid in time"),
        "shipped": ngettext("%(pieces)s piece sent", "%(pieces)s pieces sent", count["pieces"]) % count
        if count["pieces"]
        else _("Sent"),
        "delivered": _("Delivered"),
        "return_announced": _("A return was announced"),
        "return_received": _("A return has arrived"),
        "return_refused": _("A return was refused"),
        "refund_requested": _("%(amount)s are being given back: %(reason)s") % (money | {"reason": reason}),
        "refund_made": _("%(amount)s were given back") % money,
        "refund_tried_again": _("A refund is tried again"),
        "reviewed": _("Looked at and settled"),
    }
