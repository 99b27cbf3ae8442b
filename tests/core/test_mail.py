"""Letters: a name that somebody has chosen is text in them, and never a header."""

from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.letters import send_letters
from accounts.models import Letter
from core.mail import letter

NASTY = [
    "A\rBcc: eve@spy.example",
    "A\r\nBcc: eve@spy.example",
    "A\nBcc: eve@spy.example",
    "A\x0bB\x0cC\x1cD",
    "A\x85B\u2028C",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_with_line_ends_is_part_of_the_subject_or_of_the_text(name: str) -> None:
    told = {"company": name, "address": "https://shop.example/"}

    written = letter("application_confirm", told, to="lin@mill.example", language="en")

    message = written.message()
    assert str(message["Subject"]).startswith("Your application for A")
    assert (message["To"], message["Bcc"], message["Cc"]) == ("lin@mill.example", None, None)
    assert written.recipients() == ["lin@mill.example"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", NASTY)
def test_a_letter_about_such_a_name_goes_out_and_holds_up_no_other(name: str, settings: Any) -> None:
    # Applications are counted in a cache of the test's own.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}}
    told = {"country": "DE", "contact": name, "email": "lin@mill.example", "interest": ""}
    for company in (name, "Mill"):
        Client().post("/panel/en/apply/", told | {"company": company})

    send_letters(at=timezone.now())

    assert not Letter.objects.filter(sent_at=None).exists()
    assert [message.recipients() for message in mail.outbox] == [["lin@mill.example"]] * 2
