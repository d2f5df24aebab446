from django.apps import AppConfig


class InquiriesConfig(AppConfig):
    name = "regua.inquiries"

    def ready(self) -> None:
        from regua.inquiries import panels

        panels.register()
