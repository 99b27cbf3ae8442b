"""Writing the demo's rows so that doing it twice changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


@dataclass
class Tally:
    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def add(self, part: "Tally") -> None:
        self.created += part.created
        self.changed += part.changed
        self.unchanged += part.unchanged

    def __str__(self) -> str:
        return f"{self.created} new, {self.changed} changed, {self.unchanged} as they were"


def write(
    model: type[M],
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    tally: Tally,
    first: Mapping[str, Any] | None = None,
) -> M:
    """The row with `key` says `values` afterwards. `first` counts only when it is new: dates reckoned from the day of
    the load, and whatever people may have moved since."""
    row = model._default_manager.filter(**key).first()
    if row is None:
        tally.created += 1
        return model._default_manager.create(**key, **values, **(first or {}))
    if revise(row, values):
        tally.changed += 1
    else:
        tally.unchanged += 1
    return row


def revise(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Save `row` if it does not say `values` already; whether it had to be."""
    wrong = [name for name, value in values.items() if getattr(row, name) != value]
    for name in wrong:
        setattr(row, name, values[name])
    if wrong:
        row.save()
    return bool(wrong)
