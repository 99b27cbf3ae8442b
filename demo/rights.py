"""What happened under the demo's licences before it was loaded, by the services that a working day uses."""

from datetime import datetime, timedelta

from accounts.models import User
from core.money import Money
from demo.files import Row, day, instant, read_table
from demo.rows import Tally
from licensing.articles import article_of
from licensing.documents import add_document
from licensing.models import Licence, PriceFloor, Takedown
from licensing.sell_off import declare_inventory
from licensing.services import set_price_floors
from licensing.takedowns import release_takedown, start_takedown
from licensing.terms import local_day
from licensing.units import take_units
from merchants.models import Merchant


def load_rights(now: datetime, by: User) -> Tally:
    """Each thing once: what stands already, or was changed since, is left as it is."""
    tally = Tally()
    table = read_table("rights")
    licences = {licence.number: licence for licence in Licence.objects.all()}
    does = {"sold": _sold, "declared": _declared, "papers": _paper, "floors": _floors}
    for name, verb in does.items():
        for row in table[name]:
            _count(tally, verb(licences[row["licence"]], row, now, by))
    for row in table["disputes"]:
        _count(tally, _dispute(row, now, by))
    return tally


def _count(tally: Tally, is_new: bool) -> None:
    tally.created += is_new
    tally.unchanged += not is_new


def _sold(licence: Licence, row: Row, now: datetime, by: User) -> bool:
    if licence.units_used:
        return False
    take_units(licence, row["sku"], row["units"], at=_instant(row["at"], now))
    return True


def _declared(licence: Licence, row: Row, now: datetime, by: User) -> bool:
    # Somebody may have amended the licence since, or begun with files in which it had no sell-off.
    if licence.inventory_statements.exists() or not licence.sell_off_days:
        return False
    at = _instant(row["at"], now)
    declare_inventory(licence, row["units"], stated_on=local_day(licence, at - timedelta(days=1)), by=by, at=at)
    for sku, units in sorted(row["sold"].items()):
        take_units(licence, sku, units, at=_instant(row["sold_at"], now))
    return True


def _paper(licence: Licence, row: Row, now: datetime, by: User) -> bool:
    if licence.documents.filter(kind=row["kind"]).exists():
        return False
    expires_on = day(row.get("expires_on", ""), now.date())
    is_required = row.get("is_required", False)
    add_document(
        licence, kind=row["kind"], title=row["title"], expires_on=expires_on, is_required=is_required, by=by, at=now
    )
    return True


def _floors(licence: Licence, row: Row, now: datetime, by: User) -> bool:
    if PriceFloor.objects.filter(licence=licence).exists():
        return False
    floors = {currency: Money.parse(amount, currency).amount for currency, amount in row["amounts"].items()}
    set_price_floors(licence, floors, by=by)
    return True


def _dispute(row: Row, now: datetime, by: User) -> bool:
    article = article_of(Merchant.objects.get(slug=row["merchant"]), row["sku"])
    if Takedown.objects.filter(article=article).exists():
        return False
    begun = start_takedown(
        article, claimant=row["claimant"], reason=row["reason"], by=by, at=_instant(row["starts"], now)
    )
    release_takedown(begun, outcome=row["outcome"], by=by, at=_instant(row["released"], now))
    return True


def _instant(text: str, now: datetime) -> datetime:
    found = instant(text, now)
    assert found is not None, "an offset or an instant"
    return found
