"""What happened to a licence, in words: the trail, with the name of every field and the value before and after."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import formats
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from core.money import Money
from core.territories import country_name
from licensing.models import EVERY, DistributionChannel, Licence

#: Terms of a licence, as forms and history call them.
LABELS: Mapping[str, Any] = {
    "number": gettext_lazy("Number"),
    "merchant": gettext_lazy("Merchant"),
    "film": gettext_lazy("Film"),
    "state": gettext_lazy("State"),
    "starts_on": gettext_lazy("First day"),
    "ends_on": gettext_lazy("Last day"),
    "time_zone": gettext_lazy("Time zone"),
    "is_exclusive": gettext_lazy("Exclusive"),
    "is_scheduled": gettext_lazy("Only articles on its schedule"),
    "grace_days": gettext_lazy("Days of grace"),
    "sell_off_days": gettext_lazy("Days of sell-off"),
    "unit_cap": gettext_lazy("Most units"),
    "needs_approval": gettext_lazy("Articles are approved"),
    "needs_page_approval": gettext_lazy("Pages are approved"),
    "needs_labels": gettext_lazy("Units carry labels"),
    "silence_rule": gettext_lazy("When nobody decides"),
    "review_days": gettext_lazy("Business days to decide"),
    "calendar": gettext_lazy("Calendar of business days"),
    "legal_line_en": gettext_lazy("Legal line, English"),
    "legal_line_zh": gettext_lazy("Legal line, Chinese"),
}

_VERBS: Mapping[str, Any] = {
    "licence.created": gettext_lazy("Drafted"),
    "licence.edited": gettext_lazy("Terms changed"),
    "licence.grants_set": gettext_lazy("Grants set"),
    "licence.schedule_set": gettext_lazy("Schedule changed"),
    "licence.floors_set": gettext_lazy("Price floors set"),
    "licence.executed": gettext_lazy("Executed"),
    "licence.suspended": gettext_lazy("Suspended"),
    "licence.reinstated": gettext_lazy("Reinstated"),
    "licence.terminated": gettext_lazy("Terminated"),
    "licence.expired": gettext_lazy("Expired"),
    "licence.inventory_declared": gettext_lazy("Stock declared"),
    "licence.document_added": gettext_lazy("Document filed"),
    "licence.document_retired": gettext_lazy("Document retired"),
    "takedown.started": pgettext_lazy("a dispute", "Taken down"),
    "takedown.released": pgettext_lazy("a dispute", "Released"),
}


def entry_in_words(entry: AuditEntry) -> dict[str, Any]:
    """One line of the history: what was done, and what it changed from and to."""
    verb = _VERBS.get(entry.verb) or entry.verb.partition(".")[2].replace("_", " ").capitalize() or entry.verb
    return {
        "verb": verb,
        "who": entry.actor.get_username() if entry.actor else _("The system"),
        "at": entry.at,
        "lines": _lines(entry),
    }


def _lines(entry: AuditEntry) -> list[dict[str, Any]]:
    says = {
        "licence.edited": _edited,
        "licence.grants_set": _grants,
        "licence.schedule_set": _schedule,
        "licence.floors_set": _floors,
        "licence.inventory_declared": _inventory,
        "licence.document_added": _document,
        "licence.document_retired": _document,
        "takedown.started": _dispute,
        "takedown.released": _dispute,
    }.get(entry.verb)
    return says(entry.changes) if says else []


def _edited(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": LABELS.get(name, name), "old": _value(name, old), "new": _value(name, new)}
        for name, (old, new) in changes.items()
    ]


def _grants(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    old, new = ([grant_in_words(grant) for grant in side] for side in changes["grants"])
    gone = [{"label": "", "old": words, "new": ""} for words in old if words not in new]
    return gone + [{"label": "", "old": "", "new": words} for words in new if words not in old]


def _schedule(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": "", "old": ", ".join(changes["removed"]), "new": ", ".join(changes["added"])},
    ]


def _floors(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    old, new = changes["floors"]
    return [
        {
            "label": currency,
            "old": floor_in_words(currency, old.get(currency)),
            "new": floor_in_words(currency, new.get(currency)),
        }
        for currency in sorted({*old, *new})
        if old.get(currency) != new.get(currency)
    ]


def _inventory(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    units = ", ".join(f"{sku}: {count}" for sku, count in changes["units"].items())
    return [{"label": _day(changes["stated_on"]), "old": "", "new": units}]


def _document(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    until = changes.get("expires_on")
    lines = [{"label": "", "old": changes.get("replaces") or "", "new": changes["title"]}]
    if until:
        lines.append({"label": _("Valid until"), "old": "", "new": _day(until)})
    return lines


def _dispute(changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = ((_("Claimant"), "claimant"), (_("Reason"), "reason"), (_("Outcome"), "outcome"), (_("Touches"), "touches"))
    return [{"label": label, "old": "", "new": changes[name]} for label, name in said if changes.get(name)]


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in {"starts_on", "ends_on"}:
        return _day(value)
    if name == "silence_rule":
        return str(dict(Licence.SilenceRule.choices).get(value, value))
    return str(value)


def _day(written: str) -> str:
    return formats.date_format(date.fromisoformat(written), "j M Y")


def floor_in_words(currency: str, amount: int | None) -> str:
    return Money(amount, currency).in_locale(get_language() or "en") if amount is not None else _("none")


def grant_in_words(grant: Mapping[str, Any]) -> str:
    """ "Mugs, own shop: the world except China"."""
    category = grant["category"] or _("Every category")
    return _("%(category)s, %(channels)s: %(territory)s") % {
        "category": category,
        "channels": channels_in_words(grant["channels"]),
        "territory": territory_in_words(grant["countries"], grant["excluded_countries"]),
    }


def channels_in_words(channels: list[str]) -> str:
    if EVERY in channels:
        return _("every channel")
    names = dict(DistributionChannel.choices)
    return ", ".join(str(names.get(channel, channel)) for channel in channels)


def territory_in_words(countries: list[str], excluded: list[str], *, most: int = 6) -> str:
    where = _("the world") if EVERY in countries else named(countries, most=most)
    if not excluded:
        return where
    return _("%(where)s, except %(excluded)s") % {"where": where, "excluded": named(excluded, most=most)}


def named(countries: list[str], *, most: int) -> str:
    """Their names in the reader's language; of many, the first and how many more."""
    language = get_language() or "en"
    names = [country_name(code, language) if code != EVERY else _("the world") for code in countries]
    if len(names) <= most:
        return ", ".join(names)
    return _("%(names)s and %(number)s more") % {"names": ", ".join(names[:most]), "number": len(names) - most}


def moment(entry_at: datetime, zone: Any) -> str:
    return formats.date_format(entry_at.astimezone(zone), "j M Y, H:i")
