"""The desk's pages for merchants, their people, keys, and how they come in."""

from merchants.admin import merchant, onboarding

__all__ = ["merchant", "onboarding"]
