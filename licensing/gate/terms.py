"""The words of the gate: what it is asked, the facts that it reads, and what it answers with."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import NamedTuple

from core.clock import ALWAYS


class Action(StrEnum):
    LIST = "LIST"
    SELL = "SELL"
    SHIP = "SHIP"


class Reason(StrEnum):
    """Why not, in the order in which reasons are given."""

    ARTICLE_RECALLED = "ARTICLE_RECALLED"
    LICENCE_TERMINATED = "LICENCE_TERMINATED"
    LICENCE_SUSPENDED = "LICENCE_SUSPENDED"
    LICENCE_NOT_EXECUTED = "LICENCE_NOT_EXECUTED"
    TERM_NOT_STARTED = "TERM_NOT_STARTED"
    TERM_EXPIRED = "TERM_EXPIRED"
    SELL_OFF_NO_INVENTORY_STATEMENT = "SELL_OFF_NO_INVENTORY_STATEMENT"
    SELL_OFF_PAYMENTS_OVERDUE = "SELL_OFF_PAYMENTS_OVERDUE"
    SELL_OFF_QUANTITY_EXHAUSTED = "SELL_OFF_QUANTITY_EXHAUSTED"
    SELL_OFF_ENDED = "SELL_OFF_ENDED"
    TERRITORY_EXCLUDED = "TERRITORY_EXCLUDED"
    TERRITORY_NOT_LICENSED = "TERRITORY_NOT_LICENSED"
    ARTICLE_NOT_LICENSED = "ARTICLE_NOT_LICENSED"
    CATEGORY_NOT_LICENSED = "CATEGORY_NOT_LICENSED"
    CHANNEL_NOT_LICENSED = "CHANNEL_NOT_LICENSED"
    APPROVAL_INCOMPLETE = "APPROVAL_INCOMPLETE"
    APPROVAL_REVOKED = "APPROVAL_REVOKED"
    ASSET_NOT_APPROVED = "ASSET_NOT_APPROVED"
    EMBARGO_ACTIVE = "EMBARGO_ACTIVE"
    BEFORE_ON_SALE_DATE = "BEFORE_ON_SALE_DATE"
    BEFORE_STREET_DATE = "BEFORE_STREET_DATE"
    AUTH_LABEL_MISSING = "AUTH_LABEL_MISSING"
    MERCHANT_NOT_AUTHORISED = "MERCHANT_NOT_AUTHORISED"

    # An enum's own is written in Python: looking one up would take longer than deciding a row.
    __hash__ = str.__hash__


class Flag(StrEnum):
    """What a caller has to know of an article that may be sold."""

    #: The term is over and its conditions are met: no new campaign, and units are taken from the declared inventory.
    SELL_OFF = "sell_off"
    #: The country is not granted, but both sides are in the EEA and nobody holds it exclusively under this licence.
    EEA_PASSIVE_SALE = "eea_passive_sale"

    __hash__ = str.__hash__


class Stage(Enum):
    """How far the article is in a country. A higher number is further."""

    COMING_SOON = 1
    PRE_ORDER = 2
    ON_SALE = 3

    __hash__ = object.__hash__


class Gap(StrEnum):
    """Why a licence does not cover the article, whatever else it grants."""

    NONE = ""
    #: The product names no licence.
    NO_LICENCE = "no_licence"
    OTHER_FILM = "other_film"
    OTHER_MERCHANT = "other_merchant"
    NOT_ON_SCHEDULE = "not_on_schedule"

    __hash__ = str.__hash__


class Window(NamedTuple):
    """From one instant on, until another or for good."""

    starts_at: datetime
    ends_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


class Hold(NamedTuple):
    """A takedown freezes what it touches from its start until it is released."""

    takedown: str
    starts_at: datetime
    released_at: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.released_at is None or at < self.released_at)


class Approval(NamedTuple):
    """The final approval of one version of the article. The last one issued counts."""

    issued_at: datetime
    version: int
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantTerms:
    category_id: int | None
    countries: frozenset[str]
    excluded_countries: frozenset[str]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceTerms:
    """A licence as the gate reads it for an article; each end is the first instant after. What follows `gap` depends on
    the article; it is the same for most, so that they share these terms."""

    licence_id: int
    number: str
    film_id: int
    merchant_id: int
    state: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    grace_ends_at: datetime
    #: Equal to the two above where there is no sell-off.
    sell_off_ends_at: datetime
    sell_off_grace_ends_at: datetime
    grants: tuple[GrantTerms, ...]
    is_exclusive: bool = False
    needs_approval: bool = False
    needs_page_approval: bool = False
    needs_labels: bool = False
    #: When the first of the documents that it requires runs out.
    papers_end_at: datetime | None = None
    #: Asked only of licences with a sell-off.
    payments_overdue_since: datetime | None = None
    holds: tuple[Hold, ...] = ()
    gap: Gap = Gap.NONE
    #: Units of the article that the last inventory statement leaves to sell; None: there is no statement.
    inventory: int | None = None
    #: In the order in which they were issued.
    approvals: tuple[Approval, ...] = ()
    #: When every picture and text of the page is approved; None: one is not.
    page: Window | None = None

    @property
    def has_sell_off(self) -> bool:
        return self.sell_off_ends_at > self.ends_at


#: Stands for the licence of an article that has none.
NO_LICENCE = LicenceTerms(
    licence_id=0, number="", film_id=0, merchant_id=0, state="", zone="UTC", starts_at=ALWAYS, ends_at=ALWAYS,
    grace_ends_at=ALWAYS, sell_off_ends_at=ALWAYS, sell_off_grace_ends_at=ALWAYS, grants=(), gap=Gap.NO_LICENCE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EmbargoTerms:
    tier: str
    country: str
    lifts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Everything about a product that rights depend on. Many products share one article's answer."""

    film_id: int
    merchant_id: int
    category_id: int
    reveals: str
    on_sale_at: datetime | None
    street_on: date | None
    #: The product's own first (NO_LICENCE when it names none), then those of further properties. All have to pass.
    licences: tuple[LicenceTerms, ...]
    merchant_state: str
    papers_end_at: datetime | None
    #: Of every film it is made of.
    embargoes: tuple[EmbargoTerms, ...]
    recalled_at: datetime | None = None
    #: Takedowns of the article, its merchant or one of its films; those of a licence are the licence's.
    holds: tuple[Hold, ...] = ()

    @property
    def licence(self) -> LicenceTerms | None:
        """The product's own."""
        own = self.licences[0]
        return None if own.gap is Gap.NO_LICENCE else own


class Finding(NamedTuple):
    """A reason, and the number of the licence that gives it; blank for one that is the article's own."""

    reason: Reason
    licence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`reasons` is empty exactly when `allowed`; `findings` says of each which licence gives it, in the same order.
    `stage` says how far the article is, whatever the licence says."""

    allowed: bool
    reasons: tuple[Reason, ...]
    stage: Stage
    flags: tuple[Flag, ...] = ()
    findings: tuple[Finding, ...] = ()
