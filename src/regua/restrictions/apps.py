from django.apps import AppConfig


class RestrictionsConfig(AppConfig):
    name = "regua.restrictions"

    def ready(self) -> None:
        from regua.receivables.changes import follow
        from regua.restrictions import panels
        from regua.restrictions.duties import duties_follow

        panels.register()
        follow(duties_follow)
