"""Words one letter apart: one missing, one too many, another one, or two changed about.

Each word is kept under itself and under all it becomes with one letter taken out. A misspelt word meets the one that
was meant under one of its own keys: four of ten look-ups in one index, on any database, where trigrams need an extension
and find nothing in words of four letters.
"""

from collections.abc import Iterable

from catalog.models import SearchSpelling

SHORTEST, LONGEST = 4, 40


def spellable_words(terms: Iterable[str]) -> set[str]:
    """The plain Latin words among the terms of documents, without marks."""
    return {term for term in terms if SHORTEST <= len(term) <= LONGEST and term.isascii() and term.isalpha()}


def keys_of(word: str) -> list[str]:
    return list(dict.fromkeys([word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]))


def neighbours(word: str, *, most: int) -> list[str]:
    """Known words one letter away from `word`, those with its first letter first. One query."""
    if not spellable_words([word]):
        return []
    found = SearchSpelling.objects.filter(key__in=keys_of(word)).values_list("word", flat=True).distinct()
    near = [other for other in found if is_one_letter_away(word, other)]
    return sorted(near, key=lambda other: (other[0] != word[0], abs(len(other) - len(word)), other))[:most]


def is_one_letter_away(one: str, other: str) -> bool:
    """Exactly one letter inserted, left out or replaced, or two neighbours changed about."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        apart = [i for i in range(len(one)) if one[i] != other[i]]
        if len(apart) == 2 and apart[1] == apart[0] + 1:
            return one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
        return len(apart) == 1
    long, short = (one, other) if len(one) > len(other) else (other, one)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
