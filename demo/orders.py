"""The demo's orders: placed, paid at the sandbox's own cashier, sent, brought back, by the services that do it for everybody."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from accounts.models import User
from catalog.models import Market, Variant
from demo.files import Row, instant, read_table
from demo.rows import Tally
from merchants.models import Member
from orders.addresses import read_address
from orders.closing import cancel_order
from orders.models import Order, Parcel, PaymentEvent, ShippingRate
from orders.opening import open_payment
from orders.payments import provider_named, sandbox
from orders.placing import Buyer, Terms, place_lines
from orders.quoting import Wanted, quote
from orders.refunds import execute_refunds
from orders.results import apply_result
from orders.returning import announce_return, receive_return
from orders.shipping import mark_delivered, ship

PROVIDER = sandbox.Sandbox.code


def load_orders(now: datetime) -> Tally:
    return live_orders(read_table("orders"), now)


def live_orders(rows: Iterable[Row], now: datetime) -> Tally:
    """Each order once, by its checkout key. A shop that does not take the sandbox's money has none."""
    tally = Tally()
    if PROVIDER not in settings.PAYMENT_PROVIDERS:
        return tally
    for row in rows:
        if Order.objects.filter(checkout_key=row["key"]).exists():
            tally.unchanged += 1
            continue
        _Story(row, now).live()
        tally.created += 1
    # What was asked back above has to be given back by somebody.
    if tally.created:
        execute_refunds(at=now)
    return tally


class _Story:
    """One order, from its placing to where it stands today."""

    def __init__(self, row: Row, now: datetime) -> None:
        self.row, self.now = row, now

    def live(self) -> None:
        row = self.row
        self.order = self._placed()
        if "paid" in row:
            self._pay(self._at("paid"))
        for sent in row.get("sent", ()):
            self._send(sent)
        if "returned" in row:
            self._bring_back(row["returned"])
        if "cancelled" in row:
            cancel_order(self.order, by=None, at=self._at("cancelled"))

    def _placed(self) -> Order:
        row, at = self.row, self._at("placed")
        market, region = Market.objects.get(code=row["market"]), row.get("region", "")
        wanted = [Wanted(_variant(item["sku"]).pk, item["pieces"]) for item in row["items"]]
        chosen = self._chosen(market)
        found = quote(wanted, market, country=row["country"], region=region, chosen=chosen, at=at)
        address, wrong = read_address(row["address"], row["country"])
        assert not wrong, f"{row['key']}: {wrong}"
        buyer = Buyer(
            email=row["email"], phone=row["phone"], language=row["language"], address=address,
            user=User.objects.filter(username=row["email"]).first(), gift_message=row.get("gift_message", ""),
        )  # fmt: skip
        terms = Terms(
            country=row["country"], region=region, expected_total=found.total_amount, checkout_key=row["key"],
            provider=PROVIDER, method="wap", chosen=chosen,
        )  # fmt: skip
        order = place_lines(wanted, market, buyer, terms, at=at)
        open_payment(order.payments.get(), return_url=settings.SITE_URL, notify_url=settings.SITE_URL)
        return order

    def _chosen(self, market: Market) -> dict[int, str]:
        if not self.row.get("express"):
            return {}
        rates = ShippingRate.objects.filter(market=market, code=ShippingRate.Code.EXPRESS)
        return dict(rates.values_list("merchant_id", "public_id"))

    def _pay(self, at: datetime) -> None:
        payment = self.order.payments.get()
        trade = sandbox.trade_named(payment.provider_reference)
        assert trade is not None, "it was opened"
        sandbox.pay(trade, at=at)
        result = provider_named(PROVIDER).query(payment)
        verdict = apply_result(PROVIDER, result, source=PaymentEvent.Source.QUERY, at=at)
        assert verdict == "paid", f"{self.row['key']}: {verdict}"

    def _send(self, sent: Row) -> None:
        parcel = self._parcel(sent["merchant"])
        by = _member(sent["merchant"])
        shipment = ship(
            parcel, {line: line.quantity for line in parcel.lines.all()}, carrier=sent["carrier"],
            tracking=sent["tracking"], by=by, at=self._instant(sent["at"]),
        )  # fmt: skip
        if "delivered" in sent:
            mark_delivered(shipment, by=by, at=self._instant(sent["delivered"]))

    def _bring_back(self, back: Row) -> None:
        parcel = self._parcel(back["merchant"])
        line = parcel.lines.get(sku=back["sku"])
        returned = announce_return(
            parcel, {line: back["pieces"]}, reason=back["reason"], by=None, at=self._instant(back["announced"])
        )
        if "received" in back:
            at = self._instant(back["received"])
            receive_return(returned, {line: (back["pieces"], back["fit"])}, by=_member(back["merchant"]), at=at)

    def _parcel(self, merchant: str) -> Parcel:
        return self.order.parcels.get(merchant__slug=merchant)

    def _at(self, name: str) -> datetime:
        return self._instant(self.row[name])

    def _instant(self, text: str) -> datetime:
        found = instant(text, self.now)
        assert found is not None, "an offset or an instant"
        return found


def _variant(sku: str) -> Variant:
    return Variant.objects.filter(product__sku=sku).order_by("position")[0]


def _member(merchant: str) -> User:
    """Who looks after the merchant's parcels."""
    acting = (Member.Role.ORDERS, Member.Role.OWNER)
    found = Member.objects.filter(merchant__slug=merchant, role__in=acting).select_related("user").order_by("-pk")
    return found[0].user
