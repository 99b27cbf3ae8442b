"""JSON Lines: one product per line, with its variants and pictures. Our own form, which the export writes too.

A line is one row: it lands whole, or it is refused with what is wrong, by path ("variants[1].prices.us").
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext_noop as _

from catalog.importing import cells
from catalog.importing.choices import LISTINGS, REVEALS, STATES, TAX_CLASSES
from catalog.importing.drafts import (
    LONGEST_SKU,
    LONGEST_TITLE,
    Draft,
    ImageDraft,
    VariantDraft,
    cleaned_description,
    cleaned_title,
    is_address,
    made_sku,
)
from catalog.importing.groups import MOST_ROWS
from catalog.importing.kept import has_known_shape
from catalog.importing.known import Known, KnownMarket
from catalog.importing.layout import Lookup, PriceColumn
from catalog.importing.lines import FirstLines
from core.errors import Saying, said
from core.importing.records import LONGEST_RECORD
from core.importing.report import Outcome, Problem, Report, RowRefused
from core.importing.text import LONGEST_TEXT, one_line, unprintable_character

_PRODUCT = ("sku", "title", "description", "film", "category", "state", "listing", "reveals", "tax_class",
            "on_sale_at", "street_on", "prices", "stock", "gtin",
            "variants", "images", "extra")  # fmt: skip
_VARIANT = ("sku", "options", "gtin", "stock", "prices")
_IMAGE = ("src", "alt", "position")
_LANGUAGES = ("en", "zh")
_DEEPEST = 20
_MOST_IMAGES = 1_000


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which every name stands once: of two, one would silently win over the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        often = Counter(name for name, _value in pairs)
        twice = next(name for name in often if often[name] > 1)
        raise ValueError(said(_("“%(name)s” stands twice in it"), name=twice[:80]))
    return found


def _no_number(word: str) -> Any:
    raise ValueError(said(_("%(word)s is no number of JSON"), word=word[:20]))


def parse_line(text: str) -> dict[str, Any]:
    """The object on a line. Raises ValueError with a Saying of what is wrong."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        facts = {"column": error.colno, "error": error.msg}
        raise ValueError(said(_("it breaks at column %(column)s (%(error)s)"), **facts)) from error
    except ValueError as error:
        if isinstance(error.args[0], Saying):
            raise
        raise ValueError(said(_("it holds a number that is too long"))) from error
    except RecursionError as error:
        raise ValueError(said(_("it is nested too deeply"))) from error
    if not isinstance(value, dict):
        raise ValueError(said(_("it is something else")))
    return value


def is_jsonl(path: Path, encoding: str) -> bool:
    """Whether the first line with anything on it looks like one whole object."""
    with path.open(encoding=encoding) as file:
        line = next((line for line in iter(lambda: file.readline(LONGEST_RECORD), "") if line.strip()), "").strip()
    return line.startswith("{") and line.endswith("}")


