"""The rights gate: may this article be seen, sold or shipped in this country, through this channel, at this instant?

`decide` is a pure function of facts (licensing/facts.py loads them) and gives every failing reason in the order of
the table in docs/gate.md; the first is the main one. Terms are whole days in the licence's zone, half-open as
instants. Asked for LIST by the shelf, and again for SELL and SHIP where the sale happens.
"""

from licensing.gate.decisions import decide, embargo_lifts_at
from licensing.gate.over_time import is_sold_off_during, stage_in_market, turning_points
from licensing.gate.terms import (
    NO_LICENCE,
    Action,
    Approval,
    Article,
    Decision,
    EmbargoTerms,
    Finding,
    Flag,
    Gap,
    GrantTerms,
    Hold,
    LicenceTerms,
    Reason,
    Stage,
    Window,
)

__all__ = [
    "NO_LICENCE",
    "Action",
    "Approval",
    "Article",
    "Decision",
    "EmbargoTerms",
    "Finding",
    "Flag",
    "Gap",
    "GrantTerms",
    "Hold",
    "LicenceTerms",
    "Reason",
    "Stage",
    "Window",
    "decide",
    "embargo_lifts_at",
    "is_sold_off_during",
    "stage_in_market",
    "turning_points",
]
