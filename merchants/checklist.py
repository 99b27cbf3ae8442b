"""The points of the checklist, as the studio writes them."""

from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from merchants.models import Requirement


@transaction.atomic(durable=True)
def write_requirement(requirement: Requirement | None, *, by: User | None, **fields: Any) -> Requirement:
    """A new point, or `requirement` with these fields. What was accepted before stays accepted, save for an agreement of an older
    version."""
    if requirement is None:
        row = Requirement.objects.create(**fields)
        record("requirement.created", row, by=by, name=row.name_en)
        return row
    row = Requirement.objects.select_for_update().get(pk=requirement.pk)
    changes = {name: [getattr(row, name), value] for name, value in fields.items() if getattr(row, name) != value}
    for name, (_old, value) in changes.items():
        setattr(row, name, value)
    if changes:
        row.save()
        record("requirement.edited", row, by=by, **changes)
    return row
