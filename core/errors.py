"""A business "no"."""

from typing import Any

from django.utils.translation import gettext_lazy as _

#: One sentence per code. A placeholder names a fact that the refusal carries.
SENTENCES = {
    "already_done": _("That has already been done."),
    "already_member": _("%(user)s already is a member of %(merchant)s."),
    "approval_by_author": _("A second person has to approve this plan; you made it yourself."),
    "approval_missing": _("This plan has to be approved by a second person first."),
    "bad_cursor": _("That page address is no longer valid. Start again at the first page."),
    "bad_mapping": _("The mapping cannot be used: %(problem)s."),
    "bad_discount": _("The discount is not valid: %(problem)s."),
    "bad_rule": _("The campaign's rule is not valid: %(problem)s."),
    "bad_term": _("A licence has to end after it starts."),
    "bad_window": _("A campaign has to end after it starts."),
    "busy": _("Somebody else is changing this right now. Try again in a moment."),
    "channel_failed": _("The channel did not take the listings: %(problem)s."),
    "currency_missing": _("Say which currency the prices are in: --currency USD, or currency in the mapping file."),
    "country_elsewhere": _("That country belongs to another market. Change the market first."),
    "currency_mismatch": _("%(left)s and %(right)s cannot be added up."),
    "date_out_of_range": _("%(date)s is not a date that can be used here."),
    "file_unreadable": _("The file cannot be read: %(problem)s."),
    "grant_empty": _("A grant has to name at least one country and one channel."),
    "grant_missing": _("A licence has to grant something before it is executed."),
    "grant_overlaps": _("This overlaps licence %(licence)s of the same film, and one of the two is exclusive."),
    "invalid": _("%(problem)s"),
    "last_owner": _("A merchant has to keep at least one owner."),
    "licence_amended": _("Only %(fields)s can be amended once a licence is executed."),
    "nothing_to_list": _("The campaign's rule finds nothing that may be listed."),
    "nothing_to_roll_back": _("Nothing of this campaign has been published, so there is nothing to roll back."),
    "not_found": _("There is nothing at this address."),
    "number_taken": _("There already is a licence %(number)s."),
    "slug_taken": _("The address %(slug)s is already taken."),
    "unknown_channel": _("%(channel)s is not a channel of distribution."),
    "unknown_country": _("%(country)s is not a country code."),
    "unknown_format": _("The file is in no format that can be read here: %(problem)s."),
    "unknown_merchant": _("There is no merchant %(merchant)s."),
    "unknown_role": _("%(role)s is not a role."),
    "unknown_tier": _("%(tier)s is not a tier of a film."),
    "unknown_zone": _("%(zone)s is not a time zone."),
    "window_passed": _("The campaign's window has already ended."),
    "wrong_state": _("This cannot be done while it is %(state)s."),
}


class Refused(Exception):
    """A service says no, for a reason a person can act on.

    `code` is stable and machine-readable, `facts` are what it is about; the sentence is translated when read.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    @property
    def sentence(self) -> str:
        """The refusal in the reader's language."""
        return str(SENTENCES[self.code]) % self.facts if self.code in SENTENCES else self.code

    def __str__(self) -> str:
        return self.sentence
