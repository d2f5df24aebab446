from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "regua.webhooks"

    def ready(self) -> None:
        from regua.web import navigation
        from regua.webhooks import selectors

        navigation.COUNTS["webhook_list"] = selectors.stopped_count
