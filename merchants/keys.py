"""Partner keys: made, replaced, revoked, and recognised.

A secret is 256 random bits behind the prefix that names it. Only its SHA-256 is kept, so whoever reads the database can ask
nothing with what is there; it is told once, to whoever made the key, and is in no log, message or audit entry.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.services import record
from core.clock import plausible
from core.errors import Refused
from core.ids import new_public_id
from merchants.models import Merchant, PartnerKey

Scope = PartnerKey.Scope

#: So many keys of one name may be live: the one in use and the one that replaces it.
MOST_LIVE = 2
#: How long the key that is replaced goes on working at most.
LONGEST_OVERLAP = timedelta(days=90)
#: `last_used_at` is exact to this, so that a busy program does not write a row with each request.
USED_EVERY = timedelta(minutes=1)

_FORM = re.compile(r"(?P<prefix>msk_[0-9a-z]{16})_[0-9a-f]{64}", re.ASCII)
#: Compared with when no key has the prefix, so that the answer takes as long.
_NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key with its secret, which is here and nowhere else."""

    key: PartnerKey
    secret: str = field(repr=False)


@transaction.atomic(durable=True)
def make_key(
    merchant: Merchant,
    *,
    name: str,
    scopes: Collection[str],
    by: User | None,
    at: datetime,
    expires_at: datetime | None = None,
    minted_by: PartnerKey | None = None,
) -> MadeKey:
    """A key of `merchant`. `minted_by`: the key that asks for it, than which the new one is never stronger.

    Refuses `unknown_scope`, `scope_missing`, `key_expired_already`, `keys_live`, `key_too_strong`, and `wrong_state` for a
    merchant who is closed.
    """
    locked = _lock(merchant)
    made = _make(locked, name, scopes, at=at, expires_at=expires_at, minted_by=minted_by)
    record("merchant.key_made", locked, by=by, **_said_of(made.key))
    return made


@transaction.atomic(durable=True)
def rotate_key(
    key: PartnerKey,
    *,
    by: User | None,
    at: datetime,
    overlap: timedelta,
    expires_at: datetime | None = None,
    minted_by: PartnerKey | None = None,
) -> MadeKey:
    """Another key of the same name and scopes; the old one works for `overlap` more, so that programs can change over.

    Refuses `key_not_live`, `bad_overlap`, and what `make_key` refuses.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Refused("bad_overlap", most=LONGEST_OVERLAP.days)
    merchant = _lock(key.merchant)
    old = merchant.partner_keys.get(pk=key.pk)
    if not old.is_live(at):
        raise Refused("key_not_live", name=old.name)
    made = _make(merchant, old.name, old.scopes, at=at, expires_at=expires_at, minted_by=minted_by)
    ends_at = at + overlap
    if old.expires_at is None or old.expires_at > ends_at:
        old.expires_at = ends_at
        old.save(update_fields=["expires_at"])
    record(
        "merchant.key_rotated", merchant, by=by, replaces=old.public_id, until=str(old.expires_at), **_said_of(made.key)
    )
    return made


@transaction.atomic(durable=True)
def revoke_key(key: PartnerKey, *, by: User | None, at: datetime) -> PartnerKey:
    """From now on it opens nothing. Refuses `already_done`."""
    merchant = _lock(key.merchant)
    locked = merchant.partner_keys.get(pk=key.pk)
    if locked.revoked_at is not None:
        raise Refused("already_done")
    locked.revoked_at = at
    locked.save(update_fields=["revoked_at"])
    record("merchant.key_revoked", merchant, by=by, key=locked.public_id, name=locked.name)
    return locked


def find_key(secret: str) -> PartnerKey | None:
    """The key of this secret with its merchant (and whose sandbox that is), live or not; None for what is no key. One query, none
    for what has not the form of one. Compared in constant time."""
    form = _FORM.fullmatch(secret)
    if form is None:
        return None
    key = PartnerKey.objects.select_related("merchant__sandbox_for").filter(prefix=form["prefix"]).first()
    is_same = secrets.compare_digest(_hash(secret), key.secret_hash if key else _NO_HASH)
    return key if is_same else None


def note_use(key: PartnerKey, *, at: datetime) -> None:
    """Write down that the key was used, once a minute at most."""
    if key.last_used_at is not None and at - key.last_used_at < USED_EVERY:
        return
    unnoted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - USED_EVERY)
    PartnerKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=at)


def _lock(merchant: Merchant) -> Merchant:
    """The merchant is the lock of all its keys, so that two at once cannot make a third live one."""
    return Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


def _make(
    merchant: Merchant,
    name: str,
    scopes: Collection[str],
    *,
    at: datetime,
    expires_at: datetime | None,
    minted_by: PartnerKey | None,
) -> MadeKey:
    wanted = _known_scopes(scopes)
    if merchant.state == Merchant.State.CLOSED:
        raise Refused("wrong_state", state=merchant.get_state_display())
    if expires_at is not None and plausible(expires_at) <= at:
        raise Refused("key_expired_already")
    if minted_by is not None:
        _not_stronger(minted_by, merchant, wanted, at, expires_at)
    if merchant.partner_keys.live(at=at).filter(name=name).count() >= MOST_LIVE:
        raise Refused("keys_live", name=name)
    prefix = new_public_id("msk")
    secret = f"{prefix}_{secrets.token_hex(32)}"
    key = merchant.partner_keys.create(
        name=name, prefix=prefix, secret_hash=_hash(secret), scopes=wanted, created_at=at, expires_at=expires_at
    )
    return MadeKey(key, secret)


def _not_stronger(
    by: PartnerKey, merchant: Merchant, scopes: Collection[str], at: datetime, expires_at: datetime | None
) -> None:
    """Neither for somebody else, nor with a scope of which the minting key has none, nor for longer."""
    minting = PartnerKey.objects.get(pk=by.pk)
    is_longer = minting.expires_at is not None and (expires_at is None or expires_at > minting.expires_at)
    is_wider = not set(scopes) <= set(minting.scopes)
    if minting.merchant_id != merchant.pk or not minting.is_live(at) or is_wider or is_longer:
        raise Refused("key_too_strong")


def _known_scopes(scopes: Collection[str]) -> list[str]:
    if unknown := sorted(set(scopes) - set(Scope.values)):
        raise Refused("unknown_scope", scope=", ".join(unknown))
    if not scopes:
        raise Refused("scope_missing")
    return sorted(set(scopes))


def _said_of(key: PartnerKey) -> dict[str, object]:
    """What the trail says of a key: by its id, and nothing that helps to guess it."""
    until = key.expires_at.isoformat() if key.expires_at else None
    return {"key": key.public_id, "name": key.name, "scopes": key.scopes, "expires_at": until}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
