"""Everything that the shop knows of one person: told to them as one file, and given up when they go.

PARTS is the one list of what is told. A table that holds something of a member adds a line here, and its rows go with the account
(CASCADE) unless somebody has to keep them.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import ProtectedError

from accounts.addresses import is_unconfirmed
from accounts.models import AuditEntry, Letter, User
from accounts.services import record
from catalog.models import Market, StockAlert
from catalog.shelf_store import turn_epoch
from core.errors import Refused
from fans.models import Wish, Wishlist
from orders.forgetting import forget_deliveries, kept_until
from orders.models import Basket, Order

Part = Callable[[User], Any]


def everything_about(user: User, *, at: datetime) -> dict[str, Any]:
    """All of it, in words and figures that JSON knows. A constant number of queries."""
    return {"made_at": at.isoformat(), **{name: read(user) for name, read in PARTS.items()}}


@transaction.atomic(durable=True)
def delete_account(user: User, *, at: datetime) -> None:
    """The account and all that is only its owner's are gone. Orders stay without it, as long as they have to (`kept_until`).
    Refuses `account_of_staff`, and `account_acts_for_others` for who acts for a merchant or has signed for one."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_staff or locked.is_superuser:
        raise Refused("account_of_staff")
    if locked.memberships.exists():
        raise Refused("account_acts_for_others")
    forget_deliveries(locked)
    if locked.reviews.shown().exists():
        # Last locked of all rows, as in every transaction; the deletion below waits for nobody.
        turn_epoch(Market.objects.order_by("pk"))
    if locked.email and not is_unconfirmed(locked):
        StockAlert.objects.filter(email=locked.email.lower()).delete()
        Letter.objects.filter(to__iexact=locked.email).delete()
    record("account.deleted", locked, by=None)
    try:
        with transaction.atomic():
            locked.delete()
    except ProtectedError:
        raise Refused("account_acts_for_others") from None


def kept_orders(user: User) -> list[tuple[Order, date]]:
    """The orders that stay, the last two hundred, each with the last day on which it says who bought."""
    orders = Order.objects.filter(user=user).select_related("market").order_by("-pk")
    return [(order, kept_until(order)) for order in orders[:200]]


def _account(user: User) -> dict[str, Any]:
    return {
        "id": user.public_id,
        "name": user.get_username(),
        "email": user.email,
        "full_name": user.get_full_name(),
        "made_at": _when(user.date_joined),
        "last_sign_in_at": _when(user.last_login),
    }


def _sign_in(user: User) -> dict[str, Any]:
    steps = Authenticator.objects.filter(user=user).order_by("pk")
    sessions = UserSession.objects.filter(user=user).order_by("pk")
    return {
        "second_steps": [
            {
                "kind": Authenticator.Type(step.type).name.lower(),
                "name": step.data.get("name", "") if step.type == Authenticator.Type.WEBAUTHN else "",
                "added_at": _when(step.created_at),
                "used_at": _when(step.last_used_at),
            }
            for step in steps
        ],
        "sessions": [
            {
                "address": row.ip,
                "browser": row.user_agent,
                "since": _when(row.created_at),
                "seen_at": _when(row.last_seen_at),
            }
            for row in sessions
        ],
    }


def _addresses(user: User) -> list[dict[str, Any]]:
    return [{"address": row.address, "phone": row.phone, "is_first": row.is_first} for row in user.addresses.all()]


def _baskets(user: User) -> list[dict[str, Any]]:
    rows = Basket.objects.filter(user=user).select_related("market").prefetch_related("lines__variant__product")
    return [
        {
            "market": row.market.code,
            "country": row.country,
            "lines": [
                {"title": line.variant.product.title_en, "sku": line.variant.sku, "pieces": line.quantity}
                for line in row.lines.all()
            ],
        }
        for row in rows.order_by("pk")
    ]


def _orders(user: User) -> list[dict[str, Any]]:
    related = ("lines", "payments", "refunds", "documents", "parcels__shipments", "parcels__returns")
    rows = Order.objects.filter(user=user).select_related("market").prefetch_related(*related)
    return [_order(row) for row in rows.order_by("pk")]


