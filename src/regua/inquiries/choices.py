from django.db.models import TextChoices


class Outcome(TextChoices):
    """What the credit policy, or a person over it, says of an answered inquiry."""

    APPROVE = "approve", "Aprovar"
    CONDITIONS = "conditions", "Aprovar com condições"
    REVIEW = "review", "Analisar"
    DENY = "deny", "Não aprovar"


class PolicyStatus(TextChoices):
    """A draft is edited and simulated; one policy is active per branch; the rest are history."""

    DRAFT = "draft", "Rascunho"
    ACTIVE = "active", "Em vigor"
    RETIRED = "retired", "Substituída"


class DocumentStanding(TextChoices):
    """The document's status at the Receita Federal, as far as a rule asks."""

    ANY = "any", "Qualquer"
    REGULAR = "regular", "Regular"
    IRREGULAR = "irregular", "Irregular ou não informada"


class AccessKind(TextChoices):
    """Why somebody came to an inquiry that another question had made already."""

    JOINED = "joined", "Pediu a mesma consulta enquanto era feita"
    REUSED = "reused", "Usou a consulta em vez de fazer outra"
    EXPLAINED = "explained", "Emitiu a explicação ao consumidor"
