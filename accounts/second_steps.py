"""Helping somebody who has lost telephone and recovery codes: the studio takes their second steps away, and they set up new
ones."""

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.letters import write_letter
from accounts.models import User
from accounts.services import record

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator


@transaction.atomic(durable=True)
def remove_second_step(authenticator: "Authenticator", *, by: User | None) -> None:
    """A passkey, an app or recovery codes open nothing any more, and the owner of the account is told. Codes go with the last
    step that they stood in for."""
    user = User.objects.select_for_update(no_key=True).get(pk=authenticator.user_id)
    record("user.second_step_removed", user, by=by, type=authenticator.type)
    authenticator.delete()
    others = user.authenticator_set  # type: ignore[attr-defined]  # allauth names it so
    if not others.exclude(type="recovery_codes").exists():
        others.all().delete()
    if user.email:
        write_letter("account_second_step_changed", to=user.email, language="en", said={})
