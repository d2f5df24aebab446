from django.db.models import TextChoices


class Environment(TextChoices):
    """Where an integration speaks; staging never lists automatically."""

    PRODUCTION = "production", "Produção"
    STAGING = "staging", "Homologação"


class PersonKind(TextChoices):
    PERSON = "F", "Pessoa física"
    COMPANY = "J", "Pessoa jurídica"
    ANY = "A", "Ambas"


class CodeKind(TextChoices):
    RESTRICTION = "restriction", "Código de restrição"
    REMOVAL = "removal", "Código de baixa"


class CallOutcome(TextChoices):
    """What became of one HTTP exchange; ``pending`` means no answer was recorded yet."""

    PENDING = "pending", "Sem resposta registrada"
    ANSWERED = "answered", "Respondida"
    FAILED = "failed", "Falhou"
