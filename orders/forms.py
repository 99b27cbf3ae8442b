"""Forms about parcels and returns, for the panel and the desk: each gives the arguments of one service."""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from orders.models import OrderLine, Parcel, Return, ReturnLine
from orders.returning import returnable
from orders.sendable import needs_label, stops_of

#: Where a parcel can be followed: a link on a buyer's page.
TRACKING_ADDRESS = URLValidator(schemes=["http", "https"])


class PiecesForm(forms.Form):
    """A number of pieces for each line. `row` is what the form is about."""

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        # Several forms may stand on one page.
        super().__init__(*args, **{"auto_id": f"{row.public_id}-%s"} | kwargs)
        self.row = row

    def ask(self, name: str, label: str, most: int, initial: int, *, is_open: bool = True) -> None:
        """A field that stands before those of the class."""
        field = forms.IntegerField(
            label=label, min_value=0, max_value=most, initial=initial, required=False, disabled=not is_open
        )
        field.widget.attrs |= {"inputmode": "numeric"}
        self.fields[name] = field


class ShipForm(PiecesForm):
    """What of a parcel is sent now. Lines that may not leave are closed and say why."""

    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60, required=False)
    tracking = forms.CharField(label=gettext_lazy("Tracking number"), max_length=80, required=False)
    tracking_url = forms.CharField(
        label=gettext_lazy("Tracking address"),
        max_length=500,
        required=False,
        validators=[TRACKING_ADDRESS],
        help_text=gettext_lazy("Where the buyer can follow it: https://…"),
        widget=forms.URLInput,
    )
    is_labelled = forms.BooleanField(
        label=gettext_lazy("Each piece carries its authenticity label"),
        required=False,
        help_text=gettext_lazy("The licence asks for it. Without it the goods may not be sent."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=5_000, required=False)

    def __init__(self, *args: Any, row: Parcel, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        # A form that comes again, when its pieces have left, still says what it said.
        told = {pair.partition(":")[0] for pair in str(self.data.get("seen", "")).split()}
        lines = row.lines.select_related("order", "product", "licence")
        self.lines = [line for line in lines if line.to_ship > 0 or line.public_id in told]
        # A label that is still to be ticked holds nothing yet.
        self.stops = stops_of(self.lines, at=timezone.now(), is_labelled=True)
        language = get_language() or "en"
        for line in self.lines:
            stop = self.stops.get(line.pk)
            first = 0 if stop else line.to_ship
            self.ask(_name(line), _titled(line, language), line.quantity, first, is_open=stop is None)
            if stop is not None:
                self.fields[_name(line)].help_text = " ".join(stop.sentences)
        if not needs_label(self.lines):
            del self.fields["is_labelled"]
        self.fields["seen"].initial = " ".join(f"{line.public_id}:{line.shipped}" for line in self.lines)
        self.order_fields([_name(line) for line in self.lines])

    @property
    def is_open(self) -> bool:
        """Whether anything can be sent now."""
        return len(self.stops) < len(self.lines)

    def rows(self) -> list[tuple[OrderLine, Any]]:
        return [(line, self[_name(line)]) for line in self.lines]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        known = {line.public_id: line for line in self.row.lines.all()}
        pairs = [pair.partition(":") for pair in said.pop("seen", "").split()]
        seen = {known[name]: int(number) for name, _sign, number in pairs if name in known and _is_number(number)}
        pieces = {line: said.pop(_name(line), None) or 0 for line in self.lines}
        return said | {"pieces": pieces, "seen": seen or None}


class ReceiveForm(PiecesForm):
    """What came of an announced return, and what of it can be sold again."""

    def __init__(self, *args: Any, row: Return, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.lines = list(row.lines.select_related("line").order_by("line__position"))
        language = get_language() or "en"
        is_fit = row.reason != Return.Reason.FAULTY
        for one in self.lines:
            title = {"title": _titled(one.line, language)}
            self.ask(f"received-{one.line.public_id}", _("%(title)s: came") % title, one.quantity, one.quantity)
            fit = one.quantity if is_fit else 0
            self.ask(f"fit-{one.line.public_id}", _("%(title)s: can be sold again") % title, one.quantity, fit)

    def rows(self) -> list[tuple[ReturnLine, Any, Any]]:
        return [(one, self[f"received-{one.line.public_id}"], self[f"fit-{one.line.public_id}"]) for one in self.lines]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        return {
            "received": {
                one.line: (said.get(f"received-{name}") or 0, said.get(f"fit-{name}") or 0)
                for one in self.lines
                for name in [one.line.public_id]
            }
        }


class RefuseForm(forms.Form):
    answer = forms.CharField(label=gettext_lazy("Why it is not taken back"), max_length=500)

    def __init__(self, *args: Any, row: Return, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{row.public_id}-%s"} | kwargs)
        self.row = row

    def clean(self) -> dict[str, Any]:
        return {"reason": (super().clean() or {}).get("answer", "")}


class CancelForm(PiecesForm):
    """What of a parcel will not be sent, and why."""

    reason = forms.CharField(label=gettext_lazy("Why it will not be sent"), max_length=200)

    def __init__(self, *args: Any, row: Parcel, **kwargs: Any) -> None:
        # Beside the form that sends the same lines.
        super().__init__(*args, row=row, **{"auto_id": f"cancel-{row.public_id}-%s"} | kwargs)
        self.lines = [line for line in row.lines.select_related("variant") if line.to_ship > 0]
        language = get_language() or "en"
        for line in self.lines:
            self.ask(_name(line), _titled(line, language), line.to_ship, 0)
        self.order_fields([_name(line) for line in self.lines])

    def rows(self) -> list[tuple[OrderLine, Any]]:
        return [(line, self[_name(line)]) for line in self.lines]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        return said | {"pieces": {line: said.pop(_name(line), None) or 0 for line in self.lines}}


class AnnounceForm(PiecesForm):
    """A return that a buyer has told of otherwise than on the order's page."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=Return.Reason)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, row: Parcel, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        lines = list(row.lines.all())
        most = returnable(lines)
        self.lines = [line for line in lines if most[line.pk] > 0]
        language = get_language() or "en"
        for line in self.lines:
            self.ask(_name(line), _titled(line, language), most[line.pk], 0)
        self.order_fields([_name(line) for line in self.lines])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        return said | {"pieces": {line: said.pop(_name(line), None) or 0 for line in self.lines}}


def _name(line: OrderLine) -> str:
    return f"pieces-{line.public_id}"


def _titled(line: OrderLine, language: str) -> str:
    return ", ".join([line.title_in(language), *map(str, line.options.values())])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
