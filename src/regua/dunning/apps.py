from django.apps import AppConfig


class DunningConfig(AppConfig):
    name = "regua.dunning"

    def ready(self) -> None:
        from regua.dunning import message_panels, run_panels, worklist_panels

        run_panels.register()
        worklist_panels.register()
        message_panels.register()
