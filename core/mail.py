"""Mail: a text template in the reader's language. Its first line is the subject, the rest is the letter."""

from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation


def letter(
    template: str,
    context: Mapping[str, Any],
    *,
    to: str,
    language: str,
    headers: Mapping[str, str] | None = None,
    connection: BaseEmailBackend | None = None,
) -> EmailMessage:
    """The letter of templates/mail/`template`.txt to one address, ready to `send()`. Whoever sends it handles OSError: it is
    what a mail server that is away, or does not take it, raises."""
    with translation.override(language):
        subject, _line, body = render_to_string(f"mail/{template}.txt", dict(context)).strip().partition("\n")
    # On one line, whatever a name in it holds: a carriage return would be no header, and the letter never go out.
    return EmailMessage(
        " ".join(subject.split()), body.strip() + "\n", to=[to], headers=dict(headers or {}), connection=connection
    )
