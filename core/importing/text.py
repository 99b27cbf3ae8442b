"""Text from strangers' files: made plain, repaired only where that is sure, never stored with markup."""

import html
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

import ftfy
from ftfy.badness import is_bad

#: The longest text that is taken at all. Parsing hostile markup costs more than its length.
LONGEST_TEXT = 100_000

# What no database, XML feed or page can carry.
# (U+FEFF is a byte order mark: in the middle of a file it says that two files were put together.)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_SPACE = re.compile(r"\s+")
#: How often something may have been escaped. Nobody escapes a long text so often but to keep us busy.
_MOST_ROUNDS, _LONG = 20, 20_000
_TAG = re.compile(r"<[A-Za-z/!?]")
# The same with the brackets before it: without the one that opens the tag they would open it.
_OPENING = re.compile(r"<+(?=[A-Za-z/!?])")
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
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def plain_title(text: str) -> str:
    """One line without entities and markup: "Tantive IV &amp; Alderaan" is "Tantive IV & Alderaan". Its own result is
    left as it is, however often something was escaped."""
    if "&" in text:
        for _round in range(_MOST_ROUNDS if len(text) < _LONG else 3):
            if (plain := html.unescape(text)) == text:
                break
            text = plain
    return one_line(plain_text(text) if _TAG.search(text) else text)


def ungarbled(text: str) -> str:
    """What `text` was before UTF-8 was read as Windows-1252 ("AmÃ©lie" → "Amélie"); nothing when it was not."""
    if not _GARBLED.search(text):
        return ""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""


# Only what turns back without loss: nothing is guessed, no mark or width is made more beautiful.
_SURE = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    replace_lossy_sequences=False,
    decode_inconsistent_utf8=False,
    fix_c1_controls=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)
# What UTF-8's mark for a lost character (U+FFFD, twice) becomes when it is read as GBK.
_LOST_AS_CHINESE = "\u951f\u65a4\u62f7"


def repaired(text: str) -> str:
    """`text` as it was before UTF-8 was read as another encoding ("CafÃ©" → "Café"); the same where that is not sure."""
    if text.isascii():
        return text
    found = ftfy.fix_encoding(text, _SURE)
    # Repairing must not bring in what could not have been taken as it came.
    return text if unprintable_character(found) or "\ufffd" in found else found


def is_damaged(text: str) -> bool:
    """Whether letters were lost before the text came here."""
    return "\ufffd" in text or _LOST_AS_CHINESE in text


def suspected(text: str) -> str:
    """What text that looks garbled may have been; the same text where nobody can say, nothing where it looks well."""
    if text.isascii() or not is_bad(text):
        return ""
    try:
        chinese = text.encode("cp1252").decode("gb18030")
    except UnicodeError:
        return text
    return chinese if all("\u4e00" <= letter <= "\u9fff" for letter in chinese if letter > "\x7f") else text


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
    if (simple := _simple_text(markup)) is not None:
        return "\n".join(_lines(unicodedata.normalize("NFC", simple)))
    text = markup
    for _round in range(_MOST_ROUNDS if len(markup) < _LONG else 3):
        parser = _TextOnly()
        parser.feed(_well_formed(text))
        parser.close()
        before, text = text, "".join(parser.parts)
        if text == before or ("&" not in text and not _TAG.search(text)):
            break
    # What still looks like a tag after that was made to: it keeps its words and loses its brackets.
    return "\n".join(_lines(_OPENING.sub("", unicodedata.normalize("NFC", text))))


_SIMPLE_TAG = re.compile(r'</?([a-z][a-z0-9]*)(?: [a-z-]+="[^"<>&]*")*[ ]?/?>', re.IGNORECASE)
_PLAIN = frozenset(["a", "abbr", "b", "cite", "code", "em", "font", "i", "img", "mark", "q", "s", "small", "span"])
_PLAIN_TAGS = _BLOCKS | _PLAIN | frozenset(["strong", "sub", "sup", "u"])


def _simple_text(markup: str) -> str | None:
    """What the parser makes of markup without any oddity, at a tenth of its cost: nearly every description there is. None
    where only the parser can tell."""
    words = _SIMPLE_TAG.split(markup)  # text, tag, text, tag, … text
    texts, tags = words[::2], [tag.lower() for tag in words[1::2]]
    bare = "".join(texts)
    if "<" in bare or "&" in bare or not _PLAIN_TAGS.issuperset(tags):
        return None
    parts = [texts[0]]
    for tag, text in zip(tags, texts[1:], strict=True):
        parts += ("\n", text) if tag in _BLOCKS else (text,)
    return "".join(parts)


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
