"""Approvals: an article is shown stage by stage, decided on by the licensor, and certified when every track is final."""
