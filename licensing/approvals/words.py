"""Approvals in words: how much time is left, what one round changes against another, what a decision says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from licensing.approvals.deadlines import business_days_between
from licensing.approvals.evidence import SPEC, TEXTS
from licensing.models import Licence, Round, RoundFile


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """`tone` is "late", "soon" (a fifth of the time or less is left) or "calm"."""

    words: str
    tone: str


def time_left(shown: Round, licence: Licence, *, at: datetime) -> TimeLeft:
    """Until the round's deadline, in business days of the licensor; how long it is over, once it is."""
    assert shown.due_at is not None
    assert shown.late_at is not None
    clock = {"calendar": licence.calendar, "zone": licence.time_zone}
    if at >= shown.due_at:
        days = business_days_between(shown.due_at, at, **clock)
        words = ngettext("%(days)s business day overdue", "%(days)s business days overdue", days) % {"days": days}
        return TimeLeft(words if days else _("Overdue since today"), "late")
    days = business_days_between(at, shown.due_at, **clock)
    words = ngettext("%(days)s business day left", "%(days)s business days left", days) % {"days": days}
    return TimeLeft(words if days > 1 else _("Due today"), "soon" if at >= shown.late_at else "calm")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs from the round before: `sign` is +, − or ≠."""

    sign: str
    name: str
    old: str = ""
    new: str = ""

    @property
    def tone(self) -> str:
        return {"+": "added", "−": "removed"}.get(self.sign, "changed")

    @property
    def word(self) -> str:
        return {"+": _("Added:"), "−": _("Removed:")}.get(self.sign, _("Changed:"))


def differences(
    before: Round, after: Round, files_before: Iterable[RoundFile], files_after: Iterable[RoundFile]
) -> list[Difference]:
    """What `after` says and shows differently: specification, legal line, factory, texts, files."""
    found = []
    for name, old, new in _said(before, after):
        if old != new:
            found.append(Difference("≠" if old and new else "+" if new else "−", name, old, new))
    old_files = {(file.kind, file.sha256): file for file in files_before}
    new_files = {(file.kind, file.sha256): file for file in files_after}
    found += [_file("+", new_files[key]) for key in new_files if key not in old_files]
    return found + [_file("−", old_files[key]) for key in old_files if key not in new_files]


def _said(before: Round, after: Round) -> list[tuple[str, str, str]]:
    rows = [(str(label), before.spec.get(name, ""), after.spec.get(name, "")) for name, label in SPEC.items()]
    rows.append((_("Factory"), before.factory, after.factory))
    rows.append((_("Legal line in English"), before.legal_line_en, after.legal_line_en))
    rows.append((_("Legal line in Chinese"), before.legal_line_zh, after.legal_line_zh))
    return rows + [(str(label), before.texts.get(name, ""), after.texts.get(name, "")) for name, label in TEXTS.items()]


def _file(sign: str, file: RoundFile) -> Difference:
    name = _("%(kind)s: %(name)s") % {"kind": file.get_kind_display(), "name": file.name}
    return Difference(sign, name)
