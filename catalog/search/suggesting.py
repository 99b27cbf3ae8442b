"""What may be meant while somebody types: goods, films and kinds of goods of one market, as of one instant."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import Exists, OuterRef

from catalog.models import Market, ShelfSpan
from catalog.queries.cards import Card, cards_of, categories
from catalog.search.matching import search_product_ids
from catalog.search.words import PINYIN, document_terms, pinyin_terms, query_words, terms_of_word
from films.models import Film
from films.queries import slate
from licensing.models import Category

GOODS, FILMS, KINDS = 5, 3, 3
#: Films looked through; a studio has fewer that it sells goods of.
LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Suggestions:
    cards: list[Card]
    films: list[Film]
    categories: list[Category]

    def __bool__(self) -> bool:
        return bool(self.cards or self.films or self.categories)


def suggestions(query: str, market: Market, language: str, *, at: datetime) -> Suggestions:
    """The best few of each; films that may be known there, kinds that something on the shelf is of. Five queries at most."""
    words = query_words(query)
    if not words:
        return Suggestions([], [], [])
    films = [
        film
        for film in slate(at=at, countries=market.countries, limit=LOOKED_AT)
        if _begins(words, f"{film.title_en} {film.title_zh} {film.title_original}")
    ]
    kinds = [kind for kind in categories() if _begins(words, f"{kind.name_en} {kind.name_zh}")]
    return Suggestions(
        cards=cards_of(search_product_ids(query, market, at, GOODS), market, language, at=at),
        films=films[:FILMS],
        categories=_on_shelf(kinds, market, at)[:KINDS],
    )


def _begins(words: list[tuple[str, bool]], name: str) -> bool:
    """The name holds every word, the last one at least as a beginning; in its own script or in pinyin."""
    terms = _terms(name)
    *whole, (last, is_unspaced) = words
    if not all(terms.issuperset(terms_of_word(word, is_unspaced=unspaced)) for word, unspaced in whole):
        return False
    if is_unspaced:
        return terms.issuperset(terms_of_word(last, is_unspaced=True))
    return any(term.startswith(last) for term in terms)


@lru_cache(maxsize=5_000)
def _terms(name: str) -> frozenset[str]:
    return frozenset([*document_terms(name), *(term.removeprefix(PINYIN) for term in pinyin_terms(name))])


def _on_shelf(kinds: list[Category], market: Market, at: datetime) -> list[Category]:
    if not kinds:
        return []
    spans = ShelfSpan.objects.at(at).in_market(market).filter(category=OuterRef("pk"))
    return list(Category.objects.filter(Exists(spans), pk__in=[kind.pk for kind in kinds]))
