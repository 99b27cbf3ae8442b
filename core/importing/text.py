"""Text from strangers' files: made plain, never repaired by guessing, never stored with markup."""

import html
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

#: The longest text that is taken at all. Parsing hostile markup costs more than its length.
LONGEST_TEXT = 100_000

# What no database, XML feed or page can carry.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[A-Za-z/!?]")
# A bracket that opens no tag, because none closes it before the next one opens.
_LOOSE_BRACKET = re.compile(r"<(?![^<>]*>)")
_DECLARATION = re.compile(r"<[!?][^<>]*>")
# UTF-8 read as Windows-1252: a lead byte's letter followed by what a continuation byte becomes.
_GARBLED = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2010-\u203a\u20ac\u2122]"
)


# fmt: off
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "figcaption", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "table", "td", "th", "tr", "ul",
])
# fmt: on
_SILENT = frozenset(["script", "style", "template", "iframe", "object", "svg", "math", "noscript"])


def unprintable_character(text: str) -> str:
    """The name of the first character that cannot be stored or shown ("U+0000"), or nothing."""
    found = _UNPRINTABLE.search(text)
    return f"U+{ord(found.group()):04X}" if found else ""


def one_line(text: str) -> str:
    """Composed letters (NFC), every run of white space one space: how titles and names are kept and compared."""
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def plain_title(text: str) -> str:
    """One line without entities and markup: "Tantive IV &amp; Alderaan" is "Tantive IV & Alderaan"."""
    text = html.unescape(text)
    return one_line(plain_text(text) if _TAG.search(text) else text)


def ungarbled(text: str) -> str:
    """What `text` was before UTF-8 was read as Windows-1252 ("AmÃ©lie" → "Amélie"); nothing when it was not."""
    if not _GARBLED.search(text):
        return ""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""


class _TextOnly(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def plain_text(markup: str) -> str:
    """The words of an HTML text, a line per block, without any tag, script or style.

    Markup that was escaped once more ("&lt;b&gt;") is taken off too, so that nothing that looks like a tag is kept.
    """
    text = unicodedata.normalize("NFC", markup)
    for _round in range(3):
        parser = _TextOnly()
        parser.feed(_well_formed(text))
        parser.close()
        text = "".join(parser.parts)
        if not _TAG.search(text) and "&lt;" not in text:
            break
    # What still looks like a tag after three rounds was made to: it keeps its words and loses its brackets.
    return "\n".join(_lines(_TAG.sub(lambda found: found.group()[1:], text)))


def _well_formed(text: str) -> str:
    """Complete tags and words only: the parser takes the square of the length for tags that never end, and gives up
    on declarations it does not know."""
    return _DECLARATION.sub("", _LOOSE_BRACKET.sub("&lt;", _without_comments(text)))


def _without_comments(text: str) -> str:
    parts, at = [], 0
    while (begins := text.find("<!--", at)) >= 0 and (ends := text.find("-->", begins + 4)) >= 0:
        parts.append(text[at:begins])
        at = ends + 3
    return "".join([*parts, text[at:]])


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line := _SPACE.sub(" ", line).strip():
            yield line
