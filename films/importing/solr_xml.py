"""Solr's XML, read as a stream: `<add><doc><field name="…">…</field></doc></add>`.

Nothing is ever expanded: a document type declaration, the only place where entities can be declared, is refused.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from core.errors import Refused
from core.importing.report import Problem
from core.importing.text import LONGEST_TEXT

_CHUNK = 1 << 16
_LISTS = frozenset(["directed_by", "genre"])


class _Documents:
    """What the parser has seen: finished documents, and the one that is open."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.path: list[str] = []
        self.finished: list[tuple[int, dict[str, Any]] | Problem] = []
        self.line = 0
        self.values: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.column = ""
        self.text: list[str] = []
        self.length = 0

    def declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Refused(
                "file_unreadable",
                problem=_("it says that its text is %(encoding)s; save it as UTF-8") % {"encoding": encoding},
            )

    def refuse_doctype(self, *_declaration: object) -> None:
        raise Refused("file_unreadable", problem=_("it declares a document type (DOCTYPE), which is not read here"))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) == 1 and name != "add":
            raise Refused("unknown_format", problem=_("its outermost element is <%(name)s>") % {"name": name[:80]})
        if len(self.path) == 2:
            self.line, self.values, self.problem = self.parser.CurrentLineNumber, {}, None
        elif len(self.path) == 3:
            self.column, self.text, self.length = attributes.get("name", ""), [], 0

    def characters(self, text: str) -> None:
        self.length += len(text)
        if len(self.path) == 3 and self.length <= LONGEST_TEXT:
            self.text.append(text)

    def end(self, name: str) -> None:
        if len(self.path) == 3 and name == "field":
            self._end_field()
        elif len(self.path) == 2 and name == "doc":
            self.finished.append(self.problem or (self.line, self.values))
        elif len(self.path) == 2:
            self.finished.append(Problem("not_an_object", self.line))
        self.path.pop()

    def _end_field(self) -> None:
        line, text = self.parser.CurrentLineNumber, "".join(self.text)
        if self.length > LONGEST_TEXT:
            self.problem = Problem("too_long", line, self.column, {"most": LONGEST_TEXT})
        elif self.column in _LISTS:
            self.values.setdefault(self.column, []).append(text)
        elif self.column in self.values:
            # Which of the two is meant cannot be known; the name of a film is one.
            self.problem = Problem("bad_type", line, self.column)
        else:
            self.values[self.column] = text


def solr_documents(path: Path) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Every `doc` with the line it begins on. Refuses a document type, another root, and what is not well-formed."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    documents = _Documents(parser)
    parser.XmlDeclHandler = documents.declare
    parser.StartDoctypeDeclHandler = documents.refuse_doctype
    parser.StartElementHandler = documents.start
    parser.EndElementHandler = documents.end
    parser.CharacterDataHandler = documents.characters
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                problem = _("its XML breaks at line %(line)s, column %(column)s (%(error)s)")
                facts = {"line": error.lineno, "column": error.offset + 1, "error": expat.ErrorString(error.code)}
                raise Refused("file_unreadable", problem=problem % facts) from error
            yield from documents.finished
            documents.finished.clear()
            if not chunk:
                return
