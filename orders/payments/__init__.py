from typing import Any


class ProviderAway(OSError):
    """PAY is writing this."""


def provider_named(code: str) -> Any:
    raise LookupError(code)
