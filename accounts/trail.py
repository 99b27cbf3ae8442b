"""Whose business an entry of the audit trail is.

This floor does not know merchants; it follows the references of a subject's model until one leads to the merchant's table: a
product belongs to its licence's merchant, a price to its product's. What leads to several merchants (an order) is said by whoever
writes the entry.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from django.db import models

from accounts.models import AuditEntry

MERCHANT = "merchants.merchant"
#: References that mean "is a part of". A chain through another one (who reviewed, what a thing was copied from) says nothing.
PARTS_OF = frozenset({
    "merchant", "licence", "agreement", "product", "variant", "article", "version", "submission", "shown", "round",
    "parcel", "shipment", "endpoint", "key", "statement", "guarantee",
})  # fmt: skip
DEEPEST = 5


def merchant_key_of(subject: models.Model) -> int | None:
    """The number of the merchant's row, or None. Asks the database where the chain is longer than one reference."""
    model = type(subject)
    if model._meta.label_lower == MERCHANT:
        return subject.pk
    path = path_to_merchant(model)
    if path is None:
        return None
    if len(path) == 1:
        key: int | None = getattr(subject, f"{path[0]}_id")
        return key
    return model._base_manager.filter(pk=subject.pk).values_list("__".join(path) + "_id", flat=True).first()


@cache
def path_to_merchant(model: type[models.Model]) -> tuple[str, ...] | None:
    """The shortest chain of references from a model to the merchant: ("product", "licence", "merchant")."""
    waiting: list[tuple[type[models.Model], tuple[str, ...]]] = [(model, ())]
    seen = {model}
    while waiting:
        here, path = waiting.pop(0)
        for field in here._meta.concrete_fields:
            target = field.related_model
            if field.name not in PARTS_OF or not isinstance(target, type):
                continue
            if target._meta.label_lower == MERCHANT:
                return (*path, field.name)
            if len(path) + 1 < DEEPEST and target not in seen:
                seen.add(target)
                waiting.append((target, (*path, field.name)))
    return None


def entries_of(
    merchant_key: int,
    verbs: Iterable[str],
    *,
    actor: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
) -> models.QuerySet[AuditEntry]:
    """What was done of these verbs to one merchant's things, the newest first: by the person with the public id `actor`, within a
    period, and behind an entry."""
    found = AuditEntry.objects.filter(merchant_key=merchant_key, verb__in=list(verbs)).select_related("actor")
    if actor:
        found = found.filter(actor__public_id=actor)
    if since is not None:
        found = found.filter(at__gte=since)
    if until is not None:
        found = found.filter(at__lt=until)
    if before is not None:
        found = found.filter(pk__lt=before)
    return found.order_by("-pk")
