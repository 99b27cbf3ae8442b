"""How texts and queries are cut into terms. Pure: no database.

A term is a word in lower case without accents; its English stem; a Chinese, Japanese or Korean character or pair of
characters, since that script has no spaces to cut at. Marks set kinds apart: `=` a word of the product's own title,
`#` the whole SKU, `%` the pinyin of a Chinese word, of its syllables, and their initials.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from threading import Lock

import rjieba
import snowballstemmer

#: A query is bounded before it is looked at: what is longer finds what its beginning finds.
LONGEST_QUERY, MOST_WORDS, LONGEST_WORD = 200, 12, 40
TITLE, CODE, PINYIN = "=", "#", "%"

_WORD = re.compile(r"[^\W_]+")
# Han with its extensions, kana, bopomofo, hangul.
_UNSPACED = re.compile(
    r"[\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
# Letters that Unicode does not take apart into a base and a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})
_STEMMER, _STEMMING = snowballstemmer.stemmer("english"), Lock()
_JIEBA = rjieba.Jieba()
_known_names: set[str] = set()


def folded(text: str) -> str:
    """Lower case, without accents and width variants: "Amélie" and "ＡＭＥＬＩＥ" are "amelie"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare).translate(_PLAIN_LETTERS)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """The words of `text` and whether each is a run of unspaced script."""
    if text.isascii():
        yield from ((word[:LONGEST_WORD], False) for word in _WORD.findall(text.lower()))
        return
    for word in _WORD.findall(folded(text)):
        start = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > start:
                yield word[start : run.start()][:LONGEST_WORD], False
            yield run.group(), True
            start = run.end()
        if start < len(word):
            yield word[start:][:LONGEST_WORD], False


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The English stem: "posters" and "poster" are one. What holds other letters or digits is its own."""
    if not (word.isascii() and word.isalpha() and len(word) > 2):
        return word
    with _STEMMING:  # the stemmer keeps the word it is at
        return str(_STEMMER.stemWord(word))


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def know_names(names: Iterable[str]) -> None:
    """Names that are one word in a query however they are made up: films and people."""
    for name in names:
        for run, is_unspaced in _runs(name):
            if is_unspaced and 1 < len(run) <= LONGEST_WORD and run not in _known_names:
                _JIEBA.add_word(run, _JIEBA.suggest_freq(run), "nz")
                _known_names.add(run)


def chinese_words(run: str) -> list[str]:
    """The words of a run of Han; characters that are no word with a neighbour stay together."""
    words: list[str] = []
    is_loose = False
    for word in _JIEBA.cut(run):
        if len(word) == 1 and is_loose:
            words[-1] += word
        else:
            words.append(word)
        is_loose = len(word) == 1
    return words


@lru_cache(maxsize=50_000)
def _syllables(word: str) -> tuple[str, ...]:
    """The pinyin of a word, a syllable for each character; what has none is left out."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 its tables take a third of a second, and only who indexes needs them

    return tuple(part for part in lazy_pinyin(word, errors="ignore") if part.isascii() and part.isalpha())


def pinyin_terms(text: str) -> list[str]:
    """What Chinese names in `text` are found by when they are typed in Latin letters: "baiduren", "bai", "bdr"."""
    terms: dict[str, None] = {}
    for run, is_unspaced in _runs(text):
        if not is_unspaced:
            continue
        words = chinese_words(run)
        for syllables in (*map(_syllables, words), tuple(part for word in words for part in _syllables(word))):
            if syllables:
                terms.update(dict.fromkeys(["".join(syllables)[:LONGEST_WORD], *syllables]))
                if len(syllables) > 1:
                    terms["".join(part[0] for part in syllables)[:LONGEST_WORD]] = None
    return [PINYIN + term for term in terms]


def document_terms(text: str) -> list[str]:
    """The terms that `text` is found by, each once, in order."""
    terms: dict[str, None] = {}
    for word, is_unspaced in _runs(text):
        if is_unspaced:
            terms.update(dict.fromkeys([*word, *_pairs(word)]))
        else:
            terms[word] = terms[stem(word)] = None
    return list(terms)


def has_unspaced(text: str) -> bool:
    """It has a letter of a script without spaces."""
    return _UNSPACED.search(text) is not None


def query_words(text: str) -> list[tuple[str, bool]]:
    """The words of a query in order, Chinese ones cut out of their runs; and whether each is of unspaced script."""
    words: list[tuple[str, bool]] = []
    for run, is_unspaced in _runs(text[:LONGEST_QUERY]):
        words += [(word, True) for word in chinese_words(run)] if is_unspaced else [(run, False)]
    return list(dict.fromkeys(words))[:MOST_WORDS]


def terms_of_word(word: str, *, is_unspaced: bool) -> list[str]:
    """The terms that a document holds when it holds the word."""
    return (_pairs(word) or [word]) if is_unspaced else [stem(word)]


def code_term(text: str) -> str:
    """A whole code as one term: "FM-TEE/01" and "fm tee 01" are the same. "" when nothing is left of it."""
    letters = "".join(_WORD.findall(folded(text[:LONGEST_QUERY])))[:80]
    return f"{CODE}{letters}" if letters else ""
