"""One import on its way: the rows that may be written, and the report of what became of each."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from core.importing.report import Outcome, Problem, Report
from films.importing.rows import FilmRow
from films.importing.store import FilmChange


class FilmReading:
    """Remembers which keys and pages a file has named, by line. That grows with the file: about 200 bytes a film."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.lines_by_key: dict[str, int] = {}
        self.lines_by_page: dict[str, int] = {}
        self.lines_by_title: dict[tuple[str, int], int] = {}

    def good_rows(self, rows: Iterable[FilmRow | Problem]) -> Iterator[FilmRow]:
        """The rows that can be written. The others are counted as refused, also a second row with the same key."""
        for row in rows:
            self.report.rows.came_in += 1
            self.report.subjects.came_in += 1
            if isinstance(row, Problem):
                self._refuse(row)
            elif row.key in self.lines_by_key:
                facts = {"value": row.title, "first": self.lines_by_key[row.key]}
                self._refuse(Problem("duplicate_row", row.line, facts=facts))
            else:
                self.lines_by_key[row.key] = row.line
                self._watch_page(row)
                yield row

    def _refuse(self, problem: Problem) -> None:
        self.report.refuse(problem)
        self.report.subjects.add(Outcome.REFUSED)

    def _watch_page(self, row: FilmRow) -> None:
        if row.page and (first := self.lines_by_page.setdefault(row.page, row.line)) != row.line:
            row.warnings.append(Problem("same_page", row.line, "href", {"first": first}))

    def note(self, changes: Iterable[FilmChange]) -> None:
        """Write down what a page has done."""
        for change in changes:
            self.report.rows.add(change.outcome)
            self.report.subjects.add(change.outcome)
            self.report.warn(change.row.warnings)
            self.report.warn(self._namesakes(change))
            if change.outcome is not Outcome.UNCHANGED:
                self.report.note_change(
                    {
                        "line": change.row.line,
                        "outcome": change.outcome.value,
                        "film": change.film.slug or change.row.key,
                        "title": change.film.title_en,
                        "fields": change.fields if change.outcome is Outcome.UPDATED else {},
                    }
                )

    def _namesakes(self, change: FilmChange) -> list[Problem]:
        """Of a new film: who else has its title and year, in this file or from before."""
        year = change.film.year
        if not change.is_new or not year:
            return []
        others = [slug for slug, key in change.namesakes if key not in self.lines_by_key]
        first = self.lines_by_title.setdefault((change.film.title_en, year), change.row.line)
        if first != change.row.line:
            others.append(_("line %(line)s") % {"line": first})
        if not others:
            return []
        return [Problem("same_title_and_year", change.row.line, facts={"value": ", ".join(others[:5])})]