class JsonReading:
    """The drafts of a file of JSON Lines."""

    header: tuple[str, ...] = _PRODUCT
    is_portable = True

    def __init__(self, path: Path, encoding: str, known: Known, report: Report) -> None:
        self.path = path
        self.encoding = encoding
        self.known = known
        self.report = report
        self.used = set(_PRODUCT)
        self.markets: dict[PriceColumn, KnownMarket | None] = {}
        self._by_code = {market.code: market for market in known.markets}
        self._begun = FirstLines()
        self._file: IO[str] | None = None

    @property
    def bytes_read(self) -> int:
        return self._file.buffer.tell() if self._file is not None and not self._file.closed else 0  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[Draft]:
        for line, text in self._lines():
            self.report.rows.came_in += 1
            self.report.subjects.came_in += 1
            draft = Draft("", line, is_one_row=True)
            try:
                self._read(draft, text)
            except RowRefused as refusal:
                self.report.refuse(refusal.problem)
                self.report.subjects.add(Outcome.REFUSED)
                continue
            yield draft

    def _lines(self) -> Iterator[tuple[int, str | None]]:
        """Every line with text; None for one that is too long to be read."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            self._file, number = file, 0
            while line := file.readline(LONGEST_RECORD):
                number += 1
                if is_whole := line.endswith(("\n", "\r")) or len(line) < LONGEST_RECORD:
                    if line.strip():
                        yield number, line
                    continue
                while not is_whole and (piece := file.readline(1 << 16)):
                    is_whole = piece.endswith(("\n", "\r"))
                yield number, None

    def _read(self, draft: Draft, text: str | None) -> None:
        at = _Place(draft.line)
        if text is None:
            raise at.refused("too_long", most=LONGEST_RECORD)
        try:
            told = parse_line(text)
        except ValueError as error:
            raise at.refused("bad_json", problem=error.args[0]) from error
        _check_texts(at, told)
        at.check_names(told, _PRODUCT)
        draft.key = at.text(told, "sku", most=LONGEST_SKU, needed=True)
        if (first := self._begun.first(draft.key, draft.line)) != draft.line:
            raise at.into("sku").refused("duplicate_row", value=draft.key, first=first)
        self._read_product(draft, at, told)
        self._read_variants(draft, at, told)
        self._read_images(draft, at, told)
        draft.extra = at.mapping(told, "extra")
        if not has_known_shape(draft.extra):
            raise at.into("extra").refused(
                "bad_value", problem=said(_("a name with an underline is not as the export writes it"))
            )

    def _read_product(self, draft: Draft, at: "_Place", told: dict[str, Any]) -> None:
        titles = _texts(draft, at, told, "title")
        if not titles.get("en"):
            raise at.into("title.en").refused("missing_value")
        known, line = self.known, draft.line
        film_id = known.film([at.text(told, "film")], Lookup(), line=line, column="film")
        category_id = known.category([at.text(told, "category")], Lookup(), line=line, column="category")
        licence_id = known.licence(film_id, category_id)
        if licence_id is None:
            draft.warnings.append(Problem("no_licence", line))
        descriptions = _texts(draft, at, told, "description")
        texts = {
            "title_en": titles["en"],
            "title_zh": titles.get("zh"),
            "description_en": descriptions.get("en"),
            "description_zh": descriptions.get("zh"),
            "state": at.choice(told, "state", STATES),
            "listing": at.choice(told, "listing", LISTINGS),
            "reveals": at.choice(told, "reveals", REVEALS),
            "tax_class": at.choice(told, "tax_class", TAX_CLASSES),
            "on_sale_at": at.instant(told, "on_sale_at"),
            "street_on": at.day(told, "street_on"),
        }
        draft.fields = {name: value for name, value in texts.items() if value}
        draft.fields |= {"film_id": film_id, "category_id": category_id, "licence_id": licence_id}

    def _read_variants(self, draft: Draft, at: "_Place", told: dict[str, Any]) -> None:
        if "variants" not in told:
            names = {name: told[name] for name in ("gtin", "stock", "prices") if name in told}
            draft.variants = [self._variant(draft, at, {"sku": draft.key} | names)]
            return
        if clash := next((name for name in ("gtin", "stock", "prices") if name in told), ""):
            raise at.into(clash).refused(
                "bad_value", problem=said(_("it belongs to the variants where there are some"))
            )
        variants = at.list(told, "variants", most=MOST_ROWS)
        if not variants:
            raise at.into("variants").refused("missing_value")
        skus: set[str] = set()
        options: set[frozenset[tuple[str, str]]] = set()
        for number, wanted in enumerate(variants):
            place = at.into(f"variants[{number}]")
            if not isinstance(wanted, dict):
                raise place.refused("bad_type")
            place.check_names(wanted, _VARIANT)
            variant = self._variant(draft, place, wanted)
            if variant.sku in skus:
                raise place.into("sku").refused("duplicate_sku", value=variant.sku, first=draft.line)
            if (choice := frozenset(variant.options.items())) in options:
                raise place.into("options").refused("duplicate_options", first=draft.line)
            skus.add(variant.sku)
            options.add(choice)
            draft.variants.append(variant)

    def _variant(self, draft: Draft, at: "_Place", told: dict[str, Any]) -> VariantDraft:
        options = at.mapping(told, "options")
        for name, value in options.items():
            if not isinstance(value, str) or not value or not name:
                raise at.into(f"options.{name}").refused("bad_type")
            if len(name) > LONGEST_SKU or len(value) > LONGEST_TITLE:
                raise at.into(f"options.{name[:80]}").refused("too_long", most=LONGEST_TITLE)
        sku = at.text(told, "sku", most=LONGEST_SKU) or made_sku(draft.key, options)
        stock = told.get("stock")
        if stock is not None and (isinstance(stock, bool) or not isinstance(stock, int) or not 0 <= stock < 10**9):
            raise at.into("stock").refused("bad_stock", value=str(stock)[:80])
        gtin = at.text(told, "gtin")
        if gtin and not cells.is_gtin(gtin):
            raise at.into("gtin").refused("bad_value", problem=said(_("it is no valid barcode")))
        return VariantDraft(draft.line, sku, options, gtin, self._prices(draft, at, told), stock)

    def _prices(self, draft: Draft, at: "_Place", told: dict[str, Any]) -> dict[int, int]:
        prices = {}
        for code, amount in at.mapping(told, "prices").items():
            place = at.into(f"prices.{code[:40]}")
            if (market := self._by_code.get(code)) is None:
                raise place.refused("unknown_market", value=code[:40], choices=", ".join(sorted(self._by_code)))
            if not isinstance(amount, str):
                raise place.refused("bad_value", problem=said(_('write the price as a text, like "19.90"')))
            price = cells.read_price(amount, market.currency, line=place.line, column=place.path)
            licence_id = draft.fields.get("licence_id")
            self.known.check_floor(price, licence_id, market.currency, line=place.line, column=place.path)
            prices[market.pk] = price
        return prices

    def _read_images(self, draft: Draft, at: "_Place", told: dict[str, Any]) -> None:
        seen: set[str] = set()
        for number, wanted in enumerate(at.list(told, "images", most=_MOST_IMAGES)):
            place = at.into(f"images[{number}]")
            if not isinstance(wanted, dict):
                raise place.refused("bad_type")
            place.check_names(wanted, _IMAGE)
            source = place.text(wanted, "src", needed=True)
            if not is_address(source):
                raise place.into("src").refused("bad_image", value=source[:80])
            position = wanted.get("position", 0)
            if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position < 10_000:
                raise place.into("position").refused("bad_value", problem=said(_("a place is a number below 10,000")))
            alt = _texts(draft, place, wanted, "alt")
            if source not in seen:
                seen.add(source)
                draft.images.append(ImageDraft(draft.line, source, alt.get("en", ""), position, alt.get("zh", "")))


class _Place:
    """Where in the line something stands, and how it is refused there."""

    def __init__(self, line: int, path: str = "") -> None:
        self.line = line
        self.path = path

    def into(self, name: str) -> "_Place":
        return _Place(self.line, f"{self.path}.{name}" if self.path else name)

    def refused(self, code: str, **facts: Any) -> RowRefused:
        return RowRefused(Problem(code, self.line, self.path[:200], facts))

    def check_names(self, told: dict[str, Any], allowed: tuple[str, ...]) -> None:
        for name in told:
            if name not in allowed:
                raise self.into(name[:80]).refused("unknown_field", value=name[:80], choices=", ".join(allowed))

    def text(self, told: dict[str, Any], name: str, *, most: int = LONGEST_TEXT, needed: bool = False) -> str:
        value = told.get(name)
        if value is not None and not isinstance(value, str):
            raise self.into(name).refused("bad_type")
        text = one_line(value or "")
        if needed and not text:
            raise self.into(name).refused("missing_value")
        if len(text) > most:
            raise self.into(name).refused("too_long", most=most)
        return text

    def choice(self, told: dict[str, Any], name: str, allowed: frozenset[str]) -> str:
        value = self.text(told, name)
        if value and value not in allowed:
            facts = {"value": value[:80], "choices": ", ".join(sorted(allowed))}
            raise self.into(name).refused("unknown_field", **facts)
        return value

    def instant(self, told: dict[str, Any], name: str) -> datetime | None:
        text = self.text(told, name)
        try:
            value = datetime.fromisoformat(text) if text else None
        except ValueError:
            value = None
        if text and (value is None or value.tzinfo is None):
            raise self.into(name).refused(
                "bad_value", problem=said(_("an instant looks like 2026-11-22T10:00:00+00:00"))
            )
        return value

    def day(self, told: dict[str, Any], name: str) -> date | None:
        text = self.text(told, name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError as error:
            raise self.into(name).refused("bad_value", problem=said(_("a day looks like 2026-11-22"))) from error

    def mapping(self, told: dict[str, Any], name: str) -> dict[str, Any]:
        value = told.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.into(name).refused("bad_type")
        return value or {}

    def list(self, told: dict[str, Any], name: str, *, most: int) -> list[Any]:
        value = told.get(name)
        if value is not None and not isinstance(value, list):
            raise self.into(name).refused("bad_type")
        if len(value or []) > most:
            raise self.into(name).refused("too_many_rows", most=most)
        return value or []


def _texts(draft: Draft, at: _Place, told: dict[str, Any], name: str) -> dict[str, str]:
    """A text in the languages we keep: a string is English, an object names them."""
    value = told.get(name) or {}
    by_language = {"en": value} if isinstance(value, str) else value
    if not isinstance(by_language, dict):
        raise at.into(name).refused("bad_type")
    texts = {}
    for language in by_language:
        place = at.into(f"{name}.{language[:20]}")
        if language not in _LANGUAGES:
            raise place.refused("bad_language", value=language[:20])
        if not isinstance(by_language[language], str):
            raise place.refused("bad_type")
        if name == "description":
            text, doubts = cleaned_description(by_language[language], at.line, place.path)
        else:
            text, doubts = cleaned_title(by_language[language], at.line, place.path)
            if len(text) > LONGEST_TITLE:
                raise place.refused("too_long", most=LONGEST_TITLE)
        draft.warnings += doubts
        texts[language] = text
    return texts


def _check_texts(at: _Place, value: Any, depth: int = 0) -> None:
    """Nothing that cannot be stored, at any depth: letters, lengths, numbers, the depth itself."""
    if depth > _DEEPEST:
        raise at.refused("bad_value", problem=said(_("it is nested too deeply")))
    if isinstance(value, str):
        if character := unprintable_character(value):
            raise at.refused("control_character", character=character)
        if len(value) > LONGEST_TEXT:
            raise at.refused("too_long", most=LONGEST_TEXT)
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise at.refused("bad_value", problem=said(_("the number is too large")))
    elif isinstance(value, dict):
        for name, inner in value.items():
            place = at.into(name[:80])
            _check_texts(place, name, depth + 1)
            _check_texts(place, inner, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check_texts(_Place(at.line, f"{at.path}[{number}]"), inner, depth + 1)
