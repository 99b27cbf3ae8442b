from django.apps import AppConfig


class SandboxesConfig(AppConfig):
    """No tables: a sandbox is a merchant, and what it has stands with everybody else's."""

    name = "sandboxes"
