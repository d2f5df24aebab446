from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "regua.compliance"

    def ready(self) -> None:
        from regua.compliance import panels

        panels.register()
