"""Documents on paper, as PDF: the pieces that statements and invoices are drawn from, in the language that is active."""

from collections.abc import Container, Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize
from xml.sax.saxutils import escape

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

#: Letters of names in every market, simplified and traditional characters among them; see fonts/README.txt.
FONT = "sheet"
FONT_FILE = Path(__file__).parent / "fonts" / "noto-sans-sc-paper.ttf"
INK, QUIET, LINE = colors.HexColor("#1d1a17"), colors.HexColor("#5c564f"), colors.HexColor("#d9d5cf")
MARGIN = 18 * mm
#: What is left between the margins and the six points that a frame keeps on either side.
WIDTH = A4[0] - 2 * MARGIN - 12


def drawn(story: list[Flowable], *, title: str, author: str, mark: str) -> bytes:
    """The whole document, `mark` at the foot of each page. The same story gives the same bytes, so that a filed copy can be
    compared."""
    register_font()
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=22 * mm, title=title,
        author=author, subject=mark, lang=get_language(), invariant=1,
    )  # fmt: skip
    foot = _foot(mark)
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    widths: Sequence[float],
    *,
    numbers: Sequence[int] = (),
    size: float = 8.5,
) -> Table:
    """Columns as wide as `widths` say to each other; those in `numbers` are set right."""
    cells = [[text(head, size, colour=QUIET, right=i in numbers) for i, head in enumerate(heads)]]
    cells += [[text(value, size, right=i in numbers) for i, value in enumerate(row)] for row in rows]
    whole = sum(widths)
    columns = [WIDTH * width / whole for width in widths]
    return Table(cells, colWidths=columns, style=ruled([("LINEBELOW", (0, 0), (-1, 0), 0.7, INK)]), repeatRows=1)


def pairs(named: Iterable[tuple[str, str]]) -> Table:
    """A label and what it says, under each other."""
    rows = [[text(label, 9, colour=QUIET), text(value, 9)] for label, value in named]
    return Table(rows, colWidths=[WIDTH * 0.25, WIDTH * 0.75], style=ruled([]))


def ruled(more: list[Any]) -> TableStyle:
    return TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            *more,
        ]
    )


def heading(words: str) -> Paragraph:
    return text(words, 12, leading=16, before=7 * mm, after=2 * mm)


def text(
    words: str,
    size: float,
    *,
    colour: Any = INK,
    right: bool = False,
    leading: float = 0,
    before: float = 0,
    after: float = 0,
) -> Paragraph:
    style = ParagraphStyle(
        "sheet", fontName=FONT, fontSize=size, leading=leading or size * 1.35, textColor=colour, spaceBefore=before,
        spaceAfter=after, alignment=TA_RIGHT if right else 0, wordWrap="CJK" if _is_chinese() else None, splitLongWords=1,
    )  # fmt: skip
    return Paragraph(escape(drawable(words)), style)


def drawable(words: str) -> str:
    """The words without a letter that the font lacks, as far as another stands for it: "Zizek" for Žižek is no empty box."""
    register_font()
    known = pdfmetrics.getFont(FONT).face.charToGlyph
    return "".join(letter if ord(letter) in known else _plain(letter, known) for letter in words)


def _plain(letter: str, known: Container[int]) -> str:
    base = _ALIKE.get(letter) or normalize("NFKD", letter)[0]
    return base if ord(base) in known else letter


#: Letters with a stroke, which Unicode does not take apart.
_ALIKE = dict(zip("ŁłĐđĦħŦŧŒœŊŋı", "LlDdHhTtOoNni", strict=True))


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _foot(mark: str) -> Any:
    def draw(canvas: Canvas, document: Any) -> None:
        canvas.setFont(FONT, 7)
        canvas.setFillColor(QUIET)
        canvas.drawString(MARGIN, 12 * mm, mark)
        page = _("Page %(number)s") % {"number": document.page}
        canvas.drawRightString(A4[0] - MARGIN, 12 * mm, page)

    return draw


@cache
def register_font() -> None:
    pdfmetrics.registerFont(TTFont(FONT, FONT_FILE))
