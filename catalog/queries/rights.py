"""May this product be listed, sold or shipped, and why not: the gate's answer as the command line and the API give it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from catalog.models import Image, Product
from core.clock import plausible
from core.errors import Refused
from core.territories import normalise_country
from licensing.assets import page_of
from licensing.explaining import Question, explain, moment
from licensing.facts import RightsFacts, load_rights_facts
from licensing.gate import Action, Article, decide
from licensing.models import Category, DistributionChannel, Licence


def product_named(name: str, *, products: Any = None) -> Product:
    """The product of this public id, slug or code among `products` (default: all of them).

    Refuses `unknown_product`, and `sku_of_several` for a code that more than one merchant uses.
    """
    if "\x00" in name:  # no database holds one
        raise Refused("unknown_product", product=name)
    found = Product.objects.all() if products is None else products
    rows = list(found.filter(Q(public_id=name) | Q(slug=name) | Q(sku=name)).select_related("merchant", "licence")[:21])
    exact = [row for row in rows if name in (row.public_id, row.slug)] or rows
    if not exact:
        raise Refused("unknown_product", product=name)
    if len(exact) > 1:
        raise Refused("sku_of_several", sku=name, merchants=", ".join(sorted(row.merchant.slug for row in exact)))
    return exact[0]


def instant_of(text: str) -> datetime:
    """An instant in ISO 8601 with its offset, or `Z`. Refuses `bad_instant` for anything else: an hour without a zone is
    two different instants for two readers."""
    try:
        # In an address, the sign of an offset arrives as a space.
        at = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        raise Refused("bad_instant", instant=text) from None
    if at.tzinfo is None:
        raise Refused("bad_instant", instant=text)
    return plausible(at)


def rights_answer(
    product: Product,
    *,
    country: str,
    channel: str,
    at: datetime,
    actions: Sequence[Action] = tuple(Action),
    paid_at: datetime | None = None,
    quantity: int = 1,
    is_labelled: bool = False,
) -> dict[str, Any]:
    """The decision as plain JSON (docs/gate.md): of one action that action's, of several one for each in `decisions`.

    Decided from the facts as they stand. Refuses `unknown_country` and `unknown_channel`. A constant number of queries.
    """
    country = normalise_country(country)
    if channel not in DistributionChannel.values:
        raise Refused("unknown_channel", channel=channel)
    article = article_of(product)
    numbers = [terms.number for terms in article.licences if terms.number]
    licences = Licence.objects.filter(number__in=numbers).values_list("number", "unit_cap", "units_used")
    units_left = {number: cap - used for number, cap, used in licences if cap is not None}
    categories = dict(Category.objects.values_list("pk", "code"))
    answers = []
    for action in actions:
        decision = decide(
            article, action, country=country, channel=channel, at=at, paid_at=paid_at, quantity=quantity,
            is_labelled=is_labelled,
        )  # fmt: skip
        asked = Question(
            product=product.public_id, sku=product.sku, action=action, country=country, channel=channel, at=at,
            paid_at=paid_at, quantity=quantity, is_labelled=is_labelled, categories=categories, units_left=units_left,
        )  # fmt: skip
        answers.append(explain(article, decision, asked))
    if len(answers) == 1:
        return answers[0]
    return {
        "product": product.public_id,
        "sku": product.sku,
        "country": country,
        "channel": channel,
        "at": moment(at),
        "allowed": all(answer["allowed"] for answer in answers),
        "decisions": answers,
    }


def article_of(product: Product) -> Article:
    """The article that the facts make of one product, with its page."""
    facts: RightsFacts = load_rights_facts(
        film_ids=[product.film_id],
        merchant_ids=[product.merchant_id],
        licence_ids=[product.licence_id] if product.licence_id else [],
        articles=[(product.merchant_id, product.sku)],
    )
    page = None
    if facts.needs_page(product.merchant_id, product.licence_id, product.sku):
        pictures = Image.objects.ready().filter(product=product).values_list("digest", flat=True)
        texts = [product.title_en, product.title_zh, product.description_en, product.description_zh]
        page = page_of(texts, pictures)
    return facts.article(
        film_id=product.film_id, merchant_id=product.merchant_id, category_id=product.category_id,
        licence_id=product.licence_id, sku=product.sku, reveals=product.reveals, on_sale_at=product.on_sale_at,
        street_on=product.street_on, page=page,
    )  # fmt: skip
