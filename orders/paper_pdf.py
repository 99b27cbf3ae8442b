"""An invoice or a credit note as PDF, in the language of its order, drawn from what it said when it was issued."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from core.money import Money
from core.paper import QUIET, drawn, heading, pairs, register_font, table, text
from orders.models import Document


def pdf_of(document: Document) -> bytes:
    """The same document gives the same bytes."""
    register_font()
    content = document.content
    with translation.override(content["language"]):
        title = f"{_title(document)} {document.number}"
        return drawn(_story(document, title), title=title, author=content["seller"]["name"], mark=document.number)


def _title(document: Document) -> str:
    return _("Credit note") if document.kind == Document.Kind.CREDIT_NOTE else _("Invoice")


def _story(document: Document, title: str) -> list[Flowable]:
    content = document.content
    seller = content["seller"]
    story: list[Flowable] = [
        text(seller["name"], 10),
        *(text(line, 8.5, colour=QUIET) for line in seller["lines"]),
        Spacer(0, 8 * mm),
        *(text(line, 10) for line in content["buyer"]),
        Spacer(0, 8 * mm),
        text(title, 17, leading=22),
        Spacer(0, 4 * mm),
        pairs(_facts(document)),
        Spacer(0, 6 * mm),
        _lines(content),
    ]
    if content["tax"] or any(one["rate"] for one in content["rates"]):
        story += [heading(_("Tax")), _taxes(content)]
    if content.get("note"):
        story += [Spacer(0, 5 * mm), text(content["note"], 9, colour=QUIET)]
    return story


def _facts(document: Document) -> list[tuple[str, str]]:
    content = document.content
    facts = [(_("Day"), content["day"]), (_("Order"), content["order"]), (_("Ordered on"), content["ordered_on"])]
    if content.get("invoice"):
        facts.append((_("To invoice"), content["invoice"]))
    if content["seller"].get("tax_id"):
        facts.append((_("Tax number of the seller"), content["seller"]["tax_id"]))
    return facts


def _lines(content: dict[str, Any]) -> Flowable:
    money = _money(content)
    heads = (_("What"), _("Pieces"), pgettext("on an invoice", "Net"), _("Tax"), _("Gross"))
    rows = [
        (one["what"], str(one["pieces"] or ""), money(one["net"]), money(one["tax"]), money(one["gross"]))
        for one in content["lines"]
    ]
    rows.append((_("Together"), "", money(content["net"]), money(content["tax"]), money(content["gross"])))
    return table(heads, rows, (5, 1, 1.8, 1.6, 1.8), numbers=(1, 2, 3, 4))


def _taxes(content: dict[str, Any]) -> Flowable:
    money = _money(content)
    rows = [(one["rate"] or _("No rate known"), money(one["net"]), money(one["tax"])) for one in content["rates"]]
    return table((_("Tax rate"), pgettext("on an invoice", "Net"), _("Tax")), rows, (4, 2, 2), numbers=(1, 2))


def _money(content: dict[str, Any]) -> Any:
    return lambda amount: Money(amount, content["currency"]).in_locale(content["language"])
