"""A statement as PDF, in the language that is active: what is printed, signed and filed."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
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
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from licensing.sheets.sheet import Sheet

#: Latin and the characters of GB 2312; see fonts/README.txt.
FONT = "sheet"
_INK, _QUIET, _LINE = colors.HexColor("#1d1a17"), colors.HexColor("#5c564f"), colors.HexColor("#d9d5cf")
_MARGIN = 18 * mm
#: What is left between the margins and the six points that a frame keeps on either side.
_WIDTH = A4[0] - 2 * _MARGIN - 12


def pdf_of(sheet: Sheet) -> bytes:
    """The whole document. The same sheet gives the same bytes, so that a filed copy can be compared."""
    _register_font()
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=22 * mm, title=sheet.title,
        author=dict(sheet.facts)[_("Licensee")], subject=sheet.digest, lang=get_language(), invariant=1,
    )  # fmt: skip
    foot = _foot(sheet)
    document.build(_story(sheet), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _story(sheet: Sheet) -> list[Flowable]:
    story: list[Flowable] = [_text(sheet.title, 17, leading=22), Spacer(0, 5 * mm)]
    story += [_pairs(sheet.facts), Spacer(0, 5 * mm)]
    story += [_text(note, 9, colour=_QUIET) for note in sheet.notes]
    story += [Spacer(0, 3 * mm), _sum(sheet)]
    if sheet.groups:
        story += [_heading(_("Sales")), _groups(sheet)]
    if sheet.adjustments:
        rows = [(row.what, row.of, row.amount) for row in sheet.adjustments]
        story += [_heading(_("Adjustments")), _table((_("What"), _("Of"), _("Royalty")), rows, (3, 3, 2), numbers=(2,))]
    if sheet.payments:
        heads = (_("Payment"), _("Day"), _("Amount"))
        story += [_heading(_("Payments")), _table(heads, sheet.payments, (3, 3, 2), numbers=(2,))]
    if sheet.bars:
        heads = (_("Guarantee"), _("Credited"), _("Outlook"))
        rows = [(f"{bar.pool} {bar.amount}".strip(), bar.credited, bar.outlook) for bar in sheet.bars]
        story += [_heading(_("Guarantees")), _table(heads, rows, (2, 2, 4), numbers=())]
    return story


def _sum(sheet: Sheet) -> Table:
    rows = [
        [_text(one.label, 9.5), _text(one.remark, 8, colour=_QUIET), _text(one.value, 9.5, right=True)]
        for one in sheet.figures
    ]
    style: list[Any] = [
        ("LINEBELOW", (0, i), (-1, i), 0.9, _INK) for i, one in enumerate(sheet.figures) if one.is_total
    ]
    return Table(rows, colWidths=[_WIDTH * part for part in (0.36, 0.4, 0.24)], style=_ruled(style))


def _groups(sheet: Sheet) -> Table:
    heads = (
        _("Property"),
        _("Category"),
        _("Territory"),
        _("Channel"),
        _("Units"),
        _("Net"),
        _("Base"),
        _("Royalty rate"),
        _("Royalty"),
    )
    rows = []
    for row in sheet.groups:
        what = f"{row.properties} {row.article}".strip()
        channel = f"{row.channel}, {row.remark}" if row.remark else row.channel
        net = f"{row.net} × {row.fx}" if row.fx else row.net
        rows.append((what, row.category, row.territory, channel, row.units, net, row.base, row.rates, row.royalty))
    return _table(heads, rows, (2.4, 1.6, 1.6, 1.7, 1.1, 2, 1.8, 1, 1.7), numbers=(4, 5, 6, 7, 8), size=7.5)


def _table(
    heads: tuple[str, ...], rows: Any, widths: tuple[float, ...], *, numbers: tuple[int, ...], size: float = 8.5
) -> Table:
    cells = [[_text(head, size, colour=_QUIET, right=i in numbers) for i, head in enumerate(heads)]]
    cells += [[_text(value, size, right=i in numbers) for i, value in enumerate(row)] for row in rows]
    whole = sum(widths)
    columns = [_WIDTH * width / whole for width in widths]
    return Table(cells, colWidths=columns, style=_ruled([("LINEBELOW", (0, 0), (-1, 0), 0.7, _INK)]), repeatRows=1)


def _pairs(pairs: Any) -> Table:
    rows = [[_text(label, 9, colour=_QUIET), _text(value, 9)] for label, value in pairs]
    return Table(rows, colWidths=[_WIDTH * 0.25, _WIDTH * 0.75], style=_ruled([]))


def _ruled(more: list[Any]) -> TableStyle:
    return TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            *more,
        ]
    )


def _heading(text: str) -> Paragraph:
    return _text(text, 12, leading=16, before=7 * mm, after=2 * mm)


def _text(
    text: str,
    size: float,
    *,
    colour: Any = _INK,
    right: bool = False,
    leading: float = 0,
    before: float = 0,
    after: float = 0,
) -> Paragraph:
    style = ParagraphStyle(
        "sheet", fontName=FONT, fontSize=size, leading=leading or size * 1.35, textColor=colour, spaceBefore=before,
        spaceAfter=after, alignment=TA_RIGHT if right else 0, wordWrap="CJK" if _is_chinese() else None, splitLongWords=1,
    )  # fmt: skip
    return Paragraph(escape(text), style)


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _foot(sheet: Sheet) -> Any:
    def draw(canvas: Canvas, document: Any) -> None:
        canvas.setFont(FONT, 7)
        canvas.setFillColor(_QUIET)
        canvas.drawString(_MARGIN, 12 * mm, sheet.digest)
        page = _("Page %(number)s") % {"number": document.page}
        canvas.drawRightString(A4[0] - _MARGIN, 12 * mm, page)

    return draw


@cache
def _register_font() -> None:
    pdfmetrics.registerFont(TTFont(FONT, Path(__file__).parent / "fonts" / "noto-sans-sc-gb2312.ttf"))
