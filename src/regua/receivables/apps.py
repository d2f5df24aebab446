from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "regua.receivables"

    def ready(self) -> None:
        from regua.receivables import panels

        panels.register()
