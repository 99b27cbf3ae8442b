"""An article that may be listed, sold and shipped, and what stands in its way: facts made by hand for tests of the gate."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from films.models import Tier
from licensing.gate import (
    Action,
    Approval,
    Article,
    EmbargoTerms,
    Gap,
    GrantTerms,
    Hold,
    LicenceTerms,
    Reason,
    Window,
    decide,
)

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
GRACE_END = datetime(2027, 1, 15, tzinfo=UTC)
SELL_OFF_END = datetime(2027, 3, 1, tzinfo=UTC)
SELL_OFF_GRACE_END = datetime(2027, 3, 15, tzinfo=UTC)
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 7, 1, tzinfo=UTC)
SHIRTS, MUGS = 1, 2
LIST, SELL, SHIP = Action

GRANT = GrantTerms(SHIRTS, frozenset({"US", "GB"}), frozenset(), frozenset({"own_shop", "export"}))
LICENCE = LicenceTerms(
    licence_id=1, number="L-1", film_id=1, merchant_id=1, state="executed", zone="UTC", starts_at=START, ends_at=END,
    grace_ends_at=GRACE_END, sell_off_ends_at=END, sell_off_grace_ends_at=GRACE_END, grants=(GRANT,),
)  # fmt: skip
ARTICLE = Article(
    film_id=1, merchant_id=1, category_id=SHIRTS, reveals=Tier.TITLE, on_sale_at=None, street_on=None,
    licences=(LICENCE,), merchant_state="approved", papers_end_at=None, embargoes=(),
)  # fmt: skip
SELL_OFF: dict[str, Any] = {
    "sell_off_ends_at": SELL_OFF_END, "sell_off_grace_ends_at": SELL_OFF_GRACE_END, "inventory": 3,
}  # fmt: skip
IN_SELL_OFF = datetime(2027, 2, 1, tzinfo=UTC)
NOTHING: list[list[str]] = [[], [], []]


def licensed(*grants: GrantTerms, **changes: Any) -> Article:
    """The article under a licence with these changes."""
    return replace(ARTICLE, licences=(replace(LICENCE, **({"grants": grants} if grants else {}), **changes),))


def reasons(
    article: Article, action: Action, *, country: str = "US", channel: str = "own_shop", at: datetime = AT, **asked: Any
) -> list[str]:
    decision = decide(article, action, country=country, channel=channel, at=at, **asked)
    assert decision.allowed is (not decision.reasons)
    assert list(dict.fromkeys(finding.reason for finding in decision.findings)) == list(decision.reasons)
    return [str(reason) for reason in decision.reasons]


def all_three(article: Article, **asked: Any) -> list[list[str]]:
    return [reasons(article, action, **asked) for action in Action]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason and what brings it about. Of a group (a state, a place in time), an article can be in one alone.
    `unless`: the actions that it does not stop."""

    reason: Reason
    group: str
    licence: dict[str, Any] = field(default_factory=dict)
    article: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    unless: tuple[Action, ...] = ()

    def before(self, article: Article) -> Article:
        own, *further = article.licences
        return replace(article, licences=(replace(own, **self.licence), *further), **self.article)


LONG_AGO = START - 90 * DAY
NEVER = datetime(2099, 1, 1, tzinfo=UTC)
GRACE = {"paid_at": END - TICK}

