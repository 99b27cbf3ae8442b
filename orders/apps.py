from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders.payments import checks  # noqa: F401, PLC0415 — registers them, once the models are there
