"""Writing what products are found by: a document each, and the words that a misspelt one may have meant."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.db import connection

from catalog.models import Product, SearchDocument, SearchSpelling
from catalog.search.spelling import keys_of, spellable_words
from catalog.search.words import TITLE, code_term, document_terms, know_names, pinyin_terms
from core.bulk import Among, insert_rows, read_rows
from films.models import Credit

_INDEXED = ("pk", "sku", "title_en", "title_zh", "film_id")
_FILM = ("film__title_en", "film__title_zh", "film__title_original")
_OTHERS = ("merchant__name", "merchant__name_zh"), ("category__name_en", "category__name_zh")


def index_products(product_ids: Iterable[int], *, are_new: bool = False) -> None:
    """Write the documents of these products; what already says the same is not written. Three reads, and one more with
    two writes where something changed. `are_new`: this transaction has made the products, so nobody else can have written
    their documents, and COPY may."""
    wanted = sorted(set(product_ids))
    columns = [*_INDEXED, *_FILM, *(column for group in _OTHERS for column in group)]
    products = list(read_rows(Product.objects.filter(Among("pk", wanted)).order_by("pk").values_list(*columns)))
    people = _people_of({row[4] for row in products})
    know_names([*people.names, *(name for row in products for name in row[5:8])])
    standing = SearchDocument.objects.filter(Among("pk", () if are_new else wanted)).values_list("pk", "terms")
    known = dict(read_rows(standing))
    # Many products share a film, a merchant and a category.
    cut = cache(lambda names: [*document_terms(" ".join(names)), *pinyin_terms(" ".join(names))])
    rest = cache(lambda names, people: _shared_terms(names, people, cut))
    documents = {row[0]: _terms_of(row, people.of_film[row[4]], rest) for row in products}
    changed = [pk for pk, terms in documents.items() if known.get(pk) != terms]
    if not changed:
        return
    if are_new:
        insert_rows(SearchDocument, ("product_id", "terms"), documents.items())
    else:
        SearchDocument.objects.bulk_create(
            [SearchDocument(product_id=pk, terms=documents[pk]) for pk in changed],
            update_conflicts=True, unique_fields=["product"], update_fields=["terms"],
        )  # fmt: skip
    _settle()
    _learn(documents[pk] for pk in changed)


def _settle() -> None:
    """Put what was written into the index now, in bulk: no search has to go through a list of what is still to be put in."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('catalog_search_terms')")


class _People:
    """Who made the films: their goods are found by them too."""

    def __init__(self, rows: Iterable[tuple[int, str, str]]) -> None:
        self.names: set[str] = set()
        self.of_film: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
        for film_id, *names in rows:
            self.names.update(names)
            self.of_film[film_id] += tuple(names)


def _people_of(film_ids: set[int]) -> _People:
    made_by = Credit.objects.filter(film__in=film_ids).order_by("film", "position", "pk")
    return _People(made_by.values_list("film_id", "name_en", "name_zh"))


def _terms_of(row: tuple[Any, ...], people: tuple[str, ...], rest: Callable[..., list[str]]) -> str:
    _pk, sku, title_en, title_zh, _film, *names = row
    title = document_terms(f"{title_en} {title_zh}")
    terms = dict.fromkeys([TITLE + term for term in title])
    terms |= dict.fromkeys([*title, *pinyin_terms(title_zh), code_term(sku), *document_terms(sku)])
    terms |= dict.fromkeys(rest(tuple(names), people))
    terms.pop("", None)
    return " ".join(terms)


def _shared_terms(names: tuple[str, ...], people: tuple[str, ...], cut: Callable[..., list[str]]) -> list[str]:
    """The terms that products of one film, merchant and category have in common."""
    terms, left = [], list(names)
    for group in (_FILM, *_OTHERS):
        terms += cut(tuple(left[: len(group)]))
        del left[: len(group)]
    return terms + cut(people)


def _learn(documents: Iterable[str]) -> None:
    """Keep the words of the documents under what they become with one letter less."""
    words = spellable_words(set().union(*map(str.split, documents)))
    known = set(SearchSpelling.objects.filter(key__in=words, word__in=words).values_list("word", flat=True))
    rows = [SearchSpelling(key=key, word=word) for word in sorted(words - known) for key in keys_of(word)]
    # Somebody else may be writing the same words.
    SearchSpelling.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)
