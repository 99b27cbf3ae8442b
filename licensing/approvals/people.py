"""Who may do what in approvals.

The licensee is a member of the licence's merchant who looks after its goods, a program of the merchant, or staff acting
for it. Reviewers and
approvers are staff with the permission; an approver reviews, too. Nobody decides on what they handed in themselves, nor on
anything of a merchant they belong to.
"""

from accounts.models import User
from core.errors import Refused
from licensing.models import Licence, Round
from merchants.models import Member, Merchant

#: Who acts for a merchant: a person; or a program of the merchant, whose key was looked at where it came in.
Licensee = User | Merchant

ACTING_ROLES = (Member.Role.OWNER, Member.Role.CATALOGUE)

SUBMIT, REVIEW, APPROVE = "licensing.submit_round", "licensing.review_round", "licensing.approve_round"


def may_act_for_merchants(user: User) -> bool:
    return user.is_active and user.is_staff and user.has_perm(SUBMIT)


def may_review(user: User) -> bool:
    return user.is_active and user.is_staff and (user.has_perm(REVIEW) or user.has_perm(APPROVE))


def may_approve(user: User) -> bool:
    return user.is_active and user.is_staff and user.has_perm(APPROVE)


def is_member(user: User, licence: Licence) -> bool:
    """One query."""
    return Member.objects.filter(user=user, merchant=licence.merchant_id).exists()


def person_of(by: Licensee) -> User | None:
    """Nobody, where a program acts."""
    return None if isinstance(by, Merchant) else by


def check_licensee(by: Licensee, licence: Licence) -> None:
    """Refuses `not_your_merchant`. One query for a person who is not staff."""
    if isinstance(by, Merchant):
        if by.pk != licence.merchant_id:
            raise Refused("not_your_merchant")
        return
    user = by
    if may_act_for_merchants(user):
        return
    acting = Member.objects.filter(user=user, merchant=licence.merchant_id, role__in=ACTING_ROLES)
    if not (user.is_active and acting.exists()):
        raise Refused("not_your_merchant")


def check_reviewer(user: User, shown: Round, licence: Licence) -> None:
    """Refuses `not_a_reviewer` and `own_submission`."""
    if not may_review(user):
        raise Refused("not_a_reviewer")
    _check_independent(user, shown, licence)


def check_approver(user: User, shown: Round, licence: Licence) -> None:
    """Refuses `not_an_approver` and `own_submission`."""
    if not may_approve(user):
        raise Refused("not_an_approver")
    _check_independent(user, shown, licence)


def _check_independent(user: User, shown: Round, licence: Licence) -> None:
    if user.pk in (shown.submitted_by_id, shown.created_by_id) or is_member(user, licence):
        raise Refused("own_submission")
