from django.apps import AppConfig


class DemoConfig(AppConfig):
    """No tables: it brings the commands `load_demo` and `schedule_demo`."""

    name = "demo"
