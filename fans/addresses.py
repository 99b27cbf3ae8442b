"""The addresses that a member keeps: added, changed, put first, thrown away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from core.errors import Refused
from fans.models import Address

#: A person's and those of whom they send presents to.
MOST = 20


@transaction.atomic
def keep_address(
    user: User, *, country: str, address: Mapping[str, Any], phone: str, at: datetime, is_first: bool = False
) -> Address:
    """Keep an address, `address` as orders/addresses.py normalises it. One that is kept already stays one. The first one ever
    is the one that comes first. Refuses `too_many_addresses`. Locks the user, as everything here does that says which is
    first."""
    _lock(user)
    rows = list(user.addresses.all())
    known = next((row for row in rows if row.country == country and row.address == dict(address)), None)
    if known is None:
        if len(rows) >= MOST:
            raise Refused("too_many_addresses", most=MOST)
        known = Address.objects.create(
            user=user, country=country, address=dict(address), phone=phone, created_at=at, updated_at=at
        )
    if is_first or not rows:
        _put_first(known)
    return known


@transaction.atomic
def change_address(
    row: Address, *, country: str, address: Mapping[str, Any], phone: str, at: datetime, is_first: bool = False
) -> None:
    """Orders that went to it keep what was written then."""
    _lock(row.user)
    Address.objects.filter(pk=row.pk).update(country=country, address=dict(address), phone=phone, updated_at=at)
    if is_first:
        _put_first(row)


@transaction.atomic
def put_first(row: Address) -> None:
    _lock(row.user)
    _put_first(row)


@transaction.atomic
def remove_address(row: Address) -> None:
    """The oldest that is left comes first then."""
    _lock(row.user)
    Address.objects.filter(pk=row.pk).delete()
    left = list(Address.objects.filter(user=row.user_id).order_by("pk"))
    if left and not any(one.is_first for one in left):
        _put_first(left[0])


def _put_first(row: Address) -> None:
    Address.objects.filter(user=row.user_id, is_first=True).exclude(pk=row.pk).update(is_first=False)
    Address.objects.filter(pk=row.pk).update(is_first=True)
    row.is_first = True


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
