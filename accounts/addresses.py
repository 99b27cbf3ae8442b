"""Whether the address of an account is known to be its owner's."""

from allauth.account.models import EmailAddress

from accounts.models import User


def is_unconfirmed(user: User) -> bool:
    """Whether the address is still to be confirmed. Accounts that were made by invitation or at the desk have no such row."""
    return EmailAddress.objects.filter(user=user, verified=False).exists()
