"""A statement as PDF, in the language that is active: what is printed, signed and filed."""

from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from core.paper import INK, QUIET, WIDTH, drawn, heading, pairs, register_font, ruled, table, text
from licensing.sheets.sheet import Sheet


def pdf_of(sheet: Sheet) -> bytes:
    """The whole document. The same sheet gives the same bytes, so that a filed copy can be compared."""
    register_font()
    return drawn(_story(sheet), title=sheet.title, author=dict(sheet.facts)[_("Licensee")], mark=sheet.digest)


def _story(sheet: Sheet) -> list[Flowable]:
    story: list[Flowable] = [text(sheet.title, 17, leading=22), Spacer(0, 5 * mm)]
    story += [pairs(sheet.facts), Spacer(0, 5 * mm)]
    story += [text(note, 9, colour=QUIET) for note in sheet.notes]
    story += [Spacer(0, 3 * mm), _sum(sheet)]
    if sheet.groups:
        story += [heading(_("Sales")), _groups(sheet)]
    if sheet.adjustments:
        rows = [(row.what, row.of, row.amount) for row in sheet.adjustments]
        story += [heading(_("Adjustments")), table((_("What"), _("Of"), _("Royalty")), rows, (3, 3, 2), numbers=(2,))]
    if sheet.payments:
        heads = (_("Payment"), _("Day"), _("Amount"))
        story += [heading(_("Payments")), table(heads, sheet.payments, (3, 3, 2), numbers=(2,))]
    if sheet.bars:
        heads = (_("Guarantee"), _("Credited"), _("Outlook"))
        rows = [(f"{bar.pool} {bar.amount}".strip(), bar.credited, bar.outlook) for bar in sheet.bars]
        story += [heading(_("Guarantees")), table(heads, rows, (2, 2, 4), numbers=())]
    return story


def _sum(sheet: Sheet) -> Table:
    rows = [
        [text(one.label, 9.5), text(one.remark, 8, colour=QUIET), text(one.value, 9.5, right=True)]
        for one in sheet.figures
    ]
    style: list[Any] = [("LINEBELOW", (0, i), (-1, i), 0.9, INK) for i, one in enumerate(sheet.figures) if one.is_total]
    return Table(rows, colWidths=[WIDTH * part for part in (0.36, 0.4, 0.24)], style=ruled(style))


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
    return table(heads, rows, (2.4, 1.6, 1.6, 1.7, 1.1, 2, 1.8, 1, 1.7), numbers=(4, 5, 6, 7, 8), size=7.5)
