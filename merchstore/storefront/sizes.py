"""A size guide as a product's page shows it: in the unit in which it was measured, and in the other one."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from babel.numbers import format_decimal
from django.utils.translation import gettext as _

from catalog.models import SizeGuide

#: One measure or a range of them: "52", "52.5", "52–54".
_MEASURES = re.compile(r"\d{1,4}(?:\.\d{1,2})?(?:\s?[-–]\s?\d{1,4}(?:\.\d{1,2})?)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CM_OF_INCH = Decimal("2.54")


@dataclass(frozen=True, slots=True)
class SizeTable:
    caption: str
    head: list[str]
    rows: list[list[str]]


def size_tables(guide: SizeGuide, language: str) -> list[SizeTable]:
    """The table, and once more in the other unit if anything in it is a measure. The first column names the sizes and is left
    as it is: a size 40 is no 40 centimetres."""
    captions = {SizeGuide.Unit.CM: _("In centimetres"), SizeGuide.Unit.INCH: _("In inches")}
    unit = SizeGuide.Unit(guide.unit)
    other = SizeGuide.Unit.INCH if unit == SizeGuide.Unit.CM else SizeGuide.Unit.CM
    head = guide.columns_in(language)
    turned = [[row[0], *(_in_other_unit(cell, unit, language) for cell in row[1:])] for row in guide.rows]
    if turned == guide.rows:
        return [SizeTable("", head, guide.rows)]
    return [SizeTable(captions[unit], head, guide.rows), SizeTable(captions[other], head, turned)]


def _in_other_unit(cell: str, unit: str, language: str) -> str:
    if not _MEASURES.fullmatch(cell.strip()):
        return cell

    def turn(found: re.Match[str]) -> str:
        measure = Decimal(found[0])
        measure = measure / _CM_OF_INCH if unit == SizeGuide.Unit.CM else measure * _CM_OF_INCH
        rounded = measure.quantize(Decimal("0.1"), ROUND_HALF_EVEN)
        return format_decimal(rounded, "0.#", locale=language.replace("-", "_"))

    return _NUMBER.sub(turn, cell)
