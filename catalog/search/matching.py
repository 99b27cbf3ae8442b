"""Finding goods by words: on PostgreSQL in a GIN index over the documents' terms, on SQLite in FTS5, by one interface.

Terms are letters and digits after an optional mark, so nothing in them is syntax of either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, models

from catalog.models import Market
from catalog.search.names import learn_names
from catalog.search.spelling import neighbours
from catalog.search.words import PINYIN, TITLE, code_term, query_words, stem, terms_of_word
from core.prepared import ask_again

#: How many matches of each rank are looked at. Which of more than that are seen is left to the database.
CANDIDATES = 240
#: Other spellings: for each word, and tried in all.
SPELLINGS, ATTEMPTS = 3, 6


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    #: It may also be the beginning of a term.
    is_beginning: bool = False


#: Every one of the groups must be met, each by any of its terms.
_Groups = list[list[_Term]]


def has_words(query: str) -> bool:
    return bool(query_words(query))


def _ranks(query: str) -> list[_Groups]:
    """What a document may hold to match, the best first: the whole SKU, all words in its own title, all words, all
    words where Latin ones may be pinyin. The last word may be the beginning of one."""
    learn_names(query)
    words = query_words(query)
    if not words:
        return []
    ranks = [[[_Term(code_term(query))]], _groups(words, TITLE), _groups(words, "")]
    if any(_may_be_pinyin(word) for word, _is_unspaced in words):
        ranks.append(_groups(words, "", with_pinyin=True))
    return ranks


def _may_be_pinyin(word: str) -> bool:
    return word.isascii() and word.isalpha()


def _groups(words: Sequence[tuple[str, bool]], mark: str, *, with_pinyin: bool = False) -> _Groups:
    groups = []
    for place, (word, is_unspaced) in enumerate(words):
        if is_unspaced:
            groups += [[_Term(mark + term)] for term in terms_of_word(word, is_unspaced=True)]
            continue
        is_last = place == len(words) - 1
        group = [_Term(mark + stem(word)), *([_Term(mark + word, is_beginning=True)] if is_last else [])]
        if with_pinyin and _may_be_pinyin(word):
            group.append(_Term(PINYIN + word, is_beginning=is_last))
        groups.append(group)
    return groups


def _pattern(ranks: Sequence[_Groups]) -> str:
    """The groups of any of `ranks`, as the engine writes it."""
    if connection.vendor == "postgresql":
        write, both, either = (lambda term: f"'{term.text}'{':*' if term.is_beginning else ''}"), " & ", " | "
    else:
        write, both, either = (lambda term: f'"{term.text}"{"*" if term.is_beginning else ""}'), " AND ", " OR "
    return either.join(
        f"({both.join('(' + either.join(map(write, group)) + ')' for group in groups)})" for groups in ranks
    )


def _pattern_of_all(ranks: Sequence[_Groups]) -> str:
    """What any rank finds: the SKU, or what the last and most lenient does. The ranks between only sort."""
    return _pattern([ranks[0], ranks[-1]])


_MATCHING = {
    "postgresql": "SELECT product_id FROM catalog_searchdocument WHERE catalog_search_vector(terms) @@ %s::tsquery",
    "sqlite": "SELECT rowid FROM catalog_searchfts WHERE catalog_searchfts MATCH %s",
}


class Holds(models.Func):
    """For `filter`: the product in this column is found by the words of `query`. Without words nothing is."""

    output_field = models.BooleanField()

    def __init__(self, column: str, query: str, **extra: Any) -> None:
        super().__init__(column, **extra)
        self.query = query

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        ranks = _ranks(self.query)
        if not ranks:
            return "1 = 0", []
        return f"{column} IN ({_MATCHING[connection.vendor]})", [*params, _pattern_of_all(ranks)]


def search_product_ids(query: str, market: Market, at: datetime, limit: int) -> list[int]:
    """Ids of at most `limit` products on the market's shelf at `at` that hold every word of `query`, best first.

    The product whose SKU the query is, then those whose title holds the words, then the others, then by pinyin; the
    newest first among equals. Any string is a query; one without words finds nothing. One query, whose cost is bounded
    by CANDIDATES however common the words are.
    """
    best, _is_all = ranked_products(query, market, at)
    return sorted(best, key=lambda product_id: (best[product_id], -product_id))[:limit]


def ranked_products(query: str, market: Market, at: datetime) -> tuple[dict[int, int], bool]:
    """Products on the market's shelf by their rank, the least the best; and whether these are all that the query finds."""
    ranks = _ranks(query)
    if not ranks:
        return {}, True
    parts = [
        _PART.format(rank=rank, most=CANDIDATES, matching=_DOCUMENTS[connection.vendor]) for rank in range(len(ranks))
    ]
    now = connection.ops.adapt_datetimefield_value(at)
    params = [market.pk, now, now, *(_pattern([groups]) for groups in ranks)]
    best: dict[int, int] = {}
    # The parts run one after the other and stop at the limit, so a common word never reaches the last.
    rows = ask_again(f"{_SHELF} {' UNION ALL '.join(parts)} LIMIT {CANDIDATES}", params)
    for product_id, rank in rows:
        best[product_id] = min(rank, best.get(product_id, rank))
    return best, len(rows) < CANDIDATES


#: The rank of what a query finds beyond those that are looked at.
UNRANKED = 9


def matching_products(query: str) -> list[int]:
    """All products that the query finds, on a shelf or not, the newest first. One query, and one row, however many."""
    ranks = _ranks(query)
    if not ranks:
        return []
    [[found]] = ask_again(_ALL[connection.vendor], [_pattern_of_all(ranks)])
    return sorted(map(int, found.split(",")), reverse=True) if found else []


_ALL = {
    "postgresql": "SELECT string_agg(product_id::text, ',') FROM catalog_searchdocument"
    " WHERE catalog_search_vector(terms) @@ %s::tsquery",
    "sqlite": "SELECT group_concat(rowid) FROM catalog_searchfts WHERE catalog_searchfts MATCH %s",
}


# By hand, because compiling four querysets costs more than answering the question.
_SHELF = """
WITH shelf AS NOT MATERIALIZED (
    SELECT product_id FROM catalog_shelfspan WHERE market_id = %s AND starts_at <= %s AND ends_at > %s
)
"""
_PART = """
SELECT * FROM (
    SELECT shelf.product_id, {rank} FROM {matching} LIMIT {most}
) AS rank_{rank}
"""
_DOCUMENTS = {
    "postgresql": "catalog_searchdocument AS document JOIN shelf ON shelf.product_id = document.product_id"
    " WHERE catalog_search_vector(document.terms) @@ %s::tsquery",
    "sqlite": "catalog_searchfts JOIN shelf ON shelf.product_id = catalog_searchfts.rowid"
    " WHERE catalog_searchfts MATCH %s",
}


def corrected(query: str, market: Market, at: datetime) -> str:
    """`query` with one word spelt otherwise, so that it finds something on the market's shelf at `at`; or "".

    A query for each word and each spelling that is tried. What it says, something on that shelf holds.
    """
    words = [word for word, _is_unspaced in query_words(query)]
    tries = (
        " ".join([*words[:place], other, *words[place + 1 :]])
        for place, word in enumerate(words)
        for other in neighbours(word, most=SPELLINGS)
    )
    return next((said for said in islice(tries, ATTEMPTS) if search_product_ids(said, market, at, 1)), "")
