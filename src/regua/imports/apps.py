from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "regua.imports"

    def ready(self) -> None:
        from regua.imports.uploads import MAX_BYTES, PLACE
        from regua.web.limits import LARGER

        # The largest file with its form around it.
        LARGER[PLACE] = MAX_BYTES + (1 << 20)
