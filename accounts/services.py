"""The audit trail is written here and nowhere else."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import AuditEntry, User
from core.bulk import insert_new


def record(verb: str, subject: models.Model, *, by: User | None, **changes: Any) -> AuditEntry:
    """Write down that `by` (None: the system) did `verb` to `subject`. Call inside the change's transaction.

    `changes` are plain values, or [old, new] pairs for a field that moved.
    """
    return AuditEntry.objects.create(
        actor=by,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=getattr(subject, "public_id", None) or str(subject.pk),
        changes=changes,
    )


def record_many(
    verb: str, changes_by_subject: Iterable[tuple[models.Model, dict[str, Any]]], *, by: User | None
) -> None:
    """As `record`, for many subjects of one kind at once: an entry for each, in one statement per thousand."""
    entries = [
        AuditEntry(
            actor=by,
            verb=verb,
            subject_type=subject._meta.label_lower,
            subject_id=getattr(subject, "public_id", None) or str(subject.pk),
            changes=changes,
        )
        for subject, changes in changes_by_subject
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=1_000)


def record_rows(
    verb: str, model: type[models.Model], changes_by_id: Iterable[tuple[str, str]], *, by: User | None
) -> None:
    """As `record_many`, of thousands: each subject by its public id alone, its changes as JSON. One statement."""
    insert_new(
        AuditEntry,
        ("subject_id", "changes"),
        changes_by_id,
        verb=verb,
        subject_type=model._meta.label_lower,
        actor_id=by and by.pk,
        at=timezone.now(),
    )
