"""Basic search: how words are cut, the documents they are written to, and what a shopper finds.

A document is the product's words in one row. Besides the plain words it holds `=word` for words of the product's own
title and `#code` for the whole SKU, so that rank is a question of which words match, not of computing anything per
row. Chinese, Japanese and Korean have no spaces to cut at: a run of them becomes its characters and its pairs.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, Expression, F, Func, OuterRef, Value
from django.db.models.sql.compiler import SQLCompiler

from catalog.models import Market, Product, SearchDocument, ShelfSpan

#: A query is bounded before it is looked at: what is longer finds what its beginning finds.
LONGEST_QUERY, MOST_WORDS, LONGEST_WORD = 200, 12, 40
#: How many matches of each rank are looked at. Which of more than that are seen is left to the database.
CANDIDATES = 500

_WORD = re.compile(r"[^\W_]+")
# Han with its extensions, kana, bopomofo, hangul.
_UNSPACED = re.compile(r"[\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")
# Letters that Unicode does not take apart into a base and a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def _folded(text: str) -> str:
    """Lower case, without accents and width variants: "Amélie" and "ＡＭＥＬＩＥ" are "amelie"."""
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


def index_products(product_ids: Iterable[int]) -> None:
    """Write the documents of these products; what already says the same is not written. Two reads, one write."""
    wanted = sorted(set(product_ids))
    products = Product.objects.filter(pk__in=wanted).select_related("film", "merchant", "category").order_by("pk")
    known = dict(SearchDocument.objects.filter(pk__in=wanted).values_list("pk", "terms"))
    cut = cache(document_terms)
    documents = (SearchDocument(product=product, terms=_terms_of(product, cut)) for product in products)
    changed = [document for document in documents if known.get(document.product_id) != document.terms]
    SearchDocument.objects.bulk_create(changed, update_conflicts=True, unique_fields=["product"], update_fields=["terms"])


def _terms_of(product: Product, cut: Callable[[str], list[str]]) -> str:
    film, merchant, category = product.film, product.merchant, product.category
    title = document_terms(f"{product.title_en} {product.title_zh}")
    terms = dict.fromkeys([f"={term}" for term in title] + title)
    terms.update(dict.fromkeys(filter(None, [code_term(product.sku), *document_terms(product.sku)])))
    for names in (
        f"{film.title_en} {film.title_zh} {film.title_original}",
        f"{merchant.name} {merchant.name_zh}",
        f"{category.name_en} {category.name_zh}",
    ):
        terms.update(dict.fromkeys(cut(names)))
    return " ".join(terms)


class _HoldsTerms(Func):
    """The document holds every one of `whole`, and a word that begins with `prefix`.

    Terms are letters and digits after an optional mark (`=`, `#`): nothing in them is syntax of tsquery or LIKE.
    """

    output_field = BooleanField()

    def __init__(self, document: Expression | F, whole: Sequence[str], prefix: str = "") -> None:
        super().__init__(document)
        self.whole, self.prefix = list(whole), prefix

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **_context: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        words = [f"'{term}'" for term in self.whole] + ([f"'{self.prefix}':*"] if self.prefix else [])
        return f"catalog_search_vector({column}) @@ %s::tsquery", [*params, " & ".join(words)]

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **_context: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        patterns = [f"% {term} %" for term in self.whole] + ([f"% {self.prefix}%"] if self.prefix else [])
        test = f"(' ' || {column} || ' ') LIKE %s"
        return "(" + " AND ".join([test] * len(patterns)) + ")", [x for pattern in patterns for x in [*params, pattern]]


def search_product_ids(query: str, market: Market, at: datetime, limit: int) -> list[int]:
    """Ids of at most `limit` products on the market's shelf at `at` that hold every word of `query`, best first.

    The product whose SKU the query is, then those whose title holds the words, then the others; the newest first
    among equals. The last word may be the beginning of one. Any string is a query; one without words finds nothing.
    One query, whose cost is bounded by CANDIDATES however common the words are.
    """
    whole, prefix = query_terms(query)
    if not whole and not prefix:
        return []
    ranks = [([code_term(query)], ""), ([f"={term}" for term in whole], prefix and f"={prefix}"), (whole, prefix)]
    parts, params = [], []
    for rank, (terms, beginning) in enumerate(ranks):
        sql, values = _matches(terms, beginning, rank, market, at).query.sql_with_params()
        parts.append(f"SELECT * FROM ({sql}) AS rank_{rank}")  # noqa: S608 — compiled by Django, values apart
        params += values
    best: dict[int, int] = {}
    with connection.cursor() as cursor:
        # The parts run one after the other and stop at the limit, so a common word never reaches the last.
        cursor.execute(f"{' UNION ALL '.join(parts)} LIMIT {CANDIDATES}", params)
        for product_id, rank in cursor.fetchall():
            best[product_id] = min(rank, best.get(product_id, rank))
    return sorted(best, key=lambda product_id: (best[product_id], -product_id))[:limit]


def _matches(whole: list[str], prefix: str, rank: int, market: Market, at: datetime):
    on_shelf = ShelfSpan.objects.at(at).in_market(market).filter(product=OuterRef("pk"))
    found = SearchDocument.objects.filter(_HoldsTerms(F("terms"), whole, prefix), Exists(on_shelf))
    return found.order_by().values_list("pk", Value(rank))[:CANDIDATES]
