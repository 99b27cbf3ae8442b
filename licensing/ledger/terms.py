"""A licence's royalty terms: read by the calculation's own reader before they are kept, every change in the audit trail."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.bulk import in_pages
from core.errors import Refused
from licensing.ledger import splitting
from licensing.ledger.account import full_terms, lock_account
from licensing.ledger.periods import mark_stale
from licensing.ledger.reading import plain
from licensing.ledger.sales import goods_digest, rows_of_goods
from licensing.models import Licence, RoyaltyTerms, SaleLine, Statement
from licensing.royalties.lines import Goods, Return, Sale
from licensing.royalties.read_agreement import read_agreement
from licensing.royalties.read_lines import LineReader
from licensing.royalties.terms import Agreement

#: What everything that is recorded is measured by: it cannot change once there are statements.
FIXED = ("currency", "period", "zone")


@transaction.atomic
def set_terms(
    licence: Licence, terms: dict[str, Any], *, by: User | None, platform_rate: Decimal | None = None
) -> RoyaltyTerms:
    """Keep the agreement (an object as docs/royalties.md has it).

    Refuses what its reader refuses, with the `path`; and `terms_fixed` where the currency, the kind of period or the zone would
    change under what has been recorded.

    What is closed keeps the terms that it was made by; open statements are computed anew, and their lines read again.
    """
    RoyaltyTerms.objects.get_or_create(licence_id=licence.pk, defaults={"terms": {}})
    account = lock_account(licence)
    old_terms, old_rate = account.terms, account.platform_rate
    before = read_agreement(full_terms(account)) if old_terms else None
    account.terms = plain(terms)
    if platform_rate is not None:
        account.platform_rate = platform_rate
        if not 0 <= platform_rate < 1:
            raise Refused("BAD_RATE", path="platform_rate", value=str(platform_rate))
    agreement = read_agreement(full_terms(account))
    splitting.refuse_split(account, agreement)
    if before is not None:
        _refuse_moved(licence, before, agreement)
        if (before.articles, before.lines_per) != (agreement.articles, agreement.lines_per):
            _read_again(licence, agreement)
    if (old_terms, old_rate) == (account.terms, account.platform_rate):
        return account
    account.save()
    changes: dict[str, Any] = {"terms": [old_terms, account.terms]} if old_terms != account.terms else {}
    if old_rate != account.platform_rate:
        changes["platform_rate"] = [str(old_rate), str(account.platform_rate)]
    record("royalties.terms_set", licence, by=by, **changes)
    mark_stale(licence)
    return account


def _refuse_moved(licence: Licence, before: Agreement, after: Agreement) -> None:
    moved = [name for name in FIXED if getattr(before, name) != getattr(after, name)]
    if moved and Statement.objects.filter(licence=licence).exists():
        raise Refused("terms_fixed", path=f"agreement.{moved[0]}", fields=", ".join(moved))


def _read_again(licence: Licence, agreement: Agreement) -> None:
    """What an article stands for has changed: the goods of open lines with it. Refuses what cannot be read now, naming the line."""
    reader = LineReader(agreement)
    lines = SaleLine.objects.filter(licence=licence, statement__state=Statement.State.OPEN, goods__isnull=False)
    lines = lines.only("kind", "external_id", "said", "counted_on", "goods_id").order_by("pk")
    for page in in_pages(lines.iterator(chunk_size=1_000), 1_000):
        wanted: dict[str, Goods] = {}
        digests = []
        for row in page:
            goods = _goods(reader, row)
            digests.append(goods_digest(goods))
            wanted[digests[-1]] = goods
        found = rows_of_goods(licence, wanted)
        for row, digest in zip(page, digests, strict=True):
            row.goods = found[digest]
        SaleLine.objects.bulk_update(page, ["goods"])


def _goods(reader: LineReader, row: SaleLine) -> Goods:
    try:
        line = reader.read(row.kind, row.said, row.counted_on)
    except Refused as refusal:
        refusal.facts["path"] = row.external_id
        raise
    assert isinstance(line, Sale | Return), "nothing else has goods"
    assert line.goods is not None, "nothing else has goods"
    return line.goods
