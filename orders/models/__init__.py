"""Baskets, orders, what they hold, the money they bring, how they travel, and what they leave on paper."""

from orders.models.basket import Basket, BasketLine
from orders.models.delivery import Return, ReturnLine, Shipment, ShipmentLine
from orders.models.order import Order, OrderLine, Parcel, PersonCount, Reservation
from orders.models.papers import Document, DocumentSeries, Letter, Payout, PayoutLine, SaleFact
from orders.models.payment import Payment, PaymentEvent, Refund, RefundLine, SandboxTrade
from orders.models.rates import ShippingRate

__all__ = [
    "Basket",
    "BasketLine",
    "Document",
    "DocumentSeries",
    "Letter",
    "Order",
    "OrderLine",
    "Parcel",
    "Payment",
    "PaymentEvent",
    "Payout",
    "PayoutLine",
    "PersonCount",
    "Refund",
    "RefundLine",
    "Reservation",
    "Return",
    "ReturnLine",
    "SaleFact",
    "SandboxTrade",
    "Shipment",
    "ShipmentLine",
    "ShippingRate",
]
