"""What orders of the demo need besides goods: what merchants ask for sending, and the sales tax of some states."""

from decimal import Decimal

from accounts.models import User
from catalog.models import Market, TaxRate
from catalog.tax import set_tax_rate
from core.money import Money
from demo.files import Row, read_table
from demo.rows import Tally, write
from merchants.models import Merchant
from orders.models import ShippingRate


def load_delivery(by: User) -> Tally:
    """Two ways of sending from every merchant to every market. What merchants ask for later is theirs."""
    tally = Tally()
    table = read_table("delivery")
    markets = {market.code: market for market in Market.objects.all()}
    slugs = [row["slug"] for row in read_table("merchants")]
    merchants = list(Merchant.objects.filter(slug__in=slugs))
    for row in table["rates"]:
        market = markets[row["market"]]
        for merchant in merchants:
            if (merchant.country in market.countries) == (row["from"] == "near"):
                for code in ShippingRate.Code:
                    _load_rate(merchant, market, code, row[code], tally)
    for row in table["sales_tax"]:
        _load_sales_tax(markets[row["market"]], row, by, tally)
    return tally


def _load_rate(merchant: Merchant, market: Market, code: str, row: Row, tally: Tally) -> None:
    def minor(name: str) -> int | None:
        return Money.parse(row[name], market.currency).amount if name in row else None

    first = {
        "amount": minor("amount"), "further_amount": minor("further"), "free_from": minor("free_from"),
        "min_days": row["days"][0], "max_days": row["days"][1],
    }  # fmt: skip
    write(ShippingRate, {"merchant": merchant, "market": market, "code": code}, {}, first=first, tally=tally)


def _load_sales_tax(market: Market, row: Row, by: User, tally: Tally) -> None:
    known = set(TaxRate.objects.filter(market=market, country=row["country"]).values_list("region", flat=True))
    for region, rate in row["regions"].items():
        if region in known:
            tally.unchanged += 1
            continue
        names = {"name_en": row["name_en"], "name_zh": row["name_zh"]}
        set_tax_rate(market, row["country"], Decimal(rate), region=region, starts_on=row["starts_on"], by=by, **names)
        tally.created += 1
