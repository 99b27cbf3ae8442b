"""What somebody may see of approvals. Every function starts from who asks: a draft is its licensee's, an internal note the
licensor's, and a merchant sees nothing of another's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from licensing.approvals.people import may_act_for_merchants, may_review
from licensing.approvals.rounds import WAITING
from licensing.approvals.words import TimeLeft, time_left
from licensing.models import ArticleVersion, Certificate, Comment, MarkedFile, Round, RoundFile, Submission
from merchants.models import Merchant

VIEW = "licensing.view_round"


def sees_as_licensor(user: User) -> bool:
    """Reviewers, and staff who may look and do nothing."""
    return may_review(user) or (user.is_active and user.is_staff and user.has_perm(VIEW))


def versions_seen_by(user: User) -> QuerySet[ArticleVersion]:
    """One query."""
    versions = ArticleVersion.objects.select_related("article__merchant", "licence__film")
    if _sees_every_merchant(user):
        return versions
    return versions.filter(article__merchant__in=_merchants_of(user))


def rounds_seen_by(user: User) -> QuerySet[Round]:
    """What was submitted, of every merchant for staff, of the own ones for members; and drafts for those whose they are:
    the merchant's members, and whoever began one for a merchant."""
    rounds = Round.objects.select_related(
        "submission__version__article__merchant", "submission__version__licence__film"
    )
    own = Q(submission__version__article__merchant__in=_merchants_of(user))
    if _sees_every_merchant(user):
        return rounds.filter(~Q(state=Round.State.DRAFT) | Q(created_by=user) | own)
    return rounds.filter(own)


def files_seen_by(user: User) -> QuerySet[RoundFile]:
    return RoundFile.objects.filter(round__in=rounds_seen_by(user).select_related(None))


def marked_files_seen_by(user: User) -> QuerySet[MarkedFile]:
    return MarkedFile.objects.filter(round__in=rounds_seen_by(user).select_related(None))


def comments_seen_by(user: User) -> QuerySet[Comment]:
    """Internal notes are for the licensor's side alone; a reviewer who also belongs to the merchant is on the other side."""
    comments = Comment.objects.filter(round__in=rounds_seen_by(user).select_related(None)).select_related("author")
    if not sees_as_licensor(user):
        return comments.filter(is_internal=False)
    own = Q(round__submission__version__article__merchant__in=_merchants_of(user))
    return comments.exclude(own, is_internal=True)


def certificates_seen_by(user: User) -> QuerySet[Certificate]:
    certificates = Certificate.objects.select_related("article__merchant", "licence__film")
    if _sees_every_merchant(user):
        return certificates
    return certificates.filter(article__merchant__in=_merchants_of(user))


# -- a merchant's side ---------------------------------------------------------------------------------
# Of one merchant alone, whoever of its people or programs asks; never what the licensor's people note for themselves.


def versions_of(merchant: Merchant) -> QuerySet[ArticleVersion]:
    return ArticleVersion.objects.filter(article__merchant=merchant).select_related(
        "article__merchant", "licence__film"
    )


def rounds_of(merchant: Merchant) -> QuerySet[Round]:
    """Drafts, too: they are the merchant's own."""
    rounds = Round.objects.filter(submission__version__article__merchant=merchant)
    return rounds.select_related("submission__version__article__merchant", "submission__version__licence__film")


def files_of(merchant: Merchant) -> QuerySet[RoundFile]:
    return RoundFile.objects.filter(round__submission__version__article__merchant=merchant)


def marked_files_of(merchant: Merchant) -> QuerySet[MarkedFile]:
    return MarkedFile.objects.filter(round__submission__version__article__merchant=merchant)


def comments_of(merchant: Merchant) -> QuerySet[Comment]:
    own = Comment.objects.filter(round__submission__version__article__merchant=merchant, is_internal=False)
    return own.select_related("author")


def certificates_of(merchant: Merchant) -> QuerySet[Certificate]:
    return Certificate.objects.filter(article__merchant=merchant).select_related("article__merchant", "licence__film")


def waiting_on(versions: QuerySet[ArticleVersion], side: str) -> QuerySet[ArticleVersion]:
    """Versions in approval that wait for the "licensor", who has a round to decide on, or the "merchant", who has to show the
    next one of some track. One may wait for both."""
    versions = versions.filter(state=ArticleVersion.State.IN_APPROVAL)
    decided = Round.objects.filter(state__in=WAITING)
    if side == "licensor":
        return versions.filter(Exists(decided.filter(submission__version=OuterRef("pk"))))
    open_tracks = Submission.objects.filter(version=OuterRef("pk"), final_at=None)
    return versions.filter(Exists(open_tracks.exclude(Exists(decided.filter(submission=OuterRef("pk"))))))


@dataclass(frozen=True, slots=True)
class Waiting:
    round: Round
    left: TimeLeft


def review_queue(
    user: User, *, track: str = "", merchant: int | None = None, film: int | None = None
) -> QuerySet[Round]:
    """The rounds that wait for a decision, the one that is due first first: so what is overdue stands on top. Empty for
    who is not on the licensor's side."""
    rounds = rounds_seen_by(user).filter(state__in=WAITING, submission__version__state=ArticleVersion.State.IN_APPROVAL)
    if not sees_as_licensor(user):
        return rounds.none()
    if track:
        rounds = rounds.filter(submission__track=track)
    if merchant:
        rounds = rounds.filter(submission__version__article__merchant=merchant)
    if film:
        rounds = rounds.filter(submission__version__licence__film=film)
    return rounds.order_by("due_at", "id")


def with_time_left(rounds: Iterable[Round], *, at: datetime) -> list[Waiting]:
    return [Waiting(shown, time_left(shown, shown.submission.version.licence, at=at)) for shown in rounds]


def _sees_every_merchant(user: User) -> bool:
    return sees_as_licensor(user) or may_act_for_merchants(user)


def _merchants_of(user: User) -> QuerySet[Merchant]:
    return Merchant.objects.filter(members__user=user)
