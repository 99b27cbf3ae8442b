"""Merchants, the people who act for them, the keys of their programs, and what those are told."""

from merchants.models.events import Delivery, DeliveryAttempt, Event, WebhookEndpoint
from merchants.models.keys import IdempotentRequest, PartnerKey, PartnerKeyQuerySet
from merchants.models.merchant import Member, Merchant
from merchants.models.onboarding import Application, Invitation, Requirement, Submittal

__all__ = [
    "Application",
    "Delivery",
    "DeliveryAttempt",
    "Event",
    "IdempotentRequest",
    "Invitation",
    "Member",
    "Merchant",
    "PartnerKey",
    "PartnerKeyQuerySet",
    "Requirement",
    "Submittal",
    "WebhookEndpoint",
]
