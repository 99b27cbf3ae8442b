"""Merchants, the people who act for them, the keys of their programs, and what those are told."""

from merchants.models.events import Delivery, DeliveryAttempt, Event, WebhookEndpoint
from merchants.models.keys import IdempotentRequest, PartnerKey, PartnerKeyQuerySet
from merchants.models.merchant import Member, Merchant

__all__ = [
    "Delivery",
    "DeliveryAttempt",
    "Event",
    "IdempotentRequest",
    "Member",
    "Merchant",
    "PartnerKey",
    "PartnerKeyQuerySet",
    "WebhookEndpoint",
]
