"""What an approval of the marketing track allows to stand on the article's page: its pictures and texts, by digest."""

from datetime import datetime

from licensing.assets import page_of
from licensing.models import ApprovedAsset, Licence, LicensedArticle, Round, RoundFile


def digests_of(shown: Round) -> frozenset[str]:
    """Of the page's pictures and texts in a round. One query."""
    pictures = shown.files.filter(kind=RoundFile.Kind.PAGE_PICTURE).values_list("page_digest", flat=True)
    return page_of(shown.texts.values(), pictures)


def allow_assets(article: LicensedArticle, licence: Licence, shown: Round, *, at: datetime) -> None:
    """From now on the round's pictures and texts may stand on the page. What was allowed already stays as it is."""
    wanted = digests_of(shown)
    known = {asset.sha256: asset for asset in ApprovedAsset.objects.filter(article=article, licence=licence)}
    ApprovedAsset.objects.bulk_create(
        ApprovedAsset(article=article, licence=licence, sha256=digest, approved_at=at)
        for digest in sorted(wanted - known.keys())
    )
    retired = [known[digest].pk for digest in wanted & known.keys() if known[digest].revoked_at is not None]
    ApprovedAsset.objects.filter(pk__in=retired).update(approved_at=at, revoked_at=None)


def retire_assets(article: LicensedArticle, licence: Licence, standing: Round | None, *, at: datetime) -> None:
    """What the version that holds does not show may no longer stand there. `standing` is its round; None: there is none."""
    kept = digests_of(standing) if standing else frozenset()
    others = ApprovedAsset.objects.filter(article=article, licence=licence, revoked_at=None)
    others.exclude(sha256__in=kept).update(revoked_at=at)
