"""Which of the forms a merchant's file has, by its bytes and its header, and the reading of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from catalog.importing.batches import Reading
from catalog.importing.groups import Rows
from catalog.importing.jsonlines import JsonReading, is_jsonl
from catalog.importing.kept import RESERVED
from catalog.importing.known import Known
from catalog.importing.layout import Layout, MappingFile, check_columns, check_currency
from catalog.importing.own import OwnTable, is_own, own_layout
from catalog.importing.reading import TableReading
from catalog.importing.shopify import is_shopify, shopify_layout
from catalog.importing.spree import SpreeTable, is_spree, spree_layout
from catalog.importing.translations import TranslationReading, is_translations, translations_layout
from catalog.importing.woocommerce import WooCommerceTable, is_woocommerce, woocommerce_layout
from core.errors import Refused, said
from core.importing import files
from core.importing.report import Report
from core.importing.spreadsheet import Spreadsheet, refuse_office_file

#: What may be asked for. Left out, the file tells it.
FORMATS = ("shopify", "woocommerce", "spree", "spree-translations", "jsonl", "csv")
_FIXTURE = re.compile(r'"model"\s*:\s*"[\w.]+"')
_LOOKED_AT = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has been recognised and looked at as a whole. Nothing has been read of its products."""

    format: str
    layout: Layout
    read: Callable[[Known, Report], Reading]
    #: What somebody should know of how it was read: an encoding that is not UTF-8, sheets that were left out.
    details: dict[str, Any] = field(default_factory=dict)


def open_source(
    path: Path,
    *,
    mapping: MappingFile | None = None,
    format: str = "",  # noqa: A002 — what it is called everywhere else
    currency: str = "",
    encoding: str = "",
) -> Source:
    """Recognise a file. Refuses it as a whole: `file_unreadable`, `header_missing`, `unknown_format`, `bad_mapping`,
    `currency_missing`. A file with a password, an archive and a picture are refused by what they are."""
    told = mapping or MappingFile({})
    if currency:
        check_currency(currency)
    kind = files.magic(path)
    if kind == "ole":
        refuse_office_file(path)
    if kind == "zip":
        sheet = Spreadsheet(path, told.sheet)
        details = {"sheet": sheet.name, "other_sheets": [name for name in sheet.names if name != sheet.name][:20]}
        return _table_source(sheet, told, mapping is not None, format, currency, details)
    found = files.recognise(path, encoding or told.encoding)
    details = {"encoding": found.encoding.label} if found.encoding.name != "utf-8-sig" else {}
    if found.kind is files.Kind.JSON or format == "jsonl":
        return _json_source(path, found.encoding.name, is_wanted=format == "jsonl")
    if found.kind is files.Kind.XML:
        raise Refused("unknown_format", problem=said(_("it is XML; products come as CSV, XLSX or JSON Lines")))
    table = files.open_table(path, found.encoding.name)
    return _table_source(table, told, mapping is not None, format, currency, details)


def notes_of(details: dict[str, Any]) -> list[str]:
    """How the file was read, in words, a line each."""
    notes = []
    if encoding := details.get("encoding"):
        notes.append(gettext("read as %(encoding)s") % {"encoding": encoding})
    if others := details.get("other_sheets"):
        facts = {"name": details["sheet"], "others": ", ".join(others)}
        notes.append(gettext("read the sheet “%(name)s”; left out: %(others)s") % facts)
    return notes


def _json_source(path: Path, encoding: str, *, is_wanted: bool) -> Source:
    if not is_wanted and not is_jsonl(path, encoding):
        with path.open(encoding=encoding) as file:
            start = file.read(_LOOKED_AT)
        if _FIXTURE.search(start) and '"fields"' in start:
            text = _(
                "it is a fixture, a copy of a shop's database (Saleor writes such); export the products as CSV there, "
                "or write one product per line (JSON Lines)"
            )
        else:
            text = _("it is JSON, but not one product per line (JSON Lines)")
        raise Refused("unknown_format", problem=said(text))
    return Source("jsonl", Layout("jsonl", {}), lambda known, report: JsonReading(path, encoding, known, report))


def _table_source(
    table: Rows, mapping: MappingFile, is_mapped: bool, wanted: str, currency: str, details: dict[str, Any]
) -> Source:
    header = table.header
    if reserved := next((name for name in header if name in RESERVED), ""):
        problem = said(_("a column cannot be called “%(name)s” here"), name=reserved)
        raise Refused("file_unreadable", problem=problem, line=1, column=reserved)
    format = wanted or _recognised(header)  # noqa: A001
    if format == "spree-translations":
        layout = translations_layout(header)
        return Source(format, layout, lambda known, report: TranslationReading(table, layout, known, report), details)
    if format == "woocommerce":
        layout, table = woocommerce_layout(header, mapping=mapping, currency=currency), WooCommerceTable(table)
    elif format == "spree":
        table = SpreeTable(table)
        layout = spree_layout(table, mapping=mapping, currency=currency)
    elif format == "shopify":
        layout = shopify_layout(header, mapping=mapping, currency=currency)
    elif is_own(header) and not mapping.section("columns"):
        layout, table = own_layout(header, mapping=mapping), OwnTable(table)
    else:
        layout = _mapped(header, mapping, is_mapped)
    if format in FORMATS[:3]:
        check_columns(layout, header)
    return Source(layout.format, layout, lambda known, report: TableReading(table, layout, known, report), details)


def _recognised(header: list[str]) -> str:
    known = {
        "shopify": is_shopify, "woocommerce": is_woocommerce, "spree": is_spree, "spree-translations": is_translations,
    }  # fmt: skip
    return next((format for format, fits in known.items() if fits(header)), "")  # noqa: A001


def _mapped(header: list[str], mapping: MappingFile, is_mapped: bool) -> Layout:
    if not is_mapped:
        files.refuse_data_as_header(header)
        text = _(
            "its columns are not those of a shop that is known here, so a mapping has to say what they mean; "
            "it has %(columns)s"
        )
        raise Refused("unknown_format", problem=said(text, columns=", ".join(header)[:300]))
    if not any(column in header for column in mapping.section("columns").values()):
        files.refuse_data_as_header(header)
    return mapping.layout_for(header)
