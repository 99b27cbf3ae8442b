"""The buttons of a licence's page. Which state allows what is the services' rule; here it is only what is shown."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import Verb, VerbForm
from licensing import services
from licensing.admin.licence_form import PairsField
from licensing.documents import add_document, retire_document
from licensing.models import Licence, LicenceDocument, Takedown
from licensing.sell_off import declare_inventory
from licensing.takedowns import release_takedown, start_takedown
from licensing.terms import is_over_on, local_day

State = Licence.State

_DAY = {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class TakedownForm(VerbForm):
    claimant = forms.CharField(label=_("Who claims"), max_length=160)
    reason = forms.CharField(label=_("What is claimed"), max_length=500)


class ReleaseForm(VerbForm):
    takedown = forms.ModelChoiceField(Takedown.objects.none(), label=_("Dispute"))
    outcome = forms.CharField(label=_("How it ended"), max_length=500)

    def __init__(self, *args: Any, row: Licence, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        held = row.takedowns.filter(released_at=None)
        self.fields["takedown"].queryset = held  # type: ignore[attr-defined]
        self.fields["takedown"].initial = held.first()


class InventoryForm(VerbForm):
    stated_on = forms.DateField(label=_("Counted on"), **_DAY)
    lines = PairsField(
        label=_("Units on hand"), help_text=_("The merchant's code and the number, one a line: TEE-1 120.")
    )

    def clean_lines(self) -> dict[str, int]:
        lines = self.cleaned_data["lines"]
        if bad := next(
            (units for units in lines.values() if not (units.isascii() and units.isdigit() and len(units) < 10)), None
        ):
            raise forms.ValidationError(_("“%(units)s” is not a number of units."), params={"units": bad})
        return {sku: int(units) for sku, units in lines.items()}


class DocumentForm(VerbForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=LicenceDocument.Kind)
    title = forms.CharField(label=_("Title"), max_length=160)
    file = forms.FileField(label=_("File"), required=False)
    expires_on = forms.DateField(label=_("Valid until"), required=False, **_DAY)
    is_required = forms.BooleanField(
        label=_("Required"), required=False, help_text=_("Nothing is listed, sold or shipped once it has run out.")
    )
    replaces = forms.ModelChoiceField(LicenceDocument.objects.none(), label=_("In place of"), required=False)

    def __init__(self, *args: Any, row: Licence, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["replaces"].queryset = row.documents.filter(retired_at=None)  # type: ignore[attr-defined]


class RetireForm(VerbForm):
    document = forms.ModelChoiceField(LicenceDocument.objects.none(), label=_("Document"))

    def __init__(self, *args: Any, row: Licence, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["document"].queryset = row.documents.filter(retired_at=None)  # type: ignore[attr-defined]


def _declare(licence: Licence, *, by: Any, at: datetime, stated_on: Any, lines: dict[str, int]) -> None:
    declare_inventory(licence, lines, stated_on=stated_on, by=by, at=at)


def _release(licence: Licence, *, by: Any, at: datetime, takedown: Takedown, outcome: str) -> None:
    release_takedown(takedown, outcome=outcome, by=by, at=at)


def _retire(licence: Licence, *, by: Any, at: datetime, document: LicenceDocument) -> None:
    retire_document(document, by=by, at=at)


def _is_alive(licence: Licence, at: datetime) -> bool:
    return licence.state in {State.EXECUTED, State.SUSPENDED}


def _is_over(licence: Licence, at: datetime) -> bool:
    return _is_alive(licence, at) and local_day(licence, at) >= is_over_on(licence)


def is_held(licence: Licence, at: datetime) -> bool:
    """Whether a dispute about the licence itself is open. One query."""
    return licence.takedowns.filter(Q(released_at=None)).exists()


VERBS = (
    Verb(
        "execute",
        _("Execute licence"),
        _("The licence is executed."),
        lambda licence, *, by, at: services.execute_licence(licence, by=by),
        lambda licence, at: licence.state == State.DRAFT,
        consequence=_(
            "From now on the licence allows what it grants. Who it is for, its film, its first day and whether it is "
            "exclusive are fixed then; the rest can be amended."
        ),
        asks_first=True,
        is_main=True,
    ),
    Verb(
        "reinstate",
        _("Reinstate"),
        _("The licence is reinstated."),
        lambda licence, *, by, at: services.reinstate_licence(licence, by=by),
        lambda licence, at: licence.state == State.SUSPENDED,
        is_main=True,
    ),
    Verb(
        "expire",
        _("Close as expired"),
        _("The licence is closed as expired."),
        services.expire_licence,
        _is_over,
        consequence=_("Term, sell-off and days of grace are over. An expired licence is not amended any more."),
        asks_first=True,
        is_main=True,
    ),
    Verb(
        "declare",
        _("Declare stock"),
        _("The stock is declared."),
        _declare,
        lambda licence, at: _is_alive(licence, at) and licence.sell_off_days > 0,
        consequence=_(
            "In the sell-off only declared units are sold. A statement of the same day corrects the last one; one of a "
            "later day counts anew."
        ),
        form=InventoryForm,
        is_in_bar=False,
    ),
    Verb(
        "document",
        _("File a document"),
        _("The document is filed."),
        add_document,
        lambda licence, at: True,
        form=DocumentForm,
        is_in_bar=False,
    ),
    Verb(
        "retire-document",
        _("Retire a document"),
        _("The document is retired."),
        _retire,
        lambda licence, at: licence.documents.filter(retired_at=None).exists(),
        consequence=_("It stays on file; nothing depends on it any more."),
        form=RetireForm,
        is_in_bar=False,
    ),
    Verb(
        "release",
        _("Release"),
        _("The dispute is closed. What it froze is as it was before."),
        _release,
        is_held,
        form=ReleaseForm,
        consequence=_(
            "Listings, feeds, orders and payouts go on where they were held, unless another dispute holds them."
        ),
    ),
    Verb(
        "takedown",
        _("Take down"),
        _("Everything under the licence is frozen."),
        start_takedown,
        _is_alive,
        form=TakedownForm,
        consequence=_(
            "At once, everywhere: nothing under this licence is listed, sent to channels, sold, shipped or paid out until "
            "the dispute is released. Nothing is deleted."
        ),
        is_dangerous=True,
    ),
    Verb(
        "suspend",
        _("Suspend"),
        _("The licence is suspended."),
        lambda licence, *, by, at: services.suspend_licence(licence, by=by),
        lambda licence, at: licence.state == State.EXECUTED,
        consequence=_("Every article under this licence leaves the shelf until it is reinstated."),
        asks_first=True,
        is_dangerous=True,
    ),
    Verb(
        "terminate",
        _("Terminate"),
        _("The licence is terminated."),
        lambda licence, *, by, at: services.terminate_licence(licence, by=by),
        _is_alive,
        consequence=_(
            "Every article under this licence leaves the shelf for good. A terminated licence cannot come back."
        ),
        asks_first=True,
        is_dangerous=True,
    ),
)
