"""Mails about stock: to fans who asked to be told, and to merchants when little is left.

Rows say who is to be written to; a task finds them, so a message that is lost costs a minute, no mail. Who writes claims
the row first with one update, so that two workers write one mail.
"""

import logging
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from catalog.models import Market, Price, Product, ShelfSpan, Stock, StockAlert, Variant
from core.mail import letter
from merchants.events import emit
from merchants.models import Member, Merchant

logger = logging.getLogger(__name__)

#: Letters per run of the task. The next run goes on.
BATCH = 200
#: A letter that could not be sent, or whose worker was killed over it, is tried again after this.
TRY_AGAIN_AFTER = timedelta(hours=1)
KEEP_SENT = timedelta(days=30)
KEEP_UNANSWERED = timedelta(days=365)

_SALT = "catalog.alerts"


def ask_for_alert(variant: Variant, market: Market, *, email: str, language: str, at: datetime) -> None:
    """Write to `email`, once, when the variant can be had in the market. Asking again changes nothing, and nobody can tell
    from outside whether an address has asked before."""
    alert = StockAlert(variant=variant, market=market, email=email.strip().lower(), language=language, created_at=at)
    StockAlert.objects.bulk_create([alert], ignore_conflicts=True)


def token_of(public_id: str) -> str:
    """What the link in the letter carries: nobody can make one for another's request."""
    return signing.Signer(salt=_SALT).sign(public_id)


def is_token(token: str) -> bool:
    """Whether the token is one of ours."""
    return _read_token(token) is not None


def take_alert_back(token: str) -> None:
    """Forget the request that the token names, sent or not. Twice is harmless."""
    StockAlert.objects.filter(public_id=_read_token(token)).delete()


def _read_token(token: str) -> str | None:
    try:
        return signing.Signer(salt=_SALT).unsign(token)
    except signing.BadSignature:
        return None


def send_due_alerts(*, at: datetime) -> int:
    """Write to everybody whose wish has come true: to be had again, and on the shelf of that market now. Returns how many
    letters were sent; those that fail are tried again later."""
    rows = list(due_alerts(at)[:BATCH])
    sent = 0
    try:
        with get_connection() if rows else nullcontext() as connection:
            for row in rows:
                sent += _claim(row["pk"], at) and _answer(row, at, connection)
    except OSError as error:
        # The server is away: what was not claimed yet is tried again by the next run.
        logger.warning("mail.server_away", extra={"error": type(error).__name__})
    return sent


def due_alerts(at: datetime) -> QuerySet[Any, Any]:
    """Open requests, not claimed lately, for what can be bought at `at`; the oldest first. One query."""
    span = ShelfSpan.objects.at(at).filter(market=OuterRef("market"), product=OuterRef("variant__product"))
    price = Price.objects.filter(variant=OuterRef("variant"), market=OuterRef("market"), starts_at__lte=at)
    free = F("variant__stock__on_hand") - F("variant__stock__reserved")
    cap = F("variant__stock__pre_order_cap")
    open_alerts = StockAlert.objects.filter(_unclaimed(at), sent_at=None).annotate(
        kind=Subquery(span.values("kind")[:1]), amount=Subquery(price.order_by("-starts_at").values("amount")[:1])
    )
    on_sale, pre_order = ShelfSpan.Kind.ON_SALE, ShelfSpan.Kind.PRE_ORDER
    can_be_had = Q(kind=on_sale, free__gt=0) | Q(kind=pre_order, free__gt=0 - cap)
    return (
        open_alerts.annotate(free=free)
        .filter(can_be_had, amount__isnull=False)
        .order_by("pk")
        .values(
            "pk", "public_id", "email", "language", "kind", "market__code", "variant__public_id", "variant__options",
            "variant__product__slug", "variant__product__title_en", "variant__product__title_zh",
        )
    )  # fmt: skip


def tell_low_stock(*, at: datetime) -> int:
    """Tell the members of each merchant which pieces run low; once, until there are more again. Returns the letters sent."""
    # Whatever moved it, a file too: where there is more again, the next time counts anew.
    enough = _watched(at).filter(told_low_at__isnull=False, left__gt=F("low_at"))
    Stock.objects.filter(pk__in=list(enough.values_list("pk", flat=True))).update(told_low_at=None)
    low: dict[int, list[Stock]] = {}
    for stock in _running_low(at)[:BATCH]:
        low.setdefault(stock.variant.product.merchant_id, []).append(stock)
    return sum(_tell_merchant(stocks, at) for stocks in low.values())


def prune_alerts(*, at: datetime) -> int:
    """Delete requests some time after they were answered, and those that never were; returns how many."""
    is_old = Q(sent_at__lt=at - KEEP_SENT) | Q(sent_at=None, created_at__lt=at - KEEP_UNANSWERED)
    return StockAlert.objects.filter(is_old).delete()[0]


def product_address(market: str, language: str, slug: str, variant: str = "") -> str:
    """Where the storefront shows a product, with the site in front."""
    prefix = "zh" if language.startswith("zh") else "en"
    return f"{settings.SITE_URL}/{market}/{prefix}/goods/p/{slug}/" + (f"?v={variant}" if variant else "")


