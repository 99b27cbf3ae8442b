"""The audit trail is written here and nowhere else."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.trail import merchant_key_of
from core.bulk import insert_new

_program: ContextVar[Callable[[], str]] = ContextVar("program", default=str)


@contextmanager
def done_by_program(key: Callable[[], str]) -> Iterator[None]:
    """What nobody in person does in here was done by a program: its entries name the key (`key`), whoever writes them.

    Asked for when an entry is written: a door knows the key only after it has begun.
    """
    token = _program.set(key)
    try:
        yield
    finally:
        _program.reset(token)


def record(verb: str, subject: models.Model, *, by: User | None, of: Any = None, **changes: Any) -> AuditEntry:
    """Write down that `by` (None: the system) did `verb` to `subject`. Call inside the change's transaction.

    `changes` are plain values, or [old, new] pairs for a field that moved. Whose business it
    was is found from the subject; of what belongs to several merchants (an order), `of` says which.
    """
    return AuditEntry.objects.create(
        actor=by,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=getattr(subject, "public_id", None) or str(subject.pk),
        changes=_told(changes, by),
        merchant_key=merchant_key_of(subject) if of is None else of.pk,
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
            changes=_told(changes, by),
        )
        for subject, changes in changes_by_subject
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=1_000)


def record_rows(
    verb: str, model: type[models.Model], changes_by_id: Iterable[tuple[str, str]], *, by: User | None
) -> None:
    """As `record_many`, of thousands: each subject by its public id alone, its changes as JSON. One statement. They stand at
    their subjects; a merchant's own trail names the import once instead of each of its rows."""
    insert_new(
        AuditEntry,
        ("subject_id", "changes"),
        changes_by_id,
        verb=verb,
        subject_type=model._meta.label_lower,
        actor_id=by and by.pk,
        at=timezone.now(),
    )


def _told(changes: dict[str, Any], by: User | None) -> dict[str, Any]:
    key = _program.get()() if by is None else ""
    return {"key": key} | changes if key else changes
