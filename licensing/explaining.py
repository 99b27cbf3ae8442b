"""The gate's answer for people and programs: which licence, which condition, and what would heal it, as plain JSON.

One object for the command line, the API and the desk. Codes, instants and lists are stable; `sentence` and `heals` are in
the reader's language.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.territories import country_in_sentence
from licensing.gate import Action, Article, Decision, Finding, Gap, Hold, LicenceTerms, Reason, embargo_lifts_at
from licensing.gate.decisions import narrowed, street_at
from licensing.models import Licence
from merchants.models import Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, and what the answer is told with: `categories` are codes by id, `units_left` what a licence's cap
    leaves, by its number."""

    product: str
    sku: str
    action: Action
    country: str
    channel: str
    at: datetime
    paid_at: datetime | None = None
    quantity: int = 1
    is_labelled: bool = False
    categories: Mapping[int, str] = field(default_factory=dict)
    units_left: Mapping[str, int] = field(default_factory=dict)


def explain(article: Article, decision: Decision, asked: Question) -> dict[str, Any]:
    """`decision` on `article`, as plain JSON."""
    licences = {terms.number: terms for terms in article.licences}
    failing = {finding.licence for finding in decision.findings}
    return {
        "product": asked.product,
        "sku": asked.sku,
        "action": str(asked.action),
        "country": asked.country,
        "channel": asked.channel,
        "at": moment(asked.at),
        "paid_at": moment(asked.paid_at),
        "quantity": asked.quantity,
        "labelled": asked.is_labelled,
        "allowed": decision.allowed,
        "stage": decision.stage.name.lower(),
        "flags": [str(flag) for flag in decision.flags],
        "main_reason": str(decision.reasons[0]) if decision.reasons else None,
        "reasons": [
            told for one in decision.findings for told in _told(one, article, licences.get(one.licence), asked)
        ],
        "covered_by": [
            _covering(terms, asked.units_left)
            for terms in article.licences
            if terms.gap is Gap.NONE and terms.number not in failing
        ],
    }