def _unclaimed(at: datetime) -> Q:
    return Q(claimed_at=None) | Q(claimed_at__lt=at - TRY_AGAIN_AFTER)


def _claim(pk: int, at: datetime) -> bool:
    """Whether this worker is the one that writes. The condition is on the row alone: a second worker waits for the first's
    update and then finds it claimed, which it would not where the condition reads other rows."""
    return StockAlert.objects.filter(_unclaimed(at), pk=pk, sent_at=None).update(claimed_at=at) == 1


def _answer(row: dict[str, Any], at: datetime, connection: Any) -> bool:
    """Send one letter. An address that the server refuses for good is forgotten; whatever else fails is tried again."""
    alert = StockAlert.objects.filter(pk=row["pk"])
    try:
        _alert_letter(row, connection).send()
    except SMTPRecipientsRefused as refused:
        is_final = all(code >= 500 for code, _words in refused.recipients.values())
        logger.warning("alert.refused", extra={"alert": row["public_id"], "is_final": is_final})
        if is_final:
            alert.delete()
        return False
    return alert.update(sent_at=at) == 1


def _alert_letter(row: dict[str, Any], connection: Any) -> Any:
    market, language = row["market__code"], row["language"]
    is_zh = language.startswith("zh")
    stop = f"{settings.SITE_URL}/{market}/{'zh' if is_zh else 'en'}/tell-me/stop/{token_of(row['public_id'])}/"
    context = {
        "title": (is_zh and row["variant__product__title_zh"]) or row["variant__product__title_en"],
        "options": ", ".join(str(value) for value in row["variant__options"].values()),
        "is_pre_order": row["kind"] == ShelfSpan.Kind.PRE_ORDER,
        "address": product_address(market, language, row["variant__product__slug"], row["variant__public_id"]),
        "stop": stop,
    }
    headers = {
        # The same each time: should a letter be sent twice after a crash, the reader's mail program shows one.
        "Message-ID": f"<{row['public_id']}@{settings.MAIL_DOMAIN}>",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    return letter("stock_alert", context, to=row["email"], language=language, headers=headers, connection=connection)


def _running_low(at: datetime) -> QuerySet[Any]:
    """Stock at or under its limit of which the merchant has not been told."""
    low = _watched(at).filter(told_low_at=None, left__lte=F("low_at"), variant__product__state=Product.State.ACTIVE)
    return low.select_related("variant__product__merchant").order_by("pk")


def _watched(at: datetime) -> QuerySet[Any]:
    """Stock with a limit, and how much is `left`. What is promised before it arrives counts until the street date."""
    before_street = When(variant__product__street_on__gt=at.date(), then=F("pre_order_cap"))
    promised = Case(before_street, default=Value(0), output_field=IntegerField())
    return Stock.objects.filter(low_at__isnull=False).annotate(left=F("on_hand") - F("reserved") + promised)


def _tell_merchant(stocks: Iterable[Stock], at: datetime) -> int:
    """One letter to each member; again later when none could be sent. A worker that dies over it leaves its merchant
    untold this once: two letters would be as wrong, and the desk shows the stock."""
    claimed = [
        stock for stock in stocks if Stock.objects.filter(pk=stock.pk, told_low_at=None).update(told_low_at=at) == 1
    ]
    if not claimed:
        return 0
    merchant = claimed[0].variant.product.merchant
    addresses = _members_of(merchant)
    sent = sum(_write_to(address, merchant, claimed) for address in addresses)
    if addresses and not sent:
        Stock.objects.filter(pk__in=[stock.pk for stock in claimed]).update(told_low_at=None)
    else:
        _tell_programs(merchant, claimed, at)
    return sent


@transaction.atomic
def _tell_programs(merchant: Merchant, stocks: Iterable[Stock], at: datetime) -> None:
    for stock in stocks:
        left = stock.on_hand - stock.reserved
        emit(merchant, "product.stock_low", stock.variant.product, at=at, variant=stock.variant.public_id,
             sku=stock.variant.sku, left=left)  # fmt: skip


def _members_of(merchant: Merchant) -> list[str]:
    """The addresses of everybody who acts for the merchant, each once."""
    members = Member.objects.filter(merchant=merchant, user__is_active=True).exclude(user__email="").order_by("pk")
    return list(dict.fromkeys(members.values_list("user__email", flat=True)))


def _write_to(address: str, merchant: Merchant, stocks: list[Stock]) -> bool:
    """Whether the letter was sent. Who reads Chinese is guessed from where the merchant is."""
    language = "zh-hans" if merchant.country == "CN" else "en"
    lines = [
        {
            "title": stock.variant.product.title_in(language),
            "sku": stock.variant.sku,
            "left": stock.left,  # type: ignore[attr-defined]
        }
        for stock in stocks
    ]
    try:
        letter(
            "stock_low", {"merchant": merchant.name_in(language), "lines": lines}, to=address, language=language
        ).send()
    except OSError as error:
        logger.warning("low_stock.not_sent", extra={"merchant": merchant.public_id, "error": type(error).__name__})
        return False
    return True
