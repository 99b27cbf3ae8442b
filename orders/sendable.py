"""Which lines of an order may leave now: the gate's answer for SHIP, asked again with the instant of the payment.

What was paid before a licence's end ships within its days of grace; a takedown, a recall or a street date to come holds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language

from core.errors import Refused
from licensing.explaining import Question, explain
from licensing.facts import RightsFacts, load_rights_facts
from licensing.gate import Action, Article, Reason, decide
from licensing.models import Category, DistributionChannel
from orders.models import OrderLine

_CHANNEL = DistributionChannel.OWN_SHOP.value


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a line may not be sent now: the gate's sentences in the reader's language. `waits`: nothing but its street date."""

    title: str
    sentences: tuple[str, ...]
    codes: tuple[str, ...]
    street_on: date | None

    @property
    def waits(self) -> bool:
        return self.codes == (Reason.BEFORE_STREET_DATE.value,)

    @property
    def refusal(self) -> Refused:
        if self.waits:
            return Refused("pre_order_waits", title=self.title, street_on=str(self.street_on))
        return Refused("not_to_be_shipped", title=self.title, why=" ".join(self.sentences), reasons=list(self.codes))


def needs_label(lines: Iterable[OrderLine]) -> bool:
    """Whether a licence of these lines wants an authenticity label on each piece. Their licences have to be read along."""
    return any(line.licence is not None and line.licence.needs_labels for line in lines)


def stops_of(lines: Iterable[OrderLine], *, at: datetime, is_labelled: bool = False) -> dict[int, Stop]:
    """Of `lines`, with `order` and `product` read along, those that may not be sent at `at`, by their key. A constant number
    of queries, for the lines of one order or of many.

    A line is asked under the licence that it was sold under: a later change of its product changes no order. Dates are the
    product's as they stand, since a street date that moves moves for what was bought already.
    """
    goods = [line for line in lines if line.product is not None and line.to_ship > 0]
    if not goods:
        return {}
    facts = load_rights_facts(
        film_ids={line.film_id or line.product.film_id for line in goods if line.product},
        merchant_ids={line.merchant_id for line in goods},
        licence_ids={line.licence_id for line in goods if line.licence_id},
        articles={(line.merchant_id, line.sku) for line in goods},
    )
    stops = {}
    categories = dict(Category.objects.values_list("pk", "code"))
    for line in goods:
        stop = _stop(line, _article(line, facts), categories, at=at, is_labelled=is_labelled)
        if stop is not None:
            stops[line.pk] = stop
    return stops


def _article(line: OrderLine, facts: RightsFacts) -> Article:
    product = line.product
    assert product is not None  # of goods alone, see stops_of
    return facts.article(
        film_id=line.film_id or product.film_id, merchant_id=line.merchant_id, category_id=product.category_id,
        licence_id=line.licence_id, sku=line.sku, reveals=product.reveals, on_sale_at=product.on_sale_at,
        street_on=product.street_on,
    )  # fmt: skip


def _stop(
    line: OrderLine, article: Article, categories: dict[int, str], *, at: datetime, is_labelled: bool
) -> Stop | None:
    order, product = line.order, line.product
    decision = decide(
        article, Action.SHIP, country=order.country, channel=_CHANNEL, at=at, paid_at=order.paid_at,
        quantity=line.to_ship, is_labelled=is_labelled,
    )  # fmt: skip
    if decision.allowed:
        return None
    asked = Question(
        product=product.public_id if product else "", sku=line.sku, action=Action.SHIP, country=order.country,
        channel=_CHANNEL, at=at, paid_at=order.paid_at, quantity=line.to_ship, is_labelled=is_labelled,
        categories=categories,
    )  # fmt: skip
    told = explain(article, decision, asked)["reasons"]
    return Stop(
        line.title_in(get_language() or "en"),
        tuple(dict.fromkeys(reason["sentence"] for reason in told)),
        tuple(map(str, decision.reasons)),
        article.street_on,
    )