def _order(row: Order) -> dict[str, Any]:
    parcels = list(row.parcels.all())
    return {
        "id": row.public_id, "number": row.number, "state": row.state, "market": row.market.code, "country": row.country,
        "currency": row.currency, "total_in_minor_units": row.total_amount, "placed_at": _when(row.placed_at),
        "paid_at": _when(row.paid_at), "email": row.email, "phone": row.phone, "address": row.address,
        "gift_message": row.gift_message, "agreed_to": row.consents, "kept_until": kept_until(row).isoformat(),
        "lines": [
            {"title": line.title_en, "sku": line.sku, "options": line.options, "pieces": line.quantity,
             "paid_in_minor_units": line.total_amount}
            for line in row.lines.all()
        ],
        "payments": [
            {"provider": one.provider, "method": one.method, "state": one.state, "amount_in_minor_units": one.amount,
             "made_at": _when(one.created_at)}
            for one in row.payments.all()
        ],
        "refunds": [{"state": one.state, "amount_in_minor_units": one.amount} for one in row.refunds.all()],
        "papers": [one.number for one in row.documents.all()],
        "shipments": [
            {"carrier": one.carrier, "tracking": one.tracking, "sent_at": _when(one.shipped_at)}
            for parcel in parcels for one in parcel.shipments.all()
        ],
        "returns": [
            {"state": one.state, "reason": one.reason, "note": one.note, "announced_at": _when(one.requested_at)}
            for parcel in parcels for one in parcel.returns.all()
        ],
    }  # fmt: skip


def _reviews(user: User) -> list[dict[str, Any]]:
    return [
        {
            "product": row.product.title_en, "stars": row.stars, "title": row.title, "text": row.text, "name": row.name,
            "state": row.state, "reason": row.reason, "answer": row.answer, "written_at": _when(row.written_at),
        }
        for row in user.reviews.select_related("product").order_by("pk")
    ]  # fmt: skip


def _follows(user: User) -> list[dict[str, Any]]:
    rows = user.follows.select_related("film", "market").order_by("pk")
    return [{"film": row.film.title_en, "market": row.market.code, "since": _when(row.created_at)} for row in rows]


def _wishes(user: User) -> dict[str, Any]:
    shared = Wishlist.objects.filter(user=user).first()
    rows = Wish.objects.filter(user=user).select_related("product", "market").order_by("pk")
    return {
        "kept": [
            {"product": row.product.title_en, "market": row.market.code, "since": _when(row.wished_at), "letters": row.is_told}
            for row in rows
        ],
        "shared_as": shared.name if shared else None,
        "shared_since": _when(shared.shared_at) if shared else None,
    }  # fmt: skip


def _stock_alerts(user: User) -> list[dict[str, Any]]:
    """Of the address of the account, once it is known to be theirs."""
    rows = StockAlert.objects.filter(email=user.email.lower()).select_related("variant", "market").order_by("pk")
    return [
        {
            "sku": row.variant.sku,
            "market": row.market.code,
            "since": _when(row.created_at),
            "sent_at": _when(row.sent_at),
        }
        for row in (rows if user.email and not is_unconfirmed(user) else ())
    ]


def _merchants(user: User) -> list[dict[str, Any]]:
    return [{"merchant": row.merchant.name, "role": row.role} for row in user.memberships.select_related("merchant")]


def _trail(user: User) -> list[dict[str, Any]]:
    """What was written down of what they did, without what belongs to those it was done to. Of the last thousand."""
    rows = AuditEntry.objects.filter(actor=user).order_by("-pk")[:1000]
    return [{"at": _when(row.at), "verb": row.verb, "what": f"{row.subject_type} {row.subject_id}"} for row in rows]


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


PARTS: dict[str, Part] = {
    "account": _account,
    "signing_in": _sign_in,
    "addresses": _addresses,
    "orders": _orders,
    "baskets": _baskets,
    "follows": _follows,
    "wishes": _wishes,
    "stock_alerts": _stock_alerts,
    "reviews": _reviews,
    "merchants": _merchants,
    "trail": _trail,
}
