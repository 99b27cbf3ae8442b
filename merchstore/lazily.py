"""Views that are loaded when somebody first asks for them: passkeys bring a lot of cryptography along."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string


def lazily(name: str) -> Callable[..., HttpResponseBase]:
    """The view of this dotted name."""

    @cache
    def load() -> Callable[..., HttpResponseBase]:
        view: Callable[..., HttpResponseBase] = import_string(name)
        return view

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return load()(request, *args, **kwargs)

    # What it is, for whoever wraps it: no cookie's token, since the storefront's forms carry none (storefront/visit.py).
    view.csrf_exempt = name.startswith("merchstore.storefront.")  # type: ignore[attr-defined]
    return view
