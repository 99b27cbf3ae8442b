"""Articles as rights know them: recalls, and the properties they are made of besides the product's own."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from licensing.locks import facts_changed, lock_article
from licensing.models import ArticleProperty, Licence, LicensedArticle
from merchants.models import Merchant


@transaction.atomic
def article_of(merchant: Merchant, sku: str) -> LicensedArticle:
    """The row of the merchant's article, made when there is none yet. Refuses `sku_missing`."""
    if not (code := sku.strip()):
        raise Refused("sku_missing")
    return LicensedArticle.objects.get_or_create(merchant=merchant, sku=code)[0]


@transaction.atomic(durable=True)
def recall_article(article: LicensedArticle, *, reason: str, by: User | None, at: datetime) -> LicensedArticle:
    """Nothing of it is seen, sold or shipped from `at` on. Refuses `reason_missing` and `already_done`."""
    if not reason.strip():
        raise Refused("reason_missing")
    locked = lock_article(article)
    if locked.recalled_at is not None:
        raise Refused("already_done")
    locked.recalled_at, locked.recall_reason = at, reason.strip()
    facts_changed(locked)
    record("article.recalled", locked, by=by, sku=locked.sku, reason=locked.recall_reason)
    return locked


@transaction.atomic(durable=True)
def lift_recall(article: LicensedArticle, *, by: User | None) -> LicensedArticle:
    """What is wrong with it has been mended. Refuses `already_done`."""
    locked = lock_article(article)
    if locked.recalled_at is None:
        raise Refused("already_done")
    since, locked.recalled_at, locked.recall_reason = locked.recalled_at, None, ""
    facts_changed(locked)
    record("article.recall_lifted", locked, by=by, sku=locked.sku, recalled_at=since.isoformat())
    return locked


@transaction.atomic(durable=True)
def set_properties(article: LicensedArticle, licences: Iterable[Licence], *, by: User | None) -> LicensedArticle:
    """Replace the article's further properties: each licence stands for its film, and every one of them has to pass the gate.

    Refuses `property_twice`, and `property_of_other_merchant` for a licence that is not the article's merchant's.
    """
    locked = lock_article(article)
    wanted = sorted(licences, key=lambda licence: licence.number)
    if len({licence.film_id for licence in wanted}) < len(wanted):
        raise Refused("property_twice")
    for licence in wanted:
        if licence.merchant_id != locked.merchant_id:
            raise Refused("property_of_other_merchant", licence=licence.number)
    standing = locked.properties.order_by("licence__number")
    old = list(standing.values_list("licence__number", flat=True))
    new = [licence.number for licence in wanted]
    if old != new:
        locked.properties.all().delete()
        ArticleProperty.objects.bulk_create(
            ArticleProperty(article=locked, film_id=licence.film_id, licence=licence) for licence in wanted
        )
        facts_changed(locked)
        record("article.properties_set", locked, by=by, sku=locked.sku, licences=[old, new])
    return locked
