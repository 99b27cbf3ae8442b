"""Named parameters: what an endpoint takes, said once, for reading the request and for the schema.

Whatever is not named is refused by name, so a misspelt filter never answers with everything.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from campaigns.models import Listing
from catalog.importing.formats import FORMATS
from catalog.importing.patch import MODES
from catalog.models import Product
from catalog.queries.rights import instant_of
from core.errors import Refused
from core.territories import normalise_country
from licensing.gate import Action
from licensing.models import ArticleVersion, DistributionChannel, Licence, Statement
from merchants.events import KINDS
from merchants.models import Delivery
from merchstore.api.problems import Fault, Problem
from orders.models import Return
from orders.partners import STATES as ORDER_STATES

LONGEST_VALUE = 500
DEFAULT_LIMIT, MOST = 24, 100
_COUNTRY = re.compile(r"[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,160}", re.ASCII)


def looks_like_a_name(text: str) -> bool:
    """Whether `text` can be a slug, a code or a public id at all; nothing else is asked of the database."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Parameter:
    """`read` turns the text into a value or raises ValueError with a sentence."""

    name: str
    description: str
    read: Callable[[str], Any]
    type: Any = OpenApiTypes.STR
    default: Any = None
    is_required: bool = False
    choices: Sequence[str] | None = None

    def in_schema(self) -> OpenApiParameter:
        return OpenApiParameter(
            self.name,
            type=self.type,
            location=OpenApiParameter.QUERY,
            required=self.is_required,
            description=self.description,
            default=self.default,
            enum=self.choices,
        )


