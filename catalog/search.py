"""Basic search: how words are cut, the documents they are written to, and what a shopper finds.

A document is the product's words in one row. Besides the plain words it holds `=word` for words of the product's own
title and `#code` for the whole SKU, so that rank is a question of which words match, not of computing anything per
row. Chinese, Japanese and Korean have no spaces to cut at: a run of them becomes its characters and its pairs.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from catalog.models import Market, Product, SearchDocument, ShelfSpan

#: A query is bounded before it is looked at: what is longer finds what its beginning finds.
LONGEST_QUERY, MOST_WORDS, LONGEST_WORD = 200, 12, 40
#: How many matches of each rank are looked at. Which of more than that are seen is left to the database.
CANDIDATES = 240

_WORD = re.compile(r"[^\W_]+")
# Han with its extensions, kana, bopomofo, hangul.
_UNSPACED = re.compile(
    r"[\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
# Letters that Unicode does not take apart into a base and a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def _folded(text: str) -> str:
    """Lower case, without accents and width variants: "Amélie" and "ＡＭＥＬＩＥ" are "amelie"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare).translate(_PLAIN_LETTERS)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """The words of `text` and whether each is a run of unspaced script."""
    for word in _WORD.findall(_folded(text)):
        start = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > start:
                yield word[start : run.start()][:LONGEST_WORD], False
            yield run.group(), True
            start = run.end()
        if start < len(word):
            yield word[start:][:LONGEST_WORD], False


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def document_terms(text: str) -> list[str]:
    """The terms that `text` is found by, each once, in order."""
    terms: dict[str, None] = {}
    for word, is_unspaced in _runs(text):
        terms.update(dict.fromkeys([*word, *_pairs(word)] if is_unspaced else [word]))
    return list(terms)


def query_terms(text: str) -> tuple[list[str], str]:
    """The terms that must all be there, and the one that the last word may only begin ("" when there is none)."""
    whole: list[str] = []
    prefix = ""
    for word, is_unspaced in _runs(text[:LONGEST_QUERY]):
        if prefix:
            whole.append(prefix)
        prefix = "" if is_unspaced else word
        if is_unspaced:
            whole.extend(_pairs(word) or [word])
    return list(dict.fromkeys(whole))[:MOST_WORDS], prefix


def code_term(text: str) -> str:
    """A whole code as one term: "FM-TEE/01" and "fm tee 01" are the same. "" when nothing is left of it."""
    letters = "".join(_WORD.findall(_folded(text[:LONGEST_QUERY])))[:80]
    return f"#{letters}" if letters else ""


_INDEXED = ("pk", "sku", "title_en", "title_zh")
_NAMES = (
    ("film__title_en", "film__title_zh", "film__title_original"),
    ("merchant__name", "merchant__name_zh"),
    ("category__name_en", "category__name_zh"),
)


def index_products(product_ids: Iterable[int]) -> None:
    """Write the documents of these products; what already says the same is not written. Two reads, one write."""
    wanted = sorted(set(product_ids))
    names = [column for group in _NAMES for column in group]
    products = Product.objects.filter(pk__in=wanted).order_by("pk").values_list(*_INDEXED, *names)
    known = dict(SearchDocument.objects.filter(pk__in=wanted).values_list("pk", "terms"))
    # Many products share a film, a merchant and a category.
    cut = cache(lambda names: document_terms(" ".join(names)))
    documents = (SearchDocument(product_id=row[0], terms=_terms_of(row, cut)) for row in products)
    changed = [document for document in documents if known.get(document.product_id) != document.terms]
    SearchDocument.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["product"], update_fields=["terms"]
    )


def _terms_of(row: tuple[Any, ...], cut: Callable[[tuple[str, ...]], list[str]]) -> str:
    _pk, sku, title_en, title_zh, *names = row
    title = document_terms(f"{title_en} {title_zh}")
    terms = [f"={term}" for term in title] + title + [code_term(sku)] + document_terms(sku)
    for group in _NAMES:
        terms += cut(tuple(names[: len(group)]))
        del names[: len(group)]
    return " ".join(term for term in dict.fromkeys(terms) if term)


def search_product_ids(query: str, market: Market, at: datetime, limit: int) -> list[int]:
    """Ids of at most `limit` products on the market's shelf at `at` that hold every word of `query`, best first.

    The product whose SKU the query is, then those whose title holds the words, then the others; the newest first
    among equals. The last word may be the beginning of one. Any string is a query; one without words finds nothing.
    One query, whose cost is bounded by CANDIDATES however common the words are.
    """
    whole, prefix = query_terms(query)
    if not whole and not prefix:
        return []
    sql, values = ShelfSpan.objects.at(at).in_market(market).values("product_id").query.sql_with_params()
    params, parts = list(values), []
    ranks = [([code_term(query)], ""), ([f"={term}" for term in whole], prefix and f"={prefix}"), (whole, prefix)]
    for rank, (terms, beginning) in enumerate(ranks):
        condition, patterns = _condition(terms, beginning)
        parts.append(_PART.format(rank=rank, condition=condition, most=CANDIDATES))
        params += patterns
    best: dict[int, int] = {}
    with connection.cursor() as cursor:
        # The parts run one after the other and stop at the limit, so a common word never reaches the last.
        cursor.execute(f"WITH shelf AS NOT MATERIALIZED ({sql}) {' UNION ALL '.join(parts)} LIMIT {CANDIDATES}", params)
        for product_id, rank in cursor.fetchall():
            best[product_id] = min(rank, best.get(product_id, rank))
    return sorted(best, key=lambda product_id: (best[product_id], -product_id))[:limit]


# By hand, because compiling three querysets costs more than answering the question.
_PART = """
SELECT * FROM (
    SELECT document.product_id, {rank} FROM catalog_searchdocument AS document
    JOIN shelf ON shelf.product_id = document.product_id WHERE {condition} LIMIT {most}
) AS rank_{rank}
"""


def _condition(whole: list[str], prefix: str) -> tuple[str, list[str]]:
    """The document holds every one of `whole`, and a word that begins with `prefix`.

    Terms are letters and digits after an optional mark (`=`, `#`): nothing in them is syntax of tsquery or LIKE.
    """
    if connection.vendor == "postgresql":
        words = [f"'{term}'" for term in whole] + ([f"'{prefix}':*"] if prefix else [])
        return "catalog_search_vector(document.terms) @@ %s::tsquery", [" & ".join(words)]
    patterns = [f"% {term} %" for term in whole] + ([f"% {prefix}%"] if prefix else [])
    return " AND ".join(["(' ' || document.terms || ' ') LIKE %s"] * len(patterns)), patterns
