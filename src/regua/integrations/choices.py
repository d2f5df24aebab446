from __future__ import annotations

from typing import NamedTuple

from django.db.models import TextChoices

from regua.bureaus.contract import NeutralReason


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


class CatalogueKind(TextChoices):
    """Which of the bureau's tables."""

    PRODUCT = "product", "Produtos"
    RESTRICTION = "restriction", "Códigos de restrição"
    REMOVAL = "removal", "Códigos de baixa"


class ChangeKind(TextChoices):
    """What happened to one line of the bureau's tables."""

    CAME = "came", "Novo"
    CHANGED = "changed", "Mudou"
    GONE = "gone", "Saiu"
    BACK = "back", "Voltou"
    MAPPED = "mapped", "Motivo alterado"


class Reason(TextChoices):
    """Our neutral reasons (``bureaus.contract.NeutralReason``), as people read them."""

    PAID = NeutralReason.PAID.value, "Pagamento da dívida"
    PARTIALLY_PAID = NeutralReason.PARTIALLY_PAID.value, "Pagamento parcial"
    RENEGOTIATED = NeutralReason.RENEGOTIATED.value, "Renegociação"
    DEBT_CANCELLED = NeutralReason.DEBT_CANCELLED.value, "Cancelamento do título"
    WRONGLY_LISTED = NeutralReason.WRONGLY_LISTED.value, "Inclusão indevida"
    COURT_ORDER = NeutralReason.COURT_ORDER.value, "Ordem judicial"
    CONTESTED = NeutralReason.CONTESTED.value, "Contestação do cliente"
    FRAUD = NeutralReason.FRAUD.value, "Fraude"
    DECEASED = NeutralReason.DECEASED.value, "Falecimento"
    DATA_CORRECTION = NeutralReason.DATA_CORRECTION.value, "Correção de dados"
    LETTER_RETURNED = NeutralReason.LETTER_RETURNED.value, "Carta devolvida"
    OWNERSHIP_CHANGE = NeutralReason.OWNERSHIP_CHANGE.value, "Mudança de titularidade"
    FIVE_YEARS = NeutralReason.FIVE_YEARS.value, "Prazo de cinco anos"


class DefaultCode(NamedTuple):
    """One of an integration's default codes: which of the bureau's tables feeds it, for whom."""

    label: str
    kind: CodeKind
    person: PersonKind | None


DEFAULT_CODES = {
    "restriction_code": DefaultCode("Código de restrição", CodeKind.RESTRICTION, PersonKind.PERSON),
    "company_restriction_code": DefaultCode(
        "Cód. Restrição Pessoa Jurídica", CodeKind.RESTRICTION, PersonKind.COMPANY
    ),
    "removal_code": DefaultCode("Código para baixa", CodeKind.REMOVAL, None),
}
"""By the name of the integration's field."""


class CallOutcome(TextChoices):
    """What became of one HTTP exchange; ``pending`` means no answer was recorded yet."""

    PENDING = "pending", "Sem resposta registrada"
    ANSWERED = "answered", "Respondida"
    FAILED = "failed", "Falhou"


class Purpose(TextChoices):
    """Why a bureau was called, as ``gateway.line`` is told."""

    INQUIRY = "inquiry", "Consulta de crédito"
    INQUIRY_PDF = "inquiry_pdf", "PDF da consulta"
    RESTRICTION = "restriction", "Negativação"
    REMOVAL = "removal", "Baixa da negativação"
    SYNC = "sync", "Sincronização"
    CATALOGUE = "catalogue", "Atualização de códigos"
    TEST = "test", "Teste da conexão"