def read_parameters(request: HttpRequest, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The value of every parameter, defaults included. Raises `invalid_parameters` naming each fault."""
    given = _query(request)
    known = {parameter.name: parameter for parameter in parameters}
    faults = [_fault(name, "unknown", _not_known(known)) for name in given if name not in known]
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        texts = given.getlist(name)
        values[name] = parameter.default
        if not texts:
            if parameter.is_required:
                faults.append(_fault(name, "required", "This parameter is required."))
        elif len(texts) > 1:
            faults.append(_fault(name, "repeated", "This parameter may be given once."))
        else:
            try:
                values[name] = _read(parameter, texts[0])
            except ValueError as error:
                faults.append(_fault(name, "invalid", str(error)))
    if faults:
        raise Problem("invalid_parameters", errors=faults)
    return values


def _query(request: HttpRequest) -> QueryDict:
    """The query, refused when its percent-encoding is not UTF-8: Django would read a replacement character."""
    try:
        unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode()
    except UnicodeDecodeError:
        raise Problem("bad_request", "The query is not UTF-8.") from None
    return request.GET


def _read(parameter: Parameter, text: str) -> Any:
    if len(text) > LONGEST_VALUE or "\x00" in text:
        raise ValueError("This is too long, or holds a character that no value has.")
    return parameter.read(text)


def _fault(name: str, code: str, detail: str) -> Fault:
    pointer = name.replace("~", "~0").replace("/", "~1")[:80]
    return Fault(f"/query/{pointer}", code, detail)


def _not_known(known: dict[str, Parameter]) -> str:
    return (
        f"There is no such parameter here. There are: {', '.join(known)}." if known else "There are no parameters here."
    )


def _name(text: str) -> str:
    if not looks_like_a_name(text):
        raise ValueError("This is a slug, a code or a public id: letters, digits, hyphens.")
    return text


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 1 <= int(text) <= MOST:
        raise ValueError(f"This is a whole number from 1 to {MOST}.")
    return int(text)


def _instant(text: str) -> datetime:
    try:
        instant = parse_datetime(text)
        if instant is not None and instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("This is an instant as in RFC 3339, with its offset: 2026-11-22T12:00:00Z (a + is written %2B).")


def _moment(text: str) -> datetime:
    """As the command line reads it (`manage.py rights_check`), within the years that calendars can count with."""
    try:
        return instant_of(text)
    except Refused as refusal:
        raise ValueError(_in_english(refusal)) from None


def _in_english(refusal: Refused) -> str:
    with override("en"):
        return refusal.sentence


def _units(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or int(text) < 1:
        raise ValueError("This is a whole number from 1 to 999999999.")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("This is true or false.")
    return text == "true"


def _country(text: str) -> str:
    try:
        # Letters of other alphabets have capitals too: of ß it is SS, South Sudan.
        if _COUNTRY.fullmatch(text):
            return normalise_country(text)
    except Refused:
        pass
    raise ValueError("This is a country's ISO 3166-1 code of two letters, such as FR.")


def _words(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("This is a public id, a slug or a product code.")
    return text.strip()


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"This is one of: {', '.join(choices)}.")
        return text

    return read


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text, re.ASCII):
        raise ValueError("This is a currency's ISO 4217 code of three letters, such as USD.")
    return text


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("This is a name that can be printed.")
    return text


MARKET = Parameter("market", "The market's code, such as `us`.", _name)
REQUIRED_MARKET = Parameter(
    "market", "The market whose shelf and prices are meant, such as `us`.", _name, is_required=True
)
LIMIT = Parameter("limit", f"Rows per page, 1 to {MOST}.", _limit, OpenApiTypes.INT, default=DEFAULT_LIMIT)
CURSOR = Parameter("cursor", "`next_cursor` of the page before.", str)
UPDATED_SINCE = Parameter(
    "updated_since",
    "Only what was changed at or after this instant. What the clock alone brings (a launch, an embargo that lifts) "
    "changes no row: watch `Shelf-Revision` for that.",
    _instant,
    OpenApiTypes.DATETIME,
)
FILM = Parameter("film", "A film's public id or slug.", _name)
CATEGORY = Parameter("category", "A category's code.", _name)
MERCHANT = Parameter("merchant", "A merchant's public id or slug.", _name)
CAMPAIGN = Parameter("campaign", "A campaign's public id or slug: what it offers, while it is live.", _name)
_STATES = [state for state in Licence.State.values if state != Licence.State.DRAFT]
OF_LICENCE = Parameter("licence", "The public id of a licence: only its rows.", _name)
STATEMENT_STATE = Parameter(
    "state", "`open` or `closed`.", _one_of(Statement.State.values), choices=Statement.State.values
)
LICENCE_STATE = Parameter("state", "The licence's state.", _one_of(_STATES), choices=_STATES)
LICENCE = Parameter("licence", "The public id (`lic_…`) of the licence of every row that does not name its own.", _name)
_PRODUCT_STATES = Product.State.values
PRODUCT_STATE = Parameter("state", "The product's state.", _one_of(_PRODUCT_STATES), choices=_PRODUCT_STATES)
PRODUCT_LICENCE = Parameter("licence", "Public id or number of the licence that the product names.", _name)
SKU = Parameter("sku", "The merchant's own code, as it is.", _words)
STARTS_AT = Parameter("starts_at", "When the planned price begins.", _instant, OpenApiTypes.DATETIME, is_required=True)
PRODUCT = Parameter(
    "product", "The product's public id (`prd_…`), slug, or its merchant's code.", _words, is_required=True
)
COUNTRY = Parameter(
    "country",
    "Where the goods are sent: an ISO 3166-1 code. `US-PR`, `CN-HK` and the like are read as the territories they are.",
    _country,
    is_required=True,
)
SALES_CHANNEL = Parameter(
    "channel",
    "The channel of distribution.",
    _one_of(DistributionChannel.values),
    default=DistributionChannel.OWN_SHOP.value,
    choices=DistributionChannel.values,
)
AT = Parameter("at", "The instant that is asked about; now unless given.", _moment, OpenApiTypes.DATETIME)
PAID_AT = Parameter("paid_at", "For SHIP: when the order was paid.", _moment, OpenApiTypes.DATETIME)
_ACTIONS = [str(action) for action in Action]
ACTION = Parameter("action", "All three unless given.", _one_of(_ACTIONS), choices=_ACTIONS)
QUANTITY = Parameter("quantity", "Units, for the sell-off.", _units, OpenApiTypes.INT, default=1)
LABELLED = Parameter("labelled", "For SHIP: a label is bound to each unit.", _boolean, OpenApiTypes.BOOL, default=False)
MERCHANT_OF_PRODUCT = Parameter(
    "merchant", "Whose product, by public id or slug: for the studio's staff, where several use the same code.", _name
)
ORDER_STATE = Parameter(
    "state",
    "`open`: something is to be sent; `held`: nothing of what is left may be sent now. The others as `state` says them.",
    _one_of(ORDER_STATES),
    choices=ORDER_STATES,
)
PAID_SINCE = Parameter("paid_since", "Only what was paid at or after this instant.", _instant, OpenApiTypes.DATETIME)
_SUBMISSION_STATES = ArticleVersion.State.values
SUBMISSION_STATE = Parameter("state", "The version's state.", _one_of(_SUBMISSION_STATES), choices=_SUBMISSION_STATES)
SUBMISSION_LICENCE = Parameter("licence", "A licence's public id or number.", _words)
RETURN_STATE = Parameter("state", "The return's state.", _one_of(Return.State.values), choices=Return.State.values)
_LISTING_STATES = Listing.State.values
LISTING_STATE = Parameter("state", "The listing's state.", _one_of(_LISTING_STATES), choices=_LISTING_STATES)
OF_CAMPAIGN = Parameter("campaign", "A campaign's public id: only its listings.", _name)
CHANNEL = Parameter("channel", "A channel's code, such as `storefront` or `google`.", _name)
#: As docs/importing.md lists them.
_ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-15", "cp1250", "cp1251", "gb18030", "big5",
    "shift_jis", "euc-kr",
)  # fmt: skip
DRY_RUN = Parameter("dry_run", "Only look at the file: nothing is written.", _boolean, OpenApiTypes.BOOL, default=False)
MODE = Parameter(
    "mode",
    "`upsert` creates what is not there yet; `patch` refuses its rows. Either way what the file does not say stays.",
    _one_of(MODES),
    default=MODES[0],
    choices=MODES,
)
RESULT_FORMAT = Parameter(
    "format", "`csv`: a table with a row for each.", _one_of(("json", "csv")), default="json", choices=("json", "csv")
)
FILE_FORMAT = Parameter("format", "Told by the file unless given.", _one_of(FORMATS), choices=FORMATS)
FILE_CURRENCY = Parameter("currency", "Of prices in a file that does not say it.", _currency)
FILE_ENCODING = Parameter("encoding", "Told by the file unless given.", _one_of(_ENCODINGS), choices=_ENCODINGS)
PRESET = Parameter("preset", "The name of a mapping that the merchant has saved.", _printable)
FILE_NAME = Parameter("file_name", "What the file is called in the list of runs.", _printable)
_DELIVERY_STATES = Delivery.State.values
DELIVERY_STATE = Parameter("state", "The delivery's state.", _one_of(_DELIVERY_STATES), choices=_DELIVERY_STATES)
EVENT_KIND = Parameter("kind", "Only events of this kind.", _one_of(list(KINDS)), choices=list(KINDS))
AFTER_EVENT = Parameter(
    "after", "An event's id: what came behind it. From the oldest that is kept unless given.", _name
)
