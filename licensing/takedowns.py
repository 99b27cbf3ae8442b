"""Disputes: one act freezes what a claim touches, everywhere and at once; releasing it restores what was there.

Listings, feeds and orders follow through the gate, which reads open takedowns (row 2); payouts ask `frozen_at`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from core.jobs import enqueue
from films.models import Film
from licensing.models import Licence, LicensedArticle, Takedown
from merchants.models import Merchant

Subject = Film | Merchant | Licence | LicensedArticle


@transaction.atomic(durable=True)
def start_takedown(subject: Subject, *, claimant: str, reason: str, by: User | None, at: datetime) -> Takedown:
    """Freeze everything of `subject` from `at` on: not listed, sold, shipped or paid out. Nothing is deleted.

    Refuses `reason_missing`, and `already_done` while the same claimant's dispute about it is open. Two claimants may
    dispute the same thing; it is free when both are released.
    """
    if not (claimant.strip() and reason.strip()):
        raise Refused("reason_missing")
    field = _field_of(subject)
    # The subject's row is the lock of its disputes: a double click makes one.
    type(subject)._default_manager.select_for_update(no_key=True).get(pk=subject.pk)
    open_already = Takedown.objects.filter(**{field: subject.pk}, released_at=None, claimant__iexact=claimant.strip())
    if open_already.exists():
        raise Refused("already_done")
    takedown = Takedown.objects.create(
        claimant=claimant.strip(), reason=reason.strip(), starts_at=at, **{f"{field}_id": subject.pk}
    )
    enqueue("catalog.catch_up_shelf")
    record(
        "takedown.started", takedown, by=by, claimant=takedown.claimant, reason=takedown.reason, touches=str(subject)
    )
    return takedown


@transaction.atomic(durable=True)
def release_takedown(takedown: Takedown, *, outcome: str, by: User | None, at: datetime) -> Takedown:
    """The dispute is over: what it froze is as it was before, unless another one holds it. Refuses `reason_missing` and
    `already_done`."""
    if not outcome.strip():
        raise Refused("reason_missing")
    locked = Takedown.objects.select_for_update(no_key=True, of=("self",)).get(pk=takedown.pk)
    if locked.released_at is not None:
        raise Refused("already_done")
    locked.released_at, locked.outcome = max(at, locked.starts_at), outcome.strip()
    locked.save()
    enqueue("catalog.catch_up_shelf")
    record("takedown.released", locked, by=by, outcome=locked.outcome, touches=str(subject_of(locked)))
    return locked


def subject_of(takedown: Takedown) -> Subject:
    """What the takedown touches. One query unless it was read along."""
    subject = takedown.film or takedown.merchant or takedown.licence or takedown.article
    assert subject is not None  # a constraint holds it
    return subject


def open_takedowns(at: datetime) -> models.QuerySet[Takedown]:
    """Those that hold at `at`."""
    unreleased = models.Q(released_at=None) | models.Q(released_at__gt=at)
    return Takedown.objects.filter(unreleased, starts_at__lte=at)


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything that disputes hold at one instant: read once, asked for many orders or payouts."""

    films: frozenset[int]
    merchants: frozenset[int]
    licences: frozenset[int]
    #: Each a merchant and its code.
    articles: frozenset[tuple[int, str]]

    def touches(
        self, *, merchant_id: int, sku: str = "", film_ids: Collection[int] = (), licence_ids: Collection[int] = ()
    ) -> bool:
        """Whether a dispute touches this: one article of several films, a licence, or all of a merchant."""
        return (
            merchant_id in self.merchants
            or not self.films.isdisjoint(film_ids)
            or not self.licences.isdisjoint(licence_ids)
            or (merchant_id, sku) in self.articles
        )


def frozen_at(at: datetime) -> Frozen:
    """What is frozen at `at`. One query."""
    rows = open_takedowns(at).values_list(
        "film_id", "merchant_id", "licence_id", "article__merchant_id", "article__sku"
    )
    held = list(rows)
    return Frozen(
        films=frozenset(row[0] for row in held if row[0]),
        merchants=frozenset(row[1] for row in held if row[1]),
        licences=frozenset(row[2] for row in held if row[2]),
        articles=frozenset((row[3], row[4]) for row in held if row[3]),
    )


def is_frozen(
    *,
    merchant_id: int,
    sku: str = "",
    film_ids: Collection[int] = (),
    licence_ids: Collection[int] = (),
    at: datetime,
) -> bool:
    """Whether a dispute holds this at `at`; for one order or one payout. One query. Films and licences are all of the
    article's, its further properties too."""
    return frozen_at(at).touches(merchant_id=merchant_id, sku=sku, film_ids=film_ids, licence_ids=licence_ids)


def frozen_articles(merchant: Merchant, *, at: datetime) -> models.QuerySet[LicensedArticle]:
    """The merchant's articles that a dispute of their own, or of a further property's film or licence, holds. Disputes about
    a whole film, licence or merchant are in `frozen_at`: most of their goods have no row here."""
    held = frozen_at(at)
    if merchant.pk in held.merchants:
        return merchant.articles.all()
    return merchant.articles.filter(
        models.Q(takedowns__in=open_takedowns(at))
        | models.Q(properties__film__in=held.films)
        | models.Q(properties__licence__in=held.licences)
    ).distinct()


def _field_of(subject: Subject) -> str:
    fields: tuple[tuple[type[models.Model], str], ...] = (
        (Film, "film"), (Merchant, "merchant"), (Licence, "licence"), (LicensedArticle, "article"),
    )  # fmt: skip
    for kind, field in fields:
        if isinstance(subject, kind):
            return field
    raise TypeError(f"{type(subject).__name__} is nothing that a takedown touches")