def moment(at: datetime | None) -> str | None:
    """An instant as the API writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _covering(terms: LicenceTerms, units_left: Mapping[str, int]) -> dict[str, Any]:
    return {
        "licence": terms.number,
        "term": {
            "first_day": _day(terms.starts_at, terms.zone),
            "last_day": _last_day(terms.ends_at, terms.zone),
            "zone": terms.zone,
            "starts_at": moment(terms.starts_at),
            "ends_at": moment(terms.ends_at),
        },
        "sell_off_until": moment(terms.sell_off_ends_at) if terms.has_sell_off else None,
        "sell_off_units_left": terms.inventory,
        "units_left": units_left.get(terms.number),
    }


#: What a finding is about: the words to say it in, and the facts.
_Condition = tuple[str, dict[str, Any]]


def _told(finding: Finding, article: Article, terms: LicenceTerms | None, asked: Question) -> list[dict[str, Any]]:
    """One finding in words. What two things cause (a merchant suspended whose papers have run out) is told twice."""
    if finding.licence and terms is not None:
        conditions = _OF_LICENCE[finding.reason](terms, article, asked)
    else:
        conditions = _OF_ARTICLE[finding.reason](article, asked)
    return [
        {
            "code": str(finding.reason),
            "licence": finding.licence or None,
            "sentence": _words(_SENTENCES[name][0], finding, facts, asked),
            "condition": facts,
            "heals": _words(_SENTENCES[name][1], finding, facts, asked),
        }
        for name, facts in conditions
    ]


def _words(text: Any, finding: Finding, facts: dict[str, Any], asked: Question) -> str:
    said = {name: _in_words(value) for name, value in facts.items()}
    place = country_in_sentence(asked.country, get_language() or "en")
    return str(text) % {**said, "licence": finding.licence, "place": place, "sku": asked.sku}


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or gettext("none")
    return str(value)


def _day(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def _last_day(ends_at: datetime, zone: str) -> str:
    """The day that ends at `ends_at`."""
    return _day(ends_at - timedelta(microseconds=1), zone)


def _recall(article: Article, _asked: Question) -> list[_Condition]:
    return [("recalled", {"recalled_at": moment(article.recalled_at)})]


def _disputes(holds: Sequence[Hold], at: datetime) -> list[_Condition]:
    standing = [hold for hold in holds if hold.holds(at)]
    return [("takedown", {"takedown": hold.takedown, "since": moment(hold.starts_at)}) for hold in standing]


def _suspension(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    suspended: list[_Condition] = [("suspended", {"state": terms.state})]
    return (suspended if terms.state == Licence.State.SUSPENDED else []) + _disputes(terms.holds, asked.at)


def _term(terms: LicenceTerms) -> dict[str, Any]:
    return {
        "first_day": _day(terms.starts_at, terms.zone), "last_day": _last_day(terms.ends_at, terms.zone),
        "zone": terms.zone, "starts_at": moment(terms.starts_at), "ends_at": moment(terms.ends_at),
    }  # fmt: skip


def _ended(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    return [("expired", {**_term(terms), "grace_until": moment(terms.grace_ends_at), "paid_at": moment(asked.paid_at)})]


def _sell_off(terms: LicenceTerms) -> dict[str, Any]:
    return {
        "sell_off_since": moment(terms.ends_at), "sell_off_until": moment(terms.sell_off_ends_at),
        "sell_off_last_day": _last_day(terms.sell_off_ends_at, terms.zone), "zone": terms.zone,
    }  # fmt: skip


def _sold_off(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    grace = {"grace_until": moment(terms.sell_off_grace_ends_at), "paid_at": moment(asked.paid_at)}
    return [("sell_off_ended", {**_sell_off(terms), **grace})]


def _territory(terms: LicenceTerms, article: Article, asked: Question) -> dict[str, Any]:
    _bits, candidates = narrowed(terms, article.category_id, asked.channel)
    return {
        "country": asked.country,
        "granted": sorted({country for grant in candidates for country in grant.countries}),
        "excluded": sorted({country for grant in candidates for country in grant.excluded_countries}),
        "is_exclusive": terms.is_exclusive,
    }


def _gap(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    return [(terms.gap.value, {"problem": terms.gap.value, "sku": asked.sku})]


def _category(terms: LicenceTerms, article: Article, asked: Question) -> list[_Condition]:
    ids = {grant.category_id for grant in terms.grants if grant.category_id is not None}
    granted = sorted(asked.categories.get(pk, str(pk)) for pk in ids)
    category = asked.categories.get(article.category_id, str(article.category_id))
    return [("category", {"category": category, "granted": granted})]


def _channel(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    granted = sorted({channel for grant in terms.grants for channel in grant.channels})
    return [("channel", {"channel": asked.channel, "granted": granted})]


def _unapproved(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    later = [approval.issued_at for approval in terms.approvals if approval.issued_at > asked.at]
    return [("unapproved", {"approved_from": moment(min(later, default=None))})]


def _revoked(terms: LicenceTerms, _article: Article, asked: Question) -> list[_Condition]:
    last = [approval for approval in terms.approvals if approval.issued_at <= asked.at][-1]
    facts = {"version": last.version, "issued_at": moment(last.issued_at), "revoked_at": moment(last.revoked_at)}
    return [("revoked", facts)]


def _page(terms: LicenceTerms, _article: Article, _asked: Question) -> list[_Condition]:
    window = terms.page
    facts = {
        "page_approved_from": moment(window.starts_at) if window else None,
        "page_approved_until": moment(window.ends_at) if window else None,
    }
    return [("page", facts)]


def _embargo(article: Article, asked: Question) -> list[_Condition]:
    lifts_at = embargo_lifts_at(article, asked.country)
    return [("embargo", {"until": moment(lifts_at), "reveals": article.reveals, "country": asked.country})]


def _street(article: Article, asked: Question) -> list[_Condition]:
    assert article.street_on is not None
    facts = {"street_on": f"{article.street_on}", "street_at": moment(street_at(article.street_on, asked.country))}
    return [("street", facts)]


def _merchant(article: Article, asked: Question) -> list[_Condition]:
    found: list[_Condition] = []
    if article.merchant_state != Merchant.State.APPROVED:
        found.append(("merchant", {"merchant_state": article.merchant_state}))
    if article.papers_end_at is not None and article.papers_end_at <= asked.at:
        found.append(("papers", {"papers_end_at": moment(article.papers_end_at)}))
    return found


_OF_ARTICLE: dict[Reason, Callable[[Article, Question], list[_Condition]]] = {
    Reason.ARTICLE_RECALLED: _recall,
    Reason.LICENCE_SUSPENDED: lambda article, asked: _disputes(article.holds, asked.at),
    Reason.ARTICLE_NOT_LICENSED: lambda _article, asked: [("no_licence", {"problem": "no_licence", "sku": asked.sku})],
    Reason.EMBARGO_ACTIVE: _embargo,
    Reason.BEFORE_ON_SALE_DATE: lambda article, _asked: [("on_sale", {"on_sale_at": moment(article.on_sale_at)})],
    Reason.BEFORE_STREET_DATE: _street,
    Reason.MERCHANT_NOT_AUTHORISED: _merchant,
}
_OF_LICENCE: dict[Reason, Callable[[LicenceTerms, Article, Question], list[_Condition]]] = {
    Reason.LICENCE_TERMINATED: lambda terms, *_rest: [("terminated", {"state": terms.state})],
    Reason.LICENCE_SUSPENDED: _suspension,
    Reason.LICENCE_NOT_EXECUTED: lambda terms, *_rest: [("draft", {"state": terms.state})],
    Reason.TERM_NOT_STARTED: lambda terms, *_rest: [("not_started", _term(terms))],
    Reason.TERM_EXPIRED: _ended,
    Reason.SELL_OFF_NO_INVENTORY_STATEMENT: lambda terms, *_rest: [
        ("no_statement", {**_sell_off(terms), "inventory_statement": None})
    ],
    Reason.SELL_OFF_PAYMENTS_OVERDUE: lambda terms, *_rest: [
        ("overdue", {**_sell_off(terms), "overdue_since": moment(terms.payments_overdue_since)})
    ],
    Reason.SELL_OFF_QUANTITY_EXHAUSTED: lambda terms, _article, asked: [
        ("exhausted", {**_sell_off(terms), "left": terms.inventory, "quantity": asked.quantity})
    ],
    Reason.SELL_OFF_ENDED: _sold_off,
    Reason.TERRITORY_EXCLUDED: lambda *facts: [("excluded", _territory(*facts))],
    Reason.TERRITORY_NOT_LICENSED: lambda *facts: [("territory", _territory(*facts))],
    Reason.ARTICLE_NOT_LICENSED: _gap,
    Reason.CATEGORY_NOT_LICENSED: _category,
    Reason.CHANNEL_NOT_LICENSED: _channel,
    Reason.APPROVAL_INCOMPLETE: _unapproved,
    Reason.APPROVAL_REVOKED: _revoked,
    Reason.ASSET_NOT_APPROVED: _page,
    Reason.AUTH_LABEL_MISSING: lambda *_facts: [("label", {"needs_labels": True})],
    Reason.MERCHANT_NOT_AUTHORISED: lambda terms, *_rest: [
        ("documents", {"documents_end_at": moment(terms.papers_end_at), "zone": terms.zone})
    ],
}

#: What is wrong, and what would heal it.
_SENTENCES: dict[str, tuple[Any, Any]] = {
    "recalled": (
        _("Article %(sku)s has been recalled since %(recalled_at)s."),
        _("The studio lifts the recall."),
    ),
    "terminated": (
        _("Licence %(licence)s has been terminated."),
        _("Nothing under this licence. The article needs another one."),
    ),
    "suspended": (
        _("Licence %(licence)s is suspended."),
        _("The studio reinstates licence %(licence)s."),
    ),
    "takedown": (
        _("A dispute has it frozen since %(since)s: takedown %(takedown)s."),
        _("The studio releases takedown %(takedown)s."),
    ),
    "draft": (
        _("Licence %(licence)s is a draft."),
        _("The studio executes licence %(licence)s."),
    ),
    "not_started": (
        _("The term of licence %(licence)s begins on %(first_day)s (%(zone)s)."),
        _("Wait for %(starts_at)s, or have the term begin earlier."),
    ),
    "expired": (
        _("The term of licence %(licence)s ended with %(last_day)s (%(zone)s), without a sell-off."),
        _("Extend the term, or agree on a sell-off. What was paid before the end ships until %(grace_until)s."),
    ),
    "no_statement": (
        _("Licence %(licence)s is in its sell-off, and no inventory has been declared."),
        _("The merchant declares what is left in stock."),
    ),
    "overdue": (
        _("Licence %(licence)s is in its sell-off, and payments have been overdue since %(overdue_since)s."),
        _("The merchant pays what is due."),
    ),
    "exhausted": (
        _(
            "Licence %(licence)s is in its sell-off: %(left)s of the declared units of %(sku)s are left, "
            "%(quantity)s are asked for."
        ),
        _("Ask for no more than %(left)s. Only stock that was declared may be sold."),
    ),
    "sell_off_ended": (
        _("The sell-off of licence %(licence)s ended with %(sell_off_last_day)s (%(zone)s)."),
        _("Extend the term or the sell-off. What was paid before the end ships until %(grace_until)s."),
    ),
    "excluded": (
        _("Licence %(licence)s excludes %(place)s. It excludes: %(excluded)s."),
        _("Take %(country)s out of the exclusions of licence %(licence)s."),
    ),
    "territory": (
        _("Licence %(licence)s does not grant %(place)s. It grants: %(granted)s."),
        _("Grant %(country)s in licence %(licence)s for this category and channel."),
    ),
    Gap.NO_LICENCE.value: (
        _("No licence covers article %(sku)s."),
        _("Give the product a licence of its film and its merchant."),
    ),
    Gap.OTHER_FILM.value: (
        _("Licence %(licence)s is of another film."),
        _("Give the product a licence of its own film."),
    ),
    Gap.OTHER_MERCHANT.value: (
        _("Licence %(licence)s is another merchant's."),
        _("Give the product a licence of its own merchant."),
    ),
    Gap.NOT_ON_SCHEDULE.value: (
        _("Article %(sku)s is not on the schedule of licence %(licence)s."),
        _("Put %(sku)s on the schedule of licence %(licence)s."),
    ),
    "category": (
        _("Licence %(licence)s does not grant the category %(category)s. It grants: %(granted)s."),
        _("Grant the category %(category)s in licence %(licence)s."),
    ),
    "channel": (
        _("Licence %(licence)s does not grant the channel %(channel)s. It grants: %(granted)s."),
        _("Grant the channel %(channel)s in licence %(licence)s for this category."),
    ),
    "unapproved": (
        _("This version of %(sku)s has no final approval under licence %(licence)s."),
        _("The article passes every stage of its approval."),
    ),
    "revoked": (
        _("The approval of version %(version)s under licence %(licence)s was revoked on %(revoked_at)s."),
        _("A new version of the article is approved."),
    ),
    "page": (
        _("A picture or text of the page is not approved under licence %(licence)s."),
        _("Submit the page's pictures and texts for approval, or take away what is not approved."),
    ),
    "embargo": (
        _("What it reveals of the film (%(reveals)s) is under embargo in %(place)s until %(until)s."),
        _("Wait for %(until)s."),
    ),
    "on_sale": (
        _("It goes on sale at %(on_sale_at)s."),
        _("Wait for %(on_sale_at)s."),
    ),
    "street": (
        _("It may be handed over from its street date on, %(street_on)s."),
        _("Wait for %(street_at)s."),
    ),
    "label": (
        _("Licence %(licence)s wants an authenticity label on each unit, and none is bound to this one."),
        _("Bind a label to the unit."),
    ),
    "merchant": (
        _("The merchant may not trade: its state is “%(merchant_state)s”."),
        _("The studio approves the merchant."),
    ),
    "papers": (
        _("The merchant's papers ran out at %(papers_end_at)s."),
        _("The merchant hands in papers that are valid."),
    ),
    "documents": (
        _("A document that licence %(licence)s requires ran out at %(documents_end_at)s."),
        _("The merchant hands in a document that is valid."),
    ),
}
