"""Which statement a day counts in: that of its period while it is open, else the one that is open now."""

from bisect import bisect_right
from datetime import date

from licensing.models import Licence, Statement
from licensing.royalties.lines import Period
from licensing.royalties.terms import DAY, Agreement, PeriodKind
from licensing.royalties.values import calendar_period


class OpenPeriods:
    """A licence's open statements, in order. Make it under the account's lock; `around` opens what is missing."""

    def __init__(self, licence: Licence, agreement: Agreement) -> None:
        self.licence = licence
        self.agreement = agreement
        self.kind = agreement.period or PeriodKind.QUARTER
        rows = Statement.objects.filter(licence=licence).order_by("number").defer("figures", "terms", "rates")
        self.statements = list(rows.filter(state=Statement.State.OPEN))
        if not self.statements:
            last = rows.last()
            self._open(self._first() if last is None else self._period(last.last_day + DAY), last.number if last else 0)

    @property
    def first(self) -> Statement:
        """The statement that is closed next."""
        return self.statements[0]

    def around(self, day: date) -> Statement:
        """The statement that a line of this day counts in. A line that comes late counts in the first open one."""
        while self.statements[-1].last_day < day:
            last = self.statements[-1]
            self._open(self._period(last.last_day + DAY), last.number)
        at = bisect_right([statement.first_day for statement in self.statements], day) - 1
        return self.statements[max(at, 0)]

    def _first(self) -> Period:
        return self._period(self.agreement.term.first_day or self.licence.starts_on)

    def _period(self, day: date) -> Period:
        return calendar_period(self.kind, day)

    def _open(self, period: Period, number: int) -> None:
        self.statements.append(
            Statement.objects.create(
                licence=self.licence, number=number + 1, period=period.name, first_day=period.first_day,
                last_day=period.last_day, currency=self.agreement.currency,
            )
        )  # fmt: skip


def counted_on(statement: Statement, day: date) -> date:
    """The day of the statement's period on which something of `day` counts."""
    return day if statement.first_day <= day <= statement.last_day else statement.first_day


def mark_stale(licence: Licence, *, since: int = 0) -> None:
    """Open statements from number `since` on have to be computed again."""
    rows = Statement.objects.filter(licence=licence, state=Statement.State.OPEN, number__gte=since, is_stale=False)
    rows.update(is_stale=True)
