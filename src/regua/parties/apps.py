from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "regua.parties"

    def ready(self) -> None:
        from regua.parties import kinds
        from regua.parties.panels import customer_panels

        customer_panels.tab("customer_detail", "Dados", order=10)
        kinds.register()
