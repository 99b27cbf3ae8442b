"""The names that queries are cut by: each process reads them as it needs them, so that all of them cut alike."""

import time

from catalog.search.words import has_unspaced, know_names
from core.prepared import Prepared
from films.models import Credit, Film

_KEEP_SECONDS = 60.0
_read_at: list[float] = []

_FILMS = Prepared(lambda: Film.objects.exclude(title_zh="").order_by().values_list("title_zh", "title_original"))
_PEOPLE = Prepared(lambda: Credit.objects.exclude(name_zh="").order_by().values_list("name_zh").distinct())


def learn_names(query: str) -> None:
    """Know the names of films and people before a query in Chinese is cut. Two queries once a minute, else none."""
    now = time.monotonic()
    if not has_unspaced(query) or (_read_at and now - _read_at[0] < _KEEP_SECONDS):
        return
    _read_at[:] = [now]
    know_names(name for row in (*_FILMS(), *_PEOPLE()) for name in row)
