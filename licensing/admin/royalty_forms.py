"""What the desk's forms about royalties share: amounts, agreements as JSON, forms whose fields go to a service."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.errors import Refused
from core.money import Money
from licensing.royalties import values
from licensing.royalties.cases import parse_json


def money(amount: int | None, currency: str) -> str:
    """An amount as the desk reads it, or a dash."""
    return Money(amount, currency).in_locale("en") if amount is not None else "–"


def at_path(refusal: Refused) -> str:
    """A refusal with the place that it is about."""
    path = refusal.facts.get("path", "")
    return f"{path}: {refusal.sentence}" if path else refusal.sentence


class ServiceForm(forms.ModelForm):
    """A form whose fields go to a service, which makes the row: the form's own instance is none until then."""

    def _post_clean(self) -> None:
        """Nothing of the fields belongs on the instance."""

    def became(self, saved: Any) -> Any:
        """The row that the service made, for what the admin says about it."""
        self.instance.__dict__.update(saved.__dict__)
        return saved


class AgreementField(forms.CharField):
    """An agreement as JSON with exact numbers."""

    widget = forms.Textarea(attrs={"rows": 28, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            found = parse_json(text or "{}")
            if not isinstance(found, dict):
                values.refuse("NOT_AN_OBJECT", "", value=values.shown(text))
        except Refused as refusal:
            raise ValidationError(at_path(refusal)) from None
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != data)
