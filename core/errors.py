"""A business "no"."""

from typing import Any

from django.utils.translation import gettext_lazy as _

#: One sentence per code. A placeholder names a fact that the refusal carries.
SENTENCES = {
    "already_done": _("That has already been done."),
    "approval_by_author": _("A second person has to approve this plan; you made it yourself."),
    "approval_missing": _("This plan has to be approved by a second person first."),
    "bad_cursor": _("That page address is no longer valid. Start again at the first page."),
    "bad_discount": _("The discount is not valid: %(problem)s."),
    "bad_rule": _("The campaign's rule is not valid: %(problem)s."),
    "bad_window": _("A campaign has to end after it starts."),
    "busy": _("Somebody else is changing this right now. Try again in a moment."),
    "channel_failed": _("The channel did not take the listings: %(problem)s."),
    "currency_mismatch": _("%(left)s and %(right)s cannot be added up."),
    "file_unreadable": _("The file cannot be read: %(problem)s."),
    "invalid": _("%(problem)s"),
    "nothing_to_list": _("The campaign's rule finds nothing that may be listed."),
    "nothing_to_roll_back": _("Nothing of this campaign has been published, so there is nothing to roll back."),
    "not_found": _("There is nothing at this address."),
    "unknown_country": _("%(country)s is not a country code."),
    "unknown_format": _("The file is in no format that can be read here: %(problem)s."),
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
