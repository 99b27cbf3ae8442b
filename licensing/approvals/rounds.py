"""Reads about rounds that services and pages share: the last one, the one whose approval stands, what was asked, what differs."""

from licensing.approvals.tracks import STAGES, Stage, Track
from licensing.models import ArticleVersion, RequiredChange, Round, Submission

State = Round.State

#: Decisions by which a stage is passed.
PASSED = (State.APPROVED, State.APPROVED_WITH_CHANGES, State.DEEMED_APPROVED)
#: While it is one of these somebody has to decide.
WAITING = (State.SUBMITTED, State.IN_REVIEW, State.ESCALATED)


def last_round(submission: Submission, stage: str) -> Round | None:
    return submission.rounds.filter(stage=stage).order_by("-number").first()


def standing_round(
    submission: Submission, *, before: ArticleVersion | None = None, before_round: Round | None = None
) -> Round | None:
    """The last round of the track that was passed: in this version, else in those before it. `before`: only in versions
    before that one, which were approved. `before_round`: only what came before that round."""
    version = submission.version
    rounds = Round.objects.filter(
        submission__track=submission.track,
        submission__version__article=version.article_id,
        submission__version__licence=version.licence_id,
        state__in=PASSED,
    )
    earlier = rounds.filter(submission__version__number__lt=version.number, submission__final_at__isnull=False).exclude(
        submission__version__state__in=[ArticleVersion.State.REJECTED, ArticleVersion.State.WITHDRAWN]
    )
    if before_round is not None:
        rounds = rounds.filter(pk__lt=before_round.pk)
    own = None if before else rounds.filter(submission=submission).order_by("-pk").first()
    return own or earlier.order_by("-submission__version__number", "-pk").first()


def asked_changes(draft: Round) -> list[RequiredChange]:
    """The numbered changes that this stage has to answer: those of the approval of the stage before. One query."""
    stages = STAGES[Track(draft.submission.track)]
    place = stages.index(Stage(draft.stage))
    if place == 0:
        return []
    asked = RequiredChange.objects.filter(
        round__submission=draft.submission_id,
        round__stage=stages[place - 1],
        round__state=State.APPROVED_WITH_CHANGES,
    )
    return list(asked.select_related("done_in").order_by("number"))


def differing(before: Round, after: Round) -> list[str]:
    """The names of what two rounds say differently, in the order in which a page tells it; files are told apart."""
    names = [name for name in before.spec | after.spec if _plain(before.spec.get(name)) != _plain(after.spec.get(name))]
    if _plain(before.factory) != _plain(after.factory):
        names.append("factory")
    if [_plain(text) for text in _lines(before)] != [_plain(text) for text in _lines(after)]:
        names.append("legal_line")
    return names + [
        name for name in before.texts | after.texts if _plain(before.texts.get(name)) != _plain(after.texts.get(name))
    ]


def _lines(shown: Round) -> tuple[str, str]:
    return shown.legal_line_en, shown.legal_line_zh


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
