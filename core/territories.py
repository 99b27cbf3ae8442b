"""Countries as licences and markets speak of them: ISO 3166-1 alpha-2 codes and the zone of their calendar."""

from functools import cache

from babel import Locale
from babel.core import get_global

from core.errors import Refused

#: Parts of a country that licences treat as territories of their own (domain rule: normalise first).
_OWN_TERRITORY = {"US-PR": "PR", "US-GU": "GU", "US-MP": "MP", "CN-HK": "HK", "CN-MO": "MO", "CN-TW": "TW"}

#: Where sandboxes are: a code that ISO 3166 leaves to its users, and no part of the world. Not ZZ, by which programs
#: mean a country that they do not know.
SANDBOX = "XS"

#: The European Economic Area: the 27 states of the Union, Iceland, Liechtenstein and Norway.
EEA = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU",
    "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip

#: Countries with several zones: the one in which the trade dates its releases.
_MAIN_ZONE = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}

#: CLDR's names of these are those of treaties ("Hong Kong SAR China"). Shops write them so.
_SHORT_NAMES = {SANDBOX: ("Sandbox", "沙盒"), "HK": ("Hong Kong", "中国香港"), "MO": ("Macao", "中国澳门")}

#: Countries whose English name takes an article inside a sentence.
_WITH_ARTICLE = frozenset({
    "AE", "AX", "BS", "CF", "CK", "DO", "FK", "FO", "GB", "GM", "IM", "KM", "KY", "MH", "MP", "MV", "NL", "PH", "SB", "TC",
    "US", "VG", "VI",
})  # fmt: skip


def normalise_country(code: str) -> str:
    """An ISO 3166-1 alpha-2 code in capitals; subdivisions that are territories of their own become countries.

    Refuses `unknown_country` for anything else.
    """
    wanted = code.strip().upper()
    wanted = _OWN_TERRITORY.get(wanted, wanted.partition("-")[0])
    if not code.isascii() or (
        wanted not in _known_countries() and wanted != SANDBOX
    ):  # "ß" in capitals is "SS", South Sudan
        raise Refused("unknown_country", country=code)
    return wanted


@cache
def zone_of(country: str) -> str:
    """The IANA zone in which `country` counts its days; UTC for a territory without inhabitants."""
    return _MAIN_ZONE.get(country) or _zone_by_territory().get(country, "UTC")


def country_name(country: str, language: str) -> str:
    """The name of `country` in `language` ("en", "zh-hans"), or its code when CLDR has none."""
    short = _SHORT_NAMES.get(country)
    if short:
        return short[language.startswith("zh")]
    return str(_locale(language).territories.get(country, country))


def country_in_sentence(country: str, language: str) -> str:
    """The same inside a sentence: English says "the United States", but "Germany"."""
    name = country_name(country, language)
    return f"the {name}" if country in _WITH_ARTICLE and language.startswith("en") else name


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


@cache
def _zone_by_territory() -> dict[str, str]:
    zones: dict[str, str] = {}
    for zone, territory in sorted(get_global("zone_territories").items()):
        zones.setdefault(territory, zone)
    return zones


def every_country() -> frozenset[str]:
    """The whole world, as grants that name it mean it."""
    return _known_countries()


@cache
def _known_countries() -> frozenset[str]:
    territories = map(str, Locale("en").territories)
    no_countries = {"EU", "UN", "EZ", "QO", "XA", "XB", "ZZ"}
    return frozenset(code for code in territories if len(code) == 2 and code.isalpha() and code not in no_countries)
