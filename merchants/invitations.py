"""Invitations: somebody is asked by mail to act for a merchant, and says yes with an account of the same address."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models.functions import Lower

from accounts.letters import write_letter
from accounts.models import User
from accounts.services import record
from core.errors import Refused
from merchants.letters import digest_of, new_token, panel_address
from merchants.models import Invitation, Member, Merchant
from merchants.services import mirror_members

#: So long a link works.
LASTS = timedelta(days=7)
#: Open invitations of a merchant at one time.
MOST_OPEN = 50


@transaction.atomic(durable=True)
def invite(merchant: Merchant, *, email: str, role: str, language: str, by: User | None, at: datetime) -> Invitation:
    """Ask the owner of `email` to act for `merchant` in `role`. Refuses `unknown_role`, `already_member`, `already_invited`
    and `too_many_invitations`."""
    email = email.strip().lower()
    if role not in Member.Role.values:
        raise Refused("unknown_role", role=role)
    locked = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if locked.state == Merchant.State.CLOSED:
        raise Refused("wrong_state", state=locked.get_state_display())
    if locked.sandbox_for_id is not None:
        raise Refused("people_of_merchant")
    if locked.members.annotate(address=Lower("user__email")).filter(address=email).exists():
        raise Refused("already_member", user=email, merchant=str(locked))
    open_ones = list(open_invitations(locked))
    if any(one.email == email for one in open_ones):
        raise Refused("already_invited", email=email)
    if len(open_ones) >= MOST_OPEN:
        raise Refused("too_many_invitations", most=MOST_OPEN)
    token, digest = new_token()
    row = Invitation.objects.create(
        merchant=locked, email=email, role=role, language=language, digest=digest, invited_by=by,
        created_at=at, expires_at=at + LASTS,
    )  # fmt: skip
    _write(row, token)
    record("merchant.invited", locked, by=by, invitation=row.public_id, email=email, role=role)
    return row


@transaction.atomic(durable=True)
def resend(invitation: Invitation, *, by: User | None, at: datetime) -> Invitation:
    """A new link that lasts as long as a first one; the old one stops working. Refuses `invitation_over` for one that was
    answered."""
    locked = _open(invitation)
    token, locked.digest = new_token()
    locked.expires_at = at + LASTS
    locked.save(update_fields=["digest", "expires_at"])
    _write(locked, token)
    record("merchant.invited_again", locked.merchant, by=by, invitation=locked.public_id, email=locked.email)
    return locked


@transaction.atomic(durable=True)
def revoke(invitation: Invitation, *, by: User | None, at: datetime) -> Invitation:
    """The link opens nothing any more. Refuses `invitation_over` for one that was answered."""
    locked = _open(invitation)
    locked.revoked_at = at
    locked.save(update_fields=["revoked_at"])
    record("merchant.invitation_revoked", locked.merchant, by=by, invitation=locked.public_id, email=locked.email)
    return locked


def of_token(token: str, *, at: datetime) -> Invitation | None:
    """The invitation that a link still opens."""
    live = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)
    live = live.exclude(merchant__state=Merchant.State.CLOSED)
    return live.select_related("merchant").filter(digest=digest_of(token)).first()


def has_account(email: str) -> bool:
    """Whether somebody can sign in with this address. Said to whoever holds a letter to it alone."""
    same = User.objects.filter(email__iexact=email) | User.objects.filter(username__iexact=email)
    return same.exists()


@transaction.atomic(durable=True)
def accept(token: str, user: User, *, at: datetime) -> Member:
    """`user`, whose address is the invited one, acts for the merchant from now on; once per link. Refuses `invitation_over`,
    `invitation_for_another`, and `wrong_state` for a merchant that was closed since."""
    return _accept(token, user, at)


@transaction.atomic(durable=True)
def accept_with_new_account(token: str, *, password: str, name: str, at: datetime) -> User:
    """As `accept`, with a new account of the invited address. Refuses `account_exists`, too."""
    row = of_token(token, at=at)
    if row is None:
        raise Refused("invitation_over")
    # Two answers at once wait for each other here; the later one finds the link used.
    Merchant.objects.select_for_update(no_key=True).get(pk=row.merchant_id)
    if has_account(row.email):
        raise Refused("account_exists", email=row.email)
    user = User.objects.create_user(username=row.email, email=row.email, password=password, first_name=name[:150])
    _accept(token, user, at)
    return user


def _accept(token: str, user: User, at: datetime) -> Member:
    row = of_token(token, at=at)
    if row is None:
        raise Refused("invitation_over")
    if user.email.lower() != row.email:
        raise Refused("invitation_for_another", email=row.email)
    merchant = Merchant.objects.select_for_update(no_key=True).get(pk=row.merchant_id)
    if merchant.state == Merchant.State.CLOSED:
        raise Refused("wrong_state", state=merchant.get_state_display())
    used = Invitation.objects.filter(pk=row.pk, digest=digest_of(token), accepted_at=None, revoked_at=None)
    if not used.update(accepted_at=at, accepted_by=user):
        raise Refused("invitation_over")
    if merchant.members.filter(user=user).exists():
        raise Refused("already_member", user=str(user), merchant=str(merchant))
    member = Member.objects.create(merchant=merchant, user=user, role=row.role)
    record("merchant.invitation_accepted", merchant, by=user, invitation=row.public_id, role=row.role)
    mirror_members(merchant)
    return member


def open_invitations(merchant: Merchant) -> models.QuerySet[Invitation]:
    """Those that nobody answered or revoked, expired ones too: they can be sent again."""
    return merchant.invitations.filter(accepted_at=None, revoked_at=None)


def _open(invitation: Invitation) -> Invitation:
    locked = Invitation.objects.select_for_update().select_related("merchant").get(pk=invitation.pk)
    if locked.accepted_at or locked.revoked_at:
        raise Refused("invitation_over")
    return locked


def _write(row: Invitation, token: str) -> None:
    said = {
        "merchant": row.merchant.name_in(row.language),
        "inviter": (row.invited_by.get_full_name() or row.invited_by.email) if row.invited_by else "",
        "role": row.role,
        "address": panel_address(f"invitations/{token}/", row.language),
        "last_day": f"{row.expires_at:%Y-%m-%d}",
    }
    write_letter("invitation", to=row.email, language=row.language, said=said)
