"""Reads of campaigns: the plan, the checklist, progress, what a rollback will find, and what fans are shown."""

from campaigns.queries.checklist import CheckItem, checklist
from campaigns.queries.placements import LivePlacement, placements_at
from campaigns.queries.plan import Change, ChannelPlan, Conflict, Plan, RefusedListing, plan_campaign
from campaigns.queries.progress import ChannelProgress, bar_parts, later_edits, progress, rollback_preview

__all__ = [
    "Change",
    "ChannelPlan",
    "ChannelProgress",
    "CheckItem",
    "Conflict",
    "LivePlacement",
    "Plan",
    "RefusedListing",
    "bar_parts",
    "checklist",
    "later_edits",
    "placements_at",
    "plan_campaign",
    "progress",
    "rollback_preview",
]
