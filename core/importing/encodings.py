"""In which encoding a stranger's text is written: told by its first bytes, by the whole of it, or not at all.

UTF-8 and what begins with a byte order mark need no guess: they are decoded strictly from end to end. Only what is no
UTF-8 is weighed, and only between two: Windows-1252, which western spreadsheets write, and GB18030, which Chinese ones
write. Both have to decode the whole file without a fault, and its letters have to be such as people write: an accented
letter of a western language stands alone between others, nearly every Chinese character is one of the 3,755 common ones.
Where that does not decide it, nobody guesses: the file is refused, and a person names the encoding.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_noop as _

from core.errors import Refused, said

_CHUNK = 1 << 20
#: So much of a file is weighed; all of it is decoded.
_WEIGHED = 8 << 20
#: So large a share of what is not ASCII has to be plausible.
_PLAUSIBLE = 0.8
#: What a person may name. Each is read strictly; nothing here can run code or unfold into something else.
_NAMED = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    "cp1252": "cp1252", "windows-1252": "cp1252", "iso-8859-1": "cp1252", "latin-1": "cp1252",
    "iso-8859-15": "iso-8859-15", "cp1250": "cp1250", "cp1251": "cp1251", "gb18030": "gb18030", "gbk": "gb18030",
    "gb2312": "gb18030", "big5": "cp950", "shift_jis": "cp932", "euc-kr": "cp949",
}  # fmt: skip
_LABELS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "gb18030": "GB18030"}
_HIGH = re.compile(rb"[\x80-\xff]+")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_LETTER = rb"[\xc0-\xd6\xd8-\xf6\xf8-\xff\x8a\x8c\x8e\x9a\x9c\x9e\x9f]"
_MARK = rb"[\x80\x85\x8b\x91-\x97\x99\x9b\xa0\xa1\xa3\xa7-\xab\xae\xb0\xb2-\xb4\xb7\xba-\xbf\xd7]"
#: One or two letters of western languages, and the marks that word processors put beside them.
_WESTERN = re.compile(_MARK + rb"{0,2}" + _LETTER + rb"{0,2}" + _MARK + rb"{0,2}")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to open the file as text, what it is called, and whether somebody should be told."""

    name: str
    is_guessed: bool = False

    @property
    def label(self) -> str:
        return _LABELS.get(self.name, self.name.upper())


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    byte: int


def find_encoding(path: Path, wanted: str = "") -> Encoding:
    """The encoding of a file of text; with `wanted`, that one. Refuses `file_unreadable` with the line, and says how to
    mend it. Reads the whole file, a piece at a time."""
    if wanted:
        return Encoding(_without_faults(path, _named(wanted)))
    with path.open("rb") as file:
        start = file.read(4)
    if start in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise Refused("file_unreadable", problem=said(_("it is UTF-32; save it as UTF-8")))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding(_without_faults(path, "utf-16"))
    if start.startswith(codecs.BOM_UTF8):
        return Encoding(_without_faults(path, "utf-8-sig"))
    fault = _fault(path, "utf-8")
    return Encoding("utf-8-sig") if fault is None else _weigh(path, fault)


def _named(wanted: str) -> str:
    if name := _NAMED.get(wanted.lower().replace("_", "-") if wanted.lower() != "shift_jis" else "shift_jis"):
        return name
    facts = {"name": wanted[:40], "known": ", ".join(_NAMED)}
    raise Refused("file_unreadable", problem=said(_("“%(name)s” is not known here; known are %(known)s"), **facts))


def _without_faults(path: Path, name: str) -> str:
    if fault := _fault(path, name):
        raise _damaged(fault, _LABELS.get(name, name.upper()))
    return name


def _damaged(fault: Fault, label: str) -> Refused:
    facts = {"line": fault.line, "byte": f"0x{fault.byte:02X}", "encoding": label}
    problem = said(_("line %(line)s holds a byte (%(byte)s) that is no %(encoding)s; save it again as UTF-8"), **facts)
    return Refused("file_unreadable", problem=problem, line=fault.line)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    yield b""


def _fault(path: Path, name: str) -> Fault | None:
    """The first place that `name` cannot decode."""
    decoder = codecs.getincrementaldecoder(name)()
    line = 1
    for chunk in _chunks(path):
        try:
            line += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            bad = error.object
            return Fault(line + bad[: error.start].count(b"\n"), bad[error.start])
        except UnicodeError:  # UTF-16 without a mark, or cut off
            return Fault(line, 0)
    return None


def _weigh(path: Path, fault: Fault) -> Encoding:
    with path.open("rb") as file:
        sample = file.read(_WEIGHED)
    high = sum(map(len, _HIGH.findall(sample))) or 1
    if sum(map(len, _UTF8.findall(sample))) / high >= _PLAUSIBLE:
        raise _damaged(fault, "UTF-8")
    fitting = [
        name
        for name, share in (("cp1252", _western_share(sample, high)), ("gb18030", _chinese_share(sample)))
        if share >= _PLAUSIBLE and _fault(path, name) is None
    ]
    if len(fitting) == 1:
        return Encoding(fitting[0], is_guessed=True)
    facts = {"line": fault.line, "byte": f"0x{fault.byte:02X}"}
    problem = said(
        _(
            "line %(line)s holds a byte (%(byte)s) that is no UTF-8, and what else it is cannot be told for sure; "
            "save it as UTF-8, or name its encoding, like cp1252 or gb18030"
        ),
        **facts,
    )
    raise Refused("file_unreadable", problem=problem, line=fault.line)


def _western_share(sample: bytes, high: int) -> float:
    return sum(len(run) for run in _HIGH.findall(sample) if _WESTERN.fullmatch(run)) / high


def _chinese_share(sample: bytes) -> float:
    wide = [character for character in sample.decode("gb18030", "replace") if character > "\x7f"]
    return sum(map(_common_chinese().__contains__, wide)) / (len(wide) or 1)


@cache
def _common_chinese() -> frozenset[str]:
    """The common characters of GB 2312 (rows 16 to 55), its marks, digits and full-width letters (rows 1 to 3)."""
    rows = [*range(0xA1, 0xA4), *range(0xB0, 0xD8)]
    pairs = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    return frozenset(filter(None, (pair.decode("gb2312", "ignore") for pair in pairs)))
