"""The state that one statement hands to the next, as JSON: the `carried` of a statement is the `opening` of a later case."""

from typing import Any

from licensing.royalties import values
from licensing.royalties.results import Carried
from licensing.royalties.rounding import money_text
from licensing.royalties.values import Node, refuse

#: Sums under the name that they have in JSON.
SUMS = {
    "cum_earned": "earned",
    "cum_due": "royalties_due",
    "advances_paid": "advances_paid",
    "advance_set_off": "set_off",
    "cum_cmf": "fund",
    "cum_cmf_due": "fund_due",
    "cum_shortfall_due": "shortfall_due",
    "cum_paid": "paid",
}
_SIGNED = {"cum_earned", "cum_cmf"}


def carried_as_plain(carried: Carried, currency: str) -> dict[str, Any]:
    return {
        "statements": carried.statements,
        **{name: money_text(getattr(carried, field), currency) for name, field in SUMS.items()},
        "tiers": [
            {"rate_rule": rule, "year": year, "base": money_text(base, currency)}
            for (rule, year), base in carried.tiers
        ],
        "credited": {pool: money_text(amount, currency) for pool, amount in carried.credited},
        "ended": list(carried.ended),
        "digest": f"sha256:{carried.digest.hex()}",
    }


def read_carried(value: Any, path: str, *, currency: str) -> Carried:
    node = Node(value, path)
    sums = {
        field: node.read(name, values.minor, 0, currency=currency, is_signed=name in _SIGNED)
        for name, field in SUMS.items()
    }
    carried = Carried(
        statements=node.read("statements", values.whole, 0, most=100_000),
        tiers=tuple(sorted(_tier(item, at, currency) for item, at in node.listed("tiers"))),
        credited=tuple(sorted(_credited(node.get("credited", {}), node.at("credited"), currency))),
        ended=tuple(sorted(node.read("ended", values.names, frozenset()))),
        digest=node.read("digest", _digest, b""),
        **sums,
    )
    node.close()
    return carried


def _tier(item: Any, path: str, currency: str) -> tuple[tuple[str, str], int]:
    node = Node(item, path)
    rule = values.text(node.needed("rate_rule"), node.at("rate_rule"))
    year = node.read("year", values.text, "term")
    base = values.minor(node.needed("base"), node.at("base"), currency, is_signed=True)
    node.close()
    return (rule, year), base


def _credited(value: Any, path: str, currency: str) -> list[tuple[str, int]]:
    table = Node(value, path).values
    return [(pool, values.minor(amount, f"{path}.{pool}", currency, is_signed=True)) for pool, amount in table.items()]


def _digest(value: Any, field: str) -> bytes:
    told = values.text(value, field).removeprefix("sha256:")
    try:
        found = bytes.fromhex(told)
    except ValueError:
        found = b""
    if told and len(found) != 32:
        refuse("BAD_DIGEST", field)
    return found