#: Every row of the table that says no, with each way there is to it.
OBSTACLES = [
    Obstacle(Reason.ARTICLE_RECALLED, "recall", article={"recalled_at": LONG_AGO}),
    Obstacle(Reason.LICENCE_TERMINATED, "state", {"state": "terminated"}),
    Obstacle(Reason.LICENCE_SUSPENDED, "state", {"state": "suspended"}),
    Obstacle(Reason.LICENCE_SUSPENDED, "dispute", {"holds": (Hold("tkd_1", LONG_AGO, None),)}),
    Obstacle(Reason.LICENCE_SUSPENDED, "dispute", article={"holds": (Hold("tkd_2", LONG_AGO, None),)}),
    Obstacle(Reason.LICENCE_NOT_EXECUTED, "state", {"state": "draft"}),
    Obstacle(Reason.TERM_NOT_STARTED, "term", asked={"at": START - TICK}),
    Obstacle(Reason.TERM_EXPIRED, "term", asked={"at": GRACE_END}),
    Obstacle(Reason.TERM_EXPIRED, "term", asked={"at": END} | GRACE, unless=(SHIP,)),
    Obstacle(
        Reason.SELL_OFF_NO_INVENTORY_STATEMENT, "term", SELL_OFF | {"inventory": None}, asked={"at": IN_SELL_OFF}
    ),
    Obstacle(
        Reason.SELL_OFF_PAYMENTS_OVERDUE, "term", SELL_OFF | {"payments_overdue_since": END}, asked={"at": IN_SELL_OFF}
    ),
    Obstacle(Reason.SELL_OFF_QUANTITY_EXHAUSTED, "term", SELL_OFF, asked={"at": IN_SELL_OFF, "quantity": 4}),
    Obstacle(Reason.SELL_OFF_QUANTITY_EXHAUSTED, "term", SELL_OFF | {"inventory": 0}, asked={"at": IN_SELL_OFF}),
    Obstacle(Reason.SELL_OFF_ENDED, "term", SELL_OFF, asked={"at": SELL_OFF_END}),
    Obstacle(
        Reason.SELL_OFF_ENDED, "term", SELL_OFF, asked={"at": SELL_OFF_END, "paid_at": SELL_OFF_END - TICK},
        unless=(SHIP,),
    ),
    Obstacle(
        Reason.TERRITORY_EXCLUDED, "territory", {"grants": (replace(GRANT, excluded_countries=frozenset({"US"})),)}
    ),
    Obstacle(Reason.TERRITORY_NOT_LICENSED, "territory", asked={"country": "CH"}),
    Obstacle(
        Reason.TERRITORY_NOT_LICENSED, "territory", {"grants": (replace(GRANT, countries=frozenset({"DE"})),)},
        asked={"country": "FR"}, unless=(SELL, SHIP),
    ),
    Obstacle(Reason.ARTICLE_NOT_LICENSED, "schedule", {"gap": Gap.NOT_ON_SCHEDULE}),
    Obstacle(Reason.CATEGORY_NOT_LICENSED, "category", article={"category_id": MUGS}),
    Obstacle(Reason.CHANNEL_NOT_LICENSED, "channel", asked={"channel": "wholesale"}),
    Obstacle(Reason.APPROVAL_INCOMPLETE, "approval", {"needs_approval": True}),
    Obstacle(
        Reason.APPROVAL_REVOKED, "approval",
        {"needs_approval": True, "approvals": (Approval(LONG_AGO, 1, LONG_AGO + DAY),)},
    ),
    Obstacle(Reason.ASSET_NOT_APPROVED, "page", {"needs_page_approval": True}, unless=(SELL, SHIP)),
    Obstacle(
        Reason.ASSET_NOT_APPROVED, "page", {"needs_page_approval": True, "page": Window(LONG_AGO, LONG_AGO + DAY)},
        unless=(SELL, SHIP),
    ),
    Obstacle(
        Reason.EMBARGO_ACTIVE, "embargo", article={"embargoes": (EmbargoTerms(Tier.TITLE, "", NEVER),)}, unless=(SHIP,)
    ),
    Obstacle(Reason.BEFORE_ON_SALE_DATE, "on sale", article={"on_sale_at": NEVER}, unless=(LIST,)),
    Obstacle(Reason.BEFORE_STREET_DATE, "street", article={"street_on": date(2098, 1, 1)}, unless=(LIST, SELL)),
    Obstacle(Reason.AUTH_LABEL_MISSING, "label", {"needs_labels": True}, unless=(LIST, SELL)),
    Obstacle(Reason.MERCHANT_NOT_AUTHORISED, "merchant", article={"merchant_state": "suspended"}),
    Obstacle(Reason.MERCHANT_NOT_AUTHORISED, "merchant", article={"papers_end_at": LONG_AGO}),
    Obstacle(Reason.MERCHANT_NOT_AUTHORISED, "merchant", {"papers_end_at": LONG_AGO}),
]  # fmt: skip
