"""The one lock of approvals: a licensed article, with every version, round and certificate of it."""

from core.errors import Refused
from licensing.models import ArticleVersion, LicensedArticle, Round, Submission


def lock_article(article_id: int) -> LicensedArticle:
    return LicensedArticle.objects.select_for_update(no_key=True).get(pk=article_id)


def lock_version(version: ArticleVersion) -> ArticleVersion:
    """The version as it is once nobody else is changing its article."""
    lock_article(version.article_id)
    return ArticleVersion.objects.select_related("article", "licence__merchant").get(pk=version.pk)


def lock_submission(submission: Submission) -> Submission:
    lock_article(ArticleVersion.objects.values_list("article_id", flat=True).get(submissions=submission.pk))
    return Submission.objects.select_related("version__article", "version__licence__merchant").get(pk=submission.pk)


def lock_round(shown: Round) -> Round:
    """Refuses `already_done` for a draft that somebody else has thrown away."""
    article_id = (
        ArticleVersion.objects.filter(submissions__rounds=shown.pk).values_list("article_id", flat=True).first()
    )
    if article_id is not None:
        lock_article(article_id)
    locked = (
        Round.objects.select_related("submission__version__article", "submission__version__licence__merchant")
        .filter(pk=shown.pk)
        .first()
    )
    if locked is None:
        raise Refused("already_done")
    return locked
