"""What an import may be."""

from django.db.models import TextChoices


class Mode(TextChoices):
    ALL_OR_NOTHING = "all_or_nothing", "Tudo ou nada: com um problema, nada entra"
    SKIP_BAD = "skip_bad", "Deixar de fora só as linhas com problema"


class State(TextChoices):
    NEW = "new", "Aguardando as colunas"
    LOADING = "loading", "Lendo"
    LOADED = "loaded", "Lida"
    CHECKING = "checking", "Conferindo"
    CHECKED = "checked", "Conferida"
    APPLYING = "applying", "Importando"
    DONE = "done", "Importada"
    REFUSED = "refused", "Nada importado"
    FAILED = "failed", "Não feita"
    CANCELLED = "cancelled", "Cancelada"


UNFINISHED = (State.LOADING, State.CHECKING, State.APPLYING)
"""A worker has it, or will."""
FINISHED = (State.DONE, State.REFUSED, State.FAILED, State.CANCELLED)
