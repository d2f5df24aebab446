from django.apps import AppConfig


class DunningConfig(AppConfig):
    name = "regua.dunning"

    def ready(self) -> None:
        from regua.dunning import message_panels

        message_panels.register()
