from django.apps import AppConfig


class RestrictionsConfig(AppConfig):
    name = "regua.restrictions"

    def ready(self) -> None:
        from regua.restrictions import panels

        panels.register()
