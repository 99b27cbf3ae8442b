"""A licensee's sale lines in any number, as CSV: sales in several territories and currencies, one return in fifty. Row *i* is the
same in every run."""

import json
from collections.abc import Iterator
from pathlib import Path

TERRITORIES = (("CN", "CNY"), ("JP", "JPY"), ("DE", "EUR"), ("FR", "EUR"), ("US", "USD"))
CATEGORIES = ("toys", "apparel", "home", "books")
CHANNELS = ("own_shop", "marketplace", "wholesale")
HEADER = "kind,id,date,article,territory,channel,basis,currency,quantity,unit_price_with_tax,vat,of\n"
ARTICLES = 200
RETURNS = 50

#: Articles of one property and articles that two share; tiers, a floor, caps, tax: nothing that a real case has is left out.
CASE = {
    "agreement": {
        "id": "BENCH",
        "currency": "USD",
        "period": "QUARTER",
        "fx": {
            "method": "FIXED",
            "source": "made up",
            "rates": {"CNY": "0.1378", "JPY": "0.006712", "EUR": "1.0845"},
        },
        "returns_cap": "20%",
        "rates": [
            {"id": "hero", "property": "hero", "tiers": [{"up_to": "1000000", "rate": "8%"}, {"rate": "12%"}]},
            {"id": "villain", "property": "villain", "rate": "10%", "floor": "0.05"},
        ],
        "advance": "100000",
        "cmf": "2%",
        "guarantee": {"amount": "5000000", "to": "2026-Q4"},
        "articles": {
            f"A{number:04}": {
                "category": CATEGORIES[number % 4],
                "shares": {"hero": 10_000} if number % 3 else {"hero": 6000, "villain": 4000},
            }
            for number in range(ARTICLES)
        },
    },
    "lines": [],
}


def write_case(path: Path) -> None:
    path.write_text(json.dumps(CASE))


def write_lines(path: Path, number: int) -> None:
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(_rows(number))


def _rows(number: int) -> Iterator[str]:
    for i in range(number):
        mixed = i * 2_654_435_761 % 2**32
        month, day = 1 + mixed % 12, 1 + mixed // 16 % 28
        if i % RETURNS == RETURNS - 1 and month > 3:
            # Back goes one piece of a line some way before, in whatever period that was sold.
            yield f"return,R{i},2026-12-{day:02},,,,,,1,,,S{(i - 1) // RETURNS * RETURNS}\n"
            continue
        territory, currency = TERRITORIES[mixed // 64 % 5]
        channel = CHANNELS[mixed // 512 % 3]
        price = mixed // 1024 % 9000 + 100
        amount = str(price) if currency == "JPY" else f"{price // 100}.{price % 100:02}"
        quantity = 1 + mixed // 4096 % 3
        article = mixed // 8192 % ARTICLES
        yield (
            f"sale,S{i},2026-{month:02}-{day:02},A{article:04},{territory},{channel},DTC,{currency},{quantity},{amount},0.13,\n"
        )
